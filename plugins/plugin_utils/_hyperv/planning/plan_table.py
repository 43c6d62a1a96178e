# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans as lines for a terminal: which VM goes where and why. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from ..._text import clean
from ..cluster.states import AT_REST
from ..failure.finding import ERROR, INFO
from .evacuation_plan import STEPS_ASIDE, EvacuationPlan
from .helper_moves import HelperMove, step_aside
from .placement import Placed
from .restoration_plan import RestorationPlan
from .roles_back import RoleBack
from .strategies import SAVE, SHUTDOWN

_FIRST = {SHUTDOWN: "shut down first; ", SAVE: "saved first; "}


@dataclasses.dataclass(frozen=True)
class _Row:
    vm: str
    source: str
    destination: str
    memory_mb: str
    why: str


_HEAD = _Row("VM", "from", "to", "MB", "why")


def evacuation_table(plan: EvacuationPlan, *, notes_shown: bool = False) -> list[str]:
    """Return the plan to empty a node: its moves, what stays, what else there is to know, and the memory.

    ``notes_shown``: an earlier plan of the same rolling maintenance had the notes on the whole cluster.
    """
    rows = [_stepping_aside(move) for move in plan.steps_aside]
    rows += [_leaving(plan.node, move) for move in plan.moves]
    rows += [
        _Row(stay.vm.name, plan.node, "NOWHERE" if stay.is_blocking else "stays", "", stay.finding.message)
        for stay in plan.stays
    ]
    below = [step_aside(plan.helpers)] if plan.infeasibility is not None and plan.helpers else []
    below += [f"{finding.subject}: {finding.text}" for finding in plan.findings if finding.severity != ERROR]
    below += [f"Changed since the plan was made: {one.subject}: {one.message}" for one in plan.revalidation]
    below += [
        f"{node.node}: {node.free_before_mb} of {node.total_mb} MB are free, {node.free_after_mb} MB afterwards"
        for node in (plan.headroom if plan.moves else ())
    ]
    below += plan.roles.lines(plan.node)
    below += [plan.expected.text(plan.node)] if plan.expected is not None else []
    below += plan.notes
    for one in plan.others if plan.moves else ():
        if one.severity != INFO:
            below.append(one.text)
        elif not notes_shown:
            below.append(one.message)
    return [*(_lines(rows) if rows else [f"{plan.node} has no VMs."]), *map(clean, below)]


def _stepping_aside(move: HelperMove) -> _Row:
    candidate = move.helper.candidate
    return _Row(candidate.vm.name, move.helper.node, move.destination, str(candidate.needs_mb), STEPS_ASIDE)


def _leaving(node: str, move: Placed) -> _Row:
    candidate = move.candidate
    first = _FIRST.get(candidate.strategy, "") if candidate.vm.state not in AT_REST else ""
    return _Row(candidate.vm.name, node, move.destination, str(candidate.needs_mb), first + move.reason)


def restoration_table(plan: RestorationPlan, roles: Sequence[RoleBack] = ()) -> list[str]:
    """Return the plan to bring VMs back to a node: its moves, and what stays, is gone or still leaves; then roles."""
    node = plan.home.node.name
    started = {vm["vm_id"] for vm in plan.start}

    rows = [
        _Row(
            move["name"],
            move["source_host"],
            move["destination_host"],
            str(move["memory_mb"] or 0),
            f"{move['reason']}{'; it is started there' if move['vm_id'] in started else ''}",
        )
        for move in (*plan.moves, *plan.helpers)
    ]
    rows += [
        _Row(vm.subject, "", "stays", "", f"{vm.message}{' It is started.' if vm.vm_id in started else ''}")
        for vm in plan.stays
    ]
    rows += [_Row(vm.subject, "", "gone", "", vm.message) for vm in plan.gone]
    rows += [_Row(vm.subject, node, "leaves", "", vm.message) for vm in plan.leaving]
    going = [f"{one.text} from {one.role.owner}" for one in roles if one.goes_back and one.role is not None]
    below = [f"After the VMs these come back to {node}: {', '.join(going)}."] if going else []
    below += [f"{one.text}: {one.why}" for one in roles if not one.goes_back]
    return [*(_lines(rows) if rows else [f"No VM of the ledger is left to bring back to {node}."]), *map(clean, below)]


def _lines(rows: Sequence[_Row]) -> list[str]:
    shown = [_HEAD, *(dataclasses.replace(row, vm=clean(row.vm), why=clean(row.why)) for row in rows)]
    width = max(len(row.vm) for row in shown)
    return list(_format(shown, width))


def _format(rows: Iterable[_Row], width: int) -> Iterable[str]:
    for row in rows:
        yield f"{row.vm:<{width}}  {row.source:<15}  {row.destination:<15}  {row.memory_mb:>8}  {row.why}".rstrip()
