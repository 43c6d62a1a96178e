# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the providers answer to the method that the product calls, and which rows they show, without the wire."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from tests.simulator.cim import CimFault, Embedded, Instance, ObjectPath, Provider
from tests.simulator.clock import ManualClock
from tests.simulator.providers import providers_of
from tests.simulator.scenario_file import read_scenario
from tests.simulator.world import World

CLUSTER = "root/HyperVCluster/v2"
SERVICE = "Msvm_VirtualSystemMigrationService"
NODES = "nodes: [{name: NODE1}, {name: NODE2}]\nvms: [{name: a, owner: NODE1, memory_mb: 1000}]\n"
TYPED = Embedded("Msvm_VirtualSystemMigrationSettingData", {"MigrationType": 32768})


class Seen:
    """A world as one of its nodes shows it."""

    def __init__(self, more: str = "", node: str = "NODE1") -> None:
        self.clock = ManualClock()
        self.world = World(read_scenario(NODES + more), self.clock)
        self.providers: dict[str, Provider] = {
            provider.namespace: provider for provider in providers_of(self.world, self.world.nodes[node])
        }
        self.vm = next(iter(self.world.machines.values()))

    def rows(self, namespace: str, class_name: str) -> list[Instance]:
        self.world.look()
        return list(self.providers[namespace].instances(class_name))

    def row(self, namespace: str, class_name: str, **wanted: str) -> Instance:
        found = [row for row in self.rows(namespace, class_name) if wanted.items() <= row.items()]
        assert len(found) == 1, found
        return found[0]

    def call(self, method: str, **changed: t.Any) -> t.Mapping[str, t.Any]:
        parameters = {
            "ComputerSystem": system(self.vm.id),
            "DestinationSystem": system("NODE2"),
            "MigrationSettingData": TYPED,
            "NewSystemSettingData": None,
            "NewResourceSettingData": None,
        }
        service = ObjectPath(CLUSTER, SERVICE, {"CreationClassName": SERVICE})
        return self.providers[CLUSTER].invoke(service, method, {**parameters, **changed})

    def migrate(self, **changed: t.Any) -> t.Mapping[str, t.Any]:
        return self.call("MigrateVirtualSystemToSystem", **changed)

    def node_call(self, node: str, method: str, **parameters: t.Any) -> None:
        path = ObjectPath("root/MSCluster", "MSCluster_Node", {"Name": node})
        self.providers["root/MSCluster"].invoke(path, method, parameters)


def system(name: str, namespace: str = CLUSTER) -> ObjectPath:
    return ObjectPath(namespace, "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": name})


def test_a_migration_returns_4096_and_a_job_that_can_be_read() -> None:
    seen = Seen()
    answer = seen.migrate()
    assert answer["ReturnValue"] == 4096
    job = answer["Job"]
    assert (job.namespace, job.class_name) == (CLUSTER, "Msvm_MigrationJob")
    seen.clock.advance(2.5)
    row = seen.row(CLUSTER, "Msvm_MigrationJob", InstanceID=job.key("InstanceID"))
    assert (row["JobState"], row["OperationalStatus"], row["VirtualSystemName"]) == (4, [2], seen.vm.id)
    seen.clock.advance(5)
    row = seen.row(CLUSTER, "Msvm_MigrationJob", InstanceID=job.key("InstanceID"))
    assert (row["JobState"], row["OperationalStatus"], row["PercentComplete"]) == (7, [17, 2], 100)


@pytest.mark.parametrize("shown", [True, False])
def test_the_cluster_conforms_to_the_profile_of_virtualization_where_its_row_is_shown(shown: bool) -> None:
    seen = Seen(f"switches: {{cluster_row: {str(shown).lower()}}}")
    elements = [row["ManagedElement"] for row in seen.rows("root/interop", "Msvm_ElementConformsToProfile")]
    of_cluster = [one for one in elements if one.namespace == CLUSTER]
    rows = seen.rows(CLUSTER, "Msvm_ComputerSystem")
    dedicated = [row["OtherDedicatedDescriptions"] for row in rows if row.get("Dedicated") == [2]]
    assert len(elements) - len(of_cluster) == 1
    assert (len(of_cluster), dedicated) == ((1, [["Hyper-V Cluster"]]) if shown else (0, []))


