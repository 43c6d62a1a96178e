# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One task logs in to sixteen nodes side by side over Kerberos, half of which take another account than the other half.

The KDC, kinit and the libraries are real; each simulated node takes no ticket but that of its own account.
"""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from tests.integration.commands import Ansible, Answer
from tests.integration.secured import KERBEROS_PASSWORD, PASSWORD, needs_kerberos
from tests.kerberos import REALM, Realm, realm
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = needs_kerberos

USERS = {f"NODE{number}": "operator" if number < 9 else "jo" for number in range(1, 17)}
ONCE = {"opened": 1, "open": 0, "logins": 1}
LONG = 25  # seconds that a move takes at least, and more than the short ticket lives
BY_PASSWORD: dict[str, t.Any] = {"ansible_password": KERBEROS_PASSWORD}
BY_TICKET = {"ansible_password": None, "ansible_winrm_kinit_mode": "manual"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("kerberos")


@pytest.fixture(scope="module")
def running(folder: pathlib.Path) -> Iterator[Realm]:
    with realm(folder, "operator", KERBEROS_PASSWORD, [called(node) for node in USERS]) as made:
        made.administer(f"addprinc -pw {KERBEROS_PASSWORD} jo", f"ktadd -norandkey -k {folder}/users operator jo")
        yield made


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path, running: Realm) -> Iterator[RunningCluster]:
    content = {
        "user": {"name": "operator", "password": PASSWORD},
        "listener": {"logins": ["kerberos", "negotiate"], "keytab": running.keytab},
        "nodes": [{"name": node, "user": user} for node, user in USERS.items()],
        "network": {"setup_seconds": LONG},
        "vms": [{"name": "web01", "owner": "NODE1", "memory_mb": 1024}],
    }
    scenario = folder / "scenario.yml"
    scenario.write_text(yaml.safe_dump(content), encoding="utf-8")
    with running_cluster(scenario, folder) as cluster:
        yield cluster


@pytest.fixture
def caches(tmp_path: pathlib.Path) -> str:
    """A collection of caches, one for each account, as a person has who runs kinit for several."""
    (tmp_path / "caches").mkdir()
    return f"DIR:{tmp_path}/caches"


class Tasks:
    """Runs tasks over Kerberos with the settings that an inventory gives to each host."""

    def __init__(self, folder: pathlib.Path, cluster: RunningCluster, running: Realm) -> None:
        self._cluster = cluster
        self._folder = folder
        self._ansible = Ansible(folder, cluster.inventory)
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._environment = {**running.environment, "TMPDIR": str(self._temporary)}

    def log_in_everywhere(self, hosts: Mapping[str, Mapping[str, t.Any]], asked: str = "NODE1", **others: str) -> None:
        """Let ``asked`` ask every node, and expect that each was logged in to, and once."""
        answer = self.run(hosts, asked, "hyperv_cluster_node_info", **others)
        assert answer.code == 0, answer.text
        assert [node["name"] for node in answer.result["nodes"] if node["total_memory_mb"] is None] == []
        assert self._cluster.connections() == dict.fromkeys(hosts, ONCE)
        assert list(self._temporary.iterdir()) == [], "a ticket was left behind"

    def run(
        self, hosts: Mapping[str, Mapping[str, t.Any]], asked: str, module: str, arguments: str = "", **others: str
    ) -> Answer:
        """Run a module on ``asked``; ``hosts`` are the variables of each host, ``others`` of the environment."""
        named = "{{ inventory_hostname | lower }}.corp.example"
        everywhere = {
            "ansible_winrm_transport": "kerberos",
            "ansible_psrp_auth": "kerberos",
            "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
            "ansible_winrm_kerberos_hostname_override": named,
            "ansible_psrp_negotiate_hostname_override": named,
            "ansible_psrp_protocol": "http",
        }
        own = {node: {"ansible_user": f"{USERS[node]}@{REALM}", **variables} for node, variables in hosts.items()}
        path = self._folder / "logins.json"
        path.write_text(json.dumps({"hyperv_nodes": {"hosts": own, "vars": everywhere}}), encoding="utf-8")
        sources = [*self._ansible.sources, "-i", str(path)]
        command = ["ansible", *sources, asked, "-m", f"hyperv.migration.{module}", "-a", arguments]
        return self._ansible.run(*command, **t.cast("dict[str, t.Any]", {**self._environment, **others}))


@pytest.fixture
def tasks(tmp_path: pathlib.Path, cluster: RunningCluster, running: Realm) -> Tasks:
    return Tasks(tmp_path, cluster, running)


def called(node: str) -> str:
    return f"{node.lower()}.corp.example"


def all_over(plugin: str, variables: Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {node: {"ansible_connection": plugin, **variables} for node in USERS}


@pytest.mark.over_psrp
def test_passwords(tasks: Tasks, plugin: str) -> None:
    tasks.log_in_everywhere(all_over(plugin, BY_PASSWORD))


@pytest.mark.over_psrp
def test_tickets_that_were_got_beforehand(tasks: Tasks, running: Realm, plugin: str, caches: str) -> None:
    for user in ("operator", "jo"):
        running.fetch_ticket(user, KERBEROS_PASSWORD, cache=caches)
    tasks.log_in_everywhere(all_over(plugin, BY_TICKET), KRB5CCNAME=caches)


@pytest.mark.over_psrp
def test_a_keytab(tasks: Tasks, folder: pathlib.Path, plugin: str, caches: str) -> None:
    tasks.log_in_everywhere(all_over(plugin, BY_TICKET), KRB5CCNAME=caches, KRB5_CLIENT_KTNAME=f"FILE:{folder}/users")


@pytest.mark.over_psrp
def test_delegation_hands_a_ticket_to_each_node(tasks: Tasks, running: Realm, plugin: str) -> None:
    delegated = {"ansible_winrm_kerberos_delegation": True, "ansible_psrp_negotiate_delegate": True}
    before = running.handed_on()
    tasks.log_in_everywhere(all_over(plugin, {**BY_PASSWORD, **delegated}))
    assert running.handed_on() - before == len(USERS)


@pytest.mark.parametrize("asked", ["NODE1", "NODE16"])
def test_passwords_beside_tickets_and_winrm_beside_psrp(tasks: Tasks, running: Realm, caches: str, asked: str) -> None:
    running.fetch_ticket("jo", KERBEROS_PASSWORD, cache=caches)
    tasks.log_in_everywhere(
        {
            node: {
                "ansible_connection": "psrp" if node in {"NODE2", "NODE4", "NODE14", "NODE16"} else "winrm",
                **(BY_PASSWORD if user == "operator" else BY_TICKET),
            }
            for node, user in USERS.items()
        },
        asked,
        KRB5CCNAME=caches,
    )


@pytest.mark.long
@pytest.mark.over_psrp
def test_a_move_outlasts_its_ticket_where_the_user_gets_another(
    cluster: RunningCluster, tasks: Tasks, running: Realm, plugin: str, caches: str
) -> None:
    running.fetch_ticket("operator", KERBEROS_PASSWORD, "-l", "15s", cache=caches)
    with ThreadPoolExecutor(1) as beside:
        task = (all_over(plugin, BY_TICKET), "NODE1", "hyperv_vm_migrate", "name=web01 destination_host=NODE2")
        moving = beside.submit(functools.partial(tasks.run, *task, KRB5CCNAME=caches))
        running.wait_for_the_end(caches)
        assert not moving.done()
        running.fetch_ticket("operator", KERBEROS_PASSWORD, cache=caches)
        moved = moving.result()
    assert moved.code == 0, moved.text
    assert cluster.owners()["web01"] == "NODE2"
    assert cluster.migrations() == {"web01": 1}
