# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_evacuation_plan_info
short_description: Plan the destinations for the VMs of a node
version_added: 0.1.0
description:
  - Plans a destination for every VM of a node before anything moves, and does not change anything.
  - A destination must be up, not paused, allowed, ready for live migration and a possible owner of the VM. It must have
    enough free memory and must not break an enforced rule. A node with an older build of Windows than that of the VM's
    node is the last choice. The plan keeps O(reserve_memory_percent) of each destination's memory free, and counts VMs
    that are being migrated to it.
  - Of these nodes, the plan prefers nodes that keep VMs of one anti-affinity class apart, then preferred owners of the
    VM, then nodes that do not make the evacuation take longer, then the node with the smallest share of its memory in
    use. If a VM does not fit, others are placed elsewhere. If that does not help, all combinations are tried up to a
    limit.
  - Rules are the anti-affinity classes of groups, which are enforced if the cluster's ClusterEnforcedAntiAffinity is 1,
    and the affinity rules of Windows Server 2022 and later. Rules about fault domains use the site of a node if it has
    one, otherwise all levels of its fault domain. Public sources do not document which level the cluster uses.
  - The same cluster gives the same plan.
  - If not every VM can have a destination, RV(infeasibility) contains the reason, or that none was found although one
    may exist.
  - Checks for conditions that would stop single moves, such as an ISO image on the node's own disk or a locked group.
    RV(findings) contains a remedy for each.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._maintenance.evacuation
  - hyperv.migration._maintenance.planning
