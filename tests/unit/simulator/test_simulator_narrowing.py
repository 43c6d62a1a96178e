# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rows that a condition cannot be true of are not made, and nobody who asks sees a difference."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator import enumerations, schema
from tests.simulator.cim import ANYTHING, Instance, Where
from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.narrowing import narrow
from tests.simulator.providers import cluster_groups
from tests.simulator.providers.namespace import View
from tests.simulator.scenario_file import read_scenario
from tests.simulator.world import Machine
from tests.simulator.world.directory import Directory
from tests.simulator.wql import Select, parse
from tests.support.scenarios import NODES, Switches, as_text, role, scenario, vm
from tests.unit.simulator.messages import CLUSTER, MSCLUSTER, enumerate_message, fault_of

IDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(6)]
VMS = [
    vm("web", id=IDS[5], owner="NODE1", group="Web Servers"),
    vm("WEB", id=IDS[1], owner="NODE2", group="web (2)"),
    vm("straße", id=IDS[2], owner="NODE2"),
    vm("strasse", id=IDS[0], owner="NODE1", state="off"),
    vm("Configuration web", id=IDS[4], owner="NODE3"),
    vm("local", id=IDS[3], owner="NODE1", clustered=False),
]
ROLES = [role("FS1", "file_server", "NODE1"), role("Disk 1", "shared_volume", "NODE2")]
NAMES = ["web", "Web", "straße", "STRASSE", "local", "node2", "hvc1", "nobody", "renamed"]
GROUPS = ["web servers", "Web (2)", "straße", "strasse", "Configuration web", "web", "Cluster Group", "FS1"]
RESOURCES = [f"{kind} {name}" for kind in ("Virtual Machine", "virtual machine configuration") for name in GROUPS]
ASKED = {
    (CLUSTER, "Msvm_ComputerSystem"): {"Name": [*IDS, *NAMES], "ElementName": NAMES, "EnabledState": ["2", "3", "x"]},
    (CLUSTER, "Msvm_SummaryInformation"): {
        "name": [one.lower() for one in IDS],
        "ElementName": NAMES,
        "HostComputerSystemName": ["NODE1", "node2"],
    },
    (MSCLUSTER, "MSCluster_ResourceGroup"): {"Name": GROUPS, "OwnerNode": ["NODE1", "node2"], "GroupType": ["111"]},
    (MSCLUSTER, "MSCluster_Resource"): {
        "Name": [*RESOURCES, "FS1", "Virtual"],
        "Type": ["Virtual Machine", "virtual machine configuration"],
        "OwnerNode": ["NODE1", "node2", "node3"],
        "OwnerGroup": GROUPS,
        "State": ["2"],
    },
}


def cluster() -> SimulatedCluster:
    """Return a cluster in which one VM has just arrived, one has come back and one has a new name."""
    given_one = scenario(NODES, VMS, roles=ROLES, switches=Switches(owner_lag_seconds=3600, first_page="full"))
    one = SimulatedCluster(read_scenario(as_text(given_one)), ManualClock())
    world = one.world
    world.relocate(world.machines[IDS[1]], "NODE3")
    gone = world.machines[IDS[2]]
    world.remove(gone)
    world.add(gone.spec)
    renamed = world.machines[IDS[4]]
    renamed.spec = dataclasses.replace(renamed.spec, name="Renamed")
    return one


@st.composite
def conditions(draw: st.DrawFn, properties: dict[str, list[str]], depth: int = 2) -> str:
    if depth and draw(st.booleans()):
        parts = draw(st.lists(conditions(properties, depth - 1), min_size=2, max_size=3))
        return "(" + f" {draw(st.sampled_from(['AND', 'OR']))} ".join(parts) + ")"
    name = draw(st.sampled_from(sorted(properties)))
    text = draw(st.sampled_from(properties[name]))
    operator = draw(st.sampled_from(["=", "=", "=", "=", "<>", "LIKE"]))
    comparison = f'"{text}" = {name}' if operator == "=" and draw(st.booleans()) else f'{name} {operator} "{text}"'
    return f"NOT {comparison}" if draw(st.integers(0, 9)) == 9 else comparison


QUERIES = st.sampled_from(sorted(ASKED)).flatmap(
    lambda asked: conditions(ASKED[asked]).map(lambda where: (asked[0], f"SELECT * FROM {asked[1]} WHERE {where}"))
)


