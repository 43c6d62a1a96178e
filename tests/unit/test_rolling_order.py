# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order of a rolling maintenance as the module plans it: from its beginning, and where an earlier run left it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.support.actions import Answer, carry_out
from tests.support.scenarios import as_text, node, scenario, vm
from tests.unit.connection.simulated_hosts import SimulatedHosts

HOSTS = [f"node{number}.corp.example" for number in range(1, 6)]
NODES = [node(f"NODE{number}", memory_mb=65536) for number in range(1, 6)]
# The fewest VMs are on NODE3, and after that on NODE5.
VMS = [
    vm(f"web{number}", owner=f"NODE{owner}", memory_mb=2048) for number, owner in enumerate((1, 1, 1, 2, 2, 4, 4, 4, 5))
]


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedHosts:
    return SimulatedHosts(monkeypatch, {"HVC1": as_text(scenario(NODES, VMS))}, {})


def order_of(folder: pathlib.Path, **given: t.Any) -> Answer:
    options = {"nodes": HOSTS, "folder": str(folder), "timeout": 0, "layout": "any", **given}
    return carry_out("hyperv_rolling_order_info", HOSTS, **options)


def note(folder: pathlib.Path, number: int, phase: str, run_id: str = "") -> None:
    """Note that a node has reached a phase, as an earlier run did."""
    host = HOSTS[number - 1]
    given: dict[str, t.Any] = {"node": host, "nodes": HOSTS, "folder": str(folder), "timeout": 0, "run_id": run_id}
    turn = carry_out("hyperv_rolling_node_info", HOSTS, home=host, **given)
    carry_out("hyperv_rolling_state", HOSTS, rolling=turn["rolling"], phase=phase)


def numbers(result: Answer) -> list[int]:
    return [HOSTS.index(host) + 1 for host in result["order"]]


