# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Types of the properties of VM and resource settings. Data only.

Source: Microsoft docs of root\\virtualization\\v2, the pages of the classes named here. A type that ends in ``[]`` is
an array. CIM-XML states the type of every value, and Hyper-V refuses a wrong one.
"""

from __future__ import annotations

VM_SETTINGS = "Msvm_VirtualSystemSettingData"

_OF_ALL = {"string": ("InstanceID", "Caption", "Description", "ElementName")}

_OF_VM_SETTINGS = {
    "string": (
        *_OF_ALL["string"],
        "VirtualSystemIdentifier",
        "VirtualSystemType",
        "VirtualSystemSubType",
        "ConfigurationID",
        "ConfigurationDataRoot",
        "ConfigurationFile",
        "SnapshotDataRoot",
        "SuspendDataRoot",
        "SwapFileDataRoot",
        "LogDataRoot",
        "RecoveryFile",
        "BIOSGUID",
        "BIOSSerialNumber",
        "BaseBoardSerialNumber",
        "ChassisSerialNumber",
        "Architecture",
        "ChassisAssetTag",
        "Parent",
        "AdditionalRecoveryInformation",
        "Version",
        "GuestStateFile",
        "GuestStateDataRoot",
        "ParentPackage",
        "SecureBootTemplateId",
    ),
    "string[]": ("Notes", "BootSourceOrder"),
    "datetime": ("CreationTime", "AutomaticStartupActionDelay", "AutomaticCriticalErrorActionTimeout"),
    "uint16": (
        "AutomaticStartupAction",
        "AutomaticStartupActionSequenceNumber",
        "AutomaticShutdownAction",
        "AutomaticRecoveryAction",
        "AutomaticCriticalErrorAction",
        "UserSnapshotType",
        "DebugPortEnabled",
        "NetworkBootPreferredProtocol",
        "ConsoleMode",
        "EnhancedSessionTransportType",
    ),
    "uint16[]": ("BootOrder",),
    "uint32": ("DebugChannelId", "DebugPort"),
    "uint64": ("LowMmioGapSize", "HighMmioGapSize"),
    "boolean": (
        "BIOSNumLock",
        "IsSaved",
        "AllowFullSCSICommandSet",
        "IncrementalBackupEnabled",
        "VirtualNumaEnabled",
        "AllowReducedFcRedundancy",
        "PauseAfterBootFailure",
        "GuestControlledCacheTypes",
        "AutomaticSnapshotsEnabled",
        "IsAutomaticSnapshot",
        "LockOnDisconnect",
        "SecureBootEnabled",
    ),
}

# CIM_ResourceAllocationSettingData: what every resource has, whatever its class.
_OF_RESOURCES = {
    "string": (
        *_OF_ALL["string"],
        "OtherResourceType",
        "ResourceSubType",
        "PoolID",
        "AllocationUnits",
        "Parent",
        "Address",
        "AddressOnParent",
        "VirtualQuantityUnits",
    ),
    "string[]": ("HostResource", "Connection"),
    "uint16": ("ResourceType", "ConsumerVisibility", "MappingBehavior"),
    "uint32": ("Weight",),
    "uint64": ("VirtualQuantity", "Reservation", "Limit"),
    "boolean": ("AutomaticAllocation", "AutomaticDeallocation"),
}

# What the classes have beside that.
_OF_CLASSES: dict[str, dict[str, tuple[str, ...]]] = {
    "Msvm_ResourceAllocationSettingData": {"string[]": ("VirtualSystemIdentifiers",)},
    "Msvm_StorageAllocationSettingData": {
        "string": (
            "StorageQoSPolicyID",
            "HostExtentName",
            "OtherHostExtentNameFormat",
            "OtherHostExtentNameNamespace",
            "IOPSAllocationUnits",
            "SnapshotId",
        ),
        "uint16": ("Access", "HostExtentNameFormat", "HostExtentNameNamespace", "CachingMode", "WriteHardeningMethod"),
        "uint64": (
            "VirtualResourceBlockSize",
            "HostResourceBlockSize",
            "HostExtentStartingAddress",
            "IOPSLimit",
            "IOPSReservation",
        ),
        "boolean": ("PersistentReservationsSupported", "IgnoreFlushes"),
    },
    "Msvm_EthernetPortAllocationSettingData": {
        "string": (
            "OtherEndpointMode",
            "LastKnownSwitchName",
            "TestReplicaPoolID",
            "TestReplicaSwitchName",
            "CompartmentGuid",
        ),
        "string[]": ("RequiredFeatures", "RequiredFeatureHints"),
        "uint16": ("DesiredVLANEndpointMode", "EnabledState"),
    },
    "Msvm_SyntheticEthernetPortSettingData": {
        "string": ("OtherEndpointMode",),
        "string[]": ("VirtualSystemIdentifiers",),
        "uint16": ("DesiredVLANEndpointMode",),
        "boolean": ("DeviceNamingEnabled", "AllowPacketDirect", "StaticMacAddress", "ClusterMonitored"),
    },
    "Msvm_ProcessorSettingData": {
        "string": ("CpuGroupId",),
        "uint64": ("HwThreadsPerCore", "MaxProcessorsPerNumaNode", "MaxNumaNodesPerSocket"),
        "boolean": (
            "LimitCPUID",
            "LimitProcessorFeatures",
            "EnableHostResourceProtection",
            "HideHypervisorPresent",
            "ExposeVirtualizationExtensions",
        ),
    },
    "Msvm_MemorySettingData": {
        "uint32": ("TargetMemoryBuffer",),
        "uint64": ("MaxMemoryBlocksPerNumaNode", "SgxSize"),
        "boolean": ("DynamicMemoryEnabled", "HugePagesEnabled", "IsVirtualized", "SwapFilesInUse", "SgxEnabled"),
    },
}


def _by_name(*groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, str]]:
    """Return (name as documented, type) by name in lower case."""
    return {name.lower(): (name, word) for group in groups for word, names in group.items() for name in names}


VM_SETTING_TYPES = _by_name(_OF_VM_SETTINGS)
RESOURCE_CLASSES = {name.lower(): name for name in _OF_CLASSES}


def resource_types(class_name: str) -> dict[str, tuple[str, str]]:
    """Return (name, type) by lower-case name for a resource class; of an unknown class what all resources have."""
    return _by_name(_OF_RESOURCES, _OF_CLASSES.get(RESOURCE_CLASSES.get(class_name.lower(), ""), {}))
