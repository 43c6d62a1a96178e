# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How other nodes are reached: as the inventory says, else by name, with the credentials of the task's host."""

from __future__ import annotations

import collections
import os

import pytest
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import Neighbours, open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import Unreachable

from tests.unit.connection.listening import PASSWORD, Node, answer_to

SETTINGS = {
    "winrm": {"ansible_winrm_transport": ["ntlm"], "ansible_winrm_scheme": "https"},
    "psrp": {"ansible_psrp_auth": "ntlm", "ansible_psrp_protocol": "https"},
}
SCHEME = {"winrm": "scheme", "psrp": "protocol"}
EXTRAS = {"ansible_winrm_server_cert_validation": "ignore"}
CREDENTIALS = ["operator", "of-the-task"]


def task_connection(plugin):
    made = connection_loader.get(plugin, PlayContext(), os.devnull)
    made.set_options(
        var_options={
            "ansible_host": "10.0.0.1",
            "ansible_port": 5986,
            "ansible_user": "operator",
            "ansible_password": "of-the-task",
            **SETTINGS[plugin],
            "_extras": EXTRAS if plugin == "winrm" else {},
        }
    )
    return made


@pytest.fixture(params=["winrm", "psrp"])
def home(request):
    return task_connection(request.param)


def neighbour(home, node, **hosts):
    task_vars = {"hostvars": hosts, "groups": {"all": list(hosts)}}
    return Neighbours(home, task_vars).connection(node)


def told(connection):
    names = ("remote_addr", "port", "remote_user", "remote_password", SCHEME[connection.transport])
    return [connection.get_option(name) for name in names]


def test_a_node_that_is_not_in_the_inventory_is_reached_by_name(home):
    made = neighbour(home, "NODE2", NODE1={"ansible_host": "10.0.0.1"})
    assert made.transport == home.transport
    assert told(made) == ["NODE2", 5986, *CREDENTIALS, "https"]


@pytest.mark.parametrize("written", ["fd00::2", "[fd00::2]", "[::ffff:10.0.0.2]"])
def test_a_neighbour_is_reached_at_its_ipv6_address_however_it_is_written(home, written):
    sender = open_sender(neighbour(home, "NODE2", NODE2={"ansible_host": written}))
    assert sender.address == f"[{written.strip('[]')}]:5986"


@pytest.mark.parametrize("written", ["fe80::2%eth0", "[fe80::2%eth0]"])
def test_a_neighbour_at_an_address_with_a_zone_is_refused(home, written):
    with pytest.raises(Unreachable, match="no IPv6 address with a zone"):
        open_sender(neighbour(home, "NODE2", NODE2={"ansible_host": written}))


def test_a_home_with_an_ipv6_address_lends_no_domain_to_its_neighbours(home):
    home.set_option("remote_addr", "[::ffff:10.0.0.1]")
    assert told(neighbour(home, "NODE2"))[0] == "NODE2"


def test_what_pywinrm_takes_besides_is_handed_on_to_a_node_that_is_not_in_the_inventory():
    assert neighbour(task_connection("winrm"), "NODE2").get_option("_extras") == EXTRAS


def test_an_inventory_host_of_that_name_says_where_and_as_whom(home):
    variables = {"ansible_host": "10.0.0.2", "ansible_port": 15985, "ansible_user": "other", "ansible_password": "own"}
    scheme = {"ansible_winrm_scheme": "http", "ansible_psrp_protocol": "http"}
    made = neighbour(home, "NODE2", node2={**variables, **scheme})
    assert told(made) == ["10.0.0.2", 15985, "other", "own", "http"]


def test_what_the_inventory_host_does_not_set_comes_from_the_tasks_host(home):
    made = neighbour(home, "NODE2", node2={"ansible_host": "10.0.0.2"})
    assert told(made) == ["10.0.0.2", 5986, *CREDENTIALS, "https"]


