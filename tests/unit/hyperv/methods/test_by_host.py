# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves by a VM's own host, between hosts without a cluster: how they are asked for, followed, and proved."""

from __future__ import annotations

import functools
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Limits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.methods import Methods
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationRequest,
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodChoice
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.scheduler import Scheduler
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.setting_properties import (
    MIGRATION_PROPERTIES,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.storage import StorageRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.wanted_settings import WantedSettings

from tests.support.requests import calls as is_call
from tests.support.requests import lose_first
from tests.support.scenarios import ClusterSpec, Scenario, migration, node, scenario, vm, with_nodes, with_vms
from tests.support.simulated import Simulated

host = functools.partial(node, member=False)
web01 = functools.partial(vm, "web01", owner="HV1", memory_mb=20000)
DISKS = ("D:\\VM\\db01\\os.vhdx", "E:\\data\\data.vhdx")
DB01 = vm("db01", owner="HV1", memory_mb=20000, folder="D:\\VM\\db01", disk_mb=30000, disks=DISKS)
HOSTS = scenario(
    [host("HV1"), host("HV2"), host("HV3")], [web01(), DB01], cluster=ClusterSpec(fqdn="none.corp.example")
)


def hosts(given: Scenario = HOSTS, **switches: t.Any) -> Simulated:
    return Simulated(given, home="HV1", **switches)


def files(simulated: Simulated, name: str) -> dict[str, t.Any]:
    return next(vm["files"] for vm in simulated.server.state()["vms"] if vm["name"] == name)


def node_of(simulated: Simulated, name: str) -> dict[str, t.Any]:
    return next(one for one in simulated.server.state()["nodes"] if one["name"] == name)


def calls(simulated: Simulated) -> list[dict[str, t.Any]]:
    return [call for call in simulated.server.state()["calls"] if call["method"].startswith("Migrate")]


def move_storage(
    simulated: Simulated, name: str, destination: str, wish: StorageRequest, **policy: t.Any
) -> MigrationTask:
    moves = plan(simulated.cluster, [MoveRequest(destination, name, None, wish)], "auto")
    runs = [
        MigrationTask(MigrationRequest(move, Timeout.of(0, move.vm.memory_mb, with_storage=True), move.stays))
        for move in moves
    ]
    simulated.scheduler(**policy).execute(runs)
    return runs[0]


@pytest.mark.parametrize("method", ["auto", "host"])
def test_a_vm_is_moved_to_another_host(method: MethodChoice) -> None:
    simulated = hosts()
    (run,) = simulated.move(("web01", "HV2"), method=method)
    assert (run.outcome, run.method, run.attempt.checked, run.attempt.form) == ("moved", "host", True, "typed_net")
    assert simulated.owner("web01") == "HV2"
    # Only auto had a choice, so only there it is told.
    assert [text for text in run.warnings if "not clustered" in text] == run.warnings
    assert len(run.warnings) == (method == "auto")
    (call,) = calls(simulated)
    assert (call["method"], call["destination"]) == ("MigrateVirtualSystemToHost", "hv2.corp.example")
    assert call["migration_settings"]["properties"]["DestinationIPAddressList"] == ["10.20.0.12"]


@pytest.mark.parametrize("name", ["HV2", "hv2", "hv2.corp.example", "HV2.CORP.EXAMPLE"])
def test_every_name_of_a_host_is_that_host(name: str) -> None:
    simulated = hosts()
    assert [run.outcome for run in simulated.move(("web01", name))] == ["moved"]
    assert [run.outcome for run in simulated.move(("web01", name))] == ["already_there"]


@pytest.mark.parametrize("address", ["10.20.0.12", "fd00::12"])
def test_an_address_of_a_host_is_that_host(address: str) -> None:
    simulated = hosts(with_nodes(HOSTS, host("HV2", listener_addresses=(address,))))
    simulated.names[address] = "HV2"
    (run,) = simulated.move(("web01", address))
    assert (run.outcome, run.move.destination.name) == ("moved", "HV2")
    (again,) = simulated.move(("web01", address))
    (by_name,) = simulated.move(("web01", "hv2.corp.example"))
    assert (again.outcome, by_name.outcome) == ("already_there", "already_there")


def test_a_second_run_on_the_old_host_finds_the_vm_on_its_destination() -> None:
    simulated = hosts()
    simulated.move(("web01", "HV2"))
    (again,) = Simulated.runs(simulated, ("web01", "HV2"))
    simulated.scheduler().execute([again])
    assert (again.outcome, again.attempts, again.warnings) == ("already_there", 0, [])
    assert len(calls(simulated)) == 1


def test_a_vm_on_neither_host_is_not_found_and_both_are_named() -> None:
    with pytest.raises(HyperVError, match="HV1, HV2"):
        hosts().move(("nosuch", "HV2"))


@pytest.mark.parametrize(
    ("formats", "listener", "sent"),
    [
        (("domain_name", "ipv4"), "10.20.0.12", "hv2.corp.example"),
        (("ipv4",), "10.20.0.12", "10.20.0.12"),
        (("ipv6",), "fd00::12", "fd00::12"),
        (("ipv4", "ipv6"), "fd00::12", "fd00::12"),
    ],
)
def test_the_destination_is_named_in_a_format_that_the_source_takes(
    formats: tuple[t.Literal["domain_name", "ipv4", "ipv6"], ...], listener: str, sent: str
) -> None:
    source, destination = host("HV1", destination_formats=formats), host("HV2", listener_addresses=(listener,))
    simulated = hosts(with_nodes(HOSTS, source, destination))
    (run,) = simulated.move(("web01", "HV2"))
    assert (run.outcome, calls(simulated)[0]["destination"]) == ("moved", sent)


def test_a_format_that_the_destination_cannot_give_is_told() -> None:
    simulated = hosts(with_nodes(HOSTS, host("HV1", destination_formats=("ipv6",))))
    (run,) = simulated.move(("web01", "HV2"))
    assert run.outcome == "failed"
    assert "DestinationHostFormatsSupported" in run.error.text
    assert "10.20.0.12" in run.error.text
    assert calls(simulated) == []


def test_a_host_that_lists_no_capabilities_takes_a_domain_name() -> None:
    simulated = hosts(with_nodes(HOSTS, host("HV1", capabilities="absent")))
    assert [run.outcome for run in simulated.move(("web01", "HV2"))] == ["moved"]


@pytest.mark.parametrize(("checks", "checked"), [("both", True), ("to_host", True), ("none", False)])
def test_hyper_v_is_asked_beforehand_as_far_as_it_can_be(checks: str, checked: bool) -> None:
    simulated = hosts(host_checks=checks)
    (rehearsed,) = simulated.rehearse(("web01", "HV2"))
    assert (rehearsed.outcome, rehearsed.attempt.checked, calls(simulated)) == ("would_move", checked, [])
    (run,) = simulated.move(("web01", "HV2"))
    assert (run.outcome, run.attempt.checked) == ("moved", checked)


@pytest.mark.parametrize("seconds", [5, 100])
def test_a_check_that_takes_long_is_told(seconds: int) -> None:
    simulated, told = hosts(), list[str]()
    simulated.cluster.tell = told.append

    def alter(request: bytes, answer: bytes) -> bytes:  # the job runs for a while
        return re.sub(rb"(JobState[^>]*>)7<", rb"\g<1>4<", answer) if simulated.now() < seconds else answer

    simulated.alter = alter
    (rehearsed,) = simulated.rehearse(("web01", "HV2"))
    assert rehearsed.outcome == "would_move"
    lines = ["HV1 still checks whether web01 can move to HV2. Waiting 50 s at most."]
    assert told == (lines if seconds == 100 else [])


@pytest.mark.parametrize("checks", ["both", "to_host"])
def test_check_mode_fails_where_the_move_would(checks: str) -> None:
    simulated = hosts(host_checks=checks)
    (run,) = simulated.rehearse(("db01", "HV2"))
    assert run.outcome == "failed"
    if checks == "both":
        assert run.error.hresult == "0xC03A0014"
        assert "destination_storage_path" in run.error.remedy


@pytest.mark.parametrize("authentication", ["kerberos", "credssp"])
def test_a_missing_second_hop_is_explained_by_the_way_the_source_authenticates(
    authentication: t.Literal["kerberos", "credssp"],
) -> None:
    given = with_nodes(HOSTS, host("HV1", delegation=False, authentication=authentication))
    for precheck in (True, False):
        simulated = hosts(given)
        (run,) = simulated.move(("web01", "HV2"), precheck=precheck)
        assert (run.outcome, run.error.hresult, simulated.owner("web01")) == ("failed", "0x8009030E", "HV1")
        word = "constrained delegation: in" if authentication == "kerberos" else "ansible_winrm_transport=credssp"
        assert word in run.error.remedy
        assert word in run.error.text


def test_hosts_of_a_workgroup_are_not_sent_to_active_directory() -> None:
    simulated = hosts(with_nodes(HOSTS, host("HV1", delegation=False, workgroup=True)))
    (run,) = simulated.move(("web01", "HV2"), precheck=False)

    assert (run.outcome, run.error.hresult) == ("failed", "0x8009030E")
    assert run.error.remedy.startswith("HV1 is not a member of a domain, so Kerberos and delegation do not apply.")
    assert "same local account with the same password" in run.error.remedy


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_is_looked_after(lost: str) -> None:
    simulated = hosts()
    simulated.lose = lose_first(lost, functools.partial(is_call, "MigrateVirtualSystemToHost"))
    (run,) = simulated.move(("web01", "HV2"))
    assert (run.outcome, simulated.owner("web01"), simulated.migrations("web01")) == ("moved", "HV2", 1)


def test_a_move_that_runs_already_is_taken_up() -> None:
    simulated = hosts(with_vms(HOSTS, web01(migration=migration(seconds=300))))
    (run,) = simulated.move(("web01", "HV2"), timeout=60)
    assert (run.error.code, run.goes_on) == ("timeout", True)
    (again,) = simulated.move(("web01", "HV2"))
    assert (again.outcome, again.attempt.attached, simulated.migrations("web01")) == ("moved", True, 1)


def test_a_late_move_is_cancelled() -> None:
    simulated = hosts(with_vms(HOSTS, web01(migration=migration(seconds=3000))))
    (run,) = simulated.move(("web01", "HV2"), timeout=60, on_timeout="cancel")
    assert (run.error.code, simulated.owner("web01")) == ("timeout", "HV1")
    assert "was cancelled" in run.error.text


@pytest.mark.parametrize("code", [1, 32768, 32769, 32770, 32773, 32775])
def test_a_refusal_is_told_and_no_other_method_is_tried(code: int) -> None:
    simulated = hosts(with_vms(HOSTS, web01(migration=migration(return_value=code))))
    (run,) = simulated.move(("web01", "HV2"))
    assert (run.outcome, run.method, run.error.error_code) == ("failed", "host", code)
    assert simulated.owner("web01") == "HV1"


def test_more_moves_than_the_hosts_take_wait() -> None:
    simulated = hosts(scenario([host("HV1"), host("HV2")], [vm("web", count=5, owner="HV1")]))
    runs = simulated.move(*((f"web0{number}", "HV2") for number in range(1, 6)))
    assert [run.outcome for run in runs] == ["moved"] * 5


def test_a_vm_of_a_cluster_that_is_not_clustered_is_moved_by_its_host() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("lone", clustered=False)]))
    runs = simulated.move(("web01", "NODE2"), ("lone", "NODE2"))
    assert [(run.outcome, run.method) for run in runs] == [("moved", "system"), ("moved", "host")]
    assert (simulated.owner("web01"), simulated.owner("lone")) == ("NODE2", "NODE2")


