# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_plan_info
short_description: Plan a whole rolling maintenance of a cluster
version_added: 0.1.0
description:
  - Reads the cluster once and plans the turns of all nodes before the first one begins. It returns the order of the
    nodes, the destination of every VM in each turn, and the number, the memory and the expected time of the moves. It
    does not change anything.
  - With O(layout=keep), every VM returns to its node after the work, so each VM moves twice. With the other layouts,
    VMs go to nodes that are done already and stay there. Each VM moves once then, and those of the first node once
    more, because they can only go to nodes that are still to be emptied. So the emptiest node is the first one.
  - If no VM can leave a node any more with O(layout=any) or O(layout=balanced), other orders are tried, then VMs of
    other nodes that step aside, as far as O(helpers) allows. If that does not help, all VMs return to the nodes before
    it. RV(steps[].returns_all) says so.
  - If no plan was found, RV(refusal) names the node that cannot be emptied, the reason, and what would help. The search
    is bounded, so a plan may exist that was not found.
  - Each destination is one that M(hyperv.migration.hyperv_evacuation_plan_info) could select. Possible owners, enforced
    rules and the memory reserve are kept at every moment. Preferred owners are not kept with O(layout=any) and
    O(layout=balanced).
  - Nodes that do not take VMs now are not counted as destinations. One that is paused counts after its turn.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._maintenance.planning
options:
  nodes:
    description:
      - Nodes that are to be maintained. The default is all nodes of the cluster that are not in O(done).
      - A list, or text with commas, semicolons, blanks or line breaks between the names, as a survey returns it. With
        an empty list, no node is left, and RV(refill) alone is planned.
    type: raw
  done:
    description:
      - Nodes that are done already in this rolling maintenance. VMs go to them first with O(layout=any) and
        O(layout=balanced).
      - A list, or text as for O(nodes).
    type: raw
    default: []
  order:
    description:
      - V(planned) lets the plan choose the order of the nodes. With O(layout=keep) it is that of O(nodes), because it
        makes no difference, unless several nodes may be away together.
      - V(given) takes the nodes in the order of O(nodes).
      - Otherwise it is the order itself, as a list of all nodes that are to be maintained, or as text as for O(nodes).
        Nodes of O(done) may be in it. An order that lacks a node, or has one twice or an unknown one, is refused. If
        the plan does not come to its end in this order, RV(refusal) says at which turn, and what would help.
    type: raw
    default: planned
  at_once:
    description:
      - How many nodes may be away together at most, as a number, or as a share of all nodes of the cluster such as
        V(25%), which is rounded down. RV(steps[].batch) tells which nodes are.
      - Nodes are away together only if the plan proves that all their VMs have room elsewhere, that the other nodes
        have the majority of the votes without the witness, and that each fault domain of more than one node keeps one
        that runs. With Storage Spaces Direct it is one node at a time.
      - VMs of other nodes do not step aside for nodes that are away together.
    type: str
    default: "1"
  layout:
    description:
      - V(keep) brings every VM back to the node that it was on.
      - V(any) leaves VMs where they come to be. The last node is empty in the end.
      - V(balanced) is V(any), and moves VMs from the fullest nodes to the last one until all nodes are close to the
        mean share of memory in use.
    type: str
    choices: [keep, any, balanced]
    default: keep
  home:
    description:
      - VMs that return to their node in any layout, by name, pattern or GUID, as in
        O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies). They move twice.
      - A VM that is shut down or saved to leave its node returns in any case, because the plan has no memory for it
        elsewhere.
    type: list
    elements: str
    default: []
  node_seconds:
    description:
      - How many seconds the work on a node takes with its restart. It is part of all expected times. Nodes that are
        away together are worked on at the same time.
    type: int
    default: 0
  strategies:
    description:
      - Strategies for single VMs, as O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies).
    type: raw
    default: []
  restart:
    description: Whether the nodes are to be restarted. VMs that would go down with a node stand against the plan then.
    type: bool
    default: false
  must_be_feasible:
    description: Whether the task fails if no plan was found, with RV(refusal) as its message.
    type: bool
    default: false
  moves:
    description:
      - Whether RV(steps) lists every move. Otherwise it only counts them.
      - A move takes about 340 characters, and its return 180. ansible-runner, and so AWX, shows an empty result if it
        has more than 700,000 characters, which 1,300 VMs come to.
    type: bool
    default: false
