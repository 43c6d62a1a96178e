# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines that people see while moves are under way."""

from __future__ import annotations

import itertools
import re
import typing as t

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.progress import Progress

from tests.support.scenarios import migration, one_vm
from tests.support.simulated import Simulated

TWENTY = (
    "nodes: [{name: NODE1, memory_mb: 900000}, {name: NODE2, memory_mb: 900000}]\n"
    "vms: [{name: vm, count: 20, owner: NODE1, memory_mb: %d}]"
)


def lines_of(simulated: Simulated, *wishes: tuple[str, str], **policy: t.Any) -> list[tuple[float, str]]:
    lines: list[tuple[float, str]] = []
    progress = Progress(lambda line: lines.append((simulated.now(), line)), simulated)
    simulated.move(*wishes, report=progress.report, **policy)
    return lines


def test_a_single_move_is_told_from_start_to_end() -> None:
    texts = [text for unused, text in lines_of(Simulated(one_vm()), ("web01", "NODE2"))]
    assert texts[0] == "web01: NODE1 -> NODE2 started"
    assert re.fullmatch(r"web01: NODE1 -> NODE2 moved in \d+ s", texts[-1])
    assert any(re.fullmatch(r"web01: NODE1 -> NODE2 \d+ %", text) for text in texts)


def test_many_moves_are_counted_and_the_rest_is_estimated() -> None:
    simulated = Simulated(TWENTY % 8000)
    names = [vm["name"] for vm in simulated.server.state()["vms"]]
    lines = lines_of(simulated, *((name, "NODE2") for name in names))
    assert lines[0][1].startswith("[0/20 done, 1 moving, 19 waiting] ")
    assert re.match(r"\[10/20 done, \d moving, \d+ waiting, about \d+ (s|min) left\]", lines[len(lines) // 2][1])
    ends = [text for unused, text in lines if " moved in " in text]
    assert len(ends) == 20


def test_no_line_counts_more_moves_under_way_than_the_limit() -> None:
    simulated = Simulated(TWENTY % 8000 + "\nswitches: {owner_lag_seconds: 15}")
    names = [vm["name"] for vm in simulated.server.state()["vms"]]
    lines = lines_of(simulated, *((name, "NODE2") for name in names), poll_interval=1)
    counts = [
        re.match(r"\[(\d+)/20 done, (\d+) moving(?:, (\d+) arriving)?, (\d+) waiting", text) for unused, text in lines
    ]
    numbers = [[int(number or 0) for number in count.groups()] for count in counts if count]
    assert {sum(one) for one in numbers} == {20}
    assert {moving for unused, moving, unused_too, unused_as_well in numbers} == {0, 1, 2}
    assert any(arriving for unused, unused_too, arriving, unused_as_well in numbers)


def test_what_is_under_way_is_told_at_most_every_five_seconds() -> None:
    simulated = Simulated(TWENTY % 30000)
    names = [vm["name"] for vm in simulated.server.state()["vms"]]
    lines = lines_of(simulated, *((name, "NODE2") for name in names), poll_interval=0.5)
    times = [at for at, text in lines if not re.search(r"moved in|FAILED|WARNING", text)]
    assert len(times) > 20
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 5


def test_failures_and_warnings_are_told_at_once() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40)))
    texts = [text for unused, text in lines_of(simulated, ("web01", "NODE2"), timeout=200, stall_after=60)]
    assert [text for text in texts if text.startswith("web01: WARNING: Its job has been running at 40 %")]
    assert texts[-1].startswith("web01: NODE1 -> NODE2 FAILED: ")


def test_a_move_that_is_tried_again_is_said_to_wait() -> None:
    simulated = Simulated(one_vm(migration(fails_at=50, hresult=0x8007274D, fail_times=1)))
    texts = [text for unused, text in lines_of(simulated, ("web01", "NODE2"), retries=1)]
    assert "web01: NODE1 -> NODE2 waits to be tried again" in texts
    assert [text for text in texts if "WARNING: Attempt 1 failed" in text]


def test_one_warning_of_many_moves_is_told_in_full_once() -> None:
    lost = "migration: {fails_at: 50, hresult: 0x8007274D, fail_times: 1}"
    simulated = Simulated(TWENTY.replace("memory_mb: %d", "memory_mb: 512, " + lost).replace("count: 20", "count: 3"))
    texts = [text for unused, text in lines_of(simulated, *((f"vm0{n}", "NODE2") for n in (1, 2, 3)), retries=1)]
    warnings = [text.partition("] ")[2] for text in texts if "WARNING" in text]
    assert warnings[0].startswith("vm01: WARNING: Attempt 1 failed and was repeated: The migration job failed at 50 %")
    assert warnings[1:] == ["vm02: WARNING: the same as of vm01", "vm03: WARNING: the same as of vm01"]
