# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rows a condition can be true of, told before there are rows: a cluster may have thousands, a request want one.

What is told here leaves out nothing that the condition selects. The condition itself is tested on what is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from .cim import ANYTHING, Where
from .schema import CimType, ClassDefinition
from .wql_conditions import Comparison, Condition, Conjunction, Disjunction

_TEXT = CimType("string")


def narrow(definition: ClassDefinition, condition: Condition | None) -> Where:
    """Return of which texts properties of a class have one in every row of which a condition is true.

    Nothing is told of a condition that asks for more than texts: it may be refused for what a row has in another
    property, and so for any row.
    """
    told = None if condition is None else _texts(condition)
    if condition is None or told is None:
        return ANYTHING
    properties = {name: definition.find_property(name) for name in condition.properties()}
    known = {name: one.name for name, one in properties.items() if one is not None and one.type == _TEXT}
    return {known[name]: texts for name, texts in told.items()} if len(known) == len(properties) else ANYTHING


def _texts(condition: Condition) -> Where | None:
    """Return the texts by the name of the property, as both are spelled; None for a condition of any other kind."""
    if isinstance(condition, Comparison):
        is_text = condition.operator == "=" and len(condition.path.names) == 1
        return {str(condition.path): frozenset({str(condition.literal)})} if is_text else None
    if not isinstance(condition, (Conjunction, Disjunction)):
        return None
    parts = [_texts(one) for one in condition.parts]
    told = [one for one in parts if one is not None]
    if len(told) < len(parts):
        return None
    return _in_all(told) if isinstance(condition, Conjunction) else _in_any(told)


def _in_all(parts: Sequence[Where]) -> Where:
    # Of two lists of texts for one property either will do.
    return {name: texts for part in parts for name, texts in part.items()}


def _in_any(parts: Sequence[Where]) -> Where:
    everywhere = set(parts[0]).intersection(*parts)
    return {name: frozenset().union(*(part[name] for part in parts)) for name in everywhere}
