# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_cim_info
short_description: Read instances of any CIM class from a node
version_added: 0.1.0
description:
  - Shows the data of a node without interpretation. Use it to find the cause of a problem, or to report one.
  - Only reads. It sends one WQL query, and enumerates the class if the node does not support WQL.
  - All instances are read, whichever part of them is returned. With O(properties) and O(where) the answer itself is
    smaller.
  - With all properties, about 500 instances of C(Msvm_ComputerSystem) are as much as AWX shows, so ask for less than
    O(limit) allows there.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
  - hyperv.migration._pages
options:
  class_name:
    description: The CIM class. The result includes instances of its subclasses.
    type: str
    required: true
  namespace:
    description: The CIM namespace.
    type: str
    default: root/HyperVCluster/v2
  properties:
    description:
      - The properties to read; all of them if empty.
      - Set them for C(Msvm_SummaryInformation), which otherwise contains pictures of the consoles.
    type: list
    elements: str
    default: []
  where:
    description: Values that properties must equal, by property name. Texts are compared without case.
    type: dict
    default: {}
  node:
    description: The node to ask, by name. Without it, the host of the task.
    type: str
seealso:
  - module: hyperv.migration.hyperv_migration_capabilities_info
"""

EXAMPLES = r"""
- name: Show nodes and VMs in the cluster namespace
  hyperv.migration.hyperv_cim_info:
    class_name: Msvm_ComputerSystem

- name: Read the cluster resource of one VM
  hyperv.migration.hyperv_cim_info:
    namespace: root/MSCluster
    class_name: MSCluster_Resource
    where:
      Name: Virtual Machine web01
"""

RETURN = r"""
node:
  description: The node that was asked.
  type: str
  returned: success
  sample: NODE1
total:
  description: Number of instances that match, those that O(limit) leaves out too.
  returned: success
  type: int
  sample: 8000
instances:
  description: The instances, in the order of the answer.
  type: list
  elements: dict
  returned: success
  contains:
    class:
      description: The class of the instance; V(null) if the node does not report it, as with O(properties).
      type: str
      returned: always
      sample: Msvm_ComputerSystem
    properties:
      description:
        - Values by property name in lower case, as texts, because WS-Management does not send types.
        - V(null) is NULL. A property that holds several values is a list, one with a single value is not.
        - References and embedded objects are dictionaries.
      type: dict
      returned: always
      sample: {"name": "NODE1", "elementname": "NODE1", "enabledstate": "2"}
requests:
  description: Number of WS-Management requests that were sent.
  type: int
  returned: success
  sample: 1
"""
