# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated cluster as a whole, asked by messages in process: state, counters, reset, and faults on the way."""

from __future__ import annotations

import itertools
import json
import urllib.error
import urllib.request

import pytest

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster, load
from tests.simulator.control import ControlServer
from tests.unit.simulator.messages import (
    CLUSTER,
    SERVICE,
    SERVICE_KEYS,
    enumerate_message,
    invoke_message,
    message,
    reference,
)

SCENARIO = """
nodes: [{name: NODE1}, {name: NODE2}]
vms: [{name: web01, owner: NODE1, memory_mb: 4000}, {name: "web&<02>", owner: NODE2, memory_mb: 4000}]
"""


def query(text: str) -> bytes:
    return enumerate_message(f"{CLUSTER}/*", text)


def migrate(vm_id: str, destination: str) -> bytes:
    parameters = (
        f"<p:ComputerSystem>{reference(vm_id)}</p:ComputerSystem>"
        f"<p:DestinationSystem>{reference(destination)}</p:DestinationSystem>"
    )
    return invoke_message(SERVICE, "MigrateVirtualSystemToSystem", parameters, SERVICE_KEYS)


def two_nodes(more: str = "") -> tuple[SimulatedCluster, ManualClock]:
    clock = ManualClock()
    return load(SCENARIO + more, clock), clock


def id_of(cluster: SimulatedCluster, name: str) -> str:
    return next(str(vm["id"]) for vm in cluster.state()["vms"] if vm["name"] == name)


def owners(cluster: SimulatedCluster) -> dict[str, str]:
    return {vm["name"]: vm["owner"] for vm in cluster.state()["vms"]}


def test_a_migration_by_message_moves_the_vm_and_is_counted_once() -> None:
    cluster, clock = two_nodes()
    vm_id = id_of(cluster, "web01")
    reply = cluster.endpoint("NODE2").handle(migrate(vm_id, "NODE2"))
    assert reply.status == 200
    assert b"ReturnValue>4096<" in reply.body
    clock.advance(2.5)
    assert [(job["vm"], job["state"]) for job in cluster.state()["jobs"]] == [("web01", "running")]
    clock.advance(10)
    assert owners(cluster)["web01"] == "NODE2"
    counters = cluster.counters()
    assert counters["migrations"] == {vm_id: 1}
    assert counters["requests"] == {"Invoke MigrateVirtualSystemToSystem": 1}
    assert counters["shells_opened"] == 0
    assert counters["bytes_in"] > 0
    assert counters["bytes_out"] == len(reply.body)


def test_a_query_is_answered_by_every_node() -> None:
    cluster, unused_clock = two_nodes()
    for node in ("NODE1", "NODE2"):
        reply = cluster.endpoint(node).handle(query("SELECT * FROM Msvm_ComputerSystem WHERE ElementName='web01'"))
        assert id_of(cluster, "web01").encode() in reply.body


def test_a_name_with_markup_arrives_escaped() -> None:
    cluster, unused_clock = two_nodes()
    reply = cluster.endpoint("NODE1").handle(
        query("SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE '%02%' AND Name LIKE '%-%'")
    )
    assert b"web&amp;&lt;02&gt;" in reply.body


