# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A single move and an evacuation by each method, in a cluster, in one that refuses a method, and between hosts."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t
from collections.abc import Iterator

import pytest

from tests.integration.commands import SCENARIO, Ansible
from tests.running_cluster import RunningCluster, running_cluster

HERE = pathlib.Path(__file__).parent
FAILED = 2
FILES = {"all": SCENARIO, "refusing": HERE / "refusing.yml", "hosts": HERE / "hosts.yml"}
# World, method that is asked for, and the one that is taken.
WAYS = [
    ("all", "auto", "system"),
    ("all", "system", "system"),
    ("all", "cluster_group", "cluster_group"),
    ("refusing", "auto", "cluster_group"),
    ("hosts", "auto", "host"),
    ("hosts", "host", "host"),
]
# What a cluster does by system is in the stories of the evacuation.
EMPTIED = [("all", "cluster_group"), ("refusing", "auto"), ("hosts", "auto")]
CLOSED = [("refusing", "system"), ("hosts", "system"), ("hosts", "cluster_group"), ("all", "host")]


class World(t.NamedTuple):
    """A running simulator with commands against it; ``nodes`` are its first three."""

    cluster: RunningCluster
    ansible: Ansible
    nodes: tuple[str, str, str]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    with contextlib.ExitStack() as stack:
        found = {}
        for name, path in FILES.items():
            folder = tmp_path_factory.mktemp(name)
            cluster = stack.enter_context(running_cluster(path, folder))
            prefix = "HV" if name == "hosts" else "NODE"
            nodes = (f"{prefix}1", f"{prefix}2", f"{prefix}3")
            found[name] = World(cluster, Ansible(folder, cluster.inventory), nodes)
        yield found


@pytest.fixture
def world(worlds: dict[str, World], request: pytest.FixtureRequest) -> World:
    chosen = worlds[request.param]
    chosen.cluster.reset()
    return chosen


def move(world: World, method: str, *options: str, rest: str = "") -> t.Any:
    first, second, _third = world.nodes
    arguments = f"name=web01 destination_host={second} poll_interval=0.1 method={method} {rest}"
    command = ["ansible", *world.ansible.sources, first, "-m", "hyperv.migration.hyperv_vm_migrate", "-a", arguments]
    return world.ansible.run(*command, *options, warns=True)


def evacuate(world: World, method: str, *options: str) -> t.Any:
    first, second, third = world.nodes
    command = ["ansible-playbook", *world.ansible.sources, "hyperv.migration.evacuate_node"]
    given = [f"evacuate_node_name={first}", f"evacuate_node_method={method}", "evacuate_node_poll_interval=0.1"]
    given.append(f"evacuate_node_destinations={second},{third}")
    extra = [part for one in given for part in ("-e", one)]
    return world.ansible.run(*command, *extra, *options, warns=True)


@pytest.mark.parametrize(("world", "method", "taken"), WAYS, indirect=["world"])
def test_a_vm_is_moved_and_the_second_run_on_the_old_host_is_ok(world: World, method: str, taken: str) -> None:
    dry = move(world, method, "--check")
    assert (dry.code, dry.result["outcome"], world.cluster.migrations()) == (0, "would_move", {}), dry.text

    first = move(world, method)

    assert (first.code, first.result["outcome"], first.result["method"]) == (0, "moved", taken), first.text
    assert world.cluster.owners()["web01"] == world.nodes[1]
    assert world.cluster.migrations() == {"web01": 1}

    again = move(world, method)

    assert (again.code, again.result["changed"], again.result["outcome"]) == (0, False, "already_there"), again.text
    assert world.cluster.migrations() == {"web01": 1}


@pytest.mark.parametrize(("world", "method"), CLOSED, indirect=["world"])
def test_a_method_that_is_not_there_is_told_and_nothing_moves(world: World, method: str) -> None:
    answer = move(world, method)
    assert answer.code == FAILED, answer.text
    assert world.cluster.migrations() == {}
    assert world.cluster.owners()["web01"] == world.nodes[0]


@pytest.mark.parametrize(("world", "method"), EMPTIED, indirect=["world"])
def test_a_node_is_emptied_and_gets_its_vms_back(world: World, method: str) -> None:
    first = world.nodes[0]
    before = world.cluster.owners()
    dry = evacuate(world, method, "--check")
    assert (dry.code, world.cluster.owners()) == (0, before), dry.text

    answer = evacuate(world, method)

    assert answer.code == 0, answer.text
    assert first not in world.cluster.owners().values()

    restore = ["ansible-playbook", *world.ansible.sources, "hyperv.migration.restore_node"]
    given = [f"restore_node_name={first}", f"restore_node_method={method}", "restore_node_poll_interval=0.1"]
    back = world.ansible.run(*restore, *(part for one in given for part in ("-e", one)), warns=True)

    assert back.code == 0, back.text
    assert world.cluster.owners() == before


@pytest.mark.parametrize("world", ["hosts"], indirect=True)
def test_a_vm_goes_to_another_host_with_its_disks(world: World) -> None:
    arguments = "name=build01 destination_host=hv1.corp.example poll_interval=0.1"
    module = "hyperv_vm_migrate"

    alone = world.ansible.run(
        *("ansible", *world.ansible.sources, "HV3", "-m", f"hyperv.migration.{module}", "-a", arguments), warns=True
    )
    assert alone.code == FAILED, alone.text
    assert "destination_storage_path" in alone.message

    path = r"destination_storage_path='E:\\VM\\build01'"
    command = [
        "ansible",
        *world.ansible.sources,
        "HV3",
        "-m",
        f"hyperv.migration.{module}",
        "-a",
        f"{arguments} {path}",
    ]
    moved = world.ansible.run(*command, warns=True)
    assert (moved.code, moved.result["outcome"]) == (0, "moved"), moved.text
    (vm,) = (one for one in world.cluster.state()["vms"] if one["name"] == "build01")
    assert (vm["owner"], vm["files"]["disks"]) == ("HV1", ["E:\\VM\\build01\\Virtual Hard Disks\\build01.vhdx"])
    again = world.ansible.run(*command, warns=True)
    assert (again.code, again.result["changed"]) == (0, False), again.text
