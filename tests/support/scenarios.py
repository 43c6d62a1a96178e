# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scenarios of the simulated cluster, built of the simulator's own shapes: mypy knows each key and value.

``scenario([node("NODE1"), node("NODE2", state="paused")], [vm("web01", migration=migration(stuck_at=40))])``.
``as_text`` writes one as the YAML that a scenario file holds, and reading that checks all that is beyond types.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Sequence

import yaml

from tests.simulator.fault_rules import FaultRule as fault
from tests.simulator.faults import Language
from tests.simulator.host_profiles import Windows
from tests.simulator.scenario import ClusterSpec, NetworkSpec, Scenario, VmSpec
from tests.simulator.scenario import EventSpec as event
from tests.simulator.scenario import MigrationSpec as migration
from tests.simulator.scenario import NodeSpec as node
from tests.simulator.scenario_power import PowerSpec as power
from tests.simulator.scenario_power import RestartSpec as restart
from tests.simulator.scenario_roles import AffinityRuleSpec as affinity_rule
from tests.simulator.scenario_roles import AttachmentSpec as attachment
from tests.simulator.scenario_roles import RoleSpec as role
from tests.simulator.scenario_storage import StorageSpec
from tests.simulator.switches import Switches

__all__ = [
    "CROWDED_NODES",
    "CROWDED_VMS",
    "NODES",
    "ClusterSpec",
    "NetworkSpec",
    "Scenario",
    "StorageSpec",
    "Switches",
    "affinity_rule",
    "as_mapping",
    "as_text",
    "attachment",
    "event",
    "fault",
    "migration",
    "node",
    "one_vm",
    "power",
    "restart",
    "role",
    "scenario",
    "vm",
    "with_nodes",
    "with_vms",
    "with_windows",
]

vm = functools.partial(VmSpec, owner="NODE1")
NODES = (node("NODE1"), node("NODE2"), node("NODE3"))
# NODE1 can be emptied if app02 steps aside to NODE3: less reserve and what the host takes, NODE2 has room for less than
# 16,000 MB and NODE3 for less than 27,000 MB.
CROWDED_NODES = tuple(node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3))
CROWDED_VMS = (
    vm("big", memory_mb=36_000),
    vm("app02", owner="NODE2", memory_mb=24_000),
    vm("fill02", owner="NODE2", memory_mb=15_000),
    vm("fill03", owner="NODE3", memory_mb=28_000),
)
_CLUSTER, _NETWORK, _SWITCHES, _SMOOTH = ClusterSpec(), NetworkSpec(), Switches(), migration()
_STORAGE = StorageSpec()


def scenario(
    nodes: Sequence[node] = NODES,
    vms: Sequence[VmSpec] = (),
    events: Sequence[event] = (),
    *,
    cluster: ClusterSpec = _CLUSTER,
    network: NetworkSpec = _NETWORK,
    storage: StorageSpec = _STORAGE,
    roles: Sequence[role] = (),
    affinity_rules: Sequence[affinity_rule] = (),
    faults: Sequence[fault] = (),
    language: Language = "en-US",
    switches: Switches = _SWITCHES,
) -> Scenario:
    """Return a cluster at its start; three nodes unless told otherwise."""
    return Scenario(
        tuple(nodes),
        tuple(vms),
        tuple(roles),
        tuple(affinity_rules),
        cluster,
        network=network,
        storage=storage,
        language=language,
        switches=switches,
        faults=tuple(faults),
        events=tuple(events),
    )


def one_vm(moves: migration = _SMOOTH, events: Sequence[event] = (), *, language: Language = "en-US") -> Scenario:
    """Return three nodes and VM web01 on NODE1, whose memory takes 20 seconds; ``moves``: how its migrations go."""
    return scenario(NODES, [vm("web01", memory_mb=20000, migration=moves)], events, language=language)


def with_nodes(given: Scenario, *nodes: node) -> Scenario:
    """Return a scenario with other nodes in the place of those of the same names. Raises LookupError: none is there."""
    return dataclasses.replace(given, nodes=_in_place(given.nodes, nodes))


def with_windows(given: Scenario, windows: Windows) -> Scenario:
    """Return a scenario whose nodes are of a version that has what is asserted of them, in a run of any version."""
    return dataclasses.replace(given, nodes=tuple(dataclasses.replace(one, windows=windows) for one in given.nodes))


def with_vms(given: Scenario, *vms: VmSpec) -> Scenario:
    """Return a scenario with other VMs in the place of those of the same names. Raises LookupError: none is there."""
    return dataclasses.replace(given, vms=_in_place(given.vms, vms))


class _Named(t.Protocol):
    @property
    def name(self) -> str: ...


_Spec = t.TypeVar("_Spec", bound=_Named)


def _in_place(given: Sequence[_Spec], others: Sequence[_Spec]) -> tuple[_Spec, ...]:
    by_name = {spec.name: spec for spec in others}
    unknown = by_name.keys() - {spec.name for spec in given}
    if unknown:
        raise LookupError(f"the scenario has no {', '.join(sorted(unknown))}")
    return tuple(by_name.get(spec.name, spec) for spec in given)


def as_text(given: Scenario) -> str:
    """Return the YAML of a scenario file that says the same."""
    return yaml.safe_dump(as_mapping(given), sort_keys=False)


def as_mapping(given: Scenario) -> dict[str, t.Any]:
    """Return what YAML reads from the file of a scenario."""
    return t.cast("dict[str, t.Any]", _plain(given))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    written = ((field, getattr(value, field.name)) for field in dataclasses.fields(value) if field.init)
    return {field.name: _plain(given) for field, given in written if given != _default(field)}


def _default(field: dataclasses.Field[t.Any]) -> object:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
