# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_via_info
short_description: Find the host through which to manage a node
version_added: 0.1.0
description:
  - Asks hosts of the inventory for their identity, until one answers that belongs to the same cluster as a node and is
    not the node itself.
  - It refuses a short name that matches nodes of several clusters, and a host for which another computer answers than
    the inventory lists. The message contains the answer of each host.
  - It connects to each host with that host's own variables. The task's own host need not answer.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: Inventory host, short or full name, or address of the node. The default is the node of O(ledger).
    type: raw
    default: ""
  hosts:
    description: Inventory hosts that may be used. The default is the group C(hyperv_nodes).
    type: list
    elements: str
    default: []
  within:
    description: Inventory hosts that may be used at all, such as those of C(--limit). The default is all.
    type: list
    elements: str
  via:
    description: The only host that may be used. Empty for any of O(hosts).
    type: raw
    default: ""
  cluster:
    description: Short or full name of the cluster that the node must belong to. Empty for any.
    type: str
    default: ""
  ledger:
    description:
      - The ledger of an evacuation, as data or as its JSON text. It names the node, unless O(node) does, and its
        cluster.
    type: raw
  ledger_path:
    description: The same as a file on the controller. It is read if neither O(node) nor O(ledger) is given.
    type: path
  given_as:
    description:
      - Beginning of the names of the variables in which a person gives node, host and ledger, for messages, such as
        V(evacuate_node) for C(evacuate_node_name) and C(evacuate_node_via).
    type: str
    default: ""
  must_answer:
    description:
      - Whether the node must be a host of the inventory and answer itself, and another host of its cluster must answer
        as well.
    type: bool
    default: false
  beside:
    description: Inventory hosts that must not belong to another cluster, such as all nodes of a rolling maintenance.
      Hosts that do not answer are accepted.
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_node_identity_info
"""

EXAMPLES = r"""
- name: Find the host
  hyperv.migration.hyperv_via_info:
    node: NODE1
  register: found

- name: Pause the node
  hyperv.migration.hyperv_cluster_node:
    name: "{{ found.node }}"
    state: maintenance
  delegate_to: "{{ found.via }}"
"""

RETURN = r"""
via:
  description: Inventory host to use.
  returned: success
  type: str
  sample: NODE2
node:
  description: Name of the node in the cluster, or the computer's name without a cluster.
  returned: success
  type: str
  sample: NODE1
is_node:
  description: Whether RV(via) is the node itself, because no other host of its cluster answers.
  returned: success
  type: bool
asked:
  description: The answer of each host that was asked.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: Inventory host.
      type: str
      returned: always
      sample: NODE2
    answer:
      description: The computer that answered, or why none did.
      type: str
      returned: always
      sample: the computer node2.corp.example of the cluster hvc1.corp.example
computer:
  description: The computer that answers as RV(via).
  returned: success
  type: dict
  contains:
    name:
      description: NetBIOS name.
      type: str
      returned: always
      sample: NODE1
    dns_name:
      description: Its name in DNS without the domain, which may be longer than the NetBIOS name.
      type: str
      returned: always
      sample: node1
    domain:
      description: DNS domain that it is a member of; empty in a workgroup.
      type: str
      returned: always
      sample: corp.example
cluster:
  description: The cluster; V(null) if the computer is not a node of a cluster.
  returned: success
  type: dict
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
