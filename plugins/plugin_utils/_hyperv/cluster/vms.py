# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs of the cluster with their owners."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..._names import same_name
from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..failure.errors import HyperVError, UnknownVm
from .cim_values import ACTIVITIES, CHANGING_NODE, CRITICAL_IO, MIGRATING, VM_STATES
from .cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from .guids import guid_of, is_guid
from .patience import NAMES_IN_A_QUERY
from .states import AT_REST, UNKNOWN, VmState

# A row of Msvm_SummaryInformation carries a thumbnail of the console: never without a column list.
_BASE_COLUMNS = ("Name", "ElementName", "HostComputerSystemName", "EnabledState", "OperationalStatus")
_COLUMNS = (*_BASE_COLUMNS, "MemoryUsage")


class Vm(t.NamedTuple):
    """One VM: a clustered one as Msvm_SummaryInformation shows it, or one as its host does.

    Attributes:
        id: GUID in upper case, the Name of its Msvm_ComputerSystem.
        name: display name, which need not be unique.
        node: the node that owns it, as that node is called there; empty where it is not told.
        state: ``running``, ``off``, ``saved``, ``paused`` ... or ``unknown``.
        operational_status: the two numbers of OperationalStatus; the second says what the VM is busy with.
        memory_mb: memory in use in MB, 0 where it does not run, None where the host does not tell.
        namespace: where it was read: the cluster's, or that of its host.
    """

    id: str
    name: str
    node: str
    state: VmState
    operational_status: tuple[int, ...] = ()
    memory_mb: int | None = None
    namespace: str = HYPERV_CLUSTER

    @property
    def is_migrating(self) -> bool:
        """A migration of this VM runs."""
        return len(self.operational_status) > 1 and not MIGRATING.isdisjoint(self.operational_status[1:])

    @property
    def is_leaving(self) -> bool:
        """It is on its way to another node: a migration that is not of its storage alone."""
        return any(status in CHANGING_NODE for status in self.operational_status[1:])

    @property
    def activity(self) -> str:
        """What keeps the VM from being moved now, in words; empty for nothing."""
        if CRITICAL_IO in self.operational_status:
            return "it has a critical storage error"
        return next((ACTIVITIES[status] for status in self.operational_status[1:] if status in ACTIVITIES), "")

    @property
    def reference(self) -> Reference:
        """The VM's Msvm_ComputerSystem where it was read, by its two documented keys."""
        return Reference.of(
            self.namespace, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=self.id
        )


def is_vm_id(text: str) -> bool:
    """Tell whether a text is a GUID, as VMs have it for a name; nodes and the cluster have host names."""
    return is_guid(text)


def read_vms(
    cluster: Cluster, *, ids: Sequence[str] = (), names: Sequence[str] = (), hosts: Sequence[str] = ()
) -> list[Vm]:
    """Return the VMs with one of these GUIDs or display names (any letter case); all VMs without either.

    ``hosts`` are asked for their own VMs as well; where Root\\HyperVCluster\\v2 does not exist, none of them stands for
    ``Cluster.vm_hosts``. Raises Fault, TransportError, HyperVError.
    """
    wheres: list[dict[str, tuple[str, ...]]] = [
        *({"Name": part} for part in _parts(ids)),
        *({"ElementName": part} for part in _parts(names)),
    ]
    found: dict[str, Vm] = {}
    if cluster.offers_hyperv:
        try:
            found.update({vm.id: vm for where in wheres or [{}] for vm in _read(cluster, where)})
        except Fault as fault:
            if not fault.is_missing_namespace:
                raise
    asked = hosts if cluster.offers_hyperv else hosts or cluster.vm_hosts
    if not asked or (ids and not names and found.keys() >= set(ids)):
        return list(found.values())
    return [*found.values(), *(vm for vm in _of_hosts(cluster, asked, wheres or [{}], ids) if vm.id not in found)]


def _of_hosts(
    cluster: Cluster, hosts: Sequence[str], wheres: Sequence[Mapping[str, tuple[str, ...]]], ids: Sequence[str]
) -> list[Vm]:
    """Return VMs as the hosts know them. A host that is silent counts for nothing where all VMs were found without it.

    While a VM is on its way both of its hosts may show it: then it is still with the first of them on which it runs.
    """
    found: dict[str, Vm] = {}
    silent: list[Exception] = []

    def read(host: str) -> list[Vm]:
        try:
            return _with_memory(cluster, host, [vm for where in wheres for vm in read_local_vms(cluster, host, where)])
        except NoAnswer as error:
            silent.append(error)
            return []

    for vms in cluster.ask_each(hosts, read):
        for vm in vms:
            if vm.id not in found or (found[vm.id].state != "running" and vm.state == "running"):
                found[vm.id] = vm
    if silent and (not ids or set(ids) - found.keys()):
        raise silent[0]
    return list(found.values())


