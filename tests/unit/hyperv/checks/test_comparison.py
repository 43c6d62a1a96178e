# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a destination lacks for a VM, compared without Hyper-V: in check mode, and where its verdict is not known."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodChoice
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
    MigrationOptions,
    dry_run,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan

from tests.simulator.host_profiles import Windows
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.support.scenarios import Scenario, attachment, fault, migration, node, scenario, vm
from tests.support.simulated import Simulated

GUARDIAN = "UntrustedGuardian"
READS = (
    b"FROM Msvm_VirtualEthernetSwitch<",
    b"FROM Msvm_EthernetPortAllocationSettingData<",
    b"FROM Msvm_ProcessorSettingData<",
    b"FROM Msvm_VirtualSystemSettingData<",
    b"FROM Msvm_SecuritySettingData<",
    b"FROM Msvm_GpuPartitionSettingData<",
    b"FROM Win32_Processor ",
)


def cluster(
    wants: VmHardwareSpec | None = None,
    has: HostHardwareSpec | None = None,
    here: HostHardwareSpec | None = None,
    *,
    processor: int = 1,
    windows: Windows | None = None,
    **of_vm: t.Any,
) -> Scenario:
    """Return NODE1 with web01, which ``wants`` something of NODE2; what is not given is as usual."""
    nodes = [
        node("NODE1", hardware=here or HostHardwareSpec(), windows=windows),
        node("NODE2", hardware=has or HostHardwareSpec(), processor=processor, windows=windows),
    ]
    return scenario(nodes, [vm("web01", memory_mb=2000, hardware=wants or VmHardwareSpec(), **of_vm)])


def rehearsed(given: Scenario, method: MethodChoice = "cluster_group", **switches: t.Any) -> MigrationTask:
    simulated = Simulated(given, **switches)
    (run,) = simulated.rehearse(("web01", "NODE2"), method=method)
    assert simulated.migrations("web01") == 0
    return run


def moved(given: Scenario, method: MethodChoice = "cluster_group", **switches: t.Any) -> tuple[MigrationTask, int]:
    simulated = Simulated(given, **switches)
    (run,) = simulated.move(("web01", "NODE2"), method=method)
    return run, simulated.migrations("web01")


def codes(run: MigrationTask, severity: str) -> list[str]:
    return [finding.code for finding in run.findings if finding.severity == severity]


def adapters(*those: AdapterSpec) -> VmHardwareSpec:
    return VmHardwareSpec(adapters=those)


INTERNAL = adapters(AdapterSpec("Internal"))
WITH_INTERNAL = HostHardwareSpec(switches=("External", "Internal"))


def test_what_a_usual_host_offers_a_usual_vm_is_no_finding() -> None:
    run = rehearsed(cluster())

    assert (run.outcome, run.findings, run.warnings) == ("would_move", (), [])


def test_a_missing_switch_is_told_with_both_names_and_a_remedy_before_anything_runs() -> None:
    given = cluster(INTERNAL, here=WITH_INTERNAL)
    run = rehearsed(given)

    assert (run.outcome, run.error.code) == ("failed", "switch_missing")
    assert run.error.message == (
        "NODE2 has no virtual switch Internal, and a network adapter of VM web01 is connected to Internal on NODE1."
    )
    assert "Rename-VMSwitch" in run.error.remedy


def test_a_move_goes_by_hyper_vs_verdict_alone() -> None:
    simulated = Simulated(cluster(INTERNAL, here=WITH_INTERNAL))
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")

    assert (run.outcome, run.attempt.checked, run.findings, simulated.migrations("web01")) == ("failed", True, (), 1)
    assert not [read for read in READS if any(read in request for unused, request in simulated.requests)]


def test_a_move_for_which_hyper_v_gives_no_verdict_is_compared_before_it_is_made() -> None:
    run, migrations = moved(hosts(INTERNAL, WITH_INTERNAL), "host", host_checks="none")

    assert (run.outcome, run.error.code, migrations) == ("failed", "switch_missing", 0)


