# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is asked once for what many modules read, and never gets half an enumeration told twice."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.reads import NotARead
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.sparing import SparingSend
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, NoAnswer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.simulator.clock import ManualClock
from tests.support.scenarios import NODES, Switches, scenario, vm
from tests.support.simulated import Simulated

GIVEN = scenario(NODES, [vm(f"vm{number}") for number in range(5)], switches=Switches(page_limit=2))
EVERY_VM = Query("Msvm_SummaryInformation", ("Name", "ElementName"))
NAMESPACE = "root/HyperVCluster/v2"


class Clock:
    def __init__(self) -> None:
        self._clock = ManualClock()

    def now(self) -> float:
        return self._clock.now()

    def pause(self, seconds: float) -> None:
        self._clock.advance(seconds)


class Node:
    """NODE1 of a simulated cluster behind a SparingSend."""

    def __init__(self) -> None:
        self.simulated = Simulated(GIVEN)
        self.session = Session(SparingSend(lambda request: self.simulated._send("NODE1", request)), Clock(), "NODE1")

    @property
    def sent(self) -> int:
        return self.simulated.sent["NODE1"]

    def names(self) -> list[str | None]:
        return [row.text("ElementName") for row in self.session.query(NAMESPACE, EVERY_VM)]


def test_what_was_read_to_its_end_is_told_from_memory() -> None:
    node = Node()
    first = node.names()
    sent = node.sent
    assert sent > 2
    assert [node.names(), node.names()] == [first, first]
    assert node.sent == sent


def test_another_question_is_asked() -> None:
    node = Node()
    node.names()
    sent = node.sent
    node.session.query(NAMESPACE, Query("Msvm_SummaryInformation", ("Name",)))
    assert node.sent > sent


def test_an_enumeration_that_broke_off_is_begun_anew_at_the_node() -> None:
    node = Node()
    lost: list[bytes] = []

    def lose(unused: str, request: bytes) -> str:
        if b"enumeration/Pull" in request and not lost:
            lost.append(request)
            return "after"
        return ""

    node.simulated.lose = lose
    assert len(node.names()) == 5
    sent = node.sent
    assert len(node.names()) == 5
    assert node.sent == sent


def test_a_fault_is_not_kept() -> None:
    node = Node()
    for unused in range(2):
        with pytest.raises(NoAnswer):
            node.session.query("root/cimv2", Query("Win32_Nothing"))
    assert node.sent >= 4


def test_one_that_was_given_up_is_given_up_again() -> None:
    node = Node()
    for unused in range(3):
        assert node.session.query(NAMESPACE, EVERY_VM, 5)
        with pytest.raises(Exception, match="more than 1"):
            node.session.query(NAMESPACE, EVERY_VM, 1)
    assert len(node.names()) == 5


def test_calls_are_sent_each_time() -> None:
    node = Node()
    node.simulated.rehearse(("vm1", "NODE2"))
    call = next(
        one for unused, one in node.simulated.requests if b"CheckVirtualSystemIsMigratableToSystem_INPUT" in one
    )
    sparing = SparingSend(lambda request: node.simulated._send("NODE1", request))
    sent = node.sent
    sparing(call)
    sparing(call)
    assert node.sent == sent + 2


def test_nothing_but_reads_gets_there() -> None:
    node = Node()
    node.simulated.move(("vm1", "NODE2"))
    call = next(one for unused, one in node.simulated.requests if b"MigrateVirtualSystemToSystem_INPUT" in one)
    sparing = SparingSend(lambda request: node.simulated._send("NODE1", request))
    sent = node.sent
    with pytest.raises(NotARead):
        sparing(call)
    assert node.sent == sent


def test_a_lost_answer_is_no_reason_to_give_a_host_up() -> None:
    answers: list[bytes | Exception] = [AnswerLost("reset"), b"<answer/>"]

    def send(unused: bytes) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    node = Node()
    node.names()
    request = node.simulated.requests[0][1]
    sparing = SparingSend(send)
    with pytest.raises(AnswerLost):
        sparing(request)
    assert sparing(request) == b"<answer/>"
