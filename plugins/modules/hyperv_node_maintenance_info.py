# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_node_maintenance_info
short_description: Check whether a host is the node that was evacuated, and still has no VMs
version_added: 0.1.0
description:
  - Run it on the node itself, just before work that would disturb VMs. It asks that host whether it is this node of the
    cluster, whether it is paused, and which VMs run on it.
  - It fails if the host is another computer. If the node is not paused or has VMs, it fails only with O(must_be_ready),
    and RV(ready) is V(false).
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description: Name of the node that was evacuated.
    type: str
    required: true
  cluster:
    description: Short or full name of its cluster. Empty for any.
    type: str
    default: ""
  stays:
    description:
      - VMs that may continue to run, as RV(hyperv.migration.hyperv_node_evacuation#module:stays) lists them.
      - Those that are C(blocking) do not count.
    type: list
    elements: dict
    default: []
  must_be_ready:
    description:
      - Whether to fail if it is not ready.
      - Has no effect in check mode, since a dry run does not evacuate the node.
    type: bool
    default: false
seealso:
  - module: hyperv.migration.hyperv_node_restart
"""

EXAMPLES = r"""
- name: Ask the node itself
  hyperv.migration.hyperv_node_maintenance_info:
    node: NODE1
    cluster: hvc1.corp.example
    must_be_ready: true
"""

RETURN = r"""
ready:
  description: Whether it is paused, and only the VMs in O(stays) run on it.
  returned: success
  type: bool
reason:
  description: Why it is not ready; empty if it is ready.
  returned: success
  type: str
  sample: "Node NODE1 is up, and only a paused one is worked on: VMs could come to it."
node:
  description: Name of the node in the cluster.
  returned: success
  type: str
  sample: NODE1
state:
  description: V(up), V(down), V(paused), V(joining) or V(unknown).
  returned: success
  type: str
  sample: paused
running_vms:
  description: VMs on it that are neither off nor saved, according to its own namespace.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: GUID of the VM.
      type: str
      returned: always
      sample: 0A0B0C0D-0000-4000-8000-000000000001
    name:
      description: Name of the VM.
      type: str
      returned: always
      sample: web01
    state:
      description: Its state.
      type: str
      returned: always
      sample: running
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
