# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger of an evacuation: what it keeps, and what it refuses to be."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import typing as t
from collections.abc import Mapping

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._files import check_writable, read_file, replace_file
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.move_record import MoveRecord
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import Outcome
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import (
    mark_restored,
    record_outcomes,
    stale_entries_warning,
    start_ledger,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import LeavingVm, read_ledger

from tests.support.full_disk import full_disk
from tests.support.records import leaving
from tests.support.records import record as record_of

OURS = "hvc1.corp.example"
NOW, THEN = "2026-03-02T01:00:00+00:00", "2026-03-01T23:00:00+00:00"
WEB, DB = "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "0A1B2C3D-3B54-4B0B-9D0E-0C5E7B1A2F32"


def move(vm_id: str = WEB, name: str = "web01", destination: str = "NODE2") -> LeavingVm:
    return leaving(vm_id, name, destination)


def record(vm_id: str = WEB, outcome: Outcome = "moved", destination: str = "NODE2") -> MoveRecord:
    return record_of(vm_id, outcome, destination)


def test_a_ledger_is_begun_finished_and_given_back() -> None:
    begun = start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "t1")
    assert begun["state"] == "evacuating"
    finished = record_outcomes(begun, [record(), record(DB, destination="NODE3")], "t2")
    assert finished["state"] == "evacuated"
    assert [vm["destination_host"] for vm in finished["vms"]] == ["NODE2", "NODE3"]
    half = mark_restored(finished, [WEB.lower()], "t3")
    assert (half["state"], [vm["restored"] for vm in half["vms"]]) == ("evacuated", [True, False])
    assert mark_restored(half, [DB], "t4")["state"] == "restored"


def test_a_vm_that_stayed_makes_the_ledger_incomplete() -> None:
    begun = start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "t1")
    assert record_outcomes(begun, [record(), record(DB, "failed")], "t2")["state"] == "incomplete"


def test_a_vm_that_is_only_stopped_is_kept_until_it_is_settled() -> None:
    stays: LeavingVm = {**move(destination="NODE1"), "strategy": "shutdown", "outcome": "stays"}
    finished = record_outcomes(start_ledger(None, "NODE1", "HVC1", [stays], "t1"), [], "t2")
    assert (finished["state"], finished["vms"][0]["outcome"]) == ("evacuated", "stays")
    # It is off by now, so a second run has nothing to say of it.
    assert start_ledger(finished, "NODE1", "HVC1", [], "t3")["vms"] == finished["vms"]


def test_how_a_vm_was_before_it_was_stopped_outlives_a_run_that_was_cut_off() -> None:
    begun = start_ledger(None, "NODE1", "HVC1", [{**move(), "strategy": "shutdown"}], "t1")
    again = start_ledger(begun, "NODE1", "HVC1", [{**move(), "strategy": "shutdown", "state": "off"}], "t2")
    assert (again["vms"][0]["state"], again["vms"][0]["strategy"]) == ("running", "shutdown")
    # Somebody else turned it off: there was no order to stop it.
    begun = start_ledger(None, "NODE1", "HVC1", [move()], "t1")
    again = start_ledger(begun, "NODE1", "HVC1", [{**move(), "state": "off"}], "t2")
    assert again["vms"][0]["state"] == "off"


def test_a_vm_that_was_off_and_that_somebody_started_since_counts_as_running() -> None:
    begun = start_ledger(None, "NODE1", "HVC1", [{**move(), "state": "off"}], NOW)
    again = start_ledger(begun, "NODE1", "HVC1", [{**move(), "strategy": "shutdown"}], NOW)
    assert [vm["state"] for vm in (*begun["vms"], *again["vms"])] == ["off", "running"]


def test_what_left_in_a_run_that_was_cut_off_does_not_make_the_ledger_incomplete() -> None:
    interrupted = start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "t1")
    again = start_ledger(interrupted, "NODE1", "HVC1", [move(DB, "db01")], "t2")
    assert record_outcomes(again, [record(DB)], "t3", [WEB.lower()])["state"] == "incomplete"
    done = record_outcomes(again, [record(DB)], "t3", [])
    assert (done["state"], [vm["outcome"] for vm in done["vms"]]) == ("evacuated", ["left", "moved"])


def test_what_an_interrupted_evacuation_had_planned_is_kept() -> None:
    interrupted = start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "t1")
    again = start_ledger(interrupted, "node1.corp.example", "HVC1", [move(DB, "db01", "NODE4")], "t2")
    assert [(vm["name"], vm["destination_host"]) for vm in again["vms"]] == [("web01", "NODE2"), ("db01", "NODE4")]
    assert (again["created"], again["updated"]) == ("t1", "t2")


