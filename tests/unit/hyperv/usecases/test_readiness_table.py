# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of what is ready goes on over silence and refusals, and says what to do about each."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness_table import (
    NOT_READY,
    check_readiness,
)

from tests.support.scenarios import Scenario, fault, node, scenario, vm, with_nodes
from tests.support.simulated import Simulated


def denied(name: str, namespace: str) -> Scenario:
    """Return three nodes, one of which has a namespace that the account may not read."""
    return scenario(faults=[fault("fault", node=name, namespace=namespace, code=0x80041003, times=None)])


def unready(given: Scenario, silent: str = "") -> set[tuple[str, str, str]]:
    simulated = Simulated(given)
    simulated.lose = lambda node, request: "down" if node == silent else ""
    rows = [row for row in check_readiness(simulated.cluster, 10) if row.status != "ready"]
    assert all(row.finding.message and row.finding.remedy for row in rows)
    return {(row.subject, row.check, row.status) for row in rows}


@pytest.mark.parametrize(
    ("given", "silent", "expected"),
    [
        (scenario(vms=[vm("web01")]), "", set()),
        (
            with_nodes(scenario(vms=[vm("web01")]), node("NODE3", state="down")),
            "",
            {("NODE3", "state", NOT_READY)},
        ),
        (scenario(), "NODE2", {("NODE2", "connection", NOT_READY)}),
        (denied("NODE2", "root/cimv2"), "", {("NODE2", "rights", NOT_READY)}),
        (
            scenario(vms=[vm("big", memory_mb=125000)]),
            "",
            {("NODE1", "capacity_without_node", NOT_READY)},
        ),
        (
            with_nodes(scenario(), node("NODE2", authentication="credssp")),
            "",
            {("NODE2", "authentication", "warning"), ("HVC1", "authentication", "warning")},
        ),
    ],
    ids=["ready", "down", "silent", "denied", "capacity", "credssp"],
)
def test_what_is_not_ready_is_a_row_of_its_own(
    given: Scenario, silent: str, expected: set[tuple[str, str, str]]
) -> None:
    assert unready(given, silent) == expected


def test_a_host_that_may_not_read_the_cluster_is_still_told() -> None:
    assert unready(denied("NODE1", "root/MSCluster")) == {("NODE1", "rights", NOT_READY)}


def test_a_login_by_ntlm_is_a_row_that_is_ready_and_says_so() -> None:
    simulated = Simulated(scenario())
    simulated.login = "ntlm"
    rows = [row for row in check_readiness(simulated.cluster, 10) if row.finding.code == "ntlm_login"]

    assert [(row.subject, row.check, row.status) for row in rows] == [
        (name, "authentication", "ready") for name in ("NODE1", "NODE2", "NODE3")
    ]
