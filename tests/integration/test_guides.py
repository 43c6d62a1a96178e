# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every example of the guides does what it says: files are written, commands typed in their order, as a reader would.

Files are the blocks with a caption. Inventories of real clusters are parsed, and their variables must exist.
"""

from __future__ import annotations

import inspect
import json
import pathlib
import shlex
from collections.abc import Iterator

import pytest
import yaml
from ansible.playbook.play import Play
from winrm.protocol import Protocol

from tests.doubts.verdicts import CONTRADICTED, SETTLED, judge
from tests.integration.commands import Ansible
from tests.integration.guides import blocks
from tests.running_cluster import SCENARIOS, RunningCluster, running_cluster
from tests.simulator.recordings import read_recording

TYPED = ("ansible", "ansible-playbook", "ansible-inventory")
FAST = ("-e", json.dumps({f"{role}_poll_interval": 0.2 for role in ("evacuate_node", "restore_node")}))


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    folder = tmp_path_factory.mktemp("guides")
    scenario = yaml.safe_load((SCENARIOS / "demo.yml").read_text(encoding="utf-8"))
    scenario["clock"] = {"speed": 60}
    (folder / "fast.yml").write_text(yaml.safe_dump(scenario), encoding="utf-8")
    with running_cluster(folder / "fast.yml", folder) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """Hosts without a cluster."""
    folder = tmp_path_factory.mktemp("hosts")
    scenario = yaml.safe_load((SCENARIOS / "hosts.yml").read_text(encoding="utf-8"))
    (folder / "fast.yml").write_text(yaml.safe_dump({**scenario, "clock": {"speed": 60}}), encoding="utf-8")
    with running_cluster(folder / "fast.yml", folder) as cluster:
        yield cluster


@pytest.mark.long
@pytest.mark.parametrize("guide", ["connecting", "migrating", "maintenance", "reading_errors"])
def test_every_command_of_a_guide_succeeds(cluster: RunningCluster, tmp_path: pathlib.Path, guide: str) -> None:
    ansible = Ansible(tmp_path, cluster.inventory)
    (tmp_path / "hosts.yml").write_bytes(cluster.inventory.read_bytes())
    type_all(guide, ansible, tmp_path)


def test_every_command_of_the_guide_on_methods_succeeds(
    cluster: RunningCluster, hosts: RunningCluster, tmp_path: pathlib.Path
) -> None:
    ansible = Ansible(tmp_path, cluster.inventory)
    (tmp_path / "hosts.yml").write_bytes(cluster.inventory.read_bytes())
    (tmp_path / "hv.yml").write_bytes(hosts.inventory.read_bytes())
    type_all("methods", ansible, tmp_path)
    assert hosts.owners() == {"web01": "HV2", "db01": "HV1", "build01": "HV2"}


FIRST_RUN = """
cluster: {name: HVC1, fqdn: hvc1.corp.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 60}
nodes: [{name: NODE1}, {name: NODE2}]
vms: [{name: testvm, owner: NODE1, memory_mb: 2048}, {name: test2, owner: NODE2, memory_mb: 2048}]
"""


@pytest.mark.long
@pytest.mark.over_psrp
def test_the_first_run_leaves_one_archive_with_all_that_was_asked(tmp_path: pathlib.Path, plugin: str) -> None:
    (tmp_path / "first.yml").write_text(FIRST_RUN, encoding="utf-8")
    with running_cluster(tmp_path / "first.yml", tmp_path) as cluster:
        place = tmp_path / "place"
        place.mkdir()
        (place / "hosts.yml").write_bytes(cluster.inventory.read_bytes())
        type_all("first_run", Ansible(tmp_path, cluster.inventory), place, "-e", f"ansible_connection={plugin}")
        assert cluster.owners() == {"testvm": "NODE2", "test2": "NODE2"}
        assert set(cluster.node_states().values()) == {"up"}
    recording = read_recording(place / "recording.zip")
    called = [one.request for one in recording.exchanges]
    for wanted in ("MigrateVirtualSystemToSystem", "MoveToNewNode", "RequestStateChange", "CheckVirtualSystemIsM"):
        assert any(f"{wanted}" in request for request in called), wanted
    assert recording.manifest["controller"]["connection"] == plugin
    verdicts = {one.switch: one.word for one in judge(recording)}
    assert {verdicts[switch] for switch in ("check_method", "return_form", "state_changes_in_cluster")} == {SETTLED}
    assert CONTRADICTED not in verdicts.values()


def type_all(guide: str, ansible: Ansible, tmp_path: pathlib.Path, *always: str) -> None:
    """Write the files of a guide and type its commands, in their order, with some options ``always``."""
    typed = 0
    for language, caption, body in blocks(guide):
        if caption:
            (tmp_path / caption).write_text(body, encoding="utf-8")
        elif language == "shell":
            for command in body.replace("\\\n", " ").splitlines():
                if command.startswith("make "):  # in a checkout, of which other tests know
                    continue
                words = shlex.split(command.replace("$PWD", str(tmp_path)))
                assert words[0] in TYPED, command
                more = FAST if "hyperv.migration." in words[3] else ()
                answer = ansible.run(*words, *more, *always, folder=tmp_path, warns=True)
                assert answer.code == 0, answer.text
                typed += 1
    assert typed > 0


def test_variables_are_checked_before_any_host_is_asked_where_ansible_can_do_that(
    cluster: RunningCluster, tmp_path: pathlib.Path
) -> None:
    ansible = Ansible(tmp_path, cluster.inventory)
    for unused, caption, body in blocks("awx"):
        if caption:
            (tmp_path / caption).write_text(body, encoding="utf-8")
    words = ("ansible-playbook", *ansible.sources, "evacuate_node.yml", "--check", "-e", "evacuate_node_name=NODE1")

    wrong = ansible.run(*words, "-e", "evacuate_node_max_parallel=", folder=tmp_path)

    assert wrong.code != 0
    assert not cluster.counters()["requests"]
    if not hasattr(Play, "validate_argspec"):  # ansible-core before 2.20
        assert "'validate_argspec' is not a valid attribute for a Play" in wrong.text
        return
    assert "argument 'evacuate_node_max_parallel' is of type str" in wrong.text
    right = ansible.run(*words, "-e", "evacuate_node_max_parallel=1", *FAST, folder=tmp_path)
    assert right.code == 0, right.text

    clusters = {"hyperv_clusters": {"hosts": {"NODE2": {"evacuate_node_name": "NODE1"}}}}
    (tmp_path / "clusters.yml").write_text(yaml.safe_dump(clusters), encoding="utf-8")
    words = ("ansible-playbook", *ansible.sources, "-i", "clusters.yml", "evacuate_node.yml", "--check")
    each = ansible.run(*words, *FAST, folder=tmp_path)
    assert each.code == 0, each.text


def test_every_inventory_of_the_guide_is_one_and_its_variables_exist(tmp_path: pathlib.Path) -> None:
    ansible = Ansible(tmp_path, tmp_path / "none.yml")
    known = {
        plugin: variables(ansible.run("ansible-doc", "-t", "connection", "--json", plugin).text)
        for plugin in ("winrm", "psrp")
    }
    inventories = [(caption, body) for language, caption, body in blocks("connecting") if caption]
    assert len(inventories) == 4
    for caption, body in inventories:
        (tmp_path / caption).write_text(body, encoding="utf-8")
        answer = ansible.run("ansible-inventory", "-i", caption, "--list", "--export")
        assert answer.code == 0, answer.text
        nodes = json.loads(answer.text)["hyperv_nodes"]
        assert nodes["hosts"] == ["NODE1", "NODE2"]
        given = set(nodes["vars"]) - {"ansible_connection"}
        assert given <= known[nodes["vars"]["ansible_connection"]], caption


def variables(documentation: str) -> set[str]:
    """Return the variables that a connection plugin takes its options from; winrm hands others on to pywinrm."""
    (plugin,) = json.loads(documentation).values()
    handed_on = {f"ansible_winrm_{name}" for name in inspect.signature(Protocol).parameters}
    options = plugin["doc"]["options"].values()
    return handed_on | {variable["name"] for option in options for variable in option.get("vars", ())}
