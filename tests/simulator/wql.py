# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WQL: parse a query once, then ask it about instances. Microsoft docs, "WQL (SQL for WMI)"."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import re
import typing as t
from collections.abc import Callable, Mapping

import lark

from .cim import Instance, ObjectPath
from .wql_conditions import (
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    IsA,
    IsNull,
    Like,
    Literal,
    Negation,
    PropertyPath,
    Row,
    WqlError,
)

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_REFERENCES_TERMS = {
    "resultclass": "result_class",
    "role": "role",
    "requiredqualifier": "required_qualifier",
    "classdefsonly": "class_defs_only",
    "keysonly": "keys_only",
}
_ASSOCIATORS_TERMS = {
    **_REFERENCES_TERMS,
    "assocclass": "assoc_class",
    "resultrole": "result_role",
    "requiredassocqualifier": "required_assoc_qualifier",
}
_FLAGS = ("class_defs_only", "keys_only")


@dataclasses.dataclass(frozen=True)
class Select:
    """``SELECT columns FROM class_name WHERE where``.

    Attributes:
        class_name: as spelled in the query.
        columns: dotted property names as spelled in the query; empty for ``*``.
        where: the condition, or None.
    """

    class_name: str
    columns: tuple[str, ...]
    where: Condition | None

    def matches(
        self,
        instance: Instance,
        class_name: str,
        is_a: Callable[[str, str], bool],
    ) -> bool:
        """Tell whether the query selects ``instance``, whose own class is ``class_name``.

        ``is_a(name, ancestor)`` says for ISA whether a class is the other one or derived from it. NULL compares
        with nothing, nor does its negation. Raises WqlError for an array or another value that has no order.
        """
        return self.where is None or self.where.test(Row(instance, class_name, is_a)) is True

    def properties(self) -> tuple[str, ...]:
        """Return all dotted property names in columns and condition, for a check against the class."""
        return self.columns + (self.where.properties() if self.where is not None else ())


@dataclasses.dataclass(frozen=True)
class ReferencesOf:
    """``REFERENCES OF {path} WHERE ...``: associations that refer to ``path``; None for a term that is not there.

    The namespace of ``path`` is empty where the query has none.
    """

    path: ObjectPath
    result_class: str | None = None
    role: str | None = None
    required_qualifier: str | None = None
    class_defs_only: bool = False
    keys_only: bool = False


@dataclasses.dataclass(frozen=True)
class AssociatorsOf(ReferencesOf):
    """``ASSOCIATORS OF {path} WHERE ...``: instances at the other end of the associations that refer to ``path``."""

    assoc_class: str | None = None
    result_role: str | None = None
    required_assoc_qualifier: str | None = None


Query = Select | AssociatorsOf | ReferencesOf


@functools.lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """Return the query. Raises WqlError for anything that is not WQL."""
    try:
        query: Query = _Builder().transform(_parser().parse(text))
    except lark.exceptions.VisitError as error:
        if isinstance(error.orig_exc, WqlError):
            raise error.orig_exc from None
        raise
    except lark.exceptions.UnexpectedInput as error:
        raise WqlError(f"invalid query at character {error.pos_in_stream or 0}: {text}") from error
    return query


@functools.cache
def _parser() -> lark.Lark:
    grammar = pathlib.Path(__file__).with_name("wql.lark").read_text(encoding="utf-8")
    return lark.Lark(grammar, parser="lalr", maybe_placeholders=True)


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _number(text: str) -> int | float:
    if "x" in text.lower():
        return int(text, 16)
    return float(text) if "." in text or "e" in text.lower() else int(text)


