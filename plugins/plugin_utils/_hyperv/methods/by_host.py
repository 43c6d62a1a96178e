# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving a VM by its own host: MigrateVirtualSystemToHost in root\\virtualization\\v2. Private to this collection.

Sources: Microsoft docs, Msvm_VirtualSystemMigrationService and Msvm_VirtualSystemMigrationCapabilities; Microsoft's
sample of live and storage migration, and os-win, for what is sent.
"""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Parameter, Session
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, VIRTUALIZATION, Cluster
from ..cluster.job_error_details import read_job_errors
from ..cluster.jobs import read_job
from ..failure.errors import HyperVError
from ..migration.moves import Move
from ..settings.wanted_settings import WantedSettings
from .by_system import SERVICE, MigrationService
from .form_refusals import FormUnavailable
from .results import Verdict

_CAPABILITIES = "Msvm_VirtualSystemMigrationCapabilities"
_DOMAIN_NAME, _IPV4, _IPV6 = 2, 3, 4  # DestinationHostFormatsSupported (Microsoft docs)
_CHECKED_WITHIN, _CHECK_EVERY = 60.0, 1.0  # seconds
# The destination's addresses first, as Microsoft's sample and os-win send them. The abstract parent class is for the
# cluster's namespace alone.
_FORMS = ("typed_net", "typed", "omitted")


class HostMigration(MigrationService):
    """The migration services of hosts. What is read of each host is read once and kept."""

    CHECK: t.ClassVar[str] = "CheckVirtualSystemIsMigratableToHost"
    MIGRATE: t.ClassVar[str] = "MigrateVirtualSystemToHost"
    CHECK_BY_JOB: t.ClassVar[str] = "CheckVirtualSystemIsMigratable"

    def __init__(self, cluster: Cluster, settings: WantedSettings | None = None) -> None:
        super().__init__(cluster, settings)
        self._services: dict[str, Reference] = {}
        self._names: dict[tuple[str, str], str] = {}

    def _source(self, move: Move) -> Session:
        return self._cluster.node(move.source)

    def _prepare(self, move: Move) -> None:
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
            addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in self._listeners(move.destination)]
        except FormUnavailable as missing:
            raise HyperVError(f"{move.source} takes a destination by its address only, and {missing}.") from missing
        versions = {4: _IPV4, 6: _IPV6}
        named = next((str(one) for one in addresses if versions[one.version] in formats), None)
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

    def _forms(self, move: Move) -> Sequence[str]:
        forms = [form for form in _FORMS if form in self._settings_of(move).forms]
        return sorted(forms, key=lambda form: form != self._form)

    def _settings_of(self, move: Move) -> WantedSettings:
        return self._settings.with_storage(move.storage) if move.storage is not None else self._settings

    def _target(self, move: Move) -> Mapping[str, Parameter]:
        # A migration of storage alone has no other host: Microsoft's sample passes NULL.
        alone = self._settings_of(move).type_of_migration == "storage"
        return {} if alone else {"DestinationHost": self._names[_pair(move)]}

    def _invoke(self, method: str, move: Move, parameters: Mapping[str, Parameter]) -> Instance:
        return self._source(move).invoke(self._services[first_label(move.source)], method, parameters)

    def _verdict(self, move: Move) -> Verdict:
        """Return Hyper-V's word: of the check that is a job and says why, else of the one that says yes or no."""
        asked = self._ask(self.CHECK_BY_JOB, move)
        if isinstance(asked, Verdict):
            return super()._verdict(move) if not asked.asked else asked
        job = asked.reference("Job")
        return self._of_job(move, job) if job is not None else Verdict(True)

    def _of_job(self, move: Move, reference: Reference) -> Verdict:
        """Wait for the job of a check; one that does not end soon has given no verdict."""
        session, clock = self._source(move), self._cluster.clock
        deadline = clock.now() + _CHECKED_WITHIN
        while True:
            job = read_job(session, reference)
            if job is None:
                return Verdict(False)
            if job.is_final:
                error = None if job.is_success else job.error(read_job_errors(session, reference))
                return Verdict(True, error)
            if clock.now() >= deadline:
                return Verdict(False)
            clock.pause(_CHECK_EVERY)


def _pair(move: Move) -> tuple[str, str]:
    return first_label(move.source), first_label(move.destination.name)
