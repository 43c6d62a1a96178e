# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster, its recording, and a cluster that plays it, in this process."""

from __future__ import annotations

import json
import pathlib
import random
import re
import typing as t
from collections.abc import Callable, Mapping, Sequence

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.action import hyperv_cluster_recording
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.archive import Packed, Step, pack
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.exchanges import Tape
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NoAnswer

from tests.rehearse.recorded import scenario_of
from tests.simulator.clock import ManualClock
from tests.simulator.playing import PlayedCluster
from tests.simulator.recordings import Recording, read_recording
from tests.simulator.scenario_file import read_scenario
from tests.support.actions import Answer, carry_out
from tests.support.scenarios import Scenario, as_text
from tests.unit.connection.simulated_hosts import SimulatedHosts

# Words that are in answers beside the names of the scenarios: who began a migration, folders, classes.
_WORDS = {"Administrator", "isos", "setup", "web"}
Asks = list[tuple[str, dict[str, t.Any]]]


class Recorded:
    """A recording of a scenario.

    Attributes:
        answer: what the module returned.
        packed: the archive with what replaced the names in it.
        path: of the archive.
        hosts: the inventory of the scenario.

    ``before`` is called with the inventory first.
    """

    packed: Packed

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        place: pathlib.Path,
        given: Scenario | str,
        *,
        seed: int = 1,
        before: Callable[[list[str]], object] = lambda hosts: None,
        **options: t.Any,
    ) -> None:
        self._monkeypatch = monkeypatch
        self._text = given if isinstance(given, str) else as_text(given)
        self._simulated = SimulatedHosts(monkeypatch, {"HVC1": self._text}, {})
        self.hosts = [node.full_name for node in self._simulated.network.clusters["HVC1"].scenario.nodes]
        self.path = place / "recording.zip"
        before(self.hosts)

        def kept(tape: Tape, steps: Sequence[Step], controller: Mapping[str, str], names: Sequence[str] = ()) -> Packed:
            self.packed = pack(tape, steps, controller, names, random.Random(seed))
            return self.packed

        monkeypatch.setattr(hyperv_cluster_recording, "pack", kept)
        self.answer = carry_out("hyperv_cluster_recording", self.hosts, path=str(self.path), **options)

    @property
    def changes(self) -> list[str]:
        """What was asked of a node beside reading."""
        return self._simulated.network.changes

    @property
    def recording(self) -> Recording:
        """What the simulator reads from the archive."""
        return read_recording(self.path)

    def results(self, asks: Asks) -> list[str]:
        """Return what modules answer, with the pseudonyms of all names in the scenario."""
        return [_written(self._with_pseudonyms(one)) for one in self._asked(self.hosts, asks)]

    def _with_pseudonyms(self, value: t.Any) -> t.Any:
        if isinstance(value, Mapping):
            return {self.with_pseudonyms(key): self._with_pseudonyms(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._with_pseudonyms(one) for one in value]
        return self.with_pseudonyms(value) if isinstance(value, str) else value

    def with_pseudonyms(self, text: str) -> str:
        """Return a text of the collection with the pseudonyms of all names in the scenario, of GUIDs and addresses."""
        given = self._simulated.network.clusters["HVC1"].scenario
        named = [
            *(node.name for node in given.nodes),
            *(vm.name for vm in given.vms),
            *(role.name for role in given.roles),
            *(rule.name for rule in given.affinity_rules),
            given.cluster.name,
            given.cluster.fqdn,
        ]
        words = {word for name in named for word in re.findall(r"\w+|[^\w\s\x00-\x7f]+", name)} | _WORDS
        names = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        return re.sub(
            rf"[\dA-Fa-f]{{8}}(?:-[\dA-Fa-f]{{4}}){{3}}-[\dA-Fa-f]{{12}}|\d+\.\d+\.\d+\.\d+\b|(?<![a-zA-Z\d])(?:{names})(?![a-zA-Z\d])",
            lambda found: self.packed.rewriter.name(found[0]),
            text,
            flags=re.IGNORECASE,
        )

    def replayed(self, asks: Asks) -> tuple[list[str], PlayedCluster]:
        """Return what modules answer where the recording answers them, and the cluster that plays it."""
        content, unused = scenario_of(self.recording)
        text = yaml.safe_dump(content, sort_keys=False)
        simulated = SimulatedHosts(self._monkeypatch, {"HVC1": text}, {})
        played = PlayedCluster(read_scenario(text), ManualClock(), self.recording)
        t.cast("dict[str, t.Any]", simulated.network.clusters)["HVC1"] = played
        renamed = [
            (module, {key: self._renamed(key, value) for key, value in options.items()}) for module, options in asks
        ]
        hosts = [self.packed.rewriter.name(host) for host in self.hosts]
        return [_written(one) for one in self._asked(hosts, renamed)], played

    def _renamed(self, key: str, value: t.Any) -> t.Any:
        names = ("node", "name", "destination_host", "vm_id")
        return self.packed.rewriter.name(value) if key in names else value

    def _asked(self, hosts: list[str], asks: Asks) -> t.Iterator[Answer]:
        for module, options in asks:
            try:
                yield carry_out(module, hosts, check_mode=True, **options)
            except FailedWithResult as error:
                yield {**error.result, "failed": str(error)}
            except (HyperVError, NoAnswer) as error:
                yield {"failed": str(error)}


def _written(answer: Answer) -> str:
    """Return an answer as text, without the time of day at which the task ran."""
    text = json.dumps(answer, sort_keys=True, ensure_ascii=False, default=str)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "NOW", text)
