# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Recordings of three clusters and of hosts, over both plugins: played, they answer every module as those did."""

from __future__ import annotations

import json
import pathlib
import typing as t
from collections.abc import Mapping

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.integration.recorded_results import Asks, Renaming, as_text, asked, names_in
from tests.rehearse.recorded import scenario_of
from tests.running_cluster import running_cluster
from tests.simulator.recordings import read_recording

pytestmark = pytest.mark.long

JAPANESE = """
cluster: {name: OSAKACL, fqdn: osakacl.corp.example}
user: {name: operator, password: simulated-Passw0rd}
language: ja-JP
nodes: [{name: NAMBA}, {name: TENNOJI, state: paused}, {name: UMEDA}]
vms:
  - {name: 販売サーバー, owner: UMEDA, memory_mb: 4096, state: saved}
  - {name: 経理01, id: 0D3C4C8E-6A55-4E0B-9C3C-7E9B1F6A2D11, owner: UMEDA, memory_mb: 4096, notes: 経理部の藤原さん}
  - {name: zaiko-07, owner: NAMBA, memory_mb: 2048, migration: {seconds: 0.1, fails_at: 20, hresult: 0x8007000E}}
switches: {job_lifetime_seconds: 100000, fault_layout: wmi_error}
events: [{move: zaiko-07, to: UMEDA, at: 0}]
"""
# Storage Spaces Direct, roles, rules, and VMs of all kinds.
SPACES_DIRECT = """
cluster: {name: LYONCL, fqdn: lyoncl.corp.example, enforced_anti_affinity: 1, maximum_parallel_migrations: 3}
user: {name: operator, password: simulated-Passw0rd}
nodes:
  - {name: GARONNE, memory_mb: 131072, fault_domain: [Rack9], processor: 2}
  - {name: LOIRE, memory_mb: 131072, fault_domain: [Rack9], simultaneous_migrations: 4}
  - {name: RHONE, memory_mb: 196608, fault_domain: [Rack7]}
  - {name: SAONE, memory_mb: 196608, fault_domain: [Rack7]}
  - {name: VIENNE, memory_mb: 131072, condition: quarantined}
storage: {kind: spaces_direct, volumes: 3, bad_disks: [RHONE disk 1], redirected: [Volume2]}
roles:
  - {name: Mediatheque, type: file_server, owner: GARONNE, preferred_owners: [GARONNE, RHONE]}
  - {name: Cluster Virtual Disk (Volume1), type: shared_volume, owner: GARONNE}
  - {name: Cluster Virtual Disk (Volume2), type: shared_volume, owner: RHONE}
  - {name: Facturation, type: generic_service, owner: LOIRE, starts_after: [Mediatheque]}
  - {name: Available Storage, type: available_storage, owner: GARONNE, online: false}
vms:
  - {name: ruche, count: 24, owner: [SAONE, RHONE, LOIRE, GARONNE], memory_mb: 3072}
  - name: Grand-Livre_1
    id: 1E4D5D9F-7B66-4F1C-8D4D-8FAC2A7B3E22
    owner: GARONNE
    memory_mb: 16384
    priority: 3000
    anti_affinity: [livres]
  - {name: Grand-Livre_2, owner: RHONE, memory_mb: 16384, priority: 3000, anti_affinity: [livres]}
  - {name: vieux, owner: GARONNE, state: "off"}
  - {name: colle, owner: GARONNE, possible_owners: [GARONNE]}
  - {name: a bord, owner: LOIRE, clustered: false}
  - {name: pose, owner: GARONNE, attachments: [{kind: iso, path: 'C:\\secours\\pose.iso'}]}
  - {name: miroir, owner: SAONE, replication: primary, activity: backing_up}
affinity_rules:
  - {name: ensemble, type: same_node, groups: [ruche01, ruche05]}
"""
# The oldest version, whose provider has neither queries nor affinity rules, and answers on one node.
OLDEST = """
cluster: {name: PORTOCL, fqdn: portocl.corp.example, tells_fqdn: false, functional_level: 9}
user: {name: operator, password: simulated-Passw0rd}
nodes:
  - {name: DOURO, windows: 2016}
  - {name: TEJO, windows: 2016, listener_addresses: [10.20.0.77]}
vms:
  - {name: vinho01, id: 2F5E6EA0-8C77-401D-9E5E-90BD3B8C4F33, owner: DOURO, memory_mb: 2048}
  - {name: vinho02, owner: TEJO, memory_mb: 2048, state: "off"}
  - {name: cortica, owner: TEJO, memory_mb: 4096, kept_online: true}
switches:
  wql: refused
  missing_classes: [MSCluster_AffinityRule]
  provider_on: [DOURO]
  return_codes: hyperv
  host_name_form: fqdn
"""
CLUSTERS: Mapping[str, tuple[str, str, str]] = {  # with a VM, and where it could go
    "japanese": (JAPANESE, "経理01", "NAMBA"),
    "spaces direct": (SPACES_DIRECT, "Grand-Livre_1", "LOIRE"),
    "oldest": (OLDEST, "vinho01", "TEJO"),
}
VM_IDS = {
    "japanese": "0D3C4C8E-6A55-4E0B-9C3C-7E9B1F6A2D11",
    "spaces direct": "1E4D5D9F-7B66-4F1C-8D4D-8FAC2A7B3E22",
    "oldest": "2F5E6EA0-8C77-401D-9E5E-90BD3B8C4F33",
}
# Two hosts without a cluster: VMs of both, an answer in Japanese, and one that is off.
HOSTS = """
user: {name: operator, password: simulated-Passw0rd}
language: ja-JP
nodes: [{name: ISAR, member: false, memory_mb: 65536}, {name: INN, member: false, memory_mb: 32768}]
vms:
  - {name: lager-3, owner: ISAR, memory_mb: 4096}
  - {name: 在庫サーバー, owner: ISAR, memory_mb: 2048, state: "off"}
  - {name: Buchhaltung, owner: INN, memory_mb: 2048, folder: 'D:\\Mandanten\\Buchhaltung', disk_mb: 20480}
"""
# Options whose values are not names.
_NO_NAMES = frozenset({"method", "namespace", "class_name", "format", "state", "folder", "outcome"})


