# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How other hosts are reached: as the inventory says of them, and else with the settings of the task's host."""

from __future__ import annotations

import collections
import os
import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import (
    Inventory,
    PeerConnections,
    open_sender,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.unit.connection.listening import PASSWORD, Node, answer_to

SETTINGS: dict[str, dict[str, t.Any]] = {
    "winrm": {"ansible_winrm_transport": ["ntlm"], "ansible_winrm_scheme": "https"},
    "psrp": {"ansible_psrp_auth": "ntlm", "ansible_psrp_protocol": "https"},
}
SCHEME = {"winrm": "scheme", "psrp": "protocol"}
EXTRAS = {"ansible_winrm_server_cert_validation": "ignore"}
CREDENTIALS = ["operator", "of-the-task"]
HOME = {"ansible_host": "10.0.0.1", "ansible_user": "operator", "ansible_password": "of-the-task"}


class Templated(collections.UserDict[str, t.Any]):
    """Variables of a host, of which some cannot be resolved, as Ansible's hostvars have it."""

    def __getitem__(self, name: str) -> t.Any:
        if super().__getitem__(name) == "{{ nowhere_defined }}":
            raise AnsibleError("'nowhere_defined' is undefined")
        return super().__getitem__(name)


def task_connection(plugin: str) -> ConnectionBase:
    made = connection_loader.get(plugin, PlayContext(), os.devnull)
    made.set_options(
        var_options={
            **HOME,
            "ansible_port": 5986,
            **SETTINGS[plugin],
            "_extras": EXTRAS if plugin == "winrm" else {},
        }
    )
    return made


@pytest.fixture(params=["winrm", "psrp"])
def home(request: pytest.FixtureRequest) -> ConnectionBase:
    return task_connection(request.param)


def peers(home: ConnectionBase, hosts: dict[str, t.Any], groups: dict[str, list[str]] | None = None) -> PeerConnections:
    task_vars = {
        "inventory_hostname": "node1",
        "hostvars": {host: Templated(variables) for host, variables in {"node1": HOME, **hosts}.items()},
        "groups": {"all": ["node1", *hosts], **(groups or {"nodes": ["node1", *hosts]})},
    }
    return PeerConnections(home, Inventory(home, task_vars))


def neighbour(
    home: ConnectionBase, host: str, variables: dict[str, t.Any], groups: dict[str, list[str]] | None = None
) -> ConnectionBase | None:
    return peers(home, {host: variables}, groups).connection(host, host)


def told(connection: ConnectionBase) -> list[int | str]:
    names = ("remote_addr", "port", "remote_user", "remote_password", SCHEME[connection.transport])
    return [connection.get_option(name) for name in names]


def test_an_address_that_is_not_in_the_inventory_is_reached_with_the_settings_of_the_tasks_host(
    home: ConnectionBase,
) -> None:
    made = peers(home, {}).connection(None, "NODE2")
    assert made.transport == home.transport
    assert told(made) == ["NODE2", 5986, *CREDENTIALS, "https"]


@pytest.mark.parametrize("written", ["fd00::2", "[fd00::2]", "[::ffff:10.0.0.2]"])
def test_a_neighbour_is_reached_at_its_ipv6_address_however_it_is_written(home: ConnectionBase, written: str) -> None:
    sender = open_sender(neighbour(home, "NODE2", {"ansible_host": written}))
    assert sender.address == f"[{written.strip('[]')}]:5986"


@pytest.mark.parametrize("written", ["fe80::2%eth0", "[fe80::2%eth0]"])
def test_a_neighbour_at_an_address_with_a_zone_is_refused(home: ConnectionBase, written: str) -> None:
    with pytest.raises(Unreachable, match="no IPv6 address with a zone"):
        open_sender(neighbour(home, "NODE2", {"ansible_host": written}))


def test_a_home_with_an_ipv6_address_lends_no_domain_to_its_peers(home: ConnectionBase) -> None:
    home.set_option("remote_addr", "[::ffff:10.0.0.1]")
    assert Inventory(home, {}).address_beside_home("NODE2") == "NODE2"


def test_what_pywinrm_takes_besides_is_handed_on_to_a_node_that_is_not_in_the_inventory() -> None:
    assert peers(task_connection("winrm"), {}).connection(None, "NODE2").get_option("_extras") == EXTRAS


def test_an_inventory_host_says_where_and_as_whom(home: ConnectionBase) -> None:
    variables = {"ansible_host": "10.0.0.2", "ansible_port": 15985, "ansible_user": "other", "ansible_password": "own"}
    scheme = {"ansible_winrm_scheme": "http", "ansible_psrp_protocol": "http"}
    assert told(neighbour(home, "node2", {**variables, **scheme})) == ["10.0.0.2", 15985, "other", "own", "http"]


def test_what_the_inventory_host_does_not_set_comes_from_the_tasks_host(home: ConnectionBase) -> None:
    assert told(neighbour(home, "node2", {"ansible_host": "10.0.0.2"})) == ["10.0.0.2", 5986, *CREDENTIALS, "https"]


def test_a_host_that_shares_no_group_gets_nothing_that_was_written_down_for_the_tasks_host(
    home: ConnectionBase,
) -> None:
    apart = {"nodes": ["node1"], "strangers": ["node2"]}
    stranger = neighbour(home, "node2", {"ansible_host": "10.0.0.2"}, apart)
    assert stranger.get_option("remote_user") != "operator"
    assert stranger.get_option("remote_password") is None
    assert stranger.get_option("port") == 5986  # given for the whole run: no variable of node1 tells it


def test_the_plugins_own_variable_for_the_address_wins(home: ConnectionBase) -> None:
    addresses = {"ansible_host": "10.0.0.2", f"ansible_{home.transport}_host": "10.9.9.2"}
    assert neighbour(home, "node2", addresses).get_option("remote_addr") == "10.9.9.2"


def test_a_host_without_an_address_is_reached_by_its_name(home: ConnectionBase) -> None:
    assert neighbour(home, "node2.corp.example", {}).get_option("remote_addr") == "node2.corp.example"


@pytest.mark.parametrize("name", ["ansible_host", "ansible_password", "ansible_connection"])
def test_a_variable_of_the_host_that_cannot_be_resolved_makes_it_unreachable(home: ConnectionBase, name: str) -> None:
    with pytest.raises(Unreachable, match=r"node2 .*as the inventory says of node2: .*nowhere_defined"):
        neighbour(home, "node2", {name: "{{ nowhere_defined }}"})


def test_a_setting_that_the_plugin_refuses_makes_the_host_unreachable(home: ConnectionBase) -> None:
    with pytest.raises(Unreachable, match=r"as the inventory says of node2: .*port"):
        neighbour(home, "node2", {"ansible_port": "fifth"})


def test_a_plugin_that_does_not_exist_makes_the_host_unreachable(home: ConnectionBase) -> None:
    with pytest.raises(Unreachable, match=r"'no.such.plugin' of inventory host node2 does not exist.*winrm or psrp"):
        neighbour(home, "node2", {"ansible_connection": "no.such.plugin"})


def test_a_neighbour_over_another_plugin_is_refused_by_name(home: ConnectionBase) -> None:
    with pytest.raises(Exception, match="'local'"):
        open_sender(neighbour(home, "node2", {"ansible_connection": "local"}))


@pytest.mark.parametrize(("from_plugin", "to_plugin"), [("winrm", "psrp"), ("psrp", "winrm")])
def test_a_host_behind_the_other_plugin_gets_the_credentials_and_nothing_else(from_plugin: str, to_plugin: str) -> None:
    variables = {"ansible_connection": to_plugin, "ansible_host": "10.0.0.2"}
    made = neighbour(task_connection(from_plugin), "node2", variables)
    untouched = connection_loader.get(to_plugin, PlayContext(), os.devnull)
    untouched.set_options()
    own = {name: made.get_option(name) for name in untouched._options if name != "_extras"}
    expected = {
        **{name: untouched.get_option(name) for name in own},
        "remote_addr": "10.0.0.2",
        "remote_user": "operator",
        "remote_password": "of-the-task",
    }
    assert made.transport == to_plugin
    assert own == expected


@pytest.mark.parametrize(("from_plugin", "to_plugin"), [("winrm", "psrp"), ("psrp", "winrm"), ("psrp", "psrp")])
def test_a_neighbour_answers_over_its_own_plugin(from_plugin: str, to_plugin: str) -> None:
    node = Node()
    home = task_connection(from_plugin)
    home.set_option("remote_password", PASSWORD)
    variables = {
        "ansible_connection": to_plugin,
        "ansible_host": "127.0.0.1",
        "ansible_port": node.listener.port,
        "ansible_winrm_transport": ["ntlm"],
        "ansible_winrm_scheme": "http",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_protocol": "http",
    }
    try:
        sender = open_sender(neighbour(home, "node2", variables))
        assert sender.send(b"<one/>") == answer_to(b"<one/>")
    finally:
        node.listener.close()


def test_the_tasks_own_connection_stays_as_it_was(home: ConnectionBase) -> None:
    before = told(home)
    neighbour(home, "node2", {"ansible_host": "10.0.0.2", "ansible_user": "other"})
    assert told(home) == before
