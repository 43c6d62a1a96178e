# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SOAP faults: reading them, and what each kind means for the caller."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree.ElementTree import Element

from .errors import NoAnswer
from .instances import local_name
from .namespaces import SOAP
from .xmltext import brief

_LONGEST_REASON = 2000  # characters of a text that goes into a message
_WSMAN = 0x80338000  # first error of WinRM (wsmerror.h)

# Codes by meaning: wsmerror.h, wbemcli.h, winerror.h; CIM status codes (DSP0200) below 30 come from an error instance.
_NOT_FOUND = frozenset({_WSMAN, 0x80041002})
_NO_CLASS = frozenset({0x80041010, _WSMAN + 18})
_NO_NAMESPACE = frozenset({0x8004100E})
_DENIED = frozenset({5, 0x80070005, 0x80041003, _WSMAN + 260, _WSMAN + 261, _WSMAN + 262})
_FILTER = frozenset({_WSMAN + 24, _WSMAN + 25, _WSMAN + 26, 0x80041017, _WSMAN + 251})
_TIMED_OUT = frozenset({_WSMAN + 41, _WSMAN + 28})
_CONTEXT_GONE = frozenset({_WSMAN + 27, _WSMAN + 7})
_NO_METHOD = frozenset({_WSMAN + 19, _WSMAN + 258, 0x80041024, 0x8004100C, 0x80041055})
# 87 is ERROR_INVALID_PARAMETER, which a provider fault may give instead of a code of WMI.
_PARAMETERS = frozenset({87, _WSMAN + 21, _WSMAN + 65, _WSMAN + 84, _WSMAN + 85, 0x8004102F, 0x80041008})
_QUOTA = frozenset({_WSMAN + 63, *range(_WSMAN + 421, _WSMAN + 425), _WSMAN + 427, *range(_WSMAN + 484, _WSMAN + 491)})
# RPC unavailable or broken, provider failure or shutting down, service starting: VMMS or the cluster provider restarts.
_STARTING = frozenset(
    {70, 1722, 1753, 0x800706BA, 0x800706BE, 0x80080005, 0x80041001, 0x80041004, 0x80041013, 0x80041033, _WSMAN + 20}
)
_CIM_STATUS = {2: _DENIED, 3: _NO_NAMESPACE, 5: _NO_CLASS, 6: _NOT_FOUND, 7: _NO_METHOD, 17: _NO_METHOD}


