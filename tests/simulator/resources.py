# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What resource URIs, selectors and endpoint references name: classes of the schema and instances of the providers.

Resource URIs of WMI: [MS-WSMV] 2.2.4.30 and "Windows Remote Management and WMI" in the Microsoft docs.
"""

from __future__ import annotations

import dataclasses
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence

from .cim import ANYTHING, CimFault, Instance, ObjectPath, Provider, Value, Where
from .envelopes import ADDRESSING, NAMESPACE_SELECTOR, WSMAN, Request, read_selectors
from .faults import Code, Fault, provider_fault
from .rendering import WMI
from .schema import ClassDefinition, Namespace, Schema

_A, _W = f"{{{ADDRESSING}}}", f"{{{WSMAN}}}"
EVERY_CLASS = "*"
# DSP0227 5.1. Windows looks in root/hardware where no selector says otherwise.
DMTF = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
_DMTF_NAMESPACE = "root/hardware"

# An instance with its own class, which may be derived from the one that was asked for.
Found = tuple[ClassDefinition, Instance]
Keys = Mapping[str, "str | ObjectPath"]


def split_uri(uri: str) -> tuple[str, str] | None:
    """Return namespace and class of a WMI resource URI as spelled there, or None for any other URI."""
    if uri[: len(WMI)].lower() != WMI:
        return None
    namespace, separator, class_name = uri[len(WMI) :].rpartition("/")
    return (namespace, class_name) if separator and class_name else None


def in_terms_of_wmi(request: Request) -> Request:
    """Return ``request`` with the resource URI of WMI in place of DMTF's; any other as it is. Raises Fault."""
    if request.resource_uri[: len(DMTF)].lower() != DMTF:
        return request
    namespace = (request.namespace_selector or _DMTF_NAMESPACE).replace("\\", "/")
    uri = f"{WMI}{namespace}/{request.resource_uri[len(DMTF) :]}"
    return dataclasses.replace(request, resource_uri=uri, written_uri=request.resource_uri)


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource URI: the namespace as spelled and as known, and the class or None for all classes (``*``)."""

    uri: str
    spelled: str
    namespace: Namespace
    definition: ClassDefinition | None

    @property
    def one_class(self) -> ClassDefinition:
        """The class. Raises Fault where the URI names all."""
        if self.definition is None:
            raise Fault(Code.INVALID_URI)
        return self.definition


class Resources:
    """All that one node's providers offer."""

    def __init__(self, schema: Schema, providers: Sequence[Provider], build: int) -> None:
        """Offer the classes that a host of this ``build`` of Windows has."""
        self.schema = schema
        self.build = build
        self._providers = {provider.namespace.lower(): provider for provider in providers}

    def resolve(self, uri: str) -> Resource:
        """Return what ``uri`` names. Raises Fault."""
        names = split_uri(uri)
        if names is None:
            raise Fault(Code.NO_PLUGIN)
        spelled, class_name = names
        namespace = self.schema.find(spelled)
        if namespace is None or spelled.lower() not in self._providers:
            raise Fault(Code.WBEM_INVALID_NAMESPACE, "", "GetObject", spelled)
        definition = None if class_name == EVERY_CLASS else self.definition(namespace, class_name)
        return Resource(uri, spelled, namespace, definition)

    def definition(self, namespace: Namespace, class_name: str) -> ClassDefinition:
        """Return a class in any letter case. Raises Fault."""
        found = namespace.find(class_name)
        if found is None or found.since_build > self.build:
            raise Fault(Code.WBEM_INVALID_CLASS, "", "GetObject", class_name)
        return found

    def provider(self, namespace: Namespace) -> Provider:
        """Return the provider of a namespace that was resolved."""
        return self._providers[namespace.name.lower()]

    def instances(self, namespace: Namespace, definition: ClassDefinition, where: Where = ANYTHING) -> Iterator[Found]:
        """Yield the instances of a class and of all classes derived from it. Raises Fault.

        Those that are not as ``where`` says may be left out.
        """
        provider = self.provider(namespace)
        for member in namespace.family(definition):
            try:
                for instance in provider.instances(member.name, where):
                    yield member, instance
            except CimFault as error:
                raise provider_fault(error, member.name) from error

    def matching(self, resource: Resource, keys: Keys) -> list[Found]:
        """Return the instances whose keys have these values. Raises Fault for a name that is no key."""
        definition = resource.one_class
        known = {key.lower(): key for key in definition.keys}
        if any(name.lower() not in known for name in keys):
            raise Fault(Code.UNEXPECTED_SELECTORS)
        wanted = {known[name.lower()]: _comparable(value) for name, value in keys.items()}
        texts = {known[name.lower()]: frozenset({value}) for name, value in keys.items() if isinstance(value, str)}
        return [
            (member, instance)
            for member, instance in self.instances(resource.namespace, definition, texts)
            if all(_comparable(instance.get(key)) == value for key, value in wanted.items())
        ]

    def read_keys(self, selectors: Mapping[str, ET.Element]) -> dict[str, str | ObjectPath]:
        """Return the values of selectors; one that is a reference may stand bare or in a:EndpointReference."""
        keys: dict[str, str | ObjectPath] = {}
        for name, element in selectors.items():
            wrapped = element.find(_A + "EndpointReference")
            keys[name] = self.read_endpoint(element if wrapped is None else wrapped) if len(element) else _text(element)
        return keys

    def read_endpoint(self, element: ET.Element) -> ObjectPath:
        """Return the reference whose endpoint stands directly in ``element``. Raises Fault.

        Class and keys come back in the spelling of the MOF; what the schema does not know is left as it is, so that
        the provider can refuse it.
        """
        address, parameters = element.find(_A + "Address"), element.find(_A + "ReferenceParameters")
        if address is None or parameters is None or len(element) != 2:
            raise Fault(Code.SCHEMA_VALIDATION)
        names = split_uri((parameters.findtext(_W + "ResourceURI") or "").strip())
        if names is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        # ObjectPath keeps texts only, and no method of the schema takes a reference to an association.
        selectors = read_selectors(parameters.find(_W + "SelectorSet"))
        selectors = {name: one for name, one in selectors.items() if name.lower() != NAMESPACE_SELECTOR}
        keys = {name: _text(selector) for name, selector in selectors.items() if not len(selector)}
        namespace = self.schema.find(names[0])
        definition = namespace.find(names[1]) if namespace is not None else None
        if namespace is None or definition is None:
            return ObjectPath(names[0], names[1], keys)
        spelling = {key.lower(): key for key in definition.keys}
        if any(name.lower() not in spelling for name in keys):
            raise Fault(Code.UNEXPECTED_SELECTORS)
        if len(keys) < len(spelling):
            raise Fault(Code.INSUFFICIENT_SELECTORS)
        return ObjectPath(
            namespace.name, definition.name, {spelling[name.lower()]: value for name, value in keys.items()}
        )


def path_of(definition: ClassDefinition, instance: Instance) -> ObjectPath:
    """Return the reference to an instance."""
    keys = {key: str(instance[key]) for key in definition.keys}
    return ObjectPath(definition.namespace, definition.name, keys)


def relative_path(definition: ClassDefinition, instance: Instance) -> str:
    """Return the object path of an instance inside its namespace, as text."""
    keys = ",".join(f"{key}={_quoted(instance.get(key))}" for key in definition.keys)
    return f"{definition.name}.{keys}"


def _quoted(value: Value) -> str:
    if isinstance(value, (bool, int)):
        return str(value).upper()
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def same_object(path: ObjectPath, namespace: str) -> t.Hashable:
    """Return what is equal for two references to one object; one without a namespace is in ``namespace``."""
    keys = frozenset((name.lower(), value.lower()) for name, value in path.keys.items())
    return (path.namespace or namespace).lower(), path.class_name.lower(), keys


def _comparable(value: Value) -> t.Hashable:
    # WMI compares keys that are texts without regard to letter case.
    return same_object(value, "") if isinstance(value, ObjectPath) else str(value).lower()


def _text(element: ET.Element) -> str:
    return "".join(element.itertext())
