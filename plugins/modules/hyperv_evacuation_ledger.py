# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_evacuation_ledger
short_description: Store the ledger of an evacuation in a file on the controller
version_added: 0.1.0
description:
  - Stores which VM is moved from where to where, before and after the moves, so that the VMs of an evacuated node can
    be restored.
  - The roles C(evacuate_node) and C(restore_node) use it. Use it directly if you write your own role.
  - It writes the file in one step with mode 0600, and follows a path that is a link. It keeps the entries of an
    interrupted evacuation of the same node.
  - It refuses a ledger of another node or cluster. A ledger of an earlier version, with the cluster's short name only,
    is converted if it shares a VM with the options of the task, and is stored under its present name and in its present
    form. A warning says so.
  - You can pass on the content of the file as extra vars, because it is an artifact as
    P(hyperv.migration.to_artifact#filter) makes it, and Ansible does not evaluate names in it. RV(ledger) has the
    original names.
  - Does not talk to nodes.
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
      - Directory of the file. The name of the file contains O(cluster) and O(node), such as
        C(hyperv-ledger-hvc1.corp.example-NODE1.json). Characters that are not suitable for file names become C(%) and
        their code.
      - Not used with O(path).
    type: path
    default: "."
  state:
    description:
      - V(read) only reads.
      - V(begun) writes O(moves) down as planned. A ledger of another node or cluster that is still needed is never
        overwritten.
      - V(finished) writes down what became of them.
      - V(given_back) marks O(vm_ids) as settled - back on their node, or left where they are for a reason. When all
        are, the ledger is done with and the next evacuation begins a new one.
    type: str
    choices: [begun, finished, given_back, read]
    default: read
  node:
    description:
      - The node that is evacuated. A ledger of another node is refused.
      - Required with O(state=begun), and without O(path).
    type: str
  cluster:
    description:
      - Full name of its cluster, or of the node itself if there is no cluster, as
        RV(hyperv.migration.hyperv_evacuation_plan_info#module:cluster) returns it. A ledger of another cluster is
        refused.
      - It is compared without case.
    type: str
  cluster_name:
    description:
      - Short name of the cluster, to find ledgers of earlier versions. The default is the first part of O(cluster).
    type: str
  moves:
    description:
      - With O(state=begun), the moves of M(hyperv.migration.hyperv_evacuation_plan_info). One that an earlier run made
        has the key C(outcome) in addition, such as V(already_there), and so has one that is stopped and V(stays).
      - With O(state=finished), the moves that M(hyperv.migration.hyperv_vm_migrate) returned.
    type: list
    elements: dict
    default: []
  paused:
    description: With O(state=begun), whether the node is paused by now.
    type: bool
    default: true
  residents:
    description:
      - GUIDs of the VMs that are on the node by now, with O(state=finished).
      - VMs that an earlier run had planned to move, and that are not among them, have left.
    type: list
    elements: str
  vm_ids:
    description: GUIDs of VMs, with O(state=given_back).
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_restore_plan_info
"""

EXAMPLES = r"""
- name: Read what was moved from NODE1
  hyperv.migration.hyperv_evacuation_ledger:
    folder: /var/lib/maintenance
    node: NODE1
    cluster: hvc1.corp.example

- name: Forget a VM that was deleted during the maintenance
  hyperv.migration.hyperv_evacuation_ledger:
    folder: /var/lib/maintenance
    node: NODE1
    cluster: hvc1.corp.example
    state: given_back
    vm_ids: [6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31]
"""

RETURN = r"""
path:
  description: Absolute path of the file.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-ledger-hvc1.corp.example-NODE1.json
ledger:
  description: The ledger as it is in the file, or would be in check mode.
  type: dict
  returned: success
  contains:
    format:
      description: Name and version of the format.
      type: str
      returned: always
      sample: hyperv.migration ledger 2
    cluster:
      description: Full name of the cluster, or of the host if there is no cluster; V(null) if it was not set.
      type: str
      returned: always
      sample: hvc1.corp.example
    node:
      description: The node that was evacuated.
      type: str
      returned: always
      sample: NODE1
    created:
      description: When the evacuation began, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:15:04+00:00"
    updated:
      description: When the ledger was last written, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:31:40+00:00"
    state:
      description:
        - V(evacuating) until the moves have ended. It stays if the run was interrupted.
        - V(evacuated) if all VMs left, V(incomplete) if one did not, V(restored) if all are settled again.
      type: str
      returned: always
      sample: evacuated
    paused_before:
      description: Whether the node was paused before the evacuation, and not by a recent run of it that was
        interrupted.
      type: bool
      returned: always
      sample: false
    vms:
      description: The VMs.
      type: list
      elements: dict
      returned: always
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
          type: str
          returned: always
          sample: moved
        elapsed_seconds:
          description: Duration of its move; V(null) before it.
          type: float
          returned: always
          sample: 12.4
        restored:
          description: Whether it is settled again.
          type: bool
          returned: always
"""
