# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The w:Filter of an Enumerate: WQL, the selector filter (DSP0226 E), the association filter (DSP0227 8.2).

Which dialects Windows takes, and where it refuses a selector filter: [MS-WSMV] 3.1.4.1.13.
"""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from .envelopes import WSMAN, read_selectors
from .faults import Code, Fault
from .resources import Found, Resource, Resources
from .wql import AssociatorsOf, ReferencesOf

WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SELECTORS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
ASSOCIATIONS = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"

_W = f"{{{WSMAN}}}"
_B = "{http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd}"
_TERMS = frozenset({"ResultClassName", "Role"})
_ASSOCIATED_TERMS = _TERMS | {"AssociationClassName", "ResultRole"}


@dataclasses.dataclass(frozen=True)
class Filter:
    """A filter in a dialect that the service knows; ``element`` is the w:Filter."""

    dialect: str
    element: ET.Element

    @classmethod
    def read(cls, element: ET.Element) -> Filter:
        """Return the filter. Raises Fault for a dialect that Windows does not have."""
        dialect = element.get("Dialect", "")
        if dialect not in (WQL, SELECTORS, ASSOCIATIONS):
            raise Fault(Code.FILTER_DIALECT)
        if dialect == WQL and len(element):
            raise Fault(Code.SCHEMA_VALIDATION)
        return cls(dialect, element)

    @property
    def text(self) -> str:
        """The query of a WQL filter."""
        return self.element.text or ""

    def selected(self, resources: Resources, resource: Resource) -> list[Found]:
        """Return the instances of a class whose properties have the values of a selector filter. Raises Fault."""
        if resource.definition is None:
            raise Fault(Code.CANNOT_PROCESS_FILTER)
        wanted = self._wanted(resource)
        return [
            (member, instance)
            for member, instance in resources.instances(
                resource.namespace, resource.definition, {name: frozenset({value}) for name, value in wanted.items()}
            )
            if all(_written(instance.get(name)) == value for name, value in wanted.items())
        ]

    def _wanted(self, resource: Resource) -> Mapping[str, str]:
        try:
            selectors = read_selectors(self.element.find(f"{_W}SelectorSet"))
        except Fault as fault:
            raise Fault(Code.CANNOT_PROCESS_FILTER) from fault
        wanted: dict[str, str] = {}
        for name, selector in selectors.items():
            declared = resource.one_class.find_property(name)
            value = "".join(selector.itertext())
            if declared is None or '"' in value or "'" in value:
                raise Fault(Code.CANNOT_PROCESS_FILTER)
            if declared.type.is_array or declared.type.is_object or declared.type.name in ("datetime", "reference"):
                raise Fault(Code.CANNOT_PROCESS_FILTER)
            wanted[declared.name] = value.lower()
        return wanted

    def association_query(self, resources: Resources, resource: Resource) -> ReferencesOf:
        """Return what an association filter asks for; it needs the URI of all classes. Raises Fault."""
        wish = next(iter(self.element), None)
        if resource.definition is not None or wish is None or len(self.element) > 1:
            raise Fault(Code.CANNOT_PROCESS_FILTER)
        source = wish.find(f"{_B}Object")
        associated = wish.tag == f"{_B}AssociatedInstances"
        if source is None or not (associated or wish.tag == f"{_B}AssociationInstances"):
            raise Fault(Code.CANNOT_PROCESS_FILTER)
        known = _ASSOCIATED_TERMS if associated else _TERMS
        terms: dict[str, str] = {}
        for child in wish:
            name = child.tag.removeprefix(_B)
            if child is not source and name not in known:
                raise Fault(Code.CANNOT_PROCESS_FILTER)
            terms[name] = (child.text or "").strip()
        path = resources.read_endpoint(source)
        if associated:
            return AssociatorsOf(
                path,
                result_class=terms.get("ResultClassName"),
                role=terms.get("Role"),
                assoc_class=terms.get("AssociationClassName"),
                result_role=terms.get("ResultRole"),
            )
        return ReferencesOf(path, result_class=terms.get("ResultClassName"), role=terms.get("Role"))


def _written(value: object) -> str | None:
    return None if value is None else str(value).lower()
