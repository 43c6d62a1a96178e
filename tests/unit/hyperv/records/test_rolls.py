# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which round a run goes on with. Pure: no cluster."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolls import (
    PHASES,
    Roll,
    Wish,
    enter,
    is_over,
    join,
    read_roll,
    summary,
)

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
WISH = Wish("hvc1.corp.example", ["NODE1", "NODE2"])


def a_roll(first: str = "", second: str = "", round_name: str = "") -> Roll:
    roll = join(None, dataclasses.replace(WISH, round=round_name), "file", NOW)
    return enter(enter(roll, "NODE1", first, NOW), "NODE2", second, NOW)


def phases(roll: Roll) -> list[str]:
    return [node["phase"] for node in roll["nodes"].values()]


def test_a_round_begins_with_no_node_begun() -> None:
    roll = join(None, WISH, "file", NOW)

    assert (phases(roll), is_over(roll), roll["cluster"]) == (["", ""], False, "hvc1.corp.example")


def test_an_unfinished_round_is_resumed_and_takes_in_new_nodes() -> None:
    later = join(a_roll("done"), dataclasses.replace(WISH, nodes=["NODE3", "NODE1"]), "file", NOW)

    assert later["nodes"].keys() == {"NODE1", "NODE2", "NODE3"}
    assert phases(later) == ["done", "", ""]


def test_after_a_round_the_next_one_begins() -> None:
    assert is_over(a_roll("done", "done"))
    assert phases(join(a_roll("done", "done"), WISH, "file", NOW)) == ["", ""]


def test_a_round_of_a_name_stays_over() -> None:
    over = a_roll("done", "done", "2026-03")

    assert phases(join(over, dataclasses.replace(WISH, round="2026-03"), "file", NOW)) == ["done", "done"]
    assert phases(join(over, dataclasses.replace(WISH, round="2026-04"), "file", NOW)) == ["", ""]


def test_an_unfinished_round_is_not_given_another_name() -> None:
    with pytest.raises(
        HyperVError, match=r"'2026-03' of cluster hvc1.corp.example is unfinished: NODE1 done; NODE2 not begun"
    ):
        join(a_roll("done", "", "2026-03"), dataclasses.replace(WISH, round="2026-04"), "file", NOW)


def test_a_round_that_was_forgotten_is_not_resumed_unasked() -> None:
    much_later = NOW + dt.timedelta(hours=73)

    with pytest.raises(HyperVError, match=r"rolling_maintenance_resume_within=74 .*begin anew"):
        join(a_roll("done"), WISH, "file", much_later)
    longer = dataclasses.replace(WISH, resume_within=74)
    assert phases(join(a_roll("done"), longer, "file", much_later)) == ["done", ""]


def test_an_unfinished_round_can_be_begun_anew() -> None:
    assert phases(join(a_roll("done"), dataclasses.replace(WISH, begin_anew=True), "file", NOW)) == ["", ""]


def test_the_file_of_another_cluster_is_refused() -> None:
    with pytest.raises(HyperVError, match=r"belongs to cluster hvc1\.corp\.example, and this is hvc1\.branch\.example"):
        join(a_roll(), dataclasses.replace(WISH, cluster="hvc1.branch.example"), "file", NOW)
    assert phases(join(a_roll("done"), dataclasses.replace(WISH, cluster="HVC1.CORP.example"), "file", NOW)) == [
        "done",
        "",
    ]


def test_no_node_is_skipped_for_a_roll_of_an_earlier_version_whose_cluster_is_not_proved() -> None:
    earlier = {**a_roll("done"), "format": "hyperv.migration roll 1", "cluster": "HVC1"}
    later = join(read_roll(json.dumps(earlier).encode(), "file"), WISH, "file", NOW)
    assert (phases(later), later["cluster"], later["format"]) == (["", ""], WISH.cluster, a_roll()["format"])
    elsewhere = dataclasses.replace(WISH, nodes=["NODE1.branch.example"])
    with pytest.raises(
        HyperVError, match=r"called HVC1 with NODE1, NODE2, and this is hvc1\.corp\.example with NODE1\.b"
    ):
        join(earlier, elsewhere, "file", NOW)


def test_how_far_a_round_is_reads_well() -> None:
    assert summary(a_roll("evacuated", "done")) == "NODE2 done; NODE1 evacuated"
    assert summary(a_roll("worked", "begun")) == "NODE1 worked on; NODE2 begun"


@pytest.mark.parametrize("phase", ["", *PHASES])
def test_what_was_written_is_read_again(phase: str) -> None:
    assert read_roll(json.dumps(a_roll(phase)).encode(), "file") == a_roll(phase)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        json.dumps({**a_roll(), "format": "other"}).encode(),
        b'{"format": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_roll_is_refused(content: bytes) -> None:
    with pytest.raises(HyperVError, match="file is no state of a rolling maintenance"):
        read_roll(content, "file")


def test_an_unknown_phase_is_refused() -> None:
    with pytest.raises(HyperVError, match="Move it away"):
        read_roll(json.dumps(enter(a_roll(), "NODE1", "painted", NOW)).encode(), "file")
