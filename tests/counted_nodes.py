# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Indirect node counting as AWX does it: the queries of ``extensions/audit/event_query.yml`` on the results of tasks.

After ``awx/main/tasks/host_indirect.py``: records with the same canonical facts are one, in a database that refuses a
name twice for a job; nothing catches what a query raises.
"""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterable

import jq
import yaml

ROOT = pathlib.Path(__file__).parents[1]
QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "extensions/audit/event_query.yml").read_text(encoding="utf-8")
)

Record = dict[str, t.Any]


def records_of(action: str, result: t.Any) -> list[Record]:
    """Return what the query of a module, named in full, yields of a result; nothing where it has none."""
    query = QUERIES.get(action)
    return list(jq.compile(query["query"]).input_value(result).all()) if query else []


def counted(results: Iterable[tuple[str, t.Any]]) -> list[str]:
    """Return the names of the nodes that a job of these results is charged for, each a module and its result."""
    kept: dict[str, Record] = {}
    for action, result in results:
        for record in records_of(action, result):
            facts = record["canonical_facts"]
            assert facts, record
            assert all(isinstance(value, (str, int, float)) for value in facts.values()), record
            kept.setdefault(repr(sorted(facts.items())), record)
    names = [str(record["name"]) for record in kept.values()]
    assert len(names) == len(set(names)), names
    return names
