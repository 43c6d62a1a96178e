# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of a node rest while it is away, and are in service before it is given back."""

from __future__ import annotations

import typing as t

import pytest

from tests.simulator.host_profiles import Windows
from tests.support.maintenance import Gone, Story
from tests.support.requests import calls, queried_classes
from tests.support.scenarios import StorageSpec, migration, node, role, scenario, vm

OLD: Windows = 2016
NEW: Windows = 2022


def a_story(windows: Windows, *, kind: t.Any = "spaces_direct", vms: t.Any = None, **switches: t.Any) -> Story:
    nodes = [node(f"NODE{number}", windows=windows) for number in range(1, 5)]
    machines = vms if vms is not None else [vm("web01"), vm("web02")]
    return Story(scenario(nodes, machines, storage=StorageSpec(kind)), **switches)


def storage(story: Story) -> dict[str, t.Any]:
    story.simulated.server.world.look()
    return t.cast("dict[str, t.Any]", story.simulated.server.state()["storage"])


def resting(story: Story) -> list[str]:
    return t.cast("list[str]", storage(story)["disks_out_of_service"])


def noted(story: Story) -> str | None:
    assert story.ledger.content is not None
    return story.ledger.content["disks"]


def restart(story: Story) -> None:
    """Let NODE1 go away and come back as it was, paused."""
    world = story.simulated.server.world
    world.drains.lose(world.nodes["NODE1"])
    story.simulated.pause(120)
    world.nodes["NODE1"].enter("paused")


@pytest.mark.parametrize("windows", [OLD, NEW])
def test_disks_rest_through_the_restart_and_serve_again_with_their_node(windows: Windows) -> None:
    story = a_story(windows)

    evacuation = story.evacuate()
    emptied = (evacuation.error, evacuation.warnings, resting(story), noted(story), story.node1)
    restart(story)
    after_restart = resting(story)
    restoration = story.restore()

    assert emptied == ("", [], ["NODE1"], "maintenance", "paused")
    assert "The disks of NODE1 are in maintenance mode." in evacuation.note
    assert after_restart == ["NODE1"]
    assert (restoration.error, resting(story), noted(story), story.node1) == ("", [], "in_service", "up")
    assert storage(story)["losses"] == []


@pytest.mark.parametrize("windows", [OLD, NEW])
def test_a_wait_for_disks_is_told(windows: Windows) -> None:
    story = a_story(windows)
    story.evacuate()
    waiting = [line for line in story.lines if "disks of NODE1" in line]
    assert waiting[0] == "Putting the disks of NODE1 into maintenance mode."
    assert waiting[1].startswith("Waiting for the disks of NODE1, 120 s at most: ")


@pytest.mark.parametrize(("windows", "who"), [(OLD, "Maintenance"), (NEW, "Pause")])
def test_each_version_has_its_own_way(windows: Windows, who: str) -> None:
    story = a_story(windows)

    story.evacuate()

    assert bool(story.simulated.called("Maintenance")) is (who == "Maintenance")
    assert len(story.simulated.called("Pause")) == (2 if who == "Pause" else 1)


@pytest.mark.parametrize("kind", ["san", "smb"])
def test_there_is_nothing_to_do_where_storage_is_elsewhere(kind: str) -> None:
    story = a_story(NEW, kind=kind)

    story.evacuate()
    story.restore()

    assert len(story.simulated.called("Pause")) == 1
    assert not [name for name in queried_classes(story.simulated.requests) if name.startswith("MSFT_")]
    assert noted(story) is None


def test_it_can_be_left_out() -> None:
    story = a_story(OLD)

    story.evacuate(rest_disks=False)

    assert (resting(story), noted(story)) == ([], None)


