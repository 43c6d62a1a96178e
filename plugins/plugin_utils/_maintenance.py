# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the actions share that empty a node or bring its VMs back: options, ledger, report."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable

from ._action import Arguments, FailedWithResult, HyperVAction, Result
from ._clock import Abandoned, moment
from ._files import full_path, replace_file
from ._hyperv.failure.errors import HyperVError
from ._hyperv.maintenance.controller import Controller
from ._hyperv.maintenance.outcome import Outcome
from ._hyperv.migration.migration_task import Policy
from ._hyperv.migration.vocabulary import AUTO, METHODS
from ._hyperv.scheduling.migrate import MigrationOptions
from ._hyperv.scheduling.move_results import diff
from ._ledgers import ledger_file_of
from ._ranges import MOST_RETRIES, check_poll_interval, check_range, check_timeout
from ._report.account import Account
from ._report.page import page
from ._report.records import read_account
from ._report.summary import summary

LOOKS_APART = 5
"""Poll intervals between two looks at storage, which changes slowly and takes long to read."""

# Options of both.
OPTIONS: dict[str, t.Any] = {
    "method": {"type": "str", "choices": list(METHODS), "default": AUTO},
    "max_parallel": {"type": "int", "default": 0},
    "timeout": {"type": "int", "default": 0},
    "retries": {"type": "int", "default": 1},
    "poll_interval": {"type": "float", "default": 2},
    "progress": {"type": "bool", "default": True},
    "ledger_path": {"type": "path"},
    "ledger_folder": {"type": "path", "default": "."},
    "report_path": {"type": "path"},
}


class MaintenanceAction(HyperVAction):
    """An action that empties a node or fills it again."""

    def check_options(self, arguments: Arguments, role: str) -> None:
        """Refuse numbers out of their range; ``role`` is the one whose variables they are. Raises HyperVError."""
        check_timeout(arguments, role)
        check_poll_interval(arguments, role)
        check_range(arguments, "max_parallel", 0, variable=f"{role}_max_parallel")
        check_range(arguments, "retries", 0, MOST_RETRIES, variable=f"{role}_retries")

    def migration_options(self, arguments: Arguments, on_timeout: t.Literal["leave", "cancel"]) -> MigrationOptions:
        """Return how VMs are moved."""
        policy = Policy(poll_interval=arguments["poll_interval"], retries=arguments["retries"], on_timeout=on_timeout)
        limit = arguments["max_parallel"] or None
        return MigrationOptions(arguments["method"], arguments["timeout"], limit, policy)

    def controller(self, arguments: Arguments, enter: Callable[[], None] = lambda: None) -> Controller:
        """Return what this machine does for the maintenance; ``enter`` notes that a node is about to be emptied."""
        return Controller(
            lambda node, owner: ledger_file_of(arguments["ledger_path"], arguments["ledger_folder"], node, owner),
            moment,
            self.connect,
            self.tell,
            self.show,
            shows_progress=arguments["progress"],
            enter=enter,
            cut_off=self.cut_off,
            gone=(Abandoned,),
        )

    def reported(self, outcome: Outcome, title: str, arguments: Arguments) -> Result:
        """Return the task's result with its report. Raises FailedWithResult where the maintenance failed."""
        account = read_account(
            {
                "title": title,
                "moves": outcome.moves,
                "planned": outcome.planned,
                "stays": outcome.stays,
                "nodes_before": outcome.nodes_before if outcome.nodes_after else [],
                "nodes_after": outcome.nodes_after,
                "headroom": outcome.headroom if self.check_mode else [],
                "capabilities": outcome.limits,
                "max_parallel": arguments["max_parallel"],
                "error": outcome.cause,
                "note": outcome.note,
                "dry_run": self.check_mode,
            }
        )
        path = arguments["report_path"]
        result = {
            **outcome.as_result(),
            "report": report_lines(account, path),
            "report_path": full_path(path) if path else None,
            "diff": diff(outcome.moves),
            "warnings": list(outcome.warnings),
        }
        if outcome.error:
            raise FailedWithResult(outcome.error, result)
        return result


def report_lines(account: Account, path: str | None) -> list[str]:
    """Return a report in lines, and write it as an HTML page where ``path`` says so; the last line is about that."""
    lines = summary(account)
    if path:
        try:
            replace_file(full_path(path), page(account, dt.datetime.now(dt.timezone.utc).timestamp()))
            lines.append(f"The HTML report is {full_path(path)}")
        except HyperVError as error:
            lines.append(f"The HTML report was NOT written: {error}")
    return lines