def test_a_moving_vm_says_so_in_its_second_operational_status() -> None:
    seen = Seen()
    seen.migrate()
    seen.clock.advance(1)
    row = seen.row(CLUSTER, "Msvm_ComputerSystem", Name=seen.vm.id)
    assert (row["EnabledState"], row["OperationalStatus"]) == (2, [2, 32774])


def test_the_owner_changes_in_summary_and_cluster_group() -> None:
    seen = Seen()
    seen.migrate()
    seen.clock.advance(10)
    assert seen.row(CLUSTER, "Msvm_SummaryInformation", Name=seen.vm.id)["HostComputerSystemName"] == "NODE2"
    assert seen.row("root/MSCluster", "MSCluster_ResourceGroup", Name="a")["OwnerNode"] == "NODE2"


@pytest.mark.parametrize(
    "changed",
    [
        {"ComputerSystem": None},
        {"ComputerSystem": system("NODE1")},
        {"ComputerSystem": system("00000000-0000-4000-8000-000000000000")},
        {"DestinationSystem": system("NODE9")},
        {"DestinationSystem": system("NODE2", "root/virtualization/v2")},
        {"DestinationSystem": None},
        {"MigrationSettingData": Embedded("Msvm_Error", {})},
        {"MigrationSettingData": Embedded("Msvm_VirtualSystemMigrationSettingData", {"MigrationType": 32769})},
    ],
)
@pytest.mark.parametrize(("family", "code"), [("dmtf", 4), ("hyperv", 32773)])
def test_a_wrong_parameter_is_an_invalid_parameter(changed: dict[str, t.Any], family: str, code: int) -> None:
    seen = Seen(f"switches: {{return_codes: {family}}}")
    assert seen.migrate(**changed)["ReturnValue"] == code
    assert seen.world.migrations.jobs == {}


@pytest.mark.parametrize(
    ("form", "setting_data"),
    [
        ("typed", TYPED),
        ("typed_net", Embedded("Msvm_VirtualSystemMigrationSettingData", {"MigrationType": 32768, "TransportType": 5})),
        ("null", None),
        ("cim", Embedded("CIM_VirtualSystemMigrationSettingData", {"MigrationType": 2})),
    ],
)
def test_a_form_of_setting_data_is_taken_only_where_it_is_switched_on(form: str, setting_data: Embedded | None) -> None:
    others = ", ".join({"typed", "typed_net", "null", "cim"} - {form})

    def answered(forms: str) -> int:
        seen = Seen(f"switches: {{accepts_setting_data: [{forms}]}}")
        return int(seen.migrate(MigrationSettingData=setting_data)["ReturnValue"])

    assert (answered(others), answered(form)) == (4, 4096)


@pytest.mark.parametrize(
    ("form", "returned", "has_job"),
    [("synchronous", 0, False), ("done_with_job", 0, True), ("job_unnamed", 4096, False)],
)
def test_the_method_can_return_in_other_forms(form: str, returned: int, has_job: bool) -> None:
    seen = Seen(f"switches: {{return_form: {form}}}")
    answer = seen.migrate()
    assert (answer["ReturnValue"], answer["Job"] is not None) == (returned, has_job)
    seen.clock.advance(10)
    seen.world.look()
    assert seen.vm.owner == "NODE2"


def test_the_check_says_what_the_move_would_do_and_moves_nothing() -> None:
    seen = Seen()
    assert seen.call("CheckVirtualSystemIsMigratableToSystem") == {"ReturnValue": 0, "IsMigratable": True}
    seen.node_call("NODE2", "Pause", DrainType=0)
    assert seen.call("CheckVirtualSystemIsMigratableToSystem")["IsMigratable"] is False
    assert seen.migrate()["ReturnValue"] == 5
    assert seen.vm.times_migrated == 0


