# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""hyperv_migration_events_info: what the event logs of hosts say, for a VM, nodes and a span of time."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.event_listing import list_events
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.job_listing import wanted_vm

from tests.support.scenarios import NODES, migration, scenario, vm
from tests.support.simulated import Simulated

SWITCH = migration(fails_at=5, hresult=None, message_id="21159", cause_in="log")
MEMORY = migration(fails_at=5, hresult=0x8007000E)


@pytest.fixture
def failed() -> Simulated:
    """Return a cluster in which two moves failed, the second one half an hour after the first."""
    vms = [vm("web01", memory_mb=1000, migration=SWITCH), vm("web02", memory_mb=1000, migration=MEMORY)]
    simulated = Simulated(scenario(NODES, vms))
    simulated.move(("web01", "NODE2"))
    simulated.pause(1800)
    simulated.move(("web02", "NODE3"))
    return simulated


def test_all_that_run_are_read_and_the_oldest_come_first(failed: Simulated) -> None:
    listing = list_events(failed.cluster, None, (), 60, 50)

    assert {event["node"] for event in listing.events} == {"NODE1", "NODE2", "NODE3"}
    assert [event["time"] for event in listing.events] == sorted(event["time"] for event in listing.events)
    assert listing.notes == []


def test_a_vm_has_its_own_events_alone(failed: Simulated) -> None:
    web01 = wanted_vm(failed.cluster, "web01", None)
    events = list_events(failed.cluster, web01, (), 60, 50).events

    assert 21159 in [event["id"] for event in events]
    assert all("web01" in event["message"] for event in events)


def test_nodes_minutes_and_limit_hold(failed: Simulated) -> None:
    of_node = list_events(failed.cluster, None, ("node3",), 60, 50).events
    recent = list_events(failed.cluster, None, (), 10, 50).events
    one = list_events(failed.cluster, None, (), 60, 1).events

    assert {event["node"] for event in of_node} == {"NODE3"}
    assert recent
    assert not any("web01" in event["message"] for event in recent)
    assert len(one) == 1
    assert one[0]["time"] == max(event["time"] for event in recent)


def test_a_host_that_cannot_be_read_is_a_note_beside_the_others(failed: Simulated) -> None:
    failed.lose = lambda host, request: "down" if host == "NODE2" and b"windows/EventLog" in request else ""
    listing = list_events(failed.cluster, None, (), 60, 50)

    assert {event["node"] for event in listing.events} == {"NODE1", "NODE3"}
    assert [note.partition(":")[0] for note in listing.notes] == ["The event logs of NODE2 could not be read"]


def test_a_node_that_does_not_exist_fails_the_task(failed: Simulated) -> None:
    with pytest.raises(HyperVError):
        list_events(failed.cluster, None, ("NODE9",), 60, 50)
