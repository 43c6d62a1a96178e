# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole rolling maintenances as plans: the moves of ``layout: any`` beside those of ``keep``, and beside the bound.

``keep`` brings every VM back, as every rolling maintenance did before there was a choice: two moves for each VM. Every
plan is replayed by a judge that knows nothing of the planner.
"""

from __future__ import annotations

import statistics
import time

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.redundancy import Redundancy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.absence import Absence
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll import plan_roll
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_plan import RollPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    ANY,
    KEEP,
    LAYOUTS,
    LayoutName,
    RollRequest,
)

from tests.support.rolls import DrawnCluster, draw_cluster, faults_of

from .figures import Figure

_CLUSTERS = {4: (10, 0.61), 8: (10, 0.56), 16: (6, 0.53), 64: (1, 0.51)}  # nodes: how many are drawn, and the limit
_CROWDED = (0.75, 0.80)
_HELPERS = 4
_MOST_SECONDS = 15  # CPU, of a plan for the largest cluster
_FAST = 1000  # MB a second
_AT_ONCE, _AT_ONCE_LIMIT = 4, 0.25
_CASE = "plan of a rolling maintenance"


def measure() -> list[Figure]:
    """Plan rolling maintenances of drawn clusters."""
    figures = [figure for count, (drawn, limit) in _CLUSTERS.items() for figure in _moves(count, drawn, limit)]
    return [*figures, *_durations(), *_with_rules(), *(figure for fill in _CROWDED for figure in _crowded(fill))]


def _plan(cluster: DrawnCluster, layout: LayoutName, helpers: int = 0) -> RollPlan:
    """Return a plan that was judged. Raises AssertionError for one that breaks a limit."""
    plan = plan_roll(
        cluster.read(), RollRequest(cluster.names, layout=layout, evacuation=EvacuationRequest("", helpers=helpers))
    )
    if plan.refusal is None:
        faults = faults_of(cluster, plan.as_result())
        assert not faults, faults
    return plan


def _moves(count: int, drawn: int, limit: float) -> list[Figure]:
    per_node = 125 if count == max(_CLUSTERS) else 25
    ratios, times = [], []
    for seed in range(drawn):
        cluster = draw_cluster(seed, count, 0.65, per_node=per_node)
        began = time.process_time()
        plan = plan_roll(cluster.read(), RollRequest(cluster.names, layout=ANY))
        times.append(time.process_time() - began)
        assert not faults_of(cluster, plan.as_result())
        ratios.append(plan.total.moves / plan.keep.moves)
    name = f"{_CASE}, {count} nodes, {count * per_node:,} VMs, 65 % full"
    figures = [Figure(name, "moves, any to keep", statistics.mean(ratios), limit, unit="x")]
    if count == max(_CLUSTERS):
        figures.append(Figure(name, "CPU", max(times), _MOST_SECONDS, unit="s"))
    return figures


def _durations() -> list[Figure]:
    """Compare how long plans expect to take with restarts of 20 minutes, which no layout makes shorter."""
    figures = []
    for rate, link in ((_FAST, "10 Gbit/s"), (120, "1 Gbit/s")):
        name = f"{_CASE}, 16 nodes, restarts of 20 minutes, {link}"
        cluster = draw_cluster(0, 16, 0.65)
        keep, any_, balanced = (_seconds(cluster, layout, rate) for layout in LAYOUTS)
        many = _seconds(cluster, ANY, rate, _AT_ONCE) / keep
        figures += [
            Figure(name, "expected duration, any to keep", any_ / keep, unit="x"),
            Figure(name, f"expected duration, any with {_AT_ONCE} at once to keep", many, _AT_ONCE_LIMIT, unit="x"),
            Figure(name, "expected duration, balanced to keep", balanced / keep, unit="x"),
        ]
    drawn = [draw_cluster(seed, 16, 0.65) for seed in range(6)]
    ratios = [_seconds(one, ANY, _FAST, _AT_ONCE) / _seconds(one, KEEP, _FAST) for one in drawn]
    name = f"{_CASE}, 16 nodes, restarts of 20 minutes, six clusters"
    many = statistics.mean(ratios)  # batches of four fill the others to 96 % of what they may hold
    return [
        *figures,
        Figure(name, f"expected duration, any with {_AT_ONCE} at once to keep, mean", many, _AT_ONCE_LIMIT, unit="x"),
    ]


def _seconds(cluster: DrawnCluster, layout: LayoutName, rate: int, at_once: int = 1) -> int:
    """Return how long a plan expects to take. Raises AssertionError where it breaks a limit, or does not know."""
    evacuation = EvacuationRequest("", link_rates=dict.fromkeys(map(str.lower, cluster.names), rate))
    plan = plan_roll(
        cluster.read(),
        RollRequest(
            cluster.names,
            layout=layout,
            evacuation=evacuation,
            node_seconds=1200,
            at_once=at_once,
            absence=Absence(_one_vote_each(cluster)),
        ),
    )
    faults = faults_of(cluster, plan.as_result())
    assert not faults, faults
    assert plan.total.seconds
    return plan.total.seconds


def _one_vote_each(cluster: DrawnCluster) -> Redundancy:
    votes = {name.lower(): 1 for name in cluster.names}
    return Redundancy(votes, votes, frozenset(votes))


def _with_rules() -> list[Figure]:
    """Measure clusters with possible owners and hard classes."""
    name = f"{_CASE}, possible owners and hard classes"
    found = [
        Figure(
            f"{name}, {count} nodes, 65 % full",
            "moves, any to the bound",
            statistics.mean(_to_bound(draw_cluster(seed, count, 0.65, ruled=True)) for seed in range(drawn)),
            unit="x",
        )
        for count, drawn in ((4, 20), (8, 10), (16, 6))
    ]
    mean = statistics.mean(figure.value for figure in found)
    return [*found, Figure(name, "moves, any to the bound, on average", mean, 1.02, unit="x")]


def _to_bound(cluster: DrawnCluster) -> float:
    plan = _plan(cluster, ANY)
    assert plan.refusal is None, plan.refusal.text
    return plan.total.moves / plan.bound.moves


def _crowded(fill: float) -> list[Figure]:
    """Count how many of six clusters with few places left can be taken through maintenance."""
    clusters = [draw_cluster(seed, 16, fill) for seed in range(6)]
    name = f"{_CASE}, 16 nodes, {fill:.0%} full"
    kept = sum(_plan(cluster, KEEP).refusal is None for cluster in clusters)
    possible = sum(_plan(cluster, ANY, _HELPERS).refusal is None for cluster in clusters)
    return [
        Figure(name, "possible of 6, keep, nothing steps aside", kept),
        Figure(name, f"possible of 6, any, up to {_HELPERS} VMs step aside at a node", possible, 6, at_least=True),
    ]