def test_a_vm_that_does_not_fit_is_refused_by_the_check_and_fails_in_the_move() -> None:
    seen = Seen()
    node = seen.world.nodes["NODE2"]
    node.spec = dataclasses.replace(node.spec, memory_mb=4500)
    assert seen.call("CheckVirtualSystemIsMigratableToSystem")["IsMigratable"] is False
    assert seen.migrate()["ReturnValue"] == 4096
    seen.clock.advance(5)
    row = seen.rows(CLUSTER, "Msvm_MigrationJob")[0]
    assert row["JobState"] == 10
    assert "(0x8007000E)" in row["ErrorDescription"]


@pytest.mark.parametrize(("present", "returned"), [("not_supported", 1)])
def test_a_check_that_is_not_offered_says_so(present: str, returned: int) -> None:
    answer = Seen(f"switches: {{check_method: {present}}}").call("CheckVirtualSystemIsMigratableToSystem")
    assert answer == {"ReturnValue": returned}


def test_a_missing_method_is_a_fault() -> None:
    with pytest.raises(CimFault) as caught:
        Seen("switches: {check_method: missing}").call("CheckVirtualSystemIsMigratableToSystem")
    assert caught.value.code == 0x80338013


def test_the_cluster_namespace_is_empty_where_its_provider_is_not() -> None:
    assert Seen("switches: {provider_on: [NODE2]}").rows(CLUSTER, "Msvm_ComputerSystem") == []
    assert Seen("switches: {provider_on: [NODE2]}", node="NODE2").rows(CLUSTER, "Msvm_ComputerSystem")


def test_the_provider_can_follow_the_core_group() -> None:
    seen = Seen("switches: {provider_on: core_group}\nevents: [{at: 5, core_group: NODE2}]")
    assert seen.rows(CLUSTER, "Msvm_ComputerSystem")
    seen.clock.advance(6)
    assert seen.rows(CLUSTER, "Msvm_ComputerSystem") == []


def test_systems_of_the_cluster_namespace_are_cluster_nodes_and_vms() -> None:
    seen = Seen()
    names = [row["Name"] for row in seen.rows(CLUSTER, "Msvm_ComputerSystem")]
    assert names == ["HVC1", "NODE1", "NODE2", seen.vm.id]
    assert [row["Name"] for row in seen.rows("root/virtualization/v2", "Msvm_ComputerSystem")] == ["NODE1", seen.vm.id]


def test_texts_follow_the_language_of_the_hosts() -> None:
    row = Seen("language: ja-JP").row(CLUSTER, "Msvm_ComputerSystem", Name="NODE1")
    assert row["Caption"] == "ホスト コンピューター システム"


@pytest.mark.parametrize(("job_on", "node"), [("asked", "NODE2"), ("source", "NODE1")])
def test_a_job_in_the_host_namespace_is_at_the_node_that_the_switch_names(job_on: str, node: str) -> None:
    seen = Seen(f"switches: {{job_namespace: v2, job_on: {job_on}}}", node="NODE2")
    assert seen.migrate()["Job"].namespace == "root/virtualization/v2"
    for name in ("NODE1", "NODE2"):
        host = next(
            provider
            for provider in providers_of(seen.world, seen.world.nodes[name])
            if provider.namespace == "root/virtualization/v2"
        )
        assert bool(list(host.instances("Msvm_MigrationJob"))) == (name == node)
    assert seen.rows(CLUSTER, "Msvm_MigrationJob") == []


def test_errors_of_a_failed_job_come_outermost_first_and_carry_the_hresult() -> None:
    seen = Seen("switches: {job_class: Msvm_ConcreteJob}")
    job = seen.migrate()["Job"]
    provider = seen.providers[CLUSTER]
    assert provider.invoke(job, "GetErrorEx", {})["Errors"] is None
    seen.world.migrations.break_off(next(iter(seen.world.migrations.jobs.values())), 0x8009030E)
    errors = provider.invoke(job, "GetErrorEx", {})["Errors"]
    assert [error.properties["MessageID"] for error in errors] == ["21502", "21024", "22040"]
    assert all("(0x8009030E)" in error.properties["Message"] for error in errors)
    row = seen.row(CLUSTER, "Msvm_ConcreteJob", InstanceID=job.key("InstanceID"))
    assert (row["JobState"], row["ErrorCode"]) == (10, 32768)