@pytest.mark.parametrize(
    ("windows", "switches", "reason"),
    [
        (OLD, {"maintenance_by": "nobody"}, "no method"),
        (NEW, {"drain_of_a_paused_node": "refused"}, "does not drain a node that is paused"),
        (NEW, {"disks_of_a_drained_node": "in_service"}, "in service although the node was drained"),
    ],
)
def test_disks_that_cannot_rest_are_told_and_do_no_harm(
    windows: Windows, switches: dict[str, t.Any], reason: str
) -> None:
    story = a_story(windows, **switches)

    outcome = story.evacuate()

    assert outcome.error == ""
    (warning,) = outcome.warnings
    assert warning.startswith("The disks of NODE1 are not in maintenance mode")
    assert reason in warning
    assert resting(story) == []


@pytest.mark.parametrize(
    ("windows", "switches"),
    [
        (OLD, {"maintenance_by": "storage_health"}),
        (OLD, {"maintenance_codes": "from_d007"}),
        (NEW, {"maintenance_codes": "from_d007"}),
        (NEW, {"disks_of_a_drained_node": "with_every_pause"}),
        (NEW, {"disks_of_a_resumed_node": "maintenance"}),
    ],
)
def test_every_plausible_form_comes_to_the_same(windows: Windows, switches: dict[str, t.Any]) -> None:
    story = a_story(windows, **switches)

    evacuation = story.evacuate()
    emptied = resting(story)
    restart(story)
    restoration = story.restore()

    assert (evacuation.error, evacuation.warnings, emptied) == ("", [], ["NODE1"])
    assert (restoration.error, resting(story), story.node1) == ("", [], "up")


def test_what_stays_on_the_node_is_not_drained_away() -> None:
    story = a_story(NEW, vms=[vm("web01"), vm("web02")])

    outcome = story.evacuate(("web02", "stay"))

    assert (outcome.error, story.vms["web02"][0], resting(story)) == ("", "NODE1", [])
    assert any("would move what stays on it (web02)" in warning for warning in outcome.warnings)


def test_a_role_that_stays_is_not_drained_away() -> None:
    nodes = [node(f"NODE{number}", windows=NEW) for number in range(1, 5)]
    roles = [role("FS1", "file_server", "NODE1")]
    story = Story(scenario(nodes, [vm("web01")], storage=StorageSpec("spaces_direct"), roles=roles))

    outcome = story.evacuate(roles=(("FS1", "stay"),))

    assert (outcome.error, resting(story)) == ("", [])
    assert any("would move what stays on it" in warning and "FS1" in warning for warning in outcome.warnings)


def test_a_node_that_somebody_resumes_while_its_disks_are_to_rest_is_not_called_paused() -> None:
    story = a_story(NEW)
    asked = 0

    def resume(unused: str, request: bytes) -> str:
        nonlocal asked
        asked += calls("Pause", request)
        if asked < 2 or not calls("Pause", request):
            return ""
        story.simulated.server.world.nodes["NODE1"].enter("up")
        return "before"

    story.simulated.lose = resume
    evacuation = story.evacuate()
    assert "NODE1 is up, and not paused: somebody resumed it while it was emptied." in evacuation.error


def test_maintenance_that_stops_half_way_fails_the_evacuation_and_is_taken_back() -> None:
    story = a_story(OLD, maintenance_stops_half_way=True)

    outcome = story.evacuate()

    assert "Not all disks of NODE1 have entered maintenance mode" in outcome.error
    assert (resting(story), story.node1, noted(story)) == ([], "up", "in_service")


def test_a_failed_evacuation_does_not_give_the_node_back_with_disks_that_stay_in_maintenance() -> None:
    story = a_story(OLD, maintenance_stops_half_way=True)

    def refuse(node: str, request: bytes) -> str:
        return "down" if calls("Maintenance", request) and b">false<" in request else ""

    story.simulated.lose = refuse

    outcome = story.evacuate()

    assert (story.node1, resting(story)) == ("paused", ["NODE1"])
    assert "NODE1" in outcome.error