options:
  strategies:
    description:
      - Strategies for single VMs. The first entry that matches a VM is used. VMs without an entry are migrated.
      - RV(notes) lists entries that are not used for any VM.
      - A list of dictionaries with C(vm) and C(strategy), or text V(VM=STRATEGY) with commas, semicolons or line breaks
        between the entries, as a survey returns it.
      - C(vm) is the name of the VM in any letter case, or its GUID, or a pattern of its name with V(*), V(?) and
        V([seq]).
      - C(migrate) live-migrates it, or moves it as it is if it does not run. A VM with this entry is part of the plan
        even if its move is expected to fail.
      - C(shutdown) plans to shut it down first. It does not need memory on its destination.
      - C(save) plans to save its state first. It does not need memory on its destination, which must be of the same
        build.
      - C(stay) leaves it on the node.
      - C(fail) prevents the evacuation while the VM is on the node.
      - A paused VM cannot leave by C(shutdown) or C(save).
    type: raw
    default: []
  excluded:
    description: Destinations that are excluded for single VMs, such as those to which their migrations failed.
    type: list
    elements: dict
    default: []
    suboptions:
      vm_id:
        description: GUID of the VM.
        type: str
        required: true
      node:
        description: Name of the node, short or fully qualified.
        type: str
        required: true
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
      - An earlier result of this module for the same O(node), as registered or as the artifact that
        P(hyperv.migration.to_artifact#filter) makes of it. The module compares it with the present state of the
        cluster.
      - It keeps moves that are still possible, omits VMs that have gone, adds new VMs, and plans again the moves that
        are no longer possible. RV(revalidation) lists each difference.
      - A VM keeps the strategy that it has in the plan, unless an entry of O(strategies) matches it.
    type: dict
  restart:
    description:
      - Whether the node is to be restarted afterwards. VMs that would go down with it stand against the plan then.
    type: bool
    default: false
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Plan an evacuation
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
  register: plan

- name: Move its VMs
  hyperv.migration.hyperv_vm_migrate:
    moves: "{{ plan.moves }}"
  when: plan.feasible

- name: Plan with strategies for single VMs
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
    strategies:
      - vm: build-agent-*
        strategy: shutdown
      - vm: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        strategy: stay
  register: plan

- name: Compare the plan with the cluster an hour later
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
    plan: "{{ plan }}"
"""

RETURN = r"""
node:
  description: The node to be emptied.
  returned: success
  type: str
  sample: NODE1
cluster:
  description: Full name of its cluster, or of the node itself if there is no cluster.
  returned: success, V(null) if the name is unknown
  type: str
  sample: hvc1.corp.example
cluster_name:
  description: Short name of its cluster.
  returned: success, V(null) if there is no cluster
  type: str
  sample: HVC1
clustered:
  description: Whether the node belongs to a cluster.
  returned: success
  type: bool
feasible:
  description: Whether every VM has a move or stays on purpose.
  returned: success
  type: bool
infeasibility:
  description: Why the node cannot be emptied.
  returned: success, V(null) where RV(feasible) is true
  type: dict
  contains:
    code:
      description:
        - V(no_node) where no destination may take a VM at all.
        - V(total_memory) where VMs need more memory than the nodes have to which they may go.
        - V(vm_too_big) where no node has enough memory for one or several VMs.
        - V(too_few_nodes) where a rule keeps more VMs apart than there are nodes.
        - V(no_combination) where memory is not in the pieces that VMs need, or all combinations were tried.
        - V(blocked) where something stops single VMs, see RV(stays).
        - V(restart) if VMs would go down in the restart that is to follow.
        - V(strategy) where a VM with the strategy V(fail) is on the node.
        - V(not_proved) where no placement was found within the bound, although there may be one.
      type: str
      returned: always
      sample: total_memory
    severity:
      description: V(error).
      type: str
      returned: always
      sample: error
    subject:
      description: The node to be emptied.
      type: str
      returned: always
      sample: NODE1
    subject_kind:
      description: V(node).
      type: str
      returned: always
      sample: vm
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: "12 VMs need 98304 MB; NODE2 and NODE3 together have 90112 MB to give. 8192 MB are missing."
    remedy:
      description: What would help, in sentences.
      type: str
      returned: always
      sample: Empty the drive, or keep the image on a shared volume of the cluster.
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
    proved:
      description: No placement exists.
      type: bool
      returned: always
    vms:
      description: Names of the VMs that it is about, empty for all.
      type: list
      elements: str
      returned: always
    at_least_mb:
      description: Memory in MB that is missing in any case, 0 where none is proved.
      type: int
      returned: always
      sample: 8192
    missing_mb:
      description:
        - Memory in MB with which a placement of every VM was found, as RV(infeasibility.enough) spreads it.
        - V(0) where memory is not the reason, or where none was found.
      type: int
      returned: always
      sample: 8192
    enough:
      description: How much memory would be enough on which node.
      type: list
      elements: dict
      returned: always
      contains:
        node:
          description: The node.
          type: str
          returned: always
          sample: NODE2
        memory_mb:
          description: Memory in MB that it would need more.
          type: int
          returned: always
          sample: 8192
    nodes:
      description: The nodes on which it is missing.
      type: list
      elements: str
      returned: always
expected:
  description:
    - How long the moves take together, within the limits of the nodes and of the cluster, if every one runs at the same
      pace, or at those of O(link_rates).
    - What the network carries is not known otherwise, so RV(expected.seconds) is for comparing plans.
  returned: success, V(null) where the limits of a node are not known
  type: dict
  contains:
    seconds:
      description: The duration.
      type: int
      returned: always
      sample: 185
    helper_seconds:
      description: How much of that is for VMs of other nodes that step aside first, one after another.
      type: int
      returned: always
      sample: 0
    megabytes_per_second:
      description: The pace of a move where O(link_rates) has neither of its nodes, besides 3 seconds to begin and end.
      type: int
      returned: always
      sample: 1000
    bound_by:
      description:
        - V(source) for how many migrations the node to be emptied, or the cluster, runs at once.
        - V(destination) for how many migrations one destination takes at once.
        - V(longest_move) for the move of one VM.
        - V(order) where none of them alone is the reason.
      type: str
      returned: always
      sample: source
    subject:
      description: The node or VM that RV(expected.bound_by) is about.
      type: str
      returned: always
      sample: NODE1
    message:
      description: The duration and what bounds it, in a sentence.
      type: str
      returned: always
      sample: >-
        The moves are expected to take 0:03:05 at 1000 MB/s each, bound by how many migrations NODE1 or the cluster runs
        at once.
moves:
  description:
    - The moves, in order.
    - You can pass them to M(hyperv.migration.hyperv_vm_migrate) as O(hyperv.migration.hyperv_vm_migrate#module:moves),
      once those of RV(helpers) are made.
  returned: success
  type: list
  elements: dict
  contains: &move
    order:
      description: Position, from 1.
      type: int
      returned: always
      sample: 1
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name of the VM.
      type: str
      returned: always
      sample: web01
    state:
      description: State of the VM.
      type: str
      returned: always
      sample: running
    state_at_first:
      description: State of the VM when the first of several plans saw it, of which each was passed to the next.
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in MB that the VM needs on its destination.
      type: int
      returned: always
      sample: 4096
    priority:
      description: Priority of its cluster group.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node that the VM leaves.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The node that receives the VM.
      type: str
      returned: always
      sample: NODE2
    reason:
      description: Why the plan selects this node.
      type: str
      returned: always
      sample: NODE2 has the most memory left (65536 MB before this move)
    strategy:
      description:
        - Strategy of the VM, V(migrate), V(shutdown) or V(save).
        - Shut down or save the VM before its move for the last two.
      type: str
      returned: always
      sample: migrate
    helper:
      description: Whether it is a VM of another node that steps aside.
      type: bool
      returned: always
      sample: false
helpers:
  description:
    - Moves of VMs of other nodes that step aside before RV(moves), one after another; each of them fits when those
      before it are made.
    - Where RV(feasible) is false, those that would give every VM of the node a place with that number of O(helpers).
      Empty where none were found.
    - They are looked for where nothing but memory stands against the evacuation, in a bounded search. They are as few
      as it found, and at most four or O(helpers).
  returned: success
  type: list
  elements: dict
  contains: *move
stays:
  description: VMs that are left on the node, and why; every VM of the node is either here or in RV(moves).
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
    code:
      description:
        - V(blocked) where RV(findings) of the VM are errors.
        - V(no_node), V(rule) or V(no_memory) where no destination can take it, because none may own it, because
          of a rule, or because of its memory.
        - V(strategy_stay) or V(strategy_fail) where its strategy says so.
        - V(confined) where it may run on the node only, and is shut down or saved there, as its strategy says.
        - V(not_clustered) for a VM that only the node itself has.
      type: str
      returned: always
      sample: blocked
    severity:
      description: V(error) where the node cannot be emptied because of it, else V(info).
      type: str
      returned: always
      sample: error
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: web01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
      sample: vm
    message:
      description: Why it stays, in sentences.
      type: str
      returned: always
      sample: The ISO image C:\ISO\tools.iso is on its node only.
    remedy:
      description: What would help, empty where it stays on purpose.
      type: str
      returned: always
      sample: Empty the drive, or keep the image on a shared volume of the cluster.
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
    name:
      description: Display name of the VM.
      type: str
      returned: always
    state:
      description: State of the VM.
      type: str
      returned: always
      sample: running
    strategy:
      description: What was wanted for it, one of those of O(strategies).
      type: str
      returned: always
      sample: stay
    blocking:
      description: The node cannot be emptied because of it; V(false) where it stays on purpose or does no harm.
      type: bool
      returned: always
    clustered:
      description: The cluster knows it; V(false) for a VM that only the node itself has.
      type: bool
      returned: always
findings:
  description: What stands against single moves.
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
    code:
      description:
        - V(iso), V(floppy), V(host_drive), V(pass_through_disk), V(pci_device) or V(gpu_partition) for what it uses
          of its node.
        - V(busy), V(state), V(storage), V(saved_state), V(memory) or V(replica) for the VM itself.
        - V(no_role), V(shared_group), V(locked), V(queued), V(group_failed) or V(group_pending) for its group.
      type: str
      returned: always
      sample: iso
    severity:
      description:
        - V(error) where the move would fail, or cannot be planned because the VM's memory is not known. The VM is in
          RV(stays) then.
        - V(warning) where it passes by itself (RV(findings[].transient)), so that the plan goes on, and where the
          move would fail but the strategy V(migrate) was given for the VM.
        - V(info) where it is good to know.
      type: str
      returned: always
      sample: error
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: web01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
      sample: vm
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: The ISO image C:\ISO\tools.iso is on its node only.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
      sample: Empty the drive, or keep the image on a shared volume of the cluster.
    transient:
      description: Whether it passes by itself.
      type: bool
      returned: always
      sample: false
headroom:
  description: Memory of the destinations before and after the moves.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      type: str
      returned: always
    total_mb:
      description: Memory of the node in MB.
      type: int
      returned: always
    reserve_mb:
      description: Memory in MB that stays free.
      type: int
      returned: always
    free_before_mb:
      description: Free memory now.
      type: int
      returned: always
    free_after_mb:
      description: Free memory after the moves.
      type: int
      returned: always
roles:
  description:
    - Roles of the node that are not VMs and not offline, and the core group, with where each goes after the VMs, in
      this order. Classic roles such as file servers move; what the cluster moves by itself stays.
  returned: success
  type: list
  elements: dict
  contains: &role
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
    state:
      description: State of the group or the disk, such as V(online), V(failed) or V(partly_online).
      type: str
      returned: always
      sample: online
    source_host:
      description: The node that owns it.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it goes. V(null) if it stays.
      type: str
      returned: always
      sample: NODE2
    reason:
      description: Why it goes there, or why it stays.
      type: str
      returned: always
      sample: it has the fewest roles
shared_volumes:
  description: The cluster shared volumes that the node coordinates, likewise. They are moved after the roles.
  returned: success
  type: list
  elements: dict
  contains: *role
notes:
  description:
    - Nodes that are not used as destinations, and why.
    - Entries of O(strategies) and O(link_rates) that are not used, and data that could not be read or checked.
    - Who else is at work in the cluster, such as its balancer, a backup of its configuration, or a role of
      Cluster-Aware Updating.
  returned: success
  type: list
  elements: str
revalidation:
  description: What has changed since O(plan) was made, empty for nothing or without it.
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
    code:
      description:
        - V(gone), V(moved) (it is on another node) or V(new).
        - V(bigger), V(state) or V(strategy) where the VM itself has changed.
        - V(destination) where it goes to another node than planned, V(stays) where it has no move any more, V(leaves)
          where it had none.
        - For VMs of other nodes, V(new) and V(stays) are about stepping aside.
      type: str
      returned: always
      sample: bigger
    severity:
      description: V(info) where the VM still goes where the plan sends it, else V(warning).
      type: str
      returned: always
      sample: error
    subject:
      description: Display name of the VM.
      type: str
      returned: always
      sample: web01
    subject_kind:
      description: V(vm).
      type: str
      returned: always
      sample: vm
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: It needs 8192 MB, 4096 MB more than planned.
    remedy:
      description: Empty.
      type: str
      returned: always
      sample: Empty the drive, or keep the image on a shared volume of the cluster.
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
    kept:
      description: The VM still goes where the plan sends it.
      type: bool
      returned: always
made:
  description: The moves of O(plan) whose VMs are already on their destinations; empty for none or without O(plan).
  returned: success
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID of the VM.
      type: str
      returned: always
    name:
      description: Display name of the VM.
      type: str
      returned: always
    state:
      description: State of the VM at that time.
      type: str
      returned: always
      sample: running
    state_at_first:
      description: State of the VM when the first of several plans saw it, of which each was passed to the next.
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in MB that it needed at that time.
      type: int
      returned: always
    priority:
      description: Priority of its cluster group at that time.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node that had the VM.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The node that has the VM.
      type: str
      returned: always
      sample: NODE2
    strategy:
      description: Its strategy.
      type: str
      returned: always
      sample: migrate
    helper:
      description: Whether it is a VM of another node that stepped aside.
      type: bool
      returned: always
      sample: false
summary:
  description: The plan as lines for a terminal.
  returned: success
  type: list
  elements: str
"""
