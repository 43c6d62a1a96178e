# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which a user wants the nodes of a rolling maintenance to have their turns. Pure.

Hosts of an inventory and nodes of a cluster are the same by the first label of their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..._hostnames import first_label
from ..failure.errors import HyperVError


def in_order(nodes: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return nodes in an order; those that it does not name keep theirs, after all others."""
    places: dict[str, int] = {}
    for place, name in enumerate(order):
        places.setdefault(first_label(name), place)
    return sorted(nodes, key=lambda node: places.get(first_label(node), len(order)))


def check_order(order: Sequence[str], nodes: Sequence[str], option: str, elsewhere: Iterable[str] = ()) -> None:
    """Refuse an order that does not name each node once.

    Args:
        order: names as the user gave them.
        nodes: those that are to have their turn.
        option: what the user knows the order by.
        elsewhere: names that may be in the order and have no turn now, such as nodes that are done.

    Raises HyperVError.
    """
    wanted, labels = [first_label(one) for one in order], {first_label(one) for one in nodes}
    known = labels | {first_label(one) for one in elsewhere}
    twice = [name for place, name in enumerate(order) if first_label(name) in wanted[:place]]
    strange = [name for name in order if first_label(name) not in known]
    missing = [node for node in nodes if first_label(node) not in wanted]
    of = f"The nodes of this rolling maintenance are {', '.join(nodes)}."
    if strange:
        raise HyperVError(
            f"{option} has {', '.join(strange)}, which {_is(strange)} none of them. {of} Correct the name, or take it "
            "out."
        )
    if twice:
        raise HyperVError(f"{option} has {', '.join(dict.fromkeys(twice))} more than once. Name each node once.")
    if missing:
        raise HyperVError(
            f"{option} lacks {', '.join(missing)}. {of} Name each of them once, or leave those out of the rolling "
            "maintenance that are to have no turn."
        )


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
