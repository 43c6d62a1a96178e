# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_state
short_description: Keep how far a rolling maintenance is in a file on the controller
version_added: 0.1.0
description:
  - Tells in which phase a node of a round is, and writes down the next one, so that an interrupted round can be
    resumed.
  - The role C(rolling_maintenance) uses it; use it by itself where you write such a role of your own.
  - A round begins with the first node and is over when all its nodes are done. After that, the next one begins.
  - The file is written in one step with mode 0600. A path that is a link is followed. Talks to no node.
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
      - The file, when it is not to have its own name in O(folder).
      - A relative path starts where Ansible was started. Its directory is made where it is missing.
    type: path
  folder:
    description:
      - Directory in which the file has its own name, made of O(cluster), such as
        C(hyperv-rolling-hvc1.corp.example.json).
      - Not looked at with O(path).
    type: path
    default: "."
  cluster:
    description:
      - Full name of the cluster. A file of another cluster is refused.
      - One that an earlier version wrote, with the cluster's short name alone, does not prove whose it is. No node is
        skipped for it, and the round begins anew, with a warning.
    type: str
    required: true
  cluster_name:
    description:
      - Short name of the cluster, by which files of earlier versions are found. The first part of O(cluster) by
        default.
    type: str
    default: ""
  node:
    description: The node in question, always by the same name, such as that of its inventory host.
    type: str
    required: true
  nodes:
    description: All nodes that the round goes through. Those that it does not have yet are added.
    type: list
    elements: str
    default: []
  phase:
    description:
      - The phase that O(node) has reached. Without it, the state is only read.
      - V(begun) when it is about to be emptied, V(evacuated) when it is empty, V(restarting) when the user's tasks
        are done and it is to be restarted, V(worked) when that is done too, V(done) when it has its VMs back.
    type: str
    choices: [begun, evacuated, restarting, worked, done]
  round:
    description:
      - Name of the round, such as V(2026-03). With it, nodes that are done stay done when the round is over, until
        another name is given.
      - An unfinished round of another name is refused.
    type: str
    default: ""
  begin_anew:
    description: Whether to forget a round that was left unfinished.
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
- name: See where the round stands
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
  description: The phase of O(node); empty before it has begun.
  type: str
  returned: success
  sample: evacuated
over:
  description: Whether all nodes of the round are done.
  type: bool
  returned: success
  sample: false
summary:
  description: How far the round is.
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
      description: When a node was in another phase for the last time, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:31:40+00:00"
    nodes:
      description: By name of the node its C(phase) and when it was C(updated).
      type: dict
      returned: always
"""