@dataclasses.dataclass(eq=False)
class Fault(NoAnswer):
    """The node answered and refused.

    Attributes:
        code: the innermost Windows error (HRESULT or Win32 number), or None.
        subcode: the SOAP subcode without prefix, such as ``DestinationUnreachable``.
        cim_status: CIM status code of an error instance, or None.
        reason: the host's text, which is in the host's language: for people only.
        machine: the node that refused, where it says so.
        detail: WMI's operation and parameter, where given.
        node, operation: whom the request went to and what it asked, filled in by the session.
        missing: what an Enumerate did not find, filled in by the session: such a fault is never about an instance.
    """

    code: int | None
    subcode: str = ""
    cim_status: int | None = None
    reason: str = ""
    machine: str = ""
    detail: str = ""
    node: str = ""
    operation: str = ""
    missing: t.Literal["", "class", "namespace"] = ""

    def __str__(self) -> str:
        number = f" (0x{self.code:08X})" if self.code is not None else f" ({self.subcode})" if self.subcode else ""
        place = f" [{self.detail}]" if self.detail else ""
        question = f"{self.node} refused {self.operation}: " if self.node else ""
        return f"{question}{self.reason or 'no reason given'}{number}{place}"

    def _is(self, codes: frozenset[int], *subcodes: str) -> bool:
        if self.code is not None and self.code not in (_WSMAN + 3, 0):
            return self.code in codes
        if self.cim_status in _CIM_STATUS:
            return _CIM_STATUS[self.cim_status] is codes
        return self.subcode in subcodes

    @property
    def is_not_found(self) -> bool:
        """The instance, or what the resource URI names, does not exist."""
        return not self.missing and self._is(_NOT_FOUND, "DestinationUnreachable")

    @property
    def is_missing_class(self) -> bool:
        """The node has no such class, or not even the namespace."""
        return self.missing == "class" or self._is(_NO_CLASS) or self.is_missing_namespace

    @property
    def lacks_only_the_class(self) -> bool:
        """The node has the namespace, and no such class in it: older versions of Windows lack some."""
        return self.is_missing_class and not self.is_missing_namespace

    @property
    def is_missing_namespace(self) -> bool:
        """The node has no such CIM namespace."""
        return self.missing == "namespace" or self._is(_NO_NAMESPACE)

    @property
    def is_missing_method(self) -> bool:
        """The class or its provider does not offer the method."""
        return self._is(_NO_METHOD, "ActionNotSupported")

    @property
    def is_access_denied(self) -> bool:
        """The account lacks a right."""
        return self._is(_DENIED, "AccessDenied")

    @property
    def is_filter_refused(self) -> bool:
        """The node does not process the query; a plain enumeration may still work."""
        return self._is(_FILTER, "CannotProcessFilter", "FilteringNotSupported", "FilterDialectRequestedUnavailable")

    @property
    def is_parameter_refused(self) -> bool:
        """The message's parameters were refused before anything was done."""
        return self._is(_PARAMETERS, "SchemaValidationError", "InvalidRepresentation")

    @property
    def is_timed_out(self) -> bool:
        """The operation's time passed; its work may go on at the node."""
        return self._is(_TIMED_OUT, "TimedOut")

    @property
    def is_context_gone(self) -> bool:
        """The enumeration no longer exists and can be started anew."""
        return self._is(_CONTEXT_GONE, "InvalidEnumerationContext") or self.is_not_found

    @property
    def is_quota(self) -> bool:
        """The node refused before starting because too much runs at once: safe to repeat later."""
        return self._is(_QUOTA, "QuotaLimit")

    @property
    def is_transient(self) -> bool:
        """A read may succeed a little later."""
        return self.is_quota or self.is_timed_out or self._is(_STARTING, "EndpointUnavailable")


def read_fault(fault: Element) -> Fault:
    """Read an ``s:Fault`` element in either layout Windows has: WSManFault, or an error instance."""
    nested = [element for element in fault.iter() if local_name(element) == "WSManFault"]
    innermost = nested[-1] if nested else None
    error = next((e for e in fault.iter() if local_name(e) == "MSFT_WmiError" or _is_cim_error(e)), None)
    code = _number(innermost.get("Code")) if innermost is not None else None
    machine = innermost.get("Machine", "") if innermost is not None else ""
    message = _message(innermost) if innermost is not None else ""
    if error is not None:
        code = code if code is not None else _error_code(error)
        message = message or _child(error, "Message")
    subcode = (fault.findtext(f"{{{SOAP}}}Code/{{{SOAP}}}Subcode/{{{SOAP}}}Value") or "").rpartition(":")[2].strip()
    reason = message or fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
    cim_status = _number(_child(error, "CIMStatusCode")) if error is not None else None
    reason = brief(" ".join(reason.split()), _LONGEST_REASON)
    return Fault(code, brief(subcode), cim_status, reason, brief(machine), brief(_detail(fault), _LONGEST_REASON))


def _is_cim_error(element: Element) -> bool:
    return any(key.endswith("IsCIM_Error") and value.lower() in ("true", "1") for key, value in element.attrib.items())


def _message(element: Element) -> str:
    return next((" ".join("".join(e.itertext()).split()) for e in element if local_name(e) == "Message"), "")


def _child(element: Element, name: str) -> str:
    return next((e.text or "" for e in element if local_name(e) == name), "")


def _error_code(error: Element) -> int | None:
    code = _number(_child(error, "error_Code"))
    if code:
        return code
    found = re.search(r"0x[0-9a-fA-F]{1,8}", _child(error, "MessageID"))
    return int(found.group(), 16) if found else None


def _number(text: str | None) -> int | None:
    try:
        return int((text or "").strip(), 0) & 0xFFFFFFFF
    except ValueError:
        return None


def _detail(fault: Element) -> str:
    status = next((e for e in fault.iter() if local_name(e) == "__ExtendedStatus"), None)
    if status is None:
        return ""
    return " ".join(filter(None, (_child(status, name) for name in ("Operation", "ParameterInfo", "Description"))))
