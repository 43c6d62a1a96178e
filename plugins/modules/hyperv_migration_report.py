# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_report
short_description: Say what became of the moves of VMs
version_added: 0.1.0
description:
  - Makes a summary of a few lines out of what other tasks returned - which VMs moved where, which did not and why, how
    long it took, and how the memory of the nodes changed.
  - With O(path), also writes one HTML file with the same and a timeline. The file needs nothing but a browser.
  - Reads nothing itself and talks to no node. The role C(hyperv.migration.migration_report) reads what it needs and
    shows the summary.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode and return the same result without writing the file.
    support: full
options:
  moves:
    description: The moves that M(hyperv.migration.hyperv_vm_migrate) returned, of one task or of several.
    type: list
    elements: dict
    required: true
  title:
    description: What was done.
    type: str
    default: Live migration
  planned:
    description:
      - The moves of M(hyperv.migration.hyperv_evacuation_plan_info) or M(hyperv.migration.hyperv_restore_plan_info).
      - They tell how much memory the VMs have. Those that are not among O(moves) count as not begun.
    type: list
    elements: dict
    default: []
  stays:
    description:
      - VMs that were not to be moved, as C(stays) of M(hyperv.migration.hyperv_evacuation_plan_info) or C(skipped) of
        M(hyperv.migration.hyperv_restore_plan_info).
    type: list
    elements: dict
    default: []
  nodes_before:
    description: The nodes that M(hyperv.migration.hyperv_cluster_node_info) returned before the moves.
    type: list
    elements: dict
    default: []
  nodes_after:
    description: The nodes that M(hyperv.migration.hyperv_cluster_node_info) returned after the moves.
    type: list
    elements: dict
    default: []
  headroom:
    description:
      - What M(hyperv.migration.hyperv_evacuation_plan_info) expects of the memory, where O(nodes_after) is empty.
    type: list
    elements: dict
    default: []
  capabilities:
    description:
      - The result of M(hyperv.migration.hyperv_migration_capabilities_info). It tells the name of the cluster and how
        many moves may run at once.
    type: dict
    default: {}
  max_parallel:
    description: The limit that was given to M(hyperv.migration.hyperv_vm_migrate); V(0) for none.
    type: int
  error:
    description: Why the run as a whole failed.
    type: str
    default: ""
  note:
    description: What else there is to say, such as how the node was left.
    type: str
    default: ""
  dry_run:
    description: Whether nothing was to be moved, so that planned moves were not to begin.
    type: bool
    default: false
  path:
    description:
      - The HTML file. A relative path starts where Ansible was started. Its directory is made where it is missing.
      - It is written in one step and with mode 0600, and each time anew, since it tells when it was written.
    type: path
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Move VMs
  hyperv.migration.hyperv_vm_migrate:
    moves:
      - {name: web01, destination_host: NODE2}
      - {name: web02, destination_host: NODE3}
  register: migration

- name: Write down what became of them
  hyperv.migration.hyperv_migration_report:
    moves: "{{ migration.moves }}"
    title: Web servers to their new nodes
    path: reports/web.html
  register: report

- name: Show it
  ansible.builtin.debug:
    var: report.summary
"""

RETURN = r"""
summary:
  description: The lines.
  type: list
  elements: str
  returned: when the moves can be read, even if the file cannot be written
  sample: ["Evacuation of NODE1: done. 8 of 8 VMs moved."]
path:
  description: Absolute path of the HTML file; V(null) without O(path).
  type: str
  returned: when the moves can be read
  sample: /var/lib/maintenance/NODE1.html
moved:
  description: VMs that are where they were to go.
  type: int
  returned: when the moves can be read
  sample: 8
moves_failed:
  description: VMs whose move failed.
  type: int
  returned: when the moves can be read
  sample: 0
not_begun:
  description: VMs whose move was planned and never tried.
  type: int
  returned: when the moves can be read
  sample: 0
stayed:
  description: VMs that were not to be moved.
  type: int
  returned: when the moves can be read
  sample: 0
seconds:
  description: Time from the first start to the last end; V(null) where nothing was moved.
  type: int
  returned: when the moves can be read
  sample: 31
most_at_once:
  description:
    - How many moves were under way at once at most.
    - V(null) where a move was tried more than once, since the pauses between tries are not known.
  type: int
  returned: when the moves can be read
  sample: 2
slowest:
  description: The three that took longest, of those that arrived.
  type: list
  elements: dict
  returned: when the moves can be read
  contains:
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: sql01
    seconds:
      description: What its move took.
      type: float
      returned: always
      sample: 15.2
"""
