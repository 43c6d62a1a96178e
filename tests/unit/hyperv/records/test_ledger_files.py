# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file of a ledger as an evacuation uses it, and ledgers that a person gives."""

from __future__ import annotations

import json
import os
import pathlib
import stat

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import Owner
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import start_ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._ledgers import ledger_file_of, read_given_ledger

from tests.support.records import leaving

OURS = Owner("hvc1.corp.example", "HVC1")
MOVE = leaving("6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "web {{ 1 }}")
NAME = "hyperv-ledger-hvc1.corp.example-NODE1.json"


def begun(old: Ledger | None) -> Ledger:
    return start_ledger(old, "NODE1", OURS.full, [MOVE], "2026-03-02T01:00:00+00:00")


def test_a_ledger_is_written_for_its_owner_only_and_read_as_it_was(tmp_path: pathlib.Path) -> None:
    file = ledger_file_of(None, str(tmp_path), "NODE1", OURS)
    assert file.read() is None

    written = file.change(begun)

    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert "{" not in json.loads((tmp_path / NAME).read_text(encoding="utf-8"))["vms"][0]["name"]
    assert (file.read(), file.path) == (written, str(tmp_path / NAME))


def test_nothing_is_written_where_only_the_time_would_differ(tmp_path: pathlib.Path) -> None:
    file = ledger_file_of(str(tmp_path / "own.json"), ".", "NODE1", OURS)
    file.change(begun)
    before = os.stat(file.path).st_ino
    assert file.change(lambda old: {**begun(old), "updated": "later"})["updated"] != "later"
    assert os.stat(file.path).st_ino == before


def test_a_dry_run_says_what_would_be_refused_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    file = ledger_file_of(None, str(tmp_path / "new"), "NODE1", OURS)
    assert file.check(begun)["node"] == "NODE1"
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with pytest.raises(HyperVError, match="cannot be read: Not a directory"):
        ledger_file_of(str(tmp_path / "file" / "ledger.json"), ".", "NODE1", OURS).check(begun)


def test_what_a_change_refuses_is_said_with_the_path(tmp_path: pathlib.Path) -> None:
    file = ledger_file_of(str(tmp_path / "own.json"), ".", "NODE1", OURS)
    file.change(begun)
    with pytest.raises(HyperVError, match=r"own\.json: The ledger belongs to node NODE1"):
        file.change(lambda old: start_ledger(old, "NODE2", OURS.full, [MOVE], "t"))


def test_a_ledger_without_a_path_needs_its_node() -> None:
    with pytest.raises(HyperVError, match="Neither a node nor a ledger is named"):
        ledger_file_of(None, ".", "", None)


def test_a_ledger_may_be_given_as_data_as_text_or_by_its_path(tmp_path: pathlib.Path) -> None:
    ledger = begun(None)
    path = tmp_path / "own.json"
    path.write_text(json.dumps(ledger), encoding="utf-8")
    given = [(ledger, None), (f"\n {json.dumps(ledger)}", None), (None, str(path)), ("", str(path)), ({}, str(path))]
    assert all(read_given_ledger(data, where, "restore_node_ledger") == ledger for data, where in given)
    assert read_given_ledger(None, None, "restore_node_ledger") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("no json", "restore_node_ledger is not a ledger: no json. Give the artifact"),
        (["x"], r"restore_node_ledger is not a ledger: \['x'\]"),
        (f"a {'very ' * 30}long text", r"a very .*\.\.\. Give the artifact"),
        ("{", "restore_node_ledger is no(t a)? ledger"),
        ({"a": 1}, "restore_node_ledger is no(t a)? ledger of format"),
    ],
)
def test_anything_else_is_refused_by_its_name(given: object, said: str) -> None:
    with pytest.raises(HyperVError, match=said):
        read_given_ledger(given, None, "restore_node_ledger")


def test_a_file_that_is_not_there_is_said_with_its_path(tmp_path: pathlib.Path) -> None:
    with pytest.raises(HyperVError, match=r"There is no ledger at .*own\.json"):
        read_given_ledger(None, str(tmp_path / "own.json"), "restore_node_ledger")
