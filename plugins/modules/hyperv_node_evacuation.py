# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_evacuation
short_description: Evacuate a node by live migration
version_added: 0.1.0
description:
  - Plans a destination for each VM of a node, writes the plan into a ledger, pauses the node, stops the VMs that are to
    be stopped, moves all VMs within the limits of the hosts, tries a VM whose move fails on another node, and reads the
    node again to verify that it is paused and empty.
  - If a VM has no place to go, nothing is changed.
  - With Storage Spaces Direct it first waits until the cluster can do without the disks of the node - pool and virtual
    disks healthy, nothing being repaired or rebalanced, the disks of the other nodes and the shared volumes in order -
    and changes nothing if that does not come to pass within O(storage_timeout), or will not by itself.
  - If it fails after that, it resumes the node if it had paused it, and starts the VMs again that it had stopped and
    that are on the node. The message contains the reason, how the node is left, and which VMs do not run that did
    before.
  - The state of each VM when the evacuation first saw it is kept in the ledger, also over runs that were cut off. A VM
    that ran then and is off at the end, without having been stopped, is a failure.
  - A VM that somebody moves to another node meanwhile is left there.
  - With O(helpers), VMs of other nodes step aside first if not every VM has a place otherwise. The ledger has them, and
    M(hyperv.migration.hyperv_node_restoration) brings them home.
  - Run it again at any time. It continues with what is left, and takes up migrations that still run.
  - A host without a cluster can be evacuated, too. Name the hosts that may receive its VMs in O(destinations). It is
    not paused.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
  - hyperv.migration._maintenance
  - hyperv.migration._maintenance.moving
  - hyperv.migration._maintenance.evacuation
  - hyperv.migration._maintenance.planning
