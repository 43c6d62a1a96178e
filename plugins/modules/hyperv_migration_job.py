# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_job
short_description: Cancel migrations of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Cancels one running migration job, or all jobs of a VM, whoever started them. This includes migrations of storage.
  - The task asks Hyper-V to terminate the job, and to kill it if it has not ended after 30 seconds. Hyper-V may accept
    the request and still complete the migration, so the task waits for the job's end and then reads where the VM is.
  - A migration that completes before it can be cancelled is not a failure. The task then reports no change, with a
    warning.
  - The task fails if the migration continues, or if its result is unknown. After the memory was copied, Hyper-V may
    refuse to cancel a migration. The task waits up to 30 seconds for such a migration, because it is about to end.
  - If no migration runs, the task does nothing and succeeds. A VM that does not exist fails the task.
  - M(hyperv.migration.hyperv_migration_job_info) describes where the module looks for jobs.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
options:
  state:
    description: V(cancelled) cancels the running jobs.
    type: str
    required: true
    choices: [cancelled]
  name:
    description: Display name of the VM whose migrations are cancelled. If several VMs have it, use O(vm_id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM whose migrations are cancelled.
    type: str
  job_id:
    description: Id of the job to cancel, as M(hyperv.migration.hyperv_migration_job_info) shows it.
    type: str
  wait:
    description:
      - Whether to wait for the end of the jobs.
      - With V(false) the task ends when Hyper-V accepts the request, and counts as changed.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for the end of the jobs. Below 30, the task does not kill a job.
    type: int
    default: 120
seealso:
  - module: hyperv.migration.hyperv_migration_job_info
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: Cancel all migrations of a VM
  hyperv.migration.hyperv_migration_job:
    name: web01
    state: cancelled

- name: Cancel one job
  hyperv.migration.hyperv_migration_job:
    job_id: 2C6F7A3B-5A0B-4B0E-9C77-5D2E0B7C9A11
    state: cancelled
    timeout: 300

- name: Show what would be cancelled
  hyperv.migration.hyperv_migration_job:
    vm_id: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    state: cancelled
  check_mode: true
"""

RETURN = r"""
msg:
  description: The results as text.
  returned: always
  type: str
  sample: >-
    The migration of VM web01 to NODE2 (job 2C6F7A3B-5A0B-4B0E-9C77-5D2E0B7C9A11) was cancelled. The VM is on NODE1.
jobs:
  description: The running jobs; may be empty.
  returned: when the VM exists
  type: list
  elements: dict
  contains:
    outcome:
      description:
        - V(cancelled) means that the job ended and the VM did not move to its destination.
        - V(completed) means that the VM arrived before the job could be cancelled, V(failed) that the job ended with
          its own error.
        - V(requested) means that Hyper-V accepted the request, with O(wait=false). V(would_cancel) is the outcome in
          check mode.
        - With V(refused) and V(still_running) the migration continues, and with V(unclear) it may. These fail the task.
      type: str
      returned: always
      sample: cancelled
    changed:
      description: Whether this task cancelled it, requested that with O(wait=false), or would cancel it.
      type: bool
      returned: always
      sample: true
    message:
      description: The outcome as text.
      type: str
      returned: always
    id:
      description: InstanceID of the job.
      type: str
      returned: always
      sample: 2C6F7A3B-5A0B-4B0E-9C77-5D2E0B7C9A11
    vm:
      description: The VM after the task.
      type: dict
      returned: always
      contains:
        id:
          description: GUID.
          type: str
          returned: always
          sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        name:
          description: Display name; V(null) if it could not be read.
          type: str
          returned: always
          sample: web01
        node:
          description: The node that owns it; V(null) if it could not be read.
          type: str
          returned: always
          sample: NODE1
    source_host:
      description: The source node; V(null) for a job that completed.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The destination node; V(null) if the job does not report it, as for a migration of storage.
      type: str
      returned: always
      sample: NODE2
    state:
      description: Last known state of the job, such as V(terminated), V(killed), V(completed) or V(running).
      type: str
      returned: always
      sample: terminated
    running:
      description: Whether it was still running at the last poll.
      type: bool
      returned: always
      sample: false
    percent:
      description: Last known progress; V(null) if the host does not report it.
      type: int
      returned: always
      sample: 42
    type:
      description: What the job does, such as V(moving_vm) or V(moving_storage); V(unknown) if it does not report it.
      type: str
      returned: always
      sample: moving_vm
    submitted:
      description: When it was requested, in UTC.
      type: str
      returned: always
      sample: "2026-11-23T05:49:28Z"
    started:
      description: When it began, in UTC.
      type: str
      returned: always
      sample: "2026-11-23T05:49:28Z"
    ended:
      description: When it ended, in UTC; V(null) while it runs, or if the host does not report it.
      type: str
      returned: always
      sample: "2026-11-23T05:49:40Z"
    elapsed_seconds:
      description: How long it has been running, or ran.
      type: float
      returned: always
      sample: 12.4
    account:
      description: The account that requested it.
      type: str
      returned: always
      sample: CORP\operator
    cancellable:
      description: Whether the host reports that it can be cancelled. A cancellation may still fail.
      type: bool
      returned: always
      sample: true
    node:
      description: The node that lists it in C(root\virtualization\v2); V(null) for a job of the cluster's namespace.
      type: str
      returned: always
      sample: NODE1
    namespace:
      description: CIM namespace of the job.
      type: str
      returned: always
      sample: root/HyperVCluster/v2
    class:
      description: CIM class of the job.
      type: str
      returned: always
      sample: Msvm_MigrationJob
    error:
      description: The error with which the job ended, that of its cancellation included; V(null) for none.
      type: dict
      returned: always
      contains:
        code:
          description: V(job_cancelled) or V(job_failed).
          type: str
          returned: always
          sample: job_cancelled
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
          description: Whether the same migration may succeed later.
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
          description: ErrorCode of the job.
          type: int
          returned: always
        hresult:
          description: HRESULT; empty where there is none.
          type: str
          returned: always
          sample: "0x8007000E"
"""
