# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_report
short_description: Report the results of migrations
version_added: 0.1.0
description:
  - Makes a summary of a few lines from the results of other tasks - which VMs moved where, which did not and why, how
    long it took, and how the memory of the nodes changed.
  - With O(path), also writes one HTML file with the same content and a timeline. The file needs a browser only.
  - Does not talk to nodes. The role C(hyperv.migration.migration_report) reads the necessary data and shows the
    summary.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
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
    description: Title of the report.
    type: str
    default: Live migration
  planned:
    description:
      - The moves of M(hyperv.migration.hyperv_evacuation_plan_info) or M(hyperv.migration.hyperv_restore_plan_info).
      - The report takes the memory of the VMs from them. Moves that are not in O(moves) count as not begun.
    type: list
    elements: dict
    default: []
  stays:
    description:
      - VMs that the plan does not move, as C(stays) of M(hyperv.migration.hyperv_evacuation_plan_info) or
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
      - The memory that M(hyperv.migration.hyperv_evacuation_plan_info) expects, used if O(nodes_after) is empty.
    type: list
    elements: dict
    default: []
  capabilities:
    description:
      - The result of M(hyperv.migration.hyperv_migration_capabilities_info). The report takes the name of the cluster
        and the limit of parallel migrations from it.
    type: dict
    default: {}
  max_parallel:
    description: The limit for M(hyperv.migration.hyperv_vm_migrate); V(0) for none.
    type: int
  error:
    description: Why the run as a whole failed.
    type: str
    default: ""
  note:
    description: An additional note, such as the state of the node.
    type: str
    default: ""
  dry_run:
    description: Whether it was a dry run, in which planned moves do not begin.
    type: bool
    default: false
  path:
    description:
      - The HTML file. A relative path starts where Ansible was started. Its directory is created if it is missing.
      - It is written in one step and with mode 0600. Each run writes it again, because it contains the time of writing.
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

- name: Write a report
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
  description: Number of VMs that are on their destination.
  type: int
  returned: when the moves can be read
  sample: 8
moves_failed:
  description: Number of VMs whose migration failed.
  type: int
  returned: when the moves can be read
  sample: 0
not_begun:
  description: Number of VMs whose move was planned and not tried.
  type: int
  returned: when the moves can be read
  sample: 0
stayed:
  description: Number of VMs that the plan did not move.
  type: int
  returned: when the moves can be read
  sample: 0
seconds:
  description: Time from the first start to the last end; V(null) if nothing was moved.
  type: int
  returned: when the moves can be read
  sample: 31
most_at_once:
  description:
    - The highest number of migrations at the same time.
    - V(null) if a migration was tried more than once, because the pauses between tries are not known.
  type: int
  returned: when the moves can be read
  sample: 2
slowest:
  description: The three VMs whose migration took longest, of those that arrived.
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
      description: Duration of its migration.
      type: float
      returned: always
      sample: 15.2
"""
