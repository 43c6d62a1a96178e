# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_evacuation_ledger_info
short_description: Read the ledger of an evacuation from its file on the controller
version_added: 0.1.0
description:
  - Reads which VM was moved from where to where, as M(hyperv.migration.hyperv_node_evacuation) stored it.
    M(hyperv.migration.hyperv_node_restoration) marks the VMs that are back.
  - It refuses a ledger of another node or cluster. A ledger of an earlier version, with the cluster's short name only,
    is read with a warning.
  - The content of the file is an artifact as P(hyperv.migration.to_artifact#filter) makes it. RV(ledger) has the
    original names.
  - It does not talk to nodes.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode. It does not change anything.
    support: full
options:
  path:
    description: Path of the file, instead of a generated name in O(folder).
    type: path
  folder:
    description:
      - Directory of the file. The name of the file contains O(cluster) and O(node), such as
        C(hyperv-ledger-hvc1.corp.example-NODE1.json).
    type: path
    default: "."
  node:
    description: The node that was evacuated. Required without O(path).
    type: str
  cluster:
    description:
      - Full name of its cluster, or of the node if there is no cluster, as
        RV(hyperv.migration.hyperv_evacuation_plan_info#module:cluster) returns it.
    type: str
  cluster_name:
    description:
      - Short name of the cluster, to find ledgers of earlier versions. The default is the first part of O(cluster).
    type: str
seealso:
  - module: hyperv.migration.hyperv_restore_plan_info
"""

EXAMPLES = r"""
- name: Read what was moved from NODE1
  hyperv.migration.hyperv_evacuation_ledger_info:
    folder: /var/lib/maintenance
    node: NODE1
    cluster: hvc1.corp.example
"""

RETURN = r"""
path:
  description: Absolute path of the file.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-ledger-hvc1.corp.example-NODE1.json
exists:
  description: Whether there is a ledger.
  type: bool
  returned: success
ledger:
  description: The ledger; empty if there is none.
  type: dict
  returned: success
  contains:
    format:
      description: Name and version of the format.
      type: str
      returned: if there is a ledger
      sample: hyperv.migration ledger 2
    cluster:
      description: Full name of the cluster, or of the host if there is no cluster; V(null) if it was not set.
      type: str
      returned: if there is a ledger
      sample: hvc1.corp.example
    node:
      description: The node that was evacuated.
      type: str
      returned: if there is a ledger
      sample: NODE1
    created:
      description: When the evacuation began, in UTC.
      type: str
      returned: if there is a ledger
      sample: "2026-03-01T22:15:04+00:00"
    updated:
      description: When the ledger was last written, in UTC.
      type: str
      returned: if there is a ledger
      sample: "2026-03-01T22:31:40+00:00"
    state:
      description:
        - V(evacuating) until the moves have ended. It stays if the run was interrupted.
        - V(evacuated) if all VMs left, V(incomplete) if one did not, V(restored) if all are settled again.
      type: str
      returned: if there is a ledger
      sample: evacuated
    paused_before:
      description: Whether the node was paused before the evacuation, and not by a recent run of it that was
        interrupted.
      type: bool
      returned: if there is a ledger
      sample: false
    other_roles:
      description: Roles that are not VMs, shared volumes and the core group, as far as their move was begun.
      type: list
      elements: dict
      returned: if there is a ledger
      contains:
        kind:
          description: V(role), V(shared_volume) or V(core_group).
          type: str
          returned: always
          sample: role
        name:
          description: Name of the cluster group, or of the disk resource of a shared volume.
          type: str
          returned: always
          sample: FS1
        type:
          description: What kind of role it is, in words.
          type: str
          returned: always
          sample: file server
        source_host:
          description: The node that was evacuated.
          type: str
          returned: always
          sample: NODE1
        destination_host:
          description: Where it was moved.
          type: str
          returned: always
          sample: NODE2
        state:
          description: State before the evacuation.
          type: str
          returned: always
          sample: online
        outcome:
          description:
            - V(planned) until it is known. V(moved) if it is where it was moved, V(left) if a run that was interrupted
              moved it there.
            - V(elsewhere) if somebody else moved it, V(stayed) if it is on the node.
          type: str
          returned: always
          sample: moved
        restored:
          description: Whether it is back, or was left where it is on purpose.
          type: bool
          returned: always
          sample: false
    disks:
      description:
        - How the disks of the node were when they were touched last, with Storage Spaces Direct - V(in_service),
          V(entering) or V(leaving) if a run has ended right there, or V(maintenance). V(null) if they were not touched.
      type: str
      returned: if there is a ledger
      sample: maintenance
    redirected:
      description:
        - Paths of the shared volumes whose access was redirected before the node was paused. V(null) if that was not
          read.
      type: list
      elements: str
      returned: if there is a ledger
      sample: ['C:\\ClusterStorage\\Volume1']
    balancer:
      description:
        - C(AutoBalancerMode) of the cluster before it was switched off. V(null) if it was not, or was put back.
      type: int
      returned: if there is a ledger
      sample: 2
    vms:
      description: The VMs.
      type: list
      elements: dict
      returned: if there is a ledger
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
          sample: web01
        source_host:
          description: The node that it was on.
          type: str
          returned: always
          sample: NODE1
        destination_host:
          description: The node that it was moved to, or its own node if it stays.
          type: str
          returned: always
          sample: NODE2
        state:
          description: State before the evacuation.
          type: str
          returned: always
          sample: running
        strategy:
          description: Its strategy; V(null) for a normal move.
          type: str
          returned: always
          sample: migrate
        memory_mb:
          description: Memory in MB before the evacuation.
          type: int
          returned: always
          sample: 4096
        priority:
          description: Priority of its role.
          type: int
          returned: always
          sample: 2000
        outcome:
          description:
            - V(planned), or the outcome of its move.
            - V(stays) for a VM that was only stopped.
            - V(left) for a VM that left the node in a run that was interrupted before it stored the result.
            - V(elsewhere) for a VM that somebody else moved.
          type: str
          returned: always
          sample: moved
        died:
          description: Whether it ran when it was first seen, and was off at the end without having been stopped.
          type: bool
          returned: always
          sample: false
        asked_to_stop:
          description: When its guest was asked to shut down without having done so in time, in UTC; V(null) for never.
          type: str
          returned: always
          sample: "2026-03-01T22:20:00+00:00"
        elapsed_seconds:
          description: Duration of its move; V(null) before it.
          type: float
          returned: always
          sample: 12.4
        restored:
          description: Whether it is settled again.
          type: bool
          returned: always
        helper:
          description: Whether it is a VM of another node, C(source_host), that stepped aside.
          type: bool
          returned: always
          sample: false
        events:
          description: What the event logs of its hosts say where its move failed, four at most, as
            M(hyperv.migration.hyperv_vm_migrate)
            returns them.
          type: list
          elements: dict
          returned: always
          sample: []
"""
