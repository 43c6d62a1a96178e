# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers of CIM properties as words, and the numbers of Windows' builds. Data only.

Sources: Microsoft docs of Root\\HyperVCluster\\v2, root\\virtualization\\v2, the Failover Cluster WMI provider and the
Storage Management API; value maps that are not documented there come from the enumerations of the Hyper-V PowerShell
module.
"""

from __future__ import annotations

import types
import typing as t
from collections.abc import Mapping

from .states import UNKNOWN, DrainStatus, NodeCondition, NodeState, VmState

# Msvm_ComputerSystem.EnabledState; 32768 and above are the older values that PowerShell's enumeration still has. From
# 32781 on its versions number differently: what one calls RunningCritical another calls ForceShutdown. From 32785 on
# all of them agree at least that the storage is lost.
VM_STATES: Mapping[int, VmState] = {
    2: "running",
    3: "off",
    4: "stopping",
    6: "saved",
    9: "paused",
    10: "starting",
    32768: "paused",
    32769: "saved",
    32770: "starting",
    32771: "snapshotting",
    32773: "saving",
    32774: "stopping",
    32776: "pausing",
    32777: "resuming",
    32779: "fast_saved",
    32780: "fast_saving",
    **dict.fromkeys(range(32785, 32797), "critical"),
}

# Msvm_ComputerSystem.OperationalStatus[0]: the storage of the configuration is lost.
DEGRADED: t.Final = 3
# Msvm_ComputerSystem.OperationalStatus[1]: what the VM is busy with. "migrating" is one of MIGRATING.
ACTIVITIES: Mapping[int, str] = {
    32768: "a checkpoint is being created",
    32769: "a checkpoint is being applied",
    32770: "a checkpoint is being deleted",
    32771: "it waits to start",
    32772: "its disks are being merged",
    32773: "it is being exported",
    32774: "it is being migrated",
    32776: "it is being backed up",
    32777: "it is being modified",
    32778: "its storage is being migrated",
    32779: "its storage is being migrated",
    32780: "it is being migrated",
    32781: "its compatibility is being checked",
}
MIGRATING = frozenset({32774, 32778, 32779, 32780})
CHANGING_NODE = frozenset({32774, 32780})  # without migrations of storage alone
# The I/O error leaves the VM running but a move would fail; the others above end by themselves.
CRITICAL_IO: t.Final = 32795

# Msvm_ComputerSystem.ReplicationMode; 0 is none.
ReplicationMode = t.Literal["primary", "replica", "test_replica", "extended_replica"]
REPLICATION_MODES: Mapping[int, ReplicationMode] = {
    1: "primary",
    2: "replica",
    3: "test_replica",
    4: "extended_replica",
}

# CIM_ConcreteJob.JobState; 32768 is in no value map but in Microsoft's own sample code.
JOB_STATES: Mapping[int, str] = {
    2: "new",
    3: "starting",
    4: "running",
    5: "suspended",
    6: "shutting_down",
    7: "completed",
    8: "terminated",
    9: "killed",
    10: "exception",
    11: "service",
    12: "query_pending",
    32768: "completed_with_warnings",
}
# JobType of Msvm_MigrationJob. The numbers below 300 are those of other operations, such as taking a checkpoint.
JOB_TYPES: Mapping[int, str] = {
    0: UNKNOWN,
    300: "creating_remote_vm",
    301: "checking_vm_compatibility",
    302: "checking_vm_and_storage_compatibility",
    303: "checking_storage_compatibility",
    304: "checking_storage_migration",
    305: "moving_vm",
    306: "moving_vm_and_storage",
    307: "moving_storage",
}

# CIM_EnabledLogicalElement.EnabledState of a service
ENABLED_STATES: Mapping[int, str] = {
    1: "other",
    2: "enabled",
    3: "disabled",
    4: "shutting_down",
    5: "not_applicable",
    6: "enabled_but_offline",
    7: "in_test",
    8: "deferred",
    9: "quiesce",
    10: "starting",
}

# Msvm_VirtualSystemMigrationServiceSettingData.AuthenticationType
AUTHENTICATION_TYPES: Mapping[int, str] = {0: "credssp", 1: "kerberos"}
# Msvm_VirtualSystemMigrationSettingData.MigrationType
MIGRATION_TYPES: Mapping[int, str] = {
    32768: "virtual_system",
    32769: "storage",
    32770: "staged",
    32771: "virtual_system_and_storage",
    32772: "storage_deep_check",
}
TO_SYSTEM: t.Final = "MigrateVirtualSystemToSystem"
# CIM_VirtualSystemMigrationCapabilities.SynchronousMethodsSupported and AsynchronousMethodsSupported
MIGRATION_METHODS: Mapping[int, str] = {
    2: "MigrateVirtualSystemToHost",
    3: TO_SYSTEM,
    4: "CheckVirtualSystemIsMigratableToHost",
    5: "CheckVirtualSystemIsMigratableToSystem",
    32768: "CheckVirtualSystemIsMigratable",
}
# CIM_VirtualSystemMigrationCapabilities.DestinationHostFormatsSupported
HOST_FORMATS: Mapping[int, str] = {2: "domain_name", 3: "ipv4", 4: "ipv6"}

# MSCluster_Node
NODE_STATES: Mapping[int, NodeState] = {0: "up", 1: "down", 2: "paused", 3: "joining"}
NODE_DRAIN_STATES: Mapping[int, DrainStatus] = {0: "not_initiated", 1: "in_progress", 2: "completed", 3: "failed"}
NODE_CONDITIONS: Mapping[int, NodeCondition] = {1: "isolated", 2: "quarantined"}

# MSCluster_ResourceGroup.State, two bits of its StatusInformation, and Priority
GROUP_STATES: Mapping[int, str] = {0: "online", 1: "offline", 2: "failed", 3: "partly_online", 4: "pending"}
LOCKED: t.Final = 1
QUEUED: t.Final = 4
MEDIUM_PRIORITY: t.Final = 2000  # the cluster's default, which also counts where none is told
PRIORITIES: Mapping[int, str] = {0: "no_auto_start", 1000: "low", MEDIUM_PRIORITY: "medium", 3000: "high"}

# MSCluster_Network.State but for "up", and Role where the cluster does not use a network
NETWORK_TROUBLES: Mapping[int, str] = {0: "unavailable", 1: "down", 2: "partitioned"}
UNUSED_NETWORK: t.Final = 0
# MSCluster_NetworkInterface.State but for "up" (CLUSTER_NETINTERFACE_STATE in clusapi.h)
INTERFACE_TROUBLES: Mapping[int, str] = {-1: "in an unknown state", 0: "unavailable", 1: "failed", 2: "unreachable"}

# MSCluster_ResourceGroup.GroupType (CLUSGROUP_TYPE in clusapi.h). Internal groups are disks without a role, temporary
# groups, shared volumes and storage pools: the cluster's own.
CORE_GROUP: t.Final = 1
SHARED_VOLUME_GROUP: t.Final = 4
VIRTUAL_MACHINE_GROUP: t.Final = 111
UPDATING_ROLE: t.Final = 117
INTERNAL_GROUPS = frozenset({2, 3, SHARED_VOLUME_GROUP, 5})
# Groups that an administrator moves from node to node: classic roles, each of which is online on one node.
MOVABLE_GROUPS = frozenset({CORE_GROUP, *range(100, 111), 112, 113})
GROUP_TYPES: Mapping[int, str] = {
    CORE_GROUP: "core cluster group",
    2: "available storage",
    3: "temporary group",
    5: "storage pool",
    100: "file server",
    101: "print server",
    102: "DHCP server",
    103: "Distributed Transaction Coordinator",
    104: "message queuing",
    105: "WINS server",
    106: "DFS namespace",
    107: "generic application",
    108: "generic service",
    109: "generic script",
    110: "iSNS server",
    112: "Remote Desktop connection broker",
    113: "iSCSI target",
    114: "scale-out file server",
    115: "Hyper-V Replica Broker",
    116: "scheduled tasks",
    UPDATING_ROLE: "Cluster-Aware Updating",
    118: "cluster set",
    119: "Storage Replica",
    120: "VM replica coordinator",
    121: "cross-cluster orchestrator",
    122: "infrastructure file server",
    123: "Software Defined Data Center",
    124: "user manager",
    125: "key-value store manager",
    126: "container VM",
    127: "meta VM",
    9999: "unknown type",
}

# MSCluster_Resource.State
RESOURCE_STATES: Mapping[int, str] = {
    2: "online",
    3: "offline",
    4: "failed",
    128: "pending",
    129: "pending",
    130: "pending",
}

# MSCluster_Cluster.AutoBalancerMode but for "off", and AutoBalancerLevel in percent of a node's memory or CPU
BALANCER_MODES: Mapping[int, str] = {1: "when a node joins", 2: "when a node joins and every 30 minutes"}
BALANCER_LEVELS: Mapping[int, int] = {1: 80, 2: 70, 3: 60}

# HealthStatus of MSFT_StoragePool, MSFT_VirtualDisk and MSFT_PhysicalDisk, as a sentence has it
HEALTHY: t.Final = 0
STORAGE_HEALTH: Mapping[int, str] = {
    HEALTHY: "healthy",
    1: "in the state Warning",
    2: "unhealthy",
    5: "in an unknown state",
}
# OperationalStatus of all three, and what virtual and physical disks have beside it
OPERATIONAL_OK: t.Final = 2
IN_SERVICE: t.Final = 11
DETACHED: t.Final = 0xD002
OPERATIONAL_STATUSES: Mapping[int, str] = {
    0: "Unknown",
    1: "Other",
    OPERATIONAL_OK: "OK",
    3: "Degraded",
    4: "Stressed",
    5: "Predictive Failure",
    6: "Error",
    7: "Non-Recoverable Error",
    8: "Starting",
    9: "Stopping",
    10: "Stopped",
    11: "In Service",
    12: "No Contact",
    13: "Lost Communication",
    14: "Aborted",
    15: "Dormant",
    16: "Supporting Entity in Error",
}
VIRTUAL_DISK_STATUSES: Mapping[int, str] = {**OPERATIONAL_STATUSES, DETACHED: "Detached", 0xD003: "Incomplete"}
PHYSICAL_DISK_STATUSES: Mapping[int, str] = {
    **OPERATIONAL_STATUSES,
    0xD004: "Failed Media",
    0xD005: "Split",
    0xD006: "Stale Metadata",
    0xD007: "IO Error",
    0xD008: "Unrecognized Metadata",
    0xD00A: "In Maintenance Mode",
    0xD00F: "Starting Maintenance Mode",
    0xD010: "Stopping Maintenance Mode",
}
# No source gives the numbers of maintenance mode. Counted on in the order in which live schemas list the values they
# are those above; another table counts from two less, and may be right.
IN_MAINTENANCE_MODE: t.Final = frozenset({0xD00A, 0xD008})
CHANGING_MAINTENANCE_MODE: t.Final = frozenset({0xD00F, 0xD010, 0xD00D, 0xD00E})

# Builds of Windows, as MSCluster_Node.BuildNumber tells a node's
WINDOWS_2012, WINDOWS_2012_R2, WINDOWS_2016, WINDOWS_1703, WINDOWS_1709 = 9200, 9600, 14393, 15063, 16299
WINDOWS_2019, WINDOWS_2022, AZURE_23H2, WINDOWS_2025 = 17763, 20348, 25398, 26100
WINDOWS_BUILDS: Mapping[int, str] = types.MappingProxyType(
    {
        WINDOWS_2012: "Windows Server 2012",
        WINDOWS_2012_R2: "Windows Server 2012 R2",
        WINDOWS_2016: "Windows Server 2016",
        WINDOWS_1703: "Windows 10, version 1703",
        WINDOWS_1709: "Windows Server, version 1709",
        WINDOWS_2019: "Windows Server 2019",
        AZURE_23H2: "Azure Stack HCI, version 23H2",
    }
)
SERVER_VERSIONS: Mapping[int, str] = {
    WINDOWS_2012_R2: "2012 R2",
    WINDOWS_2016: "2016",
    WINDOWS_2019: "2019",
    WINDOWS_2022: "2022",
    AZURE_23H2: "23H2",
    WINDOWS_2025: "2025",
}
