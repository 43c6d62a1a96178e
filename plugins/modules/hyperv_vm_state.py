# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_vm_state
short_description: Start, shut down, save or turn off VMs of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Changes the state of one or more VMs and waits until the cluster reports it.
  - Does not turn a VM off without its guest unless O(force=true).
  - Sends the requests for all VMs at the same time and then polls them together. It does not repeat a request without
    an answer until it has checked the VM for longer than the node may take to carry the request out.
  - If a VM does not exist, the task does not send any request.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
notes:
  - Starts, saves and turns off by C(Msvm_ComputerSystem.RequestStateChange) in C(Root\HyperVCluster\v2). Public
    sources do not document whether that works there. After a definite refusal it calls the method on the VM's owner in
    C(root\virtualization\v2).
  - Shuts down by C(Msvm_ShutdownComponent.InitiateShutdown) in C(root\virtualization\v2) of the VM's owner, because
    value 4 of C(RequestStateChange) is documented for the first version of the provider only.
  - A VM is not started on a paused node. Microsoft documents that groups of such a node cannot be brought online.
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
      - Several VMs, each with C(vm_id), its GUID, or else C(name). Other keys are ignored, so you can pass the lists
        that M(hyperv.migration.hyperv_evacuation_plan_info) and M(hyperv.migration.hyperv_restore_plan_info) return.
      - With an empty list the task does nothing.
    type: list
    elements: dict
  node:
    description:
      - A node whose own VMs are found in addition to those of the cluster, short or fully qualified.
      - VMs that are not clustered are only found with it.
    type: str
  state:
    description:
      - V(running) starts a VM that is off or saved, and resumes one that is paused.
      - V(shut_down) shuts down the guest operating system.
      - V(saved) writes the VM's memory to disk.
      - V(off) turns the VM off at once, without a shutdown. A VM that is not off yet needs O(force=true).
    type: str
    required: true
    choices: [running, "off", saved, shut_down]
  force:
    description:
      - Whether to accept the loss of data that a guest has not written to disk.
      - With O(state=shut_down), the guest closes applications that have unsaved data. A VM is turned off if its guest
        does not offer a shutdown service, refuses, or does not shut down within O(timeout).
      - With O(state=off), needed to turn off a VM that runs, is paused, or is saved.
    type: bool
    default: false
  timeout:
    description: Seconds in which all VMs must reach the state. Changes that still run after that continue.
    type: int
    default: 900
  poll_interval:
    description: Seconds between two polls, from 0.05 to 60.
    type: float
    default: 2
  progress:
    description:
      - Whether to show a line for each VM that reached its state, and after ten seconds and every half minute a
        line with the remaining VMs.
      - The lines go to standard error, so they do not mix with the output of a callback such as C(ansible.posix.json).
        A task with C(no_log) does not show them.
    type: bool
    default: true
seealso:
  - module: hyperv.migration.hyperv_vm_info
"""

EXAMPLES = r"""
- name: Shut down a guest
  hyperv.migration.hyperv_vm_state:
    name: test01
    state: shut_down
    timeout: 300

- name: Start the VMs that the evacuation stopped
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
      description: The node that has the VM.
      type: str
      returned: always
      sample: NODE1
    before:
      description: Its state before the task.
      type: str
      returned: always
      sample: running
    state:
      description: Its last known state.
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
