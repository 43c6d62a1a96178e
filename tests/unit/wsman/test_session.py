# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session over scripted answers and a clock that only counts: what is repeated, what is not, and when it gives up."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman import namespaces as ns
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import (
    AnswerLost,
    NodeBusy,
    Unreachable,
    UnreadableAnswer,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.instances import Instance
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import READ_PAUSES, Session
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

Step = bytes | Exception
V2 = "root/virtualization/v2"
VMS = Query("Msvm_ComputerSystem", where={"ElementName": ("DB-17",)})
JOB = Reference.of(V2, "Msvm_MigrationJob", InstanceID="D4A7C610-28EB-4935-9F0C-61B3E85D7A42")
SERVICE = Reference.of(V2, "Msvm_VirtualSystemMigrationService", Name="vmms")


@dataclasses.dataclass
class Clock:
    """Counts what it is asked to wait."""

    pauses: list[float] = dataclasses.field(default_factory=list)

    def now(self) -> float:
        return sum(self.pauses)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Node:
    """Answers each request with the next step of its script; the last one for good where ``forever`` is set."""

    def __init__(self, envelope: Callable[[str], bytes], relates_to: str, *script: str | Step, forever: bool) -> None:
        self._relates_to = relates_to.encode()
        self._script = [envelope(step) if isinstance(step, str) else step for step in script]
        self._forever = forever
        self.clock = Clock()
        self.requests: list[ET.Element] = []
        self.session = Session(self.send, self.clock, "NODE-A")

    def send(self, request: bytes) -> bytes:
        self.requests.append(ET.fromstring(request))
        last = self._forever and len(self._script) == 1
        assert self._script, f"unexpected request {self.actions[-1]}"
        step = self._script[0] if last else self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step.replace(self._relates_to, self.header(-1, ns.ADDRESSING, "MessageID").encode())

    def header(self, number: int, namespace: str, name: str) -> str:
        return self.requests[number].findtext(f"{{{ns.SOAP}}}Header/{{{namespace}}}{name}") or ""

    @property
    def actions(self) -> list[str]:
        return [self.header(i, ns.ADDRESSING, "Action").rpartition("/")[2] for i in range(len(self.requests))]

    @property
    def is_done(self) -> bool:
        return not self._script


Script = Callable[..., Node]


@pytest.fixture
def node(envelope: Callable[[str], bytes], message_id: str) -> Script:
    def start(*script: str | Step, forever: bool = False) -> Node:
        return Node(envelope, message_id, *script, forever=forever)

    return start


def names(rows: Iterable[Instance]) -> list[str | None]:
    return [row.text("ElementName") for row in rows]


def test_one_round_trip_reads_an_optimized_enumeration(node: Script) -> None:
    scripted = node("enumerate_items_with_references")
    found = scripted.session.references(V2, VMS)
    assert [reference.key("Name") for reference in found] == [
        "3B9E41D7-5C20-4F8A-A1D6-7E02C49B8F15",
        "81F02D5A-7B3C-4E96-B8D4-1A5C9E60F723",
    ]
    assert scripted.actions == ["Enumerate"]


def test_pages_of_one_item_are_pulled_until_the_end(node: Script) -> None:
    scripted = node("enumerate_context_only", "pull_one_of_many", "pull_one_of_many", "pull_last")
    assert names(scripted.session.query(V2, VMS)) == ["NODE-A", "NODE-A", "db-17"]
    assert scripted.actions == ["Enumerate", "Pull", "Pull", "Pull"]
    assert scripted.session.requests == 4
    assert scripted.clock.pauses == []


def test_nothing_is_pulled_after_the_end_beside_a_context(node: Script) -> None:
    scripted = node("enumerate_context_beside_end")
    assert names(scripted.session.query(V2, VMS)) == ["db-17"]


@pytest.mark.parametrize("gone", ["fault_without_detail", "fault_not_found"])
def test_an_enumeration_that_vanished_starts_anew_without_its_first_items(node: Script, gone: str) -> None:
    scripted = node(
        "enumerate_context_only", "pull_one_of_many", gone, "enumerate_context_only", "pull_one_of_many", "pull_last"
    )
    assert names(scripted.session.query(V2, VMS)) == ["NODE-A", "db-17"]
    assert scripted.actions == ["Enumerate", "Pull", "Pull", "Enumerate", "Pull", "Pull"]


def test_an_enumeration_that_vanishes_twice_is_a_fault(node: Script) -> None:
    scripted = node(*["enumerate_context_only", "fault_without_detail"] * 2)
    with pytest.raises(Fault, match="enumeration context is invalid") as caught:
        scripted.session.query(V2, VMS)
    assert caught.value.is_context_gone
    assert scripted.is_done


def test_an_error_in_the_middle_releases_the_enumeration(node: Script) -> None:
    scripted = node("enumerate_context_only", "pull_one_of_many", "fault_access_denied", "release")
    with pytest.raises(Fault) as caught:
        scripted.session.query(V2, VMS)
    assert caught.value.is_access_denied
    assert scripted.actions == ["Enumerate", "Pull", "Pull", "Release"]
    context = scripted.requests[-1].findtext(f".//{{{ns.ENUMERATION}}}Release/{{{ns.ENUMERATION}}}EnumerationContext")
    assert context == "uuid:0E5B7C93-64A1-4D28-8F3B-D90172C6E4A8"


@pytest.mark.parametrize("answer", ["fault_not_found", AnswerLost("cut"), b"<", Unreachable("refused")])
def test_a_failing_release_does_not_hide_the_error(node: Script, answer: str | Step) -> None:
    scripted = node("enumerate_context_only", "fault_access_denied", answer)
    with pytest.raises(Fault) as caught:
        scripted.session.query(V2, VMS)
    assert caught.value.is_access_denied
    assert scripted.is_done


def test_a_pull_that_timed_out_is_pulled_again(node: Script) -> None:
    scripted = node("enumerate_context_only", "fault_timed_out_localised", "fault_timed_out_localised", "pull_last")
    assert names(scripted.session.query(V2, VMS)) == ["db-17"]
    assert scripted.actions == ["Enumerate", "Pull", "Pull", "Pull"]
    assert scripted.clock.pauses == []


def test_a_pull_that_is_refused_is_released_and_the_enumeration_repeated_later(node: Script) -> None:
    scripted = node("enumerate_context_only", "fault_quota", "release", "enumerate_context_only", "pull_last")
    assert names(scripted.session.query(V2, VMS)) == ["db-17"]
    assert scripted.actions == ["Enumerate", "Pull", "Release", "Enumerate", "Pull"]
    assert scripted.clock.pauses == [0.0]


@pytest.mark.parametrize("answer", ["get_migration_job", "release"])
def test_an_answer_that_is_no_page_is_no_empty_list(node: Script, answer: str) -> None:
    scripted = node(*[answer] * (len(READ_PAUSES) + 1))
    with pytest.raises(UnreadableAnswer):
        scripted.session.query(V2, VMS)


def test_an_empty_answer_is_no_instance(node: Script) -> None:
    scripted = node("release")
    with pytest.raises(UnreadableAnswer):
        scripted.session.get(Reference.of(V2, "Msvm_ComputerSystem", Name="x"))


def test_without_wql_the_class_is_enumerated_and_filtered_here(node: Script) -> None:
    scripted = node("fault_filter_refused", "enumerate_items_with_references", "enumerate_items_with_references")
    assert names(scripted.session.query(V2, VMS)) == ["db-17"]
    assert [scripted.header(i, ns.WSMAN, "ResourceURI") for i in range(2)] == [
        ns.resource_uri(V2, "*"),
        ns.resource_uri(V2, "Msvm_ComputerSystem"),
    ]
    assert scripted.requests[0].find(f".//{{{ns.WSMAN}}}Filter") is not None
    assert scripted.requests[1].find(f".//{{{ns.WSMAN}}}Filter") is None
    # Remembered: the next question does not try WQL again.
    assert [one.key("Name") for one in scripted.session.references("ROOT/Virtualization/V2", VMS)] == [
        "3B9E41D7-5C20-4F8A-A1D6-7E02C49B8F15"
    ]
    assert scripted.actions == ["Enumerate"] * 3


def test_a_namespace_without_wql_says_nothing_about_another(node: Script) -> None:
    scripted = node("fault_filter_refused", "enumerate_nothing", "enumerate_nothing")
    scripted.session.query(V2, VMS)
    scripted.session.query("root/MSCluster", Query("MSCluster_Node"))
    assert scripted.requests[2].find(f".//{{{ns.WSMAN}}}Filter") is not None


def test_another_fault_of_a_query_is_no_reason_to_enumerate_everything(node: Script) -> None:
    scripted = node("fault_access_denied")
    with pytest.raises(Fault, match=r"NODE-A refused Enumerate root/virtualization/v2/\*: Access is denied\."):
        scripted.session.query(V2, VMS)


@pytest.mark.parametrize("lost", [AnswerLost("cut"), NodeBusy("503"), b"", b"<html>", "fault_timed_out_localised"])
def test_a_lost_answer_to_a_read_is_asked_for_again(node: Script, lost: str | Step) -> None:
    scripted = node(lost, "get_migration_job")
    assert scripted.session.get(JOB).integer("JobState") == 7
    assert scripted.clock.pauses == [0.0]


def test_an_answer_lost_between_two_pages_starts_the_enumeration_anew(node: Script) -> None:
    scripted = node("enumerate_context_only", "pull_one_of_many", AnswerLost("cut"), "enumerate_context_beside_end")
    assert names(scripted.session.query(V2, VMS)) == ["db-17"]


def test_a_read_gives_up_after_growing_pauses(node: Script) -> None:
    scripted = node(AnswerLost("cut"), forever=True)
    with pytest.raises(AnswerLost):
        scripted.session.get(JOB)
    assert scripted.clock.pauses == list(READ_PAUSES) == sorted(READ_PAUSES)
    assert scripted.session.requests == len(READ_PAUSES) + 1


def test_a_request_that_was_not_carried_out_is_not_repeated(node: Script) -> None:
    scripted = node(Unreachable("no route"))
    with pytest.raises(Unreachable):
        scripted.session.get(JOB)


def test_what_is_not_there_is_asked_for_once(node: Script) -> None:
    scripted = node("fault_not_found")
    with pytest.raises(Fault) as caught:
        scripted.session.get(JOB)
    assert caught.value.is_not_found
    assert (caught.value.node, caught.value.operation) == ("NODE-A", "Get root/virtualization/v2/Msvm_MigrationJob")


def test_a_method_is_called_and_its_output_returned(node: Script) -> None:
    scripted = node("invoke_migrate_job_started")
    output = scripted.session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {"DestinationHost": "NODE-B"})
    assert output.integer("ReturnValue") == 4096
    assert output.reference("Job") == JOB


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (AnswerLost("cut"), AnswerLost),
        (Unreachable("no route"), Unreachable),
        (b"<html>", UnreadableAnswer),
        (b"", UnreadableAnswer),
        ("fault_timed_out_localised", Fault),
        ("fault_access_denied", Fault),
        ("fault_without_detail", Fault),
    ],
)
def test_a_method_that_may_have_started_is_never_called_twice(
    node: Script, answer: str | Step, error: type[Exception]
) -> None:
    scripted = node(answer)
    with pytest.raises(error):
        scripted.session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {})
    assert len(scripted.requests) == 1
    assert scripted.clock.pauses == []


