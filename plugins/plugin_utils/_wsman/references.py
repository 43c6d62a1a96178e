# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""References to CIM instances: WS-Addressing endpoint references, in both directions."""

from __future__ import annotations

import dataclasses
from xml.etree.ElementTree import Element

from .namespaces import ADDRESSING, ANONYMOUS, WSMAN, resource_uri, split_resource_uri
from .xmltext import escaped

_EPR = f"{{{ADDRESSING}}}EndpointReference"
_PARAMETERS = f"{{{ADDRESSING}}}ReferenceParameters"


@dataclasses.dataclass(frozen=True)
class Reference:
    """One instance by its resource URI and selectors, kept literally as a host gave them.

    A selector's value is a text, or a Reference where the key is itself one.
    """

    uri: str
    selectors: tuple[tuple[str, str | Reference], ...]

    @classmethod
    def of(cls, namespace: str, class_name: str, **keys: str) -> Reference:
        """Build the reference to an instance whose keys are known."""
        return cls(resource_uri(namespace, class_name), tuple(keys.items()))

    @property
    def namespace(self) -> str:
        """The CIM namespace, such as ``root/virtualization/v2``."""
        return split_resource_uri(self.uri)[0]

    @property
    def class_name(self) -> str:
        """The class that the resource URI names."""
        return split_resource_uri(self.uri)[1]

    def key(self, name: str) -> str | None:
        """Return the text of the key ``name`` (any letter case), or None where there is none."""
        for key, value in self.selectors:
            if key.lower() == name.lower() and isinstance(value, str):
                return value
        return None


def selector_set(selectors: tuple[tuple[str, str | Reference], ...]) -> str:
    """Return ``w:SelectorSet`` as text, with the prefixes that every envelope of ours declares; empty for no keys."""
    if not selectors:
        return ""
    items = []
    for name, value in selectors:
        inner = (
            f"<a:EndpointReference>{reference_body(value)}</a:EndpointReference>"
            if isinstance(value, Reference)
            else escaped(value)
        )
        items.append(f'<w:Selector Name="{escaped(name)}">{inner}</w:Selector>')
    return f"<w:SelectorSet>{''.join(items)}</w:SelectorSet>"


def reference_body(reference: Reference) -> str:
    """Return what stands directly inside a REF parameter: Windows refuses an ``a:EndpointReference`` around it."""
    return (
        f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escaped(reference.uri)}</w:ResourceURI>{selector_set(reference.selectors)}"
        "</a:ReferenceParameters>"
    )


def read_reference(element: Element) -> Reference | None:
    """Read the reference in ``element``, whether or not ``a:EndpointReference`` is around it; None if there is none."""
    wrapped = element.find(_EPR)
    body = wrapped if wrapped is not None else element
    parameters = body.find(_PARAMETERS)
    if parameters is None:
        return None
    selectors: list[tuple[str, str | Reference]] = []
    for selector in parameters.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector"):
        selectors.append((selector.get("Name", ""), read_reference(selector) or selector.text or ""))
    return Reference((parameters.findtext(f"{{{WSMAN}}}ResourceURI") or "").strip(), tuple(selectors))