def _with_memory(cluster: Cluster, host: str, vms: Sequence[Vm]) -> list[Vm]:
    """Add the memory in MB that each VM has configured (Msvm_MemorySettingData.VirtualQuantity): 0 for one at rest."""
    if not vms:
        return []
    columns = ("InstanceID", "VirtualQuantity")
    rows = cluster.node(host).query(VIRTUALIZATION, Query("Msvm_MemorySettingData", columns))
    sizes = {(row.text("InstanceID") or "").split("\\")[0].upper(): row.integer("VirtualQuantity") for row in rows}
    return [vm._replace(memory_mb=0 if vm.state in AT_REST else sizes.get(f"MICROSOFT:{vm.id}")) for vm in vms]


def read_local_vms(cluster: Cluster, host: str, where: Mapping[str, tuple[str, ...]] | None = None) -> list[Vm]:
    """Return all VMs that a host itself knows, clustered or not, without their memory. Raises Fault, TransportError."""
    columns = ("Name", "ElementName", "EnabledState", "OperationalStatus")
    rows = cluster.node(host).query(VIRTUALIZATION, Query("Msvm_ComputerSystem", columns, where or {}))
    return [
        Vm(
            vm_id,
            row.text("ElementName") or "",
            host,
            VM_STATES.get(row.integer("EnabledState") or 0, UNKNOWN),
            row.integers("OperationalStatus"),
            namespace=VIRTUALIZATION,
        )
        for row in rows
        if (vm_id := guid_of(row.text("Name") or ""))
    ]


def _parts(values: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(values[start : start + NAMES_IN_A_QUERY]) for start in range(0, len(values), NAMES_IN_A_QUERY))


def _read(cluster: Cluster, where: Mapping[str, tuple[str, ...]]) -> list[Vm]:
    try:
        rows = cluster.query_hyperv(Query("Msvm_SummaryInformation", _COLUMNS, where))
    except Fault as fault:
        if not fault.lacks_only_the_class:
            raise
        # The base class is documented for the cluster namespace as well; it lacks the memory.
        rows = cluster.query_hyperv(Query("Msvm_SummaryInformationBase", _BASE_COLUMNS, where))
    return [_vm(row, vm_id) for row in rows if (vm_id := guid_of(row.text("Name") or ""))]


def _vm(row: Instance, vm_id: str) -> Vm:
    return Vm(
        id=vm_id,
        name=row.text("ElementName") or "",
        node=row.text("HostComputerSystemName") or "",
        state=VM_STATES.get(row.integer("EnabledState") or 0, UNKNOWN),
        operational_status=row.integers("OperationalStatus"),
        memory_mb=row.integer("MemoryUsage"),
    )


def note_other_names(wishes: Iterable[tuple[str | None, str | None, Vm]]) -> list[str]:
    """Return a warning for each VM that has another name than the one given beside its id: the id counts.

    ``wishes``: id and name as they were given, and the VM.
    """
    return [
        f"vm_id is that of VM {vm.name}, and name is {name}: the VM of the id is meant."
        for vm_id, name, vm in wishes
        if vm_id and name and not same_name(name, vm.name)
    ]


def normal_id(text: str) -> str:
    """Return a GUID as VMs are told apart by it: upper case, no braces. Raises HyperVError for anything else."""
    vm_id = guid_of(text)
    if not vm_id:
        raise HyperVError(f"{text!r} is not a VM id. A VM id is a GUID, as hyperv_vm_info shows it.")
    return vm_id


def pick_vm(
    vms: Sequence[Vm],
    *,
    vm_id: str | None,
    name: str | None,
    known: t.Callable[[], Sequence[Vm]],
    where: str = "of the cluster",
) -> Vm:
    """Return the one VM that is meant. ``known`` lists all VMs, for the hint in the error, and ``where`` says of what.

    Raises UnknownVm, and HyperVError for an ambiguous name.
    """
    if vm_id:
        found = [vm for vm in vms if vm.id == normal_id(vm_id)]
    else:
        found = [vm for vm in vms if same_name(vm.name, name or "")]
    if len(found) == 1:
        return found[0]
    if found:
        which = "; ".join(f"{vm.id} on {vm.node or 'an unknown node'} ({vm.state})" for vm in found)
        raise HyperVError(f"{len(found)} VMs are called {name!r}: {which}. Give vm_id instead of name.")
    # Imported here because only a name that nobody bears needs it.
    import difflib

    everyone = known()
    near = difflib.get_close_matches(str(name or "").lower(), [vm.name.lower() for vm in everyone], 3, 0.6)
    similar = sorted({vm.name for vm in everyone if vm.name.lower() in near})
    hint = f" Did you mean {' or '.join(map(repr, similar))}?" if similar else ""
    raise UnknownVm(f"No VM {vm_id or name!r} among the {len(everyone)} VMs {where}.{hint} hyperv_vm_info lists them.")
