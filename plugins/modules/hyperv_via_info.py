# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_via_info
short_description: Find the host to talk through when something is done to a node
version_added: 0.1.0
description:
  - Asks hosts of the inventory who they are, until one answers that is of the same cluster as a node and is not the
    node itself.
  - A short name that fits nodes of several clusters is refused, and so is a host behind which another machine answers
    than the inventory says. The message tells how each host answered.
  - It connects to each host with that host's own variables. The task's own host need not answer.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: Inventory host, short or full name, or address of the node.
    type: str
    required: true
  hosts:
    description: Inventory hosts that may be talked through. By default those of the group C(hyperv_nodes).
    type: list
    elements: str
    default: []
  via:
    description: The only host that may be talked through. Empty for any of O(hosts).
    type: str
    default: ""
  cluster:
    description: Short or full name of the cluster that the node must be of. Empty for any.
    type: str
    default: ""
  must_answer:
    description:
      - The node must be a host of the inventory and answer itself, and another host of its cluster must answer, too.
    type: bool
    default: false
  beside:
    description: Inventory hosts that must not be of another cluster, such as all nodes of a round. Silent ones pass.
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_node_identity_info
"""

EXAMPLES = r"""
- name: Find the host to talk through
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
  description: Inventory host to talk through.
  returned: success
  type: str
  sample: NODE2
node:
  description: The name that the cluster has for the node; of a host by itself the computer's name.
  returned: success
  type: str
  sample: NODE1
is_node:
  description: RV(via) is the node itself, since no other host of its cluster answers.
  returned: success
  type: bool
asked:
  description: How each host that was asked has answered.
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
      description: Who answered, or why nobody did.
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
      description: Its name in DNS without the domain, which may be longer.
      type: str
      returned: always
      sample: node1
    domain:
      description: DNS domain that it is a member of; empty in a workgroup.
      type: str
      returned: always
      sample: corp.example
cluster:
  description: The cluster, V(null) where it is no node of one.
  returned: success
  type: dict
  contains:
    name:
      description: Short name.
      type: str
      returned: always
      sample: HVC1
    fqdn:
      description: Full name, which tells it from clusters of the same short name; V(null) where the cluster has none.
      type: str
      returned: always
      sample: hvc1.corp.example
"""
