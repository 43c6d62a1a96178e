# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_restoration
short_description: Bring the VMs of an evacuated node back
version_added: 0.1.0
description:
  - Resumes a node and brings back the VMs that the ledger of its evacuation lists, of these only those that are still
    where the evacuation moved them. It starts the VMs again that the evacuation had stopped, or that died in it.
  - It waits for VMs whose migration away from the node still runs, and up to 5 minutes until the migration service of
    the node runs and listens, as it may not yet after a restart.
  - Before that it waits up to 5 minutes until the node is in order - a member that the cluster trusts, its interfaces
    to the cluster networks up, its clock within 5 minutes of the node that the task runs on, and the shared volumes in
    reach and not redirected unless they were before. If it is not by then, nothing is changed.
  - With Storage Spaces Direct the disks of the node leave storage maintenance mode, and the repair begins or is over,
    before any VM moves. A node whose disks stay in maintenance mode is not resumed.
  - It puts the balancer of the cluster back if the evacuation had switched it off. Where the ledgers of other nodes, in
    the same folder, have that they wait for it as well, the last of these nodes that gets its VMs back does so.
  - A VM that somebody moved since, or moves while this task runs, is left there.
  - VMs of other nodes that stepped aside for the evacuation go home after that, one after another. If the node of one
    is paused, not up or has no room, the VM stays where it is, with a warning, and the ledger keeps it.
  - In check mode it adds up the memory that the VMs need on the node, and does not ask Hyper-V. Hyper-V would refuse
    for a paused node what it accepts after the node is resumed.
  - Run it again at any time. It continues with what is left.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
  - hyperv.migration._maintenance
  - hyperv.migration._maintenance.moving
options:
  node:
    description: The node to bring VMs back to. The default is the node of the ledger.
    type: str
    default: ""
  roles:
    description:
      - What becomes of the roles, shared volumes and the core group that the evacuation moved, as far as they are where
        it moved them.
      - V(leave) leaves them there. V(home) brings them back to the node, V(preferred_owners) those of which the node is
        a preferred owner.
    type: str
    choices: [leave, home, preferred_owners]
    default: leave
  ledger:
    description:
      - The ledger as data, as M(hyperv.migration.hyperv_node_evacuation) returns it or AWX stored it. No file is
        written then.
    type: dict
  forget_gone:
    description:
      - Whether VMs of the ledger that neither Hyper-V nor the cluster knows were deleted on purpose. They are settled
        then.
      - Otherwise they stay in the ledger, and all other VMs are brought back.
    type: bool
    default: false
  ignore:
    description:
      - Names of cluster networks, shared volumes and nodes whose problems do not keep VMs from coming back, in any
        letter case.
    type: list
    elements: str
    default: []
  home:
    description:
      - VMs that are brought back, by name, pattern with V(*), V(?) and V([seq]), or GUID. All others stay where the
        evacuation moved them, and are settled in the ledger.
      - A VM that the evacuation shut down or saved is brought back in any case, and started.
    type: list
    elements: str
    default: ["*"]
  meanwhile:
    description:
      - Another node that is emptied while this one gets its VMs back, with the options of
        M(hyperv.migration.hyperv_node_evacuation), and C(begin_by), a moment in ISO 8601 after which it is not begun,
        and C(was_begun) if this rolling maintenance may have paused it.
        C(helpers) and C(disk_maintenance) do not count, and its C(ledger_path) must be empty.
      - It is begun when the node of this task takes VMs. Nothing moves to that node, and none of its VMs is moved from
        there.
      - It is not begun if no VM is to come back, if one comes back from that node or goes home to it, if the cluster
        cannot run without it just then, as M(hyperv.migration.hyperv_cluster_health_info) says, or if its VMs have no
        room. RV(meanwhile) says so, as it does where the evacuation fails. The task does not fail for that.
      - In check mode that node is not looked at.
    type: dict
  timeout:
    description:
      - How many seconds one move may take, up to a week.
      - V(0) for a limit that follows from the VM's memory, and half an hour for migrations away from the node.
    type: int
    default: 0
seealso:
  - module: hyperv.migration.hyperv_restore_plan_info
  - module: hyperv.migration.hyperv_node_evacuation
"""

EXAMPLES = r"""
- name: Bring the VMs of a node back
  hyperv.migration.hyperv_node_restoration:
    node: NODE1

- name: Bring them back, and empty the next node meanwhile
  hyperv.migration.hyperv_node_restoration:
    node: NODE1
    meanwhile:
      node: NODE2

- name: The same by a ledger that an earlier task returned
  hyperv.migration.hyperv_node_restoration:
    ledger: "{{ evacuation.ledger }}"
"""

RETURN = r"""
node:
  description: The node.
  returned: unless nothing was planned
  type: str
  sample: NODE1
cluster:
  description: Full name of its cluster, or of the node itself if there is no cluster.
  returned: as RV(node), V(null) if the name is unknown
  type: str
  sample: hvc1.corp.example
