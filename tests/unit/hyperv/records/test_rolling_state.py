# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rolling maintenance a run goes on with. Pure: no cluster, no file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import (
    RollingOptions,
    resume_or_start,
    rolling_options,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    PHASES,
    TRANSITIONS,
    Phase,
    RollingState,
    Work,
    after_work,
    describe_progress,
    is_finished,
    phase_of,
    read_rolling_state,
    set_phase,
)

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
OPTIONS = RollingOptions("hvc1.corp.example", ["NODE1", "NODE2"])
ALL_PHASES: tuple[Phase, ...] = ("", *PHASES)


def work(tasks_file: str = "/srv/updates.yml", sha256: str = "aa11", role: str = "") -> Work:
    return {"tasks_file": tasks_file, "tasks_sha256": sha256, "role": role}


def with_phases(state: RollingState, *phases: Phase) -> RollingState:
    nodes = {f"NODE{number}": {"phase": phase, "updated": "then"} for number, phase in enumerate(phases, 1)}
    return t.cast(RollingState, {**state, "nodes": nodes})


def a_state(*phases: Phase, run_id: str = "", of: Work | None = None) -> RollingState:
    options = dataclasses.replace(OPTIONS, run_id=run_id, work=of)
    return with_phases(resume_or_start(None, options, "file", NOW)[0], *(phases or ("", "")))


def resumed(old: RollingState | None, *, now: dt.datetime = NOW, **changed: t.Any) -> RollingState:
    return resume_or_start(old, dataclasses.replace(OPTIONS, **changed), "file", now)[0]


def phases(state: RollingState) -> list[str]:
    return [node["phase"] for node in state["nodes"].values()]


def test_it_starts_with_no_node_begun() -> None:
    state = resumed(None)

    assert (phases(state), is_finished(state), state["cluster"]) == (["", ""], False, "hvc1.corp.example")


def test_an_unfinished_one_is_resumed_and_takes_in_new_nodes() -> None:
    later = resumed(a_state("done", ""), nodes=["NODE3", "NODE1"])

    assert later["nodes"].keys() == {"NODE1", "NODE2", "NODE3"}
    assert phases(later) == ["done", "", ""]


def test_after_one_is_finished_the_next_one_starts() -> None:
    assert is_finished(a_state("done", "done"))
    assert phases(resumed(a_state("done", "done"))) == ["", ""]


def test_one_with_a_run_id_stays_finished() -> None:
    finished = a_state("done", "done", run_id="2026-03")

    assert phases(resumed(finished, run_id="2026-03")) == ["done", "done"]
    assert phases(resumed(finished, run_id="2026-04")) == ["", ""]


def test_an_unfinished_one_is_not_given_another_run_id() -> None:
    with pytest.raises(
        HyperVError, match=r"'2026-03' of cluster hvc1.corp.example is unfinished: NODE1 done; NODE2 not begun"
    ):
        resumed(a_state("done", "", run_id="2026-03"), run_id="2026-04")


def test_one_that_was_left_alone_is_not_resumed_unasked() -> None:
    much_later = NOW + dt.timedelta(hours=73)

    with pytest.raises(HyperVError, match=r"rolling_maintenance_resume_within=74 .*begin with the first node again"):
        resumed(a_state("done", ""), now=much_later)
    assert phases(resumed(a_state("done", ""), now=much_later, resume_within=74)) == ["done", ""]


def test_an_unfinished_one_can_be_begun_anew_without_disowning_the_nodes_that_it_left_open() -> None:
    anew = resumed(a_state("done", "evacuated"), begin_anew=True)
    assert phases(anew) == ["", "begun"]

    elsewhere = resumed(a_state("worked", "done"), begin_anew=True, nodes=["NODE2"])
    assert {host: node["phase"] for host, node in elsewhere["nodes"].items()} == {"NODE2": "", "NODE1": "begun"}


def test_the_file_of_another_cluster_is_refused() -> None:
    with pytest.raises(HyperVError, match=r"belongs to cluster hvc1\.corp\.example, and this is hvc1\.branch\.example"):
        resumed(a_state(), cluster="hvc1.branch.example")
    assert phases(resumed(a_state("done", ""), cluster="HVC1.CORP.example")) == ["done", ""]


