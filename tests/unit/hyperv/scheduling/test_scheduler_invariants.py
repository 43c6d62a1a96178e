# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever moves are asked for and whatever becomes of them: no limit is exceeded, and every move ends, truly told."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.stage import Stage
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.simulated import Simulated

_LONGEST = 6 * 3600.0  # simulated seconds: a timeout of ten minutes, and three tries with their pauses, one by one
_FATES: list[dict[str, t.Any]] = [
    *[{}] * 6,
    {"fails_at": 60, "hresult": 0x8007000E},
    {"fails_at": 30, "hresult": 0x80004005, "fail_times": 1},
    {"job_vanishes_at": 40},
    {"refuse_check": "the processors differ"},
    {"return_value": 32773, "return_times": 1},
    {"return_value": 32768, "return_moves": True},
]


@dataclasses.dataclass(frozen=True)
class Batch:
    """Moves that are asked for together, and what happens to them.

    Attributes:
        lost: what becomes of the answer to each request, in turn.
    """

    scenario: dict[str, t.Any]
    wishes: list[tuple[str, str]]
    policy: dict[str, t.Any]
    lost: list[str]


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    nodes = [f"NODE{number}" for number in range(1, draw(st.integers(2, 4)) + 1)]
    ways = draw(st.lists(st.permutations(nodes).map(lambda order: tuple(order[:2])), min_size=1, max_size=7))
    owners = {f"vm{number}": way[0] for number, way in enumerate(ways)}
    return Batch(
        {
            "cluster": {"maximum_parallel_migrations": draw(st.sampled_from([None, None, 1, 2, 3]))},
            "nodes": [{"name": node, "simultaneous_migrations": draw(st.integers(1, 3))} for node in nodes],
            "vms": [
                {
                    "name": name,
                    "owner": owner,
                    "memory_mb": draw(st.sampled_from([512, 4096, 20000])),
                    "state": draw(st.sampled_from(["running", "running", "running", "off"])),
                    "migration": draw(st.sampled_from(_FATES)),
                }
                for name, owner in owners.items()
            ],
            "switches": {"limit": "queue"},  # so that a job too many is there to be seen
        },
        [(name, way[1]) for name, way in zip(owners, ways, strict=True)],
        {
            "poll_interval": draw(st.sampled_from([1.0, 5.0])),
            "retries": draw(st.integers(0, 2)),
        },
        draw(st.just([]) | st.lists(st.sampled_from(["", "", "", "before", "after"]), max_size=30)),
    )


def limits_of(batch: Batch) -> tuple[dict[str, int], int]:
    """Return the limit of each node, which the cluster's overrides, and that of the whole cluster."""
    in_all = batch.scenario["cluster"]["maximum_parallel_migrations"]
    nodes = {node["name"]: in_all or node["simultaneous_migrations"] for node in batch.scenario["nodes"]}
    return nodes, in_all or len(batch.wishes)


@settings(max_examples=max(1, settings().max_examples // 4))
@given(batches())
def test_no_limit_is_exceeded_and_every_move_ends_with_the_truth(batch: Batch) -> None:
    simulated = Simulated(yaml.safe_dump(batch.scenario))
    nodes, in_all = limits_of(batch)
    losses = iter(batch.lost)

    def look(request: bytes, answer: bytes) -> bytes:
        active = [job for job in simulated.server.world.migrations.jobs.values() if not job.state.final]
        busy = collections.Counter(node for job in active for node in (job.source, job.destination))
        assert len(active) <= in_all
        assert all(count <= nodes[node] for node, count in busy.items())
        return answer

    simulated.alter = look
    runs = simulated.runs(*batch.wishes, timeout=600)
    simulated.lose = lambda node, request: next(losses, "")
    simulated.scheduler(**batch.policy).execute(runs)

    assert simulated.now() < _LONGEST
    assert [run.stage for run in runs] == [Stage.ENDED] * len(runs)
    for run, (name, destination) in zip(runs, batch.wishes, strict=True):
        event(run.outcome)
        assert (run.error is None) is (run.outcome != "failed")
        assert run.outcome in ("moved", "failed")
        assert (run.outcome == "moved") is (simulated.owner(name) == destination) or run.goes_on
        assert simulated.migrations(name) <= run.attempts