class _Builder(lark.Transformer[t.Any, t.Any]):
    """Makes the query out of lark's tree, rule by rule of wql.lark."""

    def select(self, parts: list[t.Any]) -> Select:
        columns, class_name, *where = parts
        return Select(str(class_name), columns, where[0] if where else None)

    def every_column(self, unused: list[t.Any]) -> tuple[str, ...]:
        return ()

    def columns(self, parts: list[PropertyPath]) -> tuple[str, ...]:
        return tuple(".".join(part.names) for part in parts)

    def property(self, names: list[lark.Token]) -> PropertyPath:
        return PropertyPath(tuple(str(name) for name in names))

    def any_of(self, parts: list[Condition]) -> Condition:
        return Disjunction(tuple(parts))

    def all_of(self, parts: list[Condition]) -> Condition:
        return Conjunction(tuple(parts))

    def negation(self, parts: list[Condition]) -> Condition:
        return Negation(parts[0])

    def compared(self, parts: list[t.Any]) -> Condition:
        path, operator, literal = parts
        return self._comparison(path, str(operator), literal)

    def compared_from_left(self, parts: list[t.Any]) -> Condition:
        literal, operator, path = parts
        return self._comparison(path, _MIRRORED.get(operator, str(operator)), literal)

    def _comparison(self, path: PropertyPath, operator: str, literal: Literal) -> Condition:
        if literal is not None:
            reference = _reference(literal) if isinstance(literal, str) else None
            return Comparison(path, operator, literal, reference)
        if operator not in ("=", "<>", "!="):
            raise WqlError(f"NULL cannot be compared with {operator}")
        return IsNull(path) if operator == "=" else Negation(IsNull(path))

    def like(self, parts: list[t.Any]) -> Condition:
        return Like(parts[0], _unquoted(parts[1]))

    def not_like(self, parts: list[t.Any]) -> Condition:
        return Negation(self.like(parts))

    def null(self, parts: list[PropertyPath]) -> Condition:
        return IsNull(parts[0])

    def not_null(self, parts: list[PropertyPath]) -> Condition:
        return Negation(IsNull(parts[0]))

    def isa(self, parts: list[t.Any]) -> Condition:
        return IsA(parts[0], _unquoted(parts[1]))

    def string(self, parts: list[lark.Token]) -> str:
        return _unquoted(parts[0])

    def number(self, parts: list[lark.Token]) -> int | float:
        return _number(parts[0])

    def true(self, unused: list[t.Any]) -> bool:
        return True

    def false(self, unused: list[t.Any]) -> bool:
        return False

    def nothing(self, unused: list[t.Any]) -> None:
        return None

    def path(self, parts: list[t.Any]) -> ObjectPath:
        namespace, class_name, *keys = parts
        return ObjectPath(_namespace(namespace), str(class_name), dict(keys))

    def key(self, parts: list[t.Any]) -> tuple[str, str]:
        name, value = parts
        return str(name), str(value).upper() if isinstance(value, bool) else str(value)

    def term(self, parts: list[t.Any]) -> tuple[str, str | None]:
        name, value = parts
        if value is not None and value.type == "STRING":
            return str(name), _unquoted(value)
        return str(name), None if value is None else str(value)

    def terms(self, parts: list[t.Any]) -> list[t.Any]:
        return parts

    def associators(self, parts: list[t.Any]) -> AssociatorsOf:
        return AssociatorsOf(parts[0], **_terms(parts[1], _ASSOCIATORS_TERMS))

    def references(self, parts: list[t.Any]) -> ReferencesOf:
        return ReferencesOf(parts[0], **_terms(parts[1], _REFERENCES_TERMS))


def _namespace(token: str | None) -> str:
    """Return ``root/x`` of ``\\\\HOST\\root\\x:``."""
    text = (token or "").rstrip(":").strip().replace("\\", "/")
    return text[2:].partition("/")[2] if text.startswith("//") else text


def _reference(text: str) -> ObjectPath | None:
    try:
        query = parse(f"REFERENCES OF {{{text}}}")
    except WqlError:
        return None
    return query.path if isinstance(query, ReferencesOf) and query.path.keys else None


def _terms(given: list[tuple[str, str | None]] | None, known: Mapping[str, str]) -> dict[str, t.Any]:
    terms: dict[str, t.Any] = {}
    for name, value in given or ():
        field = known.get(name.lower())
        if field is None or field in terms or (value is None) != (field in _FLAGS):
            raise WqlError(f"invalid term of WHERE: {name}")
        terms[field] = True if value is None else value
    return terms


__all__ = ["AssociatorsOf", "Query", "ReferencesOf", "Select", "WqlError", "parse"]
