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
  - If the cluster does not support that, or the VM is not clustered, it uses another documented method (O(method)).
  - A VM counts as moved when Hyper-V and the cluster both report the destination as its owner and it is in the same
    state as before. The migration job only shows when to check.
  - In check mode, C(CheckVirtualSystemIsMigratableToSystem) of Hyper-V checks the migration, and the task fails if the
    real one would fail, except for a VM that still runs and that a plan stops first (O(moves[].strategy)).
  - A VM that is off, saved or paused is moved as it is. The task does not start or stop any VM.
  - A VM that is already on its destination is not changed. The task waits for a migration to the destination that
    already runs. A running migration to another node is an error.
  - With O(moves), the task runs as many migrations at the same time as source, destination and cluster allow. A failed
    migration does not stop the others. The task then fails at its end and still returns RV(moves). A VM or node that
    does not exist fails the task before anything is started.
  - While it waits, the task shows lines with the running migrations, their progress, and the rest (O(progress)).
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.changes
options:
  name:
    description:
      - Display name of the VM, in any letter case. Wildcards are not supported, and blanks are significant.
      - If several VMs have that name, in any letter case, the task fails and lists them. Use O(vm_id) then.
    type: str
    aliases: [vm_name]
  vm_id:
    description: GUID of the VM.
    type: str
  destination_host:
    description:
      - Name of the destination node, short or fully qualified. For a Hyper-V host outside a cluster you can also use
        its address. Required with O(name) and O(vm_id).
    type: str
    aliases: [destination]
  destination_storage_path:
    description:
      - Folder for the VM's files on the destination, as a full path there or on a share. Only for a VM that is not
        clustered.
      - Configuration, checkpoints and paging file go into this folder, the virtual hard disks into
        C(Virtual Hard Disks) below it. A file that is already in the folder stays where it is.
      - If O(destination_host) is the VM's own host, only its files move, and the outcome is V(completed).
    type: str
  disks:
    description: New paths of single virtual hard disks of a VM that is not clustered. They override
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
      - Whether to keep copies of moved disks on the source (RetainVhdCopiesOnSource).
      - If it is not set, the host decides.
    type: bool
  moves:
    description:
      - Several moves, instead of O(name), O(vm_id) and O(destination_host).
      - You can pass the moves of M(hyperv.migration.hyperv_evacuation_plan_info).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Display name of the VM, as in O(name). For information only if O(moves[].vm_id) is set as well.
        type: str
        aliases: [vm_name]
      vm_id:
        description: GUID of the VM.
        type: str
      destination_host:
        description: Name of the destination node, short or fully qualified.
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
        description: Whether to keep copies of moved disks on the source, as in O(keep_source_disks).
        type: bool
      order:
        description: Not used. Part of a plan.
        type: int
      source_host:
        description:
          - The node that the VM is to be moved from, part of a plan. A VM that is on another node by then is left
            there, with the outcome V(elsewhere). A VM that is not clustered is looked for on this host, too.
          - Without it, the VM is moved from any node.
        type: str
      state:
        description: Not used. Part of a plan.
        type: str
      state_at_first:
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
          - Part of a plan. V(shutdown) and V(save) mean that the VM no longer runs when it is moved.
          - If such a VM still runs, the task fails before it moves anything. In check mode Hyper-V is not asked about
            it, because it does not run yet as it will.
        type: str
        choices: [migrate, save, shutdown]
        default: migrate
      helper:
        description: Not used. Part of a plan.
        type: bool
  method:
    description:
      - The migration method. RV(moves[].method) is the method that was used.
      - V(system) is C(MigrateVirtualSystemToSystem) of the cluster's migration service.
      - V(cluster_group) is C(MoveToNewNodeParams) of the VM's cluster group, with the move type of a live migration.
        The cluster queues the move. You cannot set O(migration_settings), O(new_system_settings) and
        O(new_resource_settings).
      - V(host) is C(MigrateVirtualSystemToHost) of the host on which the VM is, for a VM that is not clustered. The
        task looks for the VM on its own host and on the destination. The hosts must be able to log on to each other
        with the account (constrained delegation, or CredSSP).
      - V(auto) is V(system). It is V(cluster_group) if the cluster reports that it does not support V(system), and
        V(host) for a VM that is not clustered. The task warns if it is not V(system). It does not change the method
        after a call that may have started a migration.
    type: str
    choices: [auto, system, cluster_group, host]
    default: auto
  wait:
    description:
      - Whether to wait until the VM has arrived.
      - V(false) supports only one move, and returns its job.
    type: bool
    default: true
  timeout:
    description:
      - Seconds that one migration may take. O(on_timeout) sets what happens next.
      - V(0) calculates it from the VM's memory, as 600 seconds plus one second for each 10 MB. The limit for a VM whose
        disks move is the same as for a VM with 1 TB of memory.
    type: int
    default: 0
  on_timeout:
    description:
      - What to do with a migration that takes longer than O(timeout). Its move fails in both cases.
      - With V(leave) the job continues on the cluster, and the next run of the task waits for it.
      - With V(cancel) the task cancels the job, first by Terminate and 30 seconds later by Kill, and then reads the
        VM's owner. A VM that arrived all the same counts as moved, with a warning.
      - A migration that this task did not start is not cancelled.
    type: str
    choices: [leave, cancel]
    default: leave
  stall_after:
    description: Seconds without progress of a job after which the task warns. With V(0) it does not warn.
    type: float
    default: 300
  retries:
    description:
      - How often to try a move again after a temporary failure (RV(moves[].error.transient)), such as a busy VM or a
        broken connection between the hosts.
      - The pauses between the tries are 10, 20, 40, 80 and then 120 seconds. The task reads owner and state of the VM
        again before each try.
      - A migration that timed out, whose outcome is unknown, or that somebody else runs is not tried again. If a host
        does not have a free slot for one more migration, this is not a failure. The task waits for it within
        O(timeout).
    type: int
    default: 0
  poll_interval:
    description:
      - Longest time between two polls of the running jobs in seconds, from 0.05 to 60. One query reads all of them.
      - If a job is about to end according to its progress, the next poll is earlier, after at least a quarter of this
        time.
    type: float
    default: 2
  max_parallel:
    description:
      - Highest number of simultaneous migrations.
      - It can lower the limits of the nodes and of the cluster, but not raise them.
    type: int
  progress:
    description:
      - Whether to show lines while the task waits - every start, end and warning, and at most one line in 5 seconds
        about running migrations.
      - The lines go to standard error, so they do not mix with the output of a callback such as C(ansible.posix.json).
        A task with C(no_log) does not show them.
    type: bool
    default: true
  precheck:
    description:
      - Whether Hyper-V checks each migration before it starts. Where it has no check to offer, what the VM needs is
        compared with what the destination offers, which asks only hosts to which the task has a connection anyway.
      - In check mode both are always done.
    type: bool
    default: true
  migration_settings:
    description:
      - Properties of C(Msvm_VirtualSystemMigrationSettingData) for every move of the task. The name in brackets is that
        of the CIM property.
      - An option that is not set is not sent. An empty list is sent as an array without elements.
      - If the oldest node of the cluster does not have a property, the task fails before anything is started. If it is
        not documented whether its Windows version has the property, the task warns.
      - If you set any of these, the task sends the setting data only in a form that contains all of them
        (RV(moves[].setting_data)).
      - The defaults are those of the hosts. Set them with C(Set-VMHost), and show them with
        M(hyperv.migration.hyperv_migration_capabilities_info).
    type: dict
    suboptions:
      migration_type:
        description:
          - What is migrated (MigrationType). The default V(virtual_system) is a live migration.
          - V(virtual_system) and V(virtual_system_and_storage) give the VM another owner. The others do not move the VM
            to another node, so the job alone decides, and the outcome is V(completed).
          - In a cluster the storage is shared. It is not documented whether the cluster accepts types other than
            V(virtual_system).
        type: str
        choices: [virtual_system, storage, staged, virtual_system_and_storage, storage_deep_check]
      transport:
        description: Transport of the VM's memory (TransportType). With V(smb) Hyper-V ignores compression.
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
        description: How much to slow down the VM's processors (CPUCappingMagnitude). Since version 1709.
        type: str
        choices: [normal, low, high]
        aliases: [cpu_capping_magnitude]
      cancel_if_blackout_threshold_exceeded:
        description: Whether to cancel if the VM would pause for too long (CancelIfBlackoutThresholdExceeded).
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
        description: Disks that do not belong to the VM but move with it (UnmanagedVhds). Since Windows Server 2016.
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
      - Properties of each VM on its destination, sent as C(Msvm_VirtualSystemSettingData) (NewSystemSettingData).
        Microsoft documents it for migrations of storage, for changes of paths and for planned VMs; a live migration
        does not need it.
      - Each key is the name of a property as Microsoft documents it, in any letter case, such as
        C(ConfigurationDataRoot).
      - A property that is not set is not sent. C(null) is sent as NULL, an empty list as an array without elements,
        an empty text as an empty text. An empty dictionary is the same as none.
      - Write dates and intervals in ISO 8601, such as V(2026-01-31T10:00:00Z) and V(PT30S), or in CIM's own form.
      - For a property whose type this collection does not know, write a dictionary of C(type), such as V(uint32) or
        V(string[]), and C(value).
      - For a property that refers to another CIM object, write a dictionary of C(type), which is V(reference),
        C(class), C(keys) and optionally C(namespace). It is sent as a WMI object path.
    type: dict
  new_resource_settings:
    description:
      - Resource settings of each VM on its destination (NewResourceSettingData), each as an embedded instance of its
        own class.
      - An empty list is the same as none, because WS-Management does not distinguish an empty array from NULL.
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

