# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports the results of moves, in lines and as an HTML page. Does not talk to nodes."""

from __future__ import annotations

import datetime as dt
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._files import full_path, replace_file
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._report.account import FAILED, NOT_BEGUN, Account
from ..plugin_utils._report.page import page
from ..plugin_utils._report.records import NotAMove, read_account
from ..plugin_utils._report.summary import summary
from ..plugin_utils._report.timeline import has_pauses, peak

_RECORDS = {"type": "list", "elements": "dict", "default": []}


class ActionModule(ControllerAction):
    """The action of hyperv_migration_report."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "moves": {"type": "list", "elements": "dict", "required": True},
            "title": {"type": "str", "default": "Live migration"},
            "planned": _RECORDS,
            "stays": _RECORDS,
            "nodes_before": _RECORDS,
            "nodes_after": _RECORDS,
            "headroom": _RECORDS,
            "capabilities": {"type": "dict", "default": {}},
            "max_parallel": {"type": "int"},
            "error": {"type": "str", "default": ""},
            "note": {"type": "str", "default": ""},
            "dry_run": {"type": "bool", "default": False},
            "path": {"type": "path"},
        },
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Draw up the report, and write it where that is wished."""
        try:
            account = read_account(arguments)
        except NotAMove as error:
            raise HyperVError(str(error)) from None
        path = full_path(arguments["path"]) if arguments["path"] else None
        result = {"changed": path is not None, "path": path, **_figures(account), "summary": summary(account)}
        if path is not None and not self.check_mode:
            try:
                replace_file(path, page(account, dt.datetime.now(dt.timezone.utc).timestamp()))
            except HyperVError as error:
                raise FailedWithResult(str(error), {**result, "changed": False}) from None
        return result


def _figures(account: Account) -> Result:
    began, ended = account.began, account.ended
    return {
        "moved": len(account.arrived),
        "moves_failed": len(account.having(FAILED)),
        "not_begun": len(account.having(NOT_BEGUN)),
        "stayed": len(account.stays),
        "seconds": ended - began if began is not None and ended is not None else None,
        "most_at_once": None if has_pauses(account.moves) else peak(account.moves),
        "slowest": [{"name": move.vm, "seconds": move.seconds} for move in account.slowest],
    }