seealso:
  - module: hyperv.migration.hyperv_evacuation_plan_info
  - module: hyperv.migration.hyperv_rolling_node_info
"""

EXAMPLES = r"""
- name: Plan a rolling maintenance in which VMs stay where they come to be
  hyperv.migration.hyperv_rolling_plan_info:
    layout: any
    home: [dc*, build-agent-1]
    node_seconds: 1800
    helpers: 4
  register: roll

- name: Show it
  ansible.builtin.debug:
    var: roll.summary

- name: Plan it, and list every move
  hyperv.migration.hyperv_rolling_plan_info:
    layout: any
    moves: true

- name: Plan with a quarter of the nodes away together
  hyperv.migration.hyperv_rolling_plan_info:
    layout: any
    at_once: 25%
    node_seconds: 1800

- name: Look whether the nodes can have their turns in an order of mine
  hyperv.migration.hyperv_rolling_plan_info:
    layout: any
    order: [NODE3, NODE1, NODE2]
    must_be_feasible: true

- name: Plan the rest of one of which two nodes are done
  hyperv.migration.hyperv_rolling_plan_info:
    layout: balanced
    done: [NODE1, NODE2]
"""

RETURN = r"""
cluster:
  description: Full name of the cluster.
  returned: success, V(null) if the name is unknown
  type: str
  sample: hvc1.corp.example
cluster_name:
  description: Short name of the cluster.
  returned: success, V(null) if the name is unknown
  type: str
  sample: HVC1
layout:
  description: The layout that was planned for.
  returned: success
  type: str
  sample: any
feasible:
  description: Whether a plan for all nodes was found. Otherwise do not begin.
  returned: success
  type: bool
  sample: true
