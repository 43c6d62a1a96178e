# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines on the screen, and what they are read from."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.records import NotAMove
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.summary import summary
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.wording import columns, duration

from tests.unit.report.given import CAPABILITIES, ERROR, account, node, planned, record, run_of


def test_a_good_run_reads_like_this() -> None:
    moves = [record("web01", 0, 0, 12), record("sql01", 1, 0, 75), record("web02", 3, 12, 9)]
    nodes = {"nodes_before": [node("NODE1", 40960, 3)], "nodes_after": [node("NODE1", 57344, 0)]}
    note = "The node is paused."
    assert summary(account(moves=moves, capabilities=CAPABILITIES, note=note, **nodes)) == [
        "Evacuation of NODE1: done. 3 of 3 VMs moved.",
        "1 min 15 s from 2026-03-01 22:15:04 to 22:16:19 UTC, at most 2 at once (limit 4).",
        "Slowest: sql01 1 min 15 s, web01 12 s, web02 9 s. Half of them took 12 s or less.",
        "The node is paused.",
        "moved to NODE2:         2  web01 12 s, web02 9 s",
        "moved to NODE3:         1  sql01 1 min 15 s",
        "node   total GB  free before  free after  change  VMs before  after",
        "NODE1     128.0         40.0        56.0   +16.0           3      0",
    ]


def test_failures_come_first_with_reason_and_remedy() -> None:
    moves = [record("web01", 0, 0, 12), record("sql01", 1, 0, 35, outcome="failed", error=ERROR, attempts=2)]
    stays = [
        {"name": "db01", "message": "Its strategy is stay.", "remedy": ""},
        {"name": "db02", "message": "Its strategy is stay.", "remedy": ""},
        {"name": "old01", "message": "It has no place.", "remedy": "Make room."},
    ]
    told = summary(account(moves=moves, stays=stays, planned=[planned("late01", 9)], error="told below"))
    assert told[0] == "Evacuation of NODE1: FAILED. 1 of 3 VMs moved, 1 failed, 1 not begun, 3 stay."
    assert told[2:] == [
        "FAILED                  1  sql01 (NODE1 -> NODE3, 2 tries, 35 s)",
        "                           why:    the destination has not enough memory (0x8007000E)",
        "                           remedy: Free memory on NODE3, or choose another destination.",
        "NOT BEGUN               1  late01",
        "stay                    2  db01, db02: Its strategy is stay.",
        "stays                   1  old01: It has no place. Make room.",
        "moved to NODE2:         1  web01 12 s",
    ]


def test_moves_that_failed_for_one_reason_are_told_together() -> None:
    again = "Attempt 1 failed and was repeated: The migration job failed at 40 %: "
    moves = [
        record(
            f"sql0{number}", number, 0, 35, outcome="failed", error=ERROR, attempts=2, warnings=[again + ERROR["cause"]]
        )
        for number in (1, 2, 3)
    ]
    other = {"cause": "the VM is busy", "remedy": "", "message": "It is busy."}
    told = summary(account(moves=[*moves, record("web01", 4, 0, 5, outcome="failed", error=other)]))
    assert told[2:] == [
        "FAILED                  3  sql01 (NODE1 -> NODE3, 2 tries, 35 s), sql02 (NODE1 -> NODE4, 2 tries, 35 s),",
        "                           sql03 (NODE1 -> NODE2, 2 tries, 35 s)",
        "                           why:    the destination has not enough memory (0x8007000E)",
        "                           remedy: Free memory on NODE3, or choose another destination.",
        "FAILED                  1  web01 (NODE1 -> NODE3, 5 s)",
        "                           why:    the VM is busy",
    ]


def test_causes_that_differ_in_the_names_of_vm_and_destination_alone_are_told_once() -> None:
    moves = []
    for number in range(1, 126):
        one = record(f"vm{number}", number, outcome="failed")
        cause = f"Hyper-V says that VM vm{number} cannot be migrated to {one['destination_host']}"
        error = {"cause": cause, "remedy": f"Look at {one['destination_host']}.", "message": f"{cause}."}
        moves.append({**one, "error": error})
    told = summary(account(moves=moves, dry_run=True))
    assert [line.split()[:3] for line in told if line.startswith("FAILED")] == [["FAILED", "125", "vm1"]]
    (why,) = [line.strip() for line in told if "why:" in line]
    assert why == "why:    Hyper-V says that the VM cannot be migrated to the destination"
    (remedy,) = [line.strip() for line in told if "remedy:" in line]
    assert remedy == "remedy: Look at the destination."


def test_the_hosts_own_words_follow_the_cause_once_for_all_moves_that_failed_for_it() -> None:
    error = {"cause": "no code tells why", "remedy": "Look at Hyper-V's words."}
    words = ["", "Hyper-V says: vm2 has a\ndevice.", "Hyper-V says: vm3 has a device."]
    moves = [
        record(f"vm{number}", 3, 0, 5, outcome="failed", error={**error, "quoted": said})
        for number, said in enumerate(words, 1)
    ]
    assert [line.strip() for line in summary(account(moves=moves))[-3:]] == [
        "why:    no code tells why",
        "remedy: Look at Hyper-V's words.",
        "words:  Hyper-V says: vm2 has a device.",
    ]


def test_what_the_headline_says_of_vms_that_stay_is_not_said_again() -> None:
    stays = [{"name": "db01", "message": "It has no place.", "remedy": "Make room."}]
    told = summary(account(stays=stays, error="Nothing was changed. db01: It has no place. Make room."))
    assert told[-1] == "stays                   1  db01: as said above"


