# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster as a scenario of the simulated cluster, to rehearse on. Pure.

The keys are those of the simulated cluster's scenario files, told in the guide "Rehearsing on a simulated cluster".
What is as there by default is left out, so that a person can read and change the rest.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..cluster.attachments import Attachment
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.groups import GroupTraits
from ..cluster.hosts import HostSettings
from ..cluster.states import IN_MEMORY, SETTLED, UNKNOWN, VmState
from ..cluster.vms import Vm
from .cluster_description import ClusterDescription, HostDescription
from .scenario_roles import write_roles

Content = dict[str, t.Any]

_SPEED = 10  # simulated seconds to a real one: a rehearsal need not take as long as the maintenance
# A state that passes stands for the one that it leads to or comes from; the rest counts as off.
_PASSING: dict[VmState, VmState] = {
    "starting": "running",
    "resuming": "running",
    "snapshotting": "running",
    "pausing": "paused",
    "saving": "saved",
    "fast_saved": "saved",
    "fast_saving": "saved",
}
_SERVICE_STATES = ("enabled", "disabled", "starting", "absent")
_LOCAL_MB = 1  # what a VM takes that only its host knows: no one tells its memory, so it counts as the host's


def write_scenario(read: ClusterDescription) -> tuple[Content, list[str]]:
    """Return the scenario, and notes on what it does not say or says otherwise. It holds no account and no password."""
    notes = list(read.notes)
    scenario = {
        "cluster": _cluster(read),
        "clock": {"speed": _SPEED},
        "switches": _switches(read),
        "nodes": [_node(host, read, notes) for host in read.hosts],
        "roles": write_roles(read),
        "vms": [*_clustered(read, notes), *_local(read)],
        "affinity_rules": [
            {
                "name": rule.name,
                "type": rule.type,
                "groups": list(rule.groups),
                **_unless(True, enabled=rule.is_enabled),
            }
            for rule in read.rules
        ],
    }
    return {key: value for key, value in scenario.items() if value}, notes


def _unless(usual: object, **values: object) -> Content:
    """Return the values that are told and differ from the usual one."""
    return {key: value for key, value in values.items() if value is not None and value != usual}


def _cluster(read: ClusterDescription) -> Content:
    settings = read.readiness.cluster
    limit, percent = settings.smb_bandwidth_limit, settings.smb_bandwidth_limit_percent
    return {
        **_unless(
            None,
            name=settings.name,
            fqdn=settings.fqdn,
            core_group_owner=settings.core_group_owner,
            functional_level=settings.functional_level,
            maximum_parallel_migrations=settings.maximum_parallel_migrations,
            set_smb_bandwidth_limit=None if limit is None else int(limit),
            smb_bandwidth_limit_factor=None if percent is None else round(percent * 100),
        ),
        **_unless(0, enforced_anti_affinity=int(settings.enforced_anti_affinity or 0)),
    }


def _switches(read: ClusterDescription) -> Content:
    told = [host.report for host in read.hosts if host.report.cluster_service is not None]
    showing = [report.node.name for report in told if report.cluster_service]
    if not showing or len(showing) == len(told):
        provider: Content = {}
    elif showing == [read.readiness.cluster.core_group_owner]:
        provider = {"provider_on": "core_group"}
    else:
        provider = {"provider_on": showing}
    return {**provider, **({"host_name_form": "fqdn"} if any("." in vm.node for vm in read.vms) else {})}


def _node(host: HostDescription, read: ClusterDescription, notes: list[str]) -> Content:
    node, report = host.node, host.report
    state = "down" if node.state == UNKNOWN else node.state
    if state != node.state:
        notes.append(f"{node.name}: its state is {node.state}; in the scenario it is down.")
    return {
        "name": node.name,
        **_unless("up", state=state),
        **_unless("normal", condition=node.condition or "normal"),
        **_memory(host, read),
        **_unless(None, build=node.build),
        **({"fault_domain": list(read.fault_domains[node.name])} if node.name in read.fault_domains else {}),
        **(_settings(report.settings, notes) if report.settings is not None else {}),
        **({} if report.settings is None else _unless("all", capabilities=_capabilities(host))),
    }


def _memory(host: HostDescription, read: ClusterDescription) -> Content:
    """Return the memory in MB; what is neither free nor that of clustered VMs is the host's."""
    if host.memory is None:
        return {}
    here = [vm for vm in read.vms if first_label(vm.node) == first_label(host.node.name)]
    of_vms = sum(vm.memory_mb or 0 for vm in here)
    local = sum(vm.state in IN_MEMORY for vm in _own(host, read))
    rest = host.memory.total_mb - host.memory.free_mb - of_vms - local * _LOCAL_MB
    return {"memory_mb": max(1, host.memory.total_mb), "used_by_host_mb": max(0, rest)}


