# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving a VM by its own host: MigrateVirtualSystemToHost in root\\virtualization\\v2.

Sources: Microsoft docs, Msvm_VirtualSystemMigrationService and Msvm_VirtualSystemMigrationCapabilities; Microsoft's
sample of live and storage migration, and os-win, for what is sent.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, VIRTUALIZATION, Cluster
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import read_job
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import HOST
from ..settings.wanted_settings import WantedSettings
from .delegation import with_delegation_remedy
from .form_refusals import FormUnavailable
from .job_tracker import JobTracker
from .results import CheckResult, StartResult
from .service_calls import SERVICE, ask, ask_yes_or_no, missing_service, parameters, start
from .setting_forms import SettingForms

_CHECK = "CheckVirtualSystemIsMigratableToHost"
_CHECK_BY_JOB = "CheckVirtualSystemIsMigratable"
_MIGRATE = "MigrateVirtualSystemToHost"
_CAPABILITIES = "Msvm_VirtualSystemMigrationCapabilities"
_DOMAIN_NAME, _IPV4, _IPV6 = 2, 3, 4  # DestinationHostFormatsSupported (Microsoft docs)
_CHECKED_WITHIN, _CHECK_EVERY, _TOLD_AFTER = 60.0, 1.0, 10.0  # seconds
# The destination's addresses first, as Microsoft's sample and os-win send them. The abstract parent class is for the
# cluster's namespace alone.
_FORMS = ("typed_net", "typed", "omitted")


