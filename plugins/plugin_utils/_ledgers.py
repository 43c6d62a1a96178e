# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ledgers as files on the controller, and where they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

from ._files import KeptFile, check_writable, find_kept, full_path, locked
from ._hyperv.failure.errors import HyperVError
from ._hyperv.records.artifacts import artifact_text
from ._hyperv.records.file_names import Owner, ledger_file, ledger_file_of_before
from ._hyperv.records.ledger_form import Ledger, earlier_form, no_ledger, read_ledger
from ._text import clean

Change = Callable[[Ledger | None], Ledger]
_SHOWN = 60  # characters of what was given in place of a ledger


class LedgerFile:
    """The ledger of one node in a file."""

    def __init__(self, find: Callable[[], KeptFile]) -> None:
        """``find`` returns the file as it is called at that moment: another run may rename it."""
        self._find = find
        self._note = ""

    @property
    def path(self) -> str:
        """Where it is, or will be when it is written next."""
        return self._find().path

    @property
    def where(self) -> str:
        """Where it is now: it may still have the name that an earlier version gave it."""
        file = self._find()
        return file.earlier or file.path

    @property
    def note(self) -> str:
        """What is to be known about the ledger that was read; empty for nothing."""
        return self._note

    def read(self) -> Ledger | None:
        """Return the ledger, None where there is none. Raises HyperVError."""
        return self._read(self._find())

    def change(self, change: Change) -> Ledger:
        """Replace it by what ``change`` makes of it, under a lock. Raises HyperVError."""
        with locked(self.path):
            file = self._find()
            old, new = self._changed(file, change)
            if old is None or _without_stamp(old) != _without_stamp(new):
                file.write(artifact_text(new))
                return new
            return old

    def check(self, change: Change) -> Ledger:
        """Return what ``change`` would come to, as far as can be said without writing. Raises HyperVError."""
        file = self._find()
        _old, new = self._changed(file, change)
        check_writable(file.path)
        return new

    def _changed(self, file: KeptFile, change: Change) -> tuple[Ledger | None, Ledger]:
        old = self._read(file)
        try:
            return old, change(old)
        except HyperVError as error:
            raise HyperVError(f"{file.earlier or file.path}: {error}") from None

    def _read(self, file: KeptFile) -> Ledger | None:
        where = file.earlier or file.path
        content = file.read()
        if content is None:
            return None
        ledger = read_ledger(content, where)
        self._note = earlier_form(ledger, where, file.path)
        return ledger


def ledger_file_of(path: str | None, folder: str, node: str, owner: Owner | None) -> LedgerFile:
    """Return the ledger of a node: at ``path`` where one is given, else under its own name in ``folder``."""
    if path:
        given = full_path(path)
        return LedgerFile(lambda: KeptFile(given))
    if owner is None:
        raise HyperVError("Neither a node nor a ledger is named. Give node, or the path of its ledger.")
    names = ledger_file(node, owner), ledger_file_of_before(node, owner)
    return LedgerFile(lambda: find_kept(folder, *names))


def try_ledgers(folder: str, nodes: Iterable[tuple[str, Owner]]) -> list[Ledger]:
    """Return the ledgers of nodes but those that are not there or cannot be read: only a report is poorer for it."""
    found = []
    for node, owner in nodes:
        with contextlib.suppress(HyperVError):
            found.append(ledger_file_of(None, folder, node, owner).read())
    return [ledger for ledger in found if ledger is not None]


def _without_stamp(ledger: Ledger) -> Ledger:
    return {**ledger, "updated": ""}


def read_given_ledger(given: object, path: str | None, called: str) -> Ledger | None:
    """Return the ledger that is given as data or as its JSON text, else the one at ``path``; None for neither.

    ``called``: the name by which it is given. Raises HyperVError for anything else.
    """
    if isinstance(given, str) and not given.strip():
        given = None
    if given:
        is_text = isinstance(given, str) and given.strip().startswith("{")
        if not is_text and not isinstance(given, Mapping):
            shown = clean(given)
            raise HyperVError(
                f"{called} is not a ledger: {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}...'}. Give the "
                "artifact that evacuate_node left, as data or as its JSON text."
            )
        return read_ledger(given, called)
    if not path:
        return None
    ledger = ledger_file_of(path, "", "", None).read()
    if ledger is None:
        raise no_ledger(full_path(path))
    return ledger
