# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster and its nodes say about migrations, and what is found to be wrong with them."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness import (
    Readiness,
    read_readiness,
)

from tests.support.simulated import Simulated

Problems = list[tuple[str, str, str]]
_2022 = {"windows": 2022}  # older versions know no condition of a node, and no limit of the cluster

RICH = """
cluster:
  name: HVC1
  fqdn: hvc1.corp.example
  functional_level: 10
  maximum_parallel_migrations: 1
  set_smb_bandwidth_limit: 1
  smb_bandwidth_limit_factor: 2500
  enforced_anti_affinity: 1
  core_group_owner: NODE2
nodes:
  - name: NODE1
    build: 20348
    networks:
      - {subnet: 10.20.0.0, prefix_length: 24, metric: 2000}
      - {subnet: 10.30.0.0, prefix_length: 16, metric: 1000, tags: [admin, script]}
    listener_addresses: [10.20.0.11, 10.30.0.11]
  - {name: NODE2, build: 20348}
"""


def readiness(simulated: Simulated, *names: str) -> Readiness:
    nodes = [node for node in read_nodes(simulated.cluster) if not names or node.name in names]
    return read_readiness(simulated.cluster, nodes)


def result(text: str = RICH, **switches: t.Any) -> dict[str, t.Any]:
    return readiness(Simulated(text, **switches)).as_result()


def nodes_of(*changes: dict[str, t.Any], **cluster: t.Any) -> str:
    nodes = [{"name": f"NODE{number}", **change} for number, change in enumerate(changes, 1)]
    return yaml.safe_dump({"cluster": cluster, "nodes": nodes})


def told(simulated: Simulated) -> Problems:
    return [
        (finding.subject if finding.subject_kind == "node" else finding.subject_kind, finding.code, finding.severity)
        for finding in readiness(simulated).findings
    ]


def test_the_cluster_is_described() -> None:
    assert result()["cluster"] == {
        "name": "HVC1",
        "fqdn": "hvc1.corp.example",
        "functional_level": 10,
        "maximum_parallel_migrations": 1,
        "smb_bandwidth_limit": True,
        "smb_bandwidth_limit_percent": 25.0,
        "enforced_anti_affinity": True,
        "core_group_owner": "NODE2",
    }


def test_what_an_older_cluster_does_not_have_is_null() -> None:
    cluster = result(nodes_of({}))["cluster"]

    assert cluster["maximum_parallel_migrations"] is None
    assert cluster["smb_bandwidth_limit"] is None
    assert cluster["smb_bandwidth_limit_percent"] is None
    assert cluster["enforced_anti_affinity"] is False


def test_a_node_is_described() -> None:
    assert result()["nodes"][0] == {
        "node": "NODE1",
        "state": "up",
        "drain_status": "not_initiated",
        "condition": "",
        "build": 20348,
        "version": "2022",
        "os_version": "10.0.20348",
        "computer_name": "NODE1",
        "answered": True,
        "cluster_service": True,
        "service_state": "enabled",
        "enabled": True,
        "maximum_migrations": 1,
        "maximum_storage_migrations": 2,
        "active_migrations": 0,
        "active_storage_migrations": 0,
        "authentication": "kerberos",
        "compression": True,
        "smb": False,
        "listener_addresses": ["10.20.0.11", "10.30.0.11"],
        "networks": [
            {"subnet": "10.30.0.0", "prefix_length": 16, "metric": 1000, "tags": ["admin", "script"]},
            {"subnet": "10.20.0.0", "prefix_length": 24, "metric": 2000, "tags": ["Microsoft:Cluster"]},
        ],
        "capabilities": {
            "synchronous": ["CheckVirtualSystemIsMigratableToHost", "CheckVirtualSystemIsMigratableToSystem"],
            "asynchronous": [
                "MigrateVirtualSystemToHost",
                "MigrateVirtualSystemToSystem",
                "CheckVirtualSystemIsMigratable",
            ],
            "destination_host_formats": ["domain_name", "ipv4", "ipv6"],
        },
        "migration_types": ["virtual_system", "storage", "staged", "virtual_system_and_storage"],
    }


