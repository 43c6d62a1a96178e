# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A share of the worlds in which others act, and the proof that they find what they look for: ``make worlds``."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.running_cluster import ROOT
from tests.worlds.draw import draw
from tests.worlds.mutants import MUTANTS, violated
from tests.worlds.play import as_played, play
from tests.worlds.product import tell


def test_nothing_untrue_is_said_in_a_share_of_the_worlds() -> None:
    command = [sys.executable, "-m", "tests.worlds", "--worlds", "320", "--processes", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(
        r"^320 worlds of seed 1, (\d+) steps of others, \d+ requests, 0 worlds", done.stdout, re.MULTILINE
    )
    assert found, done.stdout
    assert int(found[1]) > 3200


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_in_the_product_is_found(name: str) -> None:
    wanted, mutate, world = MUTANTS[name]
    assert violated(world) == set()
    with mutate():
        assert wanted in violated(world)


def test_a_world_is_the_same_each_time_and_can_be_told_again() -> None:
    world = draw(3, 17)
    first = play(world, tell)
    assert first == play(world, tell)
    told_again = play(as_played(world, first), tell)
    assert [one.moved for one in told_again] == [one.moved for one in first]
