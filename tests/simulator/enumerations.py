# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enumerate, Pull and Release (WS-Enumeration; DSP0226 8): what is enumerated, in which form, and page by page."""

from __future__ import annotations

import dataclasses
import threading
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

from .associations import Associations
from .cim import Instance
from .envelopes import ENUMERATION, WSMAN, Request, new_id, size_of
from .faults import Code, Fault
from .filters import ASSOCIATIONS, SELECTORS, WQL, Filter
from .narrowing import narrow
from .rendering import Renderer, Renderers
from .resources import Found, Resource, Resources, relative_path
from .schema import ClassDefinition, Namespace
from .wire_switches import WireSwitches
from .wql import Select, WqlError, parse

MOST_ITEMS = 32000
MOST_CONTEXTS = 1500
IDLE_SECONDS = 240.0
# The elements around the items of a page, with a context, in the longer encoding.
WRAPPER_BYTES = 800

_N, _W = f"{{{ENUMERATION}}}", f"{{{WSMAN}}}"
_BINDING = "{http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd}"
_MODES = ("", "EnumerateEPR", "EnumerateObjectAndEPR")


@dataclasses.dataclass
class Enumeration:
    """An enumeration that a client reads; ``columns`` in MOF spelling, None for whole instances."""

    uri: str
    found: Sequence[Found]
    write: Callable[[Found], str]
    position: int = 0
    busy: bool = False
    used_at: float = 0.0

    @property
    def ended(self) -> bool:
        return self.position >= len(self.found)

    def page(self, most: int, room: int, counted_in: str) -> str:
        """Return the next items, at most ``most`` and ``room`` bytes of them, counted in an encoding. Raises Fault."""
        pieces: list[str] = []
        for found in self.found[self.position : self.position + most]:
            piece = self.write(found)
            room -= size_of(piece, counted_in)
            if room < 0:
                break
            pieces.append(piece)
        if not pieces and not self.ended:
            raise Fault(Code.ENCODING_LIMIT)
        self.position += len(pieces)
        return "".join(pieces)