@pytest.mark.parametrize(
    ("build", "version"),
    [(14393, "2016"), (17763, "2019"), (20348, "2022"), (25398, "23H2"), (26100, "2025"), (99999, None)],
)
def test_a_build_has_the_name_of_its_version(build: int, version: str | None) -> None:
    assert result(nodes_of({"build": build}))["nodes"][0]["version"] == version


def test_running_migrations_are_counted_at_both_ends_and_in_the_cluster() -> None:
    simulated = Simulated()
    simulated.scheduler().start(simulated.runs(("web01", "NODE2"))[0])

    shown = readiness(simulated).as_result()

    assert [node["active_migrations"] for node in shown["nodes"]] == [1, 1, 0]
    assert shown["service"]["active_migrations"] == 1


def test_the_service_is_described_with_the_nodes_that_show_it() -> None:
    assert result()["service"] == {
        "namespace": "root/HyperVCluster/v2",
        "node": "NODE1",
        "cim_keys": {
            "CreationClassName": "Msvm_VirtualSystemMigrationService",
            "Name": "migrationwmi",
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": "HVC1",
        },
        "state": "enabled",
        "active_migrations": 0,
        "active_storage_migrations": 0,
        "shown_by": ["NODE1", "NODE2"],
    }


def test_the_one_node_that_shows_the_service_is_found() -> None:
    shown = result(RICH, provider_on="core_group")

    assert (shown["service"]["node"], shown["service"]["shown_by"]) == ("NODE2", ["NODE2"])
    assert [node["cluster_service"] for node in shown["nodes"]] == [False, True]
    assert shown["findings"] == []


def test_capabilities_come_from_a_host_where_the_cluster_namespace_has_none() -> None:
    capabilities = result()["capabilities"]

    assert capabilities["namespace"] == "root/virtualization/v2"
    assert "MigrateVirtualSystemToSystem" in capabilities["asynchronous"]


def test_capabilities_that_no_host_shows_are_no_problem() -> None:
    shown = result(nodes_of({"capabilities": "absent"}))

    assert shown["nodes"][0]["capabilities"] is None
    assert shown["capabilities"] == {
        "namespace": None,
        "synchronous": [],
        "asynchronous": [],
        "destination_host_formats": [],
    }
    assert shown["findings"] == []


def test_only_types_that_every_node_offers_are_common() -> None:
    assert result()["setting_data"] == {
        "migration_types": ["virtual_system", "storage", "staged", "virtual_system_and_storage"]
    }


def test_the_same_is_told_where_wql_is_refused() -> None:
    assert result(RICH, wql="refused") == result(RICH)


def test_a_healthy_cluster_has_no_problems() -> None:
    assert result()["findings"] == []


