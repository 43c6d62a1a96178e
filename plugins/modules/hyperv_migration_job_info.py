# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_job_info
short_description: List the migration jobs of a Hyper-V failover cluster
version_added: 0.1.0
description:
  - Lists running migrations, whoever started them, and migrations that ended recently. Hyper-V keeps an ended job for 5
    minutes.
  - Public sources do not document where a cluster keeps the job of a migration. Therefore the module reads the
    namespace C(Root\HyperVCluster\v2), and C(root\virtualization\v2) of every node that is up. If it cannot ask a node,
    it names the node in a warning.
  - For a VM without jobs the list is empty. A VM that does not exist fails the task.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  name:
    description: List only jobs of the VM with this display name. If several VMs have it, use O(vm_id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: List only jobs of the VM with this GUID.
    type: str
  job_id:
    description: List only the job with this id, as M(hyperv.migration.hyperv_vm_migrate) returns it.
    type: str
  running_only:
    description: Whether to list running jobs only.
    type: bool
    default: false
seealso:
  - module: hyperv.migration.hyperv_migration_job
  - module: hyperv.migration.hyperv_vm_migrate
"""

EXAMPLES = r"""
- name: List running migrations
  hyperv.migration.hyperv_migration_job_info:
    running_only: true
  register: migrations

- name: Start a migration without waiting for it
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2
    wait: false

- name: Wait for its end
  hyperv.migration.hyperv_migration_job_info:
    name: web01
    running_only: true
  register: running
  until: running.jobs | length == 0
  retries: 60
  delay: 10
"""

RETURN = r"""
jobs:
  description: The migration jobs, running jobs first and then the latest of the others.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: InstanceID of the job.
      type: str
      returned: always
      sample: 2C6F7A3B-5A0B-4B0E-9C77-5D2E0B7C9A11
    vm:
      description: The VM as it is now.
      type: dict
      returned: always
      contains:
        id:
          description: GUID.
          type: str
          returned: always
          sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        name:
          description: Display name; V(null) if the VM is no longer in the cluster.
          type: str
          returned: always
          sample: web01
        node:
          description: The node that owns it; V(null) if the VM is no longer in the cluster.
          type: str
          returned: always
          sample: NODE1
    source_host:
      description: The source node. V(null) for a job that succeeded, because the job does not report it.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The destination node; V(null) if the job does not report it, as for a migration of storage.
      type: str
      returned: always
      sample: NODE2
    state:
      description: State of the job, such as V(running), V(shutting_down), V(completed), V(terminated) or V(exception).
      type: str
      returned: always
      sample: running
    running:
      description: Whether it has not ended.
      type: bool
      returned: always
      sample: true
    percent:
      description: Progress; V(null) if the host does not report it.
      type: int
      returned: always
      sample: 42
    type:
      description:
        - What it does, such as V(moving_vm), V(moving_vm_and_storage), V(moving_storage) or
          V(checking_vm_compatibility).
        - V(unknown) if the job does not report it.
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
      description: Why it failed; V(null) where it did not.
      type: dict
      returned: always
      contains:
        code:
          description: V(job_failed) or V(job_cancelled).
          type: str
          returned: always
          sample: job_failed
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
