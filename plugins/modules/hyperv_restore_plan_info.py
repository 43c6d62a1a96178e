# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_restore_plan_info
short_description: Plan which VMs to bring back to an evacuated node
version_added: 0.1.0
description:
  - Compares the ledger of an evacuation with the present locations of its VMs, and returns which VMs to bring back,
    which to leave where they are, and why.
  - A VM goes back only if it is still where the evacuation moved it. A VM that somebody moved since stays there.
  - It refuses a ledger of another cluster or node. It accepts a ledger of an earlier version, with the cluster's short
    name only, if the cluster knows one of its VMs.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: The node to bring VMs back to. The default is the node of the ledger.
    type: str
  roles:
    description:
      - What becomes of the roles, shared volumes and the core group that the evacuation moved, as far as they are where
        it moved them.
      - V(leave) leaves them there. V(home) brings them back to the node, V(preferred_owners) those of which the node is
        a preferred owner.
    type: str
    choices: [leave, home, preferred_owners]
    default: leave
  ledger:
    description: The ledger as data, as M(hyperv.migration.hyperv_evacuation_ledger_info) returns it or AWX stored it.
    type: dict
  ledger_path:
    description: The ledger as a file on the controller.
    type: path
  ledger_folder:
    description: Directory of the ledger on the controller, under its generated name. Requires O(node).
    type: path
seealso:
  - module: hyperv.migration.hyperv_evacuation_ledger_info
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Plan which VMs go back to NODE1
  hyperv.migration.hyperv_restore_plan_info:
    ledger_path: /var/lib/maintenance/NODE1.json
"""

RETURN = r"""
node:
  description: The node to bring VMs back to.
  type: str
  returned: success
  sample: NODE1
cluster:
  description: Full name of its cluster, or of the node itself if there is no cluster.
  type: str
  returned: success, V(null) if the name is unknown
  sample: hvc1.corp.example
cluster_name:
  description: Short name of its cluster.
  type: str
  returned: success, V(null) if there is no cluster
  sample: HVC1
clustered:
  description: Whether the node belongs to a cluster.
  type: bool
  returned: success
ledger_path:
  description: Absolute path of the ledger; V(null) if it was passed as data.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-ledger-hvc1.corp.example-NODE1.json
moves:
  description: The moves, in order. You can pass them to M(hyperv.migration.hyperv_vm_migrate).
  type: list
  elements: dict
  returned: success
  contains: &move
    order:
      description: Position, from 1. Running VMs come first, then high priority, then much memory.
      type: int
      returned: always
      sample: 1
    vm_id:
      description: GUID.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name.
      type: str
      returned: always
      sample: web01
    state:
      description: State now.
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in MB.
      type: int
      returned: always
      sample: 4096
    priority:
      description: Priority of its role before the evacuation.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node that has the VM.
      type: str
      returned: always
      sample: NODE2
    destination_host:
      description: The node to which the VM goes back.
      type: str
      returned: always
      sample: NODE1
    reason:
      description: Why it goes.
      type: str
      returned: always
      sample: the evacuation of NODE1 moved it to NODE2
    helper:
      description: Whether it is a VM of another node that stepped aside.
      type: bool
      returned: always
      sample: false
helpers:
  description:
    - The moves home of VMs of other nodes that stepped aside, in order, after those of RV(moves). Make them one after
      another, so that memory suffices at every moment.
    - Such a VM is in RV(stays) as long as its node cannot take it.
  returned: success
  type: list
  elements: dict
  contains: *move
stays:
  description: VMs of the ledger that stay where they are, and why.
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    code:
      description:
        - V(stayed), V(already_there), V(moved_elsewhere) or V(moved_on).
        - V(home_not_ready) for a VM that stepped aside and whose node cannot take it now.
        - V(no_memory), V(rule) or V(not_a_possible_owner) for a VM that the node cannot take now.
        - V(home_lacks) for a VM that runs and for which the node certainly lacks something, such as a virtual switch.
      type: str
      returned: always
      sample: moved_elsewhere
    severity:
      description: V(info), or V(warning) for a VM that is kept in the ledger.
      type: str
      returned: always
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: db01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: It is on NODE3, although the evacuation moved it to NODE2.
    remedy:
      description: Empty.
      type: str
      returned: always
    transient:
      description: V(false).
      type: bool
      returned: always
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: db01
leaving:
  description:
    - VMs that cannot be planned yet, because their migration away from the node still runs, or because the cluster
      lists them and Hyper-V does not.
    - Run the module again later.
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    code:
      description: V(leaving) or V(not_shown).
      type: str
      returned: always
      sample: leaving
    severity:
      description: V(warning).
      type: str
      returned: always
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: sql01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: Its migration away from NODE1 still runs.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
    transient:
      description: V(true).
      type: bool
      returned: always
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: db01
gone:
  description:
    - VMs that neither Hyper-V nor the cluster knows.
    - If they were deleted, mark them as settled with
      O(hyperv.migration.hyperv_node_restoration#module:forget_gone).
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    code:
      description: V(gone).
      type: str
      returned: always
      sample: gone
    severity:
      description: V(warning).
      type: str
      returned: always
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: old01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: It is no longer among the VMs of the cluster.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
    transient:
      description: V(false).
      type: bool
      returned: always
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: db01
start:
  description:
    - VMs that ran before the evacuation, which shut them down or saved them.
    - Start them when they are on their node, after their move in RV(moves) if they have one.
  type: list
  elements: dict
  returned: success
  contains:
    vm_id:
      description: GUID.
      type: str
      returned: always
    name:
      description: Display name.
      type: str
      returned: always
      sample: test01
"off":
  description:
    - VMs that ran before the evacuation and are off or saved, although it did not stop them. Do not start them.
  type: list
  elements: dict
  returned: success
  contains:
    vm_id:
      description: GUID.
      type: str
      returned: always
    name:
      description: Display name.
      type: str
      returned: always
      sample: test02
headroom:
  description: Memory of the node before and after the moves. Empty if it could not be read, or without moves.
  type: list
  elements: dict
  returned: success
without_room:
  description:
    - Names of VMs in RV(stays) for which the node has no memory or lacks what they need, which a rule keeps from it, or
      of which it is not a possible owner. They are kept in the ledger.
  type: list
  elements: str
  returned: success
roles:
  description: Roles, shared volumes and the core group that the evacuation moved, and what becomes of each.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(role), V(shared_volume) or V(core_group).
      type: str
      returned: always
      sample: role
    name:
      description: Name of the cluster group, or of the disk resource of a shared volume.
      type: str
      returned: always
      sample: FS1
    type:
      description: What kind of role it is, in words.
      type: str
      returned: always
      sample: file server
    state:
      description: Its state, such as V(online) or V(failed). V(null) if the cluster does not know it any more.
      type: str
      returned: always
      sample: online
    source_host:
      description: The node that owns it. V(null) if the cluster does not know it any more.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it goes. V(null) if it stays.
      type: str
      returned: always
      sample: NODE2
    reason:
      description: Why it goes there, or why it stays.
      type: str
      returned: always
      sample: it has the fewest roles
summary:
  description: The plan as lines for a terminal.
  type: list
  elements: str
  returned: success
"""
