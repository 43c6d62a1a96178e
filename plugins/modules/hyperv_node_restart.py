# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_restart
short_description: Restart an empty node of a Hyper-V failover cluster and wait until it is back
version_added: 0.1.0
description:
  - Restarts the Windows of a node, waits until it has started anew, and until the cluster has it again.
  - Only a node is restarted that the cluster shows as paused and without a VM that runs; else the task fails and
    changes nothing.
  - Runs best through another node of the cluster, as the task's host or with C(delegate_to).
  - Every run of this task restarts the node; a condition for it is up to you.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
notes:
  - Sends C(Win32_OperatingSystem.Win32Shutdown) to the node itself, once. A lost answer is normal for a node that goes
    down; what its C(LastBootUpTime) says decides.
  - The account needs the right to shut the system down, which local administrators have.
  - A paused node comes back paused (Microsoft docs, PauseClusterNode).
options:
  name:
    description: Name of the node, short or fully qualified.
    type: str
    required: true
  force:
    description: Whether to close applications of people who are logged on at the node. If not, these people prevent it.
    type: bool
    default: true
  local_vms:
    description: Whether VMs may go down with the node that run there and are not of the cluster.
    type: bool
    default: false
  timeout:
    description: Seconds from the request until the cluster has the node again. Updates that are being installed count.
    type: int
    default: 1800
  poll_interval:
    description: Seconds between two looks, from 0.05 to 60.
    type: float
    default: 5
seealso:
  - module: hyperv.migration.hyperv_cluster_node
"""

EXAMPLES = r"""
- name: Restart NODE1, which is paused and empty, and talk to NODE2 about it
  hyperv.migration.hyperv_node_restart:
    name: NODE1
  delegate_to: NODE2
"""

RETURN = r"""
name:
  description: Name of the node.
  type: str
  returned: success
  sample: NODE1
state:
  description: What the cluster shows it as afterwards, V(paused) or V(up); in check mode before.
  type: str
  returned: success
  sample: paused
booted_before:
  description: When its Windows had started before, in UTC.
  type: str
  returned: success
  sample: "2026-01-04T02:10:44+00:00"
booted:
  description: When its Windows has started now, in UTC; V(null) in check mode.
  type: str
  returned: success
  sample: "2026-03-01T22:41:03+00:00"
elapsed_seconds:
  description: What it took until the cluster had the node again.
  type: float
  returned: success
  sample: 214.6
"""
