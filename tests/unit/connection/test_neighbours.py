# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How other nodes are reached: as the inventory says, else by name, with the credentials of the task's host."""

from __future__ import annotations

import os

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import Neighbours, open_sender


@pytest.fixture
def home():
    made = connection_loader.get("winrm", PlayContext(), os.devnull)
    made.set_options(
        var_options={
            "ansible_host": "10.0.0.1",
            "ansible_port": 5986,
            "ansible_user": "operator",
            "ansible_password": "of-the-task",
            "ansible_winrm_transport": ["ntlm"],
            "ansible_winrm_scheme": "https",
            "_extras": {"ansible_winrm_server_cert_validation": "ignore"},
        }
    )
    return made


def neighbour(home, node, **hosts):
    task_vars = {"hostvars": hosts, "groups": {"all": list(hosts)}}
    return Neighbours(home, task_vars).connection(node)


def told(connection):
    return [connection.get_option(name) for name in ("remote_addr", "port", "remote_user", "remote_password", "scheme")]


def test_a_node_that_is_not_in_the_inventory_is_reached_by_name(home):
    made = neighbour(home, "NODE2", NODE1={"ansible_host": "10.0.0.1"})
    assert told(made) == ["NODE2", 5986, "operator", "of-the-task", "https"]
    assert made.get_option("_extras") == {"ansible_winrm_server_cert_validation": "ignore"}


def test_an_inventory_host_of_that_name_says_where_and_as_whom(home):
    variables = {"ansible_host": "10.0.0.2", "ansible_port": 15985, "ansible_user": "other", "ansible_password": "own"}
    made = neighbour(home, "NODE2", node2={**variables, "ansible_winrm_scheme": "http"})
    assert told(made) == ["10.0.0.2", 15985, "other", "own", "http"]


def test_what_the_inventory_host_does_not_set_comes_from_the_tasks_host(home):
    made = neighbour(home, "NODE2", node2={"ansible_host": "10.0.0.2"})
    assert told(made) == ["10.0.0.2", 5986, "operator", "of-the-task", "https"]


@pytest.mark.parametrize(
    ("host", "variables", "address"),
    [
        ("node2.corp.example", {}, "node2.corp.example"),
        ("second", {"ansible_host": "node2.corp.example"}, "node2.corp.example"),
    ],
)
def test_a_node_is_known_by_the_first_label_of_name_or_address(home, host, variables, address):
    assert neighbour(home, "NODE2", **{host: variables}).get_option("remote_addr") == address


def test_an_address_is_no_name(home):
    assert neighbour(home, "10", other={"ansible_host": "10.0.0.9"}).get_option("remote_addr") == "10"


def test_a_neighbour_over_another_plugin_is_refused_by_name(home):
    with pytest.raises(Exception, match="'local'"):
        open_sender(neighbour(home, "NODE2", node2={"ansible_connection": "local"}))


def test_the_tasks_own_connection_stays_as_it_was(home):
    before = told(home)
    neighbour(home, "NODE2", node2={"ansible_host": "10.0.0.2", "ansible_user": "other"})
    assert told(home) == before
