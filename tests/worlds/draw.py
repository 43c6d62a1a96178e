# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draws worlds from seeds: small clusters, sequences of runs, and others who act little or much."""

from __future__ import annotations

import dataclasses
import random
import typing as t
from collections.abc import Callable, Sequence

from tests.simulator.host_profiles import Windows
from tests.simulator.scenario import ClusterSpec, MigrationSpec, NodeSpec, VmSpec
from tests.simulator.scenario_power import PowerSpec
from tests.simulator.scenario_roles import AttachmentSpec, RoleSpec
from tests.simulator.scenario_storage import StorageSpec
from tests.simulator.switches import Switches
from tests.support.scenarios import Scenario, scenario

from .draw_rolls import draw_roll
from .world import Run, Step, World

_MEMORY = (1024, 2048, 4096, 8192, 16384)
_TIMEOUTS = (0, 120, 300, 600)
_ROLLS = 0.08  # of all worlds


def has_roll(seed: int, number: int) -> bool:
    """Tell whether there is a rolling maintenance in a world."""
    return _of_roll(f"{seed}/{number}").random() < _ROLLS


def _of_roll(name: str) -> random.Random:
    return random.Random(f"rolling maintenance of {name}")


def draw(seed: int, number: int) -> World:
    """Return one world."""
    name = f"{seed}/{number}"
    random_one = random.Random(name)
    return _Drawing(random_one).world(name)


def _crowded(given: Scenario, runs: Sequence[Run]) -> tuple[Scenario, list[Run]]:
    """Return a cluster in which a VM of NODE1 has room once another one steps aside, and runs that allow it."""
    nodes = [
        dataclasses.replace(node, memory_mb=node.memory_mb if node.name == "NODE1" else 16384) for node in given.nodes
    ]
    others = [node.name for node in nodes[1:] if node.member]
    members = [vm for vm in given.vms if vm.owner != "OTHER"]
    vms = [
        dataclasses.replace(members[0], owner="NODE1", memory_mb=8192, state="running"),
        *(
            dataclasses.replace(vm, owner=node, memory_mb=4096, state="running")
            for vm, node in zip(members[1:], others, strict=False)
        ),
        *(dataclasses.replace(vm, memory_mb=1024) for vm in members[1 + len(others) :]),
        *(vm for vm in given.vms if vm.owner == "OTHER"),
    ]
    helped = [dataclasses.replace(run, helpers=2) if run.kind == "evacuate" else run for run in runs]
    return dataclasses.replace(given, nodes=tuple(nodes), vms=tuple(vms)), helped


def _with_roles(given: Scenario, runs: Sequence[Run], chance: random.Random) -> tuple[Scenario, list[Run]]:
    """Return a cluster with roles that are no VMs, and which of them come back; most have the core group alone."""
    if chance.random() >= 0.25:
        return given, list(runs)
    nodes = [node.name for node in given.nodes if node.member]
    behaviours: Sequence[t.Any] = ("works",) * 8 + ("vetoed", "comes_back", "failed", "pending")
    roles = [
        RoleSpec(
            name,
            t.cast(t.Any, kind),
            "NODE1" if chance.random() < 0.8 else chance.choice(nodes),
            online=chance.random() < 0.9,
            preferred_owners=("NODE1",) if chance.random() < 0.3 else (),
            move=chance.choice(behaviours),
            move_seconds=chance.choice((0.0, 3.0, 20.0)),
        )
        for name, kind in (
            ("FS1", "file_server"),
            ("Cluster Virtual Disk (Volume1)", "shared_volume"),
            ("Broker", "replica_broker"),
        )
        if chance.random() < 0.7
    ]
    switches = dataclasses.replace(
        given.switches,
        role_move_answer=chance.choice(("void", "pending", "timed_out")),
        role_move_state=chance.choice(("pending", "online")),
    )
    wishes: Sequence[t.Any] = ("leave", "home", "home", "preferred_owners")
    wish = chance.choice(wishes)
    told = [dataclasses.replace(run, roles=wish) if run.kind == "restore" else run for run in runs]
    return dataclasses.replace(given, roles=tuple(roles), switches=switches), told


def _with_storage(given: Scenario, chance: random.Random) -> Scenario:
    """Return a cluster whose volumes are on the disks of its nodes, or on shares of others; most have a SAN."""
    members = [node for node in given.nodes if node.member]
    pick = chance.random()
    if 0.2 <= pick < 0.3:
        roles = tuple(role for role in given.roles if role.type != "shared_volume")
        return dataclasses.replace(given, roles=roles, storage=StorageSpec("smb"))
    if len(members) < 3 or pick >= 0.2:
        return given
    versions: Sequence[Windows] = (2016, 2022)
    windows = chance.choice(versions)
    nodes = [dataclasses.replace(node, windows=windows) for node in given.nodes]
    storage = StorageSpec(
        "spaces_direct",
        repair_delay_seconds=chance.choice((0.0, 10.0, 40.0)),
        repair_seconds=chance.choice((30.0, 300.0, 900.0)),
        away_job=chance.random() < 0.5,
    )
    switches = dataclasses.replace(
        given.switches,
        disks_of_a_drained_node=chance.choice(("maintenance", "maintenance", "with_every_pause", "in_service")),
        disks_of_a_resumed_node=chance.choice(("in_service", "in_service", "maintenance")),
        drain_of_a_paused_node=chance.choice(("accepted", "accepted", "refused")),
        maintenance_by=chance.choice(("scale_unit", "storage_health", "nobody")),
        maintenance_codes=chance.choice(("from_d009", "from_d007")),
        maintenance_stops_half_way=chance.random() < 0.2,
    )
    return dataclasses.replace(given, nodes=tuple(nodes), storage=storage, switches=switches)


