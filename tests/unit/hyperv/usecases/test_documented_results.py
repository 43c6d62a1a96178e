# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the information modules return is what their RETURN documents: every key, in both directions, of its type."""

from __future__ import annotations

import importlib
import pathlib
import types
import typing as t
from collections.abc import Callable, Iterator, Mapping

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import Identity, identity_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import Owner
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import start_ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_roles import LedgerRole
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.survey import take_survey
from ansible_collections.hyperv.migration.plugins.plugin_utils._ledgers import ledger_file_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.support.actions import carry_out
from tests.support.records import leaving
from tests.support.scenarios import (
    ClusterSpec,
    as_text,
    attachment,
    event,
    migration,
    node,
    role,
    scenario,
    vm,
    with_nodes,
)
from tests.support.simulated import Simulated
from tests.unit.connection.simulated_hosts import SimulatedHosts

ROOT = pathlib.Path(__file__).parents[4]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*_info.py"))
TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
}
# Modules whose every value has a sample.
SAMPLED = {
    "hyperv_cluster_node_info",
    "hyperv_migration_capabilities_info",
    "hyperv_rolling_plan_info",
    "hyperv_vm_info",
}
# Ansible's own keys, which no RETURN repeats.
COMMON = {"changed", "msg", "warnings"}
LIMITED = ClusterSpec(maximum_parallel_migrations=1, set_smb_bandwidth_limit=1, smb_bandwidth_limit_factor=2500)
TROUBLED = scenario(
    [node("NODE1", authentication="credssp"), node("NODE2", state="paused"), node("NODE3", state="down")],
    [vm("web01"), vm("web02", owner="NODE2", state="off")],
    cluster=LIMITED,
)
MIXED = scenario(
    [node("NODE1"), node("NODE2"), node("NODE3", state="paused")],
    [vm("web01"), vm("web02"), vm("iso01", attachments=(attachment("iso"),)), vm("edge01", clustered=False)],
)
HOSTS = [f"node{number}.corp.example" for number in (1, 2)]
GONE = "FFFFFFFF-0000-0000-0000-000000000000"
Answer = dict[str, t.Any]

# web01 finds room on NODE2 if web02 steps aside.
CROWDED = scenario(
    [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)],
    [
        vm("web01", memory_mb=36_000),
        *(vm(f"web0{number}", owner="NODE2", memory_mb=size) for number, size in ((2, 24_000), (3, 15_000))),
        vm("web04", owner="NODE3", memory_mb=28_000),
    ],
)


def ask(module: str, simulated: Simulated, **given: t.Any) -> Answer:
    """Return what an information module answers about a simulated cluster."""
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    options = action.ARGUMENTS["argument_spec"]
    arguments = {name: given.get(name, option.get("default")) for name, option in options.items()}
    task = types.SimpleNamespace(check_mode=False, tell=lambda line: None)
    return t.cast("Answer", action.perform(task, simulated.cluster, arguments))


def ask_all(module: str) -> Answer:
    """Return what a module answers about the clusters of several hosts, of which one is silent."""
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    simulated = Simulated(MIXED)
    answers: dict[str, Identity | Exception] = {
        "node1.corp.example": identity_of(simulated.cluster.home),
        "silent.corp.example": Unreachable("It does not answer."),
    }
    survey = take_survey(answers, lambda host: (host,))
    options = action.ARGUMENTS["argument_spec"]
    arguments = {name: option.get("default") for name, option in options.items()}
    shown = action.perform_on_all(types.SimpleNamespace(), survey, lambda host: simulated.cluster, arguments)
    return t.cast("Answer", shown)


def on_hosts(module: str, monkeypatch: pytest.MonkeyPatch, **given: t.Any) -> Answer:
    """Return what a module answers that looks at two hosts of an inventory by itself."""
    SimulatedHosts(monkeypatch, {"HVC1": as_text(MIXED)}, {})
    return carry_out(module, HOSTS, **given)