cluster_name:
  description: Short name of its cluster.
  returned: as RV(node), V(null) if there is no cluster
  type: str
  sample: HVC1
clustered:
  description: Whether the node belongs to a cluster.
  returned: as RV(node)
  type: bool
moves:
  description:
    - What became of each move, in the form of RV(hyperv.migration.hyperv_vm_migrate#module:moves). A VM that was tried
      on several nodes is in it once, with the last one.
    - If Ansible's time limit cuts the task off, this is what was read after that.
  returned: as RV(node)
  type: list
  elements: dict
planned:
  description: The moves of the plan, those of VMs that stepped aside last.
  returned: as RV(node)
  type: list
  elements: dict
stays:
  description: VMs that were not to be moved, with C(vm_id), C(name) and C(reason).
  returned: as RV(node)
  type: list
  elements: dict
started:
  description: VMs that were started again.
  returned: as RV(node)
  type: list
  elements: dict
  contains: &vm
    vm_id:
      description: GUID.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name.
      type: str
      returned: always
      sample: build01
    node:
      description: The node that owns it, as it was read last. Empty if that is not known.
      type: str
      returned: always
      sample: NODE2
    state:
      description: Its state as it was read last. Empty if that is not known.
      type: str
      returned: always
      sample: "off"
still_stopped:
  description: VMs that ran when the evacuation first saw them, and are off or saved because of it.
  returned: as RV(node)
  type: list
  elements: dict
  contains: *vm
changed_vms:
  description: >-
    VMs that this task has moved, stopped or started, each once, those of the node of O(meanwhile) too. Empty in check
    mode.
  returned: as RV(node)
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
      sample: build01
roles:
  description: What became of each role, shared volume and the core group that was to be moved.
  returned: as RV(node)
  type: list
  elements: dict
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
      description: The node that it was to leave.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it went, or was to go. Empty if there was no node for it.
      type: str
      returned: always
      sample: NODE2
    outcome:
      description:
        - V(moved) - it is there as it was before. V(already_there) - it was there.
        - V(elsewhere) - somebody else, or the cluster, has moved it. V(not_moved) - it is offline, or gone.
        - V(failed) - it did not move, or did not come online. V(started) - it is still on its way.
      type: str
      returned: always
      sample: moved
    state:
      description: Its state as it was read last.
      type: str
      returned: always
      sample: online
    reason:
      description: Why it was not moved. Empty if it was.
      type: str
      returned: always
      sample: ""
    error:
      description: Why it failed, with C(code), C(message) and C(remedy). V(null) if it did not.
      type: dict
      returned: always
    changed:
      description: Whether the cluster was asked to move it.
      type: bool
      returned: always
node_state:
  description: State of the node as it was read at the end. V(null) if it could not be read, or without a cluster.
  returned: as RV(node)
  type: str
  sample: up
ledger:
  description: The ledger, as M(hyperv.migration.hyperv_evacuation_ledger_info) returns it. Empty if there is none.
  returned: as RV(node)
  type: dict
ledger_path:
  description: Absolute path of the ledger. V(null) if it was passed as data.
  returned: as RV(node)
  type: str
  sample: /var/lib/maintenance/hyperv-ledger-hvc1.corp.example-NODE1.json
meanwhile:
  description:
    - What became of the node of O(meanwhile), as M(hyperv.migration.hyperv_node_evacuation) returns it once it was
      begun.
  returned: with O(meanwhile)
  type: dict
  contains:
    node:
      description: The node.
      type: str
      returned: always
      sample: NODE2
    begun:
      description: Whether its evacuation was begun.
      type: bool
      returned: always
    moves:
      description: What became of each move, as RV(moves). Empty if it was not begun.
      type: list
      elements: dict
      returned: always
    failure:
      description: Why it was not begun, or why it failed.
      type: str
      returned: unless it was emptied
      sample: "VMs move from it or to it meanwhile: web01."
nodes_before:
  description: The nodes before anything was changed, as M(hyperv.migration.hyperv_cluster_node_info) returns them.
  returned: as RV(node); empty in check mode, without a cluster, and if they could not be read
  type: list
  elements: dict
nodes_after:
  description: The nodes at the end, likewise.
  returned: as RV(nodes_before)
  type: list
  elements: dict
headroom:
  description: Memory of the nodes that receive VMs before and after the moves, as planned.
  returned: as RV(node)
  type: list
  elements: dict
limits:
  description:
    - How many moves may run at once, C(cluster) and C(nodes) in the form of
      M(hyperv.migration.hyperv_migration_capabilities_info). Empty if there are no moves, or if it could not be read.
  returned: as RV(node)
  type: dict
report:
  description: The report, one line each, as the role P(hyperv.migration.migration_report#role) shows it.
  returned: as RV(node)
  type: list
  elements: str
report_path:
  description: Absolute path of the HTML report. V(null) without O(report_path).
  returned: as RV(node)
  type: str
  sample: /var/log/maintenance/NODE1.html
"""