def test_a_clustered_vm_is_not_moved_behind_its_clusters_back() -> None:
    with pytest.raises(HyperVError, match="web01 is clustered"):
        Simulated().move(("web01", "NODE2"), method="host")


def test_without_a_cluster_there_is_no_group() -> None:
    with pytest.raises(HyperVError, match="not a node of a failover cluster"):
        hosts().move(("web01", "HV2"), method="cluster_group")


def test_a_source_that_is_silent_leaves_the_word_on_vm_and_files_to_the_destination() -> None:
    simulated = hosts()
    simulated.lose = lambda name, request: "down" if name == "HV1" and simulated.owner("db01") == "HV2" else ""
    run = move_storage(simulated, "db01", "HV2", StorageRequest("D:\\VM2\\db01"))
    assert (run.outcome, run.owner, run.goes_on) == ("moved", "HV2", False), run.error
    assert any("HV1 does not answer" in warning for warning in run.warnings)


def test_a_vm_goes_with_its_storage() -> None:
    simulated = hosts()
    run = move_storage(simulated, "db01", "HV2", StorageRequest("D:\\VM2\\db01"))
    assert (run.outcome, run.method, simulated.owner("db01")) == ("moved", "host", "HV2")
    assert files(simulated, "db01") == {
        "configuration": "D:\\VM2\\db01",
        "snapshots": "D:\\VM2\\db01",
        "swap": "D:\\VM2\\db01",
        "disks": ("D:\\VM2\\db01\\Virtual Hard Disks\\os.vhdx", "D:\\VM2\\db01\\Virtual Hard Disks\\data.vhdx"),
    }
    assert run.job.job_type == "moving_vm_and_storage"
    # 2 s of set-up, 20 s of memory, 30 s of disks, 1 s of switch-over.
    assert run.ended - run.started >= 53
    again = move_storage(simulated, "db01", "HV2", StorageRequest("d:\\vm2\\DB01\\"))
    assert (again.outcome, len(calls(simulated))) == ("already_there", 1)


