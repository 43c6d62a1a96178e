# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a scenario file: expand what stands for several, derive ids and addresses, check what belongs together."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import pathlib
import typing as t
import uuid
from collections.abc import Mapping, Sequence

from .host_profiles import PROFILES, Windows, profile_of
from .scenario import EventSpec, MigrationNetworkSpec, NodeSpec, Scenario, VmSpec
from .scenario_listener import ListenerSpec
from .scenario_reader import Marks, ScenarioError, compose, read
from .scenario_roles import CORE_GROUP, SHARE, SHARED_VOLUMES
from .scenario_storage import StorageSpec
from .switches import Switches

# By this variable of the environment one run of any tests is on another version of Windows.
CHOSEN_WINDOWS = "SIMULATED_WINDOWS"
ACTIONS = ("move", "power_off", "idle", "pause", "resume", "down", "up", "core_group", "vmms_restart")


def read_scenario(text: str, source: str = "scenario") -> Scenario:
    """Return the scenario that ``text`` (YAML) describes; ``source`` names it in errors.

    Raises:
        ScenarioError: with file, line, key, the bad value and what is allowed.
    """
    marks = Marks(source)
    written = read(Scenario, compose(text, source), marks)
    nodes = _expand_nodes(written.nodes, written.cluster.domain, marks)
    members = {node.name: node.member for node in nodes}
    vms = _expand_vms(written.vms, members, written.cluster.fqdn, written.storage, marks)
    highest = common_version(nodes)
    vms = tuple(_with_version(vm, highest) for vm in vms)
    switches = written.switches
    if switches.language == Switches().language:
        # Faults speak the language of the hosts unless the switch says another.
        switches = dataclasses.replace(switches, language=written.language)
    scenario = dataclasses.replace(written, nodes=nodes, vms=vms, switches=switches)
    _check(scenario, written, marks)
    return scenario


