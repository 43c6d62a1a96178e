# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Classes and namespaces that an older version of Windows lacks, in each form that hosts were recorded with."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.topology import Topology
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.support.scenarios import Scenario, node, scenario, vm, with_windows
from tests.support.simulated import Simulated

FORMS = ["not_found", "filter", "wmi"]
LAYOUTS = ["wsman", "wmi_error"]
CLUSTER = scenario([node(f"NODE{number}") for number in (1, 2, 3)], [vm("web", count=20, memory_mb=1024)])
WITH_RULES = with_windows(CLUSTER, 2022)
HYPERV = "root/HyperVCluster/v2"
SYSTEMS = Query("Msvm_ComputerSystem", ("Name",), {"ElementName": ("web01",)})


@dataclasses.dataclass(frozen=True)
class Planned:
    """What a plan says, and what reading for it took."""

    moves: dict[str, str]
    is_feasible: bool
    requests: int
    received: int


def planned(given: Scenario, **switches: t.Any) -> Planned:
    simulated = Simulated(given, **switches)
    sizes: list[int] = []

    def weigh(request: bytes, answer: bytes) -> bytes:
        sizes.append(len(request) + len(answer))
        return answer

    simulated.alter = weigh
    plan = plan_evacuation(simulated.cluster, EvacuationRequest("NODE1"))
    moves = {one.candidate.vm.name: one.destination for one in plan.moves}
    return Planned(moves, not plan.stays, simulated.sent.total(), sum(sizes))


def asked_by_query(simulated: Simulated) -> list[bool]:
    """Return of each enumeration whether it was a query."""
    return [b"w:Filter" in request for unused, request in simulated.requests if b"<n:Enumerate>" in request]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_cluster_without_affinity_rules_is_planned_for_at_the_price_of_one_with_them(form: str, layout: str) -> None:
    forms = {"missing_class_form": form, "fault_layout": layout}
    older = planned(WITH_RULES, missing_classes=["MSCluster_AffinityRule"], **forms)
    assert_at_the_price(older, planned(WITH_RULES, **forms))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_cluster_of_2016_is_planned_for_at_the_price_of_one_of_2022(form: str, layout: str) -> None:
    forms = {"missing_class_form": form, "fault_layout": layout}
    assert_at_the_price(planned(with_windows(CLUSTER, 2016), **forms), planned(WITH_RULES, **forms))


def assert_at_the_price(older: Planned, whole: Planned) -> None:
    assert older.is_feasible
    assert older.moves == whole.moves
    assert older.received <= 1.1 * whole.received
    assert older.requests <= whole.requests + 1, "the class itself is asked for once more"


@pytest.mark.parametrize("form", FORMS)
def test_a_class_that_is_missing_first_thing_is_not_taken_for_a_missing_namespace(form: str) -> None:
    session = Simulated(CLUSTER, missing_classes=["Msvm_MigrationJob"], missing_class_form=form).cluster.home
    assert session.query(HYPERV, Query("Msvm_MigrationJob"), missing_ok=True) == []
    with pytest.raises(Fault) as caught:
        session.query(HYPERV, Query("Msvm_MigrationJob"))
    assert caught.value.lacks_only_the_class
    assert not caught.value.is_not_found


@pytest.mark.parametrize("form", FORMS)
def test_a_namespace_that_is_missing_is_never_taken_for_a_missing_class(form: str) -> None:
    session = Simulated(CLUSTER, missing_class_form=form, cluster_migration_service="namespace_missing").cluster.home
    for unused in range(2):
        with pytest.raises(Fault) as caught:
            session.query(HYPERV, SYSTEMS, missing_ok=True)
        assert caught.value.is_missing_namespace
        assert not caught.value.is_not_found


@pytest.mark.parametrize("form", FORMS)
def test_a_host_without_a_cluster_stands_alone(form: str) -> None:
    hosts = scenario([node("HV1", member=False), node("HV2", member=False)], [vm("web01", owner="HV1")])
    cluster = Simulated(hosts, home="HV1", missing_class_form=form).cluster
    assert cluster.topology is Topology.STANDALONE_HOSTS


def test_a_missing_class_does_not_end_queries_and_is_asked_for_plainly_from_then_on() -> None:
    simulated = Simulated(CLUSTER, missing_classes=["Msvm_MigrationJob"], missing_class_form="not_found")
    session = simulated.cluster.home
    for unused in range(2):
        assert session.query(HYPERV, Query("Msvm_MigrationJob"), missing_ok=True) == []
    assert len(session.query(HYPERV, SYSTEMS)) == 1
    # A query, a plain enumeration, whether the namespace exists; a plain enumeration; a query.
    assert asked_by_query(simulated) == [True, False, False, False, True]


def test_queries_are_given_up_only_after_the_same_class_was_enumerated() -> None:
    simulated = Simulated(CLUSTER, wql="refused")
    session = simulated.cluster.home
    assert len(session.query(HYPERV, SYSTEMS)) == 1
    assert len(session.query(HYPERV, Query("Msvm_SummaryInformation"))) == 20
    assert asked_by_query(simulated) == [True, False, False]


def test_one_refused_query_does_not_end_those_that_a_namespace_has_answered() -> None:
    simulated = Simulated(CLUSTER)
    session = simulated.cluster.home
    session.query(HYPERV, SYSTEMS)
    unknown = Query("Msvm_SummaryInformation", ("Name", "NoSuchProperty"))
    assert len(session.query(HYPERV, unknown)) == 20
    session.query(HYPERV, SYSTEMS)
    assert asked_by_query(simulated) == [True, True, False, True]