def test_only_the_storage_moves_where_the_vm_is_there_already() -> None:
    simulated = hosts()
    run = move_storage(simulated, "db01", "HV1", StorageRequest("D:\\VM\\db0"))
    assert (run.outcome, run.storage_only, simulated.owner("db01")) == ("completed", True, "HV1")
    (call,) = calls(simulated)
    assert (call["destination"], call["migration_settings"]["properties"]["MigrationType"]) == (None, 32769)
    assert files(simulated, "db01")["configuration"] == "D:\\VM\\db0"
    again = move_storage(simulated, "db01", "HV1", StorageRequest("D:\\VM\\db0"))
    assert again.outcome == "already_there"


def test_a_folder_whose_name_begins_alike_is_another_folder() -> None:
    simulated = hosts()
    run = move_storage(simulated, "db01", "HV1", StorageRequest("D:\\VM\\db"))
    assert run.outcome == "completed"
    run = move_storage(simulated, "db01", "HV1", StorageRequest("D:\\VM\\db0123"))
    assert run.outcome == "completed"


def test_single_disks_go_where_they_are_told() -> None:
    simulated = hosts()
    wish = StorageRequest("D:\\VM2", {"e:/data/DATA.vhdx": "F:\\data\\data.vhdx"})
    assert move_storage(simulated, "db01", "HV2", wish).outcome == "moved"
    assert files(simulated, "db01")["disks"] == ("D:\\VM2\\Virtual Hard Disks\\os.vhdx", "F:\\data\\data.vhdx")
    assert move_storage(simulated, "db01", "HV2", wish).outcome == "already_there"


