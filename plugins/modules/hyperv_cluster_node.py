# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_cluster_node
short_description: Pause or resume a node of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Pauses a node, so that it does not accept new VMs, or resumes it.
  - VMs stay on a paused node. M(hyperv.migration.hyperv_vm_migrate) moves them, and the role
    P(hyperv.migration.evacuate_node#role) does both.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
options:
  name:
    description: Name of the node, short or fully qualified.
    type: str
    required: true
  state:
    description:
      - V(maintenance) pauses the node without draining it.
      - V(active) resumes it.
    type: str
    required: true
    choices: [maintenance, active]
  failback:
    description:
      - With O(state=active), whether VMs that a drain moved away come back.
      - V(none) leaves them where they are, V(immediate) brings them back at once, V(policy) uses the failback policy of
        their group.
    type: str
    default: none
    choices: [none, immediate, policy]
seealso:
  - module: hyperv.migration.hyperv_cluster_node_info
"""

EXAMPLES = r"""
- name: Pause a node
  hyperv.migration.hyperv_cluster_node:
    name: NODE1
    state: maintenance

- name: Resume it
  hyperv.migration.hyperv_cluster_node:
    name: NODE1
    state: active
"""

RETURN = r"""
node:
  description: The node after the change, or in check mode before it.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE1
    state:
      description: V(up) or V(paused).
      type: str
      returned: always
      sample: paused
    drain_status:
      description: V(not_initiated), V(in_progress), V(completed), V(failed) or V(unknown).
      type: str
      returned: always
      sample: not_initiated
    condition:
      description: V(isolated) or V(quarantined); empty for neither.
      type: str
      returned: always
      sample: ""
    build:
      description: Build number of Windows.
      type: int
      returned: always
      sample: 20348
"""
