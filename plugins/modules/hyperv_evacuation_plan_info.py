# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_evacuation_plan_info
short_description: Plan where the VMs of a node would go
version_added: 0.1.0
description:
  - Gives every VM of a node a place on another node, and changes nothing.
  - Each VM goes to the node with the most memory left, of those that are up, not paused, allowed, and possible owners
    of the VM. Running VMs come first, then high priority before low and big before small. VMs of one anti-affinity
    class are kept apart where possible.
  - O(reserve_memory_percent) of each destination's memory is kept free.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: Name of the node to be emptied, short or fully qualified.
    type: str
    required: true
  destinations:
    description: Nodes that may take the VMs; all nodes that are up if empty.
    type: list
    elements: str
    default: []
  reserve_memory_percent:
    description: Share of each destination's memory that is kept free, from 0 to below 100.
    type: float
    default: 10
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Plan to empty a node
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
  register: plan

- name: Move its VMs
  hyperv.migration.hyperv_vm_migrate:
    moves: "{{ plan.moves }}"
  when: plan.stays | length == 0
"""

RETURN = r"""
node:
  description: The node to be emptied.
  returned: success
  type: str
  sample: NODE1
moves:
  description:
    - The moves, in the order in which they are to be made.
    - Can be given to M(hyperv.migration.hyperv_vm_migrate) as O(hyperv.migration.hyperv_vm_migrate#module:moves).
  returned: success
  type: list
  elements: dict
  contains:
    order:
      description: Position, from 1.
      type: int
      returned: always
      sample: 1
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: web01
    state:
      description: State of the VM.
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in MB that it needs on its destination.
      type: int
      returned: always
      sample: 4096
    priority:
      description: Priority of its cluster group.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node to be emptied.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it would go.
      type: str
      returned: always
      sample: NODE2
    reason:
      description: Why there.
      type: str
      returned: always
      sample: NODE2 has the most memory left (65536 MB before this move)
stays:
  description: VMs that have no place.
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
    name:
      description: Display name of the VM.
      type: str
      returned: always
    reason:
      description: Why it has no place.
      type: str
      returned: always
    remedy:
      description: What would help.
      type: str
      returned: always
headroom:
  description: Memory of the destinations before and after the moves.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      type: str
      returned: always
    total_mb:
      description: Its memory in MB.
      type: int
      returned: always
    reserve_mb:
      description: How much of it is kept free.
      type: int
      returned: always
    free_before_mb:
      description: Free memory now.
      type: int
      returned: always
    free_after_mb:
      description: Free memory after the moves.
      type: int
      returned: always
notes:
  description: Nodes that were not counted as destinations, and why.
  returned: success
  type: list
  elements: str
"""
