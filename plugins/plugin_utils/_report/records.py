# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results of this collection's modules as an account."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t
from collections.abc import Mapping, Sequence

from .._text import clean
from .account import NOT_BEGUN, PLANNED, Account, Event, Limits, Move, Node, Part, ReportedStay, Turn
from .wording import duration

Data = Mapping[str, t.Any]


class NotAMove(ValueError):
    """What was given as a move is none; the text says what it lacks."""


def read_account(given: Data) -> Account:
    """Return the account of the options of hyperv_migration_report. Raises NotAMove."""
    return Account(
        title=clean(given["title"]),
        cluster=clean((given["capabilities"].get("cluster") or {}).get("name")),
        moves=_moves(given["moves"], given["planned"], given["dry_run"]),
        stays=_stays(given["stays"]),
        nodes=_nodes(given["nodes_before"], given["nodes_after"]) or _expected(given["headroom"]),
        limits=_limits(given["capabilities"], given["max_parallel"]),
        error=clean(given["error"]),
        note=clean(given["note"]),
        dry_run=given["dry_run"],
    )


_PARTS = {"evacuated": "emptied", "restarting": "worked on", "worked": "worked on", "done": "filled"}
"""Parts of a turn by the phase that ends them. After ``restarting``, what ends with ``worked`` is the restart."""


def account_of_results(
    results: Sequence[Data],
    *,
    title: str,
    error: str,
    note: str,
    dry_run: bool,
    turns: Sequence[Data] = (),
    estimate: Data | None = None,
) -> Account:
    """Return the account of several evacuations and restorations, which the roles return as their results.

    Nodes are as they were before the first and after the last of them. ``turns`` are those of the rolling maintenance:
    ``node``, and ``reached``, phases in their order with their moments. ``estimate`` is what was expected at half of it
    beside what it took, None where that is not known. Raises NotAMove.
    """
    # Those without a move do not tell when they were, so the others count before them.
    in_order = sorted(
        results, key=lambda result: max((str(move.get("ended") or "") for move in result["moves"]), default="")
    )
    by_begin = sorted(in_order, key=lambda result: not result["moves"])
    return Account(
        title=clean(title),
        cluster="",
        moves=tuple(move for one in results for move in _moves(one["moves"], one.get("planned") or (), dry_run)),
        stays=_stays([stay for one in results for stay in one.get("stays") or ()]),
        nodes=_nodes(
            next((one["nodes_before"] for one in by_begin if one.get("nodes_before")), ()),
            next((one["nodes_after"] for one in reversed(in_order) if one.get("nodes_after")), ()),
        ),
        limits=_limits(next((one["limits"] for one in results if one.get("limits")), {}), None),
        error=clean(error),
        note=clean(note),
        dry_run=dry_run,
        turns=tuple(_turn(one) for one in turns),
        estimate=_judged(estimate) if estimate is not None else "",
    )


def _turn(turn: Data) -> Turn:
    reached = [(phase, _moment(text)) for phase, text in turn["reached"].items() if text]
    parts, phases = [], [phase for phase, unused in reached]
    for (unused, began), (phase, ended) in itertools.pairwise(reached):
        if began is not None and ended is not None:
            is_restart = phase == "worked" and "restarting" in phases
            parts.append(Part("restarted" if is_restart else _PARTS[phase], began, max(began, ended)))
    return Turn(clean(turn["node"]), tuple(parts))


def _judged(estimate: Data) -> str:
    expected, took = estimate["expected_seconds"], estimate["took_seconds"]
    nodes = estimate["done"] + estimate["left"]
    how = f"{estimate['error_percent']:.0f} % {'longer' if took > expected else 'less'}"
    return (
        f"With {estimate['done']} of {nodes} nodes done, the rest was expected to take {duration(expected)}; it took "
        f"{duration(took)}{'' if took == expected else f', {how}'}."
    )


def _moves(records: Sequence[Data], planned: Sequence[Data], dry_run: bool) -> tuple[Move, ...]:
    """Return what became of each move.

    Args:
        records: the ``moves`` that hyperv_vm_migrate returned.
        planned: the ``moves`` of a plan. They tell the memory of VMs, and which were never tried.
        dry_run: no move was to be made.

    Raises:
        NotAMove: for data of another shape.
    """
    try:
        memory = {str(plan["vm_id"]).upper(): plan.get("memory_mb") for plan in planned}
        tried = {str(record["vm"]["id"]).upper() for record in records}
        moves = [_move(record, memory.get(str(record["vm"]["id"]).upper())) for record in records]
        left = [plan for plan in planned if str(plan["vm_id"]).upper() not in tried]
        return (*moves, *(_untried(plan, PLANNED if dry_run else NOT_BEGUN) for plan in left))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        lack = f"A move lacks {error}" if isinstance(error, KeyError) else f"A move is none: {error}"
        raise NotAMove(f"{lack}. Give the moves that hyperv_vm_migrate returned, and those of a plan.") from None