def test_a_move_of_a_run_whose_ledger_is_lost_is_written_down_as_made() -> None:
    made: LeavingVm = {**move(), "outcome": "already_there"}
    begun = start_ledger(None, "NODE1", "HVC1", [made, move(DB, "db01")], "t1")
    assert [vm["outcome"] for vm in begun["vms"]] == ["already_there", "planned"]
    assert record_outcomes(begun, [record(DB)], "t2")["state"] == "evacuated"


def test_what_the_ledger_knows_of_a_move_that_was_made_is_kept() -> None:
    made: LeavingVm = {**move(), "outcome": "already_there"}
    finished = record_outcomes(start_ledger(None, "NODE1", "HVC1", [move()], "t1"), [record()], "t2")
    assert start_ledger(finished, "NODE1", "HVC1", [made], "t3")["vms"] == finished["vms"]
    interrupted = start_ledger(None, "NODE1", "HVC1", [move()], "t1")
    assert start_ledger(interrupted, "NODE1", "HVC1", [made], "t2")["vms"][0]["outcome"] == "already_there"


def test_nothing_left_to_move_keeps_the_ledger_as_it_is() -> None:
    finished = record_outcomes(start_ledger(None, "NODE1", "HVC1", [move()], "t1"), [record()], "t2")
    assert start_ledger(finished, "NODE1", "HVC1", [], "t3")["vms"] == finished["vms"]
    assert start_ledger(finished, "NODE1", "HVC1", [], "t3")["state"] == "evacuated"


def test_a_restored_ledger_gives_way_to_a_new_one() -> None:
    done = mark_restored(start_ledger(None, "NODE1", "HVC1", [move()], "t1"), [WEB], "t2")
    assert [vm["name"] for vm in start_ledger(done, "NODE2", "HVC1", [move(DB, "db01")], "t3")["vms"]] == ["db01"]


@pytest.mark.parametrize(
    ("node", "cluster", "told"),
    [
        ("NODE2", OURS, "belongs to node NODE1, and not to NODE2"),
        ("NODE1", "hvc1.branch.example", "belongs to hvc1.corp.example .* and this is hvc1.branch.example"),
        ("NODE1", "HVC2", "belongs to hvc1.corp.example .* and this is HVC2"),
    ],
)
def test_a_ledger_of_something_else_is_not_overwritten(node: str, cluster: str, told: str) -> None:
    with pytest.raises(HyperVError, match=told):
        start_ledger(start_ledger(None, "NODE1", OURS, [move()], "t1"), node, cluster, [move()], "t2")


def test_names_of_clusters_are_the_same_in_any_letter_case() -> None:
    begun = start_ledger(None, "NODE1", OURS, [move()], "t1")
    assert start_ledger(begun, "node1", "HVC1.Corp.Example.", [move()], "t2")["created"] == "t1"


def earlier(**changes: t.Any) -> dict[str, t.Any]:
    """Return a ledger as earlier versions wrote it, with the cluster's short name."""
    ledger = record_outcomes(
        start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "t1"), [record(), record(DB)], "t2"
    )
    return {**ledger, "format": "hyperv.migration ledger 1", **changes}


@pytest.mark.parametrize(("cluster", "name"), [(OURS, None), ("hva.corp.example", "HVC1")])
def test_a_ledger_of_an_earlier_version_is_taken_over_with_a_vm_that_is_known(cluster: str, name: str | None) -> None:
    old = read_ledger(earlier(), "ledger.json")
    again = start_ledger(old, "NODE1", cluster, [move(DB, "db01")], "t3", cluster_name=name)
    assert (again["format"], again["cluster"], again["created"]) == ("hyperv.migration ledger 2", cluster, "t1")
    back = mark_restored(old, [WEB], "t3", cluster)
    assert (back["format"], back["cluster"]) == ("hyperv.migration ledger 2", cluster)
    done = record_outcomes(old, [record(WEB)], "t3", None, cluster)
    assert (done["format"], done["cluster"]) == ("hyperv.migration ledger 2", cluster)


