# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two clusters of one name in two domains, with nodes of the same names, maintained from one directory."""

from __future__ import annotations

import contextlib
import json
import pathlib
import typing as t
from collections.abc import Iterator, Mapping

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster

FAILED = 2
SCENARIO = """
cluster: {name: HVC1, fqdn: hvc1.%s.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 100}
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}]
vms: [{name: app01, owner: NODE1, memory_mb: 2048}, {name: app02, owner: NODE1, memory_mb: 2048}]
"""
CORP, BRANCH = "hyperv-ledger-hvc1.corp.example-NODE1.json", "hyperv-ledger-hvc1.branch.example-NODE1.json"
EARLIER = "hyperv-ledger-HVC1-NODE1.json"


class Site:
    """One of the clusters, and the playbooks on its NODE1, started in a directory that it shares with the other."""

    def __init__(self, cluster: RunningCluster, own_folder: pathlib.Path, folder: pathlib.Path) -> None:
        self.cluster = cluster
        self._ansible = Ansible(own_folder, cluster.inventory)
        self._folder = folder

    def evacuate(self, **options: t.Any) -> Answer:
        return self._play("evacuate_node", options)

    def restore(self, **options: t.Any) -> Answer:
        return self._play("restore_node", options)

    @property
    def what_is(self) -> object:
        return self.cluster.owners(), self.cluster.node_states(), self.cluster.migrations()

    def _play(self, role: str, options: Mapping[str, object]) -> Answer:
        given = {"name": "NODE1", "poll_interval": 0.1, **options}
        variables = json.dumps({f"{role}_{name}": value for name, value in given.items()})
        command = ["ansible-playbook", *self._ansible.sources, f"hyperv.migration.{role}", "-e", variables]
        return self._ansible.run(*command, folder=self._folder, warns=True)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[pathlib.Path, RunningCluster]]:
    with contextlib.ExitStack() as ends:
        found = {}
        for domain in ("corp", "branch"):
            own = tmp_path_factory.mktemp(domain)
            (own / "scenario.yml").write_text(SCENARIO % domain, encoding="utf-8")
            found[own] = ends.enter_context(running_cluster(own / "scenario.yml", own))
        yield found


@pytest.fixture
def sites(clusters: Mapping[pathlib.Path, RunningCluster], tmp_path: pathlib.Path) -> tuple[Site, Site]:
    for cluster in clusters.values():
        cluster.reset()
    corp, branch = (Site(cluster, own, tmp_path) for own, cluster in clusters.items())
    return corp, branch


def ledger(path: pathlib.Path) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads(path.read_text(encoding="utf-8")))


def files(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_keeps_its_own_ledger_and_gets_its_own_vms_back(sites: tuple[Site, Site], tmp_path: pathlib.Path) -> None:
    for site in sites:
        assert site.evacuate().code == 0
    assert files(tmp_path) == sorted([CORP, BRANCH])

    for site in reversed(sites):
        answer = site.restore()
        assert answer.code == 0, answer.text
        assert site.cluster.owners() == {"app01": "NODE1", "app02": "NODE1"}
        assert site.cluster.node_states() == {"NODE1": "up", "NODE2": "up"}
    assert [ledger(tmp_path / one)["state"] for one in (CORP, BRANCH)] == ["restored", "restored"]


def test_a_ledger_of_the_other_is_refused_with_both_names_before_anything_is_changed(
    sites: tuple[Site, Site], tmp_path: pathlib.Path
) -> None:
    corp, branch = sites
    path = tmp_path / "ledger.json"
    assert corp.evacuate(ledger_path=str(path)).code == 0
    before, written = branch.what_is, path.read_bytes()

    for answer in (branch.evacuate(ledger_path=str(path)), branch.restore(ledger_path=str(path))):
        assert answer.code == FAILED
        assert "belongs to hvc1.corp.example" in answer.text
        assert "this is hvc1.branch.example" in answer.text
    by_data = branch.restore(ledger=ledger(path))
    assert by_data.code == FAILED
    assert "No cluster that answers has the node NODE1 of hvc1.corp.example. Nothing was changed." in by_data.text
    assert "of the cluster hvc1.branch.example" in by_data.text
    assert (branch.what_is, path.read_bytes()) == (before, written)


def test_a_ledger_of_an_earlier_version_is_taken_by_the_cluster_whose_vms_it_has(
    sites: tuple[Site, Site], tmp_path: pathlib.Path
) -> None:
    corp, branch = sites
    assert corp.evacuate().code == 0
    earlier = {**ledger(tmp_path / CORP), "format": "hyperv.migration ledger 1", "cluster": "HVC1"}
    (tmp_path / EARLIER).write_text(json.dumps(earlier), encoding="utf-8")
    (tmp_path / CORP).unlink()
    before = branch.what_is

    for answer in (branch.restore(), branch.evacuate()):
        assert answer.code == FAILED
        assert "called HVC1, and this is hvc1.branch.example" in answer.text
    assert branch.what_is == before
    assert files(tmp_path) == [EARLIER]

    back = corp.restore()

    assert back.code == 0, back.text
    assert "was written by an earlier version" in " ".join(back.text.split())  # ansible-core 2.16 wraps warnings
    assert corp.cluster.owners() == {"app01": "NODE1", "app02": "NODE1"}
    assert files(tmp_path) == [CORP]
    assert (ledger(tmp_path / CORP)["cluster"], ledger(tmp_path / CORP)["state"]) == ("hvc1.corp.example", "restored")
    assert branch.evacuate().code == 0


def test_a_vm_that_nobody_knows_is_never_called_restored_unless_it_is_said_to_be_gone(
    sites: tuple[Site, Site], tmp_path: pathlib.Path
) -> None:
    corp, _branch = sites
    assert corp.evacuate().code == 0
    written = ledger(tmp_path / CORP)
    written["vms"][0] = {**written["vms"][0], "vm_id": "FFFFFFFF-0000-0000-0000-000000000000", "name": "gone01"}
    (tmp_path / CORP).write_text(json.dumps(written), encoding="utf-8")

    first = corp.restore()

    assert first.code == 0, first.text
    assert "Known neither to Hyper-V nor to the cluster, and kept in the ledger: gone01" in first.text
    assert [vm["name"] for vm in ledger(tmp_path / CORP)["vms"] if not vm["restored"]] == ["gone01"]

    assert corp.restore(forget_gone=True).code == 0
    assert ledger(tmp_path / CORP)["state"] == "restored"
