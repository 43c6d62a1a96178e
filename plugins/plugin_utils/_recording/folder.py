# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Recordings of single tasks: one file for each, in one folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator

from .._hyperv.failure.errors import HyperVError
from .exchanges import Tape, TapeWriter, read_tape
from .recorder import Recorder
from .wish import ENVIRONMENT, VARIABLE


@contextlib.contextmanager
def recorded(folder: str, task: str, warn: Callable[[str], None]) -> Iterator[Recorder]:
    """Record a task to a new file that only its owner can read. Raises HyperVError where there can be none.

    A disk that fills up later ends the recording, and not the task: ``warn`` is told.
    """
    folder = os.path.abspath(os.path.expanduser(folder))
    path = os.path.join(folder, f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}-{task}.jsonl")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise HyperVError(
            f"The recording {path} cannot be written: {error.strerror}. Choose another folder in {VARIABLE} or "
            f"{ENVIRONMENT}, or none."
        ) from None
    failed = ""

    def write(line: str) -> None:
        nonlocal failed
        try:
            written = line.encode()
            if not failed and file.write(written) < len(written):
                failed = "the disk is full"
        except OSError as error:
            failed = error.strerror or str(error)

    with open(handle, "wb", buffering=0) as file:  # nothing is left to be written when it is closed
        try:
            yield Recorder(TapeWriter(write), time.monotonic, task)
        finally:
            if failed:
                warn(f"The recording {path} ends before the task: {failed}.")


def find_recordings(folder: str) -> list[str]:
    """Return the files that tasks have recorded to a folder, the earliest first. Raises HyperVError where none is."""
    folder = os.path.abspath(os.path.expanduser(folder))
    try:
        found = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jsonl")]
    except OSError as error:
        raise HyperVError(
            f"The recordings in {folder} cannot be read: {error.strerror}. Name the folder that tasks recorded to."
        ) from None
    if not found:
        raise HyperVError(
            f"No task has recorded anything to {folder}. Name the folder that tasks recorded to, or none."
        )
    return found


def read_recordings(paths: Iterable[str], tape: Tape) -> None:
    """Add what tasks recorded to ``tape``, file by file. Raises HyperVError."""
    for run, path in enumerate(paths, 1):
        try:
            with open(path, encoding="utf-8") as file:
                read_tape(file, tape, run)
        except OSError as error:
            raise HyperVError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
        except (AttributeError, KeyError, TypeError, UnicodeDecodeError):
            raise HyperVError(f"{path} is no recording of a task. Take it out of the folder.") from None
