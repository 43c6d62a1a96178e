# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``make sanity`` runs and exits with, whatever can be installed on a machine."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.ci import sanity

PYTHONS = {12: "python3.12", 13: "python3.13"}


class Machine:
    """What each part comes to: True for passed, None where its tools cannot be installed.

    Attributes:
        ends: by ansible-core and name of the part; all others pass.
        unbuilt: versions of ansible-core whose environment cannot be built.
        ran: the parts that were run: ansible-core, name, and whether with the tests.
    """

    def __init__(self) -> None:
        self.ends: dict[tuple[str, str], bool | None] = {}
        self.unbuilt: set[str] = set()
        self.ran: list[tuple[str, str, bool]] = []

    def run(self, part: sanity.Part, unused: pathlib.Path) -> bool | None:
        self.ran.append((part.core, part.name, part.whole))
        return self.ends.get((part.core, part.name), True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Machine:
    made = Machine()
    monkeypatch.setattr(sanity, "interpreters", lambda: PYTHONS)
    monkeypatch.setattr(sanity, "link", lambda installed: tmp_path)
    monkeypatch.setattr(sanity, "build", lambda core, interpreter: core not in made.unbuilt)
    monkeypatch.setattr(sanity, "run", made.run)
    return made


def test_the_newest_alone_looks_at_the_tests_too(machine: Machine) -> None:
    assert sanity.main(["2.16", "newest"]) == 0

    assert {(core, whole) for core, unused, whole in machine.ran} == {("2.16", False), ("2.22", True)}


def test_what_cannot_run_with_the_newest_runs_with_the_one_before(machine: Machine) -> None:
    machine.ends["2.22", "pylint"] = None

    assert sanity.main(["newest"]) == 0

    assert ("2.21", "pylint", True) in machine.ran
    assert ("2.21", "the others", True) not in machine.ran


def test_a_failure_with_the_one_before_counts(machine: Machine) -> None:
    machine.ends |= {("2.22", "pylint"): None, ("2.21", "pylint"): False}

    assert sanity.main(["newest"]) == 1


def test_no_failure_is_said_where_nothing_could_run(machine: Machine) -> None:
    machine.unbuilt = {"2.22"}

    assert sanity.main(["newest"]) == os.EX_UNAVAILABLE


def test_a_failure_is_one_though_others_could_not_be_built(machine: Machine) -> None:
    machine.unbuilt = {"2.22"}
    machine.ends["2.16", "pylint"] = False

    assert sanity.main(["2.16", "newest"]) == 1
