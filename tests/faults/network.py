# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network between controller and simulated cluster, in process.

The product's own sender, pywinrm, requests and urllib3 are all real, and only the socket below them is replaced. What
goes wrong is raised as requests raises it, so that the product itself decides what it means.
"""

from __future__ import annotations

import dataclasses
import io
import typing as t
import urllib.parse

import requests
import urllib3

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.http_connection import SOAP_TYPE
from tests.simulator.wsman import Reply, describe

MOST_REQUESTS = 3000  # of one run; more count as a run that hangs
OK = 200
LONGEST = 4 * 3600.0  # simulated seconds of one run; the same


class Hangs(BaseException):
    """The run goes on and on."""


class Killed(BaseException):
    """The controller was killed; no code of the run may go on after this."""


class Disturbance(t.Protocol):
    """What goes wrong with the requests of one run."""

    def answer(self, network: Network, request: Request) -> Reply:
        """Answer a request well, wrongly, or not at all: by an exception of requests, or Killed."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One request on its way: its place among all from 0, the node, the SOAP message, seconds until it is given up."""

    index: int
    node: str
    message: bytes
    patience: float
    prepared: requests.PreparedRequest


class Network:
    """Carries the requests of one run, and of those that follow where it is killed.

    Attributes:
        sent: the operation of each request so far, in order.
        mute: the nodes that take requests and answer none any more.
        was_answered: the run that goes on was answered with something that it can read.
    """

    def __init__(self, cluster: SimulatedCluster, clock: ManualClock, disturbance: Disturbance) -> None:
        self.cluster = cluster
        self.clock = clock
        self.sent: list[str] = []
        self.disturbance = disturbance
        self.mute: set[str] = set()
        self.was_answered = False
        self._sent_before = 0
        self._began = clock.now()

    def begin_anew(self) -> None:
        """Allow as many requests and as much time again, for another run."""
        self.was_answered = False
        self._sent_before = len(self.sent)
        self._began = self.clock.now()

    def carry(self, prepared: requests.PreparedRequest, connect: float, patience: float) -> Reply:
        """Return the answer to one HTTP request. Raises what requests raises, Killed and Hangs."""
        node = (urllib.parse.urlsplit(str(prepared.url)).hostname or "").upper()
        message = prepared.body if isinstance(prepared.body, bytes) else b""
        request = Request(len(self.sent), node, message, patience, prepared)
        self.sent.append(f"{node} {_operation(message)}")
        sent, took = len(self.sent) - self._sent_before, self.clock.now() - self._began
        if sent > MOST_REQUESTS or took > LONGEST:
            raise Hangs(f"{sent} requests in {took:.0f} s")
        if not self._windows_runs(node):
            self.clock.advance(connect)
            raise requests.ConnectTimeout(f"{node} timed out", request=prepared)
        reply = self.disturbance.answer(self, request)
        self.was_answered |= reply.status == OK
        return reply

    def deliver(self, request: Request) -> Reply:
        """Have a request carried out. Raises ConnectionError where the node goes down meanwhile."""
        if not self._windows_runs(request.node):
            raise reset(request)
        return self.cluster.endpoint(request.node).handle(request.message)

    def _windows_runs(self, node: str) -> bool:
        with self.cluster.world.lock:
            self.cluster.world.look()
            return self.cluster.world.nodes[node].windows_runs


def reset(request: Request) -> requests.ConnectionError:
    """Return what requests raises when the peer resets the connection."""
    cause = ConnectionResetError(104, "Connection reset by peer")
    return requests.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", cause), request=request.prepared
    )


def _operation(message: bytes) -> str:
    about = describe(message)
    return f"{about.operation} {about.class_name}" if about else "no SOAP"


class Truncated(Reply):
    """An answer whose connection ends when half of it has come."""


class Adapter(requests.adapters.HTTPAdapter):
    """What requests hands its prepared requests to: ``network`` in place of a pool of connections."""

    network: t.ClassVar[Network]

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, timeout: tuple[float, float] = (30.0, 70.0), **unused: t.Any
    ) -> requests.Response:
        """Return the answer as requests does, its body read through urllib3."""
        reply = self.network.carry(request, *timeout)
        sent = reply.body[: len(reply.body) // 2] if isinstance(reply, Truncated) else reply.body
        head = {"Content-Length": str(len(reply.body)), "Content-Type": SOAP_TYPE if reply.body else ""}
        raw = urllib3.HTTPResponse(
            io.BytesIO(sent), head, reply.status, preload_content=False, enforce_content_length=True
        )
        return self.build_response(request, raw)