@pytest.mark.parametrize(("requested", "state"), [(4, 6), (5, 9)])
def test_a_job_can_be_terminated_and_killed(requested: int, state: int) -> None:
    seen = Seen()
    job = seen.migrate()["Job"]
    answer = seen.providers[CLUSTER].invoke(job, "RequestStateChange", {"RequestedState": requested})
    assert answer["ReturnValue"] == 0
    assert seen.row(CLUSTER, "Msvm_MigrationJob", InstanceID=job.key("InstanceID"))["JobState"] == state
    again = seen.providers[CLUSTER].invoke(job, "RequestStateChange", {"RequestedState": 3})
    assert again["ReturnValue"] == 32770


@pytest.mark.parametrize(
    ("node", "method", "parameters", "code"),
    [
        ("NODE1", "Resume", {"FailbackType": 0}, 5058),
        ("NODE2", "Pause", {"DrainType": 0}, 5070),
        ("NODE1", "Pause", {"DrainType": 7}, 87),
        ("NODE1", "Pause", {"DrainType": 1, "TargetNode": "NODE9"}, 5042),
    ],
)
def test_a_wrong_call_at_a_node_faults_with_the_win32_code(
    node: str, method: str, parameters: dict[str, t.Any], code: int
) -> None:
    seen = Seen("events: [{at: 0, pause: NODE2}]")
    seen.world.look()
    with pytest.raises(CimFault) as caught:
        seen.node_call(node, method, **parameters)
    assert caught.value.code == code


def test_pause_and_resume_change_the_state_of_the_node() -> None:
    seen = Seen()
    seen.node_call("NODE1", "Pause", DrainType=0, TargetNode="")
    row = seen.row("root/MSCluster", "MSCluster_Node", Name="NODE1")
    assert (row["State"], row["NodeDrainStatus"]) == (2, 0)
    seen.node_call("NODE1", "Resume", FailbackType=0)
    assert seen.row("root/MSCluster", "MSCluster_Node", Name="NODE1")["State"] == 0


def test_free_memory_of_the_host_is_what_its_vms_leave() -> None:
    seen = Seen()
    system_row = seen.row("root/cimv2", "Win32_OperatingSystem")
    assert system_row["TotalVisibleMemorySize"] == 131072 * 1024
    assert system_row["FreePhysicalMemory"] == (131072 - 4096 - 1000) * 1024


def test_the_resource_of_a_vm_names_its_guid_and_the_progress_of_its_migration() -> None:
    seen = Seen()
    seen.migrate()
    seen.clock.advance(3)
    row = seen.row("root/MSCluster", "MSCluster_Resource", Name="Virtual Machine a")
    private = row["PrivateProperties"].properties
    assert (private["VmID"], private["MigrationState"], private["MigrationProgress"]) == (seen.vm.id, 2, 50)


def test_possible_owners_are_told_by_method_and_by_association() -> None:
    seen = Seen()
    path = ObjectPath("root/MSCluster", "MSCluster_Resource", {"Name": "Virtual Machine a"})
    assert seen.providers["root/MSCluster"].invoke(path, "GetPossibleOwners", {})["NodeNames"] == ["NODE1", "NODE2"]
    rows = seen.rows("root/MSCluster", "MSCluster_ResourceToPossibleOwner")
    owners = [row["PartComponent"].key("Name") for row in rows if row["GroupComponent"].key("Name") == path.key("name")]
    assert owners == ["NODE1", "NODE2"]


def test_a_method_that_is_not_simulated_is_a_fault_and_no_success() -> None:
    seen = Seen()
    with pytest.raises(CimFault) as caught:
        seen.node_call("NODE1", "ExecuteNodeControl")
    assert caught.value.code == 0x80041024
