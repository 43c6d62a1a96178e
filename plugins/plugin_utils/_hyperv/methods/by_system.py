# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving a VM by the cluster's migration service: MigrateVirtualSystemToSystem.

Source: Microsoft docs, Msvm_VirtualSystemMigrationService of Root\\HyperVCluster\\v2.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.nodes import node_reference
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import SYSTEM
from ..settings.wanted_settings import WantedSettings
from .job_tracker import JobTracker
from .results import CheckResult, StartResult
from .service_calls import SERVICE, ask_yes_or_no, missing_service, parameters, start
from .setting_forms import SettingForms

_CHECK = "CheckVirtualSystemIsMigratableToSystem"
_MIGRATE = "MigrateVirtualSystemToSystem"


class SystemMethod:
    """The cluster's migration service. Its reference and the form of its setting data are found once and kept."""

    def __init__(self, cluster: Cluster, settings: WantedSettings) -> None:
        """``settings`` are the user's, sent with every call."""
        self._cluster = cluster
        self._settings = settings
        self._forms = SettingForms(cluster)
        self._jobs = JobTracker(cluster, SYSTEM, settings, on_source=False)
        self._service: Reference | None = None
        self._nodes: dict[str, Reference] = {}

    def check(self, move: Move) -> CheckResult:
        """Ask Hyper-V whether a VM can be migrated now; nothing is changed. Raises HyperVError and TransportError."""
        missing = missing_service(functools.partial(self._prepare, move))
        if missing is not None:
            return CheckResult(False, unsupported=missing)
        result = ask_yes_or_no(_CHECK, move, functools.partial(self._call, _CHECK, move))
        return result._replace(form=self._forms.taken)

    def start(self, move: Move) -> StartResult:
        """Start the migration of a VM. Whatever comes back is a result, never an exception of the wire.

        It is sent once, and again in another form only after a refusal of its parameters. Raises HyperVError where
        the service is not there.
        """
        prepare, call = functools.partial(self._prepare, move), functools.partial(self._call, _MIGRATE, move)
        result = start(_MIGRATE, prepare, call, functools.partial(self._jobs.started, move))
        return result._replace(form=self._forms.taken)

    def known_jobs(self, move: Move) -> frozenset[str]:
        """Return the ids of the jobs that the cluster has before a call. Raises Fault and TransportError."""
        return self._jobs.known(move)

    def forget_jobs(self) -> None:
        """Forget which jobs there were: some time has passed."""
        self._jobs.forget()

    def find_running(self, move: Move, known: Collection[str]) -> WatchedJob | None:
        """Return the job of a VM that is not among the known ones. Raises Fault and TransportError."""
        found = self._jobs.find(move, known)
        if found is None or found.reference.namespace.lower() != VIRTUALIZATION.lower():
            return found
        # The jobs that a host lists for itself were not read before the call: one that has ended may be from before.
        return None if found.has_ended else found

    def read(self, tasks: Sequence[MigrationTask]) -> Mapping[str, WatchedJob | None]:
        """Return the jobs of some moves, by VM id; raises as ``JobTracker.read``."""
        return self._jobs.read(tasks)

    def cancellation(self, task: MigrationTask) -> Cancellation:
        """Return what ends the job of a move; nothing is sent yet."""
        return self._jobs.cancellation(task)

    def explain(self, error: Failure, move: Move) -> Failure:
        """Return an error as it is: the cluster's own account migrates, so that nobody has to log on."""
        del move
        return error

    def _prepare(self, move: Move) -> tuple[Reference, Reference]:
        """Return the service and the destination; read before a call, so that its exceptions are about it alone."""
        destination = move.destination
        if destination.name not in self._nodes:
            self._nodes[destination.name] = node_reference(self._cluster, destination)
        if self._service is None:
            self._service = self._find_service()
        return self._service, self._nodes[destination.name]

    def _find_service(self) -> Reference:
        """Return the service instance, from an enumeration: its keys are documented for hosts only."""
        found = self._cluster.hyperv_references(Query(SERVICE))
        if not found and not self._cluster.provider_answers():
            self._cluster.find_provider()
            found = self._cluster.hyperv_references(Query(SERVICE))
        if not found:
            raise HyperVError(
                f"{self._cluster.hyperv.node} shows no {SERVICE} in Root\\HyperVCluster\\v2. Check that Hyper-V's "
                "Virtual Machine Management service runs on it."
            )
        return found[0]

    def _call(self, method: str, move: Move) -> Instance:
        return self._forms.call(move, self._settings, functools.partial(self._send, method, move))

    def _send(self, method: str, move: Move, setting_data: str | None) -> Instance:
        try:
            return self._invoke(method, move, setting_data)
        except Fault as fault:
            if not fault.is_not_found or self._cluster.provider_answers():
                raise
        # The provider went to another node: the call did not reach it, and what it showed is to be read there.
        self._cluster.find_provider()
        self._service = None
        self._nodes.clear()
        return self._invoke(method, move, setting_data)

    def _invoke(self, method: str, move: Move, setting_data: str | None) -> Instance:
        service, node = self._prepare(move)
        sent = parameters(move, {"DestinationSystem": node}, setting_data, self._settings)
        return self._cluster.hyperv.invoke(service, method, sent)