def test_the_order_is_the_one_that_the_plan_finds_and_is_shown(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    found = order_of(tmp_path, told=told)
    assert numbers(found)[:2] == [3, 5]
    assert sorted(numbers(found)) == [1, 2, 3, 4, 5]
    assert found["serial"] == [1] * 5
    assert (found["done"], found["begun"], found["changed"]) == ([], [], False)
    assert found["total"]["moves"] == len(VMS)  # the first node has none
    assert len(told) == 1
    assert told[0].startswith("The order of the nodes is planned: NODE3, NODE5, ")
    assert list(tmp_path.iterdir()) == []


def test_nodes_that_are_away_together_are_one_batch_of_the_play(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    found = order_of(tmp_path, at_once="40%", told=told)
    assert sorted(found["serial"]) == [1, 2, 2]
    assert " with " in told[0]
    batch = numbers(found)[: found["serial"][0]]
    assert batch == [3, 5]


def test_where_all_vms_return_the_order_is_that_of_the_hosts_and_the_plan_is_shown_here(tmp_path: pathlib.Path) -> None:
    found = order_of(tmp_path, layout="keep")
    assert numbers(found) == [1, 2, 3, 4, 5]
    assert found["total"]["moves"] == 2 * len(VMS)
    assert any("In all 18 moves" in line for line in found["summary"])


def test_what_is_done_comes_first_then_what_was_begun_and_the_rest_is_planned_anew(tmp_path: pathlib.Path) -> None:
    note(tmp_path, 2, "done")
    note(tmp_path, 4, "evacuated")
    note(tmp_path, 1, "worked")
    found = order_of(tmp_path)
    assert numbers(found)[:3] == [2, 1, 4]
    assert numbers(found)[3:] == [3, 5]
    assert (found["done"], found["begun"]) == ([HOSTS[1]], [HOSTS[0], HOSTS[3]])
    many = order_of(tmp_path, at_once="2")
    assert numbers(many)[:3] == [2, 1, 4]
    assert many["serial"] == [1, 1, 1, 2]  # what is worked on only has to be filled


def test_a_rolling_maintenance_that_begins_anew_is_planned_from_its_beginning(tmp_path: pathlib.Path) -> None:
    note(tmp_path, 2, "done")
    note(tmp_path, 4, "evacuated")
    found = order_of(tmp_path, begin_anew=True)
    assert numbers(found)[0] == 4
    assert found["done"] == []


def test_one_that_is_done_under_its_name_needs_no_plan(tmp_path: pathlib.Path) -> None:
    for number in range(1, 6):
        note(tmp_path, number, "done", "march")
    found = order_of(tmp_path, run_id="march")
    assert (numbers(found), found["total"], found["summary"]) == ([1, 2, 3, 4, 5], None, [])


def test_nodes_that_a_limit_leaves_out_are_not_in_it_and_those_that_are_done_take_vms_first(
    tmp_path: pathlib.Path,
) -> None:
    note(tmp_path, 3, "done")
    found = order_of(tmp_path, nodes=HOSTS[3:])
    assert numbers(found) == [5, 4]
    assert found["done"] == []


def test_a_node_that_was_begun_and_that_a_limit_leaves_out_is_for_the_turn_to_refuse(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    note(tmp_path, 4, "evacuated")
    nodes = [*NODES[:3], node("NODE4", memory_mb=65536, state="paused"), NODES[4]]
    SimulatedHosts(monkeypatch, {"HVC1": as_text(scenario(nodes, VMS))}, {})
    found = order_of(tmp_path, nodes=HOSTS[:3])
    assert numbers(found)[0] == 3
    turn = {"node": HOSTS[2], "nodes": found["order"], "folder": str(tmp_path), "timeout": 0}
    with pytest.raises(FailedWithResult, match=f"NODE4 is paused by this rolling maintenance .* --limit {HOSTS[3]}"):
        carry_out("hyperv_rolling_node_info", HOSTS, home=HOSTS[2], order="planned", planned=found, **turn)


class TestWithoutAPlan:
    CROWDED: t.ClassVar[list[t.Any]] = [
        vm(f"big{number}", owner=f"NODE{number}", memory_mb=40000) for number in range(1, 6)
    ]

    @pytest.fixture(autouse=True)
    def crowded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        SimulatedHosts(monkeypatch, {"HVC1": as_text(scenario(NODES, self.CROWDED))}, {})

    def test_it_is_refused_before_anything_with_the_node_and_the_reason(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(
            FailedWithResult, match=r"Nothing was changed\. .* cannot be emptied as node 1 of 5"
        ) as failed:
            order_of(tmp_path)
        assert failed.value.result["total"]["moves"] == 0
        assert list(tmp_path.iterdir()) == []

    def test_what_was_begun_is_brought_to_its_end_all_the_same(self, tmp_path: pathlib.Path) -> None:
        note(tmp_path, 4, "worked")
        told: list[str] = []
        found = order_of(tmp_path, told=told)
        assert numbers(found) == [4, 1, 2, 3, 5]
        assert told[0].startswith(
            "What was begun goes on first: NODE4. The other nodes follow in the order of the inventory"
        )
        assert "cannot be emptied" in told[0]


def test_an_unhealthy_cluster_is_waited_for_and_told(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    nodes = [*NODES[:4], node("NODE5", memory_mb=65536, state="paused")]
    SimulatedHosts(monkeypatch, {"HVC1": as_text(scenario(nodes, VMS))}, {})
    with pytest.raises(FailedWithResult, match=r"Nothing was changed\. .*Node NODE5 is paused"):
        order_of(tmp_path)
    assert sorted(numbers(order_of(tmp_path, ignore="NODE5"))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nodes": []}, "nodes is empty"),
        ({"at_once": "none"}, "rolling_maintenance_at_once is 'none'"),
        ({"via": "nobody"}, "rolling_maintenance_via is nobody"),
        ({"timeout": -1}, "timeout is -1"),
        ({"resume_within": -1}, "resume_within is -1"),
        ({"ignore": 5}, "ignore is 5"),
        ({"helpers": 11}, "helpers is 11"),
        ({"tasks_file": "updats.yml"}, r"rolling_maintenance_tasks_file is updats\.yml"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: pathlib.Path, given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(HyperVError, match=said):
        order_of(tmp_path, **given)
