# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_evacuation_plan_info
short_description: Plan where the VMs of a node would go
version_added: 0.1.0
description:
  - Gives every VM of a node a place on another node before anything moves, and changes nothing.
  - A place is a node that is up, not paused, allowed, ready for live migration, a possible owner of the VM, of no
    older build of Windows than the VM's node, with enough free memory, and that breaks no rule that is enforced.
    O(reserve_memory_percent) of each destination's memory is kept free; VMs on their way to it are counted.
  - Of these, the nodes come first that keep VMs of one anti-affinity class apart, then preferred owners of the VM, then
    the node with the most memory left. Running VMs choose first, then high priority before low and big before small.
    Where one finds no place, others make room for it; where that does not help, all combinations are tried up to a
    bound.
  - Rules are the anti-affinity classes of groups, which are enforced where the cluster's ClusterEnforcedAntiAffinity is
    1, and the affinity rules of Windows Server 2022 and later. Rules about fault domains go by the site of a node where
    it has one, else by all levels of its fault domain; no source tells which level the cluster goes by.
  - The same cluster gives the same plan.
  - Where not every VM can have a place, RV(proof) says why, or that none was found although there may be one.
  - Looks for what would stop single moves, such as an ISO image on the node's own disk or a locked group, and says in
    RV(blockers) what to do about each.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: Name of the node to be emptied, short or fully qualified.
    type: str
    required: true
  destinations:
    description: Nodes that may take the VMs; all nodes that are up if empty.
    type: list
    elements: str
    default: []
  reserve_memory_percent:
    description: Share of each destination's memory that is kept free, from 0 to below 100.
    type: float
    default: 10
  strategies:
    description:
      - How single VMs leave the node. The first entry that matches a VM is taken; VMs without one are migrated.
      - An entry that is taken for no VM is told in RV(notes).
    type: list
    elements: dict
    default: []
    suboptions:
      vm:
        description:
          - Name of the VM in any letter case, or its GUID, or a pattern of its name with V(*), V(?) and V([seq]).
        type: str
        required: true
      strategy:
        description:
          - What is to become of the VM.
          - V(migrate) migrates it live, or moves it as it is if it does not run. A VM for which this is written is part
            of the plan even if its move would fail for all that is known.
          - V(shutdown) plans to shut it down first. It needs no memory on its destination.
          - V(save) plans to save its state first. It needs no memory on its destination, which must be of the same
            build.
          - V(stay) leaves it on the node on purpose.
          - V(fail) does not let the node be emptied while the VM is on it.
        type: str
        required: true
        choices: [fail, migrate, save, shutdown, stay]
  excluded:
    description: Destinations that are not considered for single VMs, such as those where their moves have failed.
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
  plan:
    description:
      - A result that this module gave before, for the same O(node), as it was registered or as the artifact that
        P(hyperv.migration.to_artifact#filter) makes of it. It is compared with the cluster as it is now.
      - Moves that still can be made are kept. VMs that have gone are left out, VMs that came are planned in addition,
        and moves that can no longer be made are planned anew. RV(revalidation) tells each difference.
      - A VM keeps the strategy that it has in the plan, unless an entry of O(strategies) matches it.
    type: dict
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Plan to empty a node
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
  register: plan

- name: Move its VMs
  hyperv.migration.hyperv_vm_migrate:
    moves: "{{ plan.moves }}"
  when: plan.feasible

- name: Plan with VMs that leave in other ways
  hyperv.migration.hyperv_evacuation_plan_info:
    node: NODE1
    strategies:
      - vm: build-agent-*
        strategy: shutdown
      - vm: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        strategy: stay
  register: plan

- name: Look an hour later what of the plan still holds
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
  description: Full name of its cluster, or of the node itself where there is none.
  returned: success, V(null) where none is told
  type: str
  sample: hvc1.corp.example
cluster_name:
  description: Short name of its cluster.
  returned: success, V(null) where there is none
  type: str
  sample: HVC1
clustered:
  description: The node is one of a cluster, and not a host by itself.
  returned: success
  type: bool
feasible:
  description: Every VM has a move or stays on purpose.
  returned: success
  type: bool
proof:
  description: Why the node cannot be emptied.
  returned: success, V(null) where RV(feasible) is true
  type: dict
  contains:
    kind:
      description:
        - V(no_node) where no destination may take a VM at all.
        - V(total_memory) where VMs need more memory than the nodes have to which they may go.
        - V(vm_too_big) where no node has enough memory for one VM.
        - V(too_few_nodes) where a rule keeps more VMs apart than there are nodes.
        - V(exhausted) where all combinations were tried.
        - V(blocked) where something stops single VMs, see RV(stays).
        - V(strategy) where a VM with the strategy V(fail) is on the node.
        - V(not_proved) where no placement was found within the bound, although there may be one.
      type: str
      returned: always
      sample: total_memory
    proved:
      description: No placement exists.
      type: bool
      returned: always
    text:
      description: The whole of it in words.
      type: str
      returned: always
      sample: "12 VMs need 98304 MB; NODE2 and NODE3 together have 90112 MB to give: 8192 MB are missing."
    vms:
      description: Names of the VMs that it is about, empty for all.
      type: list
      elements: str
      returned: always
    missing_mb:
      description: Memory in MB that is missing at least, 0 where memory is not the reason.
      type: int
      returned: always
    nodes:
      description: The nodes on which it is missing.
      type: list
      elements: str
      returned: always
moves:
  description:
    - The moves, in the order in which they are to be made.
    - Can be given to M(hyperv.migration.hyperv_vm_migrate) as O(hyperv.migration.hyperv_vm_migrate#module:moves).
  returned: success
  type: list
  elements: dict
  contains:
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
    memory_mb:
      description: Memory in MB that it needs on its destination.
      type: int
      returned: always
      sample: 4096
    priority:
      description: Priority of its cluster group.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node to be emptied.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it would go.
      type: str
      returned: always
      sample: NODE2
    reason:
      description: Why there.
      type: str
      returned: always
      sample: NODE2 has the most memory left (65536 MB before this move)
    strategy:
      description:
        - How it leaves, V(migrate), V(shutdown) or V(save).
        - The last two are to be done before the move, so that the VM does not run when it is moved.
      type: str
      returned: always
      sample: migrate
stays:
  description: VMs that are left on the node; every VM of the node is either here or in RV(moves).
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
      description: State of the VM.
      type: str
      returned: always
      sample: running
    strategy:
      description: What was wished for it, one of the choices of O(strategies[].strategy).
      type: str
      returned: always
      sample: stay
    reason:
      description: Why it stays.
      type: str
      returned: always
    remedy:
      description: What would help, empty where it stays on purpose.
      type: str
      returned: always
    blocking:
      description: The node cannot be emptied because of it; V(false) where it stays on purpose or does no harm.
      type: bool
      returned: always
    clustered:
      description: The cluster knows it; V(false) for a VM that only the node itself has.
      type: bool
      returned: always
blockers:
  description: What stands against single moves.
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
    blocker:
      description:
        - V(iso), V(floppy), V(host_drive), V(pass_through_disk), V(pci_device) or V(gpu_partition) for what it uses of
          its node.
        - V(busy), V(state), V(storage), V(saved_state), V(memory) or V(replica) for the VM itself.
        - V(no_role), V(shared_group), V(locked), V(queued), V(group_failed) or V(group_pending) for its group.
      type: str
      returned: always
      sample: iso
    effect:
      description:
        - V(fails) where the move would fail, or cannot be planned because the VM's memory is not told. The VM is in
          RV(stays) then.
        - V(transient) where it ends by itself, so that the plan goes on.
        - V(note) where it is good to know.
      type: str
      returned: always
      sample: fails
    cause:
      description: What it is, in words.
      type: str
      returned: always
    remedy:
      description: What to do about it.
      type: str
      returned: always
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
      description: Its memory in MB.
      type: int
      returned: always
    reserve_mb:
      description: How much of it is kept free.
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
notes:
  description:
    - Nodes that were not counted as destinations, and why.
    - Entries of O(strategies) that are taken for no VM, and what could not be read or judged.
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
    name:
      description: Display name of the VM.
      type: str
      returned: always
    change:
      description:
        - V(gone), V(moved) (it is on another node) or V(new).
        - V(bigger), V(state) or V(strategy) where the VM itself has changed.
        - V(destination) where it goes to another node than planned, V(stays) where it has no move any more, V(leaves)
          where it had none.
      type: str
      returned: always
      sample: bigger
    text:
      description: The whole of it in words.
      type: str
      returned: always
      sample: it needs 8192 MB, 4096 MB more than planned
    kept:
      description: The VM still goes where the plan sends it.
      type: bool
      returned: always
made:
  description: The moves of O(plan) whose VMs are where it sends them, empty for none or without it.
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
      description: State of the VM then.
      type: str
      returned: always
      sample: running
    memory_mb:
      description: Memory in MB that it needed then.
      type: int
      returned: always
    priority:
      description: Priority of its cluster group then.
      type: int
      returned: always
      sample: 2000
    source_host:
      description: The node that is emptied.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: Where it is.
      type: str
      returned: always
      sample: NODE2
    strategy:
      description: How it was to leave.
      type: str
      returned: always
      sample: migrate
"""
