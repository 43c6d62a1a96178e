# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every recording that is kept in this folder: the product reads all of it, and answers from it alone."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.cluster_description import read_cluster

from tests.doubts.verdicts import CONTRADICTED, SETTLED, judge
from tests.recordings.unknowns import unknowns
from tests.rehearse.recorded import RecordedCluster
from tests.simulator.recordings import read_recording
from tests.support.scenarios import Switches, migration, node, scenario, vm
from tests.unit.recording.recorded import Recorded

FOLDER = pathlib.Path(__file__).parent
KEPT = sorted(FOLDER.glob("*.zip"))
GIVEN = scenario(
    (node("NODE1"), node("NODE2"), node("NODE3", state="down")),
    [vm("web01", migration=migration(return_value=5)), vm("web02", owner="NODE2")],
    switches=Switches(wql="refused", missing_classes=("MSCluster_AffinityRule",)),
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """A recording of a simulated cluster, which shows that the tests of the kept ones can fail."""
    return Recorded(monkeypatch, tmp_path, GIVEN, name="web01", destination_host="NODE2").path


def test_the_product_reads_all_of_each(made: pathlib.Path) -> None:
    assert {path.name: unknowns(read_recording(path)) for path in (made, *KEPT)} == {
        path.name: [] for path in (made, *KEPT)
    }


def test_each_says_something_to_some_doubt(made: pathlib.Path) -> None:
    for path in (made, *KEPT):
        words = {one.word for one in judge(read_recording(path))}
        assert words & {SETTLED, CONTRADICTED}, path


def test_a_whole_cluster_is_described_from_a_recording_alone(made: pathlib.Path) -> None:
    described = RecordedCluster(read_recording(made))
    assert len(read_cluster(described.cluster).hosts) == 3
    assert described.unanswered == 0


@pytest.mark.parametrize(
    ("answer", "problem"),
    [("<not-soap/>", "no SOAP envelope"), ("&", "cannot be read"), ("<a></b>", "cannot be read")],
)
def test_what_the_product_cannot_read_is_named(made: pathlib.Path, answer: str, problem: str) -> None:
    recording = read_recording(made)
    last = dataclasses.replace(recording.exchanges[-1], answer=answer)
    spoiled = dataclasses.replace(recording, exchanges=[*recording.exchanges, last])
    assert [one.partition(": ")[2] for one in unknowns(spoiled) if problem in one] != []
