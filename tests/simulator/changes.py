# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Put: other values for properties of an instance (DSP0226 7.2; an empty answer is one of its two forms)."""

from __future__ import annotations

from .cim import CimFault, Value
from .envelopes import XSI, Request
from .faults import Code, Fault, provider_fault
from .resources import Found, Resources, path_of
from .schema import ClassDefinition
from .values import NotAValue, read_scalar
from .wire_switches import WireSwitches

_NIL = f"{{{XSI}}}nil"


class Changes:
    """Changes instances of one node."""

    def __init__(self, resources: Resources, switches: WireSwitches) -> None:
        self._resources = resources
        self._switches = switches

    def put(self, request: Request) -> str:
        """Return the body of the answer. Raises Fault."""
        resource = self._resources.resolve(request.resource_uri)
        definition = resource.one_class
        found = self._resources.matching(resource, self._resources.read_keys(request.selectors))
        if len(found) != 1:
            raise Fault(Code.RESOURCE_NOT_FOUND if not found else Code.AMBIGUOUS_SELECTORS, "", "PutInstance")
        given = _read(request, definition)
        form = self._switches.put_takes
        if form == "nothing":
            raise Fault(Code.WBEM_NOT_CAPABLE, "", "PutInstance", definition.name)
        if (form == "whole_instance") != _is_whole(given, found[0]):
            raise Fault(Code.WBEM_INVALID_PARAMETER, "", "PutInstance", definition.name)
        changes = {name: value for name, value in given.items() if value != found[0][1].get(name)}
        try:
            self._resources.provider(resource.namespace).modify(path_of(*found[0]), changes)
        except CimFault as error:
            raise provider_fault(error, definition.name) from error
        return ""


def _is_whole(given: dict[str, Value], found: Found) -> bool:
    return all(name in given for name, value in found[1].items() if value is not None)


def _read(request: Request, definition: ClassDefinition) -> dict[str, Value]:
    """Return the scalars of the instance in the body; NULL properties are left out. Raises Fault."""
    body = request.body
    if body is None or body.tag.rpartition("}")[2] != definition.name:
        raise Fault(Code.SCHEMA_VALIDATION)
    given: dict[str, Value] = {}
    for element in body:
        name = str(element.tag).rpartition("}")[2]
        declared = definition.find_property(name)
        if declared is None or declared.name != name:
            raise Fault(Code.SCHEMA_VALIDATION)
        if element.get(_NIL) in ("true", "1"):
            continue
        try:
            given[name] = read_scalar(element.text or "", declared.type.name)
        except NotAValue as error:
            raise Fault(Code.PARAMETER_TYPE) from error
    return given
