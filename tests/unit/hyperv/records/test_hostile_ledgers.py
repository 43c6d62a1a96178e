# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ledgers that somebody else wrote, or half of one: each is one to work with, or an error that says why not."""

from __future__ import annotations

import contextlib
import json
import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._files import read_file, replace_file
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import (
    mark_restored,
    record_outcomes,
    start_ledger,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger, read_ledger
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import leaving, record

NOW = "2026-03-01T10:00:00+00:00"
MOVE = leaving("a", "web\n\"'{{ 1 }}\u202e")
GOOD = start_ledger(None, "NODE1", "HVC1", [MOVE], NOW)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def altered(draw: st.DrawFn) -> dict[str, t.Any]:
    """Draw a ledger of which one or two things are missing or something else."""
    ledger = t.cast("dict[str, t.Any]", json.loads(json.dumps(GOOD)))
    for _unused in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from([ledger, *(vm for vm in ledger.get("vms") or () if isinstance(vm, dict))]))
        if not place:
            continue
        key = draw(st.sampled_from(sorted(place)))
        if draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(JSON)
        if not isinstance(ledger.get("vms"), list):
            break
    return ledger


@given(altered())
def test_a_ledger_that_is_read_can_be_worked_with(content: dict[str, t.Any]) -> None:
    worked: list[Ledger] = []
    with contextlib.suppress(HyperVError):
        ledger = read_ledger(json.dumps(content), "there")
        worked += [
            record_outcomes(ledger, [record("A", destination="NODE3")], NOW, ["A"]),
            mark_restored(ledger, ["A"], NOW),
        ]
        worked.append(start_ledger(ledger, "NODE1", "HVC1", [MOVE], NOW))
        worked.append(start_ledger(ledger, "NODE1", None, [], NOW))
    for kept in worked:
        assert read_ledger(json.dumps(kept), "kept")["node"] == kept["node"]


def test_half_a_letter_in_a_name_comes_back_from_the_file(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "ledger.json")
    ledger = start_ledger(None, "NODE1", "HVC1", [{**MOVE, "name": "\ud800\u202e"}], NOW)
    replace_file(path, json.dumps(ledger, ensure_ascii=False))
    assert read_ledger(read_file(path), path) == ledger


@given(st.integers(0, len(json.dumps(GOOD)) - 1))
def test_half_a_ledger_is_none(end: int) -> None:
    with pytest.raises(HyperVError, match="is not a ledger"):
        read_ledger(json.dumps(GOOD)[:end], "there")


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"[" * 100_000, b"{" * 10, b"9" * 10_000, b'{"a": ' * 100_000])
def test_what_is_no_ledger_is_named(content: bytes) -> None:
    with pytest.raises(HyperVError, match="there is not a ledger"):
        read_ledger(content, "there")
