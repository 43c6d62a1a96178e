# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of what is ready goes on over silence and refusals, and says what to do about each."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness_table import (
    NOT_READY,
    check_readiness,
)

from tests.support.simulated import Simulated

DENIED = "faults: [{effect: fault, code: 0x80041003, times: null, node: NODE2, namespace: %s}]\n"
NODES = "nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]\n"
VMS = "vms: [{name: web01, owner: NODE1}]\n"


def unready(text: str, silent: str = "") -> set[tuple[str, str, str]]:
    simulated = Simulated(text)
    simulated.lose = lambda node, request: "down" if node == silent else ""
    rows = [row for row in check_readiness(simulated.cluster, 10) if row.status != "ready"]
    assert all(row.problem and row.remedy for row in rows)
    return {(row.node, row.check, row.status) for row in rows}


@pytest.mark.parametrize(
    ("text", "silent", "expected"),
    [
        (NODES + VMS, "", set()),
        (NODES.replace("NODE3}", "NODE3, state: down}") + VMS, "", {("NODE3", "state", NOT_READY)}),
        (NODES, "NODE2", {("NODE2", "connection", NOT_READY)}),
        (NODES + DENIED % "root/cimv2", "", {("NODE2", "rights", NOT_READY)}),
        (
            NODES + "vms: [{name: big, owner: NODE1, memory_mb: 125000}]\n",
            "",
            {("NODE1", "capacity without it", NOT_READY)},
        ),
        (
            NODES.replace("NODE2}", "NODE2, authentication: credssp}"),
            "",
            {("NODE2", "authentication", "look"), ("all", "authentication", "look")},
        ),
    ],
    ids=["ready", "down", "silent", "denied", "capacity", "credssp"],
)
def test_what_is_not_ready_is_a_row_of_its_own(text: str, silent: str, expected: set[tuple[str, str, str]]) -> None:
    assert unready(text, silent) == expected


def test_a_host_that_may_not_read_the_cluster_is_still_told() -> None:
    assert unready(NODES + (DENIED % "root/MSCluster").replace("NODE2", "NODE1")) == {("NODE1", "rights", NOT_READY)}
