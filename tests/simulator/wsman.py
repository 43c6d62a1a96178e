# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node's WS-Management service: which operation a message asks for, and the envelope of its answer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from .changes import Changes
from .cim import CimFault, Provider
from .command_line import Computer
from .enumerations import Enumerations
from .envelopes import ENUMERATION, TRANSFER, Request, UnreadableRequest, envelope, size_of
from .event_subscriptions import EVENT_LOG, EventSubscriptions, NoLogs, Source
from .event_switches import EventSwitches
from .faults import Code, Fault, Machine, provider_fault
from .host_profiles import DEFAULT, PROFILES, profile_of, version_of
from .invocations import Invocations
from .rendering import Renderers
from .resources import Resource, Resources, in_terms_of_wmi, split_uri
from .scenario_listener import ListenerSpec
from .schema import load
from .service_itself import configuration, identify, is_configuration
from .shells import Shells
from .wire_switches import WireSwitches

GET, PUT = f"{TRANSFER}/Get", f"{TRANSFER}/Put"
ENUMERATE, PULL, RELEASE = (f"{ENUMERATION}/{name}" for name in ("Enumerate", "Pull", "Release"))
_OPERATIONS = {GET: "Get", PUT: "Put", ENUMERATE: "Enumerate", PULL: "Pull", RELEASE: "Release"}
# Shells of WinRS and PowerShell: [MS-WSMV] 2.2.4.30, [MS-PSRP] 3.1.5.3.1.
_SHELLS = (
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "http://schemas.microsoft.com/powershell/",
)
_LISTENER = ListenerSpec()
_NO_LOGS, _SERVED = NoLogs(), EventSwitches()


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer: the HTTP status and the SOAP envelope, which is empty where there is nothing to relate it to."""

    status: int
    body: bytes


@dataclasses.dataclass(frozen=True)
class RequestInfo:
    """What a request is about.

    Attributes:
        operation: ``Get``, ``Put``, ``Enumerate``, ``Pull``, ``Release``, ``Invoke`` and the method, ``Shell`` for
            anything that concerns a WinRS or PowerShell shell, else the last part of the action.
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
    if request.is_identify:
        return "Identify"
    method = _method(request)
    return f"Invoke {method}" if method else _OPERATIONS.get(request.action, request.action.rpartition("/")[2])


def _method(request: Request) -> str:
    """Return the method of an Invoke, whose action is the resource URI and the method; else an empty text."""
    prefix, separator, method = request.action.rpartition("/")
    named = (request.written_uri or request.resource_uri).lower()
    return method if separator and prefix.lower() == named else ""


