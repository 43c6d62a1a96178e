# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parameters of a method call as XML."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

from .references import Reference, reference_body
from .values import Scalar, wsman_text
from .xmltext import escaped

Parameter = t.Union[None, Scalar, Reference, "list[Scalar]", "list[Reference]", "tuple[str, ...]"]


def write_input(uri: str, method: str, parameters: Mapping[str, Parameter]) -> str:
    """Return ``METHOD_INPUT`` (DSP0227 section 10). None leaves the parameter out, which WMI reads as NULL."""
    # The prefix p is bound anew here: the method's namespace is the class URI.
    elements = []
    for name, value in parameters.items():
        for one in value if isinstance(value, (list, tuple)) else () if value is None else (value,):
            elements.append(f"<p:{name}>{_parameter(one)}</p:{name}>")
    return f'<p:{method}_INPUT xmlns:p="{escaped(uri)}">{"".join(elements)}</p:{method}_INPUT>'


def _parameter(value: Scalar | Reference) -> str:
    if isinstance(value, Reference):
        return reference_body(value)
    text = escaped(wsman_text(value))
    if isinstance(value, dt.datetime):
        return f"<cim:Datetime>{text}</cim:Datetime>"
    if isinstance(value, dt.timedelta):
        return f"<cim:Interval>{text}</cim:Interval>"
    return text
