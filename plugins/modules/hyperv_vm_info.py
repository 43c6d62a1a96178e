# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_vm_info
short_description: List the VMs of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Lists clustered VMs with the node that owns them, their state, memory and priority, and whether they are being
    migrated.
  - Without options, the VMs of the whole cluster are listed, up to O(limit), whichever node is asked. A VM must match
    all options. If no VM matches, the list is empty and the task does not fail.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._pages
options:
  name:
    description:
      - Display name of the VMs to list, in any letter case. Wildcards are not supported.
      - If several VMs have the name, all of them are listed. Modules that change a VM refuse such a name and need its
        RV(vms[].id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM to list, with or without braces. Excludes O(name).
    type: str
  node:
    description:
      - List only VMs that this node owns according to Hyper-V or the cluster. The name may be short or fully qualified.
      - For a moment after a migration the two disagree. The VM is then listed for both nodes, and RV(vms[].node) is the
        node that Hyper-V reports.
    type: str
  state:
    description: List only VMs in this state, see RV(vms[].state).
    type: str
    choices:
      - running
      - "off"
      - stopping
      - saved
      - paused
      - starting
      - snapshotting
      - saving
      - pausing
      - resuming
      - fast_saved
      - fast_saving
      - critical
      - unknown
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
  - module: hyperv.migration.hyperv_cluster_node_info
"""

EXAMPLES = r"""
- name: List the running VMs of a node
  hyperv.migration.hyperv_vm_info:
    node: NODE1
    state: running
  register: residents

- name: Check whether a name is unique
  hyperv.migration.hyperv_vm_info:
    name: web01
  register: found

- name: Count the VMs of a large cluster
  hyperv.migration.hyperv_vm_info:
    limit: 1
  register: counted

- name: Move the VM on NODE1 by its id
  hyperv.migration.hyperv_vm_migrate:
    vm_id: "{{ (found.vms | selectattr('node', 'equalto', 'NODE1') | first).id }}"
    destination_host: NODE2
"""

RETURN = r"""
total:
  description: Number of VMs that match, those that O(limit) leaves out too.
  returned: success
  type: int
  sample: 8000
by_node:
  description: Number of these VMs by RV(vms[].node).
  returned: success
  type: dict
  sample: {NODE1: 125, NODE2: 124}
by_state:
  description: Number of these VMs by RV(vms[].state).
  returned: success
  type: dict
  sample: {"off": 9, running: 240}
vms:
  description: The VMs, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name.
      type: str
      returned: always
      sample: web01
    node:
      description:
        - The node that owns the VM, by its name in the cluster, according to Hyper-V, or else the cluster; empty if
          neither reports it.
      type: str
      returned: always
      sample: NODE1
    state:
      description:
        - State of the VM. V(running), V(off), V(saved) and V(paused) are stable. V(starting), V(stopping), V(saving),
          V(pausing), V(resuming) and V(snapshotting) are temporary, and a VM in one of them is not moved.
        - V(fast_saved) and V(fast_saving) are older kinds of V(saved) and V(saving). V(critical) means that the VM has
          lost its storage. A VM in one of these states is not moved.
        - V(unknown) if Hyper-V reports another state. A VM that is being migrated is V(running).
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in use in MB, 0 for a VM that does not run; V(null) if the cluster does not report it.
      type: int
      returned: always
      sample: 4096
    migrating:
      description: Whether the VM is being migrated.
      type: bool
      returned: always
      sample: false
    activity:
      description: The operation that prevents a migration of the VM now, as text; may be empty.
      type: str
      returned: always
      sample: it is being backed up
    group:
      description: Name of its cluster group; V(null) if the cluster does not list one.
      type: str
      returned: always
      sample: web01
    priority:
      description:
        - Priority of its cluster group, from 0 (not started automatically) to 4999; low is 1000, medium 2000, high
          3000.
        - V(null) if it is not known.
      type: int
      returned: always
      sample: 2000
"""