@pytest.mark.parametrize("windows", [OLD, NEW])
def test_a_run_that_is_killed_when_the_disks_rest_is_taken_up(windows: Windows) -> None:
    story = a_story(windows)
    story.ledger.change = _dying_at(story, "maintenance")  # type: ignore[method-assign]
    with pytest.raises(Gone):
        story.evacuate()
    del story.ledger.change
    killed = (resting(story), noted(story))

    again = story.evacuate()

    assert killed == (["NODE1"], "entering")
    assert (again.error, resting(story), noted(story), story.node1) == ("", ["NODE1"], "maintenance", "paused")


@pytest.mark.parametrize("windows", [OLD, NEW])
def test_a_restoration_that_is_killed_between_leaves_nothing_in_maintenance(windows: Windows) -> None:
    story = a_story(windows)
    story.evacuate()
    restart(story)
    story.ledger.change = _dying_at(story, "in_service")  # type: ignore[method-assign]
    with pytest.raises(Gone):
        story.restore()
    del story.ledger.change

    again = story.restore()

    assert (again.error, resting(story), story.node1) == ("", [], "up")
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}


def _dying_at(story: Story, state: str) -> t.Any:
    change = type(story.ledger).change

    def changed(wanted: t.Any) -> t.Any:
        new = wanted(story.ledger.read())
        if new["disks"] == state:
            raise Gone
        return change(story.ledger, wanted)

    return changed


def test_disks_that_stay_in_maintenance_keep_the_node_from_being_given_back() -> None:
    story = a_story(OLD)
    story.evacuate()
    restart(story)
    story.simulated.server.world.storage.end_maintenance = lambda node: None  # type: ignore[method-assign]
    story.simulated.server.world.storage.end_maintenance_of = lambda node, disk: None  # type: ignore[method-assign]

    outcome = story.restore()

    assert "Disks of NODE1 are still in maintenance mode: NODE1 disk 1" in outcome.error
    assert (story.node1, resting(story)) == ("paused", ["NODE1"])
    assert story.simulated.owner("web01") != "NODE1"


def test_an_evacuation_that_fails_before_the_disks_rest_touches_none() -> None:
    story = a_story(OLD, vms=[vm("web01", migration=migration(fails_at=10))])

    outcome = story.evacuate()

    assert (bool(outcome.error), story.node1, story.simulated.called("Maintenance")) == (True, "up", [])


def maintained(windows: Windows, kill_at: int = 0, **switches: t.Any) -> tuple[Story, int, dict[str, t.Any]]:
    """Take NODE1 through a maintenance whose run is killed before a request, and run again; return how it ended."""
    story = a_story(windows, **switches)
    sent = 0

    def die(node: str, request: bytes) -> str:
        nonlocal sent
        sent += 1
        if sent == kill_at:
            raise Gone
        return ""

    story.simulated.lose = die
    for step in (story.evacuate, story.restore):
        for _attempt in range(2):
            try:
                outcome = step(balancer_off=True) if step == story.evacuate else step()
            except Gone:
                continue
            assert outcome.error == "", (kill_at, outcome.error)
            break
        if step == story.evacuate:
            assert (story.node1, resting(story)) == ("paused", ["NODE1"]), kill_at
            restart(story)
    story.simulated.pause(600)
    assert story.ledger.content is not None
    end = {
        "vms": story.vms,
        "node": story.node1,
        "resting": resting(story),
        "noted": (noted(story), story.ledger.content["balancer"], story.ledger.content["state"]),
        "balancer": story.simulated.server.state()["auto_balancer_mode"],
        "losses": storage(story)["losses"],
    }
    return story, sent, end


@pytest.mark.parametrize("windows", [OLD, NEW])
def test_a_maintenance_that_is_killed_anywhere_and_run_again_ends_the_same(windows: Windows) -> None:
    _story, requests, expected = maintained(windows)
    assert expected["resting"] == []
    assert expected["losses"] == []

    for kill_at in range(1, requests + 1, 9):
        _story, _sent, end = maintained(windows, kill_at)
        assert end == expected, kill_at
