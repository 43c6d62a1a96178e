# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VM is meant, and what is told of it: names are data, and a name may belong to several VMs."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cim_values import VM_STATES as NUMBERED
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import (
    AT_REST,
    IN_MEMORY,
    SETTLED,
    VM_STATES,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.vm_listing import list_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._names import same_name
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnsendableText

from tests.support import scenarios as given
from tests.support.simulated import Simulated

ODD = 'O\'Brien "x" \\ % _ [1]'
ODD_NAMES = [
    ODD,
    "back\\slash",
    "trailing\\",
    "\\' OR Name LIKE '%",
    "'; --",
    "100 % _sure_ [a-z]*?",
    "<b>&amp;</b>]]>",
    "Ω 仮想マシン Straße",
    "two  blanks",
    "{braces}",
]
LETTERS = """
nodes: [{name: NODE1}, {name: NODE2}]
vms:
  - {name: web01, owner: NODE1}
  - {name: Web01, group: other, owner: NODE2, state: "off"}
  - {name: WEB02, owner: NODE1}
"""
STATES_SHOWN = """
nodes: [{name: NODE1}, {name: NODE2}]
vms:
  - {name: a, owner: NODE1, priority: 3000, memory_mb: 2048, group: role of a}
  - {name: b, owner: NODE1, state: "off"}
  - {name: c, owner: NODE2, state: saved}
  - {name: d, owner: NODE2, state: paused, memory_mb: 1024, activity: backing_up}
"""


def scenario(*names: str) -> str:
    vms = [{"name": name, "owner": "NODE1", "group": f"group {number}"} for number, name in enumerate(names)]
    return yaml.safe_dump({"nodes": [{"name": "NODE1"}, {"name": "NODE2"}], "vms": vms}, allow_unicode=True)


def listed(text: str = STATES_SHOWN, conditions: dict[str, t.Any] | None = None, **switches: t.Any) -> list[str]:
    return [vm["name"] for vm in list_vms(Simulated(text, **switches).cluster, **(conditions or {}))]


@pytest.mark.parametrize("wql", ["accepted", "refused"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_data_and_finds_its_own_vm_only(name: str, wql: str) -> None:
    assert listed(scenario(*ODD_NAMES, "other"), {"name": name}, wql=wql) == [name]


@pytest.mark.parametrize("name", ["%", "_", "[a-z]*", "*", "web%", "w_b01", "web01' OR 'a'='a", "web01\\"])
def test_a_wildcard_finds_only_a_vm_that_is_called_so(name: str) -> None:
    assert listed(scenario("web01", "w"), {"name": name}) == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_vm_with_an_odd_name_is_moved_and_no_other(name: str) -> None:
    simulated = Simulated(scenario(name, "other"))

    (run,) = simulated.move((name, "NODE2"))

    assert (run.outcome, run.error) == ("moved", None)
    assert simulated.owner(name) == "NODE2"
    assert simulated.owner("other") == "NODE1"


def test_letter_case_does_not_matter() -> None:
    assert listed(LETTERS, {"name": "web02"}) == ["WEB02"]
    (move,) = plan(Simulated(LETTERS).cluster, [MoveRequest("node2", "wEb02")], "system")
    assert (move.vm.name, move.destination.name) == ("WEB02", "NODE2")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("web01", "WEB01", True),
        ("Ärger", "äRGER", True),
        ("ÿ", "Ÿ", True),
        ("ᾳ", "ᾼ", True),
        ("\u03c3", "\u03a3", True),
        ("Straße", "STRASSE", False),
        ("web01", "web01 ", False),
        ("v\u0131ew", "VIEW", False),
        ("\u017fql", "SQL", False),
        ("\u00b51", "\u039c1", False),
        ("\u03c2", "\u03a3", False),
        ("ǅ", "Ǆ", False),
        ("\U00010428", "\U00010400", False),
    ],
)
def test_letters_are_compared_one_by_one(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_two_names_that_only_full_case_folding_makes_equal_are_two_vms() -> None:
    simulated = Simulated(scenario("Straße", "Strasse"))

    moves = plan(simulated.cluster, [MoveRequest("NODE2", "STRASSE"), MoveRequest("NODE2", "straße")], "system")

    assert [move.vm.name for move in moves] == ["Strasse", "Straße"]


def test_a_name_of_several_vms_lists_them_all() -> None:
    rows = list_vms(Simulated(LETTERS).cluster, name="WEB01")

    assert {(row["name"], row["node"], row["state"]) for row in rows} == {
        ("web01", "NODE1", "running"),
        ("Web01", "NODE2", "off"),
    }
    assert len({row["id"] for row in rows}) == 2


@pytest.mark.parametrize("name", ["web01", "Web01", "WEB01"])
def test_a_move_of_a_name_of_several_vms_is_refused_with_their_ids_and_nodes(name: str) -> None:
    simulated = Simulated(LETTERS)

    with pytest.raises(HyperVError) as refused:
        plan(simulated.cluster, [MoveRequest("NODE2", name)], "system")

    for vm in simulated.server.state()["vms"][:2]:
        assert f"{vm['id']} on {vm['owner']}" in str(refused.value)
    assert "(off)" in str(refused.value)
    assert "vm_id" in str(refused.value)


def test_a_vm_of_a_shared_name_is_moved_by_its_id() -> None:
    simulated = Simulated(LETTERS)
    wanted = simulated.server.state()["vms"][0]

    (move,) = plan(simulated.cluster, [MoveRequest("NODE2", vm_id="{" + wanted["id"].lower() + "}")], "system")

    assert (move.vm.id, move.source) == (wanted["id"], "NODE1")


def test_a_name_with_a_character_that_no_message_can_carry_is_refused() -> None:
    with pytest.raises(UnsendableText):
        list_vms(Simulated().cluster, name="web\x0001")


def test_a_text_that_is_no_guid_is_no_vm_id() -> None:
    with pytest.raises(HyperVError, match="'web01' is not a VM id"):
        list_vms(Simulated().cluster, vm_id="web01")


def test_every_property_is_shown() -> None:
    simulated = Simulated(STATES_SHOWN)

    rows = list_vms(simulated.cluster)

    ids = {vm["name"]: vm["id"] for vm in simulated.server.state()["vms"]}
    assert rows[0] == {
        "id": ids["a"],
        "name": "a",
        "node": "NODE1",
        "state": "running",
        "memory_mb": 2048,
        "migrating": False,
        "activity": "",
        "group": "role of a",
        "priority": 3000,
    }
    assert [row["state"] for row in rows] == ["running", "off", "saved", "paused"]
    assert [row["memory_mb"] for row in rows] == [2048, 0, 0, 1024]
    assert rows[3]["activity"] == "it is being backed up"


def test_a_vm_on_its_way_is_shown_as_migrating() -> None:
    simulated = Simulated()
    run = simulated.runs(("web01", "NODE2"))[0]
    simulated.scheduler().start(run)

    rows = {row["name"]: row for row in list_vms(simulated.cluster)}

    assert (rows["web01"]["migrating"], rows["web01"]["state"]) == (True, "running")
    assert rows["web01"]["activity"] == "it is being migrated"
    assert rows["web02"]["migrating"] is False


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ({"node": "node2.corp.example"}, ["c", "d"]),
        ({"state": "off"}, ["b"]),
        ({"node": "NODE1", "state": "running"}, ["a"]),
        ({"node": "NODE1", "name": "c"}, []),
        ({"name": "nobody"}, []),
        ({"vm_id": "00000000-0000-0000-0000-000000000000"}, []),
        ({"name": "", "vm_id": "", "node": "", "state": ""}, ["a", "b", "c", "d"]),
    ],
)
def test_only_vms_that_meet_every_condition_are_listed(conditions: dict[str, str], names: list[str]) -> None:
    assert listed(STATES_SHOWN, conditions) == names


