# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Invoke: a method's input against its declaration in the schema, the call, and its output (DSP0230 9, [MS-WSMV])."""

from __future__ import annotations

import base64
import itertools
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from .cim import CimFault, ObjectPath, Value
from .embedded_text import EmbeddedRefused, read_instance
from .envelopes import XSI, Request
from .faults import Code, Fault, provider_fault
from .rendering import COMMON, Renderers
from .resources import Resource, Resources, path_of
from .schema import CimType, Method, Parameter, wire_order
from .values import NotAValue, read_date, read_interval, read_scalar
from .wire_switches import WireSwitches

# A malformed embedded instance in the return codes of DMTF: Invalid Parameter.
DMTF_INVALID_PARAMETER = 4
INTERNAL_ERROR = 0x8033803B
_CLASSES = frozenset({"creationclassname", "systemcreationclassname"})
_NIL = f"{{{XSI}}}nil"
_ALLOWED_ATTRIBUTES = {_NIL, f"{{{XSI}}}type"}


class Invocations:
    """Carries out methods of one node's instances and classes."""

    def __init__(self, resources: Resources, renderers: Renderers, switches: WireSwitches) -> None:
        self._resources = resources
        self._renderers = renderers
        self._switches = switches

    def invoke(self, request: Request, method_name: str) -> str:
        """Return the body of the answer. Raises Fault."""
        resource = self._resources.resolve(request.resource_uri)
        method = resource.one_class.methods.get(method_name)
        if method is None:
            raise Fault(Code.ACTION_NOT_SUPPORTED)
        path = self._target(request, resource, method)
        try:
            parameters = self._read_input(request, resource, method)
            values = self._resources.provider(resource.namespace).invoke(path, method.name, parameters)
        except EmbeddedRefused as refused:
            values = self._refusal(method, refused)
        except CimFault as error:
            raise provider_fault(error, f"{path.class_name}::{method.name}") from error
        types = {name: parameter.type for name, parameter in method.parameters.items() if parameter.is_out}
        if method.return_type is not None:
            types["ReturnValue"] = method.return_type
        unknown = values.keys() - types.keys()
        if unknown:
            raise LookupError(f"{method.name} has no out-parameter {sorted(unknown)}")
        renderer = self._renderers.of(resource.spelled)
        ordered = {name: types[name] for name in sorted(types, key=wire_order)}
        return renderer.result(resource.uri, method.name, ordered, values)

    def _refusal(self, method: Method, refused: EmbeddedRefused) -> Mapping[str, Value]:
        if method.return_type is None:
            raise Fault(Code.WBEM_INVALID_PARAMETER, "", "ExecMethod", str(refused)) from refused
        dmtf = self._switches.embedded_return_codes == "dmtf"
        return {"ReturnValue": DMTF_INVALID_PARAMETER if dmtf else refused.return_value}

    def _target(self, request: Request, resource: Resource, method: Method) -> ObjectPath:
        """Return the instance that the selectors name, or for a static method the class."""
        definition = resource.one_class
        keys = self._resources.read_keys(request.selectors)
        if method.is_static:
            return ObjectPath(definition.namespace, definition.name, {})
        if not keys and self._switches.service_without_selectors == "internal_error":
            raise Fault(INTERNAL_ERROR, "", "ExecMethod", definition.name)
        if not keys and self._switches.service_without_selectors == "invalid_parameters":
            raise Fault(Code.WBEM_INVALID_METHOD_PARAMETERS, "", "ExecMethod", definition.name)
        found = self._resources.matching(resource, keys)
        # Hyper-V finds its services by their class alone, whatever it thinks of other partial keys; virt-who adds the
        # class of the system.
        by_class_alone = {name.lower() for name in keys} <= _CLASSES and len(found) == 1
        if 0 < len(keys) < len(definition.keys) and self._switches.partial_keys == "refused" and not by_class_alone:
            raise Fault(Code.RESOURCE_NOT_FOUND, "", "ExecMethod", definition.name)
        if len(found) > 1:
            raise Fault(Code.AMBIGUOUS_SELECTORS)
        if not found:
            raise Fault(Code.RESOURCE_NOT_FOUND, "", "ExecMethod", definition.name)
        return path_of(*found[0])

    def _read_input(self, request: Request, resource: Resource, method: Method) -> dict[str, Value]:
        body = request.body
        # Virt-who sends the element in another namespace than the class's, and hosts take it.
        if body is None or body.tag.rpartition("}")[2] != f"{method.name}_INPUT":
            raise Fault(Code.SCHEMA_VALIDATION)
        spaces = (f"{{{resource.uri}}}", body.tag.rpartition("}")[0] + "}")
        given: dict[str, list[ET.Element]] = {}
        for tag, elements in itertools.groupby(body, lambda element: element.tag):
            space, unused, name = str(tag).rpartition("}")
            parameter = method.parameters.get(name)
            if space + "}" not in spaces or parameter is None or not parameter.is_in:
                raise Fault(Code.PARAMETER_NAME)
            if name in given:
                raise Fault(Code.SCHEMA_VALIDATION)
            given[name] = list(elements)
        return {
            name: self._read_parameter(parameter, given.get(name, []), resource.namespace.name)
            for name, parameter in method.parameters.items()
            if parameter.is_in
        }

    def _read_parameter(self, parameter: Parameter, elements: list[ET.Element], namespace: str) -> Value:
        if any(set(element.attrib) - _ALLOWED_ATTRIBUTES for element in elements):
            raise Fault(Code.SCHEMA_VALIDATION)
        if any(element.get(_NIL) in ("true", "1") for element in elements):
            if len(elements) > 1 or len(elements[0]) or elements[0].text:
                raise Fault(Code.SCHEMA_VALIDATION)
            return None
        if not elements:
            return None
        if parameter.type.name == "uint8" and parameter.type.is_array and self._switches.byte_arrays == "base64":
            return _read_base64(elements)
        if parameter.type.is_array:
            return [self._read_value(parameter.type, element, namespace) for element in elements]
        if len(elements) > 1:
            raise Fault(Code.SCHEMA_VALIDATION)
        return self._read_value(parameter.type, elements[0], namespace)

    def _read_value(self, cim_type: CimType, element: ET.Element, namespace: str) -> Value:
        if cim_type.name == "reference":
            return self._resources.read_endpoint(element)
        if cim_type.name == "datetime":
            return _read_time(element)
        if len(element):
            raise Fault(Code.SCHEMA_VALIDATION)
        if cim_type.is_object:
            raise Fault(Code.UNSUPPORTED_FEATURE)
        text = element.text or ""
        if cim_type.embedded_class is not None:
            return read_instance(text, cim_type.embedded_class, self._resources.schema, namespace)
        try:
            # XML Schema collapses blanks around every value that is not a text.
            is_text = cim_type.name in ("string", "char16")
            return read_scalar(text if is_text else text.strip(" \t\r\n"), cim_type.name)
        except NotAValue as error:
            raise Fault(Code.PARAMETER_TYPE) from error


def _read_base64(elements: list[ET.Element]) -> Value:
    if len(elements) > 1 or len(elements[0]):
        raise Fault(Code.SCHEMA_VALIDATION)
    try:
        return [*base64.b64decode(elements[0].text or "", validate=True)]
    except ValueError as error:
        raise Fault(Code.PARAMETER_TYPE) from error


def _read_time(element: ET.Element) -> Value:
    child = element[0] if len(element) == 1 else None
    if child is None:
        raise Fault(Code.PARAMETER_TYPE)
    readers = {f"{{{COMMON}}}Datetime": read_date, f"{{{COMMON}}}Interval": read_interval}
    try:
        return readers[child.tag]((child.text or "").strip())
    except (KeyError, NotAValue) as error:
        raise Fault(Code.PARAMETER_TYPE) from error
