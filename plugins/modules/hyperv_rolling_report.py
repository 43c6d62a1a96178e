# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_report
short_description: Report on a rolling maintenance, and say why it stops
version_added: 0.1.0
description:
  - Merges the results of evacuations and restorations into one report on all moves of a run, as lines and as an HTML
    page. The page also shows when each node was emptied, worked on, restarted and filled.
  - With O(reason), it fails with a message that says why the rolling maintenance stops. The last of RV(lines) say how
    the node is left, and how to go on. It reads the node for that; if it cannot, they say so.
  - Its result is shown on the screen like that of C(ansible.builtin.debug).
  - In check mode the page is written, too.
  - The role P(hyperv.migration.rolling_maintenance#role) uses it.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  turn:
    description: The result of M(hyperv.migration.hyperv_rolling_node_info), also of one that failed.
    type: dict
    required: true
  results:
    description:
      - Results of M(hyperv.migration.hyperv_node_evacuation) and M(hyperv.migration.hyperv_node_restoration), of all
        nodes of the run so far.
      - They are reported at the last node, where it stops, and with O(path) at each node.
      - Whatever else is among them is left out.
    type: list
    elements: raw
    default: []
  reason:
    description:
      - Why the rolling maintenance stops, such as C(ansible_failed_result.msg) in a C(rescue). Empty if it does not.
    type: str
    default: ""
  task:
    description: The name of that task.
    type: str
    default: ""
  folder:
    description:
      - Directory on the controller for progress and ledgers, as in M(hyperv.migration.hyperv_rolling_node_info).
      - Where O(turn) failed before it was known whose nodes these are, RV(lines) tell of the rolling maintenances there
        that an earlier run left unfinished with one of the hosts of the play.
    type: path
    default: .
  path:
    description:
      - File on the controller for the HTML page, with mode 0600. A relative path starts where Ansible was started.
      - When empty, no page is written.
    type: str
    default: ""
seealso:
  - module: hyperv.migration.hyperv_migration_report
"""

EXAMPLES = r"""
- name: Report on all nodes, and on how this one is left
  hyperv.migration.hyperv_rolling_report:
    turn: "{{ turn }}"
    results: "{{ ansible_play_hosts_all | map('extract', hostvars, 'evacuate_node_result') | select('defined') }}"
    task: "{{ ansible_failed_task.name }}"
    reason: "{{ ansible_failed_result.msg }}"
"""

RETURN = r"""
lines:
  description:
    - The report in lines; empty if there is nothing to report yet.
    - Where the rolling maintenance stops, the last lines say how the node is left and how to go on, unless nothing was
      changed, not by an earlier run either. C(msg) says where it stops and why.
  type: list
  elements: str
  returned: always
  sample: [NODE1 is done. NODE1 done; NODE2 not begun.]
estimate:
  description:
    - How long the rest was expected to take when half of the nodes were done, beside what it took.
  type: dict
  returned: always, V(null) as long as not all nodes are done, and where a turn after the half was interrupted
  contains:
    done:
      description: How many nodes were done.
      type: int
      returned: always
      sample: 2
    left:
      description: How many were not.
      type: int
      returned: always
      sample: 2
    expected_seconds:
      description: How long those were expected to take.
      type: int
      returned: always
      sample: 2460
    took_seconds:
      description: How long their turns took.
      type: int
      returned: always
      sample: 2350
    error_percent:
      description: By how many percent of what they took the estimate was wrong.
      type: float
      returned: always
      sample: 4.7
"""