def answer(one: SimulatedCluster, namespace: str, query: str) -> str:
    """Return what a node answers, without what differs from message to message."""
    body = one.endpoint("NODE2").handle(enumerate_message(f"{namespace}/*", query)).body.decode()
    return re.sub(r"(uuid:|<p:ActivityId>)[0-9A-Fa-f-]+", r"\1", body)


ONE = cluster()


def check(namespace: str, query: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        narrowed = answer(ONE, namespace, query)
        patched.setattr(enumerations, "narrow", lambda definition, condition: ANYTHING)
        assert narrowed == answer(ONE, namespace, query), query


@given(QUERIES)
def test_an_answer_is_the_same_as_of_all_rows(asked: tuple[str, str]) -> None:
    check(*asked)


@pytest.mark.parametrize(("namespace", "class_name"), sorted(ASKED))
def test_so_is_that_of_each_single_text(namespace: str, class_name: str) -> None:
    for name, texts in ASKED[namespace, class_name].items():
        for text in texts:
            check(namespace, f"SELECT * FROM {class_name} WHERE {name} = '{text}'")


def told(class_name: str, where: str, namespace: str = "root/MSCluster") -> Where:
    query = parse(f"SELECT * FROM {class_name} WHERE {where}")
    known = schema.load().find(namespace)
    assert isinstance(query, Select)
    assert known is not None
    definition = known.find(class_name)
    assert definition is not None
    return narrow(definition, query.where)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'a'", {"Name": {"a"}}),
        ("'a' = NAME", {"Name": {"a"}}),
        ("Name = 'a' OR Name = 'b' OR Name = 'c'", {"Name": {"a", "b", "c"}}),
        ("Type = 't' AND (OwnerNode = 'n' OR OwnerNode = 'm')", {"Type": {"t"}, "OwnerNode": {"n", "m"}}),
        ("(Name = 'a' AND Type = 't') OR Name = 'b'", {"Name": {"a", "b"}}),
        ("Name = 'a' OR Type = 't'", {}),
        ("Name = 5", {"Name": {"5"}}),
        ("Name <> 'a'", {}),
        ("NOT Name = 'a'", {}),
        ("Name LIKE 'a%'", {}),
        ("Name IS NULL", {}),
        ("Name = NULL", {}),
        ("PrivateProperties.VmID = 'a'", {}),
        ("__CLASS = 'a'", {}),
        # Any row might be one that State cannot be compared with a text for, or PrivateProperties with anything.
        ("Name = 'a' AND State = 2", {}),
        ("Name = 'a' AND PrivateProperties = 'a'", {}),
        ("(Name = 'a' AND State = 2) OR Name = 'b'", {}),
        ("Name = 'a' AND Type LIKE 't'", {}),
    ],
)
def test_texts_alone_are_told_of_a_condition(where: str, expected: dict[str, set[str]]) -> None:
    assert told("MSCluster_Resource", where) == expected


def test_what_cannot_be_compared_is_refused_where_no_row_is_wanted() -> None:
    query = "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'nobody' AND OperationalStatus = 2"
    reply = ONE.endpoint("NODE1").handle(enumerate_message(f"{CLUSTER}/*", query))
    assert fault_of(reply)[0] == 0x80041017


def test_one_vm_of_many_is_found_without_rows_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    make = cluster_groups._resources_of

    def watched(view: View, machine: Machine) -> Iterator[Instance]:
        seen.append(machine.name)
        return make(view, machine)

    monkeypatch.setattr(cluster_groups, "_resources_of", watched)
    answer(ONE, MSCLUSTER, "SELECT * FROM MSCluster_Resource WHERE Name = 'Virtual Machine Web Servers'")
    assert seen == ["web"]


def test_a_directory_finds_in_the_order_of_coming_whatever_it_is_asked_first() -> None:
    world, directory = ONE.world, Directory()
    machines = [world.machines[one] for one in (IDS[3], IDS[0], IDS[5])]
    for machine in machines:
        directory.add(machine)
    assert directory.find("id", reversed([one.id for one in machines])) == machines
    directory.remove(machines[1])
    assert directory.find("id", [one.id for one in machines]) == [machines[0], machines[2]]