def rolling_states(folder: pathlib.Path) -> list[Answer]:
    """Return what is said of a rolling maintenance in which one node is done and another was not looked at."""
    module = "hyperv_rolling_state_info"
    rolling = {"folder": str(folder), "cluster": "hvc1.corp.example", "node": HOSTS[0], "nodes": HOSTS}
    written = carry_out("hyperv_rolling_state", HOSTS, rolling=rolling, phase="done")
    results = [{"host": HOSTS[0], "nodes": HOSTS, "phase": "done", "path": written["path"]}]
    return [
        carry_out(module, HOSTS, results=results),
        carry_out(module, HOSTS, folder=str(folder), cluster="hvc2.corp.example"),
    ]


def events() -> Answer:
    """Return what the event logs say of a move that failed."""
    simulated = Simulated(scenario(vms=[vm("bad", migration=migration(fails_at=60, hresult=0x8007000E))]))
    simulated.move(("bad", "NODE2"))
    return ask("hyperv_migration_events_info", simulated, name="bad")


def jobs() -> Answer:
    """Return what is told of a migration that runs and of one that failed."""
    failing = vm("bad", migration=migration(fails_at=60, hresult=0x8007000E))
    simulated = Simulated(scenario(vms=[failing, vm("web01", memory_mb=200_000)]))
    simulated.move(("bad", "NODE2"))
    (run,) = simulated.runs(("web01", "NODE3"))
    simulated.scheduler().start(run)
    return ask("hyperv_migration_job_info", simulated)


def plans() -> Iterator[Answer]:
    """Yield plans with all that a plan can hold, the last one made from an earlier one."""
    module = "hyperv_evacuation_plan_info"
    first = ask(module, Simulated(MIXED), node="NODE1", strategies=[{"vm": "nothing*", "strategy": "stay"}])
    yield first
    yield ask(module, Simulated(with_nodes(MIXED, node("NODE2", memory_mb=5000))), node="NODE1")
    yield ask(module, Simulated(CROWDED), node="NODE1")
    volume = role("Cluster Virtual Disk (Volume1)", "shared_volume", "NODE1")
    yield ask(module, Simulated(scenario(roles=[volume])), node="NODE1")
    (arrived, *unused) = first["moves"]
    grown = [
        vm(name, owner=arrived["destination_host"] if name == arrived["name"] else "NODE1", memory_mb=8192)
        for name in ("web01", "web02")
    ]
    yield ask(module, Simulated(scenario(MIXED.nodes, grown)), node="NODE1", plan=first)


def restorations() -> Iterator[Answer]:
    """Yield the plan for a ledger with VMs of every kind."""
    at_home, elsewhere, moving = vm("home"), vm("away", owner="NODE2"), vm("moving")
    stopped, died = (vm(name, owner="NODE2", state="off") for name in ("stopped", "died"))
    aside, begun = vm("aside", owner="NODE2"), event(at=1, move="moving", to="NODE3")
    simulated = Simulated(scenario(vms=[at_home, elsewhere, stopped, died, moving, aside], events=[begun]))
    simulated.pause(2)
    known = {one["name"]: one["id"] for one in simulated.server.state()["vms"]}
    entries = [
        {
            "vm_id": vm_id,
            "name": name,
            "state": "running",
            "strategy": "shutdown" if name == "stopped" else "migrate",
            "memory_mb": 4096,
            "priority": 2000,
            "source_host": "NODE3" if name == "aside" else "NODE1",
            "destination_host": "NODE2",
            "outcome": "moved",
            "elapsed_seconds": 1.0,
            "restored": False,
            "helper": name == "aside",
        }
        for name, vm_id in {**known, "gone": GONE}.items()
    ]
    ledger = {
        "format": "hyperv.migration ledger 2",
        "node": "NODE1",
        "cluster": "hvc1.corp.example",
        "state": "evacuated",
        "vms": entries,
        "other_roles": [MOVED_ROLE],
    }
    yield ask("hyperv_restore_plan_info", simulated, ledger=ledger)


