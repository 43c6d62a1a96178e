# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings, and failures that are kept in parts: what a task returns of them and what people read."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.codes import see_event_logs
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError, remedy_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import (
    Failure,
    faulted,
    job_failed,
    not_begun,
    refused,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.finding import (
    WARNING,
    Finding,
    Severity,
    sentence,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NodeBusy
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault

BUSY = Failure("vm_busy", "VM web01 is being backed up", "Wait until that has ended.", transient=True)


def test_a_finding_is_returned_with_all_its_parts_and_no_other() -> None:
    finding = Finding("no_listener", WARNING, "NODE1", "node", "It listens on no address.", "Choose networks.")
    assert finding.as_result() == {
        "code": "no_listener",
        "severity": "warning",
        "subject": "NODE1",
        "subject_kind": "node",
        "message": "It listens on no address.",
        "remedy": "Choose networks.",
        "transient": False,
    }
    assert finding.text == "It listens on no address. Choose networks."
    assert dataclasses.replace(finding, remedy="").text == "It listens on no address."


def test_a_severity_is_one_of_three_words() -> None:
    assert t.get_args(Severity) == ("error", "warning", "info")


def test_a_failure_is_returned_as_a_finding_with_what_the_host_gave() -> None:
    failure = refused("Migrate", 32775)._replace(hresult="0x8007000E", quoted="Hyper-V says: Nein.")
    assert failure.about("web01").as_result() == {
        "code": "refused",
        "severity": "error",
        "subject": "web01",
        "subject_kind": "vm",
        "message": "Migrate returned 32775 (Invalid state for this operation): the VM or a host is not in a state for "
        "it (0x8007000E).",
        "remedy": failure.remedy,
        "transient": True,
        "cause": "the VM or a host is not in a state for it",
        "quoted": "Hyper-V says: Nein.",
        "error_code": 32775,
        "hresult": "0x8007000E",
    }
    assert failure.text.endswith(f"{failure.remedy} Hyper-V says: Nein.")


def test_a_failure_keeps_the_subject_that_it_has() -> None:
    assert BUSY.about("web01").about("web02") == BUSY._replace(subject="web01")
    paused = Failure("destination_paused", "node NODE2 is paused", subject="NODE2", subject_kind="node")
    assert paused.about("web01") is paused


def test_a_part_that_is_replaced_is_in_every_text() -> None:
    failed = job_failed("exception", 60, None, ("Login failed (0x8009030E)",))
    better = failed._replace(remedy="Use Kerberos.")
    assert failed.remedy not in better.text
    assert better.text.startswith(f"{failed.message} Use Kerberos. Hyper-V says: ")


@pytest.mark.parametrize(
    ("clause", "written"),
    [
        ("its group is locked", "Its group is locked."),
        ("Its group is locked.", "Its group is locked."),
        ("is it locked?", "Is it locked?"),
        ("2 of 3 failed", "2 of 3 failed."),
    ],
)
def test_a_clause_becomes_a_sentence(clause: str, written: str) -> None:
    assert sentence(clause) == written


def test_a_fault_whose_meaning_is_known_is_told_by_that_and_quoted() -> None:
    failure = faulted("MoveToNewNode", Fault(5944, reason="Ein Vorgang steht aus", node="NODE1", operation="Invoke X"))
    assert failure.message == "MoveToNewNode: another operation runs on the VM's cluster group (0x80071738)."
    assert failure.quoted == "NODE1 refused Invoke X: Ein Vorgang steht aus (0x00001738)"


def test_a_fault_whose_meaning_is_not_known_is_its_own_cause_and_told_once() -> None:
    failure = faulted("MoveToNewNode", Fault(0x8FFF0001, reason="Etwas anderes.", node="NODE1", operation="Invoke X"))
    assert failure.message == "MoveToNewNode: NODE1 refused Invoke X: Etwas anderes. (0x8FFF0001)."
    assert (failure.quoted, failure.hresult) == ("", "0x8FFF0001")


def test_the_event_logs_are_those_of_the_nodes_that_are_meant() -> None:
    assert see_event_logs().endswith("on both nodes.")
    assert see_event_logs("NODE3").endswith("on NODE3.")


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (HyperVError("There is no node."), False),
        (NodeBusy("NODE1 is busy."), True),
        (Fault(0x800706BA, reason="RPC", node="NODE1", operation="Get X"), True),
        (Fault(5, reason="Denied", node="NODE1", operation="Get root/MSCluster/X"), False),
    ],
)
def test_what_an_error_kept_from_beginning_has_its_remedy_apart(error: Exception, transient: bool) -> None:
    failure = not_begun("not_sent", error, "Nothing was started.")
    assert (failure.cause, failure.transient) == (str(error).rstrip("."), transient)
    assert failure.remedy == f"{remedy_of(error)} Nothing was started.".lstrip()
