# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A sample of the fault matrix, and the proof that it finds what it looks for. ``make faults`` runs more of it.

Both run in a process of their own: Ansible loads collections in its own way, for good.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.faults.cases import KINDS, Case, all_cases
from tests.running_cluster import ROOT


def carried_out(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_no_broken_request_of_a_sample_makes_the_product_say_what_is_not_true() -> None:
    done = carried_out("tests.faults", "--stride", "201")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^(\d+) cases, 0 violations", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) > len(KINDS)


def test_every_mutant_of_the_product_is_found() -> None:
    done = carried_out("tests.faults.mutants")
    assert (done.returncode, "9 of 9 mutants found" in done.stdout) == (0, True), done.stdout + done.stderr


def test_every_request_is_broken_by_every_kind_of_fault() -> None:
    every = {(kind, index) for kind in KINDS for index in range(18)}
    assert {(case.kind, case.index) for case in all_cases("single", 18, 1)} == every


def test_a_part_of_the_matrix_breaks_every_request_and_has_every_kind_of_fault() -> None:
    part = all_cases("batch", 82, 9)
    assert {case.index for case in part} == set(range(82))
    assert {case.kind for case in part} == set(KINDS)


def test_a_case_can_be_named() -> None:
    assert Case.read("batch/killed/17") == Case("batch", "killed", 17)
    with pytest.raises(ValueError, match="runs are single, by_group, by_host, batch, evacuation, restore"):
        Case.read("batches/killed/17")