class HostMethod:
    """The migration services of hosts. What is read of each host is read once and kept."""

    def __init__(self, cluster: Cluster, settings: WantedSettings) -> None:
        """``settings`` are the user's, sent with every call."""
        self._cluster = cluster
        self._settings = settings
        self._forms = SettingForms(cluster, _FORMS)
        self._jobs = JobTracker(cluster, HOST, settings, on_source=True)
        self._services: dict[str, Reference] = {}
        self._names: dict[tuple[str, str], str] = {}

    def check(self, move: Move) -> CheckResult:
        """Return Hyper-V's word: of the check that is a job and says why, else of the one that says yes or no.

        Nothing is changed. Raises HyperVError and TransportError.
        """
        missing = missing_service(functools.partial(self._prepare, move))
        if missing is not None:
            return CheckResult(False, unsupported=missing)
        return self._check(move)._replace(form=self._forms.taken)

    def _check(self, move: Move) -> CheckResult:
        asked = ask(_CHECK_BY_JOB, functools.partial(self._call, _CHECK_BY_JOB, move))
        if isinstance(asked, CheckResult):
            return asked if asked.asked else ask_yes_or_no(_CHECK, move, functools.partial(self._call, _CHECK, move))
        job = asked.reference("Job")
        return self._of_job(move, job) if job is not None else CheckResult(True)

    def _of_job(self, move: Move, reference: Reference) -> CheckResult:
        """Wait for the job of a check; one that does not end soon has given no verdict."""
        session, clock = self._source(move), self._cluster.clock
        deadline = clock.now() + _CHECKED_WITHIN
        tell_from = clock.now() + _TOLD_AFTER
        while True:
            job = read_job(session, reference)
            if job is None:
                return CheckResult(False)
            if job.is_final:
                return CheckResult(True, None if job.is_success else with_errors(session, reference, job).error())
            if clock.now() >= deadline:
                return CheckResult(False)
            if clock.now() >= tell_from:
                tell_from = deadline
                self._cluster.tell(
                    f"{move.source} still checks whether {move.vm.name} can move to {move.destination.name}. "
                    f"Waiting {deadline - clock.now():.0f} s at most."
                )
            clock.pause(_CHECK_EVERY)

    def start(self, move: Move) -> StartResult:
        """Start the migration of a VM. Whatever comes back is a result, never an exception of the wire.

        It is sent once, and again in another form only after a refusal of its parameters. Raises HyperVError where
        the service is not there, or the destination cannot be named.
        """
        prepare, call = functools.partial(self._prepare, move), functools.partial(self._call, _MIGRATE, move)
        result = start(_MIGRATE, prepare, call, functools.partial(self._jobs.started, move))
        return result._replace(form=self._forms.taken)

    def known_jobs(self, move: Move) -> frozenset[str]:
        """Return the ids of the jobs that the source has before a call. Raises Fault and TransportError."""
        return self._jobs.known(move)

    def forget_jobs(self) -> None:
        """Forget which jobs there were: some time has passed."""
        self._jobs.forget()

    def find_running(self, move: Move, known: Collection[str]) -> WatchedJob | None:
        """Return the job of a VM that is not among the known ones. Raises Fault and TransportError."""
        return self._jobs.find(move, known)

    def read(self, tasks: Sequence[MigrationTask]) -> Mapping[str, WatchedJob | None]:
        """Return the jobs of some moves, by VM id; raises as ``JobTracker.read``."""
        return self._jobs.read(tasks)

    def cancellation(self, task: MigrationTask) -> Cancellation:
        """Return what ends the job of a move; nothing is sent yet."""
        return self._jobs.cancellation(task)

    def explain(self, error: Failure, move: Move) -> Failure:
        """Return an error with the remedy for the way in which the source logs on to the destination."""
        return with_delegation_remedy(self._cluster, move, error)

    def _source(self, move: Move) -> Session:
        return self._cluster.node(move.source)

    def _settings_of(self, move: Move) -> WantedSettings:
        return self._settings.with_storage(move.storage) if move.storage is not None else self._settings

    def _prepare(self, move: Move) -> None:
        """Read what every call needs, so that a call's own exceptions are about the call alone."""
        source, pair = first_label(move.source), _pair(move)
        if source not in self._services:
            found = self._source(move).references(VIRTUALIZATION, Query(SERVICE))
            if not found:
                raise HyperVError(
                    f"{move.source} shows no {SERVICE} in root\\virtualization\\v2. Check that Hyper-V's Virtual "
                    "Machine Management service runs on it."
                )
            self._services[source] = found[0]
        if not move.stays and pair not in self._names:
            self._names[pair] = self._name_of_destination(move)

    def _name_of_destination(self, move: Move) -> str:
        """Return the destination in a format that its source takes; where that lists none, as a domain name.

        Raises HyperVError where none of the formats can be given, Fault and TransportError.
        """
        rows = self._source(move).query(VIRTUALIZATION, Query(_CAPABILITIES, ("DestinationHostFormatsSupported",)))
        formats = rows[0].integers("DestinationHostFormatsSupported") if rows else ()
        if not formats or _DOMAIN_NAME in formats:
            return self._domain_name(move)
        try:
            listeners = self._forms.listeners(move.destination.name)
        except FormUnavailable as missing:
            raise HyperVError(f"{move.source} takes a destination by its address only, and {missing}.") from missing
        addresses = [ipaddress.ip_address(listener.partition("%")[0]) for listener in listeners]
        versions = {4: _IPV4, 6: _IPV6}
        named = next((str(address) for address in addresses if versions[address.version] in formats), None)
        if named is None:
            raise HyperVError(
                f"{move.source} takes a destination in the formats {', '.join(map(str, formats))} "
                f"(DestinationHostFormatsSupported), and {move.destination.name} listens on "
                f"{', '.join(map(str, addresses))} only. Give it a migration network of that kind."
            )
        return named

    def _domain_name(self, move: Move) -> str:
        session = self._cluster.node(move.destination.name)
        rows = session.query(CIMV2, Query("Win32_ComputerSystem", ("DNSHostName", "Domain", "PartOfDomain")))
        host = (rows[0].text("DNSHostName") if rows else None) or move.destination.name
        domain = rows[0].text("Domain") if rows and rows[0].boolean("PartOfDomain") else None
        return f"{host}.{domain}" if domain else host

    def _call(self, method: str, move: Move) -> Instance:
        settings = self._settings_of(move)
        # A migration of storage alone has no other host: Microsoft's sample passes NULL.
        alone = settings.type_of_migration == "storage"
        target = {} if alone else {"DestinationHost": self._names[_pair(move)]}
        source, service = self._source(move), self._services[first_label(move.source)]
        return self._forms.call(
            move, settings, lambda data: source.invoke(service, method, parameters(move, target, data, settings))
        )


def _pair(move: Move) -> tuple[str, str]:
    return first_label(move.source), first_label(move.destination.name)
