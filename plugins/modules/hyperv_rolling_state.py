# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_state
short_description: Store the progress of a rolling maintenance in a file on the controller
version_added: 0.1.0
description:
  - Reports the phase of a node in a rolling maintenance, and stores the next one, so that an interrupted rolling
    maintenance can be resumed.
  - The role C(rolling_maintenance) uses it. Use it directly if you write your own role.
  - A rolling maintenance, or round, begins with the first node and ends when all its nodes are done. After that, the
    next one begins.
  - It writes the file in one step with mode 0600, and follows a path that is a link. It does not talk to nodes.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode and say what would be changed, without changing it.
    support: full
options:
  path:
    description:
      - Path of the file, instead of a generated name in O(folder).
      - A relative path starts where Ansible was started. Its directory is created if it is missing.
    type: path
  folder:
    description:
      - Directory of the file. The name of the file contains O(cluster), such as
        C(hyperv-rolling-hvc1.corp.example.json).
      - Not used with O(path).
    type: path
    default: "."
  cluster:
    description:
      - Full name of the cluster. A file of another cluster is refused.
      - A file of an earlier version, with the cluster's short name only, does not identify the cluster. The round
        begins again without skipping nodes, with a warning.
    type: str
    required: true
  cluster_name:
    description:
      - Short name of the cluster, to find files of earlier versions. The default is the first part of O(cluster).
    type: str
    default: ""
  node:
    description: The node, always by the same name, such as that of its inventory host.
    type: str
    required: true
  nodes:
    description: All nodes of the round. Nodes that it does not contain yet are added.
    type: list
    elements: str
    default: []
  phase:
    description:
      - The phase that O(node) has reached. Without it, the state is only read.
      - V(begun) before the evacuation, V(evacuated) after it, V(restarting) after the user's tasks if a restart
        follows, V(worked) after the user's tasks and the restart, V(done) when its VMs are back.
    type: str
    choices: [begun, evacuated, restarting, worked, done]
  round:
    description:
      - Name of the round, such as V(2026-03). With it, nodes that are done stay done after the end of the round, until
        you set another name.
      - An unfinished round of another name is refused.
    type: str
    default: ""
  begin_anew:
    description: Whether to discard an unfinished round.
    type: bool
    default: false
  resume_within:
    description: Hours since its last change after which an unfinished round is refused instead of resumed.
    type: int
    default: 72
seealso:
  - module: hyperv.migration.hyperv_evacuation_ledger
"""

EXAMPLES = r"""
- name: Show the progress
  hyperv.migration.hyperv_rolling_state:
    folder: /var/lib/maintenance
    cluster: hvc1.corp.example
    node: NODE1
"""

RETURN = r"""
path:
  description: Absolute path of the file.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-rolling-hvc1.corp.example.json
phase:
  description: The phase of O(node); empty before it begins.
  type: str
  returned: success
  sample: evacuated
over:
  description: Whether all nodes of the round are done.
  type: bool
  returned: success
  sample: false
summary:
  description: Progress of the round as text.
  type: str
  returned: success
  sample: NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun
roll:
  description: The whole state.
  type: dict
  returned: success
  contains:
    format:
      description: Name and version of the format.
      type: str
      returned: always
      sample: hyperv.migration roll 2
    cluster:
      description: Full name of the cluster.
      type: str
      returned: always
      sample: hvc1.corp.example
    round:
      description: Name of the round; may be empty.
      type: str
      returned: always
      sample: 2026-03
    begun:
      description: When the round began, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:15:04+00:00"
    updated:
      description: Time of the last change of a phase, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:31:40+00:00"
    nodes:
      description: For each node, by name, its C(phase) and the time when it was C(updated).
      type: dict
      returned: always
"""
