# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_counted_vms
short_description: Name the VMs that Ansible Automation Platform is to count
version_added: 0.1.0
description:
  - Returns nothing but the VMs that an earlier task has changed, in about 70 characters each.
  - Ansible Automation Platform counts what a job has changed from the results of its tasks, and ansible-runner empties
    a result of more than 700,000 characters. The evacuation of a node with more than about 360 VMs has one, so the
    roles of this collection name its VMs here once more.
  - A VM counts once for a job, however many results name it.
  - Does not talk to nodes.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode and return the same result.
    support: full
options:
  vms:
    description:
      - RV(hyperv.migration.hyperv_node_evacuation#module:changed_vms) or
        RV(hyperv.migration.hyperv_node_restoration#module:changed_vms).
    type: list
    elements: dict
    required: true
    suboptions:
      vm_id:
        description: GUID.
        type: str
        required: true
      name:
        description: Display name.
        type: str
        default: ""
  error:
    description:
      - Why that task failed, if its failure is left to this one, such as C(msg) of its result. This one fails then.
      - Ansible shows the result of a task that fails. So up to 300 VMs are left out of it, which are counted by the
        result of the other task.
    type: str
    default: ""
seealso:
  - module: hyperv.migration.hyperv_node_evacuation
  - module: hyperv.migration.hyperv_node_restoration
"""

EXAMPLES = r"""
- name: Evacuate a node that has hundreds of VMs
  hyperv.migration.hyperv_node_evacuation:
    node: NODE1
  register: evacuation
  failed_when: evacuation.changed_vms is not defined

- name: Have them counted, and fail if the evacuation failed
  hyperv.migration.hyperv_counted_vms:
    vms: "{{ evacuation.changed_vms }}"
    error: "{{ evacuation.msg | default('') }}"
"""

RETURN = r"""
changed_vms:
  description: The VMs, each once.
  returned: success, or more than 300 VMs
  type: list
  elements: dict
  contains:
    vm_id:
      description: GUID.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name, without control characters.
      type: str
      returned: always
      sample: build01
"""