@pytest.mark.parametrize(("keep", "left"), [(True, 2), (False, 0), (None, 0)])
def test_the_disks_on_the_source_are_kept_where_that_is_wished(keep: bool | None, left: int) -> None:
    simulated = hosts()
    move_storage(simulated, "db01", "HV2", StorageRequest("D:\\VM2", {}, keep))
    assert len(node_of(simulated, "HV1")["left_disks"]) == left
    sent = calls(simulated)[0]["migration_settings"]["properties"]
    assert sent.get("RetainVhdCopiesOnSource") == keep


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (StorageRequest("VMs\\db01"), "destination_storage_path is 'VMs"),
        (StorageRequest("\\\\server"), "destination_storage_path is"),
        (StorageRequest("", {"D:\\nosuch.vhdx": "E:\\nosuch.vhdx"}), "has no disk D:\\\\nosuch.vhdx. Its disks are D:"),
        (StorageRequest("", {"D:\\VM\\db01\\os.vhdx": "os.vhdx"}), "destination_path is 'os.vhdx'"),
        (
            StorageRequest("D:\\n", {"D:\\VM\\db01\\os.vhdx": "D:\\n\\Virtual Hard Disks\\DATA.vhdx"}),
            "Two disks of VM db01",
        ),
        (StorageRequest("", {}, True), "keep_source_disks"),
    ],
)
def test_bad_paths_are_refused_before_anything_is_done(wish: StorageRequest, told: str) -> None:
    simulated = hosts()
    with pytest.raises(HyperVError, match=told):
        move_storage(simulated, "db01", "HV2", wish)
    assert calls(simulated) == []


