# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The instance that a Put carries (DSP0226 7.2): the properties that change, or all that the host has shown.

Elements of properties are spelled as in the class, and which form a provider takes is its own affair.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from .instances import local_name
from .references import Reference
from .values import Scalar, wsman_text
from .xmltext import escaped


def write_changes(target: Reference, changes: Mapping[str, Scalar]) -> str:
    """Return an instance that holds nothing but the properties that change."""
    properties = "".join(f"<p:{name}>{escaped(wsman_text(value))}</p:{name}>" for name, value in changes.items())
    return f'<p:{target.class_name} xmlns:p="{escaped(target.uri)}">{properties}</p:{target.class_name}>'


def write_whole(shown: ET.Element, changes: Mapping[str, Scalar]) -> str:
    """Return the instance that a host has shown, with other values of the properties that change."""
    for child in shown:
        value = changes.get(local_name(child))
        if value is not None:
            child.attrib.clear()
            child.text = wsman_text(value)
    return ET.tostring(shown, encoding="unicode")
