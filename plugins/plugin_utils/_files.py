# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller that must be whole or not there. Private to this collection."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator

from ._hyperv.errors import HyperVError


def full_path(path: str) -> str:
    """Return an absolute path; ``~`` is the home directory, and relative paths start where Ansible was started."""
    return os.path.abspath(os.path.expanduser(path))


def read_file(path: str) -> bytes | None:
    """Return a file's content, None where there is none. Raises HyperVError for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HyperVError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from None


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep others who do the same out of a file's directory, so that what is read is what is changed.

    There is no lock where the directory is missing or does not allow one: nothing is lost but that protection.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            folder = os.open(os.path.dirname(path), os.O_RDONLY)
            held.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def check_writable(path: str) -> None:
    """Raise HyperVError if ``replace_file`` could not write there, as far as can be told without writing."""
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if os.path.isdir(path):
        raise _cannot_be_written(path, "it is a directory")
    if not os.path.isdir(folder):
        raise _cannot_be_written(path, f"{folder} is no directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _cannot_be_written(path, f"{folder} does not allow it")


def replace_file(path: str, content: str) -> None:
    """Write a file that only its owner can read, in one step: whoever reads it sees the old or the new one, whole.

    Makes the directory where it is missing. Raises HyperVError.
    """
    folder = os.path.dirname(path)
    unfinished = ""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=folder)  # of mode 0600
        # Half of a surrogate pair, which a name in JSON may hold, is written as JSON's own escape.
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        if unfinished:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        raise _cannot_be_written(path, error.strerror or str(error)) from None


def _cannot_be_written(path: str, why: str) -> HyperVError:
    return HyperVError(f"{path} cannot be written: {why}. Choose a path on the controller that can be written.")
