# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of two inventory sources for one host name: which of them is listed.

Ansible itself merges what several sources say about a host. So a task for a node would reach the node of that name in
another cluster.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence

from .inventory import Member, identify_machine

_NAMED = 10  # hosts in one sentence


@dataclasses.dataclass(frozen=True)
class Present:
    """A host that is in the inventory already.

    Attributes:
        variables: its own variables.
        is_node: it is in the group of the nodes.
        origin: which cluster and source it comes from, in words.
    """

    variables: Mapping[str, t.Any]
    is_node: bool
    origin: str


@dataclasses.dataclass(frozen=True)
class Clash:
    """Two machines whose host would be the same.

    Attributes:
        kept, left_out: where the two come from, in words.
        is_replaced: the host that was there is the one that is left out.
    """

    host: str
    kept: str
    left_out: str
    is_replaced: bool


def find_clashes(members: Iterable[Member], find: Callable[[str], Present | None], origin: str) -> list[Clash]:
    """Return the clashes of a source's hosts with those that ``find`` finds; ``origin`` tells of the source in words.

    The first one keeps the name, but a VM, which anybody may call anything, never keeps it from a node. A host that no
    source of this plugin tells of is taken for the same machine, unless it is a node and the new one a VM.
    """
    clashes = []
    for member in members:
        other = find(member.host)
        if other is None or not _is_another(member, other):
            continue
        is_replaced = member.is_node and not other.is_node
        kept, left_out = (origin, other.origin) if is_replaced else (other.origin, origin)
        clashes.append(Clash(member.host, kept, left_out, is_replaced))
    return clashes


def describe_clashes(clashes: Sequence[Clash]) -> list[str]:
    """Return a sentence or two for each pair of sources, with the cure."""
    hosts = collections.defaultdict(list)
    for clash in clashes:
        hosts[clash.kept, clash.left_out].append(clash.host)
    return [
        f"Two sources have a machine each for {_enumerated(names)}. Those of {kept} are listed, those of {left_out} "
        "are left out. Set host_prefix or hostnames=fqdn in one of the sources, so that each host has its own name."
        for (kept, left_out), names in hosts.items()
    ]


def _is_another(member: Member, other: Present) -> bool:
    cluster, machine = identify_machine(other.variables)
    if not cluster:
        return other.is_node and not member.is_node
    return (cluster, machine) != identify_machine(member.variables)


def _enumerated(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