def _settings(settings: HostSettings, notes: list[str]) -> Content:
    service = settings.service_state if settings.service_state in _SERVICE_STATES else "disabled"
    if service != settings.service_state:
        notes.append(f"{settings.node}: its service is {settings.service_state}; in the scenario it is disabled.")
    if service == "absent":
        return {"migration_service": service}
    known = settings.authentication in ("kerberos", "credssp")
    return {
        "simultaneous_migrations": settings.maximum_migrations,
        "simultaneous_storage_migrations": settings.maximum_storage_migrations,
        **_unless("enabled", migration_service=service),
        **_unless(True, migration_enabled=settings.enabled, compression=settings.compression),
        **_unless("kerberos", authentication=settings.authentication if known else None),
        **_unless(False, smb=settings.smb),
        "networks": [
            {
                "subnet": network.subnet,
                **_unless(24, prefix_length=network.prefix_length),
                **_unless(1000, metric=network.metric),
                **_unless(["Microsoft:Cluster"], tags=list(network.tags)),
            }
            for network in settings.networks
        ],
        "listener_addresses": list(settings.listener_addresses),
    }


def _capabilities(host: HostDescription) -> str:
    told = host.report.capabilities
    return "absent" if told is None else "all" if told.offers_migration else "to_host_only"


def _clustered(read: ClusterDescription, notes: list[str]) -> list[Content]:
    nodes = {first_label(host.node.name): host.node.name for host in read.hosts}
    attached = {vm_id: those for host in read.hosts for vm_id, those in host.attachments.items()}
    groups: set[str] = set()
    found = []
    for vm in read.vms:
        owner = nodes.get(first_label(vm.node))
        if owner is None:
            notes.append(f"VM {vm.name} ({vm.id}) is left out: no node of the cluster is told to own it.")
            continue
        notes.extend(_passing_by(vm))
        found.append(
            {
                "name": vm.name,
                "id": vm.id,
                "owner": owner,
                **_unless("running", state=_state(vm)),
                **({"memory_mb": vm.memory_mb} if vm.memory_mb and _state(vm) in IN_MEMORY else {}),
                **_role(vm, read, groups, notes),
                **_unless("none", replication=read.replication.get(vm.id, "none")),
                **_attachments(attached.get(vm.id, ())),
            }
        )
    return found


def _state(vm: Vm) -> VmState:
    return vm.state if vm.state in SETTLED else _PASSING.get(vm.state, "off")


def _passing_by(vm: Vm) -> list[str]:
    """Return notes on what a VM is or does at this moment, which a scenario does not repeat."""
    notes = []
    if _state(vm) != vm.state:
        notes.append(f"VM {vm.name} is {vm.state}; in the scenario it is {_state(vm)}.")
    if vm.is_migrating:
        notes.append(f"VM {vm.name} is being migrated; in the scenario it rests on {vm.node}.")
    elif vm.activity:
        notes.append(f"VM {vm.name}: {vm.activity}; in the scenario it is not busy.")
    return notes


def _role(vm: Vm, read: ClusterDescription, groups: set[str], notes: list[str]) -> Content:
    """Return what the cluster says of a VM: its group's name, priority, classes, condition, and who may own it."""
    role = read.roles.get(vm.id)
    own = f"{vm.name} ({vm.id})"
    if role is None:
        notes.append(f"The cluster shows no group of VM {vm.name}; in the scenario it has one of its own.")
        return {"group": own}
    owners = read.owners[vm.id]
    everywhere = {first_label(host.node.name) for host in read.hosts}
    limited = {first_label(one) for one in owners.possible} != everywhere
    traits = read.traits.get(in_capitals(role.group), GroupTraits(None, ()))
    group = role.group
    if in_capitals(group) in groups:
        notes.append(f"VM {vm.name} shares the group {group} with another VM; in the scenario it has one of its own.")
        group = own
    groups.add(in_capitals(group))
    return {
        # Of several VMs of one name only the first would have that name's group.
        **_unless(vm.name if read.times_named[vm.name] == 1 else None, group=group),
        **_unless(MEDIUM_PRIORITY, priority=traits.priority),
        **({"possible_owners": list(owners.possible)} if owners.possible and limited else {}),
        **({"preferred_owners": list(owners.preferred)} if owners.preferred else {}),
        **({"anti_affinity": list(traits.anti_affinity)} if traits.anti_affinity else {}),
        **_unless("normal", group_condition=_condition(traits)),
    }


def _condition(traits: GroupTraits) -> str:
    if traits.is_locked or traits.is_queued:
        return "locked" if traits.is_locked else "queued"
    return traits.state if traits.state in ("failed", "pending") else "normal"


def _attachments(those: Sequence[Attachment]) -> Content:
    listed = [{"kind": one.kind, **({"path": one.path} if one.path else {})} for one in those]
    return {"attachments": listed} if listed else {}


def _own(host: HostDescription, read: ClusterDescription) -> list[Vm]:
    clustered = {vm.id for vm in read.vms}
    return [vm for vm in host.own_vms if vm.id not in clustered]


def _local(read: ClusterDescription) -> list[Mapping[str, t.Any]]:
    """Return the VMs that only their hosts know."""
    return [
        {
            "name": vm.name,
            "id": vm.id,
            "owner": host.node.name,
            "clustered": False,
            "memory_mb": _LOCAL_MB,
            **_unless("running", state=_state(vm)),
        }
        for host in read.hosts
        for vm in sorted(_own(host, read), key=lambda one: (one.name.casefold(), one.id))
    ]
