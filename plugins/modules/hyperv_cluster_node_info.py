# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_cluster_node_info
short_description: List the nodes of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Lists nodes with their state, drain state, memory and number of VMs.
  - State and VMs come from the task's host. Each node reports its own memory.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  name:
    description: Name of the one node to list, short or fully qualified.
    type: str
seealso:
  - module: hyperv.migration.hyperv_cluster_node
  - module: hyperv.migration.hyperv_vm_info
"""

EXAMPLES = r"""
- name: List the nodes
  hyperv.migration.hyperv_cluster_node_info:
  register: cluster
"""

RETURN = r"""
nodes:
  description: The nodes, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE1
    state:
      description: V(up), V(down), V(paused), V(joining) or V(unknown).
      type: str
      returned: always
      sample: up
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
      description: Build number of Windows; V(null) if the cluster does not report it.
      type: int
      returned: always
      sample: 20348
    version:
      description:
        - Version of Windows Server with that build, V(2012 R2), V(2016), V(2019), V(2022), V(23H2) or V(2025);
          V(null) for unknown builds.
      type: str
      returned: always
      sample: "2022"
    total_memory_mb:
      description: Memory of the node in MB; V(null) if the node could not be asked.
      type: int
      returned: always
      sample: 131072
    free_memory_mb:
      description: Free memory of the node in MB; V(null) if the node could not be asked.
      type: int
      returned: always
      sample: 65536
    vm_count:
      description:
        - Number of clustered VMs that the node owns according to Hyper-V or the cluster. For a moment after a migration
          the two disagree, and the VM counts for both nodes.
      type: int
      returned: always
      sample: 12
    running_vm_count:
      description: Number of these VMs that run.
      type: int
      returned: always
      sample: 11
    findings:
      description: Why the memory is unknown; empty if it is known.
      type: list
      elements: dict
      returned: always
      contains:
        code:
          description: V(unreachable) if the node could not be asked, otherwise V(node_) and its RV(nodes[].state).
          type: str
          returned: always
          sample: node_down
        severity:
          description: V(warning).
          type: str
          returned: always
          sample: warning
        subject:
          description: Name of the node.
          type: str
          returned: always
          sample: NODE5
        subject_kind:
          description: V(node).
          type: str
          returned: always
          sample: node
        message:
          description: What is wrong.
          type: str
          returned: always
          sample: The node is down.
        remedy:
          description: What to do; empty if nothing can be said.
          type: str
          returned: always
          sample: ""
        transient:
          description: Whether it passes by itself.
          type: bool
          returned: always
          sample: false
"""