def test_a_node_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HyperVError, match="no node 'NODE9'"):
        list_vms(Simulated().cluster, node="NODE9")


@pytest.mark.parametrize("form", ["netbios", "fqdn"])
def test_the_owner_is_called_as_the_cluster_calls_it(form: str) -> None:
    rows = list_vms(Simulated(STATES_SHOWN, host_name_form=form).cluster, node="NODE2")

    assert [row["node"] for row in rows] == ["NODE2", "NODE2"]


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (32779, "fast_saved"),
        (32780, "fast_saving"),
        (32781, "unknown"),  # RunningCritical in one version of PowerShell's enumeration, ForceShutdown in the next
        (32785, "critical"),
        (32792, "critical"),
    ],
)
def test_the_older_numbers_of_states_are_understood_as_far_as_their_sources_agree(number: int, word: str) -> None:
    simulated = Simulated()
    state = f"EnabledState>{number}<".encode()
    simulated.alter = lambda request, answer: answer.replace(b"EnabledState>2<", state)

    assert {row["state"] for row in list_vms(simulated.cluster)} == {word}
    assert [row["name"] for row in list_vms(simulated.cluster, state=word)] == ["web01", "web02"]


def test_a_hint_quotes_names_whose_blanks_matter() -> None:
    with pytest.raises(HyperVError, match="Did you mean ' lead ' or 'leads'"):
        plan(Simulated(scenario(" lead ", "leads")).cluster, [MoveRequest("NODE2", "lead")], "system")


def test_the_words_for_states_are_told_apart() -> None:
    assert len(set(VM_STATES)) == len(VM_STATES)
    assert {*NUMBERED.values(), "unknown"} == set(VM_STATES)
    assert AT_REST.isdisjoint(IN_MEMORY)
    assert set(VM_STATES) > SETTLED


def test_every_column_that_is_asked_for_exists() -> None:
    """A query with an unknown one is refused, and the whole class read instead, which nobody would notice."""
    simulated = Simulated(given.scenario(vms=[given.vm("web01"), given.vm("edge01", clustered=False)]))
    refused: list[bytes] = []

    def note(request: bytes, answer: bytes) -> bytes:
        refused.extend([request] if b"CannotProcessFilter" in answer else [])
        return answer

    simulated.alter = note
    assert [one.name for one in read_vms(simulated.cluster, hosts=["NODE1"])] == ["web01", "edge01"]
    assert refused == []