class Enumerations:
    """The enumerations of one service."""

    def __init__(
        self,
        resources: Resources,
        renderers: Renderers,
        switches: WireSwitches,
        now: Callable[[], float],
        server: str,
    ) -> None:
        """Enumerate what ``resources`` offer; ``server`` is the host's short name."""
        self._server = server
        self._resources = resources
        self._renderers = renderers
        self._switches = switches
        self._now = now
        self._counted_in = switches.counted_in or "utf16"
        self._lock = threading.Lock()
        self._open: dict[str, Enumeration] = {}

    def enumerate(self, request: Request, room: int) -> str:
        """Return the body of the answer to an Enumerate; ``room`` is the size it may have. Raises Fault."""
        wish = _Wish.read(request.body)
        try:
            enumeration = self._begin(request, self._resources.resolve(request.resource_uri), wish)
        except Fault as fault:
            raise self._recorded(fault, wish.filter.text if wish.filter is not None else None) from fault
        if not wish.optimized:
            return f"<n:EnumerateResponse>{self._context(self._keep(enumeration))}</n:EnumerateResponse>"
        # All answers recorded of Server 2008 and 2012 that hold several instances begin with a page of one.
        most = 1 if self._switches.first_page == "one_item" else self._most(wish.most)
        items = enumeration.page(most, room - WRAPPER_BYTES, self._counted_in)
        context = "" if enumeration.ended else self._keep(enumeration)
        prefix = "w" if self._switches.items_in == "wsman" else "n"
        end = f"<{prefix}:EndOfSequence/>" if enumeration.ended else ""
        return (
            f"<n:EnumerateResponse>{self._context(context)}"
            f"<{prefix}:Items>{items}</{prefix}:Items>{end}</n:EnumerateResponse>"
        )

    def pull(self, request: Request, room: int) -> str:
        """Return the body of the answer to a Pull. Raises Fault."""
        fields = _fields(request.body, "Pull", {_N + "EnumerationContext", _N + "MaxElements", _N + "MaxTime"})
        context = (fields.get(_N + "EnumerationContext") or "").strip()
        enumeration = self._take(context, request.resource_uri)
        try:
            most = self._most(_count(fields.get(_N + "MaxElements", "1")))
            items = enumeration.page(most, room - WRAPPER_BYTES, self._counted_in)
        finally:
            enumeration.busy = False
        if not enumeration.ended:
            return f"<n:PullResponse>{self._context(context)}<n:Items>{items}</n:Items></n:PullResponse>"
        with self._lock:
            self._open.pop(context, None)
        return f"<n:PullResponse><n:Items>{items}</n:Items><n:EndOfSequence/></n:PullResponse>"

    def release(self, request: Request) -> str:
        """Forget an enumeration. Raises Fault."""
        fields = _fields(request.body, "Release", {_N + "EnumerationContext"})
        context = (fields.get(_N + "EnumerationContext") or "").strip()
        self._take(context, request.resource_uri)
        with self._lock:
            self._open.pop(context, None)
        return ""

    @property
    def open_contexts(self) -> int:
        """How many enumerations clients have left open."""
        with self._lock:
            return len(self._open)

    def _begin(self, request: Request, resource: Resource, wish: _Wish) -> Enumeration:
        columns: list[str] | None = None
        if wish.filter is None:
            found = list(self._resources.instances(resource.namespace, resource.one_class))
        elif wish.filter.dialect == SELECTORS:
            found = wish.filter.selected(self._resources, resource)
        elif wish.filter.dialect == ASSOCIATIONS:
            query = wish.filter.association_query(self._resources, resource)
            found = Associations(self._resources, resource).find(query)
        else:
            found, columns = self._query(request, resource, wish.filter.text)
        renderer = self._renderers.of(resource.spelled)
        return Enumeration(request.resource_uri, found, self._writer(renderer, wish.mode, columns))

    def _recorded(self, fault: Fault, query: str | None) -> Fault:
        """Return a fault about a missing class or namespace as hosts were recorded to send it, any other as it is.

        A query: the mocks of WinRb/WinRM (Server 2008 R2), the code that virt-who expects. A plain enumeration:
        Win32_InvalidClass in Microsoft's interoperability scenarios for WS-Management.
        """
        form = self._switches.missing_class_form
        if form == "wmi" or fault.code not in (Code.WBEM_INVALID_CLASS, Code.WBEM_INVALID_NAMESPACE):
            return fault
        if query is not None:
            return Fault(Code.CANNOT_PROCESS_FILTER, "", "ExecQuery", query, cause=fault.code)
        return Fault(Code.RESOURCE_NOT_FOUND, "", "EnumerateInstances") if form == "not_found" else fault

    def _query(self, request: Request, resource: Resource, text: str) -> tuple[list[Found], list[str] | None]:
        if self._switches.wql == "refused":
            raise Fault(Code.CANNOT_PROCESS_FILTER)
        if resource.definition is not None or request.selectors:
            raise Fault(Code.WQL_ON_A_CLASS)
        try:
            query = parse(text)
            if isinstance(query, Select):
                definition = self._resources.definition(resource.namespace, query.class_name)
                columns = _columns(definition, query)
                return self._select(resource.namespace, definition, query), columns
        except WqlError as error:
            raise Fault(Code.WBEM_INVALID_QUERY, "", "ExecQuery", text) from error
        return Associations(self._resources, resource).find(query), None

    def _select(self, namespace: Namespace, definition: ClassDefinition, query: Select) -> list[Found]:
        def is_a(name: str, ancestor: str) -> bool:
            known = namespace.find(name)
            return known is not None and known.is_a(ancestor)

        asks_for_the_system = any(name.startswith("__") for name in query.properties())
        return [
            (member, instance)
            for member, instance in self._resources.instances(namespace, definition, narrow(definition, query.where))
            if query.matches(
                {**instance, **self._system_properties(member, instance)} if asks_for_the_system else instance,
                member.name,
                is_a,
            )
        ]

    def _system_properties(self, definition: ClassDefinition, instance: Instance) -> Instance:
        """Return what WMI knows of every instance (Microsoft docs, "WMI System Properties"); not on the wire."""
        path = relative_path(definition, instance)
        namespace = definition.namespace.replace("/", "\\")
        return {
            "__SERVER": self._server,
            "__NAMESPACE": namespace,
            "__RELPATH": path,
            "__PATH": f"\\\\{self._server}\\{namespace}:{path}",
            "__SUPERCLASS": next(iter(definition.ancestors), None),
            "__DYNASTY": (definition.name, *definition.ancestors)[-1],
            "__GENUS": 2,
        }

    def _writer(self, renderer: Renderer, mode: str, columns: Sequence[str] | None) -> Callable[[Found], str]:
        as_fragment = columns is not None and self._switches.column_rows == "fragment"

        def write_object(found: Found) -> str:
            if as_fragment:
                return renderer.fragment(*found, columns or ())
            return renderer.instance(*found, columns)

        def write_endpoint(found: Found) -> str:
            # WMI builds a reference from the keys in the row, so a row without them has none.
            complete = columns is None or set(found[0].keys) <= set(columns)
            return renderer.instance_endpoint(*found) if complete else ""

        if mode == "EnumerateEPR":
            return write_endpoint
        if mode == "EnumerateObjectAndEPR":
            return lambda found: f"<w:Item>{write_object(found)}{write_endpoint(found)}</w:Item>"
        return write_object

    def _most(self, asked: int) -> int:
        return min(asked, MOST_ITEMS, self._switches.page_limit or MOST_ITEMS)

    @staticmethod
    def _context(context: str) -> str:
        return f"<n:EnumerationContext>{context}</n:EnumerationContext>" if context else "<n:EnumerationContext/>"

    def _keep(self, enumeration: Enumeration) -> str:
        now = self._now()
        context = new_id()
        with self._lock:
            self._open = {name: kept for name, kept in self._open.items() if now - kept.used_at <= IDLE_SECONDS}
            if len(self._open) >= MOST_CONTEXTS:
                raise Fault(Code.TOO_MANY_OPERATIONS)
            enumeration.used_at = now
            self._open[context] = enumeration
        return context

    def _take(self, context: str, uri: str) -> Enumeration:
        with self._lock:
            enumeration = self._open.get(context)
            if enumeration is None or self._now() - enumeration.used_at > IDLE_SECONDS:
                self._open.pop(context, None)
                raise Fault(Code.INVALID_CONTEXT)
            # Libvirt pulls from the class what it has enumerated by WQL, and so does virt-who.
            if self._switches.pull_uri == "same" and enumeration.uri.lower() != uri.lower():
                raise Fault(Code.PULL_DIFFERS)
            if enumeration.busy:
                raise Fault(Code.PULL_IN_PROGRESS)
            enumeration.busy = True
            enumeration.used_at = self._now()
            return enumeration


