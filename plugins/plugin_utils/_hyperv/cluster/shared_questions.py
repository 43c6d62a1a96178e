# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many questions about the cluster, shared out among nodes that are talked to already: round trips take their time.

Every node that is up has a current copy of the cluster's database (Dell, "Failover Clusters With Windows Server:
Installation and Troubleshooting Guide", "Understanding Your Failover Cluster"), so each can answer for the others.
"""

from __future__ import annotations

import queue
import typing as t
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..._wsman.errors import NoAnswer
from ..._wsman.session import Session
from .cluster import Cluster
from .patience import NODES_AT_ONCE, QUESTIONS_ONE_BY_ONE

_Q = t.TypeVar("_Q")
_T = t.TypeVar("_T")
_Ask = Callable[[Session, _Q], _T]


def ask_any(cluster: Cluster, nodes: Iterable[str], questions: Sequence[_Q], ask: _Ask[_Q, _T]) -> list[_T]:
    """Return what ``ask`` gets to know of each question, in their order.

    The task's host is asked, and with it those of ``nodes``, which are up, that are talked to already: no login is
    taken. A node that does not answer a question, or refuses it, is asked no more. The task's host has the last word:
    what it raises is raised.
    """
    if len(questions) <= QUESTIONS_ONE_BY_ONE:
        return [ask(cluster.home, question) for question in questions]
    helpers = _sessions(cluster, nodes)[: NODES_AT_ONCE - 1]
    open_ones: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(questions)):
        open_ones.put(number)
    answers: dict[int, _T] = {}

    def work(session: Session) -> None:
        while True:
            try:
                number = open_ones.get_nowait()
            except queue.Empty:
                return
            try:
                answers[number] = ask(session, questions[number])
            except NoAnswer:
                return

    if helpers:
        with ThreadPoolExecutor(len(helpers) + 1) as threads:
            list(threads.map(work, (cluster.home, *helpers)))
    return [answers[n] if n in answers else ask(cluster.home, one) for n, one in enumerate(questions)]


def _sessions(cluster: Cluster, nodes: Iterable[str]) -> list[Session]:
    """Return the sessions to those of some nodes that are talked to already, each once, without the task's host."""
    return list(dict.fromkeys(session for node in nodes if (session := cluster.beside(node)) is not None))