def test_a_clustered_vm_has_no_storage_to_take_along() -> None:
    with pytest.raises(HyperVError, match="is clustered"):
        move_storage(Simulated(), "web01", "NODE2", StorageRequest("D:\\VM"))


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("destination", ["HV1", "HV2"])
def test_a_lost_answer_to_a_move_of_storage_is_looked_after(lost: str, destination: str) -> None:
    simulated = hosts()
    simulated.lose = lose_first(lost, functools.partial(is_call, "MigrateVirtualSystemToHost"))
    run = move_storage(simulated, "db01", destination, StorageRequest("D:\\VM2"))
    assert (run.outcome, simulated.migrations("db01")) == ("completed" if destination == "HV1" else "moved", 1)
    assert files(simulated, "db01")["configuration"] == "D:\\VM2"


def test_files_that_did_not_move_although_the_job_says_so_are_a_failure() -> None:
    simulated = hosts()
    old = b"<p:ConfigurationDataRoot>D:\\VM\\db01<"

    def alter(request: bytes, answer: bytes) -> bytes:
        return answer.replace(b"<p:ConfigurationDataRoot>D:\\VM2<", old)

    simulated.alter = alter
    run = move_storage(simulated, "db01", "HV2", StorageRequest("D:\\VM2"))
    assert (run.outcome, run.error.code) == ("failed", "storage_not_moved")
    assert "D:\\VM\\db01" in run.error.text


def staged(simulated: Simulated, **settings: t.Any) -> MigrationTask:
    """Move web01 to HV2 with some migration settings, by option."""
    known = {one.option: one for one in MIGRATION_PROPERTIES}
    wanted = WantedSettings({known[option]: value for option, value in settings.items()})
    (move,) = plan(simulated.cluster, [MoveRequest("HV2", "web01")], "auto")
    run = MigrationTask(MigrationRequest(move, Timeout(600, "given"), not wanted.moves_the_vm))
    methods = Methods(simulated.cluster, "auto", wanted)
    Scheduler(simulated.cluster, methods, Limits({}), Policy(), lambda runs: None).execute([run])
    return run


def test_a_planned_vm_is_made_on_the_destination_and_the_vm_moves_into_it() -> None:
    simulated = hosts()
    run = staged(simulated, migration_type="staged")
    assert (run.outcome, run.method, simulated.owner("web01")) == ("completed", "host", "HV1")
    (planned,) = node_of(simulated, "HV2")["planned"]
    run = staged(simulated, destination_planned_virtual_system_id=planned)
    assert (run.outcome, simulated.owner("web01"), node_of(simulated, "HV2")["planned"]) == ("moved", "HV2", [])


def test_a_planned_vm_that_is_not_there_is_refused() -> None:
    run = staged(hosts(), destination_planned_virtual_system_id="6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31")
    assert (run.outcome, run.error.error_code) == ("failed", 32773)


def test_each_host_is_asked_for_its_name_once_however_many_vms_go_to_it() -> None:
    simulated = hosts(scenario([host("HV1"), host("HV2")], [vm("web", count=20, owner="HV1")]))
    simulated.runs(*((f"web{number:02}", "HV2") for number in range(1, 21)))
    assert simulated.sent["HV2"] < 10


def test_a_clustered_vm_beside_one_that_is_not_takes_no_storage_along() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("lone", clustered=False)]))
    wishes = [MoveRequest("NODE2", name, None, StorageRequest("D:\\VM")) for name in ("lone", "web01")]
    with pytest.raises(HyperVError, match="web01 is clustered"):
        plan(simulated.cluster, wishes, "auto")
