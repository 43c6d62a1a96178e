# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is given as the evacuation of a node while another one gets its VMs back, and how a time limit reaches it."""

from __future__ import annotations

import threading
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._clock import Interruption, TaskClock
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.support.actions import perform
from tests.support.scenarios import NODES, scenario, vm
from tests.support.simulated import Simulated


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"restart": True}, "meanwhile is no evacuation: missing required arguments: node."),
        ({"node": "NODE2", "atempts": 2}, "atempts"),
        ({"node": "NODE2", "attempts": 0}, "attempts"),
        ({"node": "NODE2", "strategies": "web01=sleep"}, "sleep"),
        ({"node": "NODE2", "begin_by": "05:00"}, "meanwhile has begin_by '05:00'. Give a time with its zone"),
        ({"node": "NODE2", "begin_by": "2026-03-02T05:00:00"}, "Give a time with its zone"),
    ],
)
def test_what_is_no_evacuation_is_refused_before_anything_is_asked(given: dict[str, t.Any], text: str) -> None:
    simulated = Simulated(scenario(NODES, [vm("web01")]))
    with pytest.raises(HyperVError, match=text):
        perform("hyperv_node_restoration", simulated, node="NODE1", meanwhile=given)
    assert simulated.requests == []


def test_a_time_limit_ends_a_pause_of_the_thread_once() -> None:
    interruption = Interruption()
    clock = TaskClock(interruption=interruption)
    limit, raised = KeyboardInterrupt("the limit"), threading.Event()
    ended: list[str] = []

    def work() -> None:
        try:
            clock.pause(600)
        except KeyboardInterrupt as error:
            ended.append(str(error))
        raised.set()
        clock.pause(0.01)  # what is to be done after it may take its time
        ended.append("over")

    thread = threading.Thread(target=work)
    thread.start()
    interruption.hand_on(limit)
    interruption.hand_on(KeyboardInterrupt("another one"))
    thread.join(60)
    assert raised.is_set()
    assert ended == ["the limit", "over"]