def _move(record: Data, memory_mb: int | None) -> Move:
    error = record.get("error") or {}
    return Move(
        vm=clean(record["vm"]["name"]),
        source=clean(record["source_host"]),
        destination=clean(record["destination_host"]),
        outcome=clean(record["outcome"]),
        vm_id=str(record["vm"]["id"]).upper(),
        checked=bool(record.get("checked")),
        attempts=int(record.get("attempts") or 0),
        began=_moment(record.get("started")),
        released=_moment(record.get("job_ended")),
        ended=_moment(record.get("ended")),
        seconds=float(record.get("elapsed_seconds") or 0.0),
        cause=clean(error.get("cause") or error.get("message") or ""),
        remedy=clean(error.get("remedy") or ""),
        quoted=clean(error.get("quoted") or ""),
        warnings=tuple(clean(warning) for warning in record.get("warnings") or ()),
        memory_mb=memory_mb,
        helper=bool(record.get("helper")),
        events=tuple(_event(event) for event in record.get("events") or ()),
    )


def _event(event: Data) -> Event:
    log = clean(event.get("channel")).removeprefix("Microsoft-Windows-")
    time = clean(event.get("time"))[:19].replace("T", " ")
    return Event(time, clean(event.get("node")), log, clean(event.get("id")), clean(event.get("message")))


def _untried(plan: Data, outcome: str) -> Move:
    ways = (clean(plan["name"]), clean(plan["source_host"]), clean(plan["destination_host"]))
    vm_id, is_helper = str(plan["vm_id"]).upper(), bool(plan.get("helper"))
    return Move(*ways, outcome, vm_id, memory_mb=plan.get("memory_mb"), helper=is_helper)


def _moment(text: str | None) -> int | None:
    """Return ISO 8601 as seconds since 1970."""
    return int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) if text else None


def _stays(stays: Sequence[Data]) -> tuple[ReportedStay, ...]:
    """Return the ``stays`` of a plan."""
    return tuple(
        ReportedStay(clean(stay.get("name")), clean(stay.get("message")), clean(stay.get("remedy"))) for stay in stays
    )


def _nodes(before: Sequence[Data], after: Sequence[Data]) -> tuple[Node, ...]:
    """Return the nodes by name, from the ``nodes`` of hyperv_cluster_node_info before and after."""
    earlier = {clean(node.get("name")): node for node in before}
    later = {clean(node.get("name")): node for node in after}
    nothing: Data = {}
    return tuple(
        Node(
            name=name,
            total_mb=later.get(name, nothing).get("total_memory_mb")
            or earlier.get(name, nothing).get("total_memory_mb"),
            free_before_mb=earlier.get(name, nothing).get("free_memory_mb"),
            free_after_mb=later.get(name, nothing).get("free_memory_mb"),
            vms_before=earlier.get(name, nothing).get("vm_count"),
            vms_after=later.get(name, nothing).get("vm_count"),
        )
        for name in sorted({*earlier, *later})
    )


def _expected(headroom: Sequence[Data]) -> tuple[Node, ...]:
    """Return the nodes as a plan expects them."""
    return tuple(
        Node(
            name=clean(one.get("node")),
            total_mb=one.get("total_mb"),
            free_before_mb=one.get("free_before_mb"),
            free_after_mb=one.get("free_after_mb"),
            vms_before=None,
            vms_after=None,
        )
        for one in headroom
    )


def _limits(capabilities: Data, max_parallel: int | None) -> Limits:
    """Return the limits, from the result of hyperv_migration_capabilities_info and the user's own limit."""
    total = (capabilities.get("cluster") or {}).get("maximum_parallel_migrations")
    lowest = [limit for limit in (total, max_parallel) if limit]
    nodes = capabilities.get("nodes") or ()
    known = {clean(node.get("node")): node["maximum_migrations"] for node in nodes if node.get("maximum_migrations")}
    return Limits(min(lowest) if lowest else None, known)