def rolling_plans() -> Iterator[Answer]:
    """Yield plans of rolling maintenances with all that such a plan can hold."""
    module = "hyperv_rolling_plan_info"
    small = [
        vm(f"web{number:02}", owner=owner, memory_mb=3000) for number, owner in enumerate(("NODE1", "NODE1", "NODE2"))
    ]
    roomy = scenario([node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)], small)
    yield ask(module, Simulated(roomy), layout="balanced", home=["web00"], helpers=1, moves=True)
    yield ask(module, Simulated(CROWDED), nodes="NODE1")
    yield ask(module, Simulated(CROWDED), nodes="NODE1", helpers=2, moves=True)
    yield ask(module, Simulated(MIXED), nodes=["NODE2"], strategies=[{"vm": "iso01", "strategy": "stay"}])


MOVED_ROLE: LedgerRole = {
    "kind": "core_group",
    "name": "Cluster Group",
    "type": "core cluster group",
    "source_host": "NODE1",
    "destination_host": "NODE2",
    "state": "online",
    "outcome": "moved",
    "restored": False,
}


def ledgers(folder: pathlib.Path) -> list[Answer]:
    """Return the ledger of an evacuation, and what is said where there is none."""
    file = ledger_file_of(None, str(folder), "NODE1", Owner("hvc1.corp.example"))
    now = "2026-03-01T22:00:00+00:00"
    file.change(
        lambda old: {
            **start_ledger(old, "NODE1", "hvc1.corp.example", [leaving(GONE)], now),
            "other_roles": [MOVED_ROLE],
        }
    )
    return [
        carry_out("hyperv_evacuation_ledger_info", HOSTS, folder=str(folder), node=node, cluster="hvc1.corp.example")
        for node in ("NODE1", "NODE2")
    ]


