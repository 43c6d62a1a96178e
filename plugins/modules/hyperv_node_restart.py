# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_restart
short_description: Restart an empty node of a Hyper-V failover cluster and wait until it is back
version_added: 0.1.0
description:
  - Restarts the Windows of a node, and waits until it has started again and has joined the cluster.
  - The node must be paused, and VMs must not run on it. Otherwise the task fails and does not change anything.
  - Run it through another node of the cluster, as the task's host or with C(delegate_to).
  - Every run of this task restarts the node, unless O(due) is V(false).
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
notes:
  - Sends C(Win32_OperatingSystem.Win32Shutdown) to the node itself, once. A lost answer is normal for a node that shuts
    down. The module compares C(LastBootUpTime) to detect the restart.
  - The account needs the right to shut the system down, which local administrators have.
  - A paused node comes back paused (Microsoft docs, PauseClusterNode).
options:
  name:
    description: Name of the node, short or fully qualified.
    type: str
    required: true
  force:
    description: Whether to close applications of users who are logged on at the node. If V(false), these users prevent
      the restart.
    type: bool
    default: true
  local_vms:
    description: Whether to restart although VMs run on the node that are not clustered. They go down with it.
    type: bool
    default: false
  timeout:
    description: Seconds from the request until the node has joined the cluster. This includes the installation of
      updates.
    type: int
    default: 1800
  poll_interval:
    description: Seconds between two polls, from 0.05 to 60.
    type: float
    default: 5
  progress:
    description:
      - Whether to show lines while the task waits - that the restart is requested, that the node is down, that its
        Windows has started, and that it is back, with the seconds that are left.
      - The lines go to standard error, so they do not mix with the output of a callback such as C(ansible.posix.json).
        A task with C(no_log) does not show them.
    type: bool
    default: true
  rolling:
    description:
      - RV(hyperv.migration.hyperv_rolling_node_info#module:rolling), if the node is part of a rolling maintenance. The
        task ends the user's work on the node then, and its phase is stored - C(restarting) before the restart, and
        C(worked) when the node is back, or at once if no restart is due.
      - In check mode the node is not expected to be paused and empty.
    type: dict
  due:
    description:
      - Whether to restart at all.
      - With O(rolling), a node in the phase C(restarting) is restarted in any case, and one in the phase C(worked) is
        not restarted again.
    type: bool
    default: true
seealso:
  - module: hyperv.migration.hyperv_cluster_node
"""

EXAMPLES = r"""
- name: Restart NODE1, which is paused and has no VMs, through NODE2
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
  description: State of the node in the cluster afterwards, V(paused) or V(up), or in check mode before.
  type: str
  returned: when the node is restarted
  sample: paused
booted_before:
  description: Previous start of its Windows, in UTC.
  type: str
  returned: when the node is restarted
  sample: "2026-01-04T02:10:44+00:00"
booted:
  description: Present start of its Windows, in UTC; V(null) in check mode.
  type: str
  returned: when the node is restarted
  sample: "2026-03-01T22:41:03+00:00"
elapsed_seconds:
  description: Seconds until the node had joined the cluster.
  type: float
  returned: when the node is restarted
  sample: 214.6
changed_vms:
  description: VMs that went down with the node, which are not clustered. Empty in check mode.
  returned: when the node is restarted
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name.
      type: str
      returned: always
      sample: old01
"""
