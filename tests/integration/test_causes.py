# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves that fail, with the cause that only the event logs of their hosts tell, in English and in Japanese."""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster

SCENARIO = pathlib.Path(__file__).parent / "causes.yml"
FAILED = 2
PROCESSOR = "この VM はサポートされていないプロセッサ機能を使用しています"
pytestmark = [pytest.mark.over_psrp, pytest.mark.long]


class Place(t.NamedTuple):
    cluster: RunningCluster
    ansible: Ansible


@pytest.fixture(scope="module", params=["en-US", "ja-JP"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, plugin: str) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("causes")
    scenario = folder / "scenario.yml"
    scenario.write_text(f"{SCENARIO.read_text(encoding='utf-8')}language: {request.param}\n", encoding="utf-8")
    with running_cluster(scenario, folder) as cluster:
        yield Place(cluster, Ansible(folder, cluster.inventory, plugin))


def move(place: Place, name: str, destination: str, *options: str, method: str = "cluster_group") -> Answer:
    arguments = f"name={name} destination_host={destination} poll_interval=0.1 method={method}"
    command = ["ansible", *place.ansible.sources, "NODE1", "-m", "hyperv.migration.hyperv_vm_migrate", "-a", arguments]
    return place.ansible.run(*command, *options, warns=True)


@pytest.mark.parametrize(
    ("name", "cause", "remedy", "node"),
    [
        ("switch01", "virtual switch of the VM is missing on the destination", "same names on all nodes", "NODE2"),
        ("login01", "the hosts cannot log on to each other", "constrained delegation", "NODE1"),
    ],
)
def test_the_result_names_the_cause_from_the_log_and_the_remedy(
    place: Place, name: str, cause: str, remedy: str, node: str
) -> None:
    answer = move(place, name, "NODE2")
    result = answer.result

    assert answer.code == FAILED, answer.text
    assert cause in result["error"]["cause"], answer.text
    assert remedy in result["error"]["remedy"]
    assert cause in answer.message
    assert remedy in answer.message
    telling = [event for event in result["events"] if event["cause"]]
    assert {event["node"] for event in telling} == {node}
    assert f"{node}, Microsoft-Windows-Hyper-V-" in answer.text  # shown while the task ran
    assert place.cluster.owners()[name] == "NODE1"


def test_a_processor_that_lacks_features_is_told_in_the_words_of_the_destination(place: Place) -> None:
    answer = move(place, "cpu01", "NODE2", method="system")
    result = answer.result

    assert answer.code == FAILED, answer.text
    assert PROCESSOR in result["error"]["quoted"]
    assert "NODE2 says" in result["error"]["quoted"]
    assert "turn on processor compatibility" in result["error"]["remedy"]


def test_check_mode_says_no_to_a_host_with_another_processor_before_anything_runs(place: Place) -> None:
    answer = move(place, "web01", "NODE3", "--check")

    assert answer.code == FAILED, answer.text
    assert answer.result["error"]["code"] == "incompatible"
    assert "turn on processor compatibility" in answer.message
    assert place.cluster.migrations() == {} or "web01" not in place.cluster.migrations()

    fits = move(place, "web01", "NODE2", "--check")

    assert (fits.code, fits.result["outcome"], fits.result["checked"]) == (0, "would_move", True), fits.text


@pytest.mark.parametrize("method", ["system", "cluster_group"])
def test_check_mode_says_no_to_a_host_without_the_vm_s_switch_before_anything_runs(place: Place, method: str) -> None:
    answer = move(place, "lab01", "NODE2", "--check", method=method)

    assert answer.code == FAILED, answer.text
    assert answer.result["error"]["code"] == ("not_migratable" if method == "system" else "switch_missing")
    assert "NODE2 has no virtual switch Lab" in answer.message
    assert "same names on all hosts" in answer.message
    assert "lab01" not in place.cluster.migrations()