@pytest.mark.parametrize(
    ("host", "variables", "address"),
    [
        ("node2.corp.example", {}, "node2.corp.example"),
        ("second", {"ansible_host": "node2.corp.example"}, "node2.corp.example"),
        ("node2", {"inventory_hostname": "node2"}, "node2"),
    ],
)
def test_a_node_is_known_by_the_first_label_of_name_or_address(home, host, variables, address):
    assert neighbour(home, "NODE2", **{host: variables}).get_option("remote_addr") == address


def test_the_plugins_own_variable_for_the_address_wins(home):
    addresses = {"ansible_host": "10.0.0.2", f"ansible_{home.transport}_host": "10.9.9.2"}
    assert neighbour(home, "NODE2", node2=addresses).get_option("remote_addr") == "10.9.9.2"


def test_an_address_is_no_name(home):
    assert neighbour(home, "10", other={"ansible_host": "10.0.0.9"}).get_option("remote_addr") == "10"


class Templated(collections.UserDict):
    """Variables of a host, of which some cannot be resolved, as Ansible's hostvars have it."""

    def __getitem__(self, name):
        if super().__getitem__(name) == "{{ nowhere_defined }}":
            raise AnsibleError("'nowhere_defined' is undefined")
        return super().__getitem__(name)


def of_clusters(home, node, hosts, groups, **task_vars):
    home.set_option("remote_addr", hosts.get("node1.prod.example", {}).get("ansible_host", "node1.prod.example"))
    variables = {
        "hostvars": {host: Templated(variables) for host, variables in hosts.items()},
        "groups": {"all": list(hosts), "ungrouped": list(hosts), **groups},
        "inventory_hostname": "node1.prod.example",
        **task_vars,
    }
    return Neighbours(home, variables).connection(node).get_option("remote_addr")


PROD, DEV = ["node1.prod.example", "node2.prod.example"], ["node1.dev.example", "node2.dev.example"]
BOTH = {host: {} for host in DEV + PROD}


@pytest.mark.parametrize(
    "groups",
    [{}, {"prod": PROD, "dev": DEV}, {"windows": DEV + PROD}, {"windows": DEV + PROD, "prod": PROD}],
    ids=["no groups", "a group each", "one group", "a group in a group"],
)
def test_a_node_of_another_cluster_is_not_taken_for_its_namesake(home, groups):
    assert of_clusters(home, "NODE2", BOTH, groups) == "node2.prod.example"


def test_a_host_that_shares_a_group_comes_before_one_of_the_same_domain(home):
    hosts = {**BOTH, "second": {"ansible_host": "node2"}}
    assert of_clusters(home, "NODE2", hosts, {"prod": ["node1.prod.example", "second"]}) == "node2"


@pytest.mark.parametrize("groups", [{}, {"windows": [*DEV, "node1.prod.example"]}], ids=["no groups", "one group"])
def test_a_node_is_not_taken_from_another_domain_but_looked_for_in_that_of_the_tasks_host(home, groups):
    hosts = {host: {} for host in [*DEV, "node1.prod.example"]}
    assert of_clusters(home, "NODE2", hosts, groups) == "NODE2.prod.example"


def test_a_bare_name_in_the_group_of_the_tasks_host_may_have_its_address_in_another_domain(home):
    hosts = {**BOTH, "node3": {"ansible_host": "node3.management.example"}}
    assert of_clusters(home, "NODE3", hosts, {"prod": [*PROD, "node3"]}) == "node3.management.example"
    assert of_clusters(home, "NODE3", hosts, {"prod": PROD}) == "NODE3.prod.example"


@pytest.mark.parametrize("groups", [{}, {"windows": [*BOTH]}], ids=["no groups", "one group"])
def test_several_hosts_that_may_be_the_node_are_refused_by_name(home, groups):
    hosts = {"node1.prod.example": {"ansible_host": "10.0.0.1"}, "here": {"ansible_host": "node2"}, "node2": {}}
    hosts["node2"]["ansible_host"] = "10.0.0.2"
    groups = {name: [*hosts] for name in groups}
    with pytest.raises(Unreachable, match=r"NODE2 may be any of the inventory hosts here, node2\. .*group"):
        of_clusters(home, "NODE2", hosts, groups)