def answers(module: str, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> list[Answer]:
    """Return answers of a module in which, together, everything is that it can return."""
    healthy = {"node": "NODE1", "ignore": ["NODE2"]}
    move = {"name": "web01", "destination_host": "NODE2"}
    questions: dict[str, Callable[[], list[Answer]]] = {
        "hyperv_cim_info": lambda: [ask(module, Simulated(), class_name="Msvm_ComputerSystem")],
        "hyperv_cluster_health_info": lambda: [ask(module, Simulated(TROUBLED), **healthy)],
        "hyperv_cluster_node_info": lambda: [ask(module, Simulated(TROUBLED))],
        "hyperv_evacuation_ledger_info": lambda: ledgers(folder),
        "hyperv_evacuation_plan_info": lambda: list(plans()),
        "hyperv_migration_capabilities_info": lambda: [
            ask(module, Simulated(TROUBLED)),
            ask(module, Simulated(TROUBLED), **move),
            ask(module, Simulated(with_nodes(TROUBLED, node("NODE2"))), **move),
        ],
        "hyperv_migration_events_info": lambda: [events()],
        "hyperv_migration_job_info": lambda: [jobs()],
        "hyperv_node_identity_info": lambda: [ask(module, Simulated(), name="NODE2")],
        "hyperv_node_maintenance_info": lambda: [ask(module, Simulated(TROUBLED), node="NODE1")],
        "hyperv_readiness_info": lambda: [ask(module, Simulated(TROUBLED)), ask_all(module)],
        "hyperv_restore_plan_info": lambda: list(restorations()),
        "hyperv_scenario_info": lambda: [ask(module, Simulated(MIXED)), ask_all(module)],
        "hyperv_rolling_node_info": lambda: [
            on_hosts(
                module,
                monkeypatch,
                node=HOSTS[0],
                nodes=HOSTS,
                ignore=["NODE3"],
                timeout=0,
                folder=str(folder),
                overlap=True,
            )
        ],
        "hyperv_rolling_order_info": lambda: [
            on_hosts(
                module,
                monkeypatch,
                nodes=HOSTS,
                ignore=["NODE3"],
                strategies="iso01=stay, edge01=stay",
                timeout=0,
                folder=str(folder),
            )
        ],
        "hyperv_rolling_plan_info": lambda: list(rolling_plans()),
        "hyperv_rolling_state_info": lambda: rolling_states(folder),
        "hyperv_via_info": lambda: [on_hosts(module, monkeypatch, node="NODE1")],
        "hyperv_vm_info": lambda: [ask(module, Simulated(TROUBLED))],
    }
    return questions[module]()


def documented(module: str) -> dict[str, t.Any]:
    imported = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.modules.{module}")
    return t.cast("dict[str, t.Any]", yaml.safe_load(imported.RETURN))


def is_always_there(entry: Mapping[str, t.Any]) -> bool:
    return str(entry["returned"]).startswith(("always", "success"))


def rows_of(value: object) -> list[t.Any]:
    """Return what is in a list, or the value itself; nothing for null."""
    return value if isinstance(value, list) else [] if value is None else [value]


def differences(shown: Mapping[str, t.Any], contains: Mapping[str, t.Any], where: str = "") -> Iterator[str]:
    """Yield what is shown but not documented or the other way round, and values of another type than documented."""
    yield from (f"{where}{key}: not documented" for key in shown.keys() - contains.keys())
    yield from (f"{where}{key}: not shown" for key in contains.keys() - shown.keys() if is_always_there(contains[key]))
    for key in shown.keys() & contains.keys():
        value, entry = shown[key], contains[key]
        if value is None:
            continue
        if not isinstance(value, TYPES[entry["type"]]):
            yield f"{where}{key}: {value!r} is not a {entry['type']}"
        for one in rows_of(value):
            if "elements" in entry and not isinstance(one, TYPES[entry["elements"]]):
                yield f"{where}{key}: {one!r} is not a {entry['elements']}"
            elif "contains" in entry:
                yield from differences(one, entry["contains"], f"{where}{key}.")


def unseen(shown: list[t.Any], contains: Mapping[str, t.Any], where: str = "") -> Iterator[str]:
    """Yield the documented keys that are in none of the mappings ``shown``."""
    for key, entry in contains.items():
        values = [one for row in shown if key in row for one in rows_of(row[key])]
        if not any(key in row for row in shown):
            yield f"{where}{key}"
        elif "contains" in entry:
            yield from unseen(values, entry["contains"], f"{where}{key}.") if values else [f"{where}{key}: no row"]


@pytest.mark.parametrize("module", MODULES)
def test_the_result_is_the_documented_one(module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    shown = [
        {key: value for key, value in answer.items() if key not in COMMON}
        for answer in answers(module, monkeypatch, tmp_path)
    ]
    expected = documented(module)
    assert [difference for answer in shown for difference in differences(answer, expected)] == []
    assert list(unseen(shown, expected)) == []


def values_of(contains: Mapping[str, t.Any], where: str = "") -> Iterator[tuple[str, Mapping[str, t.Any]]]:
    """Yield what is documented and holds nothing that is documented itself."""
    for key, entry in contains.items():
        if "contains" in entry:
            yield from values_of(entry["contains"], f"{where}{key}.")
        else:
            yield f"{where}{key}", entry


@pytest.mark.parametrize("module", MODULES)
def test_every_sample_is_of_the_documented_type(module: str) -> None:
    values = dict(values_of(documented(module)))
    assert values
    for key, entry in values.items():
        if "sample" in entry or module in SAMPLED:
            assert isinstance(entry["sample"], TYPES[entry["type"]]), f"{key}: {entry.get('sample')!r}"


@pytest.mark.parametrize(
    ("shown", "contains"),
    [
        ({"a": 1}, {}),
        ({}, {"a": {"type": "int", "returned": "always"}}),
        ({"a": "1"}, {"a": {"type": "int"}}),
        ({"a": ["x"]}, {"a": {"type": "list", "elements": "dict"}}),
        ({"a": [{"b": 1}]}, {"a": {"type": "list", "elements": "dict", "contains": {}}}),
    ],
)
def test_a_difference_is_found(shown: dict[str, t.Any], contains: dict[str, t.Any]) -> None:
    assert list(differences(shown, contains))


def test_a_key_that_no_answer_has_is_found() -> None:
    contains = {"a": {"type": "list", "contains": {"b": {"type": "int"}}}, "c": {"type": "str"}}
    assert list(unseen([{"a": []}], contains)) == ["a: no row", "c"]
    assert list(unseen([{"a": [{}]}, {"c": None}], contains)) == ["a.b"]
