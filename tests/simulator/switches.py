# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undocumented behaviour of the cluster's providers, each as a switch; the defaults are assumptions."""

from __future__ import annotations

import dataclasses
import typing as t

from .event_switches import EventSwitches
from .group_switches import GroupSwitches
from .host_switches import HostSwitches
from .maintenance_switches import MaintenanceSwitches
from .scenario_reader import Bounds
from .wire_switches import WireSwitches

# What a migration service may do about a destination that the cluster itself would refuse.
Objection = t.Literal["refuse", "fail_job", "allow"]
SettingDataForm = t.Literal["typed", "typed_net", "null", "cim"]
MigrationType = t.Literal["virtual_system", "virtual_system_and_storage"]
Lag = t.Annotated[float, Bounds(0)]


@dataclasses.dataclass(frozen=True)
class Switches(MaintenanceSwitches, HostSwitches, GroupSwitches, EventSwitches, WireSwitches):
    """Behaviours of the Hyper-V and cluster providers, beside those of the wire.

    Attributes:
        provider_on: which nodes answer Root\\HyperVCluster\\v2 (``core_group``: the owner of "Cluster Group"); the
            others answer with nothing.
        accepts_setting_data: the forms of MigrationSettingData that are taken: ``typed``
            (Msvm_VirtualSystemMigrationSettingData), ``typed_net`` (the same with TransportType or
            DestinationIPAddressList), ``null``, ``cim`` (CIM_VirtualSystemMigrationSettingData).
        refuses_setting_data_by: how the other forms are refused: by the code for an invalid parameter, or by the fault
            for invalid method parameters, for a class that the namespace does not have, or with the Win32 error 87.
        setting_data_build: whose Windows version decides which properties of it exist: the oldest node's, or that of
            the node that is asked.
        migration_types: the values of MigrationType that are taken. A simulated VM has no storage to move along.
        new_settings: whether NewSystemSettingData and NewResourceSettingData are taken: always, never, or where the
            storage moves too.
        return_form: 4096 with a job; ``synchronous``: 0, no job, the VM has moved; ``done_with_job``: 0 with a job;
            ``job_unnamed``: 4096 without a reference.
        return_codes: family of the method's refusals, DMTF (1 to 6) or Hyper-V (32768 and above).
        job_class: class of the job that the method returns.
        job_namespace: where that job is, the cluster namespace or root\\virtualization\\v2.
        job_on: the node that lists the job in root\\virtualization\\v2: the VM's source or the node that was asked.
        job_return_codes: family of what a job answers to RequestStateChange.
        job_error_methods: what a failed job answers to GetErrorEx and GetError: ``both`` know its errors; GetErrorEx is
            not supported (``get_error``); both are not (``not_supported``), or do not exist (``missing``).
        job_error_order: whether GetErrorEx begins with the outermost or the innermost error.
        job_error_texts: whether ErrorDescription contains the inner cause with its HRESULT (``full``), the outermost
            error alone (``outer``), or nothing (``empty``).
        job_lifetime_seconds: how long a job stays after its end.
        jobs_lost_with_provider: whether jobs vanish from the cluster namespace when the core group moves.
        owner_lag_seconds, owner_lag_in: how long after a move the old owner is still reported, and where.
        host_name_form: form of host names in summaries and jobs.
        missing_classes: classes that an older version of Windows does not have, such as MSCluster_AffinityRule.
        cluster_row, node_rows: whether Msvm_ComputerSystem in the cluster namespace shows the cluster and the nodes.
        check_method: whether CheckVirtualSystemIsMigratableToSystem works, returns Not Supported, or does not exist.
        migrate_method: the same of MigrateVirtualSystemToSystem.
        cluster_migration_service: whether Root\\HyperVCluster\\v2 has the class of the migration service (and the
            namespace exists at all).
        paused_destination, non_possible_owner, affinity_conflict: what happens to a move that they forbid.
        off_vm: whether a VM that is off or saved can be moved by the method.
        limit: what happens to a move above the limit of simultaneous migrations.
        moving_status: OperationalStatus of a moving VM: {2, 32774} or {11, 32774}.
    """

    provider_on: t.Literal["all", "none", "core_group"] | tuple[str, ...] = "all"
    accepts_setting_data: tuple[SettingDataForm, ...] = ("typed", "typed_net", "null", "cim")
    refuses_setting_data_by: t.Literal["return_value", "parameter_fault", "class_fault", "win32_fault"] = "return_value"
    setting_data_build: t.Literal["oldest", "asked"] = "oldest"
    migration_types: tuple[MigrationType, ...] = ("virtual_system",)
    new_settings: t.Literal["always", "never", "with_storage"] = "with_storage"
    return_form: t.Literal["job", "synchronous", "done_with_job", "job_unnamed"] = "job"
    return_codes: t.Literal["dmtf", "hyperv"] = "dmtf"
    job_class: t.Literal["Msvm_MigrationJob", "Msvm_ConcreteJob"] = "Msvm_MigrationJob"
    job_namespace: t.Literal["cluster", "v2"] = "cluster"
    job_on: t.Literal["source", "asked"] = "asked"
    job_return_codes: t.Literal["dmtf", "hyperv"] = "hyperv"
    job_error_methods: t.Literal["both", "get_error", "not_supported", "missing"] = "both"
    job_error_order: t.Literal["outermost_first", "innermost_first"] = "outermost_first"
    job_error_texts: t.Literal["full", "outer", "empty"] = "full"
    job_lifetime_seconds: Lag = 300.0
    jobs_lost_with_provider: bool = False
    owner_lag_seconds: Lag = 0.0
    owner_lag_in: t.Literal["both", "summary", "cluster"] = "both"
    host_name_form: t.Literal["netbios", "fqdn"] = "netbios"
    missing_classes: tuple[str, ...] = ()
    cluster_row: bool = True
    node_rows: bool = True
    check_method: t.Literal["present", "not_supported", "missing"] = "present"
    migrate_method: t.Literal["present", "not_supported", "missing"] = "present"
    cluster_migration_service: t.Literal["present", "class_missing", "namespace_missing"] = "present"
    paused_destination: Objection = "refuse"
    non_possible_owner: Objection = "refuse"
    affinity_conflict: Objection = "refuse"
    off_vm: t.Literal["allow", "refuse"] = "allow"
    limit: t.Literal["fail_job", "queue", "refuse"] = "fail_job"
    moving_status: t.Literal["ok", "in_service"] = "ok"
