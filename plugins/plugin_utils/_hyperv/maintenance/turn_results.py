# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task returns of turns that nodes have together: that of its own host, and beside it that of each. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..planning.beside import Beside
from .turn import Turn
from .turns_together import TurnsTogether

Result = dict[str, t.Any]


def as_result(
    turns: TurnsTogether,
    names: Mapping[str, str],
    common: Mapping[str, t.Any],
    rolling: Mapping[str, t.Any],
) -> Result:
    """Return the result of a task on the first of the hosts that were asked for.

    Args:
        names: those in the cluster, by host.
        common: what is the same for all of them.
        rolling: what the records by which phases are noted have in common.
    """
    every = {host: first_label(host).upper() for host in turns.asked[0].hosts} | {**names}

    def of(turn: Turn) -> Result:
        records = {"rolling": _record_of(turn, rolling), "evacuation": _evacuation_of(turns, turn, rolling)}
        return {**common, **turn.as_result(every), **records}

    waiting = {turn.host: {**of(turn), "steps": []} for turn in turns.asked if turn.host in turns.waiting}
    each = {turn.host: of(turn) for turn in (*turns.done, *turns.turns)} | waiting
    together = each if len(turns.asked) > 1 else {}
    own = each[turns.asked[0].host]
    return {**own, "batch": turns.nodes, "together": together, "waiting": list(turns.waiting)}


def _record_of(turn: Turn, rolling: Mapping[str, t.Any]) -> Result:
    """Return the record by which the phases of a node are noted."""
    together = {"together": list(turn.together)} if len(turn.together) > 1 else {}
    return {**rolling, "node": turn.host, "name": turn.node, **together}


def _evacuation_of(turns: TurnsTogether, turn: Turn, rolling: Mapping[str, t.Any]) -> Result:
    """Return it for the evacuation; as long as nothing is planned, it leaves out the nodes beside it."""
    beside = Beside([one.node for one in turns.turns])
    record = {**_record_of(turn, rolling), "notes_shown": bool(turn.done)}
    return {**record, "beside": beside.as_result()} if beside.counts else record


def records_of_evacuation(turns: TurnsTogether, rolling: Mapping[str, t.Any]) -> dict[str, Result]:
    """Return the records for the evacuation of each node, by host."""
    return {one.host: _evacuation_of(turns, one, rolling) for one in turns.turns}


def with_plan(result: Result, planned: Mapping[str, Mapping[str, t.Any]]) -> Result:
    """Return a result with what the plan says of each host."""
    together = {host: {**one, **planned.get(host, {})} for host, one in result["together"].items()}
    return {**result, **planned.get(result["host"], {}), "together": together}


def without_steps(result: Result) -> Result:
    """Return a result by which nothing is done with any of the nodes."""
    together = {host: {**one, "steps": []} for host, one in result["together"].items()}
    return {**result, "steps": [], "batch": [], "together": together, "waiting": []}


def hosts_begun(results: Sequence[Mapping[str, t.Any]]) -> list[str]:
    """Return the hosts of which results of this run say that there was something to do."""
    each = [one for result in results for one in (result, *(result.get("together") or {}).values())]
    return list(dict.fromkeys(str(one["host"]) for one in each if one.get("host") and one.get("steps")))