class TestOtherWork:
    """Nodes that are done must not be skipped for work that they have not had."""

    def test_it_is_refused_by_both_names_and_with_the_ways_out(self) -> None:
        with pytest.raises(HyperVError) as refused:
            resumed(a_state("done", "evacuated", of=work()), work=work("/srv/firmware.yml", "bb22"))
        for said in (
            "the tasks file /srv/updates.yml (NODE1 done; NODE2 evacuated)",
            "this run has the tasks file /srv/firmware.yml, which NODE1 would not get",
            "Finish it with the same work first",
            "rolling_maintenance_begin_anew=true",
            "rolling_maintenance_allow_changed_work=true",
        ):
            assert said in str(refused.value)

    @pytest.mark.parametrize("phase", ["restarting", "worked", "done"])
    def test_a_node_that_has_had_its_work_is_enough(self, phase: Phase) -> None:
        with pytest.raises(HyperVError, match="which NODE1 would not get"):
            resumed(a_state(phase, "", of=work()), work=work(role="firmware"))

    def test_a_file_of_other_content_is_other_work(self) -> None:
        with pytest.raises(
            HyperVError, match=r"updates\.yml \(SHA-256 aa11\).* updates\.yml \(SHA-256 bb22\)"
        ) as refused:
            resumed(a_state("done", "", of=work("updates.yml")), work=work("updates.yml", "bb22"))
        assert "if the work was only corrected" in str(refused.value)

    def test_another_role_or_none_is_other_work(self) -> None:
        before = a_state("done", "", of=work("", "", "patching"))
        with pytest.raises(HyperVError, match=r"one with the role patching .* this run has the role firmware"):
            resumed(before, work=work("", "", "firmware"))
        with pytest.raises(HyperVError, match="this run has no tasks of yours"):
            resumed(before, work=work("", ""))

    def test_a_finished_one_of_the_same_run_id_is_not_taken_for_the_other_work_either(self) -> None:
        with pytest.raises(HyperVError, match="Give this work another rolling_maintenance_run_id than '2026-03'"):
            resumed(a_state("done", "done", run_id="2026-03", of=work()), run_id="2026-03", work=work(role="firmware"))

    def test_the_same_work_goes_on(self) -> None:
        assert phases(resumed(a_state("done", "", of=work()), work=work())) == ["done", ""]

    def test_where_no_node_has_had_its_work_the_new_one_is_told_and_kept(self) -> None:
        options = dataclasses.replace(OPTIONS, work=work(role="firmware"))
        state, warnings = resume_or_start(a_state("evacuated", "", of=work()), options, "file", NOW)
        assert state["work"] == work(role="firmware")
        assert "goes on with the tasks file /srv/updates.yml and the role firmware." in warnings[0]

    def test_it_goes_on_where_that_is_allowed_and_says_who_will_not_get_it(self) -> None:
        options = dataclasses.replace(OPTIONS, work=work(sha256="bb22"), allow_changed_work=True)
        state, warnings = resume_or_start(a_state("done", "", of=work()), options, "file", NOW)
        assert (phases(state), state["work"]) == (["done", ""], work(sha256="bb22"))
        assert "which NODE1 will not get" in warnings[0]

    def test_one_of_an_earlier_version_which_does_not_say_its_work_is_resumed(self) -> None:
        assert resumed(a_state("done", ""), work=work())["work"] == work()


class TestNodesThatLeft:
    """A node that the inventory does not have any more keeps nothing open."""

    def test_without_it_the_rest_is_finished_and_the_next_one_starts(self) -> None:
        assert phases(resumed(a_state("done", "done", ""), forget=["NODE3"])) == ["", ""]
        assert phases(resumed(a_state("done", "", ""), forget=["NODE3"])) == ["done", ""]

    def test_it_is_named_where_it_was_left_paused(self) -> None:
        options = dataclasses.replace(OPTIONS, forget=["NODE3"])
        warnings = resume_or_start(a_state("done", "done", "evacuated"), options, "file", NOW)[1]
        assert "was not finished on NODE3 (evacuated), which the inventory does not have any more" in warnings[0]

    def test_a_node_of_the_run_is_never_forgotten(self) -> None:
        assert phases(resumed(a_state("done", "evacuated"), forget=["NODE1", "NODE2"])) == ["done", "evacuated"]


def test_no_node_is_skipped_for_a_file_of_an_earlier_version_whose_cluster_is_not_proved() -> None:
    earlier = {**a_state("done", ""), "format": "hyperv.migration roll 1", "cluster": "HVC1", "round": ""}
    read = read_rolling_state(json.dumps(earlier).encode(), "file")
    later = resumed(read)
    assert (phases(later), later["cluster"], later["format"]) == (["", ""], OPTIONS.cluster, a_state()["format"])
    with pytest.raises(
        HyperVError, match=r"called HVC1 with NODE1, NODE2, and this is hvc1\.corp\.example with NODE1\.b"
    ):
        resumed(read, nodes=["NODE1.branch.example"])


