# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_vm_state
short_description: Start, shut down, save or turn off VMs of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Brings one VM or many into a state and waits until the cluster shows it.
  - Never turns a VM off without its guest unless O(force=true).
  - All VMs are asked at once and then watched together. An unanswered request is not repeated before the VM was looked
    at for longer than the node may take to carry it out.
  - Nothing is asked for if a VM does not exist.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
notes:
  - Starts, saves and turns off by C(Msvm_ComputerSystem.RequestStateChange) in C(Root\HyperVCluster\v2). No source
    tells whether that works there; where it is refused for good, the VM's owner is asked in C(root\virtualization\v2).
  - Shuts down by C(Msvm_ShutdownComponent.InitiateShutdown) in C(root\virtualization\v2) of the VM's owner, since
    value 4 of C(RequestStateChange) is documented for the first version of the provider only.
  - A VM is not started on a node that is paused; Microsoft documents that groups of such a node cannot be brought
    online.
options:
  name:
    description: Name of the VM, in any letter case. It must be unique in the cluster.
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM.
    type: str
  vms:
    description:
      - Several VMs, each with C(vm_id), its GUID, or else C(name). Other keys do not matter, so that the lists which
        M(hyperv.migration.hyperv_evacuation_plan_info) and M(hyperv.migration.hyperv_restore_plan_info) return can be
        given as they are.
      - An empty list is nothing to do.
    type: list
    elements: dict
  node:
    description:
      - A node whose own VMs count beside those of the cluster, short or fully qualified.
      - VMs that are not of the cluster are only found with it.
    type: str
  state:
    description:
      - V(running) starts a VM that is off or saved, and resumes one that is paused.
      - V(shut_down) asks the guest to end in order.
      - V(saved) writes the VM's memory to disk.
      - V(off) turns the VM off at once, like pulling its plug; a VM that is not off yet needs O(force=true).
    type: str
    required: true
    choices: [running, "off", saved, shut_down]
  force:
    description:
      - Allows to lose what a guest has not written to disk.
      - With O(state=shut_down), the guest closes applications that have unsaved data, and a VM is turned off whose
        guest offers no shutdown service, refuses, or does not end within O(timeout).
      - With O(state=off), needed to turn off a VM that runs, is paused, or is saved.
    type: bool
    default: false
  timeout:
    description: Seconds in which all VMs must get there. What is under way after that goes on.
    type: int
    default: 900
  poll_interval:
    description: Seconds between two looks, from 0.05 to 60.
    type: float
    default: 2
  progress:
    description:
      - Whether to show a line for each VM that has its state, and every half minute which ones are waited for.
      - They go to standard error, where they do not get into what a callback such as C(ansible.posix.json)
        writes for a program. A task with C(no_log) shows none.
    type: bool
    default: true
seealso:
  - module: hyperv.migration.hyperv_vm_info
"""

EXAMPLES = r"""
- name: Shut a guest down in order
  hyperv.migration.hyperv_vm_state:
    name: test01
    state: shut_down
    timeout: 300

- name: Start again what the evacuation stopped
  hyperv.migration.hyperv_vm_state:
    vms: "{{ restore_plan.start }}"
    state: running
"""

RETURN = r"""
vms:
  description: The VMs, in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: GUID.
      type: str
      returned: always
      sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    name:
      description: Display name.
      type: str
      returned: always
      sample: test01
    node:
      description: The node that it is on.
      type: str
      returned: always
      sample: NODE1
    before:
      description: Its state at first.
      type: str
      returned: always
      sample: running
    state:
      description: Its state when it was read last.
      type: str
      returned: always
      sample: "off"
    outcome:
      description: V(changed), V(unchanged), V(failed), or V(would_change) in check mode.
      type: str
      returned: always
      sample: changed
    turned_off:
      description: Whether it was turned off because its guest did not shut down.
      type: bool
      returned: always
      sample: false
    error:
      description: Why it failed; V(null) where it did not.
      type: dict
      returned: always
      contains:
        code:
          description:
            - V(node_not_up), V(needs_force), V(not_running), V(no_shutdown_service), V(refused), V(fault), V(not_sent),
              V(state_change_failed), V(timeout), V(outcome_unknown) or V(vm_gone).
          type: str
          returned: always
          sample: no_shutdown_service
        severity:
          description: V(error).
          type: str
          returned: always
        subject:
          description: Name of the VM, or of the node, that it is about.
          type: str
          returned: always
          sample: web01
        subject_kind:
          description: V(vm) or V(node).
          type: str
          returned: always
          sample: vm
        message:
          description: What happened and why, in sentences.
          type: str
          returned: always
        remedy:
          description: What to do, in sentences.
          type: str
          returned: always
        transient:
          description: Whether the same change may succeed later.
          type: bool
          returned: always
        cause:
          description: The cause alone, as a clause.
          type: str
          returned: always
        quoted:
          description: What the host itself says, in the host's language; empty where it says nothing more.
          type: str
          returned: always
        error_code:
          description: Return value of the method or ErrorCode of the job; V(null) where there is none.
          type: int
          returned: always
        hresult:
          description: HRESULT; empty where there is none.
          type: str
          returned: always
          sample: "0x8007000E"
"""
