# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which values of CIM instances and messages are the same on every cluster, and which say something of this one.

Everything that is not listed here is taken for private, and listed for the user to look at.
"""

from __future__ import annotations

import re

# Values of these are words of Windows: classes, kinds, versions.
KEPT = frozenset(
    {
        "Action",
        "ActivityId",
        "AllocationUnits",
        "BuildNumber",
        "CSCreationClassName",
        "Channel",
        "BuildLabEx",
        "CommunicationStatus",
        "ContentEncoding",
        "CreationClassName",
        "EnabledDefault",
        "EnumerationMode",
        "EnumerationContext",
        "EventType",
        "InstallationType",
        "Logfile",
        "MaxEnvelopeSize",
        "MessageID",
        "OSArchitecture",
        "Operation",
        "Option",
        "OtherResourceType",
        "OwningEntity",
        "ProductVendor",
        "ProviderName",
        "ProductVersion",
        "ProtocolVersion",
        "RelatesTo",
        "ResourceSubType",
        "ResourceURI",
        "ServiceType",
        "SourceName",
        "StartMode",
        "Status",
        "SupportedVersions",
        "SystemCreationClassName",
        "TargetInstance",
        "Type",
        "VirtualSystemSubType",
        "VirtualSystemType",
        "Version",
        "class",
        "namespace",
        "__CLASS",
        "__CIMNamespace",
        "__cimnamespace",
    }
)
# Sentences of Windows with names in them.
TEXTS = frozenset(
    {
        "Caption",
        "Description",
        "ErrorDescription",
        "ErrorSummaryDescription",
        "JobStatus",
        "Message",
        "Keyword",
        "Opcode",
        "ProviderFault",
        "Reason",
        "StatusDescriptions",
        "Task",
        "Text",
        "extendedError",
    }
)
# Names that people or installations gave, numbers that look like them too.
NAMES = frozenset(
    {
        "AffectedElement",
        "AffectingElement",
        "AntiAffinityClassNames",
        "Antecedent",
        "CSName",
        "Computer",
        "ComputerName",
        "ConfigurationID",
        "DNSHostName",
        "Dependent",
        "DestinationHost",
        "DestinationIPAddressList",
        "Domain",
        "ElementName",
        "FaultDomain",
        "Fqdn",
        "FriendlyName",
        "Group",
        "GroupComponent",
        "GroupName",
        "GroupNames",
        "Groups",
        "HostComputerSystemName",
        "HostResource",
        "IPAddress",
        "IPSubnet",
        "InsertionStrings",
        "InstanceID",
        "Machine",
        "UserID",
        "Name",
        "NetworkAddress",
        "NodeName",
        "NodeNames",
        "MessageArguments",
        "Notes",
        "ObjectId",
        "OwnerGroup",
        "OwnerNode",
        "OwningGroup",
        "PartComponent",
        "Path",
        "Permanentaddress",
        "PhysicalDisk",
        "PrimaryOwnerName",
        "Product",
        "ProviderNames",
        "QuorumPath",
        "SerialNumber",
        "ServiceListenerIPAddressList",
        "StorageNode",
        "SystemName",
        "User",
        "UserName",
        "Vendor",
        "Owner",
        "VirtualSwitchNames",
        "VirtualSystemIdentifier",
        "VirtualSystemName",
        "VmId",
        "VmID",
        "VolumeName",
        "Address",
        "MigrationNetworkSubnet",
        "MigrationServiceListenerIPAddressList",
        "SharedVolumesRoot",
        "Subnet",
        "SubnetNumber",
    }
)
# Whole values that are the same everywhere: names of the cluster's own groups and resources, of services, of settings,
# and the makers that processors name (Manufacturer of Win32_Processor), by which hosts are compared.
SAME_EVERYWHERE = frozenset(
    {
        "authenticamd",
        "available storage",
        "cluster group",
        "cluster ip address",
        "cluster name",
        "cluster pool",
        "file share witness",
        "genuineintel",
        "migrationwmi",
        "physical disk",
        "processor",
        "storage pool",
        "virtual machine",
        "virtual machine cluster wmi",
        "virtual machine configuration",
        "virtual machine replication broker",
        "vmms",
        "workgroup",
        "any",
        "none",
        "default",
    }
)
# Words of names that Windows gives. They are no sign of a name in a sentence, unless the whole name stands there.
COMMON = frozenset(
    {
        *("adapter", "address", "and", "available", "backup", "cluster", "cluster1", "computer", "configuration"),
        *("controller", "data", "default", "disk", "ethernet", "file", "files", "for", "group", "host", "hosting"),
        *("hyper", "internal", "job", "live", "machine", "management", "memory", "microsoft", "migration", "network"),
        *("node", "not", "partition", "physical", "pool", "private", "processor", "replica", "resource", "server"),
        *("service", "setting", "settings", "shutdown", "storage", "switch", "system", "the", "validation", "virtual"),
        *("volume", "windows", "witness"),
    }
)
# What the cluster puts before the name of a VM.
PREFIXES = re.compile(r"(?:Virtual Machine Configuration |Virtual Machine |SCVMM )(?=\S)")
# Folders that Windows and Hyper-V make.
FOLDERS = frozenset(
    {
        *("clusterstorage", "documents", "hyper", "microsoft", "program", "programdata", "files", "public", "users"),
        *("snapshots", "v", "virtual", "hard", "disks", "machines", "windows", "system32", "planned"),
        *("avhd", "avhdx", "bin", "iso", "vhd", "vhdpmem", "vhds", "vhdx", "vmcx", "vmgs", "vmrs", "vsv", "xml"),
    }
)
# Numbers, truth values, dates and intervals of CIM and of XML, version numbers, the numbers of errors, and those of
# processors, of which the product asks for CPU0 (DeviceID of Win32_Processor).
PLAIN = re.compile(
    r"[+-]?\d+(?:\.\d+)?|true|false|0x[0-9A-Fa-f]+"
    r"|\d{14}\.\d{6}[+-]\d{3}|\d{8}\d{6}\.\d{6}:000"
    r"|\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|-?P(?:\d+[YMD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?"
    r"|\d+\.\d+\.\d{4,}(?:\.\d+)?"
    r"|CPU\d+",
    re.IGNORECASE,
)
# Bytes in base64 that are long enough to be told from a name.
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){12,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
# What follows the name of a VM in its InstanceIDs, and what stands before it.
MICROSOFT = re.compile(r"Microsoft:", re.IGNORECASE)
