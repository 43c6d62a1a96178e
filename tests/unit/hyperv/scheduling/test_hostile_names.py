# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs called anything that XML can carry, on the way through WQL and XML to the simulated cluster and back."""

from __future__ import annotations

import typing as t
import unicodedata

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.progress import Progress
from ansible_collections.hyperv.migration.plugins.plugin_utils._names import same_name
from ansible_collections.hyperv.migration.plugins.plugin_utils._text import clean
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.support.simulated import Simulated

# Production [2] Char of XML 1.0. A carriage return and a line feed are two letters like any others.
SENDABLE = st.characters(codec="utf-8", blacklist_categories=["Cs"]).filter(
    lambda letter: letter in "\t\n\r" or (letter >= " " and letter not in "\ufffe\uffff")
)
NAMES = st.text(st.sampled_from("'\"\\\\%_[]*?<>&;{} \n\rOR=aA\u202e\x9b") | SENDABLE, min_size=1, max_size=20).filter(
    str.strip
)


def two_vms(one: str, other: str, **switches: t.Any) -> Simulated:
    vms = [{"name": name, "owner": "NODE1", "memory_mb": 1024} for name in (one, other)]
    return Simulated(yaml.safe_dump({"nodes": [{"name": "NODE1"}, {"name": "NODE2"}], "vms": vms}), **switches)


@pytest.mark.parametrize("switches", [{}, {"wql": "refused"}], ids=["asked by WQL", "filtered here"])
@settings(max_examples=max(1, settings().max_examples // 4))
@given(NAMES, NAMES)
@example("%", "anything")
@example("_", "a")
@example("[a-z]", "a")
@example("a' OR '1'='1", "1")
@example("a\\", "a")
@example("a\\' OR Name LIKE '%", "b")
def test_a_vm_is_found_by_its_name_and_no_other_is_moved(switches: dict[str, object], name: str, other: str) -> None:
    assume(not same_name(name, other))
    simulated = two_vms(name, other, **switches)
    lines: list[str] = []
    (run,) = simulated.move((name, "NODE2"), report=Progress(lines.append, simulated).report)
    assert (run.outcome, run.move.vm.name) == ("moved", name)
    assert (simulated.migrations(name), simulated.migrations(other)) == (1, 0)
    assert {vm.name for vm in read_vms(simulated.cluster)} == {name, other}
    assert any(line.startswith(f"{name}: NODE1 -> NODE2") for line in lines)


@given(st.text())
@example("a\nb\x1b[2J\x9b\x85\u2028\u2029\u202e\u2067\ud800")
def test_what_is_cleaned_is_one_line_that_turns_nothing(text: str) -> None:
    shown = clean(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(letter) for letter in shown} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    }
    assert clean(shown) == shown
