# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which run of Ansible goes through a rolling maintenance. Pure.

Two at the same time would have the user's tasks work on the same nodes.
"""

from __future__ import annotations

import typing as t

LAPSES: t.Final = 120.0
"""Seconds without a sign of life after which a run that cannot be seen from here counts as gone.

A sign is given every ten seconds. What pauses a controller or shared storage for a while must not end a run, and who
cancels a job must not wait long for the next one.
"""


class Runner(t.TypedDict):
    """A run of Ansible.

    ``host`` is the controller's name; ``process`` the id of the process that ends last, and ``started`` when that
    began, as its machine tells it; ``place`` is the same for two that can see each other, and empty where that is not
    known; ``since`` is when it took the rolling maintenance up, in ISO 8601.
    """

    host: str
    process: int
    started: str
    place: str
    since: str


def read_runner(given: object) -> Runner | None:
    """Return a runner as a state has it, None for none or for what is none."""
    if not isinstance(given, dict):
        return None
    kinds = {"host": str, "process": int, "started": str, "place": str, "since": str}
    if any(not isinstance(given.get(key), kind) or isinstance(given[key], bool) for key, kind in kinds.items()):
        return None
    return t.cast(Runner, {key: given[key] for key in kinds})


def is_same_run(one: Runner, other: Runner) -> bool:
    """Tell whether two runners are the same run, whenever it took the rolling maintenance up."""
    return _key(one) == _key(other)


def _key(runner: Runner) -> tuple[str, str, int, str]:
    return runner["place"] or runner["host"], runner["host"], runner["process"], runner["started"]


def describe_other_run(runner: Runner, cluster: str, progress: str, *, is_seen: bool) -> str:
    """Return why another run must not go on beside it, and how to go on.

    Args:
        runner: the one that has it.
        cluster: whose rolling maintenance it is.
        progress: how far that is, in words.
        is_seen: its process lives on this machine; else it has given a sign of life from elsewhere.
    """
    who = f"process {runner['process']} on {runner['host']}, since {runner['since']}"
    if is_seen:
        how = (
            f"Wait until it has ended, or end process {runner['process']} (not with kill -9, which leaves its present "
            "task running). After that, the same command goes on where it stopped, at once."
        )
    else:
        how = (
            "That is another controller, or another container such as that of a job of AWX, and the run there gives "
            "signs of life. Wait until it has ended, or cancel it. After that, the same command goes on where it "
            f"stopped, after at most {LAPSES:.0f} s without a sign."
        )
    return (
        f"The rolling maintenance of cluster {cluster} is under way in another run: {who}. It has come so far: "
        f"{progress}. Two runs would have your tasks work on the same nodes, so this one stops, and does nothing "
        f"more. {how}"
    )


def describe_waiting(runner: Runner) -> str:
    """Return what is waited for while it is not known whether a run elsewhere still lives."""
    return (
        f"The rolling maintenance was taken up by process {runner['process']} on {runner['host']} at "
        f"{runner['since']}. Waiting for a sign of life from there, for {LAPSES:.0f} s at most."
    )