def asks(nodes: list[str], vm: str, vm_id: str, destination: str, cluster: str, folder: str) -> Asks:
    """Return every module that reads, the plans of each node, and dry runs."""
    home = nodes[0]
    move = {"name": vm, "destination_host": destination}
    gone = {
        "vm_id": vm_id,
        "name": vm,
        "state": "running",
        "source_host": destination,
        "destination_host": home,
        "outcome": "moved",
    }
    ledger = {"format": "hyperv.migration ledger 2", "node": destination, "cluster": cluster, "vms": [gone]}
    return [
        ("hyperv_readiness_info", {}),
        ("hyperv_migration_capabilities_info", {}),
        ("hyperv_migration_capabilities_info", move),
        ("hyperv_cluster_health_info", {}),
        ("hyperv_cluster_health_info", {"node": destination}),
        ("hyperv_cluster_node_info", {}),
        ("hyperv_vm_info", {}),
        ("hyperv_migration_job_info", {}),
        ("hyperv_migration_events_info", {"name": vm}),
        ("hyperv_migration_events_info", {}),
        ("hyperv_scenario_info", {}),
        ("hyperv_node_identity_info", {}),
        ("hyperv_node_identity_info", {"name": destination}),
        ("hyperv_node_maintenance_info", {"node": home}),
        ("hyperv_via_info", {"node": destination}),
        ("hyperv_cim_info", {"namespace": "root/MSCluster", "class_name": "MSCluster_Node"}),
        ("hyperv_rolling_plan_info", {}),
        ("hyperv_rolling_node_info", {"node": home, "nodes": nodes, "folder": folder}),
        ("hyperv_rolling_order_info", {"nodes": nodes, "folder": folder}),
        ("hyperv_rolling_state_info", {"cluster": cluster, "folder": folder}),
        ("hyperv_evacuation_ledger_info", {"node": home, "cluster": cluster, "folder": folder}),
        ("hyperv_restore_plan_info", {"ledger": ledger}),
        *(("hyperv_evacuation_plan_info", {"node": one}) for one in nodes),
        *(("hyperv_vm_migrate", {**move, "method": method}) for method in ("auto", "system", "cluster_group")),
    ]


