# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller that are written completely or not at all.

A path that is a link stands for the file that it leads to: that one is written, and the link stays.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping

from ._hyperv.failure.errors import HyperVError

# Seconds. Who holds a lock reads and writes one small file; what takes longer on shared storage hangs.
_PATIENCE = 30.0
_PAUSE = 0.1
_BLOCK = 4096  # bytes: the least that most file systems have room for, or have not
_LONGEST_NAME = 60  # characters of a file's name that the one beside it begins with; file systems take 255 bytes


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


@dataclasses.dataclass(frozen=True)
class KeptFile:
    """A file that is kept from run to run.

    Attributes:
        path: where it is.
        earlier: the name that it still has from an earlier version, until it is written; None for none.
    """

    path: str
    earlier: str | None = None

    def read(self) -> bytes | None:
        """Return its content, None where there is none. Raises HyperVError."""
        return read_file(self.earlier or self.path)

    def write(self, content: str) -> None:
        """Replace it. What has an earlier name is renamed first, so that nobody takes it up there.

        Raises HyperVError.
        """
        if self.earlier is not None:
            try:
                os.replace(self.earlier, self.path)
            except OSError as error:
                raise _cannot_be_written(self.path, error.strerror or str(error)) from None
        replace_file(self.path, content)


def find_kept(folder: str, name: str, earlier_name: str) -> KeptFile:
    """Return the file of this name, or where there is none the one of an earlier name, in any letter case."""
    folder = full_path(folder)
    path = os.path.join(folder, name)
    if os.path.lexists(path):
        return KeptFile(path)
    try:
        found = sorted(one for one in os.listdir(folder) if one.casefold() == earlier_name.casefold())
    except OSError:  # whoever reads or writes there says what is wrong
        found = []
    return KeptFile(path, os.path.join(folder, found[0]) if found else None)


@contextlib.contextmanager
def locked(path: str, patience: float = _PATIENCE, *, makes_folder: bool = False) -> Iterator[None]:
    """Keep others who do the same out of a file, so that what is read is what is changed.

    The lock is a hidden file of our own beside it, which is gone afterwards: that somebody has the directory locked, as
    ``flock DIR ansible-playbook`` does, is no obstacle. There is no lock where the directory is missing or does not
    allow one: nothing is lost but that protection. With ``makes_folder``, a missing one is made first, so that of two
    who write the first file there, one has to wait. Raises HyperVError if others hold it for more than ``patience``
    seconds.
    """
    folder, name = os.path.split(os.path.realpath(path))
    if makes_folder:
        with contextlib.suppress(OSError):  # who writes there says what is wrong
            os.makedirs(folder, mode=0o700, exist_ok=True)
    lock = os.path.join(folder, f".{name}.lock")
    deadline = time.monotonic() + patience
    handle = None
    with contextlib.suppress(OSError):
        while (handle := _try_lock(lock)) is None:
            if time.monotonic() >= deadline:
                raise HyperVError(
                    f"{path} has been in use by somebody else for {patience:.0f} s: another run that keeps its ledger "
                    f"or state there, or whoever holds a lock on {lock} (fuser names the process). Wait until that has "
                    "ended, or end it, and run this again."
                )
            time.sleep(_PAUSE)
    try:
        yield
    finally:
        if handle is not None:
            with contextlib.suppress(OSError):
                os.unlink(lock)
            os.close(handle)


def _try_lock(lock: str) -> int | None:
    """Return the handle of a lock that is ours, None while it is somebody else's.

    Raises OSError where none can be had.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it before may have taken it away after it was opened here: then others lock another file by now.
        if os.path.samestat(os.fstat(handle), os.stat(lock)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(handle)
        os.unlink(lock)
        raise
    os.close(handle)
    return None


def check_writable(path: str) -> None:
    """Raise HyperVError if ``replace_file`` could not write there. Leaves nothing behind."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    _check_kind(path, target)
    if not os.path.isdir(folder):
        raise _cannot_be_written(path, f"{folder} is not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _cannot_be_written(path, f"{folder} does not allow it")
    # What a file system mounted read-only or an odd one refuses, no permission shows; a full one takes an empty file.
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_BLOCK))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _cannot_be_written(path, f"{folder}: {error.strerror or error}") from None


def replace_file(path: str, content: str | bytes) -> None:
    """Write a file that only its owner can read, in one step: whoever reads it sees the old or the new one, whole.

    Makes the directory where it is missing. Raises HyperVError.
    """
    replace_files({path: content})


def replace_files(contents: Mapping[str, str | bytes]) -> None:
    """Write files that belong together as ``replace_file`` does: all of them or, where one cannot be written, none.

    They take their places in their order, when all are whole. Raises HyperVError.
    """
    with contextlib.ExitStack() as written:
        ready = [(path, written.enter_context(_whole_file(path, content))) for path, content in contents.items()]
        for path, take_place in ready:
            try:
                take_place()
            except OSError as error:
                raise _cannot_be_written(path, error.strerror or str(error)) from None


@contextlib.contextmanager
def _whole_file(path: str, content: str | bytes) -> Iterator[Callable[[], None]]:
    """Write a file beside its place, and yield what puts it there; who leaves before that leaves nothing behind.

    It has no name until then where the file system offers that, so that nothing stays of a run that is killed.
    Raises HyperVError.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    _check_kind(path, target)
    beside = os.path.join(folder, f".{name[:_LONGEST_NAME]}.{os.urandom(4).hex()}")
    # Half of a surrogate pair, which a name in JSON may hold, is written as JSON's own escape.
    written = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")

    def named() -> int:
        return os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def take_place() -> None:
        if unnamed is not None and not _name(unnamed, beside):
            _fill(named(), written)
        os.replace(beside, target)

    unnamed = None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        unnamed = _open_unnamed(folder)
        _fill(named() if unnamed is None else os.dup(unnamed), written)
        yield take_place
    except OSError as error:
        raise _cannot_be_written(path, error.strerror or str(error)) from None
    finally:
        if unnamed is not None:
            os.close(unnamed)
        with contextlib.suppress(OSError):
            os.unlink(beside)


def _fill(handle: int, content: bytes) -> None:
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _open_unnamed(folder: str) -> int | None:
    """Return a file without a name (open(2), O_TMPFILE), None where there is none, as on NFS and on macOS."""
    try:
        return os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o600)
    except (AttributeError, OSError):  # of a disk that is full or cannot be written, who tries the other way learns
        return None


def _name(unnamed: int, path: str) -> bool:
    """Give a file its name as open(2) says, and tell whether that is allowed here."""
    try:
        # With a handle, which counts for nothing before a whole path, Python calls what follows the link: linkat(2).
        os.link(f"/proc/self/fd/{unnamed}", path, src_dir_fd=unnamed, follow_symlinks=True)
    except OSError:
        return False
    return True


def _check_kind(path: str, target: str) -> None:
    """Refuse what a file must not take the place of: a device, such as /dev/null, would be gone for everybody."""
    if os.path.isdir(target):
        raise _cannot_be_written(path, "it is a directory")
    if os.path.exists(target) and not os.path.isfile(target):
        raise _cannot_be_written(path, "it is a device, a pipe or a socket, and not a file")


def _cannot_be_written(path: str, why: str) -> HyperVError:
    return HyperVError(f"{path} cannot be written: {why}. Choose a path on the controller that can be written.")
