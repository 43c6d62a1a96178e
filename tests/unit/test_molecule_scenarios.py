# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make molecule`` leaves out no role and no module, and no scenario leaves out a step."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
MOLECULE = ROOT / "extensions" / "molecule"
ROLES = sorted(folder.name for folder in ROOT.glob("roles/*"))
SCENARIOS = [*ROLES, "modules"]


def test_there_is_one_scenario_for_each_role_one_for_the_modules_and_one_that_starts_the_cluster() -> None:
    assert sorted(file.parent.name for file in MOLECULE.glob("*/molecule.yml")) == sorted([*SCENARIOS, "default"])


@pytest.mark.parametrize("role", ROLES)
def test_the_scenario_of_a_role_runs_that_role(role: str) -> None:
    assert f"hyperv.migration.{role}\n" in (MOLECULE / role / "converge.yml").read_text(encoding="utf-8")


def test_the_scenario_of_the_modules_uses_each_of_them() -> None:
    used = re.findall(
        r"^ +hyperv\.migration\.(\w+):$", (MOLECULE / "modules" / "converge.yml").read_text("utf-8"), re.M
    )

    assert sorted(set(used)) == sorted(file.stem for file in ROOT.glob("plugins/modules/*.py"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_has_every_step_and_a_verification_of_its_own(scenario: str) -> None:
    steps = yaml.safe_load((MOLECULE / "config.yml").read_text(encoding="utf-8"))["scenario"]["test_sequence"]
    own = yaml.safe_load((MOLECULE / scenario / "molecule.yml").read_text(encoding="utf-8")) or {}

    assert "scenario" not in own
    assert [step for step in ("check", "converge", "idempotence", "verify") if step not in steps] == []
    assert "truth.shells_opened == 0" in (MOLECULE / scenario / "verify.yml").read_text(encoding="utf-8")
