# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_identity_info
short_description: Report which computer a host or a node is
version_added: 0.1.0
description:
  - Asks the task's host for its computer name, its DNS domain and its cluster.
  - With O(name) it also finds the node of that name, however the inventory lists it.
  - Like every task of this collection, it fails if another computer answers than the inventory lists, and names both.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  name:
    description: Short or full name, address or inventory host of a node of the same cluster. Empty for the task's host.
    type: str
    default: ""
  must_answer:
    description: Ask the node itself as well, and fail if it does not answer.
    type: bool
    default: false
seealso:
  - module: hyperv.migration.hyperv_via_info
"""

EXAMPLES = r"""
- name: Show which computer answers
  hyperv.migration.hyperv_node_identity_info:
  register: who
"""

RETURN = r"""
node:
  description: Name of the node in the cluster, or the computer's name without a cluster.
  returned: success
  type: str
  sample: NODE1
computer:
  description: The computer that answered.
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