@pytest.mark.parametrize(
    ("wants", "has"),
    [
        (INTERNAL, WITH_INTERNAL),
        (adapters(), HostHardwareSpec(switches=())),
        (adapters(AdapterSpec("Internal", connected=False)), HostHardwareSpec()),
        (adapters(AdapterSpec(None)), HostHardwareSpec()),
        (adapters(AdapterSpec(pool="Production")), HostHardwareSpec(network_pools=("production",))),
    ],
    ids=["there", "no adapter", "disabled", "not connected", "pool"],
)
def test_adapters_that_need_no_switch_or_find_theirs_are_no_finding(
    wants: VmHardwareSpec, has: HostHardwareSpec
) -> None:
    run = rehearsed(cluster(wants, has, WITH_INTERNAL))

    assert (run.outcome, run.findings) == ("would_move", ())


@pytest.mark.parametrize(("names", "outcome"), [("any_case", "moved"), ("exact", "failed")])
def test_a_switch_of_another_letter_case_is_a_doubt_that_stops_nothing(names: str, outcome: str) -> None:
    given = cluster(adapters(AdapterSpec("EXTERNAL")), here=HostHardwareSpec(switches=("EXTERNAL",)))
    run = rehearsed(given, switch_names=names)
    tried, migrations = moved(given, switch_names=names)

    assert (run.outcome, codes(run, "warning")) == ("would_move", ["switch_case"])
    assert (tried.outcome, migrations) == (outcome, 1)
    assert any("letter case" in warning for warning in run.warnings)


def test_a_pool_that_is_missing_is_a_doubt() -> None:
    run = rehearsed(cluster(adapters(AdapterSpec(pool="Production"))))

    assert (run.outcome, codes(run, "warning")) == ("would_move", ["switch_pool_missing"])


@pytest.mark.parametrize("limits", [True, False])
def test_no_vm_that_runs_goes_to_processors_of_another_maker(limits: bool) -> None:
    given = cluster(has=HostHardwareSpec(processor_maker="AuthenticAMD"), limits_processor_features=limits)
    run = rehearsed(given, compatibility="always_yes")

    assert run.error.code == "other_processor_maker"
    assert "GenuineIntel" in run.error.cause
    assert "AuthenticAMD" in run.error.cause


def test_one_that_is_off_goes_there() -> None:
    given = cluster(has=HostHardwareSpec(processor_maker="AuthenticAMD"), state="off")
    run = rehearsed(given)

    assert (run.outcome, run.findings) == ("would_move", ())


@pytest.mark.parametrize(
    ("compatibility", "expected"),
    [("always_yes", []), ("missing", ["other_processor"]), ("failed", ["other_processor"])],
)
def test_other_processors_are_a_doubt_where_hyper_v_has_not_compared_them(
    compatibility: str, expected: Sequence[str]
) -> None:
    run = rehearsed(cluster(processor=2), compatibility=compatibility)

    assert (run.outcome, codes(run, "warning")) == ("would_move", [*expected])


def test_processor_compatibility_takes_that_doubt_away() -> None:
    run = rehearsed(cluster(processor=2, limits_processor_features=True), compatibility="missing")

    assert run.findings == ()


def test_what_the_nodes_of_a_cluster_have_in_common_means_nothing_to_a_host_outside() -> None:
    given = scenario(
        [node("NODE1", member=False, windows=2025), node("NODE2", member=False, windows=2025, processor=2)],
        [
            vm(
                "web01",
                memory_mb=2000,
                limits_processor_features=True,
                hardware=VmHardwareSpec(processor_mode="cluster"),
            )
        ],
    )
    run = rehearsed(given, "host", host_checks="none")

    assert codes(run, "warning") == ["processor_mode"]


@pytest.mark.parametrize(
    ("windows", "version", "remedy"),
    [(2016, "9.0", "cannot be lowered"), (2022, "12.0", "cannot be lowered"), (2025, "5.0", "Update-VMVersion")],
)
def test_a_version_that_the_destination_does_not_support_stops_the_move(
    windows: Windows, version: str, remedy: str
) -> None:
    run = rehearsed(cluster(VmHardwareSpec(version=version), windows=windows))

    assert run.error.code == "vm_version"
    assert version in run.error.cause
    assert remedy in run.error.remedy


def test_a_version_is_not_judged_on_a_build_that_no_table_has() -> None:
    given = scenario(
        [node("NODE1", build=25398), node("NODE2", build=25398)],
        [vm("web01", memory_mb=2000, hardware=VmHardwareSpec(version="12.0"))],
    )

    assert rehearsed(given).findings == ()