options:
  strategies:
    description:
      - How single VMs leave the node, as O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies). The first
        entry that matches a VM is used.
      - VMs with the strategy C(shutdown) or C(save) are stopped before they are moved. They stay stopped until
        M(hyperv.migration.hyperv_node_restoration) starts them again.
    type: raw
    default: []
  role_strategies:
    description:
      - What becomes of roles that are not VMs, of the coordination of shared volumes, and of the core group. C(role) is
        the name of the role, or of the disk resource of a volume, or a pattern such as V(FS*). With C(strategy) V(stay)
        it stays on the node, and fails over when the node restarts; with V(move) it goes to another node.
      - The first entry that fits counts, and V(move) where none does.
      - A list of dictionaries, or text such as V(FS*=stay, Cluster Group=stay).
    type: raw
    default: []
  plan:
    description:
      - A plan that was made before, by M(hyperv.migration.hyperv_evacuation_plan_info). It is compared with the
        cluster, and what still holds of it is kept. VMs that step aside in it may do so whatever O(helpers) is.
    type: dict
  restart:
    description: Whether the node is to be restarted afterwards. VMs that would go down with it are refused then.
    type: bool
    default: false
  on_timeout:
    description: Whether a migration that takes too long is left alone (V(leave)) or cancelled (V(cancel)).
    type: str
    choices: [leave, cancel]
    default: leave
  attempts:
    description: How many nodes are tried for a VM. V(1) to stop at the first one that fails.
    type: int
    default: 2
  give_back:
    description: Whether to resume the node if the evacuation fails, unless it was paused before.
    type: bool
    default: true
  next_step:
    description: A sentence on what comes after an evacuation that succeeded, for the end of the report.
    type: str
    default: ""
  rolling:
    description:
      - RV(hyperv.migration.hyperv_rolling_node_info#module:rolling), if this evacuation is part of a rolling
        maintenance. The phase of the node is stored then - C(begun) right before it is paused, and C(evacuated) when it
        is empty.
      - If it has C(beside), other nodes are emptied at the same time. No VM or role goes to one of them, the moves that
        are planned for them count as made, and of memory that none of the plans needs, each evacuation takes its share
        at most. No VM of another node steps aside then, whatever O(helpers) says.
      - If it has C(following), nothing moves to that node, which is emptied next, unless there is no other way.
    type: dict
  storage_timeout:
    description:
      - Seconds to wait for the repair of Storage Spaces Direct before anything is changed. V(0) checks once.
      - It does not apply to storage elsewhere, such as a SAN or SMB shares; RV(storage.verdict) says so.
      - In check mode it checks once.
    type: int
    default: 14400
  storage_ignore:
    description:
      - Names of pools, virtual disks, disks and shared volumes whose problems do not count, in any letter case, and
        V(storage) for repairs. Without their redundancy, the loss of another disk may lose data.
    type: list
    elements: str
    default: []
  disk_maintenance:
    description:
      - Whether the disks of the node enter storage maintenance mode when it is empty, with Storage Spaces Direct. Data
        that is on its way to them is written, and the repair after a restart is short.
      - On Windows Server 2022 and later the cluster does that itself when the node is drained of the rest, which also
        moves other roles off it. It is not drained if VMs stay on it on purpose, and a warning says so. On Windows
        Server 2016 and 2019 the disks are put into maintenance mode by a call.
      - The disks leave it before M(hyperv.migration.hyperv_node_restoration) moves VMs back, and if the evacuation
        fails. A node whose disks do not leave it is not resumed.
    type: bool
    default: true
  balancer_off:
    description:
      - Whether to switch off the balancer of the cluster (C(AutoBalancerMode)) until
        M(hyperv.migration.hyperv_node_restoration) has brought the VMs back. The ledger keeps how it was. It is put
        back as well if the evacuation fails, and left alone if somebody has set it meanwhile.
      - If the cluster refuses that, nothing else is changed.
    type: bool
    default: false
  timeout:
    description:
      - How many seconds one move may take, up to a week.
      - V(0) for a limit that follows from the VM's memory.
    type: int
    default: 0
seealso:
  - module: hyperv.migration.hyperv_evacuation_plan_info
  - module: hyperv.migration.hyperv_node_restoration
"""

EXAMPLES = r"""
- name: Evacuate a node
  hyperv.migration.hyperv_node_evacuation:
    node: NODE1
  register: evacuation

- name: Evacuate it before it is restarted, with VMs that leave in other ways
  hyperv.migration.hyperv_node_evacuation:
    node: NODE1
    restart: true
    strategies: build*=shutdown, db01=save
    ledger_folder: /var/lib/maintenance
    report_path: /var/log/maintenance/NODE1.html
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
      on several nodes is in it once, with the last one. C(helper) says whether it is a VM of another node that stepped
      aside.
    - If Ansible's time limit cuts the task off, this is what was read after that.
  returned: as RV(node)
  type: list
  elements: dict
plan:
  description:
    - The plan, as M(hyperv.migration.hyperv_evacuation_plan_info) returns it. Give it as O(plan) to the task that
      carries it out later, or that resumes an interrupted evacuation.
  returned: as RV(node)
  type: dict
planned:
  description: The moves of the plan, those of VMs that step aside first.
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
  description: VMs that this task has moved, stopped or started, each once. Empty in check mode.
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
  sample: paused
ledger:
  description: The ledger, as M(hyperv.migration.hyperv_evacuation_ledger_info) returns it. Empty if there is none.
  returned: as RV(node)
  type: dict
ledger_path:
  description: Absolute path of the ledger. V(null) if nothing was to be done.
  returned: as RV(node)
  type: str
  sample: /var/lib/maintenance/hyperv-ledger-hvc1.corp.example-NODE1.json
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
left:
  description: VMs that are on the node although all planned moves have ended.
  returned: as RV(node)
  type: list
  elements: dict
  contains: *vm
died:
  description: VMs that ran when the evacuation first saw them and are off or saved, without having been stopped.
  returned: as RV(node)
  type: list
  elements: dict
  contains: *vm
excluded:
  description:
    - Nodes on which the move of a VM failed, in the form of
      O(hyperv.migration.hyperv_evacuation_plan_info#module:excluded).
  returned: as RV(node)
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    node:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE2
storage:
  description:
    - What was read of Storage Spaces Direct before anything was changed, in the form of
      RV(hyperv.migration.hyperv_cluster_health_info#module:storage).
  returned: as RV(node)
  type: dict
  contains:
    on_the_nodes:
      description: Whether the volumes are on disks of the nodes.
      type: bool
      returned: always
      sample: true
    verdict:
      description: V(passed), V(refused), or V(not_applicable) if the storage was not checked.
      type: str
      returned: always
      sample: not_applicable
    repair_jobs:
      description: How many storage jobs have not ended.
      type: int
      returned: always
      sample: 0
    repair_percent:
      description: How much of them is done; V(null) if nothing is being repaired or the jobs report no bytes.
      type: int
      returned: always
      sample: 40
    repair_bytes_left:
      description: How many bytes are left; V(null) if nothing is being repaired.
      type: int
      returned: always
      sample: 13690208256
paused_by_us:
  description: Whether this task paused the node.
  returned: as RV(node)
  type: bool
paused_before:
  description: Whether the node was paused before the evacuation began, and not by it. V(null) if nothing was begun.
  returned: as RV(node)
  type: bool
"""