def test_a_shell_is_refused_and_counted() -> None:
    cluster, unused_clock = two_nodes()
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
    reply = cluster.endpoint("NODE1").handle(message(shell, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"))
    assert reply.status == 500
    assert cluster.counters()["shells_opened"] == 1


def test_reset_puts_back_owners_and_counters() -> None:
    cluster, clock = two_nodes()
    before = cluster.state()
    cluster.endpoint("NODE1").handle(migrate(id_of(cluster, "web01"), "NODE2"))
    clock.advance(60)
    cluster.reset()
    assert cluster.state() == before
    assert cluster.counters() == {
        "requests": {},
        "bytes_in": 0,
        "bytes_out": 0,
        "shells_opened": 0,
        "open_enumerations": 0,
        "connections": {},
        "refused_logins": {},
        "migrations": {},
    }


def test_a_connection_that_is_reset_after_the_request_has_carried_it_out_once() -> None:
    rule = "faults: [{effect: reset_after, node: NODE1, operation: Invoke MigrateVirtualSystemToSystem}]"
    cluster, clock = two_nodes(rule)
    vm_id = id_of(cluster, "web01")
    with pytest.raises(ConnectionResetError):
        cluster.endpoint("NODE1").handle(migrate(vm_id, "NODE2"))
    clock.advance(30)
    assert owners(cluster)["web01"] == "NODE2"
    assert cluster.counters()["migrations"] == {vm_id: 1}


def test_a_connection_that_is_reset_before_the_request_has_carried_out_nothing() -> None:
    cluster, clock = two_nodes("faults: [{effect: reset_before}]")
    vm_id = id_of(cluster, "web01")
    with pytest.raises(ConnectionResetError):
        cluster.endpoint("NODE1").handle(migrate(vm_id, "NODE2"))
    clock.advance(30)
    assert owners(cluster)["web01"] == "NODE1"
    assert cluster.endpoint("NODE1").handle(migrate(vm_id, "NODE2")).status == 200


@pytest.mark.parametrize(("effect", "status"), [("http_503", 503), ("empty_400", 400), ("http_401", 401)])
def test_a_refusal_by_http_has_no_body_and_strikes_as_often_as_it_shall(effect: str, status: int) -> None:
    cluster, unused_clock = two_nodes(f"faults: [{{effect: {effect}, times: 2}}]")
    asked = [cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem")) for unused in range(3)]
    assert [reply.status for reply in asked] == [status, status, 200]
    assert asked[0].body == b""


def test_a_message_can_be_refused_with_any_fault_and_then_nothing_is_carried_out() -> None:
    cluster, unused_clock = two_nodes()
    vm_id = cluster.state()["vms"][0]["id"]
    reply = cluster.endpoint("NODE1").refuse(migrate(vm_id, "NODE2"), 0x80338029)
    assert reply.status == 500
    assert str(0x80338029).encode() in reply.body
    assert cluster.counters()["migrations"] == {}


def test_a_fault_rule_answers_with_its_code_and_begins_anew_after_a_reset() -> None:
    cluster, unused_clock = two_nodes("faults: [{effect: fault, code: 0x80041004, operation: Enumerate}]")
    for unused in range(2):
        replies = [cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem")) for unused in range(2)]
        assert [reply.status for reply in replies] == [500, 200]
        assert str(0x80041004).encode() in replies[0].body
        cluster.reset()


def test_a_delay_lets_simulated_time_pass() -> None:
    cluster, clock = two_nodes("faults: [{effect: delay, seconds: 7}]")
    assert cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem")).status == 200
    assert clock.now() == 7


@pytest.mark.parametrize(
    ("entries", "seconds"),
    [
        ("{seconds: 3}", 3),
        ("{seconds: 3}, {seconds: 1, node: NODE1}", 4),
        ("{seconds: 3, node: NODE2}", 0),
        ("{seconds: 3, operation: Enumerate}", 3),
        ("{seconds: 3, operation: Pull}", 0),
        ("{seconds: 3}, {seconds: 2, operation: enumerate}", 5),
    ],
)
def test_latency_is_that_of_the_node_and_of_the_operation(entries: str, seconds: float) -> None:
    cluster, clock = two_nodes(f"latency: [{entries}]")
    assert cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem")).status == 200
    assert clock.now() == seconds


def test_jitter_is_another_one_for_each_answer_and_the_same_in_each_start() -> None:
    def moments() -> list[float]:
        cluster, clock = two_nodes("latency: [{seconds: 1, jitter: 0.5}]")
        found = []
        for unused in range(5):
            cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem"))
            found.append(clock.now())
        return found

    first = moments()
    taken = [after - before for before, after in itertools.pairwise([0.0, *first])]
    assert all(1 <= one <= 1.5 for one in taken)
    assert len(set(taken)) == len(taken)
    assert moments() == first


def test_a_node_that_is_down_answers_nobody() -> None:
    cluster, clock = two_nodes("events: [{at: 5, down: NODE2}]")
    clock.advance(6)
    with pytest.raises(ConnectionResetError):
        cluster.endpoint("NODE2").handle(query("SELECT * FROM Msvm_ComputerSystem"))
    assert set(owners(cluster).values()) == {"NODE1"}


def test_a_password_that_is_not_given_is_made_up() -> None:
    first, second = (two_nodes()[0].scenario.user.password for unused in range(2))
    assert first
    assert first != second


def test_the_control_endpoint_serves_state_counters_and_reset() -> None:
    cluster, unused_clock = two_nodes()
    server = ControlServer(cluster)

    def ask(path: str, method: str = "GET") -> object:
        with urllib.request.urlopen(urllib.request.Request(server.url + path, method=method), timeout=60) as answer:
            return json.loads(answer.read())

    try:
        assert ask("/state") == json.loads(json.dumps(cluster.state()))
        cluster.endpoint("NODE1").handle(query("SELECT * FROM Msvm_ComputerSystem"))
        assert ask("/counters") == cluster.counters()
        ask("/reset", "POST")
        assert cluster.counters()["requests"] == {}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask("/reset")
    finally:
        server.close()