def renamed(value: t.Any, names: Renaming, key: str = "") -> t.Any:
    """Return options with pseudonyms."""
    if isinstance(value, Mapping):
        return {key: renamed(one, names, key) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, names, key) for one in value]
    return names.text(value) if isinstance(value, str) and key not in _NO_NAMES else value


def asks_of_hosts(hosts: list[str], vm: str, destination: str) -> Asks:
    """Return every module that reads hosts without a cluster, and dry runs."""
    move = {"name": vm, "destination_host": destination}
    return [
        ("hyperv_readiness_info", {}),
        ("hyperv_migration_capabilities_info", {}),
        ("hyperv_migration_capabilities_info", move),
        ("hyperv_migration_events_info", {}),
        ("hyperv_vm_info", {}),
        ("hyperv_cluster_node_info", {}),
        *(("hyperv_vm_info", {"node": host}) for host in hosts),
        *(("hyperv_node_identity_info", {"name": host}) for host in hosts),
        *(("hyperv_vm_migrate", {**move, "method": method}) for method in ("auto", "host", "system")),
    ]


@pytest.mark.over_psrp
@pytest.mark.parametrize("name", CLUSTERS)
def test_what_is_played_answers_every_module_as_the_cluster_did(name: str, plugin: str, tmp_path: pathlib.Path) -> None:
    text, vm, destination = CLUSTERS[name]
    given = yaml.safe_load(text)
    nodes = [one["name"] for one in given["nodes"]]
    vm_id = VM_IDS[name]
    questions = asks(nodes, vm, vm_id, destination, given["cluster"]["fqdn"], str(tmp_path))
    evacuation = ("hyperv_node_evacuation", {"node": nodes[0]})
    play_again(text, questions, [evacuation], vm, destination, plugin, tmp_path)


@pytest.mark.over_psrp
def test_what_is_played_answers_every_module_as_hosts_without_a_cluster_did(
    plugin: str, tmp_path: pathlib.Path
) -> None:
    play_again(HOSTS, asks_of_hosts(["ISAR", "INN"], "lager-3", "INN"), [], "lager-3", "INN", plugin, tmp_path)


def play_again(
    text: str, questions: Asks, others: Asks, vm: str, destination: str, plugin: str, tmp_path: pathlib.Path
) -> None:
    """Record what the cluster of a scenario answers, play that, and compare what modules make of both.

    ``others`` are recorded while they are asked, and not by the playbook.
    """
    given = yaml.safe_load(text)
    home = given["nodes"][0]["name"]
    (tmp_path / "cluster.yml").write_text(text, encoding="utf-8")
    there, here = tmp_path / "there", tmp_path / "here"
    path = tmp_path / "recording.zip"
    for folder in (there, here):
        folder.mkdir()
    with running_cluster(tmp_path / "cluster.yml", there) as cluster:
        ansible = Ansible(there, cluster.inventory, plugin)
        cluster.wait_until_at_rest()
        expected = asked(ansible, home, questions, there)
        chosen = {"path": str(path), "vm": vm, "destination": destination}
        if others:
            expected += asked(ansible, home, others, there, str(tmp_path / "tasks"))
            chosen["folder"] = str(tmp_path / "tasks")
        given_as = json.dumps({f"record_cluster_{key}": value for key, value in chosen.items()})
        made = ansible.run("ansible-playbook", *ansible.sources, "hyperv.migration.record_cluster", "-e", given_as)
        assert made.code == 0, made.text
    recording = read_recording(path)
    replaced = json.loads(path.with_name("recording.zip.names.json").read_text(encoding="utf-8"))
    names = Renaming(replaced, names_in(given))
    (tmp_path / "played.yml").write_text(yaml.safe_dump(scenario_of(recording)[0]), encoding="utf-8")
    with running_cluster(tmp_path / "played.yml", here, recording=path) as played:
        ansible = Ansible(here, played.inventory, plugin)
        again = [(module, renamed(options, names)) for module, options in [*questions, *others]]
        results = asked(ansible, names.text(home), again, here)
        counters = played.counters()
    assert counters["answered_by"]["scenario"] == 0, "\n".join(counters["by_scenario"])
    for (module, options), result, wanted in zip([*questions, *others], results, expected, strict=True):
        assert as_text(result) == as_text(names.value(wanted)), f"{module} {options}"
