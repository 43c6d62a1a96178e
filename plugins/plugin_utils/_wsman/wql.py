# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Queries: their WQL text, and the same query evaluated on the client."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._names import in_capitals
from .instances import Instance
from .xmltext import refuse_unsendable


def literal(text: str) -> str:
    """Return ``text`` as a WQL string: single quotes, with backslash and quote escaped (Microsoft docs, WQL)."""
    return "'" + refuse_unsendable(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


class Query(t.NamedTuple):
    """A question to one class.

    Attributes:
        class_name: the class; instances of its subclasses are part of the answer.
        columns: properties wanted; empty for all of them.
        where: property -> the values it may have. All properties must match, strings without regard to case.
    """

    class_name: str
    columns: tuple[str, ...] = ()
    where: Mapping[str, tuple[str | int, ...]] = {}

    def text(self) -> str:
        """Return the query in WQL."""
        select = f"SELECT {', '.join(self.columns) or '*'} FROM {self.class_name}"
        terms = [_any_of(name, values) for name, values in self.where.items()]
        if len(terms) > 1:
            terms = [f"({term})" if " OR " in term else term for term in terms]
        return f"{select} WHERE {' AND '.join(terms)}" if terms else select

    def matches(self, instance: Instance) -> bool:
        """Return whether an instance answers the question, as WMI would."""
        return all(_holds(instance.text(name), values) for name, values in self.where.items())


def _holds(text: str | None, values: tuple[str | int, ...]) -> bool:
    # NULL equals nothing in WQL.
    return text is not None and in_capitals(text) in {in_capitals(str(value)) for value in values}


def _any_of(name: str, values: tuple[str | int, ...]) -> str:
    return " OR ".join(f"{name} = {literal(value) if isinstance(value, str) else value}" for value in values)