def test_a_call_that_was_refused_before_it_started_is_waited_out(node: Script) -> None:
    scripted = node("fault_quota", NodeBusy("503"), "fault_quota", "invoke_migrate_job_started")
    assert scripted.session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {}).integer("ReturnValue") == 4096
    assert scripted.clock.pauses == [1.0, 2.0, 4.0]


def test_the_outcome_stays_unknown_where_the_answer_is_lost_after_a_quota(node: Script) -> None:
    scripted = node("fault_quota", AnswerLost("cut"))
    with pytest.raises(AnswerLost):
        scripted.session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {})
    assert scripted.is_done


@pytest.mark.parametrize(("answer", "error"), [("fault_quota", Fault), (NodeBusy("503"), NodeBusy)])
def test_a_call_gives_up_after_half_a_minute(node: Script, answer: str | Step, error: type[Exception]) -> None:
    scripted = node(answer, forever=True)
    with pytest.raises(error):
        scripted.session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {})
    assert scripted.clock.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_every_request_has_an_id_of_its_own(node: Script) -> None:
    scripted = node(AnswerLost("cut"), "enumerate_context_only", "pull_one_of_many", "pull_last")
    scripted.session.query(V2, VMS)
    ids = [scripted.header(i, ns.ADDRESSING, "MessageID") for i in range(4)]
    assert len(set(ids)) == 4
    for one in ids:
        assert re.fullmatch(r"uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", one)


