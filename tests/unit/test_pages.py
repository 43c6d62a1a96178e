# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A long list comes in pages, which together are the whole list, and with its counts."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.support.actions import perform
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

VMS = [vm(f"vm{number:02}", owner="NODE1" if number % 3 else "NODE2") for number in range(12)]
SIMULATED = Simulated(scenario([node("NODE1"), node("NODE2")], [*VMS, vm("old", state="off")]))


def ask(**given: t.Any) -> dict[str, t.Any]:
    return perform("hyperv_vm_info", SIMULATED, **given)


def names_in(answer: dict[str, t.Any]) -> list[str]:
    return [one["name"] for one in answer["vms"]]


def ask_cim(**given: t.Any) -> dict[str, t.Any]:
    return perform("hyperv_cim_info", SIMULATED, class_name="Msvm_ComputerSystem", properties=["ElementName"], **given)


WHOLE = ["old", *sorted(one.name for one in VMS)]


@pytest.mark.parametrize("limit", [1, 4, 5, 12, 13, 14])
def test_pages_are_the_whole_list(limit: int) -> None:
    found: list[str] = []
    while True:
        answer = ask(limit=limit, offset=len(found))
        found += names_in(answer)
        assert (answer["total"], "warnings" in answer) == (13, len(found) < 13)
        if "warnings" not in answer:
            break
        assert f"set offset to {len(found)}, or limit to 0" in answer["warnings"][0]
    assert found == WHOLE


def test_the_counts_are_those_of_all_that_match() -> None:
    answer = ask(limit=1)
    assert (answer["by_node"], answer["by_state"]) == ({"NODE1": 9, "NODE2": 4}, {"off": 1, "running": 12})
    assert ask(limit=1, node="NODE2")["total"] == 4


def test_without_a_limit_all_are_listed() -> None:
    assert names_in(ask(limit=0)) == WHOLE
    assert names_in(ask(limit=0, offset=10)) == WHOLE[10:]
    assert names_in(ask(offset=99)) == []


@pytest.mark.parametrize("name", ["limit", "offset"])
def test_a_number_below_nought_is_refused_by_name(name: str) -> None:
    with pytest.raises(HyperVError, match=f"{name} is -1. It must be 0 or more VMs"):
        ask(**{name: -1})
    with pytest.raises(HyperVError, match=f"{name} is -1. It must be 0 or more instances"):
        ask_cim(**{name: -1})


def test_instances_of_a_class_come_in_pages_likewise() -> None:
    whole = ask_cim()
    assert (whole["total"], len(whole["instances"]), "warnings" in whole) == (16, 16, False)
    first, rest = ask_cim(limit=10), ask_cim(limit=10, offset=10)
    assert first["warnings"] == [
        "10 of 16 instances are listed, from 0 on. For the others, set offset to 10, or limit to 0 for all at once."
    ]
    assert (first["total"], rest["total"], "warnings" in rest) == (16, 16, False)
    assert first["instances"] + rest["instances"] == whole["instances"]
    assert ask_cim(limit=0)["instances"] == whole["instances"]


def test_a_page_holds_a_thousand_unless_it_is_asked_for_more() -> None:
    many = Simulated(scenario([node("NODE1")], [vm(f"vm{number:04}") for number in range(1001)]))
    vms, instances = perform("hyperv_vm_info", many), perform("hyperv_cim_info", many, class_name="Msvm_ComputerSystem")
    assert (len(vms["vms"]), vms["total"]) == (1000, 1001)
    assert (len(instances["instances"]), instances["total"]) == (1000, 1003)
