# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that prepare a rolling maintenance or a turn in it: what they are, and what they mean."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Collection, Sequence

from ._action import Arguments
from ._hyperv.failure.errors import HyperVError
from ._hyperv.maintenance.health_gate import HealthGate
from ._hyperv.planning.roll_request import KEEP, LAYOUTS
from ._hyperv.records.file_names import Owner
from ._hyperv.records.rolling_resume import RollingOptions
from ._hyperv.records.rolling_state import RollingState, Work
from ._planning_options import PLANNING, read_planning
from ._ranges import check_range, check_wait

ROLLING: dict[str, t.Any] = {
    "nodes": {"type": "list", "elements": "str", "required": True},
    "via": {"type": "str", "default": ""},
    "at_once": {"type": "str", "default": "1"},
    "folder": {"type": "path", "default": "."},
    "run_id": {"type": "str", "default": ""},
    "begin_anew": {"type": "bool", "default": False},
    "resume_within": {"type": "int", "default": 72},
    "allow_changed_work": {"type": "bool", "default": False},
    "tasks_file": {"type": "str", "default": ""},
    "role": {"type": "str", "default": ""},
    "layout": {"type": "str", "choices": list(LAYOUTS), "default": KEEP},
    "home": {"type": "list", "elements": "str", "default": []},
    "ignore": {"type": "raw", "default": []},
    "timeout": {"type": "int", "default": 300},
    "storage_timeout": {"type": "int", "default": 14400},
    "poll_interval": {"type": "float", "default": 10},
    **PLANNING,
}
_OF_ONE_NODE = ("evacuate_node_name", "restore_node_name")  # variables that would win over what the role says itself


def check_rolling(arguments: Arguments, task_vars: dict[str, t.Any]) -> None:
    """Refuse what makes no sense before anything is asked. Raises HyperVError."""
    given = [name for name in _OF_ONE_NODE if task_vars.get(name)]
    if given:
        raise HyperVError(
            f"Nothing was changed. {' and '.join(given)} must not be set, since a rolling maintenance goes through all "
            "nodes."
        )
    check_wait(arguments, "rolling_maintenance")
    check_range(arguments, "resume_within", 0, None, "hours", variable="rolling_maintenance_resume_within")
    read_planning(arguments, role="evacuate_node")


def read_ignored(arguments: Arguments) -> list[str]:
    """Return names given as a list, or as the text that a survey's answer is: with commas or line breaks."""
    given = arguments["ignore"]
    entries = re.split(r"[,;\n]", given) if isinstance(given, str) else given
    if not isinstance(entries, (list, tuple)):
        raise HyperVError(f"ignore is {given!r}. Give a list of names, or names with commas between them.")
    return [name for name in (str(entry).strip() for entry in entries) if name]


def read_rolling_options(
    arguments: Arguments,
    owner: Owner,
    old: RollingState | None,
    work: Work,
    everybody: Collection[str],
    *,
    begins: bool,
) -> RollingOptions:
    """Return what a run wants.

    Args:
        old: the state that there is.
        everybody: all hosts of the inventory.
        begins: no node had its turn in this run, so that it can begin anew.
    """
    return RollingOptions(
        cluster=owner.full,
        nodes=arguments["nodes"],
        cluster_name=owner.short,
        run_id=arguments["run_id"],
        begin_anew=arguments["begin_anew"] and begins,
        resume_within=arguments["resume_within"],
        work=work,
        allow_changed_work=arguments["allow_changed_work"],
        forget=[host for host in (old["nodes"] if old is not None else ()) if host not in everybody],
    )


def read_gate(
    arguments: Arguments, ignored: Sequence[str], report: Callable[[str], None], *, dry_run: bool
) -> HealthGate:
    """Return what is waited for before a node is taken away; a dry run looks once."""
    timeout, for_storage = (0 if dry_run else arguments[name] for name in ("timeout", "storage_timeout"))
    return HealthGate(ignored, timeout, for_storage, arguments["poll_interval"], report)
