# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of two machines keeps a host name that both would have, and what is said about the other."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.inventory import Member
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.inventory_clashes import (
    Clash,
    Present,
    describe_clashes,
    find_clashes,
)

HERE, THERE = "hvc2.corp.example (two.yml)", "hvc1.corp.example (one.yml)"
IN_HVC1 = {"hyperv_cluster": "HVC1", "hyperv_cluster_fqdn": "hvc1.corp.example"}
IN_HVC2 = {"hyperv_cluster": "HVC2", "hyperv_cluster_fqdn": "hvc2.corp.example"}


def node(**variables: str) -> Member:
    return Member("X", {**IN_HVC2, "hyperv_node": "X", **variables}, ("hyperv_nodes",))


def vm(**variables: str) -> Member:
    return Member("X", {**IN_HVC2, "hyperv_node": "NODE1", "hyperv_vm_id": "ID", **variables}, ("hyperv_vms",))


def clash(new: Member, present: Present | None) -> Clash | None:
    return next(iter(find_clashes([new], lambda host: present, HERE)), None)


@pytest.mark.parametrize("new", [node(), vm()], ids=["node", "VM"])
def test_of_two_of_a_kind_the_first_one_keeps_the_name(new: Member) -> None:
    present = Present({**new.variables, **IN_HVC1}, new.is_node, THERE)

    assert clash(new, present) == Clash("X", kept=THERE, left_out=HERE, is_replaced=False)


def test_a_vm_makes_room_for_a_node() -> None:
    assert clash(node(), Present({**vm().variables, **IN_HVC1}, False, THERE)) == Clash(
        "X", kept=HERE, left_out=THERE, is_replaced=True
    )


@pytest.mark.parametrize("variables", [{**IN_HVC1, "hyperv_node": "X"}, {}], ids=["of a source", "listed by hand"])
def test_a_vm_does_not_take_the_name_of_a_node(variables: dict[str, str]) -> None:
    assert clash(vm(), Present(variables, True, THERE)) == Clash("X", kept=THERE, left_out=HERE, is_replaced=False)


@pytest.mark.parametrize(
    ("new", "present"),
    [
        (node(), None),
        (node(), Present({"ansible_host": "10.1.2.3"}, True, "hosts.yml")),
        (vm(), Present({"ansible_host": "10.1.2.3"}, False, "hosts.yml")),
        (node(), Present({**IN_HVC2, "hyperv_node": "x", "hyperv_state": "down"}, True, THERE)),
        (vm(), Present({**IN_HVC2, "hyperv_node": "NODE2", "hyperv_vm_id": "id"}, False, THERE)),
    ],
    ids=["new", "node listed by hand", "VM listed by hand", "same node", "same VM, which has moved"],
)
def test_one_machine_is_one_host(new: Member, present: Present | None) -> None:
    assert clash(new, present) is None


def test_namesakes_of_the_same_cluster_are_two_machines() -> None:
    assert clash(vm(), Present({**vm().variables, "hyperv_vm_id": "OTHER"}, False, THERE))


def test_each_pair_of_sources_is_told_once_with_all_its_hosts_and_the_cure() -> None:
    told = describe_clashes(
        [Clash("NODE1", THERE, HERE, False), Clash("NODE2", HERE, THERE, True), Clash("a", THERE, HERE, False)]
    )

    assert [("NODE1, a" in one, "NODE2" in one) for one in told] == [(True, False), (False, True)]
    assert all(HERE in one and THERE in one and "host_prefix" in one and "hostnames=fqdn" in one for one in told)


def test_of_many_hosts_some_are_named_and_all_are_counted() -> None:
    (told,) = describe_clashes([Clash(f"vm{number}", THERE, HERE, False) for number in range(200)])

    assert "vm9 and 190 more" in told
    assert "vm10" not in told
