# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stays on an emptied node: roles that are not VMs, and the shared volumes that it coordinates."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.maintenance import NODES, Story
from tests.support.scenarios import ClusterSpec, fault, role, scenario, vm

GIVEN = scenario(
    NODES,
    [vm("web", memory_mb=1000)],
    roles=[
        role("FS1", "file_server", "NODE1"),
        role("Broker", "replica_broker", "NODE2"),
        role("Stopped", "generic_service", "NODE1", online=False),
        role("Available Storage", "available_storage", "NODE1", online=False),
        role("Cluster Virtual Disk (Volume1)", "shared_volume", "NODE1"),
        role("Cluster Virtual Disk (Volume2)", "shared_volume", "NODE3"),
        role("Cluster Pool 1", "storage_pool", "NODE1"),
    ],
)
ALL = (
    "NODE1 owns roles that are not VMs: Cluster Group (core cluster group), FS1 (file server), and coordinates shared "
    "volumes: Cluster Virtual Disk (Volume1). They are not moved, and fail over when it restarts."
)


@pytest.mark.parametrize("internal", ["listed", "absent"])
def test_the_plan_and_the_last_message_name_what_stays(internal: str) -> None:
    story = Story(GIVEN, internal_groups=internal)

    dry = story.evacuate(check=True)
    real = story.evacuate()

    for outcome in (dry, real):
        assert outcome.plan["other_roles"] == [
            {"name": "Cluster Group", "type": "core cluster group"},
            {"name": "FS1", "type": "file server"},
        ]
        assert outcome.plan["shared_volumes"] == ["Cluster Virtual Disk (Volume1)"]
    assert ALL in story.lines
    assert real.error == ""
    assert real.note.endswith(ALL)


def test_what_is_elsewhere_is_not_named() -> None:
    given = scenario(NODES, [vm("web")], cluster=ClusterSpec(core_group_owner="NODE3"))
    outcome = Story(given).evacuate()
    assert (outcome.plan["other_roles"], outcome.plan["shared_volumes"]) == ([], [])
    assert outcome.note == "The node is paused. Bring its VMs back with hyperv.migration.restore_node."


def test_what_has_left_meanwhile_is_not_in_the_last_message() -> None:
    story = Story(GIVEN)
    story.enter = lambda: story.simulated.server.world.role_owners.update(FS1="NODE2")
    outcome = story.evacuate()
    assert outcome.plan["other_roles"][1]["name"] == "FS1"
    assert "FS1" not in outcome.note
    assert "Cluster Group (core cluster group)" in outcome.note


def test_what_cannot_be_read_is_noted_and_stops_nothing() -> None:
    refused = fault("fault", code=0x80041001, mentions="IsClusterSharedVolume", times=None)
    story = Story(dataclasses.replace(GIVEN, faults=(refused,)))
    outcome = story.evacuate()
    assert outcome.error == ""
    assert any("What NODE1 owns beside VMs could not be read" in note for note in outcome.plan["notes"])
