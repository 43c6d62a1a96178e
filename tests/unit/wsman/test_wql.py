# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Queries: the text that the node gets, and the same question answered here (Microsoft docs, WQL)."""

from __future__ import annotations

import re

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnsendableText
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.instances import Instance
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query, literal
from hypothesis import given
from hypothesis import strategies as st

# Names and values from small alphabets, so that drawn rows do match drawn questions.
ASCII = st.text("aAbB'\\ ", max_size=3)
VALUES = st.lists(ASCII | st.integers(0, 3), min_size=1, max_size=3).map(tuple)
WHERE = st.dictionaries(st.sampled_from(["Name", "State", "Kind"]), VALUES, max_size=3)
ROWS = st.dictionaries(st.sampled_from(["name", "state", "kind"]), st.none() | ASCII | st.sampled_from("0123"))


def row(**properties: str | None) -> Instance:
    return Instance("X", "root", {name.lower(): (value,) for name, value in properties.items()})


def unquoted(text: str) -> str:
    """Read a WQL string as WMI does: a backslash takes the next character as it is."""
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", text, re.DOTALL), f"{text} does not end where it should"
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


@given(st.text("ab'\\\" %_\n[]"))
def test_any_text_is_one_string_and_keeps_its_value(text: str) -> None:
    assert unquoted(literal(text)) == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("db-17", "'db-17'"),
        ("O'Hara", r"'O\'Hara'"),
        ("a\\b\\", r"'a\\b\\'"),
        ("' OR Name <> '", r"'\' OR Name <> \''"),
        ("\\'", r"'\\\''"),
    ],
)
def test_quotes_and_backslashes_are_escaped(text: str, quoted: str) -> None:
    assert literal(text) == quoted


def test_a_control_character_is_refused() -> None:
    with pytest.raises(UnsendableText):
        Query("X", where={"Name": ("a\0",)}).text()


def test_a_query_without_conditions_asks_for_everything() -> None:
    assert Query("Msvm_ComputerSystem").text() == "SELECT * FROM Msvm_ComputerSystem"


def test_columns_numbers_and_alternatives_are_written() -> None:
    query = Query("X", ("Name", "State"), {"Name": ("a", "b"), "State": (2, 3), "Kind": ("k",)})
    assert query.text() == (
        "SELECT Name, State FROM X WHERE (Name = 'a' OR Name = 'b') AND (State = 2 OR State = 3) AND Kind = 'k'"
    )


def test_one_condition_needs_no_parentheses() -> None:
    assert Query("X", where={"Name": ("a", "b")}).text() == "SELECT * FROM X WHERE Name = 'a' OR Name = 'b'"


def answers_wql(text: str, properties: dict[str, str | None]) -> bool:
    """Evaluate the WHERE of a query text as WMI does: AND of ORs, NULL equals nothing, strings without case."""
    where = text.partition(" WHERE ")[2]
    python = re.sub(
        r"(\w+) = ('(?:[^'\\]|\\.)*'|\d+)",
        lambda term: str(_equal(properties.get(term[1].lower()), term[2])),
        where,
        flags=re.DOTALL,
    )
    words = re.findall(r"True|False|AND|OR|[()]", python)
    assert "".join(words) == python.replace(" ", "")
    return bool(eval(" ".join(word.lower() if word in ("AND", "OR") else word for word in words) or "True"))


def _equal(value: str | None, wanted: str) -> bool:
    return value is not None and value.lower() == (unquoted(wanted) if wanted.startswith("'") else wanted).lower()


@given(WHERE, ROWS)
def test_matching_here_means_what_the_query_text_means(
    where: dict[str, tuple[str | int, ...]], properties: dict[str, str | None]
) -> None:
    query = Query("X", where=where)
    assert query.matches(row(**properties)) is answers_wql(query.text(), properties)


def test_letter_case_does_not_matter_here_either() -> None:
    assert Query("X", where={"ElementName": ("DB-17",)}).matches(row(ElementName="db-17"))
    assert Query("X", where={"ElementName": ("\u00c4PFEL",)}).matches(row(ElementName="\u00e4pfel"))


@pytest.mark.parametrize("instance", [row(), row(Name=None)])
def test_null_equals_nothing_not_even_the_word_none(instance: Instance) -> None:
    assert not Query("X", where={"Name": ("None", "none", "")}).matches(instance)


def test_an_empty_string_is_a_value() -> None:
    assert Query("X", where={"Name": ("",)}).matches(row(Name=""))
