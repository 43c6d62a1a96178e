# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many nodes that are logged in to and asked while the caller asks the cluster itself: round trips take their time."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ..._wsman.errors import NoAnswer
from .cluster import Cluster
from .patience import NODES_AT_ONCE, NODES_ONE_BY_ONE

_T = t.TypeVar("_T")


class SideBySide:
    """Nodes of a cluster, and what is asked beside the caller.

    Each of many nodes is logged in to once, in their order. A few are neither logged in to nor asked before the caller
    waits for an answer, and everything is asked one after the other then.
    """

    def __init__(self, cluster: Cluster, nodes: Sequence[str], threads: ThreadPoolExecutor | None) -> None:
        self._cluster = cluster
        self._nodes = nodes
        self._threads = threads
        # They are the first in the queue: whatever waits for one of them in a thread waits for one that has begun.
        self._logins: dict[str, Future[NoAnswer | None]] = (
            {name: threads.submit(self._log_in, name) for name in nodes} if threads is not None else {}
        )

    def _log_in(self, name: str) -> NoAnswer | None:
        try:
            self._cluster.node(name)
        except NoAnswer as error:
            return error
        return None

    def silence(self, name: str) -> NoAnswer | None:
        """Return why a node did not answer its login, None where it did, or was not logged in to.

        Raises HyperVError for another machine than the one that was meant.
        """
        return self._logins[name].result() if name in self._logins else None

    def answering(self) -> Iterator[str]:
        """Yield the nodes that answered, in their order, each as soon as that is known; all of a few."""
        return (name for name in self._nodes if self.silence(name) is None)

    def ahead(self, read: Callable[[str], _T]) -> Callable[[str], _T | None]:
        """Have each of many nodes asked now; return what waits for the answer of one, None where it was not asked."""
        if self._threads is None:
            return lambda name: None
        asked = {name: self._threads.submit(read, name) for name in self._nodes}
        return lambda name: asked[name].result() if name in asked else None

    def also(self, read: Callable[[], _T]) -> Callable[[], _T]:
        """Have ``read`` called now where the nodes are many; return what waits for its result."""
        return functools.cache(read) if self._threads is None else self._threads.submit(read).result

    def each(self, nodes: Sequence[str], read: Callable[[str], _T]) -> Callable[[], list[_T]]:
        """Have ``read`` called now for each of some nodes where the nodes are many; return what waits for the results.

        They are in the order of ``nodes``.
        """
        if self._threads is None:
            return lambda: self._cluster.ask_each(nodes, read)
        asked = [self._threads.submit(read, name) for name in nodes]
        return lambda: [one.result() for one in asked]


@contextlib.contextmanager
def side_by_side(cluster: Cluster, nodes: Sequence[str]) -> Iterator[SideBySide]:
    """Have nodes asked meanwhile, many of them in threads. What was not begun is given up where an error is raised."""
    if len(nodes) <= NODES_ONE_BY_ONE:
        yield SideBySide(cluster, nodes, None)
        return
    threads = ThreadPoolExecutor(NODES_AT_ONCE)
    try:
        yield SideBySide(cluster, nodes, threads)
    finally:
        threads.shutdown(cancel_futures=True)
