# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that tasks are given: empty ones, ones that contradict an id, and ones that mean more than one VM."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.support.actions import perform
from tests.support.maintenance import NODES, Story
from tests.support.scenarios import migration, scenario, vm
from tests.support.simulated import Simulated, started


def cluster_of(*names: str) -> Simulated:
    return Simulated(scenario(vms=[vm(name, memory_mb=2000) for name in names]))


def id_of(simulated: Simulated, name: str) -> str:
    return str(next(one["id"] for one in simulated.server.state()["vms"] if one["name"] == name))


def states(simulated: Simulated) -> dict[str, str]:
    return {one["name"]: one["state"] for one in simulated.server.state()["vms"]}


class TestACancellationThatNamesNothing:
    """A variable without a value must not stand for every migration of the cluster."""

    @pytest.mark.parametrize("check_mode", [False, True])
    @pytest.mark.parametrize(
        "given",
        [{"name": ""}, {"vm_id": ""}, {"job_id": ""}, {"name": None}, {"job_id": None}, {"job_id": "  "}],
        ids=str,
    )
    def test_it_is_refused_and_what_runs_goes_on(self, given: dict[str, t.Any], check_mode: bool) -> None:
        simulated, _job = started(scenario(vms=[vm("web01", memory_mb=20000, migration=migration(stuck_at=40))]))
        with pytest.raises(HyperVError, match=r"empty\. Name the VM \(name or vm_id\) or the job"):
            perform("hyperv_migration_job", simulated, check_mode=check_mode, state="cancelled", **given)
        assert simulated.called("RequestStateChange") == []


class TestAChangeOfState:
    def test_a_name_that_begins_with_a_blank_is_another_name(self) -> None:
        simulated = cluster_of("web", " web")
        perform("hyperv_vm_state", simulated, name=" web", state="saved")
        assert states(simulated) == {"web": "running", " web": "saved"}

    def test_a_name_may_be_a_number(self) -> None:
        simulated = cluster_of("0", "web")
        perform("hyperv_vm_state", simulated, vms=[{"name": 0}], state="saved")
        assert states(simulated) == {"0": "saved", "web": "running"}

    def test_an_id_beside_the_name_of_another_vm_counts_and_is_told(self) -> None:
        simulated = cluster_of("web", "db")
        done = perform(
            "hyperv_vm_state", simulated, vms=[{"name": "db", "vm_id": id_of(simulated, "web")}], state="saved"
        )
        assert done["warnings"] == ["vm_id is that of VM web, and name is db: the VM of the id is meant."]
        assert states(simulated) == {"web": "saved", "db": "running"}

    def test_an_id_beside_its_own_name_is_no_contradiction(self) -> None:
        simulated = cluster_of("web", "db")
        done = perform(
            "hyperv_vm_state", simulated, vms=[{"name": "WEB", "vm_id": id_of(simulated, "web")}], state="saved"
        )
        assert "warnings" not in done

    @pytest.mark.parametrize("given", [{"name": ""}, {"vm_id": " "}], ids=str)
    def test_one_that_names_nothing_is_not_told_of_a_list_that_it_did_not_give(self, given: dict[str, t.Any]) -> None:
        with pytest.raises(HyperVError, match=r"^name is empty\. Give the display name of a VM, or its vm_id\.$"):
            perform("hyperv_vm_state", cluster_of("web"), state="saved", **given)


class TestWhereAMoveIsFetchedFrom:
    """``source_host``: a VM that is elsewhere is left there, wherever that is."""

    @pytest.mark.parametrize("source", ["NODE3", "NODE9", "node3.corp.example"])
    def test_a_vm_that_is_not_there_is_left_where_it_is(self, source: str) -> None:
        simulated = cluster_of("web")
        wish = {"name": "web", "destination_host": "NODE2", "source_host": source}
        done = perform("hyperv_vm_migrate", simulated, moves=[wish])
        assert (done["moves"][0]["outcome"], simulated.owner("web")) == ("elsewhere", "NODE1")

    @pytest.mark.parametrize("source", ["node1", "NODE1.corp.example", ""])
    def test_one_that_is_there_is_moved(self, source: str) -> None:
        simulated = cluster_of("web")
        wish = {"name": "web", "destination_host": "NODE2", "source_host": source}
        done = perform("hyperv_vm_migrate", simulated, moves=[wish])
        assert (done["moves"][0]["outcome"], simulated.owner("web")) == ("moved", "NODE2")


class TestStrategies:
    def test_letters_are_compared_as_windows_does(self) -> None:
        """Straße and STRASSE are two VMs, of which one is to be shut down."""
        story = Story(
            scenario(NODES, [vm("Straße", memory_mb=2000, group="one"), vm("STRASSE", memory_mb=2000, group="other")])
        )
        outcome = story.evacuate(("strasse", "shutdown"))
        assert outcome.error == ""
        assert {name: state for name, (_owner, state) in story.vms.items()} == {"Straße": "running", "STRASSE": "off"}

    def test_a_name_that_is_a_pattern_for_others_is_told(self) -> None:
        story = Story(scenario(NODES, [vm("web[1]", memory_mb=2000), vm("web1", memory_mb=2000)]))
        outcome = story.evacuate(("WEB[1]", "shutdown"), check=True)
        assert outcome.plan is not None
        note = (
            "The strategy 'shutdown' for 'WEB[1]', which is the name of a VM, is a pattern as well and is taken for "
            "web1 too. Give the VM's GUID to mean only that VM."
        )
        assert note in outcome.plan["notes"]
