# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_refill
short_description: Even out the memory of the nodes at the end of a rolling maintenance
version_added: 0.1.0
description:
  - Moves VMs by live migration from the nodes with the largest share of their memory in use to those with the smallest,
    such as the last node of a rolling maintenance whose VMs stay where they are. It ends when all nodes are close to
    the mean, or no move helps any more, so it takes few moves.
  - It moves running VMs only. Possible owners, enforced rules and the memory reserve are kept. Preferred owners do not
    count.
  - Nodes that do not take VMs now are left out.
  - In check mode it asks Hyper-V about each move.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
  - hyperv.migration._maintenance.moving
options:
  home:
    description:
      - VMs that stay where they are, by name, pattern or GUID, as in
        O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies).
    type: list
    elements: str
    default: []
  strategies:
    description:
      - Strategies for single VMs, as O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies). A VM that
        is not to be migrated stays where it is.
    type: raw
    default: []
  reserve_memory_percent:
    description: Percentage of each node's memory that stays free, from 0 to less than 100.
    type: float
    default: 10
  timeout:
    description:
      - Seconds that one move may take, up to 604800. With V(0) the limit follows from the memory of the VM.
    type: int
    default: 0
  rolling:
    description:
      - The record of a rolling maintenance, as RV(hyperv.migration.hyperv_rolling_node_info#module:rolling). Its node
        is noted as done after the moves.
    type: dict
  due:
    description:
      - Whether to move VMs. V(false) only notes that the node of O(rolling) is done, and so does V(true) if another
        node that has its turn at the same time is not done.
    type: bool
    default: true
seealso:
  - module: hyperv.migration.hyperv_rolling_plan_info
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Give the last node its share of the VMs
  hyperv.migration.hyperv_rolling_refill:
    home: [dc*]

- name: Give the last node its share of the VMs, and note that the node is done
  hyperv.migration.hyperv_rolling_refill:
    rolling: "{{ turn.rolling }}"
    due: "{{ turn.refills }}"
"""

RETURN = r"""
moves:
  description: All moves, as RV(hyperv.migration.hyperv_vm_migrate#module:moves).
  type: list
  elements: dict
  returned: success, and if a move failed
phase:
  description: The phase of the node.
  type: str
  returned: with O(rolling), on success
  sample: done
host:
  description: The inventory host of the node.
  type: str
  returned: with O(rolling), on success
  sample: node1.corp.example
path:
  description: Absolute path of the file with the state of the rolling maintenance.
  type: str
  returned: with O(rolling), on success
  sample: /var/lib/maintenance/hyperv-rolling-hvc1.corp.example.json
finished:
  description: Whether all nodes are done.
  type: bool
  returned: with O(rolling), on success
  sample: true
summary:
  description: The progress as text.
  type: str
  returned: with O(rolling), on success
  sample: NODE1, NODE2 done
state:
  description: The whole state, as RV(hyperv.migration.hyperv_rolling_state#module:state).
  type: dict
  returned: with O(rolling), on success
"""
