# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A VM's files: their present and their wanted paths.

Sources: Microsoft docs, Msvm_VirtualSystemSettingData and Msvm_StorageAllocationSettingData; Microsoft's sample of
storage migration and os-win, which send both whole, with new paths and an empty PoolID. The folder for disks is that of
Move-VM.
"""

from __future__ import annotations

import ntpath
import re
import typing as t
from collections.abc import Mapping, Sequence

from ..._wsman.instances import Instance
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from .embedded_settings import changed_settings
from .setting_types import VM_SETTINGS

_STORAGE = "Msvm_StorageAllocationSettingData"
_HARD_DISK = "Microsoft:Hyper-V:Virtual Hard Disk"
_REALIZED = "Microsoft:Hyper-V:System:Realized"
_DISK_FOLDER = "Virtual Hard Disks"
_ROOTS = ("ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot")
_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|[\\/]{2}[^\\/?.][^\\/]*[\\/][^\\/]+")


class StorageRequest(t.NamedTuple):
    """Where a VM's files shall be, as the user wrote it.

    Attributes:
        folder: for configuration, checkpoints, paging file and, below it, the disks; empty where none is given.
        disks: new path by old path, for single disks.
        keep_source_disks: whether the old disks stay on the source; None for what the host does by itself.
    """

    folder: str = ""
    disks: Mapping[str, str] = {}
    keep_source_disks: bool | None = None

    @property
    def is_given(self) -> bool:
        """There is something to move."""
        return bool(self.folder or self.disks)

    def refuse_bad_paths(self) -> None:
        """Refuse what is no full path on a Windows host. Raises HyperVError."""
        pairs = [("destination_storage_path", self.folder)] if self.folder else []
        pairs += [("disks[].source_path", old) for old in self.disks]
        pairs += [("disks[].destination_path", new) for new in self.disks.values()]
        for option, path in pairs:
            if not _ABSOLUTE.match(path):
                raise HyperVError(
                    f"{option} is {path!r}. Give a full path of the destination host, such as D:\\VMs\\web01, or of a "
                    "share, such as \\\\server\\share\\web01."
                )
        if self.keep_source_disks is not None and not self.is_given:
            raise HyperVError("keep_source_disks says what becomes of disks that move: give destination_storage_path.")


class Disk(t.NamedTuple):
    """One virtual hard disk of a VM, with all that its host shows of it."""

    path: str
    settings: Instance


class Storage(t.NamedTuple):
    """Where a VM's files are; ``system`` is all that its host shows of its settings."""

    system: Instance
    disks: tuple[Disk, ...]

    @property
    def roots(self) -> dict[str, str]:
        """The folders of configuration, checkpoints and paging file by the name of the property."""
        return {name: self.system.text(name) or "" for name in _ROOTS}


class StorageMove(t.NamedTuple):
    """What to send so that a VM's files are where they shall be, and what that is.

    Attributes:
        alone: the VM stays on its host.
        new_system, new_resources: embedded instances.
        disks: the paths that its disks shall have, and ``roots`` the folders, by property.
        keep_source_disks: as wished.
    """

    alone: bool
    new_system: str
    new_resources: tuple[str, ...]
    disks: tuple[str, ...]
    roots: Mapping[str, str]
    keep_source_disks: bool | None = None


def read_storage(cluster: Cluster, host: str, vm_id: str) -> Storage:
    """Return where a VM's files are, in two requests. Raises HyperVError, Fault and TransportError."""
    session = cluster.node(host)
    systems = session.query(
        VIRTUALIZATION, Query(VM_SETTINGS, (), {"VirtualSystemIdentifier": (vm_id,), "VirtualSystemType": (_REALIZED,)})
    )
    if not systems:
        raise HyperVError(f"{host} does not show the settings of VM {vm_id}, so its files cannot be found.")
    rows = session.query(VIRTUALIZATION, Query(_STORAGE, (), {"ResourceSubType": (_HARD_DISK,)}))
    mine = f"Microsoft:{vm_id}\\".casefold()
    disks = [
        Disk(path, row)
        for row in rows
        if (row.text("InstanceID") or "").casefold().startswith(mine)
        for path in row.texts("HostResource")[:1]
    ]
    return Storage(systems[0], tuple(disks))


def plan_storage(request: StorageRequest, storage: Storage, vm: str, *, stays: bool) -> StorageMove | None:
    """Return what to do about a VM's files, None where they are where they shall be.

    ``stays``: the VM is on its destination already. Where it is not, its files are nowhere on that host yet. Raises
    HyperVError for disks that the VM does not have, or that would have the same path.
    """
    disks = _new_paths(request, storage, vm, stays=stays)
    _refuse_one_path_for_two(disks, vm)
    roots = {
        name: request.folder if request.folder and not (stays and is_below(path, request.folder)) else path
        for name, path in storage.roots.items()
    }
    if stays and disks == [disk.path for disk in storage.disks] and roots == storage.roots:
        return None
    return StorageMove(
        stays,
        changed_settings(VM_SETTINGS, storage.system, {name: path for name, path in roots.items() if path}),
        tuple(
            changed_settings(_STORAGE, disk.settings, {"HostResource": [path], "PoolID": ""})
            for disk, path in zip(storage.disks, disks, strict=True)
        ),
        tuple(disks),
        {name: path for name, path in roots.items() if path},
        request.keep_source_disks,
    )


def _new_paths(request: StorageRequest, storage: Storage, vm: str, *, stays: bool) -> list[str]:
    wanted = {_parts(old): (old, new) for old, new in request.disks.items()}
    there = {_parts(disk.path) for disk in storage.disks}
    unknown = [old for parts, (old, new) in wanted.items() if parts not in there and _parts(new) not in there]
    if unknown:
        paths = ", ".join(disk.path for disk in storage.disks) or "none"
        raise HyperVError(f"VM {vm} has no disk {', '.join(unknown)}. Its disks are {paths}.")
    taken = {_parts(new) for new in request.disks.values()}
    found: list[str] = []
    for disk in storage.disks:
        parts = _parts(disk.path)
        if parts in wanted:
            found.append(wanted[parts][1])
        elif not request.folder or (stays and (is_below(disk.path, request.folder) or parts in taken)):
            found.append(disk.path)
        else:
            found.append(ntpath.join(request.folder, _DISK_FOLDER, ntpath.basename(disk.path)))
    return found


def _refuse_one_path_for_two(paths: Sequence[str], vm: str) -> None:
    seen: set[tuple[str, ...]] = set()
    for path in paths:
        if _parts(path) in seen:
            raise HyperVError(
                f"Two disks of VM {vm} would be {path}. Give each of them a path of its own with "
                "disks[].destination_path."
            )
        seen.add(_parts(path))


def find_misplaced(move: StorageMove, storage: Storage, vm: str) -> Failure | None:
    """Return what of a VM's files is not where it shall be after a move that is said to be complete, or None."""
    wanted = {_parts(path) for path in move.disks}
    wrong = [disk.path for disk in storage.disks if _parts(disk.path) not in wanted]
    wrong += [
        path for name, path in storage.roots.items() if name in move.roots and not is_below(path, move.roots[name])
    ]
    if not wrong:
        return None
    return Failure(
        "storage_not_moved",
        f"the files of VM {vm} are said to have moved, but the host still shows {', '.join(wrong)}",
        "Look at the VM's settings and disks on that host.",
    )


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is a folder or lies in it: whole names count, in any letter case."""
    parts, wanted = _parts(path), _parts(folder)
    return parts[: len(wanted)] == wanted


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in ntpath.normcase(ntpath.normpath(path)).split("\\") if part)