def test_the_answer_to_another_request_is_not_taken(node: Script, envelope: Callable[[str], bytes]) -> None:
    other = envelope("get_migration_job").replace(b"uuid:A58C2E70", b"uuid:00000000")
    scripted = node(other, "get_migration_job")
    scripted.session.get(JOB)
    assert len(scripted.requests) == 2
    with pytest.raises(UnreadableAnswer, match="belongs to request uuid:00000000"):
        node(other).session.invoke(SERVICE, "MigrateVirtualSystemToSystem", {})


def test_the_trace_tells_what_was_asked_and_how_it_went_and_nothing_that_is_in_it(node: Script) -> None:
    scripted = node("enumerate_items_with_references", "invoke_migrate_job_started", AnswerLost("cut"))
    lines: list[str] = []
    traced = Session(scripted.send, scripted.clock, "NODE-A", trace=lines.append)
    traced.query(V2, VMS)
    traced.invoke(SERVICE, "MigrateVirtualSystemToSystem", {"DestinationHost": "NODE-B"})
    with pytest.raises(AnswerLost):
        traced.invoke(JOB, "RequestStateChange", {"RequestedState": 4})
    told = [re.sub(r"\d+ bytes", "N bytes", line) for line in lines]
    assert told == [
        f"Enumerate {V2}/* (Msvm_ComputerSystem): N bytes sent, N bytes received, 0.00 s",
        f"MigrateVirtualSystemToSystem {V2}/Msvm_VirtualSystemMigrationService: N bytes sent, N bytes received, 0.00 s",
        f"RequestStateChange {V2}/Msvm_MigrationJob: N bytes sent, no answer, 0.00 s",
    ]


def session_that_meets(fault: Fault) -> Session:
    def send(request: bytes) -> bytes:
        raise fault

    return Session(send, Clock(), "NODE-A")


def test_a_class_that_may_be_missing_has_no_instances() -> None:
    assert session_that_meets(Fault(0x80041010)).query(V2, VMS, missing_ok=True) == []


@pytest.mark.parametrize(("code", "missing_ok"), [(0x80041010, False), (0x8004100E, True), (0x80041003, True)])
def test_a_missing_namespace_is_never_taken_for_a_missing_class(code: int, missing_ok: bool) -> None:
    with pytest.raises(Fault):
        session_that_meets(Fault(code)).query(V2, VMS, missing_ok=missing_ok)