class _Drawing:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._nodes: list[str] = []
        self._vms: list[str] = []

    def _likely(self, probability: float) -> bool:
        return self._chance.random() < probability

    def world(self, name: str) -> World:
        given = self._scenario()
        pick = self._chance.random()
        runs = self._runs()
        steps: list[Step] = []
        eagerness = 0.0
        if 0.1 <= pick < 0.22:
            runs, steps = self._cut(runs)
        elif 0.22 <= pick < 0.35:
            eagerness = self._chance.choice((0.005, 0.01, 0.02))
        elif pick >= 0.35:
            eagerness = self._chance.choice((0.1, 0.3, 0.5))
            runs = [*runs, *runs] if self._likely(0.7) else runs
        # Drawn by themselves, so that worlds without them are the same with and without these lines.
        if random.Random(f"crowd of {name}").random() < 0.08:
            given, runs = _crowded(given, runs)
        given, runs = _with_roles(given, runs, random.Random(f"roles of {name}"))
        chance = _of_roll(name)
        is_roll = chance.random() < _ROLLS
        if is_roll:
            given, runs, steps, eagerness = draw_roll(given, self._evacuation(), chance)
        given = _with_storage(given, random.Random(f"storage of {name}"))
        if not is_roll and random.Random(f"balancer of {name}").random() < 0.1:
            runs = [dataclasses.replace(run, balancer_off=run.kind == "evacuate") for run in runs]
        twin = random.Random(f"second cluster of {name}").random() < 0.06 and not is_roll
        company = random.Random(f"company of {name}").random() < 0.08 and not is_roll
        return World(name, given, tuple(runs), tuple(steps), eagerness, twin, company)

    # The cluster.

    def _scenario(self) -> Scenario:
        count = self._chance.choice((2, 3, 3, 3, 4))
        self._nodes = [f"NODE{number}" for number in range(1, count + 1)]
        nodes = [
            NodeSpec(
                name,
                memory_mb=self._chance.choice((32768, 65536, 65536, 131072)),
                simultaneous_migrations=self._chance.choice((1, 2, 2, 4)),
                state="paused" if name != "NODE1" and self._likely(0.03) else "up",
            )
            for name in self._nodes
        ]
        self._vms = [f"vm{letter}" for letter in "abcdefg"[: self._chance.choice((1, 2, 3, 3, 4, 5))]]
        vms = [self._vm(name) for name in self._vms]
        if self._likely(0.1):
            nodes.append(NodeSpec("OTHER", member=False))
            vms.append(VmSpec(self._vms[0], "OTHER", clustered=False))
        cluster = ClusterSpec(enforced_anti_affinity=1 if self._likely(0.1) else 0)
        return scenario(nodes, vms, cluster=cluster, switches=self._switches())

    def _vm(self, name: str) -> VmSpec:
        at_home = self._likely(0.75)
        return VmSpec(
            name,
            "NODE1" if at_home else self._chance.choice(self._nodes),
            memory_mb=self._chance.choice(_MEMORY),
            state=t.cast(t.Any, self._chance.choices(("running", "off", "saved", "paused"), (80, 10, 6, 4))[0]),
            priority=self._chance.choice((1000, 2000, 2000, 3000)),
            possible_owners=tuple(self._nodes[:-1]) if len(self._nodes) > 2 and self._likely(0.05) else None,
            anti_affinity=("class",) if self._likely(0.08) else (),
            attachments=(AttachmentSpec("pci_device", "GPU"),) if self._likely(0.03) else (),
            migration=self._migration(),
            power=self._power(),
        )

    def _migration(self) -> MigrationSpec:
        if self._likely(0.8):
            return MigrationSpec()
        return self._chance.choice(
            (
                MigrationSpec(fails_at=self._chance.randint(0, 99), fail_times=self._chance.choice((1, 2, None))),
                MigrationSpec(fails_at=50, fails_towards=self._chance.choice(self._nodes)),
                MigrationSpec(stuck_at=self._chance.randint(0, 99)),
                MigrationSpec(job_vanishes_at=self._chance.randint(0, 99)),
                MigrationSpec(warnings=True),
                MigrationSpec(seconds=self._chance.choice((30.0, 200.0, 900.0))),
                MigrationSpec(cancel=t.cast(t.Any, self._chance.choice(("race", "ignored", "refuse", "kill_only")))),
                MigrationSpec(refuse_check="It does not suit."),
            )
        )

    def _power(self) -> PowerSpec:
        if self._likely(0.8):
            return PowerSpec()
        guest = self._chance.choice(("shuts_down", "locked", "ignores", "not_ready", "absent"))
        stop = self._chance.choice((5.0, 60.0, 600.0, 1200.0))
        return PowerSpec(guest=t.cast(t.Any, guest), stop_seconds=stop)

    def _switches(self) -> Switches:
        if self._likely(0.5):
            return Switches()
        moves: tuple[tuple[str, t.Any], ...] = (
            ("provider_on", "core_group"),
            ("jobs_lost_with_provider", True),
            ("return_form", self._chance.choice(("synchronous", "done_with_job", "job_unnamed"))),
            ("job_namespace", "v2"),
            ("owner_lag_seconds", self._chance.choice((2.0, 10.0, 20.0))),
            ("host_name_form", "fqdn"),
            ("migrate_method", "not_supported"),
            ("check_method", self._chance.choice(("not_supported", "missing"))),
            ("off_vm", "refuse"),
            ("limit", self._chance.choice(("queue", "refuse"))),
            ("moving_status", "in_service"),
            ("job_error_methods", self._chance.choice(("get_error", "missing"))),
            ("paused_destination", self._chance.choice(("fail_job", "allow"))),
            ("start_on_paused_node", "allow"),
            ("return_codes", "hyperv"),
        )
        return Switches(**dict(self._chance.sample(moves, self._chance.randint(1, 3))))

    # What is run.

    def _runs(self) -> list[Run]:
        patterns: Sequence[tuple[int, Callable[[], list[Run]]]] = (
            (30, self._maintenance),
            (10, self._with_dry_run),
            (8, self._two_nodes),
            (8, self._again),
            (12, self._moves),
            (8, self._power_runs),
            (8, self._roll),
        )
        return self._chance.choices([one for unused, one in patterns], [weight for weight, unused in patterns])[0]()

    def _limits(self) -> dict[str, t.Any]:
        return {
            "timeout": self._chance.choice(_TIMEOUTS),
            "retries": self._chance.choice((0, 0, 1, 2)),
            "cancels": self._likely(0.3),
        }

    def _evacuation(self, node: str = "NODE1") -> Run:
        strategies = tuple(
            (vm, self._chance.choice(("shutdown", "save", "migrate"))) for vm in self._vms if self._likely(0.2)
        )
        return Run(
            "evacuate",
            node,
            strategies=strategies,
            attempts=self._chance.choice((1, 2, 2)),
            gives_back=self._likely(0.85),
            **self._limits(),
        )

    def _restoration(self, node: str = "NODE1") -> Run:
        return Run("restore", node, given=self._likely(0.15), **self._limits())

    def _maintenance(self) -> list[Run]:
        return [self._evacuation(), self._restoration()]

    def _with_dry_run(self) -> list[Run]:
        run = self._evacuation()
        real = dataclasses.replace(run, given=self._likely(0.5))
        return [dataclasses.replace(run, check=True), real, self._restoration()]

    def _two_nodes(self) -> list[Run]:
        back = [self._restoration("NODE1"), self._restoration("NODE2")]
        self._chance.shuffle(back)
        return [self._evacuation("NODE1"), self._evacuation("NODE2"), *back]

    def _again(self) -> list[Run]:
        run = self._evacuation()
        return [run, run, self._restoration(), self._restoration()]

    def _moves(self) -> list[Run]:
        vms = self._chance.sample(self._vms, self._chance.randint(1, len(self._vms)))
        run = Run("move", moves=tuple((vm, self._chance.choice(self._nodes)) for vm in vms), **self._limits())
        return [dataclasses.replace(run, check=True), run, run]

    def _power_runs(self) -> list[Run]:
        vms = tuple(self._chance.sample(self._vms, self._chance.randint(1, len(self._vms))))
        state = self._chance.choice(("running", "saved", "shut_down", "off"))
        run = Run("power", vms=vms, state=state, force=self._likely(0.3))
        return [dataclasses.replace(run, check=True), run, Run("power", vms=vms, state="running")]

    def _roll(self) -> list[Run]:
        runs: list[Run] = []
        for node in self._nodes[:2]:
            evacuation = dataclasses.replace(self._evacuation(node), restart=True)
            runs += [evacuation, Run("restart", node), self._restoration(node)]
        return runs

    def _cut(self, runs: list[Run]) -> tuple[list[Run], list[Step]]:
        """Return the runs with one or two of them ended in the middle, and repeated after that.

        Some are repeated on another controller, which has no files, and the plan of a dry run as an artifact.
        """
        elsewhere = runs[0].kind == "evacuate" and self._likely(0.3)
        result = [dataclasses.replace(runs[0], check=True, given=False)] if elsewhere else []
        steps: list[Step] = []
        for run in runs:
            again = dataclasses.replace(run, given=run.given or elsewhere)
            if len(steps) < 2 and self._likely(0.5):
                steps.append(Step(len(result), self._request(), "kill"))
                result.append(again)
                again = dataclasses.replace(again, elsewhere=elsewhere and run.kind == "evacuate")
            result.append(again)
        return result, steps

    def _request(self) -> int:
        return min(int(self._chance.expovariate(1 / 30)), 400)
