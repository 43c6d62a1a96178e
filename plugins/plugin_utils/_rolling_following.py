# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The node of a rolling maintenance that is next, as far as it may be emptied before its own turn."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

from ._action import Arguments
from ._files import full_path
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.cluster.nodes import Node
from ._hyperv.failure.errors import HyperVError, explain
from ._hyperv.maintenance.turn import Turn
from ._hyperv.planning.roll_request import KEEP
from ._hyperv.records.rolling_resume import RollingOptions
from ._hyperv.records.rolling_state import phase_of
from ._hyperv.records.rolling_window import Window
from ._rolling_nodes import Batch, FoundNodes, NodeSearch, check_other_name
from ._wsman.errors import NoAnswer

_OPTION = "evacuate_node_"
_NO_OPTION = frozenset({"evacuate_node_result"})  # what the role registers


def check_overlap(arguments: Arguments, at_once: int) -> None:
    """Refuse overlapping turns where they make no sense. Raises HyperVError."""
    if not arguments["overlap"]:
        return
    given = [
        *([f"rolling_maintenance_layout is {arguments['layout']}"] if arguments["layout"] != KEEP else []),
        *([f"rolling_maintenance_at_once is {arguments['at_once']}"] if at_once > 1 else []),
    ]
    if given:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_overlap is true, and {' and '.join(given)}. It is for the "
            f"layout {KEEP} with one node at a time: leave it out."
        )


@dataclasses.dataclass(frozen=True)
class Following:
    """The next node.

    Attributes:
        host: its inventory host.
        node: its name in the cluster.
        batch: the hosts of both turns.
        after: the node after it; empty for none.
        was_begun: this rolling maintenance has begun it before.
    """

    host: str
    node: str
    batch: Batch
    after: str
    was_begun: bool


def with_following(
    result: Mapping[str, t.Any],
    following: Following | None,
    arguments: Arguments,
    options: RollingOptions,
    window: Window,
) -> dict[str, t.Any]:
    """Return the result of a turn with how the next node is emptied before its own.

    ``meanwhile`` is as hyperv_node_restoration takes it. The rolling maintenance is not begun anew by that record: the
    node whose turn it is has begun it. Each leaves the node alone that is emptied after it, where it can.
    """
    if following is None:
        return {**result, "meanwhile": {}}
    record = dataclasses.asdict(dataclasses.replace(options, begin_anew=False))
    names = {"folder": full_path(arguments["folder"]), "node": following.host, "name": following.node}
    by = window.begin_by
    meanwhile = {
        "node": following.node,
        "restart": following.batch.is_restarted(following.host, arguments["restart"]),
        "begin_by": by.isoformat(timespec="seconds") if by is not None else "",
        "was_begun": following.was_begun,
        "rolling": {**record, **names, "notes_shown": True, "following": following.after},
    }
    return {**result, "meanwhile": meanwhile, "evacuation": {**result["evacuation"], "following": following.node}}


def find_following(
    turn: Turn,
    names: Mapping[str, str],
    batch: Batch,
    search: NodeSearch,
    found: FoundNodes,
    cluster: Cluster,
    members: Sequence[Node],
    tell: Callable[[str], None],
) -> Following | None:
    """Return the next node, found in its cluster; None where it is not emptied before its turn, which is told.

    Args:
        turn: the turn before it.
        names: those in the cluster, by host.
        batch: the host whose turn it is.
        search, found: how that one was found, and as what.
        members: the nodes of the cluster.
        tell: shows a line.
    """
    host = turn.following
    if not host:
        return None
    later = turn.left[2:]
    both = dataclasses.replace(batch, hosts=(*batch.hosts, host))
    try:
        _refuse_other_options(batch.hostvars, batch.leader, host)
        node = search.node_of(host, found.via)
        check_other_name(cluster, members, node, both.other_name(host, "").strip(), host)
    except (HyperVError, NoAnswer) as error:
        tell(f"{host} is not emptied before its own turn. {explain(error)}")
        return None
    was_begun = phase_of(turn.state, host) != ""
    return Following(host, node, both, names[later[0]] if later else "", was_begun)


def _refuse_other_options(hostvars: Mapping[str, Mapping[str, t.Any]], host: str, following: str) -> None:
    """Refuse two hosts of which the inventory has an option of evacuations for one alone, or other ones for each."""
    here, there = (
        {name: one[name] for name in one if name.startswith(_OPTION) and name not in _NO_OPTION}
        for one in (hostvars.get(host, {}), hostvars.get(following, {}))
    )
    others = sorted(
        name for name in {*here, *there} if here.get(name) != there.get(name) or (name in here) != (name in there)
    )
    if others:
        raise HyperVError(f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} not the same for both.")
