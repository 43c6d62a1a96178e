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
from ._hyperv.scheduling.move_results import locations_diff
from ._ledgers import ledger_file_of
from ._moving_options import MOVING
from ._report.account import Account
from ._report.page import page
from ._report.records import read_account
from ._report.summary import summary

LOOKS_APART = 5
"""Poll intervals between two looks at storage, which changes slowly and takes long to read."""

# Options of both.
OPTIONS: dict[str, t.Any] = {
    **MOVING,
    "ledger_path": {"type": "path"},
    "ledger_folder": {"type": "path", "default": "."},
    "report_path": {"type": "path"},
}


class MaintenanceAction(HyperVAction):
    """An action that empties a node or fills it again."""

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
        result = self.as_result(outcome, title, arguments)
        if outcome.error:
            raise FailedWithResult(outcome.error, result)
        return result

    def as_result(self, outcome: Outcome, title: str, arguments: Arguments) -> Result:
        """Return the result of a maintenance with its report, without its error."""
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
        return {
            **outcome.as_result(),
            "report": report_lines(account, path),
            "report_path": full_path(path) if path else None,
            "diff": locations_diff(outcome.moves),
            "warnings": list(outcome.warnings),
        }


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
