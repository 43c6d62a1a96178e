# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_vm_migrate
short_description: Live-migrate VMs between the nodes of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Moves one VM, or many in one task, to other nodes of the cluster with the CIM method C(MigrateVirtualSystemToSystem)
    of C(Msvm_VirtualSystemMigrationService) in C(Root\HyperVCluster\v2).
  - A VM counts as moved when Hyper-V and the cluster both say that the destination owns it and it is in the state in
    which it was. The migration job only tells when to look.
  - In check mode Hyper-V is asked with C(CheckVirtualSystemIsMigratableToSystem), and the task fails where the real one
    would.
  - A VM that is already on its destination is left alone. A migration to the destination that already runs is taken up
    and waited for; one to another node is an error.
  - With O(moves), as many migrations run at once as source, destination and cluster allow, and a failed one does not
    stop the others. The task then fails at its end and still returns RV(moves). A VM or node that does not exist fails
    the task before anything is started.
  - While it waits, the task shows a line whenever a move starts, passes another tenth of its way, or ends.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
options:
  name:
    description: Display name of the VM. If several VMs have it, use O(vm_id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM.
    type: str
  destination_host:
    description: Name of the node that shall own the VM, short or fully qualified. Required with O(name) and O(vm_id).
    type: str
    aliases: [destination]
  moves:
    description:
      - The moves to make, instead of O(name), O(vm_id) and O(destination_host).
      - The moves of M(hyperv.migration.hyperv_evacuation_plan_info) can be given as they are.
    type: list
    elements: dict
    suboptions:
      name:
        description: Display name of the VM. Only for the reader where O(moves[].vm_id) is given too.
        type: str
        aliases: [vm_name]
      vm_id:
        description: GUID of the VM.
        type: str
      destination_host:
        description: Name of the node that shall own the VM, short or fully qualified.
        type: str
        required: true
        aliases: [destination]
      order:
        description: Not used. Part of a plan.
        type: int
      source_host:
        description: Not used. Part of a plan; the VM is moved from wherever it is.
        type: str
      state:
        description: Not used. Part of a plan.
        type: str
      memory_mb:
        description: Not used. Part of a plan.
        type: int
      priority:
        description: Not used. Part of a plan.
        type: int
      reason:
        description: Not used. Part of a plan.
        type: str
  wait:
    description:
      - Whether to wait until the VM has arrived.
      - V(false) goes with a single move only, and returns its job.
    type: bool
    default: true
  timeout:
    description:
      - Seconds that one migration may take. After that its move fails and the job goes on at the cluster; the next run
        of the task takes it up.
      - V(0) derives it from the VM's memory, as 600 seconds and one more for each 10 MB.
    type: int
    default: 0
  poll_interval:
    description: Seconds between two looks at the running jobs, from 0.05 to 60. One request reads all of them.
    type: float
    default: 2
  max_parallel:
    description:
      - Most migrations to run at once.
      - Lowers the limits of the nodes and of the cluster, and never raises them.
    type: int
  precheck:
    description:
      - Whether to ask Hyper-V before each migration if it is possible.
      - In check mode it is always asked.
    type: bool
    default: true
seealso:
  - module: hyperv.migration.hyperv_evacuation_plan_info
  - module: hyperv.migration.hyperv_migration_capabilities_info
"""

EXAMPLES = r"""
- name: Move a VM
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2

- name: Move two VMs, one at a time
  hyperv.migration.hyperv_vm_migrate:
    moves:
      - name: web01
        destination_host: NODE2
      - vm_id: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        destination_host: node3.corp.example
    max_parallel: 1

- name: Ask whether a VM could be moved
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2
  check_mode: true
"""

RETURN = r"""
moves:
  description: What came of each move, in the order of the options. With a single move, the same keys stand at the top
    of the result as well.
  returned: when the VMs and nodes exist
  type: list
  elements: dict
  contains:
    vm:
      description: The VM.
      type: dict
      returned: always
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
          sample: web01
        state:
          description: State before the move.
          type: str
          returned: always
          sample: running
    source_host:
      description: The node that owned the VM.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The node that shall own it.
      type: str
      returned: always
      sample: NODE2
    outcome:
      description:
        - V(moved) and V(already_there) are verified by owner. V(would_move) is the answer of check mode, V(started)
          that of O(wait=false).
        - V(failed) comes with RV(moves[].error).
      type: str
      returned: always
      sample: moved
    changed:
      description: Whether this task moved it, or would.
      type: bool
      returned: always
    verified:
      description: Whether the destination was read as the VM's owner.
      type: bool
      returned: always
    checked:
      description: Whether Hyper-V was asked beforehand.
      type: bool
      returned: always
    adopted:
      description: Whether the migration was running before this task.
      type: bool
      returned: always
    attempts:
      description: How often the migration was asked for.
      type: int
      returned: always
      sample: 1
    elapsed_seconds:
      description: Time from start to verified end.
      type: float
      returned: always
      sample: 12.4
    timeout_seconds:
      description: The limit that applied.
      type: int
      returned: always
      sample: 1010
    timeout_from:
      description: V(given) or V(memory).
      type: str
      returned: always
      sample: memory
    setting_data:
      description:
        - The form of MigrationSettingData that the provider took, V(null) before the first call.
        - V(typed) is Msvm_VirtualSystemMigrationSettingData, V(typed_net) the same with the destination's addresses,
          V(omitted) is none at all, V(cim) is CIM_VirtualSystemMigrationSettingData.
      type: str
      returned: always
      sample: typed
    return_value:
      description: What the method returned; V(null) where it was not called or not answered.
      type: int
      returned: always
      sample: 4096
    job:
      description: The job as last seen; V(null) where there was none or it is gone.
      type: dict
      returned: always
      contains:
        id:
          description: InstanceID of the job.
          type: str
          returned: always
        state:
          description: State of the job, such as V(running), V(completed) or V(exception).
          type: str
          returned: always
          sample: completed
        percent:
          description: Progress; V(null) where the host does not tell.
          type: int
          returned: always
          sample: 100
        error_code:
          description: The job's ErrorCode.
          type: int
          returned: always
          sample: 0
    warnings:
      description: What was odd although it went well.
      type: list
      elements: str
      returned: always
    error:
      description: Why the move failed; V(null) where it did not.
      type: dict
      returned: always
      contains:
        name:
          description: A stable word, such as V(job_failed), V(refused), V(destination_paused) or V(timeout).
          type: str
          returned: always
        message:
          description: The whole story.
          type: str
          returned: always
        cause:
          description: The cause.
          type: str
          returned: always
        remedy:
          description: What to do.
          type: str
          returned: always
        code:
          description: Return value of the method or ErrorCode of the job.
          type: int
          returned: always
        hresult:
          description: HRESULT, or empty.
          type: str
          returned: always
          sample: "0x8007000E"
        transient:
          description: Whether the same move may succeed later.
          type: bool
          returned: always
"""