def test_a_file_of_the_form_before_is_resumed() -> None:
    """As the version before wrote it, to the letter."""
    written = {
        "format": "hyperv.migration roll 2",
        "cluster": "hvc1.corp.example",
        "round": "2026-03",
        "begun": "2026-03-01T20:00:00+00:00",
        "updated": "2026-03-01T21:00:00+00:00",
        "nodes": {
            "NODE1": {"phase": "done", "updated": "2026-03-01T20:30:00+00:00"},
            "NODE2": {"phase": "evacuated", "updated": "2026-03-01T21:00:00+00:00"},
        },
    }
    state = resumed(read_rolling_state(json.dumps(written).encode(), "file"), run_id="2026-03", work=work())
    assert (phases(state), state["run_id"], state["work"]) == (["done", "evacuated"], "2026-03", work())


def test_how_far_it_is_reads_well() -> None:
    assert describe_progress(a_state("evacuated", "done")) == "NODE2 done; NODE1 evacuated"
    assert describe_progress(a_state("worked", "begun")) == "NODE1 worked on; NODE2 begun"


@pytest.mark.parametrize("phase", ALL_PHASES)
def test_what_was_written_is_read_again(phase: Phase) -> None:
    state = a_state(phase, "", of=work())
    assert read_rolling_state(json.dumps(state).encode(), "file") == state


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        json.dumps({**a_state(), "format": "other"}).encode(),
        json.dumps({**a_state(), "work": "updates.yml"}).encode(),
        json.dumps({**a_state(), "work": {"role": "patching"}}).encode(),
        json.dumps({**a_state(), "nodes": {"NODE1": {"phase": "painted", "updated": ""}}}).encode(),
        b'{"format": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_state_is_refused(content: bytes) -> None:
    with pytest.raises(HyperVError, match=r"file is not the state of a rolling maintenance.*Move it away"):
        read_rolling_state(content, "file")


@pytest.mark.parametrize(("before", "after"), list(itertools.product(ALL_PHASES, PHASES)))
def test_a_phase_follows_only_where_the_table_says_so(before: Phase, after: Phase) -> None:
    state = a_state(before, "")
    if after not in TRANSITIONS[before]:
        with pytest.raises(HyperVError, match=f"which '{after}' cannot follow"):
            set_phase(state, "NODE1", after, NOW)
    else:
        kept = before == "restarting" and after in ("begun", "evacuated")
        assert phases(set_phase(state, "NODE1", after, NOW)) == [before if kept else after, ""]


def test_work_that_is_done_is_never_undone() -> None:
    order = list(ALL_PHASES)
    for before in ("restarting", "worked", "done"):
        for after in TRANSITIONS[before]:
            state = set_phase(a_state(before), "NODE1", after, NOW)
            assert order.index(phase_of(state, "NODE1")) >= order.index(before)


def test_that_a_node_was_restarted_is_remembered() -> None:
    state = set_phase(set_phase(a_state("evacuated"), "NODE1", "restarting", NOW, "NODE1"), "NODE1", "worked", NOW)
    assert (state["nodes"]["NODE1"].get("restarted"), state["nodes"]["NODE1"].get("name")) == (True, "NODE1")


@pytest.mark.parametrize(
    ("present", "restart", "phase"),
    [
        ("evacuated", False, "worked"),
        ("evacuated", True, "restarting"),
        ("restarting", False, "restarting"),  # an interrupted run has decided so
        ("worked", True, "worked"),  # it was restarted, or was not to be
        ("", True, "restarting"),  # a dry run
    ],
)
def test_what_follows_the_work(present: Phase, restart: bool, phase: Phase) -> None:
    assert after_work(present, restart) == phase


def test_options_come_from_the_record_of_a_run() -> None:
    record = {"cluster": "hvc1.corp.example", "node": "NODE2", "nodes": ["NODE1"], "folder": "/x", "run_id": None}
    assert rolling_options(record) == RollingOptions("hvc1.corp.example", ["NODE1", "NODE2"])
    with pytest.raises(HyperVError, match="rolling has no cluster and no node"):
        rolling_options({"folder": "/x"})
