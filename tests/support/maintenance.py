# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evacuations and restorations in process: a simulated cluster, the manual clock, and a ledger in memory."""

from __future__ import annotations

import copy
import datetime as dt
import typing as t
from collections.abc import Callable

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.controller import Controller
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation_options import (
    EvacuationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import (
    EvacuationOutcome,
    Outcome,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration import Restoration
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration_options import (
    RestorationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import Policy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import Beside
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.role_strategies import (
    read_role_strategies,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import read_strategies
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import MigrationOptions

from tests.support.scenarios import Scenario, node
from tests.support.simulated import Simulated

NODES = tuple(node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3))
BY_ITSELF = Beside()
_BEGAN = dt.datetime(2026, 1, 15, 22, 0, tzinfo=dt.timezone.utc)


class CutOff(BaseException):
    """Ansible's time limit of a task, which may come at any moment."""


class Gone(Exception):
    """Ansible is gone, so that nobody sees what the task does."""


class MemoryLedger:
    """A ledger that is kept in memory.

    Attributes:
        content: the ledger, None for none.
        writes: how often it was written.
        full_from: the write, counted from 1, from which on nothing can be written; 0 for never.
    """

    path = "memory:ledger"
    note = ""

    def __init__(self, content: Ledger | None = None) -> None:
        self.content = content
        self.writes = 0
        self.full_from = 0

    def read(self) -> Ledger | None:
        return copy.deepcopy(self.content)

    def change(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        new = change(self.read())
        self.writes += 1
        if self.full_from and self.writes >= self.full_from:
            raise HyperVError(f"{self.path} cannot be written: No space left on device. Choose another path.")
        self.content = copy.deepcopy(new)
        return new

    def check(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        return change(self.read())

    def vm(self, name: str) -> t.Any:
        """Return the entry of a VM."""
        assert self.content is not None
        return next(vm for vm in self.content["vms"] if vm["name"] == name)


class Story:
    """One simulated cluster, of which NODE1 is emptied and filled again through NODE2.

    Attributes:
        node: the node that is emptied and filled.
        ledger: where its ledger is kept.
        lines: what was shown meanwhile.
        entered: how often the node was entered as about to be emptied.
        interrupt: called before each request with the number of requests so far, and may raise.
    """

    def __init__(self, given: Scenario, home: str = "NODE2", **switches: object) -> None:
        self.simulated = Simulated(given, home, **switches)
        self.ledger = MemoryLedger()
        self.lines: list[str] = []
        self.node = "NODE1"
        self.entered = 0
        self.enter: Callable[[], None] = lambda: None

    def evacuate(
        self,
        *strategies: tuple[str, str],
        check: bool = False,
        plan: dict[str, t.Any] | None = None,
        destinations: tuple[str, ...] = (),
        reserve: float = 10,
        restart: bool = False,
        local_vms: bool = False,
        timeout: int = 0,
        retries: int = 0,
        helpers: int = 0,
        roles: tuple[tuple[str, str], ...] = (),
        beside: Beside = BY_ITSELF,
        **options: t.Any,
    ) -> EvacuationOutcome:
        wish = EvacuationRequest(
            self.node,
            destinations,
            reserve,
            read_strategies([{"vm": vm, "strategy": strategy} for vm, strategy in strategies]),
            earlier=read_earlier_plan(plan) if plan is not None else None,
            restart=restart,
            local_vms=local_vms,
            helpers=helpers,
            role_strategies=read_role_strategies([{"role": name, "strategy": strategy} for name, strategy in roles]),
            beside=beside,
        )
        migration = MigrationOptions(timeout=timeout, policy=Policy(retries=retries))
        chosen = EvacuationOptions(migration, **options)
        evacuation = Evacuation(self._cluster(), wish, chosen, self._controller())
        return evacuation.dry_run() if check else evacuation.execute()

    def restore(
        self, *, check: bool = False, given: Ledger | None = None, timeout: int = 0, retries: int = 0, **options: t.Any
    ) -> Outcome:
        migration = MigrationOptions(timeout=timeout, policy=Policy(retries=retries))
        chosen = RestorationOptions(migration, **{"node": self.node, **options})
        restoration = Restoration(self._cluster(), chosen, self._controller(), given)
        return restoration.dry_run() if check else restoration.execute()

    def _cluster(self) -> Cluster:
        """Return the cluster as a new task sees it."""
        self.simulated.cluster = Cluster(self.simulated._connect, self.simulated, tell=self.lines.append)
        return self.simulated.cluster

    def _controller(self) -> Controller:
        return Controller(
            lambda node, owner: self.ledger,
            self.moment,
            self._cluster,
            self.lines.append,
            self.lines.extend,
            shows_progress=True,
            enter=self._enter,
            cut_off=lambda error: "The task was cut off after 60 s" if isinstance(error, CutOff) else "",
            gone=(Gone,),
        )

    def _enter(self) -> None:
        self.enter()
        self.entered += 1

    def moment(self, reading: float) -> str:
        return (_BEGAN + dt.timedelta(seconds=reading)).isoformat(timespec="seconds")

    @property
    def vms(self) -> dict[str, tuple[str, str]]:
        """Owner and state of each VM, as the simulated cluster itself has them."""
        return {vm["name"]: (vm["owner"], vm["state"]) for vm in self.simulated.server.state()["vms"]}

    @property
    def roles(self) -> dict[str, tuple[str, str]]:
        """Owner and state of each role that is no VM, likewise."""
        return {role["name"]: (role["owner"], role["state"]) for role in self.simulated.server.state()["roles"]}

    @property
    def role_moves(self) -> list[tuple[str, str, str]]:
        """What was moved of them, from where to where, by whomever, likewise."""
        moves = self.simulated.server.state()["role_moves"]
        return [(one["role"], one["source"], one["destination"]) for one in moves]

    @property
    def node1(self) -> str:
        """The state of NODE1, likewise."""
        return str(next(node["state"] for node in self.simulated.server.state()["nodes"] if node["name"] == "NODE1"))

    def commands(self, name: str) -> list[str]:
        """What a VM was told to do by requests."""
        found = next(vm["commands"] for vm in self.simulated.server.state()["vms"] if vm["name"] == name)
        return t.cast("list[str]", found)
