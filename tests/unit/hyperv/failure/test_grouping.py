# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of one cause are told once, with everybody whom it concerns."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import (
    Failure,
    job_failed,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.grouping import (
    Failed,
    told_together,
)


def refused(vm: str, percent: int) -> Failed:
    words = f"Moving '{vm}' failed: the target machine actively refused it. (0x8007274D)"
    return vm, job_failed("exception", percent, None, [words]).about(vm).as_result(), "NODE2"


BUSY = ("db01", Failure("vm_busy", "the VM is being backed up", "Wait for the backup.").as_result(), "NODE2")


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
    def failed(vm: str, why: str) -> Failed:
        words = [f"'{vm}' failed: {why} (0x80004005)"]
        return vm, job_failed("exception", 0, None, words).about(vm).as_result(), "NODE2"

    told = told_together(
        [failed("a1", "shelf A is broken"), failed("a2", "vault B is locked"), failed("a3", "shelf A is broken")]
    )
    assert [text.partition(":")[0] for text in told] == ["a1, a3", "a2"]
    assert "vault B is locked" in told[1]


def checked(vm: str, destination: str, lacks: str = "") -> Failed:
    cause = f"Hyper-V says that VM {vm} cannot be migrated to {destination}, and does not say why{lacks}"
    remedy = f"Look at {destination}, and at the event log of VM {vm}."
    return f"{vm} to {destination}", Failure("not_migratable", cause, remedy).about(vm).as_result(), destination


def test_causes_that_differ_in_the_names_of_vm_and_destination_alone_are_one() -> None:
    (text,) = told_together([checked("web01", "NODE1"), checked("web011", "NODE11"), checked("db(1)", "node1.a")])
    assert text == (
        "web01 to NODE1, web011 to NODE11, db(1) to node1.a: Hyper-V says that the VM cannot be migrated to the "
        "destination, and does not say why. Look at the destination, and at the event log of the VM."
    )


def test_what_is_said_of_one_alone_keeps_its_names_and_so_does_what_differs_otherwise() -> None:
    alone, other = told_together([checked("web01", "NODE2"), checked("web02", "NODE2", "; NODE2 has no switch Lab")])
    assert alone.startswith("web01 to NODE2: Hyper-V says that VM web01 cannot be migrated to NODE2, and ")
    assert other.endswith(
        "VM web02 cannot be migrated to NODE2, and does not say why; NODE2 has no switch Lab. "
        "Look at NODE2, and at the event log of VM web02."
    )


def test_names_of_others_stay() -> None:
    def parted(vm: str, destination: str) -> Failed:
        cause = f"VM {vm} cannot be moved to {destination} beside VM {vm}2 of {destination}2"
        return vm, Failure("refused", cause).about(vm).as_result(), destination

    first, second = told_together([parted("web", "NODE"), parted("db", "HOST")])
    assert first == "web: VM web cannot be moved to NODE beside VM web2 of NODE2."
    assert second == "db: VM db cannot be moved to HOST beside VM db2 of HOST2."


def test_a_name_that_is_said_of_moves_to_other_nodes_too_is_not_that_of_the_destination() -> None:
    def lost(vm: str, destination: str) -> Failed:
        return vm, Failure("lost", "NODE1 has lost its network").about(vm).as_result(), destination

    (text,) = told_together([lost("web01", "NODE2"), lost("web02", "NODE1"), lost("web03", "NODE3")])
    assert text == "web01, web02, web03: NODE1 has lost its network."