PROBLEMS: dict[str, tuple[str, Problems]] = {
    "migration disabled": (nodes_of({"migration_enabled": False}), [("NODE1", "migration_disabled", "error")]),
    "service disabled": (
        nodes_of({"migration_service": "disabled"}),
        [("NODE1", "service_not_enabled", "error")],
    ),
    "service starting": (
        nodes_of({"migration_service": "starting"}),
        [("NODE1", "service_not_enabled", "error")],
    ),
    "no service": (nodes_of({"migration_service": "absent"}), [("NODE1", "service_absent", "error")]),
    "no listener": (nodes_of({"listener_addresses": []}), [("NODE1", "no_listener", "error")]),
    "no network": (
        nodes_of({"networks": [], "listener_addresses": ["10.20.0.11"]}),
        [("NODE1", "no_network", "warning")],
    ),
    "no network, no listener": (
        nodes_of({"networks": []}),
        [("NODE1", "no_listener", "error"), ("NODE1", "no_network", "warning")],
    ),
    "limit 0": (nodes_of({"simultaneous_migrations": 0}), [("NODE1", "limit_zero", "error")]),
    "cluster limit 0": (
        nodes_of(_2022, maximum_parallel_migrations=0),
        [("NODE1", "limit_zero", "error"), ("cluster", "cluster_limit_zero", "warning")],
    ),
    "CredSSP": (nodes_of({"authentication": "credssp"}), [("NODE1", "credssp", "warning")]),
    "CredSSP, and Credential Guard": (
        nodes_of({"authentication": "credssp", "credential_guard": True}),
        [("NODE1", "credential_guard", "warning")],
    ),
    "CredSSP in a workgroup": (
        nodes_of({"authentication": "credssp", "workgroup": True, "credential_guard": True}),
        [("NODE1", "workgroup_migration", "warning")],
    ),
    "authentication differs": (
        nodes_of({"authentication": "credssp"}, {}),
        [("NODE1", "credssp", "warning"), ("cluster", "mixed_authentication", "warning")],
    ),
    "transport differs": (nodes_of({"smb": True}, {}), [("cluster", "mixed_transport", "warning")]),
    "compression differs": (nodes_of({"compression": False}, {}), [("cluster", "mixed_compression", "warning")]),
    "compression differs, SMB ignores it": (nodes_of({"compression": False, "smb": True}, {"smb": True}), []),
    "SMB, name not in capitals, 2019": (
        nodes_of({"name": "node1", "smb": True, "build": 17763}),
        [("node1", "smb_name_case", "error")],
    ),
    "SMB, name not in capitals, 2022": (
        nodes_of({"name": "node1", "smb": True}),
        [("node1", "smb_name_case", "warning")],
    ),
    "no SMB, name not in capitals": (nodes_of({"name": "node1", "build": 17763}), []),
    "SMB, name in capitals": (nodes_of({"name": "NODE-1A", "smb": True, "build": 17763}), []),
    "paused": (nodes_of({}, {"state": "paused"}), [("NODE2", "node_paused", "error")]),
    "down": (nodes_of({}, {"state": "down"}), [("NODE2", "node_down", "error")]),
    "joining": (nodes_of({}, {"state": "joining"}), [("NODE2", "node_joining", "error")]),
    "isolated": (nodes_of(_2022, {**_2022, "condition": "isolated"}), [("NODE2", "node_isolated", "error")]),
    "quarantined": (nodes_of(_2022, {**_2022, "condition": "quarantined"}), [("NODE2", "node_quarantined", "error")]),
    "builds differ": (nodes_of({"build": 17763}, {"build": 20348}), [("cluster", "mixed_versions", "warning")]),
    "method not offered": (
        nodes_of({"capabilities": "to_host_only"}),
        [("NODE1", "method_not_offered", "warning")],
    ),
}


