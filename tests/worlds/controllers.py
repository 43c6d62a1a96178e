# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine that Ansible runs on: its files, which may not be writable, and a time limit that may come."""

from __future__ import annotations

import copy
import functools
import tempfile
import typing as t
from collections.abc import Callable

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger


class CutOff(BaseException):
    """Ansible's time limit of a task, which may come at any moment."""


class Files:
    """The ledgers of one controller, by node. ``are_full``: none can be written now."""

    def __init__(self) -> None:
        self.are_full = False
        self.ledgers: dict[str, Ledger] = {}

    @functools.cached_property
    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """Where states of rolling maintenances are kept."""
        return tempfile.TemporaryDirectory()

    def close(self) -> None:
        """Leave nothing behind."""
        if "folder" in self.__dict__:
            self.folder.cleanup()

    def kept(self, node: str) -> dict[str, t.Any]:
        """Return the VMs of the ledger of a node that are still to be brought back, by id."""
        ledger = self.ledgers.get(node)
        entries = copy.deepcopy(ledger["vms"]) if ledger is not None else []
        return {entry["vm_id"].upper(): entry for entry in entries if not entry["restored"]}

    def ledger_of(self, node: str) -> KeptLedger:
        """Return where the ledger of a node is kept."""
        return KeptLedger(self, node)


class KeptLedger:
    """One of them; see ``LedgerStore``."""

    note = ""

    def __init__(self, files: Files, node: str) -> None:
        self.path = f"ledger of {node}"
        self._files = files
        self._node = node

    def read(self) -> Ledger | None:
        """Return a copy."""
        return copy.deepcopy(self._files.ledgers.get(self._node))

    def change(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        """Write it. Raises HyperVError."""
        new = change(self.read())
        if self._files.are_full:
            raise HyperVError(f"{self.path} cannot be written: No space left on device. Choose another path.")
        self._files.ledgers[self._node] = copy.deepcopy(new)
        return new

    def check(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        """Try it."""
        return change(self.read())