def test_a_gpu_is_needed_where_the_vm_has_a_part_of_one() -> None:
    parts = (attachment("gpu_partition"),)
    gpus = HostHardwareSpec(gpus=(r"\\?\PCI#VEN_10DE",))
    without = rehearsed(cluster(attachments=parts, here=gpus))
    with_one = rehearsed(cluster(attachments=parts, here=gpus, has=gpus))

    assert without.error.code == "no_gpu"
    assert (with_one.outcome, with_one.findings) == ("would_move", ())


@pytest.mark.parametrize("client", ["present", "absent", "fails"])
def test_a_guardian_whose_key_is_missing_is_a_doubt(client: str) -> None:
    here = HostHardwareSpec(guardians=(GUARDIAN,))
    run = rehearsed(cluster(VmHardwareSpec(tpm=True), here=here), guardian_client=client)
    expected = ["guardian_missing"] if client == "present" else []

    assert (run.outcome, codes(run, "warning")) == ("would_move", expected)
    assert all(GUARDIAN in finding.message for finding in run.findings)


@pytest.mark.parametrize(
    "there", [HostHardwareSpec(guardians=(GUARDIAN,)), HostHardwareSpec(guarded=True)], ids=["same key", "guarded"]
)
def test_a_host_with_the_same_key_or_one_that_is_guarded_opens_a_tpm(there: HostHardwareSpec) -> None:
    here = HostHardwareSpec(guardians=(GUARDIAN,))
    run, unused = moved(cluster(VmHardwareSpec(tpm=True), there, here))

    assert (run.outcome, run.findings) == ("moved", ())


def test_a_shielded_vm_is_warned_of_on_a_host_that_is_not_guarded() -> None:
    given = cluster(VmHardwareSpec(shielded=True), here=HostHardwareSpec(guarded=True))
    run = rehearsed(given)
    tried, migrations = moved(given)

    assert (run.outcome, codes(run, "warning")) == ("would_move", ["host_not_guarded"])
    assert (tried.outcome, migrations) == ("failed", 1)


def test_little_memory_is_told_in_check_mode_between_hosts_and_left_to_hyper_v_otherwise() -> None:
    """In a cluster all moves of a task are judged together, which counts memory."""
    nodes = [node("NODE1", member=False), node("NODE2", member=False, memory_mb=5000)]
    given = scenario(nodes, [vm("web01", memory_mb=2000)])
    run = rehearsed(given, "host", host_checks="none")
    tried, migrations = moved(given, "host", host_checks="none")

    assert (run.outcome, codes(run, "warning")) == ("would_move", ["little_memory"])
    assert (tried.findings, tried.outcome, migrations) == ((), "failed", 1)


def test_a_vm_at_rest_can_be_moved_and_what_it_will_miss_is_a_warning() -> None:
    given = cluster(INTERNAL, here=WITH_INTERNAL, state="off")
    run = rehearsed(given)
    tried, unused = moved(given)

    assert (run.outcome, codes(run, "warning"), tried.outcome) == ("would_move", ["switch_missing"], "moved")


def hosts(wants: VmHardwareSpec, here: HostHardwareSpec) -> Scenario:
    """Return two hosts without a cluster."""
    return scenario(
        [node("NODE1", member=False, hardware=here), node("NODE2", member=False)],
        [vm("web01", memory_mb=2000, hardware=wants)],
    )


def test_the_host_method_compares_where_hyper_v_has_no_check() -> None:
    run = rehearsed(hosts(INTERNAL, WITH_INTERNAL), "host", host_checks="none")

    assert run.error.code == "switch_missing"


def test_no_login_is_made_for_it() -> None:
    """MigrateVirtualSystemToSystem is called on one node, and its check mode asks no other."""
    simulated = Simulated(cluster(adapters(AdapterSpec(pool="Production"))))
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], "system")
    (run,) = dry_run(simulated.cluster, moves, MigrationOptions(method="system")).tasks

    assert run.outcome == "would_move"
    assert set(simulated.sent) == {"NODE1"}
    assert run.findings == ()


MANY = [vm(f"web0{number}", memory_mb=500) for number in range(1, 6)]