@pytest.mark.parametrize(("text", "problems"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_wrong_is_found_and_nothing_else(text: str, problems: Problems) -> None:
    home = yaml.safe_load(text)["nodes"][0]["name"]
    assert told(Simulated(text, home=home)) == problems


@pytest.mark.parametrize("text", [text for text, problems in PROBLEMS.values() if problems])
def test_every_problem_has_a_remedy_in_whole_sentences(text: str) -> None:
    home = yaml.safe_load(text)["nodes"][0]["name"]
    problems = readiness(Simulated(text, home=home)).as_result()["findings"]
    assert problems
    for finding in problems:
        for part in ("message", "remedy"):
            assert finding[part][0].isupper(), finding
            assert finding[part].endswith("."), finding


def test_the_problem_of_mixed_settings_names_the_nodes() -> None:
    (finding,) = result(nodes_of({}, {"smb": True}, {}))["findings"]
    assert "TCP on NODE1, NODE3; SMB on NODE2" in finding["message"]


def test_credssp_is_said_to_bite_where_no_credentials_are_delegated() -> None:
    (finding,) = result(nodes_of({"authentication": "credssp"}))["findings"]
    assert "ansible_winrm_transport" in finding["message"]
    assert "0x8009030E" in finding["message"]


@pytest.mark.parametrize(("windows", "remedy"), [(2022, "Windows Server 2025"), (2025, "same local account")])
def test_nodes_of_a_workgroup_are_told_of_certificates_and_not_of_kerberos(windows: int, remedy: str) -> None:
    (finding,) = result(nodes_of({"authentication": "credssp", "workgroup": True, "windows": windows}))["findings"]

    assert "certificates" in finding["message"]
    assert remedy in finding["remedy"]
    assert "constrained delegation" not in finding["remedy"]


def test_credential_guard_that_cannot_be_read_leaves_the_general_word_on_credssp() -> None:
    simulated = Simulated(nodes_of({"authentication": "credssp", "credential_guard": True}))
    simulated.alter = lambda request, answer: answer.replace(b"SecurityServicesRunning", b"Something")

    assert [finding["code"] for finding in readiness(simulated).as_result()["findings"]] == ["credssp"]


@pytest.mark.parametrize(("workgroup", "remedy"), [(False, "Kerberos"), (True, "certificate")])
def test_a_login_by_ntlm_is_a_note_with_what_to_do_instead(workgroup: bool, remedy: str) -> None:
    simulated = Simulated(nodes_of({"workgroup": workgroup}))
    simulated.login = "ntlm"
    found = readiness(simulated)
    (note,) = found.notes

    assert (note.code, note.severity) == ("ntlm_login", "info")
    assert remedy in note.remedy
    assert found.as_result()["findings"] == []


def test_a_login_by_kerberos_is_no_finding_and_costs_nothing() -> None:
    simulated = Simulated(nodes_of({}))
    simulated.login = "kerberos"

    assert readiness(simulated).notes == ()


def test_a_cluster_namespace_that_no_node_answers_is_a_problem() -> None:
    shown = result(RICH, provider_on="none")

    (finding,) = shown["findings"]
    assert (finding["subject_kind"], finding["code"], finding["severity"]) == ("cluster", "no_cluster_service", "error")
    assert "Virtual Machine Cluster WMI" in finding["remedy"]
    assert (shown["service"]["node"], shown["service"]["shown_by"]) == (None, [])
    assert shown["nodes"][0]["enabled"] is True


def test_a_node_that_cannot_be_reached_is_a_problem_and_the_others_are_described() -> None:
    simulated = Simulated(RICH)
    simulated.lose = lambda node, request: "down" if node == "NODE2" else ""

    shown = readiness(simulated).as_result()

    (finding,) = shown["findings"]
    assert (finding["subject"], finding["code"], finding["severity"]) == ("NODE2", "unreachable", "warning")
    assert "NODE2 is down" in finding["message"]
    assert [node["answered"] for node in shown["nodes"]] == [True, False]
    assert {value for key, value in shown["nodes"][1].items() if key in ("enabled", "networks", "migration_types")} == {
        None
    }


def test_a_node_that_denies_access_is_a_problem_with_the_rights_that_it_takes() -> None:
    text = yaml.safe_load(RICH)
    text["faults"] = [{"node": "NODE2", "effect": "fault", "code": 5, "times": None}]
    simulated = Simulated(yaml.safe_dump(text))

    (finding,) = readiness(simulated).findings

    assert (finding.subject, finding.code, finding.severity) == ("NODE2", "unreadable", "warning")
    assert finding.message.endswith(".")
    assert "local administrator" in finding.remedy


def test_a_node_whose_answer_cannot_be_read_is_a_problem() -> None:
    simulated = Simulated(RICH)
    simulated.garble = lambda request: b"MigrationNetworkSettingData" in request

    names = [(finding.subject, finding.code) for finding in readiness(simulated).findings]

    assert names == [("NODE1", "unreadable"), ("NODE2", "unreadable")]


@pytest.mark.parametrize("state", ["down", "joining"])
def test_a_node_that_does_not_run_is_not_contacted(state: str) -> None:
    simulated = Simulated(nodes_of({}, {"state": state}))

    (unused, other) = readiness(simulated).as_result()["nodes"]

    assert simulated.sent["NODE2"] == 0
    assert (other["answered"], other["state"]) == (False, state)


def test_only_the_chosen_nodes_are_asked() -> None:
    simulated = Simulated(nodes_of({}, {"migration_enabled": False}, {"smb": True}))

    shown = readiness(simulated, "NODE1").as_result()

    assert [node["node"] for node in shown["nodes"]] == ["NODE1"]
    assert shown["findings"] == []
    assert set(simulated.sent) == {"NODE1"}


def test_a_node_is_asked_seven_queries() -> None:
    simulated = Simulated(nodes_of({}, {}, {}))

    readiness(simulated)

    # The setting data of several types of migration takes a Pull; so do the nodes and, to be released, the provider.
    assert (simulated.sent["NODE2"], simulated.sent["NODE3"]) == (7 + 1, 7 + 1)
    assert simulated.sent["NODE1"] == 7 + 1 + 6 + 2  # nodes, core group, cluster, provider, service, capabilities
