# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ending jobs: what is sent when, and what came of it, against the simulated cluster on its manual clock."""

from __future__ import annotations

import itertools
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.jobs import Job
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.cancellation import (
    Cancellation,
    cancel_jobs,
    why_given_up,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.end_requests import JobEnd
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.simulator.clock import ManualClock
from tests.support.requests import calls
from tests.support.scenarios import NetworkSpec, event, migration, one_vm, scenario, vm
from tests.support.simulated import Simulated, started

ANSWER = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:RelatesTo>{id}</a:RelatesTo></s:Header>
<s:Body><p:RequestStateChange_OUTPUT xmlns:p="{uri}"><p:ReturnValue>{value}</p:ReturnValue>
</p:RequestStateChange_OUTPUT></s:Body></s:Envelope>"""
REFERENCE = Reference.of("root/HyperVCluster/v2", "Msvm_MigrationJob", InstanceID="JOB1")


def cancelled(simulated: Simulated, reference: Reference, **options: t.Any) -> Cancellation:
    (cancellation,) = cancel_jobs(simulated.cluster, [("", reference)], **options)
    return cancellation


def ends_a_job(request: bytes) -> bool:
    return calls("RequestStateChange", request)


def asked_for(request: bytes) -> int:
    return int(re.search(rb"RequestedState>(\d+)<", request).group(1))


class Requests:
    """The requests to end a job that a simulated cluster gets; ``lose`` says what becomes of the n-th, from 1."""

    def __init__(self, simulated: Simulated, *lost: str) -> None:
        self.seen: list[tuple[int, float]] = []
        self._simulated, self._lost = simulated, lost
        self._from = simulated.now()
        simulated.lose = self._see

    def _see(self, node: str, request: bytes) -> str:
        if not ends_a_job(request):
            return ""
        self.seen.append((asked_for(request), self._simulated.now() - self._from))
        return self._lost[len(self.seen) - 1] if len(self.seen) <= len(self._lost) else ""


@pytest.mark.parametrize("codes", ["dmtf", "hyperv"])
def test_a_job_is_terminated_and_its_vm_stays(codes: str) -> None:
    simulated, reference = started(one_vm(), job_return_codes=codes)
    requests = Requests(simulated)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.taken, cancellation.job.state) == ("cancelled", True, "terminated")
    assert requests.seen == [(4, 0)]
    assert simulated.owner("web01") == "NODE1"


def test_a_job_that_does_not_terminate_is_killed_30_seconds_later() -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40, cancel="kill_only")))
    requests = Requests(simulated)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.job.state) == ("cancelled", "killed")
    assert requests.seen == [(4, 0), (5, 30)]


def test_a_job_that_nothing_ends_is_given_up_after_two_minutes() -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40, cancel="ignored")))
    requests, began = Requests(simulated), simulated.now()
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.given_up) == ("still_running", True)
    assert simulated.now() - began == 120
    assert requests.seen == [(4, 0), (5, 30)]
    assert "goes on" in why_given_up(cancellation)


@pytest.mark.parametrize("codes", ["dmtf", "hyperv"])
def test_a_job_that_refuses_to_end_is_watched_for_a_while_and_never_killed(codes: str) -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40, cancel="refuse")), job_return_codes=codes)
    requests, began = Requests(simulated), simulated.now()
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.given_up, cancellation.taken) == ("refused", True, False)
    assert simulated.now() - began == 30
    assert {wanted for wanted, at in requests.seen} == {4}
    assert ("4097" if codes == "dmtf" else "32775") in why_given_up(cancellation)


def test_a_job_past_the_point_of_no_return_completes() -> None:
    given = scenario(
        vms=[vm("web01", memory_mb=20000)],
        network=NetworkSpec(megabytes_per_second=1000, setup_seconds=2, switch_over_seconds=10),
    )
    simulated, reference = started(given, after=25)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.taken) == ("completed", False)
    assert simulated.owner("web01") == "NODE2"


def test_a_job_that_completes_although_its_cancel_was_taken_is_completed() -> None:
    simulated, reference = started(one_vm(migration(cancel="race")))
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.taken, cancellation.given_up) == ("completed", True, False)
    assert simulated.owner("web01") == "NODE2"


@pytest.mark.parametrize("codes", ["dmtf", "hyperv"])
def test_a_busy_job_is_asked_again(codes: str) -> None:
    simulated, reference = started(one_vm(migration(cancel="busy_once")), job_return_codes=codes)
    requests = Requests(simulated)
    assert cancelled(simulated, reference).outcome == "cancelled"
    assert [wanted for wanted, at in requests.seen] == [4, 4]
    assert requests.seen[1][1] >= 5


def test_a_job_that_ends_with_an_error_that_says_cancelled_was_cancelled() -> None:
    simulated, reference = started(one_vm(migration(cancel="exception")))
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.job.state) == ("cancelled", "exception")


def test_a_job_that_fails_by_itself_meanwhile_was_not_cancelled() -> None:
    simulated, reference = started(one_vm(migration(fails_at=50, hresult=0x8007274D, cancel="ignored")))
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.given_up) == ("failed", False)


def test_a_job_that_is_removed_at_its_end_is_gone_and_nothing_is_claimed() -> None:
    simulated, reference = started(one_vm(), job_lifetime_seconds=0)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.taken, cancellation.job) == ("gone", True, None)


def test_an_ended_job_is_not_cancelled() -> None:
    simulated, reference = started(one_vm(), after=100)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.taken) == ("completed", False)


@pytest.mark.parametrize("lost", ["before", "after", "down"])
def test_a_lost_answer_is_followed_by_a_look_at_the_job(lost: str) -> None:
    simulated, reference = started(one_vm())
    requests = Requests(simulated, lost)
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.job.state) == ("cancelled", "terminated")
    assert len(requests.seen) == (1 if lost == "after" else 2)


def test_answers_that_are_always_lost_end_in_a_kill_that_is_lost_too() -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40)))
    requests = Requests(simulated, *["before"] * 100)
    cancellation = cancelled(simulated, reference)
    assert cancellation.outcome == "still_running"
    assert "not answered" in why_given_up(cancellation)
    assert [wanted for wanted, group in itertools.groupby(requests.seen, lambda one: one[0])] == [4, 5]


def test_a_node_that_falls_silent_leaves_the_outcome_unclear() -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40, cancel="ignored")))
    simulated.lose = lambda node, request: "" if ends_a_job(request) else "down"
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.given_up) == ("unclear", True)
    assert "may go on" in why_given_up(cancellation)


def test_a_provider_that_moves_away_is_followed() -> None:
    given = one_vm(migration(stuck_at=40, cancel="kill_only"), [event(at=20, core_group="NODE2")])
    simulated, reference = started(given, provider_on="core_group")
    cancellation = cancelled(simulated, reference)
    assert (cancellation.outcome, cancellation.job.state) == ("cancelled", "killed")


def test_several_jobs_are_cancelled_side_by_side() -> None:
    given = scenario(
        vms=[
            vm("web01", migration=migration(stuck_at=40, cancel="kill_only")),
            vm("web02", owner="NODE3", migration=migration(stuck_at=40, cancel="kill_only")),
        ]
    )
    simulated = Simulated(given)
    runs = simulated.runs(("web01", "NODE2"), ("web02", "NODE2"))
    for run in runs:
        simulated.scheduler().start(run)
    simulated.pause(5)
    requests = Requests(simulated)
    ended = cancel_jobs(simulated.cluster, [("", run.reference) for run in runs])
    assert [one.outcome for one in ended] == ["cancelled", "cancelled"]
    assert requests.seen == [(4, 0), (4, 0), (5, 30), (5, 30)]


def test_without_waiting_a_request_that_was_taken_is_enough() -> None:
    simulated, reference = started(one_vm(migration(stuck_at=40, cancel="kill_only")))
    began = simulated.now()
    cancellation = cancelled(simulated, reference, wait=False)
    assert (cancellation.outcome, cancellation.taken, simulated.now() - began) == (None, True, 0)


@pytest.mark.parametrize("job_class", ["Msvm_MigrationJob", "Msvm_ConcreteJob"])
def test_a_job_on_another_node_is_cancelled_there(job_class: str) -> None:
    simulated, reference = started(
        one_vm(migration(stuck_at=40)), job_class=job_class, job_namespace="v2", job_on="source"
    )
    simulated.home = "NODE3"
    (cancellation,) = cancel_jobs(simulated.cluster, [("NODE1", reference)])
    assert (cancellation.outcome, cancellation.job.state) == ("cancelled", "terminated")


def alone(*values: object) -> tuple[Cancellation, list[tuple[int, bool]], ManualClock]:
    """Return a cancellation whose requests are answered with ``values`` in turn, the last one from then on."""
    clock = ManualClock()
    asked: list[tuple[int, bool]] = []

    def send(request: bytes) -> bytes:
        message_id = re.search(rb"<a:MessageID>([^<]+)<", request).group(1).decode()
        asked.append((asked_for(request), b"TimeoutPeriod" in request))
        value = values[min(len(asked), len(values)) - 1]
        return ANSWER.format(id=message_id, uri=REFERENCE.uri, value=value).encode()

    class Client:
        now = staticmethod(clock.now)
        pause = staticmethod(clock.advance)

    session = Session(send, Client(), "NODE1")
    return Cancellation(JobEnd(lambda: session, REFERENCE), Client()), asked, clock


def stepped(cancellation: Cancellation, clock: ManualClock, seconds: int, state: str = "running") -> str | None:
    for unused in range(seconds):
        clock.advance(1)
        cancellation.step(Job("JOB1", state))
    return cancellation.outcome


@pytest.mark.parametrize(
    ("value", "outcome", "at", "requests"),
    [
        (0, "still_running", 120, [4, 5]),
        (4096, "still_running", 120, [4, 5]),
        (1, "refused", 1, [4, 5]),
        (32770, "refused", 1, [4, 5]),
        (5, "refused", 1, [4]),
        (32769, "refused", 1, [4]),
        (32773, "refused", 1, [4]),
        (32776, "refused", 1, [4]),
        (4097, "refused", 30, [4]),
        (32775, "refused", 30, [4]),
        (2, "still_running", 120, [4, 5]),
        (4, "still_running", 120, [4, 5]),
        (6, "still_running", 120, [4, 5]),
        (4099, "still_running", 120, [4, 5]),
        (32768, "still_running", 120, [4, 5]),
        (32774, "still_running", 120, [4, 5]),
        (32777, "still_running", 120, [4, 5]),
        (32778, "still_running", 120, [4, 5]),
        (3, "still_running", 120, [4, 5]),
        (32771, "still_running", 120, [4, 5]),
        (32772, "still_running", 120, [4, 5]),
        (7777, "refused", 1, [4]),
    ],
)
def test_every_answer_to_the_request_has_its_consequence(
    value: int, outcome: str, at: int, requests: list[int]
) -> None:
    cancellation, asked, clock = alone(value)
    cancellation.request()
    assert cancellation.outcome is None
    assert stepped(cancellation, clock, at - 1) is None
    assert stepped(cancellation, clock, 1) == outcome
    assert [wanted for wanted, group in itertools.groupby(wanted for wanted, period in asked)] == requests
    assert str(value) in why_given_up(cancellation) or value in (0, 4096)


def test_a_provider_that_wants_a_period_gets_the_other_form_of_none() -> None:
    cancellation, asked, unused = alone(4098, 0)
    cancellation.request()
    assert asked == [(4, False), (4, True)]
    assert cancellation.taken


def test_a_provider_that_wants_neither_form_refuses() -> None:
    cancellation, asked, clock = alone(4098)
    cancellation.request()
    assert asked == [(4, False), (4, True)]
    assert stepped(cancellation, clock, 1) == "refused"


def test_a_job_that_is_ending_is_not_asked_again_though_it_refuses() -> None:
    cancellation, asked, clock = alone(32775)
    cancellation.request()
    assert stepped(cancellation, clock, 29, "shutting_down") is None
    assert asked == [(4, False)]
    cancellation.step(Job("JOB1", "terminated"))
    assert cancellation.outcome == "cancelled"


def test_a_job_that_refused_first_and_took_it_then_is_killed_like_any_other() -> None:
    cancellation, asked, clock = alone(32775, 0)
    cancellation.request()
    assert stepped(cancellation, clock, 60) is None
    assert [wanted for wanted, unused in asked] == [4, 4, 5]


@pytest.mark.parametrize(("answer", "outcome"), [(0, "cancelled"), (32769, "failed")])
def test_an_error_that_says_cancelled_counts_only_where_the_request_was_taken(answer: int, outcome: str) -> None:
    cancellation, unused, unused_clock = alone(answer)
    cancellation.request()
    cancellation.step(Job("JOB1", "exception", texts=("Die Aktion wurde abgebrochen (0x800704C7)",)))
    assert (cancellation.outcome, cancellation.taken) == (outcome, answer == 0)


def test_a_kill_that_is_refused_leaves_the_terminate_that_was_taken() -> None:
    cancellation, unused, clock = alone(0, 32770)
    cancellation.request()
    assert stepped(cancellation, clock, 60) is None
    cancellation.step(Job("JOB1", "terminated"))
    assert cancellation.outcome == "cancelled"