def many(given: Scenario, lose: t.Callable[[str, bytes], str] = lambda there, request: "") -> Simulated:
    """Ask whether five VMs can be moved, and return where that was done; all of them can."""
    simulated = Simulated(given)
    simulated.lose = lose
    runs = simulated.rehearse(*((one.name, "NODE2") for one in MANY), method="cluster_group")
    assert {run.outcome for run in runs} == {"would_move"}
    return simulated


def test_many_vms_cost_six_queries_to_the_source_and_two_to_the_destination_in_all() -> None:
    simulated = many(scenario(vms=MANY))
    asked = {
        name: sum(any(read in request for read in READS) for there, request in simulated.requests if there == name)
        for name in ("NODE1", "NODE2", "NODE3")
    }

    assert asked == {"NODE1": 6, "NODE2": 2, "NODE3": 0}


@pytest.mark.parametrize("host", ["NODE1", "NODE2"])
@pytest.mark.parametrize("how", ["down", "before", "after"])
@pytest.mark.parametrize("read", READS, ids=lambda read: read.decode().split()[1].strip("<"))
def test_a_reading_that_breaks_never_changes_the_outcome(host: str, how: str, read: bytes) -> None:
    simulated = Simulated(cluster())
    simulated.lose = lambda there, request: how if there == host and read in request else ""
    (run,) = simulated.rehearse(("web01", "NODE2"), method="cluster_group")

    assert (run.outcome, run.findings) == ("would_move", ())


def test_a_host_that_hangs_costs_its_time_once() -> None:
    simulated = many(scenario(vms=MANY), lambda there, request: "down" if READS[1] in request else "")

    assert sum(READS[1] in request for there, request in simulated.requests) == 1


def test_what_a_host_refuses_is_asked_once_for_all_vms() -> None:
    refused = fault("fault", code=0x80041003, mentions="FROM Win32_Processor ", node="NODE2", times=None)
    simulated = many(dataclasses.replace(scenario(vms=MANY), faults=(refused,)))

    assert sum(READS[6] in request for there, request in simulated.requests if there == "NODE2") == 1


def test_nothing_is_compared_without_a_precheck() -> None:
    simulated = Simulated(cluster(INTERNAL, here=WITH_INTERNAL))
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group", precheck=False)

    assert (run.findings, simulated.migrations("web01")) == ((), 1)


def refused_by_hyper_v(given: Scenario, **switches: t.Any) -> tuple[MigrationTask, Simulated]:
    """Ask the check of the cluster's method, which says yes or no."""
    simulated = Simulated(given, **switches)
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], "system")
    (run,) = dry_run(simulated.cluster, moves, MigrationOptions(method="system")).tasks
    assert (run.outcome, run.error.code) == ("failed", "not_migratable")
    return run, simulated


@pytest.mark.parametrize(
    ("given", "cause", "remedy"),
    [
        (cluster(INTERNAL, here=WITH_INTERNAL), "has no virtual switch Internal", "Rename-VMSwitch"),
        (
            scenario([node("NODE1", processor=2), node("NODE2")], [vm("web01", memory_mb=2000)]),
            "Hyper-V says that NODE2 cannot host VM web01",
            "processor compatibility",
        ),
    ],
    ids=["switch", "processor"],
)
def test_a_no_that_hyper_v_does_not_explain_is_explained_by_the_hosts(given: Scenario, cause: str, remedy: str) -> None:
    run, unused = refused_by_hyper_v(given)

    assert run.error.cause.startswith("Hyper-V says that VM web01 cannot be migrated to NODE2, and does not say why; ")
    assert cause in run.error.cause
    assert remedy in run.error.remedy


@pytest.mark.parametrize("how", ["down", "before", "after"])
def test_a_no_stands_where_the_hosts_do_not_answer(how: str) -> None:
    given = cluster(INTERNAL, here=WITH_INTERNAL)
    simulated = Simulated(given)
    simulated.lose = lambda there, request: how if there == "NODE2" else ""
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], "system")
    (run,) = dry_run(simulated.cluster, moves, MigrationOptions(method="system")).tasks

    assert (run.outcome, run.error.code) == ("failed", "not_migratable")
    assert run.error.cause.endswith("and does not say why")


def test_a_no_for_which_the_hosts_know_no_reason_stays_as_it_is() -> None:
    run, unused = refused_by_hyper_v(cluster(migration=migration(refuse_check="the disk is not there")))

    assert run.error.cause.endswith("and does not say why")
    assert run.findings == ()
