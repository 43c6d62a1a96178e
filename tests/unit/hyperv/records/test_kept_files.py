# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ledgers and states of rolling maintenance as files: links, locks, earlier versions. No cluster."""

from __future__ import annotations

import fcntl
import functools
import importlib
import json
import os
import pathlib
import types
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._files import (
    check_writable,
    find_kept,
    locked,
    replace_file,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import Owner
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import (
    mark_restored,
    record_outcomes,
    start_ledger,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._ledgers import LedgerFile, ledger_file_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import end_work, enter_phase

from tests.support.records import leaving

WEB = "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31"
MOVE = leaving(WEB, "web {{ x }}")
OURS = {"node": "NODE1", "cluster": "hvc1.corp.example"}
BRANCH = "hvc1.branch.example"
NOW = "2026-03-01T22:00:00+00:00"
NEW, OLD = "hyperv-ledger-hvc1.corp.example-NODE1.json", "hyperv-ledger-HVC1-NODE1.json"


def run(module: str, check_mode: bool = False, **given: t.Any) -> dict[str, t.Any]:
    """Return what an action's ``carry_out`` returns."""
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    options = action.ARGUMENTS["argument_spec"]
    arguments = {name: given.get(name, option.get("default")) for name, option in options.items()}
    return t.cast("dict[str, t.Any]", action.carry_out(types.SimpleNamespace(check_mode=check_mode), arguments, {}))


def read(**given: t.Any) -> dict[str, t.Any]:
    return run("hyperv_evacuation_ledger_info", **given)


def file(folder: pathlib.Path, path: str = "", node: str = "NODE1", cluster: str = OURS["cluster"]) -> LedgerFile:
    return ledger_file_of(path, str(folder), node, Owner(cluster))


def begun(old: Ledger | None, cluster: str = OURS["cluster"], vm_id: str = WEB) -> Ledger:
    return start_ledger(old, "NODE1", cluster, [{**MOVE, "vm_id": vm_id}], NOW)


def restored(old: Ledger | None, cluster: str = OURS["cluster"], vm_id: str = WEB) -> Ledger:
    assert old is not None
    return mark_restored(old, [vm_id], NOW, cluster)


def finished(old: Ledger | None, cluster: str = OURS["cluster"]) -> Ledger:
    assert old is not None
    return record_outcomes(old, [], NOW, cluster=cluster)


def state(phase: str, *, dry_run: bool = False, **rolling: t.Any) -> dict[str, t.Any]:
    return run("hyperv_rolling_state", dry_run, phase=phase, rolling=rolling)


def progress(**given: t.Any) -> dict[str, t.Any]:
    return run("hyperv_rolling_state_info", **given)


def write_earlier(folder: pathlib.Path) -> pathlib.Path:
    """Write a ledger as earlier versions did and return its path."""
    vm = {**MOVE, "outcome": "moved", "restored": False}
    content = {"format": "hyperv.migration ledger 1", "cluster": "HVC1", "node": "NODE1", "vms": [vm]}
    path = folder / OLD
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_ledger_names_its_own_file_and_holds_no_template(tmp_path: pathlib.Path) -> None:
    file(tmp_path).change(begun)
    assert file(tmp_path).path == str(tmp_path / NEW)
    assert os.listdir(tmp_path) == [NEW]
    written = json.loads((tmp_path / NEW).read_text(encoding="utf-8"))
    assert (written["escaped"], written["vms"][0]["name"]) == (True, "web \\u007b\\u007b x }}")
    assert read(folder=str(tmp_path), **OURS)["ledger"]["vms"][0]["name"] == "web {{ x }}"


def test_a_ledger_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    assert read(folder=str(tmp_path), **OURS) == {
        "changed": False,
        "exists": False,
        "ledger": {},
        "path": str(tmp_path / NEW),
    }


def test_clusters_of_one_name_have_a_ledger_each(tmp_path: pathlib.Path) -> None:
    for cluster in ("hvc1.corp.example", BRANCH):
        file(tmp_path, cluster=cluster).change(functools.partial(begun, cluster=cluster))
    assert sorted(os.listdir(tmp_path)) == [NEW.replace("corp", "branch"), NEW]


def test_the_ledger_of_another_cluster_is_refused_before_anything_is_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "ledger.json"
    ours = file(tmp_path, str(path))
    ours.change(begun)
    before = path.read_bytes()
    refused = r"belongs to hvc1\.corp\.example .* and this is hvc1\.branch\.example"
    with pytest.raises(HyperVError, match=refused):
        ours.change(lambda old: begun(old, BRANCH))
    with pytest.raises(HyperVError, match=refused):
        read(path=str(path), node="NODE1", cluster=BRANCH)
    other = WEB[::-1]
    for change in (lambda old: finished(old, BRANCH), lambda old: restored(old, BRANCH, other)):
        ours.change(change)
    assert path.read_bytes() == before


def test_a_ledger_of_an_earlier_version_is_read_where_it_was_and_kept_where_it_belongs(tmp_path: pathlib.Path) -> None:
    old = write_earlier(tmp_path)
    found = read(folder=str(tmp_path), **OURS)
    assert found["ledger"]["cluster"] == "HVC1"
    assert f"{old} was written by an earlier version" in found["warnings"][0]
    assert file(tmp_path).change(restored)["state"] == "restored"
    assert os.listdir(tmp_path) == [NEW]
    assert "warnings" not in read(folder=str(tmp_path), **OURS)


def test_a_ledger_of_an_earlier_version_is_not_taken_over_by_a_cluster_that_knows_none_of_its_vms(
    tmp_path: pathlib.Path,
) -> None:
    old = write_earlier(tmp_path)
    before = old.read_bytes()
    branch = file(tmp_path, cluster=BRANCH)
    with pytest.raises(HyperVError, match=r"called HVC1, and this is hvc1\.branch\.example"):
        branch.change(lambda old: begun(old, BRANCH, WEB[::-1]))
    branch.change(lambda old: restored(old, BRANCH, WEB[::-1]))
    assert (os.listdir(tmp_path), old.read_bytes()) == ([OLD], before)


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    write_earlier(tmp_path)
    assert file(tmp_path).check(restored)["state"] == "restored"
    assert os.listdir(tmp_path) == [OLD]


def test_a_ledger_without_what_it_needs_is_refused_before_anything_is_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "ledger.json"
    for content in (
        '{"format": "hyperv.migration ledger 2", "node": "NODE1"}',
        '{"format": "hyperv.migration ledger 2"}',
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(HyperVError, match="without a node or a list of VMs"):
            file(tmp_path, str(path)).change(begun)
        assert path.read_text(encoding="utf-8") == content


def test_the_state_of_a_rolling_maintenance_is_kept_for_each_cluster(tmp_path: pathlib.Path) -> None:
    corp: dict[str, t.Any] = {"folder": str(tmp_path), "cluster": "hvc1.corp.example"}
    branch: dict[str, t.Any] = {"folder": str(tmp_path), "cluster": "hvc1.branch.example"}
    written = state(node="NODE1", phase="done", nodes=["NODE2"], **corp)
    assert progress(**corp)["summary"] == "NODE1 done; NODE2 not begun"
    assert not progress(**branch)["exists"]
    with pytest.raises(HyperVError, match=r"belongs to cluster hvc1\.corp\.example, and this is hvc1\.branch\.example"):
        state(path=written["path"], node="NODE1", phase="begun", cluster=branch["cluster"])


def test_the_state_of_an_earlier_version_is_told_and_skips_no_node(tmp_path: pathlib.Path) -> None:
    old, new = tmp_path / "hyperv-rolling-HVC1.json", tmp_path / "hyperv-rolling-hvc1.corp.example.json"
    state(path=str(old), cluster="HVC1", node="NODE1", nodes=["NODE2"], phase="done")
    written = json.loads(old.read_text(encoding="utf-8"))
    old.write_text(json.dumps({**written, "format": "hyperv.migration roll 1", "round": ""}), encoding="utf-8")
    ours: dict[str, t.Any] = {"folder": str(tmp_path), "cluster": "hvc1.corp.example"}
    found = state(phase="begun", dry_run=True, node="NODE2", **ours)
    assert found["summary"] == "NODE2 begun"
    assert f"{old} was written by an earlier version" in found["warnings"][0]
    assert old.exists()
    state(phase="begun", node="NODE2", **ours)
    assert os.listdir(tmp_path) == [new.name]
    assert progress(**ours)["summary"] == "NODE2 begun"


def test_a_dry_run_writes_no_state_and_says_what_it_would_be(tmp_path: pathlib.Path) -> None:
    ours: dict[str, t.Any] = {"folder": str(tmp_path), "cluster": "hvc1.corp.example", "node": "NODE1"}
    assert state(phase="done", dry_run=True, **ours)["phase"] == "done"
    assert os.listdir(tmp_path) == []
    state(phase="begun", **ours)
    assert state(phase="begun", **ours)["changed"] is False
    assert state(phase="evacuated", dry_run=True, **ours)["changed"] is True
    assert progress(path=str(tmp_path / "hyperv-rolling-hvc1.corp.example.json"))["summary"] == "NODE1 begun"


def test_a_rolling_maintenance_that_begins_anew_is_written_down_even_for_a_node_that_was_left_open(
    tmp_path: pathlib.Path,
) -> None:
    ours: dict[str, t.Any] = {"folder": str(tmp_path), "cluster": "hvc1.corp.example", "nodes": ["NODE1", "NODE2"]}
    for node, phase in (("NODE2", "done"), ("NODE1", "begun")):
        state(node=node, phase=phase, **ours)
    state(node="NODE1", phase="begun", begin_anew=True, **ours)
    assert state(node="NODE1", phase="evacuated", **ours)["summary"] == "NODE1 evacuated; NODE2 not begun"


def test_the_end_of_the_work_is_written_down_with_whether_a_restart_is_due(tmp_path: pathlib.Path) -> None:
    record = {"folder": str(tmp_path), "cluster": "hvc1.corp.example", "node": "NODE1", "name": "NODE1"}
    enter_phase(record, "evacuated")
    assert end_work(record, True, dry_run=False) == "restarting"
    enter_phase(record, "begun")  # the next run evacuates it again
    assert end_work(record, False, dry_run=False) == "restarting"
    enter_phase(record, "worked")
    assert end_work(record, True, dry_run=False) == "worked"
    enter_phase(None, "done")
    assert progress(folder=str(tmp_path), cluster="hvc1.corp.example")["summary"] == "NODE1 worked on"


def test_a_link_is_followed(tmp_path: pathlib.Path) -> None:
    shared, link = tmp_path / "shared" / "ledger.json", tmp_path / "here" / "ledger.json"
    for one in (shared, link):
        one.parent.mkdir()
    link.symlink_to("../shared/ledger.json")
    check_writable(str(link))
    replace_file(str(link), "old")
    replace_file(str(link), "new")
    assert (shared.read_text(), link.is_symlink()) == ("new", True)
    assert [os.listdir(one.parent) for one in (shared, link)] == [["ledger.json"], ["ledger.json"]]


def test_a_link_of_an_earlier_name_leads_to_the_same_file_under_its_new_name(tmp_path: pathlib.Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "x").write_text("old")
    (tmp_path / "Old").symlink_to("shared/x")
    find_kept(str(tmp_path), "new", "old").write("new")
    assert ((tmp_path / "shared" / "x").read_text(), (tmp_path / "new").is_symlink()) == ("new", True)
    assert not (tmp_path / "Old").is_symlink()


def test_a_lock_is_waited_for_no_longer_than_its_limit_and_says_who_may_hold_it(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "ledger.json")
    told = r"ledger\.json has been in use .* another run .*\.lock"
    with locked(path), pytest.raises(HyperVError, match=told), locked(path, patience=0):
        raise AssertionError("two had the lock")
    with locked(path, patience=0):
        assert os.listdir(tmp_path) == [".ledger.json.lock"]
    assert os.listdir(tmp_path) == []


def test_whoever_comes_by_a_link_waits_for_the_same_lock(tmp_path: pathlib.Path) -> None:
    (tmp_path / "link.json").symlink_to("ledger.json")
    path, link = str(tmp_path / "ledger.json"), str(tmp_path / "link.json")
    with locked(path), pytest.raises(HyperVError, match="in use"), locked(link, patience=0):
        raise AssertionError("two had the lock")


def test_a_pipe_is_not_replaced_with_a_file(tmp_path: pathlib.Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "ledger.json"
    link.symlink_to(pipe)

    for path in (pipe, link):
        for write in (check_writable, lambda name: replace_file(name, "{}")):
            with pytest.raises(HyperVError, match="cannot be written: it is a device, a pipe or a socket"):
                write(str(path))
    assert pipe.is_fifo()


def test_a_directory_that_somebody_has_locked_is_no_obstacle(tmp_path: pathlib.Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with locked(str(tmp_path / "ledger.json"), patience=0):
            assert os.listdir(tmp_path) == [".ledger.json.lock"]
    finally:
        os.close(folder)


def test_the_lock_of_a_run_that_was_killed_is_no_obstacle(tmp_path: pathlib.Path) -> None:
    (tmp_path / ".ledger.json.lock").touch()
    with locked(str(tmp_path / "ledger.json"), patience=0):
        pass
    assert os.listdir(tmp_path) == []


def test_a_failure_gives_the_lock_up(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "ledger.json")
    with pytest.raises(ValueError, match="mine"), locked(path):
        raise ValueError("mine")
    with locked(path, patience=0):
        pass


def test_there_is_no_lock_where_there_is_no_directory(tmp_path: pathlib.Path) -> None:
    with locked(str(tmp_path / "none" / "ledger.json"), patience=0):
        assert os.listdir(tmp_path) == []
