# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_vm_migrate
short_description: Live-migrate VMs between the nodes of a Hyper-V failover cluster, or between Hyper-V hosts
version_added: 0.1.0
description:
  - Moves one VM, or many in one task, to other nodes of the cluster with the CIM method C(MigrateVirtualSystemToSystem)
    of C(Msvm_VirtualSystemMigrationService) in C(Root\HyperVCluster\v2).
  - Where the cluster does not support that, or the VM is not clustered, it goes another documented way (O(method)).
  - A VM counts as moved when Hyper-V and the cluster both say that the destination owns it and it is in the state in
    which it was. The migration job only tells when to look.
  - In check mode Hyper-V is asked with C(CheckVirtualSystemIsMigratableToSystem), and the task fails where the real one
    would, except for a VM that still runs and that a plan has stopped first (O(moves[].strategy)).
  - A VM that is off, saved or paused is moved as it is; no VM is ever started or stopped.
  - A VM that is already on its destination is left alone. A migration to the destination that already runs is taken up
    and waited for; one to another node is an error.
  - With O(moves), as many migrations run at once as source, destination and cluster allow, and a failed one does not
    stop the others. The task then fails at its end and still returns RV(moves). A VM or node that does not exist fails
    the task before anything is started.
  - While it waits, the task shows lines on what moves where, how far it is, and how much is left (O(progress)).
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
options:
  name:
    description:
      - Display name of the VM, in any letter case. Nothing in it is a wildcard, and blanks count.
      - If several VMs have that name, whichever letter case each is written in, the task fails and names them. Use
        O(vm_id) then.
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM.
    type: str
  destination_host:
    description:
      - Name of the node that shall own the VM, short or fully qualified; of a Hyper-V host outside a cluster its
        address will do as well. Required with O(name) and O(vm_id).
    type: str
    aliases: [destination]
  destination_storage_path:
    description:
      - Folder for the VM's files on the destination, as a full path there or on a share. Only for a VM that is not
        clustered.
      - Configuration, checkpoints and paging file go into this folder, the virtual hard disks into
        C(Virtual Hard Disks) below it. A file that is in the folder already stays where it is.
      - With the host on which the VM is as O(destination_host), only its files move, and the outcome is V(completed).
    type: str
  disks:
    description: New paths of single virtual hard disks of a VM that is not clustered, which go before
      O(destination_storage_path).
    type: list
    elements: dict
    suboptions:
      source_path:
        description: Where the disk is, in any letter case.
        type: str
        required: true
      destination_path:
        description: Where it shall be.
        type: str
        required: true
  keep_source_disks:
    description:
      - Whether the disks that move also stay where they were (RetainVhdCopiesOnSource).
      - Where this is not given the host decides.
    type: bool
  moves:
    description:
      - The moves to make, instead of O(name), O(vm_id) and O(destination_host).
      - The moves of M(hyperv.migration.hyperv_evacuation_plan_info) can be given as they are.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Display name of the VM, as in O(name). Only for the reader where O(moves[].vm_id) is given too.
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
      destination_storage_path:
        description: Folder for the VM's files, as in O(destination_storage_path).
        type: str
      disks:
        description: New paths of single virtual hard disks, as in O(disks).
        type: list
        elements: dict
        suboptions:
          source_path:
            description: Where the disk is, in any letter case.
            type: str
            required: true
          destination_path:
            description: Where it shall be.
            type: str
            required: true
      keep_source_disks:
        description: Whether the disks that move also stay where they were, as in O(keep_source_disks).
        type: bool
      order:
        description: Not used. Part of a plan.
        type: int
      source_host:
        description: A host on which a VM that is not clustered is looked for. Part of a plan; a clustered VM is moved
          from wherever it is.
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
      strategy:
        description:
          - Part of a plan. V(shutdown) and V(save) say that the VM does not run any more when it is moved.
          - The task fails before it moves anything if such a VM still runs.
        type: str
        choices: [migrate, save, shutdown]
        default: migrate
  method:
    description:
      - The way in which a VM is moved. RV(moves[].method) tells which one was taken.
      - V(system) is C(MigrateVirtualSystemToSystem) of the cluster's migration service.
      - V(cluster_group) is C(MoveToNewNodeParams) of the VM's cluster group, with the move type of a live migration.
        The cluster queues the move. O(migration_settings), O(new_system_settings) and O(new_resource_settings) cannot
        be given.
      - V(host) is C(MigrateVirtualSystemToHost) of the host on which the VM is, for a VM that is not clustered. It is
        looked for on the host of the task and on its destination. The hosts must be able to log on to each other in
        the name of the account (constrained delegation, or CredSSP).
      - V(auto) is V(system); V(cluster_group) where the cluster says that it does not support V(system); V(host) for a
        VM that is not clustered. The task warns where it is not V(system). It never goes on to another method after
        anything that may have started a migration.
    type: str
    choices: [auto, system, cluster_group, host]
    default: auto
  wait:
    description:
      - Whether to wait until the VM has arrived.
      - V(false) goes with a single move only, and returns its job.
    type: bool
    default: true
  timeout:
    description:
      - Seconds that one migration may take; O(on_timeout) says what happens then.
      - V(0) derives it from the VM's memory, as 600 seconds and one more for each 10 MB. A VM whose disks move gets as
        much as one with 1 TB of memory.
    type: int
    default: 0
  on_timeout:
    description:
      - What happens to a migration that takes longer than O(timeout). Its move fails either way.
      - With V(leave) the job goes on at the cluster, and the next run of the task takes it up.
      - With V(cancel) the job is asked to end, first by Terminate and 30 seconds later by Kill. Then the VM's owner is
        read. A VM that arrived all the same counts as moved, with a warning.
      - A migration that this task did not start is left alone in any case.
    type: str
    choices: [leave, cancel]
    default: leave
  stall_after:
    description: Seconds without progress of a job after which the task warns. V(0) never does.
    type: float
    default: 300
  retries:
    description:
      - How often a move is tried again after a failure that may pass by itself (RV(moves[].error.transient)), such as a
        busy VM or a broken connection between the hosts.
      - The pauses between are 10, 20, 40, 80 and then 120 seconds. Owner and state of the VM are read again before
        each try.
      - A migration that timed out, whose outcome is unknown, or that somebody else runs is never tried again. That a
        host has no slot left for one more migration is no failure; it is waited for within O(timeout).
    type: int
    default: 0
  poll_interval:
    description:
      - Most seconds between two looks at the running jobs, from 0.05 to 60. One request reads all of them.
      - Where the progress of a job says that it is about to end, the next look comes sooner, after a quarter of this at
        the least.
    type: float
    default: 2
  max_parallel:
    description:
      - Most migrations to run at once.
      - Lowers the limits of the nodes and of the cluster, and never raises them.
    type: int
  progress:
    description:
      - Whether to show lines while the task waits - every start, end and warning, and at most one line in 5 seconds of
        what is under way.
      - They go to standard error, where they do not get into what a callback such as C(ansible.posix.json)
        writes for a program. A task with C(no_log) shows none.
    type: bool
    default: true
  precheck:
    description:
      - Whether to ask Hyper-V before each migration if it is possible.
      - In check mode it is always asked.
    type: bool
    default: true
  migration_settings:
    description:
      - Properties of C(Msvm_VirtualSystemMigrationSettingData) for every move of the task. The name in brackets is that
        of the CIM property.
      - An option that is not given is not sent. An empty list is sent as an array without elements.
      - A property that the oldest node of the cluster lacks fails the task before anything is started. Where no source
        tells whether its Windows version has the property, the task warns.
      - With any of these given, the setting data is always sent in a form that carries all of them
        (RV(moves[].setting_data)), never without them.
      - The defaults are those of the hosts. They are set with C(Set-VMHost), and shown by
        M(hyperv.migration.hyperv_migration_capabilities_info).
    type: dict
    suboptions:
      migration_type:
        description:
          - What is migrated (MigrationType). V(virtual_system) is a live migration; it applies where the option is not
            given.
          - V(virtual_system) and V(virtual_system_and_storage) give the VM another owner. The others leave it where it
            is, so that the job alone decides, and the outcome is V(completed).
          - In a cluster the storage is shared, and no source tells whether the cluster takes anything but
            V(virtual_system).
        type: str
        choices: [virtual_system, storage, staged, virtual_system_and_storage, storage_deep_check]
      transport:
        description: How the VM's memory travels (TransportType). With V(smb) Hyper-V ignores compression.
        type: str
        choices: [tcp, smb]
        aliases: [transport_type]
      other_transport_type:
        description: Name of another transport (OtherTransportType). Microsoft documents TCP and SMB only.
        type: str
      destination_ip_addresses:
        description: Addresses on which the destination receives the migration (DestinationIPAddressList).
        type: list
        elements: str
        aliases: [destination_ip_address_list]
      enable_compression:
        description: Whether to compress the migration's traffic (EnableCompression). Since Windows Server 2012 R2.
        type: bool
      cpu_capping:
        description: How much the VM's processors are slowed down (CPUCappingMagnitude). Since version 1709.
        type: str
        choices: [normal, low, high]
        aliases: [cpu_capping_magnitude]
      cancel_if_blackout_threshold_exceeded:
        description: Whether to give up when the VM would stand still for too long (CancelIfBlackoutThresholdExceeded).
          Since version 1709.
        type: bool
      priority:
        description:
          - Order among waiting migrations (Priority), from 0 to 65535. The lowest goes first; V(0) is the default.
          - Microsoft documents this, O(migration_settings.bandwidth) and O(migration_settings.bandwidth_unit) as
            read-only.
        type: int
      bandwidth:
        description: Bandwidth for the migration (Bandwidth), from 0 to 65535. V(0) is the default.
        type: int
      bandwidth_unit:
        description: Unit of O(migration_settings.bandwidth) (BandwidthUnit), such as V(percent), or a programmatic unit
          of DSP0004.
        type: str
      destination_planned_virtual_system_id:
        description: GUID of the planned VM on the destination that the VM becomes (DestinationPlannedVirtualSystemId).
        type: str
      retain_vhd_copies_on_source:
        description: Whether a migration of storage keeps read-only disks at the source (RetainVhdCopiesOnSource).
        type: bool
      remove_source_unmanaged_vhds:
        description: Whether to remove O(migration_settings.unmanaged_vhds) at the source (RemoveSourceUnmanagedVhds).
          Since Windows Server 2016.
        type: bool
      unmanaged_vhds:
        description: Disks that are not the VM's but move with it (UnmanagedVhds). Since Windows Server 2016.
        type: list
        elements: dict
        suboptions:
          source_path:
            description: Where the disk is (VhdSourcePath).
            type: str
            required: true
          destination_path:
            description: Where it goes (VhdDestinationPath).
            type: str
            required: true
      avoid_removing_vhds:
        description: Whether to keep disks at the source after success and at the destination after failure
          (AvoidRemovingVHDs). Since Windows Server 2016.
        type: bool
      allow_overwrite_existing_file:
        description: Whether a migration of storage may overwrite VHDX files (AllowOverwriteExistingFile). Since version
          1703.
        type: bool
      enable_vhd_compression:
        description: EnableVhdCompression, which Microsoft does not document. It exists in Azure Stack HCI 23H2 and not
          in Windows Server 2019.
        type: bool
      advanced_options:
        description: AdvancedOptions, which Microsoft does not document. It exists in Azure Stack HCI 23H2 and not in
          Windows Server 2019.
        type: str
      instance_id:
        description: Key of the setting data (InstanceID).
        type: str
      element_name:
        description: Display name of the setting data (ElementName).
        type: str
      caption:
        description: Caption of the setting data (Caption).
        type: str
      description:
        description: Description of the setting data (Description).
        type: str
  new_system_settings:
    description:
      - Properties that each VM shall have on its destination, sent as C(Msvm_VirtualSystemSettingData)
        (NewSystemSettingData). Microsoft documents it for migrations of storage, for changes of paths and for planned
        VMs; a live migration goes without.
      - Each key is the name of a property as Microsoft documents it, in any letter case, such as
        C(ConfigurationDataRoot).
      - A property that is not named is not sent. C(null) is sent as NULL, an empty list as an array without elements,
        an empty text as an empty text. An empty dictionary is the same as none.
      - Dates and intervals are given in ISO 8601, such as V(2026-01-31T10:00:00Z) and V(PT30S), or in CIM's own form.
      - A property whose type this collection does not know takes a dictionary of C(type), such as V(uint32) or
        V(string[]), and C(value).
      - A property that refers to another CIM object takes a dictionary of C(type), which is V(reference), C(class),
        C(keys) and optionally C(namespace). It is sent as a WMI object path.
    type: dict
  new_resource_settings:
    description:
      - Resource settings that each VM shall have on its destination (NewResourceSettingData), each as an embedded
        instance of its own class.
      - An empty list is the same as none, for WS-Management cannot tell an empty array from NULL.
    type: list
    elements: dict
    suboptions:
      class:
        description: Name of the class, such as C(Msvm_StorageAllocationSettingData).
        type: str
        required: true
      properties:
        description: Its properties, written as those of O(new_system_settings).
        type: dict
        required: true
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

