# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster for the tests of one file, fresh for each test, and real Ansible commands against it."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import SCENARIO, Ansible
from tests.running_cluster import RunningCluster, running_cluster


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
def ansible(folder: pathlib.Path, simulator: RunningCluster) -> Ansible:
    return Ansible(folder, simulator.inventory)
