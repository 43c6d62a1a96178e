# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An evacuation or a restoration that is interrupted at each of its requests, and run again.

Whatever ends it, no VM is migrated twice, none stays stopped unsaid, and the same call again comes to the same end.
"""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import Outcome
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.support.maintenance import NODES, CutOff, Gone, Story
from tests.support.scenarios import NetworkSpec, power, scenario, vm

SCENARIO = scenario(
    NODES,
    [vm("build", power=power(stop_seconds=3)), vm("web01", memory_mb=8000), vm("web02", memory_mb=8000)],
    network=NetworkSpec(megabytes_per_second=2000),
)
HOME = {"build": ("NODE1", "running"), "web01": ("NODE1", "running"), "web02": ("NODE1", "running")}
EVERY = 5  # each fifth request; their number is no multiple of what is repeated, so that all kinds have their turn
COMES_BACK = 4  # after each fourth of these the VMs are brought back
AWAY_FOR = 40  # requests for which a node does not answer


def evacuate(story: Story) -> Outcome:
    return story.evacuate(("build", "shutdown"))


def restore(story: Story) -> Outcome:
    return story.restore()


def evacuated() -> Story:
    story = Story(SCENARIO)
    assert evacuate(story).error == ""
    return story


class Interrupted:
    """Raises an exception at one request of a story, or at as many from there on as are told."""

    def __init__(self, story: Story, error: Callable[[], BaseException], index: int, times: int = 1) -> None:
        self.requests = 0
        self._error = error
        self._where = range(index, index + times)
        story.simulated.lose = self._lose

    def _lose(self, node: str, request: bytes) -> str:
        self.requests += 1
        if self.requests - 1 in self._where:
            raise self._error()
        return ""


def well(story: Story) -> None:
    story.simulated.lose = lambda node, request: ""


def requests_of(begin: Callable[[], Story], run: Callable[[Story], Outcome]) -> int:
    story = begin()
    count = Interrupted(story, RuntimeError, -1)
    assert run(story).error == ""
    return count.requests


def migrations(story: Story) -> dict[str, int]:
    return t.cast("dict[str, int]", story.simulated.server.counters()["migrations"])


def places(begin: Callable[[], Story], run: Callable[[Story], Outcome], offset: int) -> Iterator[int]:
    return iter(range(offset, requests_of(begin, run), EVERY))


@pytest.mark.parametrize("offset", range(EVERY))
def test_an_evacuation_that_is_cut_off_says_what_is_and_goes_on(offset: int) -> None:
    for index in places(lambda: Story(SCENARIO), evacuate, offset):
        story = Story(SCENARIO)
        Interrupted(story, CutOff, index)
        try:
            outcome = evacuate(story)
        except CutOff:
            assert story.ledger.content is None, index
            assert (story.vms, story.node1) == (HOME, "up"), index
        else:
            well(story)
            assert_what_is_said_is_so(story, outcome, index)
        well(story)
        again = evacuate(story)
        assert again.error == "", (index, again.error)
        assert_all_have_left_and_come_back(story, index)


def assert_what_is_said_is_so(story: Story, outcome: Outcome, index: int) -> None:
    if not outcome.error:  # what it was cut off at is only for the report
        assert story.node1 == "paused", index
        return
    assert "The task was cut off after 60 s" in outcome.error, (index, outcome.error)
    said_of_node = {"up": ("given back", "The node is not paused"), "paused": ("stays paused", "had been paused")}
    assert any(words in outcome.error for words in said_of_node[story.node1]), (index, outcome.error)
    said = {one["vm"]["name"]: one for one in outcome.moves}
    moving = {vm["name"] for vm in story.simulated.server.state()["vms"] if vm["moving_to"]} if said else set()
    for name, one in said.items():
        owner, _state = story.vms[name]
        if one["outcome"] in ("moved", "already_there"):
            assert owner == one["destination_host"], (index, one)
        elif one["outcome"] == "not_begun":
            assert owner == "NODE1", (index, one)
            assert name not in moving, (index, one)
        elif one["outcome"] == "started":
            assert name in moving or owner != "NODE1", (index, one)
    stopped = {name for name, (_owner, state) in story.vms.items() if state == "off"}
    assert {vm.name for vm in outcome.still_stopped} == stopped, (index, outcome.error)


@pytest.mark.parametrize(("error", "offset"), [(KeyboardInterrupt, 1), (Gone, 3)])
def test_an_evacuation_that_nobody_watches_any_more_ends_at_once_and_can_be_run_again(
    error: type[BaseException], offset: int
) -> None:
    for index in places(lambda: Story(SCENARIO), evacuate, offset):
        story = Story(SCENARIO)
        count = Interrupted(story, error, index)
        try:
            outcome = evacuate(story)
        except error:
            assert count.requests == index + 1, "it went on"
        else:
            assert outcome.error == "", index
        well(story)
        again = evacuate(story)
        assert again.error == "", (index, again.error)
        assert_all_have_left_and_come_back(story, index)


@pytest.mark.parametrize("node", ["NODE1", "NODE2", "NODE3"])
@pytest.mark.parametrize("offset", [0, 1])
def test_an_evacuation_during_which_a_node_does_not_answer_ends_in_words_and_can_be_run_again(
    node: str, offset: int
) -> None:
    for index in itertools.islice(places(lambda: Story(SCENARIO), evacuate, offset), 0, None, 2):
        story = Story(SCENARIO)
        silent(story, node, index)
        try:
            outcome = evacuate(story)
        except Unreachable:
            assert story.ledger.content is None, index
            assert story.vms == HOME, index
        else:
            assert outcome.error == "" or "NODE1" in outcome.error, (index, outcome.error)
            assert not (outcome.error and story.node1 == "paused" and "given back" in outcome.error), index
        well(story)
        again = evacuate(story)
        assert again.error == "", (index, again.error)
        assert_all_have_left_and_come_back(story, index)


def silent(story: Story, node: str, index: int) -> None:
    """Have a node answer nothing for a while, from a request on."""
    count = itertools.count()

    def lose(asked: str, request: bytes) -> str:
        number = next(count)
        return "down" if asked == node and index <= number < index + AWAY_FOR else ""

    story.simulated.lose = lose


def assert_all_have_left_and_come_back(story: Story, index: int) -> None:
    assert story.node1 == "paused", index
    assert all(owner != "NODE1" for owner, _state in story.vms.values()), index
    assert max(migrations(story).values()) == 1, index
    if index % COMES_BACK == 0:
        back = restore(story)
        assert back.error == "", (index, back.error)
        assert (story.vms, story.node1) == (HOME, "up"), index
        assert max(migrations(story).values()) == 2, index


@pytest.mark.parametrize("error", [CutOff, KeyboardInterrupt, Gone])
def test_a_restoration_that_is_interrupted_goes_on(error: type[BaseException]) -> None:
    for index in places(evacuated, restore, 0):
        story = evacuated()
        Interrupted(story, error, index)
        try:
            outcome = restore(story)
        except error:
            pass
        else:
            assert outcome.error == "" or "The task was cut off after 60 s" in outcome.error, (index, outcome.error)
        well(story)
        again = restore(story)
        assert again.error == "", (index, again.error)
        assert (story.vms, story.node1) == (HOME, "up"), index
        assert max(migrations(story).values()) == 2, index


@pytest.mark.parametrize("node", ["NODE1", "NODE2", "NODE3"])
def test_a_restoration_during_which_a_node_does_not_answer_ends_in_words_and_goes_on(node: str) -> None:
    for index in itertools.islice(places(evacuated, restore, 2), 0, None, 2):
        story = evacuated()
        silent(story, node, index)
        try:
            outcome = restore(story)
        except Unreachable:
            assert story.node1 == "paused", index
        else:
            assert outcome.error == "" or "NODE1" in outcome.error, (index, outcome.error)
        well(story)
        again = restore(story)
        assert again.error == "", (index, again.error)
        assert (story.vms, story.node1) == (HOME, "up"), index
