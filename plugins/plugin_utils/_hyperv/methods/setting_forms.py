# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which form a provider takes the setting data of a migration: tried out, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..cluster.cluster import Cluster
from ..cluster.hosts import read_host_settings
from ..failure.codes import COMPLETED, JOB_STARTED, return_code
from ..failure.errors import with_remedy
from ..migration.moves import Move
from ..settings.wanted_settings import FORMS, WantedSettings
from .form_refusals import EveryFormRefused, FormUnavailable, is_clean_refusal


class SettingForms:
    """The forms of MigrationSettingData that one kind of service may take.

    Attributes:
        taken: the form that the provider took, None before the first call.
    """

    def __init__(self, cluster: Cluster, forms: Sequence[str] = FORMS) -> None:
        """``forms`` are those that the service may take, in the order in which they are tried."""
        self.taken: str | None = None
        self._cluster = cluster
        self._forms = forms
        self._addresses: dict[str, tuple[str, ...]] = {}

    def call(self, move: Move, settings: WantedSettings, send: Callable[[str | None], Instance]) -> Instance:
        """Send setting data in the form that was taken before, then in the others: each on a refusal only.

        ``send`` calls the method with it. Raises EveryFormRefused, and what ``send`` raises.
        """
        refusals = EveryFormRefused(move.vm.name, move.destination.name)
        fitting = [form for form in self._forms if form in settings.forms]
        for form in sorted(fitting, key=lambda form: form != self.taken):
            try:
                output = send(settings.setting_data(form, lambda: self.listeners(move.destination.name)))
            except FormUnavailable as missing:
                refusals.skip(form, missing)
                continue
            except Fault as fault:
                if not is_clean_refusal(fault):
                    raise
                refusals.by_fault(form, fault)
                continue
            value = output.integer("ReturnValue")
            if value in (COMPLETED, JOB_STARTED):
                self.taken = form
            if value is None or not return_code(value).parameters_refused or output.reference("Job") is not None:
                return output
            refusals.by_value(form, value)
        raise refusals

    def listeners(self, destination: str) -> tuple[str, ...]:
        """Return the addresses on which a node receives migrations, read once. Raises FormUnavailable."""
        if destination not in self._addresses:
            try:
                found = read_host_settings(self._cluster, destination).listener_addresses
            except NoAnswer as error:
                why = with_remedy(error).rstrip(".")
                raise FormUnavailable(f"{destination} does not tell its listener addresses ({why})") from error
            if not found:
                raise FormUnavailable(f"{destination} listens on no address for migrations")
            self._addresses[destination] = found
        return self._addresses[destination]
