# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_order_info
short_description: Plan the order of the hosts of a rolling maintenance
version_added: 0.1.0
description:
  - Finds the cluster of the hosts, reads the state of the rolling maintenance, waits until the cluster is healthy, and
    plans all turns that are left, as M(hyperv.migration.hyperv_rolling_plan_info) does it. It returns the inventory
    hosts in the order of the plan. It does not change anything.
  - Nodes that are done come first, because there is nothing to do with them. After them come nodes that an earlier run
    has begun, those first whose work is done. The plan finds the order of the others.
  - It fails if no plan leads to the end of the rolling maintenance, or if the cluster does not become healthy. If a
    node has been begun, it does not fail. The others follow in the order of the inventory then, and each turn is
    planned by itself.
  - It fails if another run of Ansible goes through the same rolling maintenance, as
    M(hyperv.migration.hyperv_rolling_node_info).
  - With O(layout=keep), all orders take the same moves. The order is that of O(nodes) then. If several nodes may be
    away together, it is one that takes as many of them together as possible.
  - The role P(hyperv.migration.rolling_maintenance#role) calls it if its option C(rolling_maintenance_order) is
    V(planned).
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._maintenance.planning
  - hyperv.migration._rolling
options:
  nodes:
    description: Inventory hosts of all nodes of the run. All must belong to the same cluster.
    type: list
    elements: str
    required: true
  at_once:
    description:
      - How many nodes may be away together at most, as a number or as a share of O(nodes) such as V(25%), as
        O(hyperv.migration.hyperv_rolling_plan_info#module:at_once).
    type: str
    default: "1"
  begin_anew:
    description: As O(hyperv.migration.hyperv_rolling_state#module:rolling.begin_anew).
    type: bool
    default: false
  restart:
    description: Whether the nodes are to be restarted, as far as that is known.
    type: bool
    default: false
  layout:
    description: The layout of the rolling maintenance, as O(hyperv.migration.hyperv_rolling_plan_info#module:layout).
    type: str
    choices: [keep, any, balanced]
    default: keep
seealso:
  - module: hyperv.migration.hyperv_rolling_plan_info
  - module: hyperv.migration.hyperv_rolling_node_info
"""

EXAMPLES = r"""
- name: Plan the order of the nodes
  hyperv.migration.hyperv_rolling_order_info:
    nodes: "{{ ansible_play_hosts_all }}"
    layout: any
    at_once: 2
    folder: /var/lib/maintenance
  register: rolling_maintenance_planned
  run_once: true

- name: Show it
  ansible.builtin.debug:
    var: rolling_maintenance_planned.summary
  run_once: true
"""

RETURN = r"""
nodes:
  description: The same as O(nodes).
  type: list
  elements: str
  returned: success
  sample: [node1.corp.example, node2.corp.example, node3.corp.example]
order:
  description: The same hosts in the order of their turns, for C(hosts) of the play that follows.
  type: list
  elements: str
  returned: success
  sample: [node3.corp.example, node1.corp.example, node2.corp.example]
serial:
  description: How many of RV(order) the play takes at once, one batch after the other, for its C(serial).
  type: list
  elements: int
  returned: success
  sample: [2, 1]
done:
  description: The hosts of O(nodes) that are done already.
  type: list
  elements: str
  returned: success
  sample: []
begun:
  description: The hosts that an earlier run has begun and not brought to their end, in the order of their turns.
  type: list
  elements: str
  returned: success
  sample: []
total:
  description: What all turns that are left take.
  type: dict
  returned: success, V(null) if nothing was planned
  contains:
    moves:
      description: How many moves.
      type: int
      returned: always
      sample: 24
    memory_mb:
      description: Memory that they copy, in MB.
      type: int
      returned: always
      sample: 98304
    seconds:
      description: How long they are expected to take.
      type: int
      returned: always, V(null) if that is not known
      sample: 180
summary:
  description: The plan as lines of a table; empty if nothing was planned.
  type: list
  elements: str
  returned: success
  sample: ["In all 24 moves of 96 GB, expected to take 0:03:00 with the work."]
"""