@pytest.mark.parametrize("cluster", ["HVC1", None])
def test_a_ledger_that_shares_its_short_name_alone_is_refused_and_left_as_it_is(cluster: str | None) -> None:
    other, old = "7A1B2C3D-3B54-4B0B-9D0E-0C5E7B1A2F33", read_ledger(earlier(cluster=cluster), "ledger.json")
    with pytest.raises(HyperVError, match=r"hvc1\.branch\.example, which knows none of its VMs"):
        start_ledger(old, "NODE1", "hvc1.branch.example", [move(other, "till01")], "t3")
    with pytest.raises(HyperVError, match=r"hvc1\.branch\.example, which knows none of its VMs"):
        start_ledger(old, "NODE1", "hvc1.branch.example", [], "t3")
    assert record_outcomes(old, [], "t3", [other], "hvc1.branch.example") == old
    assert mark_restored(old, [other], "t3", "hvc1.branch.example") == old


def test_what_a_ledger_written_by_hand_lacks_is_completed() -> None:
    vm = {"vm_id": WEB, "name": "web01", "source_host": "NODE1", "destination_host": "NODE2", "outcome": "moved"}
    by_hand = {"format": "hyperv.migration ledger 1", "node": "NODE1", "vms": [vm]}
    read = read_ledger(by_hand, "ledger.json")
    assert (read["vms"][0]["restored"], read["state"], read["cluster"]) == (False, "incomplete", None)
    assert "web01" in stale_entries_warning(start_ledger(read, "NODE1", None, [], NOW), [], NOW)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"restored": "no"}, "restored of VM 1 is 'no', which is no true or false"),
        ({"restored": 0}, "restored of VM 1 is 0, which is no true or false"),
        ({"memory_mb": True}, "memory_mb of VM 1 is True, which is no number"),
        ({"state": ["off"]}, r"state of VM 1 is \['off'\], which is no text"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(changes: dict[str, t.Any], told: str) -> None:
    (vm, _db) = earlier()["vms"]
    with pytest.raises(HyperVError, match=told):
        read_ledger(earlier(vms=[{**vm, **changes}]), "ledger.json")


@pytest.mark.parametrize("changes", [{"cluster": 5}, {"paused_before": "yes"}, {"state": "painted"}, {"node": " "}])
def test_a_value_of_the_whole_ledger_is_refused_likewise(changes: dict[str, t.Any]) -> None:
    with pytest.raises(HyperVError, match=r"ledger\.json"):
        read_ledger(earlier(**changes), "ledger.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(start_ledger(None, "NODE1", "HVC1", [move()], "t1"))[:-20], "not whole"),
        ("", "not whole"),
        ("[]", "not a ledger of format"),
        ('{"format": "hyperv.migration ledger 99"}', "ledger 99"),
        ({"format": "hyperv.migration ledger 2", "node": "NODE1"}, "without a node or a list of VMs"),
        ({"format": "hyperv.migration ledger 1", "node": "NODE1", "vms": [{"name": "web01"}]}, "VM 1 has no vm_id"),
        ({"format": "hyperv.migration ledger 1", "node": "NODE1", "vms": ["web01"]}, "VM 1 has no vm_id"),
        (
            {
                **start_ledger(None, "NODE1", "HVC1", [move()], "t1"),
                "vms": [{**move(), "outcome": "x", "priority": "many"}],
            },
            "priority of VM 1 is 'many', which is no number",
        ),
    ],
)
def test_what_is_no_whole_ledger_is_refused_by_name(content: dict[str, t.Any] | str, said: str) -> None:
    with pytest.raises(HyperVError, match=f"ledger.json.*{said}"):
        read_ledger(content, "ledger.json")


def test_no_part_of_a_ledger_is_taken_for_the_whole() -> None:
    whole = json.dumps(start_ledger(None, "NODE1", "HVC1", [move(), move()], "t1"), indent=2)
    assert read_ledger(whole, "ledger.json")["node"] == "NODE1"
    for length in range(len(whole)):
        with pytest.raises(HyperVError, match="not whole"):
            read_ledger(whole[:length], "ledger.json")


