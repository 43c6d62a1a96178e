# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists the nodes and VMs of a cluster as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hyperv_cluster
short_description: Nodes and VMs of a Hyper-V failover cluster as an inventory
version_added: 0.1.0
description:
  - Asks one node of the cluster, over the connection that the P(ansible.builtin.winrm#connection) plugin is set up for,
    and lists all nodes and all clustered VMs. It does not open a remote shell.
  - A host that has not answered for 10 seconds is named on standard error, and again every half minute.
  - The inventory source is a YAML file whose name ends in C(hyperv_cluster.yml) or C(hyperv_cluster.yaml).
  - Nodes are hosts of the group C(hyperv_nodes), ready for C(winrm). The connection settings of this file become
    variables of the group C(hyperv_cluster_NAME_nodes), the cluster's own nodes, so that those of several clusters do
    not mix. C(group_vars/hyperv_nodes.yml) may override them.
  - The plugin does not write the password into the inventory or into the cache. Put it, vaulted, into
    C(group_vars/hyperv_nodes.yml) for the tasks that run on the nodes; or set C(ansible_password) in O(compose), which
    shows it to everyone who may run C(ansible-inventory).
  - VMs are hosts of the group C(hyperv_vms), under their display names. They do not have C(ansible_host); use
    O(compose). If another VM or a node has the name, or the name has a meaning for Ansible, such as C(localhost) or the
    name of a group of this plugin, or it ends in the GUID of a VM, the host is listed as the VM's name, an underscore
    and its GUID.
  - The group C(hyperv_cluster_NAME) contains all hosts of a cluster, with its nodes in C(hyperv_cluster_NAME_nodes) and
    its VMs in C(hyperv_cluster_NAME_vms). NAME is the cluster's name. It is the full name with O(hostnames=fqdn), or if
    a cluster of another domain already has the group of the short name.
  - Two machines are not merged into one host. If another source has listed a host of the same name, of another cluster
    or another kind, the second one is omitted with a warning that names both sources; with O(strict) it is an error. A
    node takes precedence over a VM. O(host_prefix) and O(hostnames) give every host a distinct name.
  - Further groups are C(hyperv_nodes_STATE), C(hyperv_vms_STATE), C(hyperv_vms_on_NODE) and C(hyperv_vms_priority_P)
    with C(low), C(medium), C(high), C(no_auto_start) or a number for P. Characters that are not allowed in a
    group name become underscores.
  - Every host has C(hyperv_cluster) and C(hyperv_cluster_fqdn), the names of its cluster, and C(hyperv_node), which is
    the node's name in the cluster, or the node that owns the VM, whatever the name of the host is. The cluster's group
    has C(hyperv_cluster_source), the path of the source.
  - Texts that could be templates are data and are not evaluated, because a VM may have any name.
  - Variables of a node are C(hyperv_node), C(hyperv_state), C(hyperv_drain_status), C(hyperv_condition),
    C(hyperv_build) and C(hyperv_version), as M(hyperv.migration.hyperv_cluster_node_info) returns them. Those of a VM
    are C(hyperv_vm_id), C(hyperv_vm_name), C(hyperv_node), C(hyperv_state), C(hyperv_memory_mb), C(hyperv_priority),
    C(hyperv_group), C(hyperv_migrating) and C(hyperv_activity), as M(hyperv.migration.hyperv_vm_info) returns them.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as a source of this plugin.
    type: str
    required: true
    choices: [hyperv.migration.hyperv_cluster]
  remote_addr:
    description: Name or address of the cluster or of one of its nodes. May be a template.
    type: str
    required: true
    env:
      - name: HYPERV_CLUSTER
  remote_user:
    description: The user to log in as. May be a template.
    type: str
    env:
      - name: HYPERV_USER
  remote_password:
    description:
      - The user's password, preferably vaulted, or a template.
      - Not needed for Kerberos with an existing ticket.
    type: str
    env:
      - name: HYPERV_PASSWORD
  hostnames:
    description:
      - V(name) uses the names of nodes and VMs in the cluster and in Hyper-V.
      - V(fqdn) uses the full name of a node in the cluster's domain, C(NODE1.corp.example), and for a VM its name and
        the full name of its cluster, C(web01.hvc1.corp.example), which is not a DNS name. The names of hosts are then
        different in each cluster. The cluster's group has its full name as well.
    type: str
    choices: [name, fqdn]
    default: name
  host_prefix:
    description: Prefix of the names of all hosts of this source, such as V(hvc1-).
    type: str
    default: ''
  port:
    description: Port of WinRM on the nodes.
    type: int
    default: 5986
  scheme:
    description: V(http) or V(https). Without it, V(http) for the port 5985 and V(https) for all others.
    type: str
    choices: [http, https]
  path:
    description: Path of the URL.
    type: str
    default: /wsman
  transport:
    description: Login methods, such as V(ntlm) or V(kerberos), in the order in which to try them.
    type: list
    elements: str
  kerberos_command:
    description: The command that gets a Kerberos ticket.
    type: str
  kinit_args:
    description: Arguments for that command.
    type: str
  kerberos_mode:
    description: Whether the connection gets the Kerberos ticket itself.
    type: str
    choices: [managed, manual]
  connection_timeout:
    description: Seconds that a node may take for one request.
    type: int
  winrm_options:
    description:
      - Other variables C(ansible_winrm_NAME) of a C(winrm) inventory, by NAME, such as
        C(server_cert_validation), C(ca_trust_path) or C(message_encryption).
    type: dict
    default: {}
seealso:
  - module: hyperv.migration.hyperv_vm_info
  - module: hyperv.migration.hyperv_cluster_node_info
"""

EXAMPLES = r"""
# lab.hyperv_cluster.yml
plugin: hyperv.migration.hyperv_cluster
remote_addr: hvc1.corp.example
remote_user: operator@CORP.EXAMPLE
port: 5985
transport: [kerberos]

# Read the cluster again after five minutes
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /var/cache/ansible-inventory
cache_timeout: 300

# Two clusters may have nodes and VMs of the same names
host_prefix: hvc1-

# The guests by their DNS names, and a group of those with much memory
compose:
  ansible_host: (hyperv_vm_name ~ '.corp.example') if hyperv_vm_name is defined else ansible_host
groups:
  large: (hyperv_memory_mb | default(0, true)) > 32768
"""

import contextlib
import dataclasses
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..plugin_utils._ansible_errors import EXPECTED, unreadable_source
from ..plugin_utils._awaited import awaited_named
from ..plugin_utils._clock import SystemClock, TaskClock
from ..plugin_utils._connection import Inventory
from ..plugin_utils._connection.variables import connection_from
from ..plugin_utils._connections import Connections
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.usecases.inventory import (
    CLUSTER,
    FQDN,
    NODES,
    Member,
    Naming,
    identify_cluster,
    leave_out,
    make_node_members,
    make_vm_members,
    read_members,
)
from ..plugin_utils._hyperv.usecases.inventory_clashes import Present, describe_clashes, find_clashes
from ..plugin_utils._masking import find_register
from ..plugin_utils._signs_of_life import SignsOfLife
from ..plugin_utils._text import clean
from ..plugin_utils._trust import as_data, as_listed

_SOURCE = "hyperv_cluster_source"
_ENDINGS = ("hyperv_cluster.yml", "hyperv_cluster.yaml")
# Options and the variables of the winrm connection plugin that they stand for.
_VARIABLES = {
    "remote_user": "ansible_user",
    "port": "ansible_port",
    "scheme": "ansible_winrm_scheme",
    "path": "ansible_winrm_path",
    "transport": "ansible_winrm_transport",
    "kerberos_command": "ansible_winrm_kinit_cmd",
    "kinit_args": "ansible_winrm_kinit_args",
    "kerberos_mode": "ansible_winrm_kinit_mode",
    "connection_timeout": "ansible_winrm_connection_timeout",
}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin hyperv_cluster."""

    NAME = "hyperv.migration.hyperv_cluster"
    inventory: t.Any

    def verify_file(self, path: str) -> bool:
        """Return whether a file is a source of this plugin, by its name."""
        if not super().verify_file(path):
            return False
        if not path.endswith(_ENDINGS):
            self.display.vv(f"{path} is not a source of {self.NAME}: its name does not end in {' or '.join(_ENDINGS)}.")
            return False
        return True

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Read the cluster, or the cache, and fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._path = path
        self._config = self._read_config_data(path)
        self._mask_password()
        address = self._value("remote_addr")
        keeps = self.get_option("cache")
        key = f"{self.get_cache_key(path)}_{address}"
        found = self._cache.get(key) if keeps and cache else None
        if found is None or "cluster" not in found:  # earlier versions kept nodes and VMs only
            found = self._read(address)
            if keeps:
                self._cache[key] = found
        self._fill(address, found)

    def _value(self, option: str) -> t.Any:
        """Return an option with its template resolved; what comes out of a vault is no template."""
        value = self.get_option(option)
        is_template = isinstance(self._config.get(option), (str, dict))
        return self.templar.template(value) if is_template else value

    def _mask_password(self) -> None:
        """Let ansible-core mask the password also where the cache answers, and no connection plugin would do that."""
        register = find_register()
        if register is None:
            return
        try:
            password = self._value("remote_password")
        except AnsibleError as error:
            # What cannot be resolved cannot be shown either, and with a cache nobody may need it.
            self.display.vv(clean(f"remote_password of {self._path} has no value to mask: {error}"))
            return
        if password is not None:
            register(str(password))

    def _connection_variables(self) -> dict[str, t.Any]:
        """Return what the nodes need to be reached, without the password."""
        values = {name: self._value(option) for option, name in _VARIABLES.items()}
        extras = {f"ansible_winrm_{name}": value for name, value in self._value("winrm_options").items()}
        secret = sorted(name for name in extras if "pass" in name)
        if secret:
            raise AnsibleParserError("The password belongs into remote_password, not into winrm_options.")
        given = {name: value for name, value in values.items() if value is not None}
        return {**given, **extras}

    def _read(self, address: str) -> dict[str, t.Any]:
        variables = {**self._connection_variables(), "ansible_host": address}
        password = self._value("remote_password")
        if password is not None:
            variables["ansible_password"] = password
        try:
            with self._connected(address, variables) as cluster:
                return read_members(cluster)
        except EXPECTED as error:
            raise unreadable_source(error) from None

    @contextlib.contextmanager
    def _connected(self, address: str, variables: Mapping[str, t.Any]) -> Iterator[Cluster]:
        """Connect as these variables say; what is waited for is shown, as a task does."""
        now = SystemClock().now
        signs = SignsOfLife(self._show, now)

        def tell(line: str) -> None:
            signs.told(line)
            self._show(line)

        def name_awaited(line: str) -> None:
            signs.shown()
            self._show(line)

        clock = TaskClock(signs.give)
        connection = connection_from("winrm", variables)
        with awaited_named(name_awaited, now) as watch:
            connections = Connections(connection, {"inventory_hostname": address}, clock, self._trace, watch)
            try:
                yield Cluster(connections.session, clock, tell=tell)
            finally:
                connections.close()

    def _show(self, line: str) -> None:
        """Show a line at once, on standard error: programs read the inventory from standard output."""
        self.display.display(clean(line), stderr=True)

    def _trace(self, line: str, host: str) -> None:
        self.display.vvvv(line, host=host)

    def _fill(self, address: str, found: dict[str, t.Any]) -> None:
        """Add the cluster. Raises AnsibleParserError, before anything is added, where strict forbids to warn."""
        own = self._naming(found["cluster"])
        naming = dataclasses.replace(own, is_group_full=True) if self._is_shared(own) else own
        settings = {"ansible_connection": "winrm", **self._connection_variables()}
        nodes = make_node_members(found["nodes"], naming)
        vms = make_vm_members(found["vms"], found["nodes"], naming, self.inventory.groups)
        clashes = find_clashes([*nodes, *vms], self._present, self._origin(naming.variables, self._path))
        self._warn(
            [*self._shared_group(own, naming), *self._other_settings(naming, settings), *describe_clashes(clashes)]
        )
        for clash in clashes:
            if clash.is_replaced:
                self.inventory.remove_host(self.inventory.hosts[clash.host])
        left_out = {clash.host for clash in clashes if not clash.is_replaced}
        self._add_groups(naming, settings)
        home = connection_from("winrm", {**self._connection_variables(), "ansible_host": address})
        beside = Inventory(home, {})
        for node in leave_out(nodes, left_out):
            self._add(
                node,
                {
                    **node.variables,
                    "ansible_host": beside.address_beside_home(node.variables["hyperv_node"]),
                },
            )
        for vm in leave_out(vms, left_out):
            self._add(vm, vm.variables)

    def _naming(self, cluster: dict[str, t.Any]) -> Naming:
        """Return how the source wants hosts and groups to be called."""
        name, fqdn = cluster["name"], cluster["fqdn"]
        is_full = self.get_option("hostnames") == "fqdn"
        if is_full and "." not in (fqdn or ""):
            raise AnsibleParserError(
                clean(f"hostnames=fqdn: cluster {name} has no full name. Set host_prefix instead.")
            )
        return Naming(name, fqdn, self.get_option("host_prefix"), is_full, is_full)

    def _is_shared(self, naming: Naming) -> bool:
        """Return whether another cluster has the group of this one."""
        other = identify_cluster(self._variables_of(naming.group))
        return other not in ("", identify_cluster(naming.variables))

    def _shared_group(self, wanted: Naming, given: Naming) -> Iterator[str]:
        if given is not wanted:
            yield (
                f"Two clusters are called {wanted.name}. Group {_fit(wanted.group)} is that of "
                f"{self._origin(self._variables_of(wanted.group))}, and {_fit(given.group)} that of "
                f"{self._origin(given.variables, self._path)}. Set hostnames=fqdn in both sources, so that each group "
                "is called by its cluster's full name."
            )

    def _other_settings(self, naming: Naming, settings: dict[str, t.Any]) -> Iterator[str]:
        """Yield where another source of the same cluster says otherwise how to reach its nodes."""
        other = self._variables_of(naming.group).get(_SOURCE, self._path)
        there = self._variables_of(f"{naming.group}_nodes")
        unlike = sorted(name for name in settings.keys() | there.keys() if there.get(name) != settings.get(name))
        if other != self._path and unlike:
            yield (
                f"{other} and {self._path} list the same cluster, {naming.fqdn or naming.name}, and differ in "
                f"{', '.join(unlike)} of its nodes, where the latter counts. Keep one of the sources."
            )

    def _warn(self, complaints: Sequence[str]) -> None:
        if complaints and self.get_option("strict"):
            raise AnsibleParserError(clean(" ".join(complaints)))
        for complaint in complaints:
            self.display.warning(clean(complaint))

    def _present(self, name: str) -> Present | None:
        """Return the host of this name that is in the inventory already, None for none."""
        host = self.inventory.hosts.get(name)
        if host is None:
            return None
        groups = host.get_groups()
        cluster = next((group.vars for group in groups if _SOURCE in group.vars), None)
        origin = self._origin(cluster) if cluster else str(host.vars.get("inventory_file"))
        return Present(host.vars, NODES in {group.name for group in groups}, origin)

    def _origin(self, cluster: Mapping[str, t.Any], source: str | None = None) -> str:
        """Return a cluster and its source in words, from the variables of the cluster's group."""
        return f"{cluster[FQDN] or cluster[CLUSTER]} ({source or cluster.get(_SOURCE)})"

    def _variables_of(self, group: str) -> dict[str, t.Any]:
        found = self.inventory.groups.get(_fit(group))
        return found.vars if found else {}

    def _add_groups(self, naming: Naming, settings: dict[str, t.Any]) -> None:
        """Add the cluster's group, with those of its nodes and VMs, and how to reach the nodes."""
        self.inventory.add_group(NODES)
        cluster, nodes, vms = (self.inventory.add_group(_fit(naming.group + kind)) for kind in ("", "_nodes", "_vms"))
        self.inventory.add_child(cluster, nodes)
        self.inventory.add_child(cluster, vms)
        self.inventory.add_child(NODES, nodes)
        for name, value in {**naming.variables, _SOURCE: self._path}.items():
            self.inventory.set_variable(cluster, name, as_data(value))
        for name, value in settings.items():
            self.inventory.set_variable(nodes, name, as_data(value))

    def _add(self, member: Member, variables: dict[str, t.Any]) -> None:
        """Add a host with its variables and groups."""
        host = as_data(member.host)
        kind = self.inventory.add_group(member.groups[0])
        self.inventory.add_host(host, group=kind)
        for name in member.groups[1:]:
            group = self.inventory.add_group(_fit(name))
            self.inventory.add_child(kind, group)
            self.inventory.add_child(group, host)
        data = {name: as_data(value) for name, value in variables.items()}
        for name, value in data.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        compose = self.get_option("compose")
        self._set_composite_vars(compose, data, host, strict)
        made = self.inventory.hosts[member.host].vars
        for name in compose.keys() & made.keys():
            self.inventory.set_variable(host, name, as_listed(made[name]))
        self._add_host_to_composed_groups(self.get_option("groups"), data, host, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), data, host, strict)


def _fit(name: str) -> str:
    return str(to_safe_group_name(name, force=True, silent=True))
