# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node's WS-Management service: which operation a message asks for, and the envelope of its answer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from .cim import CimFault, Provider
from .enumerations import Enumerations
from .envelopes import ENUMERATION, TRANSFER, Request, UnreadableRequest, envelope
from .faults import Code, Fault, provider_fault
from .invocations import Invocations
from .rendering import Renderer
from .resources import Resource, Resources, split_uri
from .schema import load
from .shells import Shells
from .wire_switches import WireSwitches

GET = f"{TRANSFER}/Get"
ENUMERATE, PULL, RELEASE = (f"{ENUMERATION}/{name}" for name in ("Enumerate", "Pull", "Release"))
_OPERATIONS = {GET: "Get", ENUMERATE: "Enumerate", PULL: "Pull", RELEASE: "Release"}
# Shells of WinRS and PowerShell: [MS-WSMV] 2.2.4.30, [MS-PSRP] 3.1.5.3.1.
_SHELLS = (
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "http://schemas.microsoft.com/powershell/",
)


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer: the HTTP status and the SOAP envelope, which is empty where there is nothing to relate it to."""

    status: int
    body: bytes


@dataclasses.dataclass(frozen=True)
class RequestInfo:
    """What a request is about.

    Attributes:
        operation: ``Get``, ``Enumerate``, ``Pull``, ``Release``, ``Invoke`` and the method, ``Shell`` for anything
            that concerns a WinRS or PowerShell shell, else the last part of the action.
        class_name, namespace: of the resource URI as spelled there; empty for other resources.
        content: the message.
    """

    operation: str
    class_name: str
    namespace: str
    content: bytes = dataclasses.field(default=b"", repr=False)

    @classmethod
    def of(cls, request: Request, content: bytes) -> RequestInfo:
        """Return what ``request``, read from ``content``, is about."""
        namespace, class_name = split_uri(request.resource_uri) or ("", "")
        return cls(_operation(request), class_name, namespace, content)


def describe(message: bytes) -> RequestInfo | None:
    """Return what the SOAP message is about, or None when it is none."""
    try:
        return RequestInfo.of(Request.read(message), message)
    except UnreadableRequest:
        return None


def _operation(request: Request) -> str:
    if request.resource_uri.lower().startswith(_SHELLS):
        return "Shell"
    method = _method(request)
    return f"Invoke {method}" if method else _OPERATIONS.get(request.action, request.action.rpartition("/")[2])


def _method(request: Request) -> str:
    """Return the method of an Invoke, whose action is the resource URI and the method; else an empty text."""
    prefix, separator, method = request.action.rpartition("/")
    return method if separator and prefix.lower() == request.resource_uri.lower() else ""


class Endpoint:
    """One node's WS-Management service: SOAP bytes in, SOAP bytes out. Knows no HTTP."""

    def __init__(
        self,
        name: str,
        providers: Sequence[Provider],
        switches: WireSwitches,
        on_request: Callable[[RequestInfo], None] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve ``providers``, one for each namespace.

        Args:
            name: the machine that faults name.
            on_request: told of each request before it is carried out; a CimFault that it raises is the answer.
            now: seconds, for the idle time of enumerations and for OperationTimeout.
        """
        self._name = name
        self._switches = switches
        self._on_request = on_request
        self._now = now
        self._resources = Resources(load(), providers)
        self._enumerations = Enumerations(self._resources, switches, now)
        self._invocations = Invocations(self._resources, switches)
        self._shells = Shells()

    @property
    def open_enumerations(self) -> int:
        """How many enumerations clients have begun and neither read to the end nor released."""
        return self._enumerations.open_contexts

    def handle(self, request: bytes) -> Reply:
        """Return the answer to one SOAP message; what is no SOAP gets an empty 500."""
        try:
            message = Request.read(request)
        except UnreadableRequest:
            return Reply(500, b"")
        try:
            if self._on_request is not None:
                self._on_request(RequestInfo.of(message, request))
            action, body = self._answer(message)
        except CimFault as error:
            return self._fault(message, provider_fault(error))
        except Fault as fault:
            return self._fault(message, fault)
        return Reply(200, self._envelope(message, action, body))

    def refuse(self, request: bytes, error: CimFault) -> Reply:
        """Answer a SOAP message with a fault, and carry nothing out. Raises UnreadableRequest."""
        return self._fault(Request.read(request), provider_fault(error))

    def _answer(self, request: Request) -> tuple[str, str]:
        """Return action and body of the answer. Raises Fault."""
        request.check(self._switches.language)
        if request.size > self._switches.max_envelope_size:
            raise Fault(Code.REQUEST_TOO_LARGE)
        began = self._now()
        body = self._operate(request)
        if request.timeout is not None and self._now() - began > request.timeout:
            raise Fault(Code.TIMED_OUT)
        return f"{request.action}Response", body

    def _operate(self, request: Request) -> str:
        room = self._room(request)
        if request.resource_uri.lower().startswith(_SHELLS):
            if self._switches.shells == "refused":
                raise Fault(Code.SHELLS_NOT_ALLOWED)
            return self._shells.answer(request)
        if request.action == GET:
            return self._fitting(self._get(request), room, Code.ENCODING_LIMIT)
        if request.action == ENUMERATE:
            return self._enumerations.enumerate(request, room)
        if request.action == PULL:
            return self._enumerations.pull(request, room)
        if request.action == RELEASE:
            return self._enumerations.release(request)
        method = _method(request)
        if not method:
            self._resources.resolve(request.resource_uri)
            raise Fault(Code.ACTION_NOT_SUPPORTED)
        return self._fitting(self._invocations.invoke(request, method), room, Code.UNREPORTABLE_SUCCESS)

    def _get(self, request: Request) -> str:
        resource = self._resources.resolve(request.resource_uri)
        definition = resource.one_class
        keys = self._resources.read_keys(request.selectors)
        found = self._resources.matching(resource, keys)
        if not keys and (len(found) > 1 or self._switches.partial_keys == "refused") and definition.keys:
            raise Fault(Code.NOT_A_SINGLETON)
        incomplete = len(keys) < len(definition.keys) and self._switches.partial_keys == "refused"
        if not found or incomplete:
            raise Fault(Code.RESOURCE_NOT_FOUND, "", "GetObject", _object_path(resource, request))
        if len(found) > 1:
            raise Fault(Code.AMBIGUOUS_SELECTORS)
        return Renderer(self._resources.schema, self._switches, resource.spelled).instance(*found[0])

    def _room(self, request: Request) -> int:
        """Return how many bytes the body of the answer may have."""
        limit = min(request.max_envelope_size or self._switches.max_envelope_size, self._switches.max_envelope_size)
        return limit - len(self._envelope(request, f"{request.action}Response", ""))

    @staticmethod
    def _fitting(body: str, room: int, code: Code) -> str:
        if len(body.encode()) > room:
            raise Fault(code)
        return body

    def _fault(self, request: Request, fault: Fault) -> Reply:
        namespace, unused = split_uri(request.resource_uri) or ("root/cimv2", "")
        body = fault.render(self._name, namespace, self._switches.language, self._switches.fault_layout)
        return Reply(500, self._envelope(request, fault.action, body))

    def _envelope(self, request: Request, action: str, body: str) -> bytes:
        return envelope(action, request.message_id, self._switches.language, body).encode()


def _object_path(resource: Resource, request: Request) -> str:
    keys = ",".join(f'{name}="{"".join(element.itertext())}"' for name, element in request.selectors.items())
    return f"{resource.one_class.name}.{keys}"


__all__ = ["Endpoint", "Reply", "RequestInfo", "WireSwitches", "describe"]