def read_scenario_file(path: pathlib.Path) -> Scenario:
    """Return the scenario in the file ``path``. Raises ScenarioError, also when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from error
    return read_scenario(text, str(path))


def common_version(nodes: Sequence[NodeSpec]) -> str:
    """Return the highest configuration version that all nodes support, of the oldest ones where there is none."""
    spans = [profile_of(node.windows_build).versions for node in nodes]
    return min((span[1] for span in spans), key=lambda version: [*map(int, version.split("."))], default="10.0")


def _with_version(vm: VmSpec, version: str) -> VmSpec:
    hardware = dataclasses.replace(vm.hardware, version=vm.hardware.version or version)
    return dataclasses.replace(vm, hardware=hardware)


def vm_id(name: str, fqdn: str, occurrence: int = 0) -> str:
    """Return the GUID (upper case, as Hyper-V writes it) of the VM called ``name`` in the cluster ``fqdn``."""
    suffix = f"#{occurrence}" if occurrence else ""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}{suffix}.{fqdn}")).upper()


def _expand_nodes(written: tuple[NodeSpec, ...], domain: str, marks: Marks) -> tuple[NodeSpec, ...]:
    nodes: list[NodeSpec] = []
    chosen = chosen_windows()
    for index, spec in enumerate(written):
        names = [spec.name] if spec.count is None else [f"{spec.name}{number + 1}" for number in range(spec.count)]
        if len(names[-1]) > 15:
            raise marks.error(f"nodes[{index}].name", names[-1], "a NetBIOS name has at most 15 characters")
        for name in names:
            place = len(nodes)
            _check_networks(spec, marks, f"nodes[{index}]")
            listeners = spec.listener_addresses
            if listeners is None:
                listeners = (_address(spec.networks[0], place),) if spec.networks else ()
            dns_name = spec.dns_name or name.lower()
            if dns_name[:15].lower() != name.lower():
                raise marks.error(f"nodes[{index}].dns_name", dns_name, f"its first 15 letters are to be {name}")
            windows = spec.windows or (chosen if spec.build is None else None)
            known = dataclasses.replace(spec, windows=windows, domain=spec.domain or domain, dns_name=dns_name)
            nodes.append(dataclasses.replace(known, name=name, count=None, listener_addresses=listeners))
            if any(node.name.lower() == name.lower() for node in nodes[:-1]):
                raise marks.error(f"nodes[{index}].name", name, "a node of this name stands here already")
            if spec.port is not None and any(node.port == spec.port for node in nodes[:-1]):
                raise marks.error(f"nodes[{index}].port", spec.port, "another node listens on this port")
    return tuple(nodes)


def chosen_windows() -> Windows | None:
    """Return the version for nodes that name neither version nor build, None for the usual. Raises ScenarioError."""
    named = os.environ.get(CHOSEN_WINDOWS, "")
    found = next((windows for windows in PROFILES if str(windows) == named), None)
    if named and found is None:
        allowed = ", ".join(str(windows) for windows in PROFILES)
        raise ScenarioError(f"{CHOSEN_WINDOWS}: {named!r} is wrong; allowed: {allowed}")
    return found


def _check_networks(spec: NodeSpec, marks: Marks, where: str) -> None:
    for index, network in enumerate(spec.networks):
        try:
            ipaddress.ip_network(f"{network.subnet}/{network.prefix_length}")
        except ValueError as error:
            place = f"{where}.networks[{index}].subnet"
            raise marks.error(place, f"{network.subnet}/{network.prefix_length}", f"not a subnet: {error}") from error
    for index, address in enumerate(spec.listener_addresses or ()):
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise marks.error(f"{where}.listener_addresses[{index}]", address, "allowed: an IP address") from error


def _address(network: MigrationNetworkSpec, place: int) -> str:
    # Nodes answer from the eleventh address on, as an administrator would number them.
    subnet = ipaddress.ip_network(f"{network.subnet}/{network.prefix_length}")
    return str(subnet[(11 + place) % subnet.num_addresses])


def _expand_vms(
    written: tuple[VmSpec, ...], members: Mapping[str, bool], fqdn: str, storage: StorageSpec, marks: Marks
) -> tuple[VmSpec, ...]:
    vms: list[VmSpec] = []
    seen: dict[str, int] = {}
    ids: set[str] = set()
    for index, spec in enumerate(written):
        if spec.count is not None and spec.id is not None:
            raise marks.error(f"vms[{index}].id", spec.id, "VMs with a count cannot share one id")
        owners = (spec.owner,) if isinstance(spec.owner, str) else spec.owner
        if not owners:
            raise marks.error(f"vms[{index}].owner", [], "allowed: a node or a list of nodes")
        for number, name in enumerate(_names(spec)):
            occurrence = seen.get(name, 0)
            seen[name] = occurrence + 1
            identity = (spec.id or vm_id(name, fqdn, occurrence)).upper()
            if identity in ids:
                raise marks.error(f"vms[{index}].id", identity, "another VM has this id")
            ids.add(identity)
            group = spec.group or (f"{name} ({occurrence + 1})" if occurrence else name)
            owner = owners[number % len(owners)]
            member = members.get(owner, True)
            if spec.clustered and not member:
                raise marks.error(f"vms[{index}].clustered", True, f"{owner} is no member of the cluster")
            clustered = member if spec.clustered is None else spec.clustered
            one = dataclasses.replace(spec, name=name, count=None, id=identity, group=group, owner=owner)
            vms.append(with_files(dataclasses.replace(one, clustered=clustered), storage))
    return tuple(vms)


def with_files(spec: VmSpec, storage: StorageSpec) -> VmSpec:
    """Return a VM whose owner is known, with its files where they are unless they are told."""
    volume = SHARED_VOLUMES + r"\Volume1" if spec.clustered and storage.kind != "smb" else SHARE
    folder = spec.folder or rf"{volume}\{spec.name}"
    return dataclasses.replace(spec, folder=folder, disks=spec.disks or (rf"{folder}\{spec.name}.vhdx",))


def _names(spec: VmSpec) -> list[str]:
    if spec.count is None:
        return [spec.name]
    width = max(2, len(str(spec.count)))
    return [f"{spec.name}{number + 1:0{width}d}" for number in range(spec.count)]


def _check(scenario: Scenario, written: Scenario, marks: Marks) -> None:
    if not scenario.nodes:
        raise marks.error("nodes", [], "a cluster has at least one node")
    nodes = {node.name for node in scenario.nodes}
    _check_listener(scenario.listener, marks)
    _check_named(nodes, scenario.cluster.core_group_owner, "cluster.core_group_owner", marks)
    if isinstance(scenario.switches.provider_on, tuple):
        _check_named(nodes, scenario.switches.provider_on, "switches.provider_on", marks)
    for index, spec in enumerate(written.vms):
        for key in ("owner", "possible_owners", "preferred_owners"):
            _check_named(nodes, getattr(spec, key), f"vms[{index}].{key}", marks)
    groups: set[str] = set()
    for vm in scenario.vms:
        if vm.group and vm.group.lower() in groups:
            raise marks.error("vms", vm.group, "two VMs would share this group; give one of them another group")
        groups.add((vm.group or "").lower())
    _check_roles(nodes, scenario, marks)
    for section, key in (("faults", "node"), ("latency", "node")):
        for index, entry in enumerate(getattr(scenario, section)):
            _check_named(nodes, getattr(entry, key), f"{section}[{index}].{key}", marks)
    for index, event in enumerate(scenario.events):
        _check_event(scenario, event, f"events[{index}]", marks)


def _check_roles(nodes: set[str], scenario: Scenario, marks: Marks) -> None:
    for index, role in enumerate(scenario.roles):
        for key in ("owner", "preferred_owners", "possible_owners", "fails_towards"):
            _check_named(nodes, getattr(role, key), f"roles[{index}].{key}", marks)
        if (role.type == "core") != (role.name == CORE_GROUP):
            raise marks.error(f"roles[{index}].type", role.type, f"core is the type of {CORE_GROUP}, and of it alone")
        if role.type == "shared_volume" and scenario.storage.kind == "smb":
            raise marks.error(f"roles[{index}].type", role.type, "a cluster on SMB shares has no shared volumes")


def _check_listener(listener: ListenerSpec, marks: Marks) -> None:
    if "kerberos" in listener.logins and not listener.keytab:
        raise marks.error("listener.logins", "kerberos", "it needs a keytab beside it")
    if "certificate" in listener.logins and not (listener.tls and listener.tls.client_authority):
        raise marks.error("listener.logins", "certificate", "it needs tls with a client_authority beside it")


def _check_named(nodes: set[str], value: object, where: str, marks: Marks) -> None:
    names = (value,) if isinstance(value, str) else t.cast("tuple[str, ...]", value or ())
    for name in names:
        if name not in nodes:
            raise marks.error(where, name, f"there is no such node; the nodes are {_some(nodes)}")


def _check_event(scenario: Scenario, event: EventSpec, where: str, marks: Marks) -> None:
    if (event.at is None) == (event.when is None):
        raise marks.error(where, event.at, "an event has either at (a second) or when (vm and percent)")
    actions = [action for action in ACTIONS if getattr(event, action) is not None]
    if len(actions) != 1:
        raise marks.error(where, actions, f"an event has exactly one of {', '.join(ACTIONS)}")
    if (event.move is None) != (event.to is None):
        raise marks.error(where, event.to, "move and to belong together")
    nodes = {node.name for node in scenario.nodes}
    for key in ("to", "pause", "resume", "down", "up", "core_group", "vmms_restart"):
        _check_named(nodes, getattr(event, key), f"{where}.{key}", marks)
    awaited = event.when.vm if event.when else None
    for key, vm in (("move", event.move), ("power_off", event.power_off), ("idle", event.idle), ("when.vm", awaited)):
        if vm is not None and find_vm(scenario, vm) is None:
            raise marks.error(f"{where}.{key}", vm, "allowed: the name of exactly one VM, or its id")


def find_vm(scenario: Scenario, name_or_id: str) -> VmSpec | None:
    """Return the VM with this id, or the only one with this name; None when there is none or more than one."""
    found = [vm for vm in scenario.vms if vm.id == name_or_id.upper()]
    found = found or [vm for vm in scenario.vms if vm.name == name_or_id]
    return found[0] if len(found) == 1 else None


def _some(names: set[str]) -> str:
    shown = sorted(names)[:8]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
