# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failed job tells through GetErrorEx and GetError, wherever a host keeps the reason."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.job_error_details import read_job_errors
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import job_failed
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.hresults import (
    hresults_in,
    message_number,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.job_errors import JobErrorDetail
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

from tests.simulator.fault_rules import FaultRule
from tests.simulator.faults import Language
from tests.simulator.scenario import MigrationSpec
from tests.support.scenarios import fault, migration, one_vm
from tests.support.simulated import Simulated

MEMORY = migration(fails_at=60, hresult=0x8007000E)


def failed(
    moves: MigrationSpec = MEMORY, faults: Sequence[FaultRule] = (), **switches: t.Any
) -> tuple[Simulated, Reference]:
    """Let a job fail; return the simulated cluster and a reference to the job."""
    simulated = Simulated(dataclasses.replace(one_vm(moves), faults=tuple(faults)), **switches)
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    reference = run.reference
    simulated.pause(60)
    return simulated, reference


def asked(simulated: Simulated, reference: Reference) -> tuple[tuple[JobErrorDetail, ...], int]:
    before = sum(simulated.sent.values())
    details = read_job_errors(simulated.cluster.hyperv, reference)
    return details, sum(simulated.sent.values()) - before


@pytest.mark.parametrize("job_class", ["Msvm_MigrationJob", "Msvm_ConcreteJob"])
@pytest.mark.parametrize("job_namespace", ["cluster", "v2"])
def test_the_chain_comes_with_one_request(job_class: str, job_namespace: str) -> None:
    details, requests = asked(*failed(job_class=job_class, job_namespace=job_namespace))
    assert requests == 1
    assert [detail.number for detail in details] == [21502, 21024, 22040]
    assert all(detail.hresults == (0x8007000E,) for detail in details)
    assert details[0].arguments == ("web01",)
    assert details[-1].error_type == 9


def test_where_only_geterror_exists_the_first_error_comes_with_a_second_request() -> None:
    (detail,), requests = asked(*failed(job_error_methods="get_error"))
    assert (requests, detail.number, detail.hresults) == (2, 21502, (0x8007000E,))


@pytest.mark.parametrize("methods", ["not_supported", "missing"])
def test_where_neither_exists_there_is_nothing_to_tell(methods: str) -> None:
    assert asked(*failed(job_error_methods=methods)) == ((), 2)


def test_a_job_that_is_fine_has_no_errors() -> None:
    simulated, reference = failed(migration())
    assert asked(simulated, reference) == ((), 1)


def test_a_job_that_is_gone_has_no_errors() -> None:
    simulated, reference = failed()
    simulated.pause(400)
    assert asked(simulated, reference) == ((), 1)


@pytest.mark.parametrize("code", [5, 0x80041001, 0x80041003, 0x80338029, 0x80041055])
@pytest.mark.parametrize("operation", ["Invoke GetErrorEx", "Invoke"])
def test_a_fault_is_no_error_of_the_reader(code: int, operation: str) -> None:
    rule = fault("fault", code=code, operation=operation, times=None, class_name="Msvm_MigrationJob")
    details, requests = asked(*failed(faults=[rule]))
    assert requests <= 2
    assert bool(details) == (code == 0x80041055 and operation == "Invoke GetErrorEx")


@pytest.mark.parametrize("lost", ["before", "after", "down"])
def test_a_lost_answer_is_no_error_of_the_reader(lost: str) -> None:
    simulated, reference = failed()
    simulated.lose = lambda node, request: lost
    before = simulated.sent[simulated.home]
    assert asked(simulated, reference)[0] == ()
    assert simulated.sent[simulated.home] == before + 1


def test_an_answer_that_cannot_be_read_is_no_error_of_the_reader() -> None:
    simulated, reference = failed()
    simulated.garble = lambda request: True
    assert asked(simulated, reference)[0] == ()


@pytest.mark.parametrize("order", ["outermost_first", "innermost_first"])
@pytest.mark.parametrize("texts", ["full", "outer", "empty"])
@pytest.mark.parametrize("methods", ["both", "get_error", "not_supported"])
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_the_reason_is_found_wherever_the_host_tells_it(
    language: Language, methods: str, texts: str, order: str
) -> None:
    simulated = Simulated(
        one_vm(MEMORY, language=language),
        job_error_methods=methods,
        job_error_texts=texts,
        job_error_order=order,
    )
    (run,) = simulated.move(("web01", "NODE2"))
    told = methods != "not_supported" or texts == "full"
    assert run.error.code == "job_failed"
    assert (run.error.hresult, run.error.transient) == (("0x8007000E", True) if told else ("", False))
    assert ("memory" in run.error.cause) == told
    assert run.error.remedy
    assert simulated.owner("web01") == "NODE1"


WRAPPED = JobErrorDetail(4, "21502", "Live migration of 'web01' failed. Unspecified error (0x80004005)")
INNER = JobErrorDetail(7, "32000", "No credentials are available in the security package (0x8009030E).")
SECOND = JobErrorDetail(9, "32001", "Not enough memory (0x8007000E).")


@pytest.mark.parametrize(
    ("details", "hresult"),
    [
        ([WRAPPED, INNER], "0x8009030E"),
        ([INNER, WRAPPED], "0x8009030E"),
        ([WRAPPED, INNER, SECOND], "0x8007000E"),
        ([WRAPPED._replace(message="failed (0x8007000E)"), INNER], "0x8009030E"),
        ([INNER, WRAPPED._replace(message="failed (0x8007000E)")], "0x8009030E"),
        ([INNER, JobErrorDetail(4, "32002", "Something new (0x89ABCDEF)")], "0x8009030E"),
        ([WRAPPED, JobErrorDetail(4, "32002", "Something new (0x89ABCDEF)")], "0x89ABCDEF"),
        ([WRAPPED, JobErrorDetail(9, "32002", "Something new (0x89ABCDEF)")], "0x89ABCDEF"),
        ([WRAPPED], "0x80004005"),
        ([JobErrorDetail(4, "32002", "Something new (0x89ABCDEF)")], "0x89ABCDEF"),
        ([JobErrorDetail(4, "0x8009030E", "No code here")], "0x8009030E"),
        ([JobErrorDetail(4, "2148074254", "No code here")], "0x8009030E"),
        ([JobErrorDetail(4, "32002", "No code here", ("web01", "%%2148074254"))], "0x8009030E"),
        ([JobErrorDetail(4, "21300", "It began (0x8009030E)"), SECOND], "0x8007000E"),
    ],
)
def test_the_innermost_code_that_is_known_decides(details: list[JobErrorDetail], hresult: str) -> None:
    assert job_failed("exception", 60, 32768, (), details).hresult == hresult


def test_a_code_that_nobody_knows_is_shown_and_said_to_be_unknown() -> None:
    error = job_failed("exception", 60, 32768, ("Something new (0x89ABCDEF)",), [WRAPPED])
    assert (error.hresult, error.transient) == ("0x89ABCDEF", False)
    assert "not known" in error.cause
    assert "0x89ABCDEF" in error.text


def test_an_error_type_says_more_than_a_code_that_nobody_knows() -> None:
    error = job_failed("exception", 60, 32768, (), [JobErrorDetail(7, "1", "Something new (0x89ABCDEF)")])
    assert (error.hresult, "security" in error.cause) == ("0x89ABCDEF", True)


def test_the_errors_of_the_job_come_before_its_own_text() -> None:
    assert job_failed("exception", 60, 32768, ("Failed (0x8007000E)",), [INNER]).hresult == "0x8009030E"


@pytest.mark.parametrize(
    ("text", "hresults"),
    [
        ("No credentials (0x8009030E).", (0x8009030E,)),
        ("資格情報がありません\uff080x8009030e\uff09", (0x8009030E,)),
        ("エラー0x8009030Eです", (0x8009030E,)),
        ("The file was not found. ('0x80070002')", (0x80070002,)),
        ("Failed with 0X80070005, then 0x8007000E", (0x80070005, 0x8007000E)),
        ("Failed with 0x80070005 (0x8007000E)", (0x8007000E,)),
        ("The node is paused (0x000013CE)", (0x800713CE,)),
        ("%%2147942405", (0x80070005,)),
        ("It ended well (0x00000000)", ()),
        ("At 0x800700051 and x0x80070005", ()),
        ("6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", ()),
        ("Migration of 'Virtual Machine 0x80070005' failed", ()),
        ("Migration of 'web (0x80070005)' failed", ()),
        ("Migration of 'web (0x80070005)' failed (0x8007000E)", (0x8007000E,)),
        ("It can't be done (0x80070005), and isn't", (0x80070005,)),
        ("", ()),
    ],
)
def test_codes_are_read_and_names_are_not(text: str, hresults: tuple[int, ...]) -> None:
    assert hresults_in(text) == hresults


@pytest.mark.parametrize(
    ("message_id", "number"),
    [("21502", 21502), ("", None), ("none", None), ("HRESULT 0x80041002", 0x80041002), ("VMMS:21502", 21502)],
)
def test_a_message_id_is_read_as_a_number(message_id: str, number: int | None) -> None:
    assert message_number(message_id) == number


def test_the_words_of_a_host_are_quoted_once_in_one_line_and_decide_nothing() -> None:
    texts = ("Out of memory.\r\n\x07\u202eTry\tagain.", "Out of memory.", "")
    detail = JobErrorDetail(0, "", "Out of memory.", (), "A cause.", ("Do this.", "Do that."))
    error = job_failed("exception", None, 32768, texts, [detail])
    assert error.text.endswith("Hyper-V says: Out of memory. Try again. / A cause. / Do this. / Do that.")
    assert error.text.isprintable()
    assert (error.hresult, "memory" in error.cause) == ("", False)


def test_a_long_story_is_cut() -> None:
    error = job_failed("exception", None, 32768, tuple(f"{number} {'x' * 300}" for number in range(9)))
    assert error.text.endswith("...")
    assert len(error.text) < 1400


@pytest.mark.parametrize(
    ("state", "begin"),
    [
        ("exception", "The migration job failed at 60 %: "),
        ("terminated", "The migration job was cancelled at 60 %: "),
        ("killed", "The migration job was cancelled by force at 60 %: "),
        ("service", "The migration job needs service at 60 %: "),
    ],
)
def test_the_message_begins_with_what_happened(state: str, begin: str) -> None:
    assert job_failed(state, 60, 32768, ()).message.startswith(begin)
