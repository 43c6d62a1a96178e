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

from tests.faults.cases import KINDS, Case, Fault, all_cases, pairs
from tests.running_cluster import ROOT


def carried_out(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_no_broken_request_of_a_sample_makes_the_product_say_what_is_not_true() -> None:
    done = carried_out("tests.faults", "--stride", "201", "--pairs", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^(\d+) cases, 0 violations.*; two faults struck in (\d+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) > len(KINDS) + 10
    assert int(found[2]) > 5


def test_every_mutant_of_the_product_is_found() -> None:
    done = carried_out("tests.faults.mutants")
    assert (done.returncode, "13 of 13 mutants found" in done.stdout) == (0, True), done.stdout + done.stderr


def test_every_request_is_broken_by_every_kind_of_fault() -> None:
    every = {(Fault(kind, index),) for kind in KINDS for index in range(18)}
    assert {case.faults for case in all_cases("single", 18, 1)} == every


def test_a_part_of_the_matrix_breaks_every_request_and_has_every_kind_of_fault() -> None:
    part = all_cases("batch", 82, 9)
    assert {fault.index for case in part for fault in case.faults} == set(range(82))
    assert {fault.kind for case in part for fault in case.faults} == set(KINDS)


def test_pairs_of_faults_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    drawn = pairs("batch", 82, 200, seed=1)
    assert drawn == pairs("batch", 82, 200, seed=1)
    assert drawn != pairs("batch", 82, 200, seed=2)
    assert len(drawn) == len(set(drawn)) > 190
    assert all(first.index < second.index for first, second in (case.faults for case in drawn))
    assert {case.faults[0].kind for case in drawn} == {case.faults[1].kind for case in drawn} == set(KINDS)
    assert any(case.faults[1].index >= 82 for case in drawn), "none strikes in a run after one that was killed"


def test_a_case_can_be_named() -> None:
    for name in ("batch/killed/17", "batch/killed/17+node_crash/20"):
        assert str(Case.read(name)) == name
    assert Case.read(name).faults == (Fault("killed", 17), Fault("node_crash", 20))
    with pytest.raises(ValueError, match="kinds are reset_before, "):
        Case.read("batch/kiled/17")
    with pytest.raises(ValueError, match="runs are single, by_group, verdict, by_host, causes, "):
        Case.read("batches/killed/17")
