# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_node_info
short_description: Prepare the turn of a node in a rolling maintenance
version_added: 0.1.0
description:
  - Finds the node in its cluster and another host of that cluster to talk through, checks that both are what the
    inventory says, reads the state of the rolling maintenance, waits until the cluster is healthy enough to run without
    the node, and plans the rest of the rolling maintenance if O(layout) is not V(keep), or if several nodes are to be
    away together.
  - If another run of Ansible goes through the same rolling maintenance, it fails, as
    M(hyperv.migration.hyperv_rolling_state) describes. It waits for 120 seconds at most for a sign of life of a run on
    another controller or in another container. In check mode it does neither.
  - It fails if somebody else has paused the node, if another node of this rolling maintenance is paused and not done,
    if the user's tasks or role do not exist, if the play has more hosts in its batch than O(at_once), or if no plan
    leads to the end of the rolling maintenance. Nothing is changed.
  - The role P(hyperv.migration.rolling_maintenance#role) begins with it. Use it directly if you write your own role.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._maintenance.planning
  - hyperv.migration._rolling
options:
  node:
    description: The inventory host of the node, which must answer itself.
    type: str
    required: true
  nodes:
    description: Inventory hosts of all nodes of the run, in their order. All must belong to the same cluster.
    type: list
    elements: str
    required: true
  order:
    description:
      - The order that the user wants, as a list of names, or as text with commas between them. It must name each of
        O(nodes) once, and O(nodes) must be in this order; a name is that of the host or its first label. Without it,
        the order of O(nodes) is that of the play.
      - Hosts of the inventory that a limit leaves out may be in it.
      - V(planned) is the order in O(planned), in which O(nodes) must be.
    type: raw
    default: []
  planned:
    description:
      - The result of M(hyperv.migration.hyperv_rolling_order_info), which has planned the order in this run. Counts
        with O(order=planned) only. The turns after this one are planned in the batches that it has.
    type: dict
    default: {}
  name:
    description: A name of the node in addition. It is refused if it means another node.
    type: str
    default: ""
  batch:
    description:
      - The inventory hosts that the play works on at once, O(node) among them, as C(ansible_play_batch) has them. Their
        turns are planned together by the task of the first one, and RV(together) has them all. The tasks of the others
        look at nothing and return RV(leader).
      - Nodes that were begun are taken before others. As many as the plan proves are taken together, at least one. The
        others are in RV(waiting).
      - The default is O(node) alone, which a play with more than one host in its batch does not allow.
    type: list
    elements: str
    default: []
  at_once:
    description:
      - How many nodes may be away together at most, as a number or as a share of O(nodes) such as V(25%), as
        O(hyperv.migration.hyperv_rolling_plan_info#module:at_once). Whether they are, the plan decides.
    type: str
    default: "1"
  begin_anew:
    description:
      - As O(hyperv.migration.hyperv_rolling_state#module:rolling.begin_anew). Counts for the first of O(nodes) only.
    type: bool
    default: false
  restart:
    description: Whether the node is to be restarted after them, as far as that is known.
    type: bool
    default: false
  layout:
    description:
      - The layout of the rolling maintenance, as O(hyperv.migration.hyperv_rolling_plan_info#module:layout). If it is
        not V(keep), the nodes that are left are planned in the order of O(nodes), in check mode before the first one
        only.
    type: str
    choices: [keep, any, balanced]
    default: keep
  overlap:
    description:
      - Whether the next node may be emptied while this one gets its VMs back. It is found in its cluster for that, and
        RV(meanwhile) has how. With O(layout=keep) and one node at a time only.
    type: bool
    default: false
  stop_at:
    description:
      - When the nodes are to be back, as a time with its zone such as V(2026-03-02T05:00:00+01:00), or as a duration
        from RV(run_began) on such as V(5h30m). Without it, there is no limit.
      - A node that is not begun yet is left alone if the time has come, or if it may not be back in time. It may take
        the mean of the nodes before it and a quarter more, at least as long as the slowest one. Before any node is
        done, those of the last rolling maintenance count. If nothing is known, it is begun.
      - In check mode nothing is left alone.
    type: str
    default: ""
  turns:
    description: Results of this module for the nodes before it in this run. The first one says when the run began.
    type: list
    elements: dict
    default: []
  restart_timeout:
    description: Checked here, before anything is changed. See O(hyperv.migration.hyperv_node_restart#module:timeout).
    type: int
    default: 1800
  restart_poll_interval:
    description: Likewise. See O(hyperv.migration.hyperv_node_restart#module:poll_interval).
    type: float
    default: 5
seealso:
  - module: hyperv.migration.hyperv_cluster_health_info
  - module: hyperv.migration.hyperv_rolling_plan_info
  - module: hyperv.migration.hyperv_rolling_state
"""

EXAMPLES = r"""
- name: Wait until the cluster can run without this node
  hyperv.migration.hyperv_rolling_node_info:
    node: "{{ inventory_hostname }}"
    nodes: "{{ ansible_play_hosts_all }}"
    folder: /var/lib/maintenance
  register: turn

- name: Wait until it can run without two of them, whose turns are planned together
  hyperv.migration.hyperv_rolling_node_info:
    node: "{{ inventory_hostname }}"
    nodes: "{{ ansible_play_hosts_all }}"
    batch: "{{ ansible_play_batch }}"
    at_once: 2
  register: turns

- name: Evacuate it
  hyperv.migration.hyperv_node_evacuation:
    node: "{{ turn.node }}"
    ledger_folder: "{{ turn.folder }}"
    plan: "{{ turn.evacuation.plan | default(omit) }}"
    rolling: "{{ turn.evacuation }}"
  delegate_to: "{{ turn.via }}"
  when: "'evacuate' in turn.steps"
"""

RETURN = r"""
host:
  description: The inventory host of the node.
  type: str
  returned: success
  sample: node1.corp.example
node:
  description: Name of the node in the cluster.
  type: str
  returned: success
  sample: NODE1
nodes:
  description: The same as O(nodes).
  type: list
  elements: str
  returned: success
  sample: [node1.corp.example, node2.corp.example]
leader:
  description: The host whose task has planned the turns of all hosts of O(batch); that of the task for one.
  type: str
  returned: always
  sample: node1.corp.example
batch:
  description: The nodes that are taken now, by their names in the cluster; none if there is nothing to do.
  type: list
  elements: str
  returned: for the leader
  sample: [NODE1]
waiting:
  description: The hosts of O(batch) that are taken when the nodes in RV(batch) are done.
  type: list
  elements: str
  returned: for the leader
  sample: []
together:
  description: >-
    What this module returns of each host of O(batch), by host; RV(steps) is empty for one that waits. Empty if O(batch)
    is one host.
  type: dict
  returned: for the leader
  sample: {}
via:
  description: Inventory host to talk through.
  type: str
  returned: success
  sample: node2.corp.example
phase:
  description:
    - The phase of the node, as O(hyperv.migration.hyperv_rolling_state#module:phase); empty before it begins.
  type: str
  returned: success
  sample: ""
steps:
  description: What is to be done with the node - V(evacuate), V(work), V(restart), V(restore); nothing if it is done.
  type: list
  elements: str
  returned: success
  sample: [evacuate, work, restore]
stopped:
  description: >-
    Why the node is left alone because of O(stop_at), and how many are done, in sentences. Empty if it is not.
  type: str
  returned: success
  sample: ""
run_began:
  description: When the run began, in UTC.
  type: str
  returned: success
  sample: "2026-03-01T22:15:04+00:00"
left:
  description: The nodes of the run that are not done, by their names in the cluster, this one first.
  type: list
  elements: str
  returned: success
  sample: [NODE1, NODE2]
done:
  description: The nodes that are done in this rolling maintenance, by their names in the cluster.
  type: list
  elements: str
  returned: success
  sample: []
refills:
  description: >-
    Whether the memory of the nodes is to be evened out after the node, because it is the last one with
    O(layout=balanced). See M(hyperv.migration.hyperv_rolling_refill).
  type: bool
  returned: success
  sample: false
home:
  description:
    - VMs that are to return to the node, for O(hyperv.migration.hyperv_node_restoration#module:home). All of them with
      O(layout=keep), or if the plan or an interrupted run decided so.
  type: list
  elements: str
  returned: success
  sample: ["*"]
next_step:
  description: What is done after the evacuation, in a sentence.
  type: str
  returned: success
  sample: It is worked on now, and gets its VMs back after that.
restart:
  description: Whether the node is restarted, because of O(restart) or because an interrupted run decided so.
  type: bool
  returned: success
  sample: false
ignore:
  description:
    - The names of O(ignore). In check mode also the nodes before this one that are still paused, because a run would
      have restored them by then.
  type: list
  elements: str
  returned: success
  sample: []
meanwhile:
  description: >-
    How the next node is emptied before its own turn, for O(hyperv.migration.hyperv_node_restoration#module:meanwhile).
    Empty if there is none, if it was emptied already, or if it was not found in the same cluster or has other options.
  type: dict
  returned: with O(overlap), unless there is nothing to do or in check mode
tasks_file:
  description: Absolute path of O(tasks_file); empty for none.
  type: str
  returned: success
  sample: /home/ops/updates.yml
path:
  description: Absolute path of the file with the state.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-rolling-hvc1.corp.example.json
folder:
  description: Absolute path of O(folder).
  type: str
  returned: success
  sample: /var/lib/maintenance
rolling:
  description: The rolling maintenance and the node in it, as O(hyperv.migration.hyperv_rolling_state#module:rolling).
  type: dict
  returned: success
evacuation:
  description:
    - RV(rolling) for the evacuation of the node, with C(notes_shown), whether another node is done already, so that
      notes on the whole cluster are not repeated. If the rest was planned, also C(returns_all), whether all VMs return
      to it, and C(plan), for O(hyperv.migration.hyperv_node_evacuation#module:plan). If other nodes are emptied at the
      same time, also C(beside), who they are, and which moves are planned for all of them.
  type: dict
  returned: success
computer:
  description: The computer that answers as RV(via).
  type: dict
  returned: success
  contains:
    name:
      description: NetBIOS name.
      type: str
      returned: always
      sample: NODE2
    dns_name:
      description: Its name in DNS without the domain, which may be longer than the NetBIOS name.
      type: str
      returned: always
      sample: node2
    domain:
      description: DNS domain that it is a member of; empty in a workgroup.
      type: str
      returned: always
      sample: corp.example
cluster:
  description: The cluster.
  type: dict
  returned: success
  contains:
    name:
      description: Short name.
      type: str
      returned: always
      sample: HVC1
    fqdn:
      description: Full name, which distinguishes clusters of the same short name; V(null) if the cluster has none.
      type: str
      returned: always
      sample: hvc1.corp.example
"""