class _Wish(t.NamedTuple):
    """What an n:Enumerate element asks for."""

    optimized: bool
    most: int
    mode: str
    filter: Filter | None

    @property
    def query(self) -> str | None:
        """The text of a WQL filter; None where there is none."""
        return self.filter.text if self.filter is not None and self.filter.dialect == WQL else None

    @classmethod
    def read(cls, body: ET.Element | None) -> _Wish:
        filter_element = None if body is None else body.find(_W + "Filter")
        chosen = None if filter_element is None else Filter.read(filter_element)
        known = {_W + name for name in ("OptimizeEnumeration", "MaxElements", "EnumerationMode", "Filter")}
        fields = _fields(body, "Enumerate", known | {_N + "Expires", _N + "Filter", _BINDING + "PolymorphismMode"})
        if _N + "Filter" in fields:
            raise Fault(Code.FILTERING_NOT_SUPPORTED)
        if fields.get(_BINDING + "PolymorphismMode", "IncludeSubClassProperties") != "IncludeSubClassProperties":
            raise Fault(Code.POLYMORPHISM_MODE)
        mode = fields.get(_W + "EnumerationMode", "").strip()
        if mode not in _MODES or (_W + "EnumerationMode" in fields and not mode):
            raise Fault(Code.ENUMERATION_MODE)
        most = _count(fields.get(_W + "MaxElements", "1"))
        return cls(_W + "OptimizeEnumeration" in fields, most, mode, chosen)


def _fields(body: ET.Element | None, name: str, known: set[str]) -> dict[str, str]:
    """Return the texts of the children of ``body``, which must be the element ``name``. Raises Fault.

    The schema of WS-Enumeration has room for elements of other namespaces, and clients (WinRb) send some.
    """
    if body is None or body.tag != _N + name:
        raise Fault(Code.SCHEMA_VALIDATION)
    fields: dict[str, str] = {}
    for child in body:
        if child.tag not in known and not child.tag.startswith(_N):
            continue
        if child.tag not in known or child.tag in fields or (len(child) and child.tag != _W + "Filter"):
            raise Fault(Code.SCHEMA_VALIDATION)
        fields[child.tag] = child.text or ""
    return fields


def _count(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or int(text) < 1:
        raise Fault(Code.SCHEMA_VALIDATION)
    return int(text)


def _columns(definition: ClassDefinition, query: Select) -> list[str] | None:
    """Return the columns of a query in MOF spelling, None for all. Raises Fault for what the class does not have."""
    for name in query.properties():
        first = name.partition(".")[0]
        if not first.startswith("__") and definition.find_property(first) is None:
            raise Fault(Code.WBEM_INVALID_QUERY, "", "ExecQuery", name)
    found = [definition.find_property(name) for name in query.columns]
    return [declared.name for declared in found if declared is not None] if query.columns else None
