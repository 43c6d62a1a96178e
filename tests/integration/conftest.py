# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster for the tests of one file, fresh for each test, and real Ansible commands against it.

Every story runs over winrm; those marked ``over_psrp``, one of each kind, also run over psrp. ``make matrix`` names one
plugin in the environment: with STORIES_OVER=winrm every story runs over winrm and no other; with STORIES_OVER=psrp
those that take their plugin from here run over psrp, and the others are left out.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import SCENARIO, Ansible
from tests.running_cluster import RunningCluster, running_cluster


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "over_psrp: a story that runs over psrp as well as over winrm")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a story over the connection plugins that it is meant for."""
    if "plugin" in metafunc.fixturenames:
        usual = ["winrm", "psrp"] if metafunc.definition.get_closest_marker("over_psrp") else ["winrm"]
        chosen = os.environ.get("STORIES_OVER")
        metafunc.parametrize("plugin", [chosen] if chosen else usual, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would run over psrp as it does over winrm."""
    if os.environ.get("STORIES_OVER") != "psrp":
        return
    here = pathlib.Path(__file__).parent
    stories = [item for item in items if here in item.path.parents]
    repeats = {story for story in stories if "plugin" not in getattr(story, "fixturenames", ())}
    config.hook.pytest_deselected(items=list(repeats))
    items[:] = [item for item in items if item not in repeats]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


@pytest.fixture
def cluster(simulator: RunningCluster) -> Iterator[RunningCluster]:
    """The cluster as the scenario says; no test may open a remote shell on it."""
    simulator.reset()
    yield simulator
    assert simulator.counters()["shells_opened"] == 0


@pytest.fixture(scope="module")
def ansible(folder: pathlib.Path, simulator: RunningCluster, plugin: str) -> Ansible:
    return Ansible(folder, simulator.inventory, plugin)