class Endpoint:
    """One node's WS-Management service: SOAP bytes in, SOAP bytes out. Knows no HTTP."""

    def __init__(
        self,
        name: str,
        providers: Sequence[Provider],
        switches: WireSwitches,
        on_request: Callable[[RequestInfo], None] | None = None,
        now: Callable[[], float] = time.monotonic,
        build: int = PROFILES[DEFAULT].build,
        account: str = "",
        listener: ListenerSpec = _LISTENER,
        logs: Source = _NO_LOGS,
        event_switches: EventSwitches = _SERVED,
    ) -> None:
        """Serve ``providers``, one for each namespace.

        Args:
            name: what the host calls itself in faults.
            on_request: told of each request before it is carried out; a CimFault that it raises is the answer.
            now: seconds, for the idle time of enumerations and for OperationTimeout.
            build: of the host's Windows, which decides what ``switches`` leave open.
            account: who owns the shells, as ``DOMAIN\\user``.
            listener: what the configuration says of the ways to log in.
            logs: the host's event logs.
            event_switches: how it serves them.
        """
        self._name = name
        self._listener = listener
        self._switches = switches = profile_of(build).complete(switches)
        self._on_request = on_request
        self._now = now
        self._version = version_of(build)
        self._counted_in = switches.counted_in or "utf16"
        self._limit = switches.max_envelope_size or PROFILES[DEFAULT].max_envelope_size
        self._resources = Resources(load(), providers, build)
        self._renderers = renderers = Renderers(self._resources.schema, switches, build)
        self._enumerations = Enumerations(self._resources, renderers, switches, now, name.partition(".")[0].upper())
        self._invocations = Invocations(self._resources, renderers, switches)
        self._changes = Changes(self._resources, switches)
        computer = Computer(name.partition(".")[0].upper(), account, self._version)
        self._subscriptions = EventSubscriptions(logs, event_switches, name)
        self._shells = Shells(computer, canned=switches.shells == "canned")

    @property
    def open_enumerations(self) -> int:
        """How many enumerations and subscriptions clients have begun and neither read to the end nor ended."""
        return self._enumerations.open_contexts + self._subscriptions.open

    def handle(self, request: bytes) -> Reply:
        """Return the answer to one SOAP message; what is no SOAP gets an empty 500."""
        try:
            message = Request.read(request)
        except UnreadableRequest:
            return Reply(500, b"")
        try:
            message = in_terms_of_wmi(message)
            if self._on_request is not None:
                self._on_request(RequestInfo.of(message, request))
            if message.is_identify:
                return Reply(200, identify(self._version).encode(message.encoding))
            action, body = self._answer(message)
        except CimFault as error:
            return self._fault(message, provider_fault(error))
        except Fault as fault:
            return self._fault(message, fault)
        return Reply(200, self._envelope(message, action, body).encode(message.encoding))

    def identify(self, request: bytes) -> Reply:
        """Answer an Identify of who has not logged in, and anything else with an empty 401.

        [MS-WSMV] 3.1.4.1.23: the security profiles are kept back; hosts keep their version back too.
        """
        try:
            message = Request.read(request)
        except UnreadableRequest:
            return Reply(401, b"")
        if not message.is_identify:
            return Reply(401, b"")
        if self._on_request is not None:
            self._on_request(RequestInfo.of(message, request))
        return Reply(200, identify("0.0.0", names_security=False).encode(message.encoding))

    def refuse(self, request: bytes, error: CimFault) -> Reply:
        """Answer a SOAP message with a fault, and carry nothing out. Raises UnreadableRequest."""
        return self._fault(Request.read(request), provider_fault(error))

    def _answer(self, request: Request) -> tuple[str, str]:
        """Return action and body of the answer. Raises Fault."""
        request.check(self._switches.language)
        if request.size > self._limit:
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
        if request.resource_uri.lower() == EVENT_LOG.lower():
            return self._subscriptions.answer(request, room, self._counted_in)
        if is_configuration(request.resource_uri) and request.action == GET:
            return configuration(request.resource_uri, self._limit, self._switches.shells != "refused", self._listener)
        if request.action == GET:
            return self._fitting(self._get(request), room, Code.ENCODING_LIMIT)
        operations: dict[str, Callable[[], str]] = {
            PUT: lambda: self._changes.put(request),
            ENUMERATE: lambda: self._enumerations.enumerate(request, room),
            PULL: lambda: self._enumerations.pull(request, room),
            RELEASE: lambda: self._enumerations.release(request),
        }
        if request.action in operations:
            return operations[request.action]()
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
        # Singletons without any key are read by libvirt and virt-who from hosts of all versions.
        if not keys and len(found) > 1 and definition.keys:
            raise Fault(Code.NOT_A_SINGLETON)
        incomplete = 0 < len(keys) < len(definition.keys) and self._switches.partial_keys == "refused"
        if not found or incomplete:
            raise Fault(Code.RESOURCE_NOT_FOUND, "", "GetObject", _object_path(resource, request))
        if len(found) > 1:
            raise Fault(Code.AMBIGUOUS_SELECTORS)
        renderer = self._renderers.of(resource.spelled)
        fragment = request.header("FragmentTransfer")
        if fragment is None:
            return renderer.instance(*found[0])
        return renderer.selected((fragment.text or "").strip(), *found[0])

    def _room(self, request: Request) -> int:
        """Return how many bytes the body of the answer may have, in the encoding in which the host counts them."""
        limit = min(request.max_envelope_size or self._limit, self._limit)
        return limit - size_of(self._envelope(request, f"{request.action}Response", ""), self._counted_in)

    def _fitting(self, body: str, room: int, code: Code) -> str:
        if size_of(body, self._counted_in) > room:
            raise Fault(code)
        return body

    def _fault(self, request: Request, fault: Fault) -> Reply:
        namespace, unused = split_uri(request.resource_uri) or ("root/cimv2", "")
        machine, layout = Machine(request.addressed_to or self._name, self._name), self._switches.fault_layout
        body = fault.render(
            machine, namespace, self._switches.language, layout, self._switches.fault_text_language or "named"
        )
        return Reply(500, self._envelope(request, fault.action(layout), body, fault).encode(request.encoding))

    def _envelope(self, request: Request, action: str, body: str, fault: Fault | None = None) -> str:
        layout = self._switches.fault_layout
        return envelope(
            action,
            request.message_id if fault is None or fault.names_its_request(layout) else "",
            self._switches.language,
            body,
            activity_id=self._switches.activity_id == "sent",
            is_fault=fault is not None,
        )


def _object_path(resource: Resource, request: Request) -> str:
    keys = ",".join(f'{name}="{"".join(element.itertext())}"' for name, element in request.selectors.items())
    return f"{resource.one_class.name}.{keys}"


__all__ = ["Endpoint", "Reply", "RequestInfo", "WireSwitches", "describe"]