def test_pauses_between_tries_are_not_counted_as_moves_at_once() -> None:
    moves = [record(f"web0{number}", number, 0, 60, attempts=2) for number in (1, 2, 3)]
    told = summary(account(moves=moves, capabilities=CAPABILITIES))
    assert told[1].endswith(", limit 4 at once, some moves tried more than once.")


def test_what_is_known_of_no_node_has_no_column() -> None:
    nodes = [{"name": "NODE1", "total_memory_mb": 131072, "free_memory_mb": 40960}]
    told = summary(account(moves=[record("web01", 0, 0, 12)], nodes_before=nodes))
    assert told[-2:] == ["node   total GB  free before", "NODE1     128.0         40.0"]


def test_a_run_that_failed_before_its_moves_says_why() -> None:
    told = summary(account(planned=[planned("web01", 1)], error="The node could not be paused."))
    assert told == [
        "Evacuation of NODE1: FAILED. 0 of 1 VM moved, 1 not begun.",
        "Why: The node could not be paused.",
        "NOT BEGUN               1  web01",
    ]


def test_an_empty_node_is_one_line() -> None:
    assert summary(account()) == ["Evacuation of NODE1: done. No VM was to be moved."]


def test_a_roll_in_which_vms_leave_and_come_back_counts_moves() -> None:
    back = {"source_host": "NODE2", "destination_host": "NODE1"}
    moves = [record("web01", 0, 0, 12), record("sql01", 1, 0, 75), record("web01", 0, 200, 9, **back)]
    told = summary(account(moves=moves, title="Maintenance of HVC1"))
    assert told[0] == "Maintenance of HVC1: done. 3 of 3 moves of 2 VMs made."
    assert "moved to NODE1:         1  web01 9 s" in told


def test_a_dry_run_tells_what_hyper_v_says_and_what_was_not_asked() -> None:
    moves = [
        record("web01", 0, outcome="would_move"),
        record("web02", 3, outcome="would_move", checked=False),
        record("sql01", 1, outcome="failed", error=ERROR),
    ]
    told = summary(account(moves=moves, planned=[planned("late01", 5)], dry_run=True))
    assert told[0] == ("Evacuation of NODE1: FAILED. 3 of 4 VMs would move, 1 failed. Hyper-V was asked and agrees.")
    assert "would move to NODE2:    2  web01, web02 (Hyper-V was not asked)" in told
    assert "planned to NODE4:       1  late01" in told


def test_what_the_plan_expects_of_the_memory_is_shown_before_the_moves() -> None:
    headroom = [{"node": "NODE2", "total_mb": 131072, "free_before_mb": 65536, "free_after_mb": 32768}]
    told = summary(account(planned=[planned("web01", 0)], headroom=headroom, dry_run=True))
    assert told[-1].split() == ["NODE2", "128.0", "64.0", "32.0", "-32.0"]


def test_warnings_are_told_by_vm() -> None:
    told = summary(account(moves=[record("web01", 0, 0, warnings=["Its job vanished."])]))
    assert "warning                    web01: Its job vanished." in told


def test_one_warning_of_many_vms_is_told_once() -> None:
    moves = [record(f"web0{number}", number, 0, warnings=[f"The job of web0{number} vanished."]) for number in (1, 2)]
    told = summary(account(moves=[*moves, record("web03", 3, 0, warnings=["Its job vanished."])]))
    assert "warning                 2  web01, web02: The job of web01 vanished." in told
    assert "warning                    web03: Its job vanished." in told


def test_no_line_is_wider_than_a_screen_and_no_name_is_broken() -> None:
    told = summary(run_of(64))
    assert max(columns(line) for line in told) <= 110
    assert all(any(f" vm{number:02} " in line for line in told) for number in range(64))


def test_wide_letters_keep_columns_aligned() -> None:
    nodes = [node("\u30ce\u30fc\u30c9", 1024, 1), node("NODE1", 1024, 1)]
    lines = summary(account(nodes_before=nodes))[-3:]
    assert len({columns(line) for line in lines}) == 1


def test_a_name_cannot_forge_a_line() -> None:
    (line,) = (
        one for one in summary(account(moves=[record("a\nFAILED 1 \x1b[31mb\u202e", 0, 0)])) if "moved to" in one
    )
    assert "a FAILED 1 \ufffd[31mb\ufffd" in line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.6, "1 h 00 min"), (7384, "2 h 03 min")],
)
def test_durations_read_naturally(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "web01"},
        {"vm": None},
        {**record("web01", 1), "started": "yesterday"},
        {**record("a", 1), "error": "oh"},
    ],
    ids=["a wish", "nothing", "no moment", "no error"],
)
def test_what_is_no_move_is_refused(wrong: dict[str, t.Any]) -> None:
    with pytest.raises(NotAMove, match="Give the moves that hyperv_vm_migrate returned"):
        account(moves=[wrong])


def test_a_vm_of_another_node_is_told_from_those_of_the_node() -> None:
    moves = [record("app02", 1, 0, source_host="NODE2", helper=True), record("big", 4, 20), record("web", 0, 40)]
    text = "\n".join(summary(account(moves=moves, capabilities=CAPABILITIES)))
    assert "app02 (helper) 10 s, big 10 s" in text
    assert "at most 1 at once (limit 4)" in text
