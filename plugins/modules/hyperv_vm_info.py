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
  - Without options all VMs of the cluster are listed, whichever node is asked. Of several options all must hold; no VM
    that fits is an empty list and no error.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  name:
    description:
      - Display name of the VMs to list, in any letter case. Nothing in it is a wildcard.
      - Names need not be unique. All VMs of that name are listed; modules that act on a VM refuse such a name, and need
        its RV(vms[].id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM to list, with or without braces. Excludes O(name).
    type: str
  node:
    description:
      - List only VMs of which Hyper-V or the cluster says that this node owns them. The name may be short or fully
        qualified.
      - For moments after a move the two disagree. The VM is then listed for both nodes, and RV(vms[].node) is what
        Hyper-V says.
    type: str
  state:
    description: List only VMs in this state, as RV(vms[].state) has it.
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

- name: Look whether a name is unique
  hyperv.migration.hyperv_vm_info:
    name: web01
  register: found

- name: Move the one on NODE1 by its id
  hyperv.migration.hyperv_vm_migrate:
    vm_id: "{{ (found.vms | selectattr('node', 'equalto', 'NODE1') | first).id }}"
    destination_host: NODE2
"""

RETURN = r"""
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
        - The node that owns the VM, as the cluster calls it. What Hyper-V says comes first, then what the cluster says;
          empty where neither tells.
      type: str
      returned: always
      sample: NODE1
    state:
      description:
        - State of the VM. V(running), V(off), V(saved) and V(paused) last; V(starting), V(stopping), V(saving),
          V(pausing), V(resuming) and V(snapshotting) pass, and a VM in one of them is not moved.
        - V(fast_saved) and V(fast_saving) are older kinds of V(saved) and V(saving). V(critical) says that its storage
          is lost, whatever it was before. None of these is moved.
        - V(unknown) where Hyper-V shows another one. A VM that is being migrated is V(running).
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in use in MB, 0 for a VM that does not run; V(null) where the cluster does not tell.
      type: int
      returned: always
      sample: 4096
    migrating:
      description: Whether the VM is being migrated.
      type: bool
      returned: always
      sample: false
    activity:
      description: What keeps the VM from being moved now, in words; empty for nothing.
      type: str
      returned: always
      sample: it is being backed up
    group:
      description: Name of its cluster group; V(null) where the cluster lists none.
      type: str
      returned: always
      sample: web01
    priority:
      description:
        - Priority of its cluster group, from 0 (not started by itself) to 4999; low is 1000, medium 2000, high 3000.
        - V(null) where not known.
      type: int
      returned: always
      sample: 2000
"""