- name: Move a VM over SMB, and slow its processors down if its memory changes faster than it travels
  hyperv.migration.hyperv_vm_migrate:
    name: sql01
    destination_host: NODE2
    migration_settings:
      transport: smb
      cpu_capping: high

- name: Move a VM that is not clustered to another host, with its disks
  hyperv.migration.hyperv_vm_migrate:
    name: build01
    destination_host: hv2.corp.example
    destination_storage_path: D:\VMs\build01

- name: Move only the files of a VM
  hyperv.migration.hyperv_vm_migrate:
    name: build01
    destination_host: hv2.corp.example
    destination_storage_path: E:\VMs\build01
    keep_source_disks: true

- name: Move a VM by its cluster group
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2
    method: cluster_group

- name: Move a VM with its storage, and give it another folder for its configuration
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2
    migration_settings:
      migration_type: virtual_system_and_storage
    new_system_settings:
      ConfigurationDataRoot: C:\ClusterStorage\Volume2\web01
      AutomaticStartupActionDelay: PT30S
    new_resource_settings:
      - class: Msvm_StorageAllocationSettingData
        properties:
          InstanceID: Microsoft:6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\0\0\D
          HostResource: ['C:\ClusterStorage\Volume2\web01\web01.vhdx']

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
        - V(completed) is what its job says of a migration that leaves the VM where it is, such as one of its storage.
        - V(failed) comes with RV(moves[].error).
      type: str
      returned: always
      sample: moved
    changed:
      description:
        - Whether the VM was moved, or would be. A migration that this task started and that goes on is a change, too,
          with V(started) and with V(failed) after O(timeout); one that was running already is not, until it arrives.
      type: bool
      returned: always
    verified:
      description: Whether the destination was read as the VM's owner.
      type: bool
      returned: always
    checked:
      description: Whether Hyper-V was asked beforehand and gave a verdict.
      type: bool
      returned: always
    attached:
      description: Whether the migration was running before this task, which only waited for it.
      type: bool
      returned: always
    attempts:
      description: How often the migration was asked for.
      type: int
      returned: always
      sample: 1
    method:
      description:
        - V(system) is C(MigrateVirtualSystemToSystem).
        - V(cluster_group) is C(MoveToNewNodeParams) of C(MSCluster_ResourceGroup), and C(MoveToNewNode) for a VM that
          is off or saved.
        - V(host) is C(MigrateVirtualSystemToHost).
      type: str
      returned: always
      sample: system
    started:
      description: When the migration was first asked for, in UTC by the controller's clock; V(null) if it never was.
      type: str
      returned: always
      sample: "2026-03-01T22:15:04+00:00"
    job_ended:
      description:
        - When the job of the migration was seen to end, in UTC, from when on another move may take its place; V(null)
          where none was seen to.
        - The owner is read after that, once for all moves that ended within a few seconds.
      type: str
      returned: always
      sample: "2026-03-01T22:15:13+00:00"
    ended:
      description: When the move ended, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:15:17+00:00"
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
      description: V(given), V(memory), V(unknown_memory) where the VM's memory was not told, or V(storage) where disks
        move, whose size is not read.
      type: str
      returned: always
      sample: memory
    setting_data:
      description:
        - The form of MigrationSettingData that the provider took, V(null) before the first call.
        - V(typed) is Msvm_VirtualSystemMigrationSettingData, V(typed_net) the same with the destination's addresses,
          V(omitted) is none at all, V(cim) is CIM_VirtualSystemMigrationSettingData.
        - They are tried in this order, and the next one only after the parameters were refused. One that cannot carry
          every given property of O(migration_settings) is left out.
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
        class:
          description: CIM class of the job.
          type: str
          returned: always
          sample: Msvm_MigrationJob
        namespace:
          description: CIM namespace of the job.
          type: str
          returned: always
          sample: root/HyperVCluster/v2
        node:
          description: The host that shows it, V(null) where the cluster's namespace does.
          type: str
          returned: always
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
        code:
          description: Stable code, such as V(job_failed), V(refused), V(destination_paused) or V(timeout).
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
          description: Whether the same move may succeed later.
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