refusal:
  description: Why no plan was found.
  returned: success, V(null) where RV(feasible) is true
  type: dict
  contains:
    code:
      description: As RV(hyperv.migration.hyperv_evacuation_plan_info#module:infeasibility.code).
      type: str
      returned: always
      sample: vm_too_big
    severity:
      description: V(error).
      type: str
      returned: always
      sample: error
    subject:
      description: The node that cannot be emptied when its turn has come.
      type: str
      returned: always
      sample: NODE3
    subject_kind:
      description: V(node).
      type: str
      returned: always
      sample: node
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: >-
        No plan was found for the rolling maintenance: NODE3 cannot be emptied as node 2 of 3 after NODE1. db01 needs
        81515 MB; the roomiest node that may take it, NODE2, has 70578 MB to give.
    remedy:
      description: >-
        What would help, in sentences: another order, VMs of other nodes that step aside, less memory in use, or what
        helps the node itself.
      type: str
      returned: always
      sample: "It is possible if VMs of other nodes may step aside: with helpers=1, for NODE3."
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
    step:
      description: The number of its turn, from 1.
      type: int
      returned: always
      sample: 2
order:
  description: The nodes in the order of their turns, up to the one that RV(refusal) is about.
  returned: success
  type: list
  elements: str
  sample: [NODE2, NODE1, NODE3]
at_once:
  description: How many nodes are away together at most.
  returned: success
  type: int
  sample: 1
steps:
  description: The turns of the nodes in their order.
  returned: success
  type: list
  elements: dict
  contains:
    order:
      description: Position, from 1.
      type: int
      returned: always
      sample: 1
    batch:
      description: Number of the batch, from 1. Nodes of one batch are away together, and nothing moves between them.
      type: int
      returned: always
      sample: 1
    node:
      description: The node.
      type: str
      returned: always
      sample: NODE2
    returns_all:
      description: Whether all VMs that leave the node return to it.
      type: bool
      returned: always
      sample: false
    counts:
      description: Number of moves of each kind.
      type: dict
      returned: always
      contains:
        moves:
          description: Moves of VMs that leave the node.
          type: int
          returned: always
          sample: 25
        helpers:
          description: Moves of VMs of other nodes that step aside first.
          type: int
          returned: always
          sample: 0
        returns:
          description: Moves after the work, of VMs that return.
          type: int
          returned: always
          sample: 0
    moves:
      description: The moves of the VMs that leave the node, in order.
      type: list
      elements: dict
      returned: with O(moves)
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
          description: The same.
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
          sample: NODE2
        destination_host:
          description: The node that receives the VM.
          type: str
          returned: always
          sample: NODE1
        reason:
          description: Why the plan selects this node.
          type: str
          returned: always
          sample: NODE1 has the most memory left (65536 MB before this move); NODE1 is done already
        strategy:
          description: Strategy of the VM, V(migrate), V(shutdown) or V(save).
          type: str
          returned: always
          sample: migrate
        helper:
          description: Whether it is a VM of another node that steps aside.
          type: bool
          returned: always
          sample: false
    helpers:
      description: Moves of VMs of other nodes that step aside first, one after another.
      type: list
      elements: dict
      returned: with O(moves)
      contains: *move
    returns:
      description: >-
        Moves after the work: of VMs that return to the node, and of VMs that stepped aside and return to theirs.
      type: list
      elements: dict
      returned: with O(moves)
      contains: &short
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
          sample: dc01
        memory_mb:
          description: Memory in MB that the move copies.
          type: int
          returned: always
          sample: 4096
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
          description: Why it moves.
          type: str
          returned: always
          sample: it returns
    stays:
      description: VMs that are left on the node on purpose, as
        RV(hyperv.migration.hyperv_evacuation_plan_info#module:stays).
      type: list
      elements: dict
      returned: always
      sample: []
    amount:
      description: What the turn takes.
      type: dict
      returned: always
      contains: &amount
        moves:
          description: Number of moves of any kind.
          type: int
          returned: always
          sample: 25
        memory_mb:
          description: Memory in MB that they copy.
          type: int
          returned: always
          sample: 341000
        seconds:
          description: How long the moves take; V(null) where the limits of a node are not known.
          type: int
          returned: always
          sample: 107
    evacuation_seconds:
      description: How long it takes until the node is empty; V(null) where the limits of a node are not known.
      type: int
      returned: always
      sample: 107
    return_seconds:
      description: How long the moves of RV(steps[].returns) take; V(null) where the limits of a node are not known.
      type: int
      returned: always
      sample: 0
    ends_after:
      description: >-
        Seconds from the begin of the rolling maintenance to the end of the batch, O(node_seconds) of each batch
        included; V(null) where the limits of a node are not known.
      type: int
      returned: always
      sample: 1907
refill:
  description: With O(layout=balanced), moves after the last turn that even out the memory of the nodes, in order.
  returned: success
  type: list
  elements: dict
  contains: *short
total:
  description:
    - What all turns and RV(refill) take together, O(node_seconds) of each batch included.
    - What the network carries is not known unless O(link_rates) says so, so the times are for comparing plans.
  returned: success
  type: dict
  contains: *amount
keep:
  description:
    - What no plan takes less than in which every VM returns to its node, one node after the other. It need not be
      possible.
  returned: success
  type: dict
  contains: *amount
bound:
  description: What no plan of this layout, and of this order unless it is O(order=planned), takes less than.
  returned: success
  type: dict
  contains:
    moves:
      description: Number of moves.
      type: int
      returned: always
      sample: 119
    memory_mb:
      description: Memory in MB that they copy.
      type: int
      returned: always
      sample: 1700000
notes:
  description:
    - Nodes that are not used as destinations, and why; data that could not be read or checked.
    - What limits O(at_once), and what could not be judged for it.
    - Who else is at work in the cluster, such as its balancer, a backup of its configuration, or a role of
      Cluster-Aware Updating.
  returned: success
  type: list
  elements: str
  sample: ["NODE3 is not counted as a destination: node NODE3 is paused and takes no VMs"]
summary:
  description: The plan as lines for a terminal.
  returned: success
  type: list
  elements: str
  sample:
    - "   node   leave  aside  return   GB  moves take  done after"
    - "1  NODE2     25                 333     0:01:47     0:31:47"
"""