def test_a_file_is_written_whole_and_for_its_owner_only(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "ledger.json"
    replace_file(str(path), "old")
    replace_file(str(path), "☃ new")
    assert read_file(str(path)) == "☃ new".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["ledger.json"]
    assert read_file(str(tmp_path / "none.json")) is None


def test_what_could_not_be_written_is_known_beforehand(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    check_writable(str(tmp_path / "new" / "deep" / "ledger.json"))
    check_writable(str(tmp_path / "file"))
    for path in (tmp_path / "file" / "ledger.json", tmp_path / "folder"):
        with pytest.raises(HyperVError, match=f"{path} cannot be written"):
            check_writable(str(path))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_disk_that_is_full_is_known_beforehand(tmp_path: pathlib.Path) -> None:
    with full_disk(), pytest.raises(HyperVError, match=f"ledger.json cannot be written: {tmp_path}: "):
        check_writable(str(tmp_path / "ledger.json"))
    assert os.listdir(tmp_path) == []


def test_a_folder_in_which_nothing_can_be_made_is_known_beforehand_whatever_its_permissions_say() -> None:
    with pytest.raises(HyperVError, match="cannot be written: /proc"):  # root may write there, and yet nobody can
        check_writable("/proc/rolling/ledger.json")


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(HyperVError, match="cannot be written"):
        replace_file(str(tmp_path / "file" / "ledger.json"), "x")
    (tmp_path / "folder" / "ledger.json").mkdir(parents=True)
    with pytest.raises(HyperVError, match=r"ledger\.json cannot be written"):
        replace_file(str(tmp_path / "folder" / "ledger.json"), "x")
    assert os.listdir(tmp_path / "folder") == ["ledger.json"]


def test_a_vm_that_is_stopped_again_before_the_others_are_back_is_kept_anew() -> None:
    stays: LeavingVm = {**move(destination="NODE1"), "strategy": "shutdown", "outcome": "stays"}
    first = record_outcomes(start_ledger(None, "NODE1", "HVC1", [stays, move(DB, "db01")], "t1"), [record(DB)], "t2")
    half = mark_restored(first, [WEB], "t3")
    again = start_ledger(half, "NODE1", "HVC1", [stays], "t4")
    assert [(vm["name"], vm["restored"]) for vm in again["vms"]] == [("db01", False), ("web01", False)]


def test_a_vm_that_was_started_again_counts_as_it_is_by_then() -> None:
    stopped: LeavingVm = {**move(), "strategy": "shutdown"}
    failed = record_outcomes(
        start_ledger(None, "NODE1", "HVC1", [stopped, move(DB, "db01")], "t1"), [record(outcome="failed")], "t2"
    )
    started = mark_restored(failed, [WEB], "t3")
    again = start_ledger(started, "NODE1", "HVC1", [{**stopped, "state": "off"}], "t4")
    assert [vm["state"] for vm in again["vms"] if vm["name"] == "web01"] == ["off"]


@pytest.mark.parametrize(
    ("cut_off_at", "state", "paused_before"),
    [(THEN, "evacuating", False), (THEN, "evacuated", True), ("2026-02-01T23:00:00+00:00", "evacuating", True)],
)
def test_the_pause_of_a_run_that_was_cut_off_is_known_to_the_next_one(
    cut_off_at: str, state: str, paused_before: bool
) -> None:
    begun = start_ledger(None, "NODE1", "HVC1", [move()], cut_off_at, paused=False)
    assert begun["paused_before"] is False
    again = start_ledger({**begun, "state": state}, "NODE1", "HVC1", [move()], NOW, paused=True)
    assert again["paused_before"] is paused_before


def test_vms_of_an_evacuation_of_long_ago_are_told() -> None:
    old = record_outcomes(
        start_ledger(None, "NODE1", "HVC1", [move(), move(DB, "db01")], "2025-12-01T08:00:00+00:00"), [], "t2"
    )
    new = start_ledger(old, "NODE1", "HVC1", [move()], NOW)
    warning = stale_entries_warning(new, [move()], NOW)
    assert "2025-12-01" in warning
    assert "db01" in warning
    assert "web01" not in warning
    recent = start_ledger(None, "NODE1", "HVC1", [move(DB, "db01")], THEN)
    assert stale_entries_warning(recent, [], NOW) == ""


def test_a_vm_that_was_given_back_is_seen_anew_while_others_are_still_away() -> None:
    off: LeavingVm = {**move(), "state": "off"}
    first = mark_restored(start_ledger(None, "NODE1", "HVC1", [off, move(DB, "db01")], NOW), [WEB], NOW)
    again = start_ledger(first, "NODE1", "HVC1", [{**move(), "state": "running", "strategy": "shutdown"}], NOW)
    assert {vm["name"]: vm["state"] for vm in again["vms"]}["web01"] == "running"


def test_the_newest_events_of_a_failed_move_are_kept() -> None:
    events: list[Mapping[str, t.Any]] = [{"id": number, "message": "why"} for number in range(6)]
    begun = start_ledger(None, "NODE1", "HVC1", [move()], "t1")
    failed: MoveRecord = {**record(WEB, "failed"), "events": events}
    ledger = record_outcomes(begun, [failed], "t2")

    assert begun["vms"][0]["events"] == []
    assert ledger["vms"][0]["events"] == events[-4:]
