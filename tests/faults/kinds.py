# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of faults: how a request of a run goes wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import requests

from tests.simulator.faults import Code
from tests.simulator.scenario import EventSpec
from tests.simulator.wsman import Reply

from .network import MOST_REQUESTS, Killed, Network, Request, Truncated, reset

SUBJECT = "NODE1"  # the node that every run empties, leaves or fills
HOME = "NODE3"  # the task's host
ELSEWHERE = "NODE2"  # where the provider goes that was on the node of the task
PROVIDER_FAILURE = 0x80041004  # WBEM_E_PROVIDER_FAILURE
FAILING_REQUESTS = 5  # how many of them, before the provider recovers
OPERATION_TIMEOUT = 60.0  # seconds after which WinRM itself gives up

_TIMES = {"provider_failure": FAILING_REQUESTS, "home_hangs": MOST_REQUESTS}

Break = Callable[[Network, Request], Reply]


class Well:
    """Nothing goes wrong."""

    def answer(self, network: Network, request: Request) -> Reply:
        """Have the request carried out."""
        return network.deliver(request)


@dataclasses.dataclass(frozen=True)
class Fault:
    """A request that goes wrong, or as many from there on as the kind says; ``index`` counts all from 0."""

    kind: str
    index: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.index}"

    @classmethod
    def read(cls, text: str) -> Fault:
        """Return the fault that was printed so. Raises ValueError."""
        kind, index = text.split("/")
        if kind not in KINDS:
            raise ValueError(f"{text}: kinds are {', '.join(KINDS)}")
        return cls(kind, int(index))

    def strikes(self, index: int) -> bool:
        """Tell whether it breaks a request."""
        return self.index <= index < self.index + _TIMES.get(self.kind, 1)


@dataclasses.dataclass(frozen=True)
class Broken:
    """Requests of a run go wrong; of two faults that strike the same one, the later."""

    faults: tuple[Fault, ...]

    def answer(self, network: Network, request: Request) -> Reply:
        """Break the request if it is one of them; else have it carried out."""
        for fault in reversed(self.faults):
            if fault.strikes(request.index):
                return KINDS[fault.kind](network, request)
        return network.deliver(request)


def _reset_before(unused: Network, request: Request) -> Reply:
    raise reset(request)


def _reset_after(network: Network, request: Request) -> Reply:
    network.deliver(request)
    raise reset(request)


def _truncated(network: Network, request: Request) -> Reply:
    reply = network.deliver(request)
    return Truncated(reply.status, reply.body)


def _read_timeout(network: Network, request: Request) -> Reply:
    network.deliver(request)
    network.clock.advance(request.patience)
    raise requests.ReadTimeout(f"no answer in {request.patience:.0f} s", request=request.prepared)


def _status(status: int) -> Break:
    return lambda network, request: Reply(status, b"")


def _fault_timed_out(network: Network, request: Request) -> Reply:
    network.deliver(request)
    network.clock.advance(OPERATION_TIMEOUT)
    return network.cluster.endpoint(request.node).refuse(request.message, Code.TIMED_OUT)


def _refused(code: int) -> Break:
    return lambda network, request: network.cluster.endpoint(request.node).refuse(request.message, code)


def _after(event: EventSpec) -> Break:
    def happen(network: Network, request: Request) -> Reply:
        with network.cluster.world.lock:
            network.cluster.world.look()
            network.cluster.world.events.carry_out(event)
        return network.deliver(request)

    return happen


def _home_hangs(network: Network, request: Request) -> Reply:
    """Let the task's host take requests and answer none."""
    network.mute.add(HOME)
    if request.node != HOME:
        return network.deliver(request)
    network.clock.advance(request.patience)
    raise requests.ReadTimeout(f"no answer in {request.patience:.0f} s", request=request.prepared)


def _killed(network: Network, request: Request) -> Reply:
    network.deliver(request)
    raise Killed


KINDS: dict[str, Break] = {
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "truncated": _truncated,
    "read_timeout": _read_timeout,
    "http_503": _status(503),
    "empty_400": _status(400),
    "http_401": _status(401),
    "fault_timed_out": _fault_timed_out,
    "fault_quota": _refused(Code.TOO_MANY_OPERATIONS),
    "provider_failure": _refused(PROVIDER_FAILURE),
    "vmms_restart": _after(EventSpec(vmms_restart=SUBJECT)),
    "provider_moved": _after(EventSpec(core_group=ELSEWHERE)),
    "node_crash": _after(EventSpec(down=SUBJECT)),
    "home_crash": _after(EventSpec(down=HOME)),
    "home_hangs": _home_hangs,
    "killed": _killed,
}
