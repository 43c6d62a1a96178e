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
    and lists all nodes and all clustered VMs. No remote shell is opened.
  - The inventory source is a YAML file whose name ends in C(hyperv_cluster.yml) or C(hyperv_cluster.yaml).
  - Nodes are hosts of the group C(hyperv_nodes), ready for C(winrm). The connection settings of this file become
    variables of that group, which C(group_vars/hyperv_nodes.yml) may override.
  - The password is never written, neither into the inventory nor into the cache. Put it, vaulted, into
    C(group_vars/hyperv_nodes.yml) for the tasks that run on the nodes; or set C(ansible_password) in O(compose), which
    shows it to everyone who may run C(ansible-inventory).
  - VMs are hosts of the group C(hyperv_vms), under their display names. They get no C(ansible_host); use O(compose). A
    VM whose name is borne by another VM, by a node, or means something else to Ansible, such as C(localhost), is listed
    as its name, an underscore and its GUID.
  - Further groups are C(hyperv_nodes_STATE), C(hyperv_vms_STATE), C(hyperv_vms_on_NODE) and C(hyperv_vms_priority_P)
    with C(low), C(medium), C(high), C(no_auto_start) or a number for P. Characters that a group name cannot have
    become underscores.
  - Variables of a node are C(hyperv_node), C(hyperv_state), C(hyperv_drain_status), C(hyperv_condition),
    C(hyperv_build) and C(hyperv_version), as M(hyperv.migration.hyperv_cluster_node_info) tells them. Those of a VM are
    C(hyperv_vm_id), C(hyperv_vm_name), C(hyperv_node), C(hyperv_state), C(hyperv_memory_mb), C(hyperv_priority),
    C(hyperv_group), C(hyperv_migrating) and C(hyperv_activity), as M(hyperv.migration.hyperv_vm_info) tells them.
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
      - The user's password, best vaulted, or a template.
      - Not needed for Kerberos with a ticket that is there already.
    type: str
    env:
      - name: HYPERV_PASSWORD
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
    description: Ways to log in, such as V(ntlm) or V(kerberos), in the order in which to try.
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
      - What a C(winrm) inventory says in further variables C(ansible_winrm_NAME), by NAME, such as
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

# Ask the cluster anew after five minutes
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /var/cache/ansible-inventory
cache_timeout: 300

# The guests by their DNS names, and a group of those with much memory
compose:
  ansible_host: (hyperv_vm_name ~ '.corp.example') if hyperv_vm_name is defined else ansible_host
groups:
  large: (hyperv_memory_mb | default(0, true)) > 32768
"""

import typing as t

from ansible.errors import AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._action import SystemClock
from ..plugin_utils._connection import Inventory
from ..plugin_utils._connection.variables import connection_from
from ..plugin_utils._connections import Connections
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.errors import HyperVError, with_remedy
from ..plugin_utils._hyperv.inventory import NODES, Member, node_members, read_members, vm_members
from ..plugin_utils._text import clean
from ..plugin_utils._wsman.envelopes import UnreadableAnswer
from ..plugin_utils._wsman.faults import Fault
from ..plugin_utils._wsman.transport import TransportError
from ..plugin_utils._wsman.values import UnexpectedValue

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
        """Tell whether a file is a source of this plugin, by its name."""
        if not super().verify_file(path):
            return False
        if not path.endswith(_ENDINGS):
            self.display.vv(f"{path} is no source of {self.NAME}: its name does not end in {' or '.join(_ENDINGS)}.")
            return False
        return True

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Read the cluster, or the cache, and fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._config = self._read_config_data(path)
        address = self._value("remote_addr")
        keeps = self.get_option("cache")
        key = f"{self.get_cache_key(path)}_{address}"
        found = self._cache.get(key) if keeps and cache else None
        if found is None:
            found = self._read(address)
            if keeps:
                self._cache[key] = found
        self._fill(address, found)

    def _value(self, option: str) -> t.Any:
        """Return an option with its template resolved; what comes out of a vault is no template."""
        value = self.get_option(option)
        is_template = isinstance(self._config.get(option), (str, dict))
        return self.templar.template(value) if is_template else value

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
            connections = Connections(
                connection_from("winrm", variables), {"inventory_hostname": address}, SystemClock()
            )
            try:
                return read_members(Cluster(connections.session, SystemClock()))
            finally:
                connections.close()
        except Fault as fault:
            raise AnsibleParserError(clean(with_remedy(fault))) from None
        except (HyperVError, TransportError) as error:
            raise AnsibleParserError(clean(error)) from None
        except (UnreadableAnswer, UnexpectedValue) as error:
            raise AnsibleParserError(clean(f"A node answered with something unexpected: {error}.")) from None

    def _fill(self, address: str, found: dict[str, t.Any]) -> None:
        self.inventory.add_group(NODES)
        for name, value in {"ansible_connection": "winrm", **self._connection_variables()}.items():
            self.inventory.set_variable(NODES, name, _as_data(value))
        home = connection_from("winrm", {**self._connection_variables(), "ansible_host": address})
        beside = Inventory(home, {})
        for node in node_members(found["nodes"]):
            self._add(node, {**node.variables, "ansible_host": beside.address_beside_home(node.host, "")})
        for vm in vm_members(found["vms"], found["nodes"]):
            self._add(vm, vm.variables)

    def _add(self, member: Member, variables: dict[str, t.Any]) -> None:
        """Add a host with its variables and groups."""
        host = _as_data(member.host)
        kind = self.inventory.add_group(member.groups[0])
        self.inventory.add_host(host, group=kind)
        for name in member.groups[1:]:
            group = self.inventory.add_group(to_safe_group_name(name, force=True, silent=True))
            self.inventory.add_child(kind, group)
            self.inventory.add_child(group, host)
        unsafe = {name: _as_data(value) for name, value in variables.items()}
        for name, value in unsafe.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), unsafe, host, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), unsafe, host, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), unsafe, host, strict)


def _as_data(value: t.Any) -> t.Any:
    """Return what a cluster tells so that it is no template, for which ansible-core before 2.19 takes any braces.

    Only texts with braces need the mark.
    """
    return wrap_var(value) if "{" in str(value) else value
