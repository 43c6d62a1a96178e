# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long answers are on their way, so that round trips show in the duration of a task, and not only in a count."""

from __future__ import annotations

import dataclasses
import random
import threading
import typing as t
from collections.abc import Sequence

from .fault_rules import is_operation
from .scenario_reader import Bounds


@dataclasses.dataclass(frozen=True)
class LatencySpec:
    """Answers come ``seconds`` of real time later, each by up to ``jitter`` seconds more.

    Attributes:
        seconds: for each answer of HTTP, those of a login among them; where ``operation`` is given, for its answers.
            What several entries say adds up.
        jitter: drawn for each answer; each start draws the same.
        node: on this node only.
        operation: such as ``Get``, ``Pull`` or ``Invoke RequestStateChange``; ``Invoke`` is every method.
    """

    seconds: t.Annotated[float, Bounds(0)]
    jitter: t.Annotated[float, Bounds(0)] = 0.0
    node: str | None = None
    operation: str | None = None


class Latency:
    """The entries of one node."""

    def __init__(self, specs: Sequence[LatencySpec], node: str) -> None:
        own = [spec for spec in specs if spec.node in (None, node)]
        self._of_all = [spec for spec in own if spec.operation is None]
        self._of_operations = [spec for spec in own if spec.operation is not None]
        self._chance = random.Random(node)
        self._lock = threading.Lock()

    @property
    def knows_operations(self) -> bool:
        """Whether it matters what a message asks for."""
        return bool(self._of_operations)

    def of_exchange(self) -> float:
        """Return for how many seconds an answer of HTTP is on its way, whatever it answers."""
        return self._drawn(self._of_all)

    def of_operation(self, operation: str) -> float:
        """Return how many seconds more the answer to an operation takes."""
        return self._drawn([spec for spec in self._of_operations if is_operation(spec.operation or "", operation)])

    def _drawn(self, specs: Sequence[LatencySpec]) -> float:
        with self._lock:
            return sum(spec.seconds + self._chance.uniform(0, spec.jitter) for spec in specs)