def test_two_names_for_one_place_are_one_host(home):
    hosts = {**BOTH, "second": {"ansible_host": "node2.prod.example"}}
    assert of_clusters(home, "NODE2", hosts, {}) == "node2.prod.example"
    hosts["second"]["ansible_port"] = 15985
    with pytest.raises(Unreachable, match=r"node2\.prod\.example, second"):
        of_clusters(home, "NODE2", hosts, {})


def test_the_group_that_counts_is_that_of_the_host_to_which_a_task_is_delegated(home):
    hosts = {"prod-2": {"ansible_host": "node2"}, "dev-2": {"ansible_host": "NODE2", "ansible_port": 1}, "dev-1": {}}
    groups = {"prod": ["node1.prod.example", "prod-2"], "dev": ["dev-1", "dev-2"]}
    assert of_clusters(home, "NODE2", hosts, groups) == "node2"
    delegated = {"ansible_delegated_vars": {"dev-1": {"inventory_hostname": "node1.prod.example"}}}
    assert of_clusters(home, "NODE2", hosts, groups, **delegated) == "NODE2"


def test_a_full_name_tells_the_domain_itself(home):
    assert of_clusters(home, "NODE2.dev.example", BOTH, {}) == "node2.dev.example"
    assert of_clusters(home, "NODE9.dev.example", BOTH, {}) == "NODE9.dev.example"


def test_an_unrelated_host_whose_address_cannot_be_resolved_is_passed_over(home):
    hosts = {"aaa": {"ansible_host": "{{ nowhere_defined }}"}, "node2": {"ansible_host": "10.0.0.2"}}
    assert of_clusters(home, "NODE2", hosts, {"nodes": [*hosts, "node1.prod.example"]}) == "10.0.0.2"


@pytest.mark.parametrize("name", ["ansible_host", "ansible_password", "ansible_connection"])
def test_a_variable_of_the_node_that_cannot_be_resolved_makes_it_unreachable(home, name):
    with pytest.raises(Unreachable, match=r"NODE2 .*node2: .*nowhere_defined"):
        of_clusters(home, "NODE2", {"node2": {name: "{{ nowhere_defined }}"}}, {})


def test_a_setting_that_the_plugin_refuses_makes_the_node_unreachable(home):
    with pytest.raises(Unreachable, match=r"NODE2 .*node2: .*port"):
        of_clusters(home, "NODE2", {"node2": {"ansible_port": "fifth"}}, {})


def test_a_plugin_that_does_not_exist_makes_the_node_unreachable(home):
    with pytest.raises(Unreachable, match=r"node2, .*'no.such.plugin' does not exist.*winrm or psrp"):
        of_clusters(home, "NODE2", {"node2": {"ansible_connection": "no.such.plugin"}}, {})


def test_a_neighbour_over_another_plugin_is_refused_by_name(home):
    with pytest.raises(Exception, match="'local'"):
        open_sender(neighbour(home, "NODE2", node2={"ansible_connection": "local"}))


@pytest.mark.parametrize(("from_plugin", "to_plugin"), [("winrm", "psrp"), ("psrp", "winrm")])
def test_a_node_behind_the_other_plugin_gets_the_credentials_and_nothing_else(from_plugin, to_plugin):
    variables = {"ansible_connection": to_plugin, "ansible_host": "10.0.0.2"}
    made = neighbour(task_connection(from_plugin), "NODE2", node2=variables)
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
def test_a_neighbour_answers_over_its_own_plugin(from_plugin, to_plugin):
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
        sender = open_sender(neighbour(home, "NODE2", node2=variables))
        assert sender.send(b"<one/>") == answer_to(b"<one/>")
    finally:
        node.listener.close()


def test_the_tasks_own_connection_stays_as_it_was(home):
    before = told(home)
    neighbour(home, "NODE2", node2={"ansible_host": "10.0.0.2", "ansible_user": "other"})
    assert told(home) == before
