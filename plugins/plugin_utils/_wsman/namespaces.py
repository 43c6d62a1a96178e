# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The URIs of WS-Management and of WMI behind it ([MS-WSMV] 2.2.1, DSP0226, DSP0227)."""

from __future__ import annotations

from .errors import UnexpectedValue
from .xmltext import brief

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSMAN_MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
WSMAN_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CIM_COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

ANONYMOUS = ADDRESSING + "/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
EVENT_LOG = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
EVENT_QUERY_DIALECT = "http://schemas.microsoft.com/win/2004/08/events/eventquery"

GET = TRANSFER + "/Get"
PUT = TRANSFER + "/Put"
ENUMERATE = ENUMERATION + "/Enumerate"
PULL = ENUMERATION + "/Pull"
RELEASE = ENUMERATION + "/Release"
SUBSCRIBE = EVENTING + "/Subscribe"
UNSUBSCRIBE = EVENTING + "/Unsubscribe"


def resource_uri(namespace: str, class_name: str) -> str:
    """Return the resource URI of a WMI class; the class ``*`` stands for all classes, as WQL needs it."""
    return f"{WMI}{namespace.replace(chr(92), '/')}/{class_name}"


def split_resource_uri(uri: str) -> tuple[str, str]:
    """Return namespace (``root/virtualization/v2``) and class of a WMI resource URI.

    The prefix is compared without case, as Windows does. Raises UnexpectedValue for any other URI.
    """
    uri = uri.strip()
    namespace, slash, class_name = uri[len(WMI) :].rpartition("/")
    if not uri.lower().startswith(WMI.lower()) or not slash or not class_name:
        raise UnexpectedValue(f"{brief(uri)!r} is no resource URI of a WMI class")
    return namespace, class_name
