# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is handed on holds no template, and comes back as it was."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.artifacts import (
    artifact_suffix,
    artifact_text,
    from_artifact,
    to_artifact,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import start_ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import read_ledger
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.records import leaving

TEXTS = st.text(st.sampled_from("{}%#\\u057bjinc2: \n") | st.characters(), max_size=12) | st.sampled_from(
    ["#jinja2:variable_start_string:'[%'", "\\u007b", "\\u005cu007b", "{{ x }}", "{% x %}", "{# x #}"]
)
DATA = st.dictionaries(
    st.text("abc", min_size=1),
    st.recursive(TEXTS | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=6),
    max_size=4,
)


def texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


@given(DATA)
@example({"a": "\\u007b"})
@example({"a": ["{{ x }}\\", "#jinja2:x", "\\\\u00"]})
def test_what_is_handed_on_holds_no_template_and_comes_back_as_it_was(data: dict[str, t.Any]) -> None:
    artifact = to_artifact(data)
    assert not [text for text in texts(artifact) if "{" in text or text.startswith("#jinja2:")]
    assert from_artifact(json.loads(json.dumps(artifact))) == data
    assert to_artifact(artifact) == artifact


def test_texts_that_are_no_templates_look_as_before() -> None:
    data = {"vms": [{"name": "web01 #1 }} C:\\new", "memory_mb": 4096, "strategy": None}]}
    assert to_artifact(data) == {"escaped": True, **data}


def test_what_was_written_by_hand_or_by_an_earlier_version_is_taken_as_it_stands() -> None:
    assert from_artifact({"name": "a\\u007b{{ b"}) == {"name": "a\\u007b{{ b"}


def test_the_file_of_a_ledger_is_an_artifact_and_a_ledger() -> None:
    ledger = start_ledger(None, "NODE1", "hvc1.corp.example", [leaving("A", "web {{ no_such_name }}")], "t1")
    content = artifact_text(ledger)
    assert "{{" not in content
    assert read_ledger(content, "there") == ledger


def test_a_plan_is_taken_back_as_an_artifact() -> None:
    move = {"vm_id": "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "name": "web {{ x }}", "destination_host": "NODE2"}
    plan = {"node": "NODE1", "cluster": "hvc1.corp.example", "moves": [move], "stays": []}
    (earlier,) = read_earlier_plan(to_artifact(plan)).moves.values()
    assert earlier.name == "web {{ x }}"


@given(st.text(min_size=1), st.text(min_size=1))
@example("hvc-1", "hvc.1")
@example("hvc_1", "hvc-1")
@example("hvc-1", "hvc_2d_1")
def test_no_two_hosts_share_the_name_of_an_artifact(one: str, other: str) -> None:
    assert (artifact_suffix(one) == artifact_suffix(other)) == (one == other)
    assert artifact_suffix(one).isidentifier()
    assert artifact_suffix(one).isascii()


@pytest.mark.parametrize(("host", "suffix"), [("hvc1", "_hvc1"), ("hvc-1", "_hvc_2d_1")])
def test_how_the_artifacts_of_a_host_end(host: str, suffix: str) -> None:
    assert artifact_suffix(host) == suffix
