# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scenario of a recording: what the product itself would describe, from the recorded answers."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.cluster_description import read_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.scenario import write_scenario
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NoAnswer, Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.doubts.evidence import Evidence
from tests.doubts.judges import GUID, MSCLUSTER, V2
from tests.simulator.clock import ManualClock
from tests.simulator.recordings import Player, Recording
from tests.simulator.scenario_reader import ScenarioError

_DESCRIBES = "hyperv_scenario_info"
# CIM_EnabledLogicalElement.EnabledState, with Hyper-V's meaning of 6 and 9 (Microsoft's docs on Msvm_ComputerSystem).
_STATES = {"2": "running", "3": "off", "6": "saved", "9": "paused"}
_NO_MEMORY = "Hosts without a cluster: their memory, and that of their VMs, is what a scenario has by default."


class RecordedCluster:
    """The recorded answers as a cluster that the product can ask; is its own clock, on which waiting takes no time.

    Attributes:
        cluster: the cluster as the product sees it.
        unanswered: how many requests nothing was recorded for.
    """

    def __init__(self, recording: Recording) -> None:
        """Talk through the host that described the cluster. Raises ScenarioError where none did."""
        asked = [one.host for one in recording.exchanges if one.task == _DESCRIBES]
        if not asked:
            raise ScenarioError(f"The recording has no answers to {_DESCRIBES}; record the cluster as the guide says")
        self._clock = ManualClock()
        hosts = {name.partition(".")[0].lower(): host for host, name in recording.computers().items()}
        players = {
            host: Player([one for one in recording.exchanges if one.host == host])
            for host in {one.host for one in recording.exchanges}
        }
        self._sessions = {name: self._session(players[host], host) for name, host in hosts.items()}
        self._home = next(name for name, host in hosts.items() if host == asked[0])
        self.unanswered = 0
        self.cluster = Cluster(self._connect, self)

    def now(self) -> float:
        return self._clock.now()

    def pause(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def _connect(self, node: str | None) -> Session:
        label = self._home if node is None else node.partition(".")[0].lower()
        if label not in self._sessions:
            raise Unreachable(f"{node} is not in the recording")
        return self._sessions[label]

    def _session(self, player: Player, host: str) -> Session:
        def send(request: bytes) -> bytes:
            found = player.answer(request)
            if found is None:
                self.unanswered += 1
                raise Unreachable(f"{host} was not asked this when the recording was made")
            return found[1]

        return Session(send, self, host)


def _of_hosts(evidence: Evidence, names: Sequence[str]) -> dict[str, t.Any]:
    """Return the scenario of hosts by themselves, with the VMs that each of them has listed."""
    vms: dict[tuple[str, str], dict[str, t.Any]] = {}
    for one in evidence.enumerations(V2, "Msvm_ComputerSystem"):
        for row in evidence.rows(one):
            # Of some columns alone, the others are missing; hosts themselves have no GUID as their name.
            if row.text("ElementName") and GUID.fullmatch(row.text("Name")):
                state = _STATES.get(row.text("EnabledState"), "off")
                vm = {"name": row.text("ElementName"), "id": row.text("Name"), "owner": one.computer, "state": state}
                vms.setdefault((one.computer, row.text("Name")), vm)
    return {"nodes": [{"name": name, "member": False} for name in names], "vms": list(vms.values())}


def scenario_of(recording: Recording) -> tuple[dict[str, t.Any], list[str]]:
    """Return the scenario of the recorded cluster with notes on what it lacks. Raises ScenarioError."""
    evidence = Evidence(recording)
    if not evidence.all_rows(MSCLUSTER, "MSCluster_Node") and (hosts := recording.computers()):
        return _of_hosts(evidence, sorted(set(hosts.values()))), [_NO_MEMORY]
    try:
        return write_scenario(read_cluster(RecordedCluster(recording).cluster))
    except (HyperVError, NoAnswer) as error:
        raise ScenarioError(
            f"The recording does not hold all that this version reads of a cluster: {error}. Record it with this "
            "one, or check the version out that it was recorded with"
        ) from error
