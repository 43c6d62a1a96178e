# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_capabilities_info
short_description: Report what a Hyper-V failover cluster can do about migrations
version_added: 0.1.0
description:
  - Reads the migration service, its capabilities and the settings of each node, and lists what would stop a migration,
    with a remedy each.
  - With O(name) and O(destination_host) it also asks Hyper-V whether that move is possible.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  nodes:
    description: Names of the nodes to look at; all nodes if empty.
    type: list
    elements: str
    default: []
  name:
    description: Display name of a VM to ask about.
    type: str
    aliases: [vm_name]
  destination_host:
    description: Name of the node to which it would be moved.
    type: str
    aliases: [destination]
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Look for what would stop a migration
  hyperv.migration.hyperv_migration_capabilities_info:
  register: readiness

- name: Stop if there is anything
  ansible.builtin.assert:
    that: readiness.problems | length == 0
    fail_msg: "{{ readiness.problems }}"
"""

RETURN = r"""
cluster:
  description: The cluster.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
      sample: HVC1
    fqdn:
      description: Its fully qualified name.
      type: str
      returned: always
      sample: hvc1.corp.example
    maximum_parallel_migrations:
      description: The cluster's limit of parallel migrations; V(null) on clusters without one.
      type: int
      returned: always
      sample: 1
service:
  description: The migration service.
  returned: success
  type: dict
  contains:
    node:
      description: The node that answered.
      type: str
      returned: always
      sample: NODE1
    namespace:
      description: Its CIM namespace.
      type: str
      returned: always
      sample: root/HyperVCluster/v2
    keys:
      description: Its keys.
      type: dict
      returned: always
capabilities:
  description: Methods that the provider says it supports. Empty lists do not mean that it supports none.
  returned: success
  type: dict
  contains:
    synchronous:
      description: Methods that end before they answer.
      type: list
      elements: str
      returned: always
    asynchronous:
      description: Methods that start a job.
      type: list
      elements: str
      returned: always
nodes:
  description: Settings of the nodes that could be asked.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE1
    enabled:
      description: Whether it takes part in live migrations.
      type: bool
      returned: always
    maximum_migrations:
      description: Live migrations at once.
      type: int
      returned: always
      sample: 2
    maximum_storage_migrations:
      description: Storage migrations at once.
      type: int
      returned: always
      sample: 2
    active_migrations:
      description: Live migrations that run now.
      type: int
      returned: always
      sample: 0
    authentication:
      description: V(kerberos), V(credssp) or V(unknown).
      type: str
      returned: always
      sample: kerberos
    compression:
      description: Whether memory is compressed on its way.
      type: bool
      returned: always
    smb:
      description: Whether SMB carries it.
      type: bool
      returned: always
    listener_addresses:
      description: Addresses on which it receives migrations.
      type: list
      elements: str
      returned: always
      sample: ["10.20.0.11"]
    networks:
      description: Networks for migrations, the preferred one first.
      type: list
      elements: str
      returned: always
      sample: ["10.20.0.0/24"]
problems:
  description: What would stop a migration.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: The node, or V(all).
      type: str
      returned: always
    problem:
      description: What is wrong.
      type: str
      returned: always
    remedy:
      description: What to do.
      type: str
      returned: always
move:
  description:
    - The answer about O(name) and O(destination_host), as RV(hyperv.migration.hyperv_vm_migrate#module:moves) has it in
      check mode.
    - V(null) where no VM was named.
  returned: success
  type: dict
"""
