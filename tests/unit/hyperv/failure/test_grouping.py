# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of one cause are told once, with everybody whom it concerns."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import (
    Failure,
    FailureResult,
    job_failed,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.grouping import told_together


def refused(vm: str, percent: int) -> tuple[str, FailureResult]:
    words = f"Moving '{vm}' failed: the target machine actively refused it. (0x8007274D)"
    return vm, job_failed("exception", percent, None, [words]).about(vm).as_result()


BUSY = ("db01", Failure("vm_busy", "the VM is being backed up", "Wait for the backup.").as_result())


def test_a_failure_alone_is_told_whole() -> None:
    (text,) = told_together([refused("web01", 40)], " is not back", " are not back")
    assert text.startswith("web01 is not back: The migration job failed at 40 %: ")
    assert "Check the live migration networks" in text
    assert "Hyper-V says: Moving 'web01' failed" in text


def test_one_cause_of_many_is_told_once_with_the_words_of_the_first() -> None:
    many, alone = told_together([refused("web01", 40), BUSY, refused("web02", 40)], " is not back", " are not back")
    assert many.startswith("web01, web02 are not back: The migration job failed at 40 %: ")
    assert many.count("Check the live migration networks") == 1
    assert "'web02'" not in many
    assert alone == "db01 is not back: The VM is being backed up. Wait for the backup."


def test_how_far_each_had_come_is_left_out_where_it_differs() -> None:
    (text,) = told_together([refused("web01", 40), refused("web02", 70)])
    assert text.startswith("web01, web02: The migration connection between the hosts failed. Check ")


def test_two_causes_that_only_the_host_tells_apart_are_told_apart() -> None:
    def failed(vm: str, why: str) -> tuple[str, FailureResult]:
        return vm, job_failed("exception", 0, None, [f"'{vm}' failed: {why} (0x80004005)"]).about(vm).as_result()

    told = told_together(
        [failed("a1", "shelf A is broken"), failed("a2", "vault B is locked"), failed("a3", "shelf A is broken")]
    )
    assert [text.partition(":")[0] for text in told] == ["a1, a3", "a2"]
    assert "vault B is locked" in told[1]
