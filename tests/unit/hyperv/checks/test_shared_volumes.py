# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the shared volumes have against taking a node away, asked of the simulated cluster."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.cluster_health import Health, read_health

from tests.support.scenarios import StorageSpec, fault, node, scenario
from tests.support.simulated import Simulated

NODES = [node("NODE1"), node("NODE2")]
VOLUME = "C:\\ClusterStorage\\Volume1"


def look(*ignore: str, kind: t.Literal["san", "smb", "spaces_direct"] = "san", **storage: t.Any) -> Health:
    simulated = Simulated(scenario(NODES, storage=StorageSpec(kind=kind, **storage)), "NODE2")
    return read_health(simulated.cluster, "NODE1", ignore)


@pytest.mark.parametrize(
    ("state", "code"),
    [("unreachable", "shared_volume_no_access"), ("in_maintenance", "shared_volume_in_maintenance")],
)
@pytest.mark.parametrize("kind", ["san", "spaces_direct"])
def test_a_volume_that_is_not_there_stands_against_it(
    kind: t.Literal["san", "spaces_direct"], state: str, code: str
) -> None:
    (finding,) = look(kind=kind, **{state: ("Volume1",)}).findings

    assert (finding.code, finding.subject, bool(finding.remedy)) == (code, VOLUME, True)
    assert not look(VOLUME.lower(), kind=kind, **{state: ("Volume1",)}).findings
    assert not look("volume1", kind=kind, **{state: ("Volume1",)}).findings


def test_redirected_access_and_a_backup_are_told_and_do_not_count() -> None:
    health = look(redirected=("Volume1", "Volume2"), in_backup=("Volume1",))

    assert health.as_result()["healthy"]
    told = [(one.code, one.subject) for one in health.notes if one.subject_kind == "storage"]
    assert told == [
        ("shared_volume_redirected", VOLUME),
        ("shared_volume_redirected", "C:\\ClusterStorage\\Volume2"),
        ("backup_running", VOLUME),
    ]


def test_a_cluster_on_shares_has_no_volumes_to_look_at() -> None:
    health = look(kind="smb", unreachable=("Volume1",))

    assert (health.findings, [one for one in health.notes if one.subject_kind == "storage"]) == ((), [])


def test_volumes_that_cannot_be_read_are_not_taken_for_good() -> None:
    refused = fault("fault", mentions="MSCluster_ClusterSharedVolume", times=None)
    simulated = Simulated(scenario(NODES, faults=[refused]), "NODE2")

    (finding,) = read_health(simulated.cluster, "NODE1", ()).findings

    assert (finding.code, finding.transient) == ("shared_volumes_unknown", True)
