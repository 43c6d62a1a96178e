# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which requests of a scenario go wrong on the way, and how: by node, operation, class, content and count."""

from __future__ import annotations

import dataclasses
import threading
import typing as t
from collections.abc import Sequence

from .cim import CimFault
from .scenario_reader import Bounds

Effect = t.Literal[
    "reset_before",
    "reset_after",
    "http_503",
    "empty_400",
    "http_401",
    "truncate",
    "delay",
    "fault",
]


class Request(t.Protocol):
    """What a rule looks at."""

    @property
    def operation(self) -> str:
        """Its name as rules have it."""

    @property
    def class_name(self) -> str:
        """The CIM class that it concerns."""

    @property
    def namespace(self) -> str:
        """The CIM namespace that it concerns."""

    @property
    def content(self) -> bytes:
        """Its SOAP message."""


@dataclasses.dataclass(frozen=True)
class FaultRule:
    """The requests that match (all that is given) go wrong: the first ``skip`` not, the next ``times`` do.

    Attributes:
        effect: ``reset_before``/``reset_after`` cut the connection before or after the request is carried out;
            ``http_503``, ``empty_400`` and ``http_401`` answer so without carrying it out; ``truncate`` sends half of
            the answer; ``delay`` waits ``seconds`` of real time first; ``fault`` answers with SOAP fault ``code``.
        node: on this node only.
        operation: such as ``Get``, ``Pull`` or ``Invoke RequestStateChange``; ``Invoke`` is every method.
        class_name: the class in the resource URI (``*`` for queries).
        namespace: the one in the resource URI, such as ``root/MSCluster``. With effect ``fault``, code 0x80041003
            (WBEM_E_ACCESS_DENIED) and times null it is one in which the account has no rights.
        mentions: a text anywhere in the request, such as a VM's GUID, in any letter case.
        times: how often; null: from then on always.
    """

    effect: Effect
    node: str | None = None
    operation: str | None = None
    class_name: str | None = None
    namespace: str | None = None
    mentions: str | None = None
    skip: t.Annotated[int, Bounds(0)] = 0
    times: t.Annotated[int, Bounds(1)] | None = 1
    code: t.Annotated[int, Bounds(1, 0xFFFFFFFF)] = 0x80041001
    seconds: t.Annotated[float, Bounds(0)] = 1.0

    def matches(self, request: Request) -> bool:
        """Tell whether the rule is about this request; the node is not looked at."""
        return (
            (self.operation is None or is_operation(self.operation, request.operation))
            and (self.class_name is None or self.class_name.lower() == request.class_name.lower())
            and (self.namespace is None or self.namespace.lower() == request.namespace.lower())
            and (self.mentions is None or self.mentions.lower().encode() in request.content.lower())
        )


def is_operation(called: str, operation: str) -> bool:
    """Tell whether a request's operation is the one that is called so; a method may be called ``Invoke`` alone."""
    return called.lower() == (operation if " " in called else operation.partition(" ")[0]).lower()


class FaultPlan:
    """The rules of one node with their counts. Listener and service ask it, each for the effects that are its own."""

    def __init__(self, rules: Sequence[FaultRule], node: str) -> None:
        self._rules = [rule for rule in rules if rule.node in (None, node)]
        self._lock = threading.Lock()
        self.reset()

    @property
    def has_rules(self) -> bool:
        """Whether anything is to go wrong."""
        return bool(self._rules)

    def reset(self) -> None:
        """Count from zero again."""
        self._seen = [0] * len(self._rules)

    def on_the_network(self, request: Request) -> FaultRule | None:
        """Return the rule by which this request goes wrong in HTTP, if any; counts the request."""
        return self._take(request, service=False)

    def in_the_service(self, request: Request) -> None:
        """Raise CimFault if a rule with effect ``fault`` is due; counts the request."""
        rule = self._take(request, service=True)
        if rule is not None:
            raise CimFault(rule.code, "", "")

    def _take(self, request: Request, service: bool) -> FaultRule | None:
        due: FaultRule | None = None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if (rule.effect == "fault") != service or not rule.matches(request):
                    continue
                self._seen[index] += 1
                turn = self._seen[index] - rule.skip
                if due is None and turn > 0 and (rule.times is None or turn <= rule.times):
                    due = rule
        return due