- name: Move a VM over SMB, and slow its processors down if its memory changes faster than it is copied
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

- name: Check whether a VM can be moved
  hyperv.migration.hyperv_vm_migrate:
    name: web01
    destination_host: NODE2
  check_mode: true
"""

RETURN = r"""
moves:
  description: The result of each move, in the order of the options. For a single move, the same keys are also at the
    top level of the result.
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
      description: The destination node.
      type: str
      returned: always
      sample: NODE2
    host_after:
      description:
        - Where the VM is as it was read last. With V(started), and in check mode, it is the destination.
      type: str
      returned: always
      sample: NODE2
    outcome:
      description:
        - V(moved) and V(already_there) are verified by owner. V(would_move) is the outcome in check mode, V(started)
          with O(wait=false).
        - V(elsewhere) means that somebody moved the VM away from O(moves[].source_host), so that it was left there.
        - If Ansible's time limit cuts the task off, owners and migrations are read after that. V(started) is then a VM
          that is still on its way, and V(not_begun) one whose migration was not requested and that is where it was.
        - V(completed) means that the job reports success of a migration that does not move the VM to another node, such
          as one of its storage.
        - V(failed) comes with RV(moves[].error).
      type: str
      returned: always
      sample: moved
    changed:
      description:
        - Whether the VM was moved, or would be moved. A migration that this task started and that continues is also a
          change, with V(started) and with V(failed) after O(timeout). A migration that was already running is a change
          when it arrives.
      type: bool
      returned: always
    verified:
      description: Whether the destination was verified as the VM's owner.
      type: bool
      returned: always
    checked:
      description:
        - Whether Hyper-V checked the migration before it started.
        - With V(cluster_group) it compares a VM that runs with the destination, which finds a processor that lacks
          features; it is not known what else it covers.
      type: bool
      returned: always
    attached:
      description: Whether the migration was running before this task, which only waited for it.
      type: bool
      returned: always
    attempts:
      description: Number of times that the migration was requested.
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
      description: When the migration was first requested, in UTC by the controller's clock; V(null) if it was not.
      type: str
      returned: always
      sample: "2026-03-01T22:15:04+00:00"
    job_ended:
      description:
        - When the end of the migration job was detected, in UTC. From then on another migration may start. V(null) if
          the end was not detected.
        - The owner is read after that, once for all migrations that ended within a few seconds.
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
      description: V(given), V(memory), V(unknown_memory) if the VM's memory is unknown, or V(storage) if disks move,
        whose size is not read.
      type: str
      returned: always
      sample: memory
    setting_data:
      description:
        - The form of MigrationSettingData that the provider accepted; V(null) before the first call.
        - V(typed) is Msvm_VirtualSystemMigrationSettingData, V(typed_net) the same with the destination's addresses,
          V(omitted) is none at all, V(cim) is CIM_VirtualSystemMigrationSettingData.
        - They are tried in this order, the next one only after the parameters were refused. A form that does not
          support every property of O(migration_settings) is omitted.
      type: str
      returned: always
      sample: typed
    return_value:
      description: Return value of the method; V(null) if it was not called or not answered.
      type: int
      returned: always
      sample: 4096
    job:
      description: The last known state of the job; V(null) if there was no job or it is gone.
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
          description: Progress; V(null) if the host does not report it.
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
          description: The host that lists it; V(null) if the cluster's namespace does.
          type: str
          returned: always
    warnings:
      description: Unexpected conditions of a successful migration.
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
          sample: error
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
          sample: "The migration job failed at 60 %: the destination has not enough memory (0x8007000E)."
        remedy:
          description: What to do, in sentences.
          type: str
          returned: always
          sample: Free memory there, or choose another destination.
        transient:
          description: Whether the same move may succeed later.
          type: bool
          returned: always
          sample: false
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
    events:
      description:
        - What the event logs of source and destination say of a move that was requested and failed, a dozen events at
          most. The events that name the VM come first, the oldest of them first.
        - Reading them takes three requests to each of the two hosts. The account must be in Event Log Readers or
          Administrators there. Logs that cannot be read are a warning and do not change the outcome.
        - An event may say in its message what nobody else does. Where no other cause is known, the cause and the remedy
          of the error are those of the newest event whose id or code has a known meaning.
      type: list
      elements: dict
      returned: always
      contains:
        time:
          description: When it was written, in UTC by the clock of the host.
          type: str
          returned: always
          sample: "2026-03-01T22:15:12.000000000Z"
        node:
          description: The host.
          type: str
          returned: always
          sample: NODE2
        channel:
          description: The log.
          type: str
          returned: always
          sample: Microsoft-Windows-Hyper-V-High-Availability-Admin
        id:
          description: Number of the event, which has a meaning beside RV(moves[].events[].provider) alone.
          type: int
          returned: always
          sample: 21159
        level:
          description: V(critical), V(error), V(warning) or V(information).
          type: str
          returned: always
          sample: error
        provider:
          description: Who wrote it.
          type: str
          returned: always
          sample: Microsoft-Windows-Hyper-V-High-Availability
        message:
          description: What it says, in one line and in the language of the host; its values where the host has no text.
          type: str
          returned: always
        cause:
          description: What it means for a migration; empty where that is not known.
          type: str
          returned: always
        remedy:
          description: What to do about it; empty where that is not known.
          type: str
          returned: always
"""
