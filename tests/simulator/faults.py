# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every fault that the service answers with: its code, SOAP subcode, action, text and detail.

Codes and texts: wsmerror.h and wbemcli.h of the Windows SDK. Subcodes and their actions: DSP0226 14.6, WS-Addressing,
WS-Enumeration and WS-Transfer. Layout of the detail: [MS-WSMV] 2.2.4.43 (WSManFault) and 2.2.4.44 (ProviderFault), and
as recorded from hosts (tests of OMI, WinRb, pypsrp, OpenNMS): texts with a blank at their end, the Reason with a
sentence in front; outside the machine as the client calls it, inside its own name; an inner fault that declares its
prefix once more and may have a text of its own; no Description, the provider by name, and a prefix that nothing uses.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t
from xml.sax.saxutils import escape, quoteattr

from .cim import CimFault
from .fault_rules import FaultRule
from .fault_texts import BEGIN_THEMSELVES, BEGINNINGS, TEXTS

Layout = t.Literal["wsman", "wmi_error"]
TextLanguage = t.Literal["named", "empty"]
Language = t.Literal["en-US", "ja-JP"]


class Code(enum.IntEnum):
    """The codes that the wire side itself answers with."""

    RESOURCE_NOT_FOUND = 0x80338000
    INVALID_URI = 0x80338002
    PULL_IN_PROGRESS = 0x80338006
    INVALID_HEADER = 0x8033800F
    MUST_UNDERSTAND = 0x80338010
    HEADER_REQUIRED = 0x80338011
    NO_PLUGIN = 0x80338012
    ACTION_NOT_SUPPORTED = 0x80338013
    FILTERING_NOT_SUPPORTED = 0x80338018
    FILTER_DIALECT = 0x80338019
    CANNOT_PROCESS_FILTER = 0x8033801A
    INVALID_CONTEXT = 0x8033801B
    REQUEST_TOO_LARGE = 0x80338026
    TIMED_OUT = 0x80338029
    ENCODING_LIMIT = 0x80338035
    SCHEMA_VALIDATION = 0x80338041
    UNSUPPORTED_FEATURE = 0x80338042
    UNREPORTABLE_SUCCESS = 0x8033804D
    PARAMETER_TYPE = 0x80338054
    PARAMETER_NAME = 0x80338055
    INSUFFICIENT_SELECTORS = 0x8033805A
    UNEXPECTED_SELECTORS = 0x8033805B
    AMBIGUOUS_SELECTORS = 0x8033805E
    DUPLICATE_SELECTORS = 0x8033805F
    ENVELOPE_TOO_SMALL = 0x8033807E
    TIMEOUT_HEADER = 0x80338081
    ENUMERATION_MODE = 0x80338086
    LOCALE = 0x80338087
    NOT_A_SINGLETON = 0x803380FA
    WQL_ON_A_CLASS = 0x803380FB
    NOT_CAPABLE = 0x80338102
    POLYMORPHISM_MODE = 0x80338137
    TOO_MANY_OPERATIONS = 0x803381A6
    SHELLS_NOT_ALLOWED = 0x803381AC
    PULL_DIFFERS = 0x803381AD
    WBEM_NOT_FOUND = 0x80041002
    WBEM_ACCESS_DENIED = 0x80041003
    WBEM_INVALID_PARAMETER = 0x80041008
    WBEM_INVALID_NAMESPACE = 0x8004100E
    WBEM_INVALID_CLASS = 0x80041010
    WBEM_INVALID_QUERY = 0x80041017
    WBEM_NOT_CAPABLE = 0x80041024
    WBEM_INVALID_METHOD_PARAMETERS = 0x8004102F


class _Soap(t.NamedTuple):
    """The SOAP side of a code: who is to blame, the subcode, the last part of w:FaultDetail, the CIM status code."""

    role: t.Literal["Sender", "Receiver", "MustUnderstand"]
    subcode: str
    detail: str = ""
    cim_status: int = 1


_INTERNAL = _Soap("Receiver", "w:InternalError")
_SCHEMA = _Soap("Sender", "w:SchemaValidationError", "", 4)
_SOAP = {
    5: _Soap("Sender", "w:AccessDenied", "", 2),
    Code.RESOURCE_NOT_FOUND: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 6),
    Code.INVALID_URI: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 6),
    Code.PULL_IN_PROGRESS: _Soap("Sender", "w:Concurrency"),
    Code.INVALID_HEADER: _Soap("Sender", "a:InvalidMessageInformationHeader", "", 4),
    Code.MUST_UNDERSTAND: _Soap("MustUnderstand", ""),
    Code.HEADER_REQUIRED: _Soap("Sender", "a:MessageInformationHeaderRequired"),
    Code.NO_PLUGIN: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 6),
    Code.ACTION_NOT_SUPPORTED: _Soap("Sender", "a:ActionNotSupported", "", 7),
    Code.FILTERING_NOT_SUPPORTED: _Soap("Sender", "n:FilteringNotSupported", "", 7),
    Code.FILTER_DIALECT: _Soap("Sender", "n:FilterDialectRequestedUnavailable", "", 14),
    Code.CANNOT_PROCESS_FILTER: _Soap("Sender", "n:CannotProcessFilter", "", 15),
    Code.INVALID_CONTEXT: _Soap("Receiver", "n:InvalidEnumerationContext", "", 21),
    Code.REQUEST_TOO_LARGE: _Soap("Sender", "w:EncodingLimit", "MaxEnvelopeSizeExceeded"),
    Code.TIMED_OUT: _Soap("Receiver", "w:TimedOut"),
    Code.ENCODING_LIMIT: _Soap("Sender", "w:EncodingLimit", "MaxEnvelopeSize"),
    Code.SCHEMA_VALIDATION: _SCHEMA,
    Code.UNSUPPORTED_FEATURE: _Soap("Sender", "w:UnsupportedFeature", "", 7),
    Code.UNREPORTABLE_SUCCESS: _Soap("Receiver", "w:UnreportableSuccess"),
    Code.PARAMETER_TYPE: _SCHEMA,
    Code.PARAMETER_NAME: _SCHEMA,
    Code.INSUFFICIENT_SELECTORS: _Soap("Sender", "w:InvalidSelectors", "InsufficientSelectors", 4),
    Code.UNEXPECTED_SELECTORS: _Soap("Sender", "w:InvalidSelectors", "UnexpectedSelectors", 4),
    Code.AMBIGUOUS_SELECTORS: _Soap("Sender", "w:InvalidSelectors", "AmbiguousSelectors", 4),
    Code.DUPLICATE_SELECTORS: _Soap("Sender", "w:InvalidSelectors", "DuplicateSelectors", 4),
    Code.ENVELOPE_TOO_SMALL: _Soap("Sender", "w:EncodingLimit", "MinimumEnvelopeLimit"),
    Code.TIMEOUT_HEADER: _Soap("Sender", "w:InvalidParameter", "", 4),
    Code.ENUMERATION_MODE: _Soap("Sender", "w:UnsupportedFeature", "EnumerationMode", 7),
    Code.LOCALE: _Soap("Sender", "w:UnsupportedFeature", "Locale", 7),
    Code.NOT_A_SINGLETON: _Soap("Sender", "w:InvalidSelectors", "InsufficientSelectors", 4),
    Code.WQL_ON_A_CLASS: _Soap("Sender", "n:CannotProcessFilter", "", 15),
    Code.POLYMORPHISM_MODE: _Soap("Sender", "w:UnsupportedFeature", "PolymorphismMode", 7),
    Code.TOO_MANY_OPERATIONS: _Soap("Receiver", "w:QuotaLimit", "", 27),
    Code.PULL_DIFFERS: _Soap("Sender", "w:InvalidParameter", "", 4),
    Code.WBEM_NOT_FOUND: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 6),
    Code.WBEM_ACCESS_DENIED: _Soap("Sender", "w:AccessDenied", "", 2),
    Code.WBEM_INVALID_PARAMETER: _Soap("Sender", "w:InvalidParameter", "", 4),
    Code.WBEM_INVALID_NAMESPACE: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 3),
    Code.WBEM_INVALID_CLASS: _Soap("Sender", "a:DestinationUnreachable", "InvalidResourceURI", 5),
    Code.WBEM_INVALID_QUERY: _Soap("Sender", "n:CannotProcessFilter", "", 15),
    Code.WBEM_NOT_CAPABLE: _Soap("Receiver", "w:InternalError", "", 7),
    Code.WBEM_INVALID_METHOD_PARAMETERS: _Soap("Receiver", "w:InternalError", "", 4),
    0x8004100C: _Soap("Receiver", "w:InternalError", "", 7),
    Code.NOT_CAPABLE: _Soap("Receiver", "w:InternalError", "", 7),
}
_ACTIONS = {
    "": "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault",
}


@dataclasses.dataclass(frozen=True)
class Machine:
    """The host of a fault, as the client ``called`` it and by its ``own_name``."""

    called: str
    own_name: str


@dataclasses.dataclass(eq=False)
class Fault(Exception):
    """A request that is answered by a SOAP fault.

    Attributes:
        code: a Code, another HRESULT as unsigned 32 bit, or a Win32 error number.
        message: the text; empty for the one that belongs to the code in the service's language.
        operation: the provider operation; empty when WS-Management itself refuses and no provider was asked.
        parameter: the object, class or query that the provider was asked for.
        cause: the code whose text the provider says, where the Reason is not the provider's.
    """

    code: int
    message: str = ""
    operation: str = ""
    parameter: str = ""
    cause: int = 0

    def action(self, layout: Layout) -> str:
        """Return the wsa:Action of the answer."""
        return _ACTIONS[self._soap(layout).subcode.partition(":")[0]]

    def names_its_request(self, layout: Layout) -> bool:
        """Tell whether the answer has a RelatesTo: a quota's in the layout of MSFT_WmiError was recorded without."""
        return layout == "wsman" or self.code != Code.TOO_MANY_OPERATIONS

    def _soap(self, layout: Layout) -> _Soap:
        if self.code == Code.TOO_MANY_OPERATIONS and layout == "wsman":
            return _INTERNAL
        return _SOAP.get(self.code, _INTERNAL)

    def render(
        self, machine: Machine, namespace: str, language: Language, layout: Layout, text_language: TextLanguage
    ) -> str:
        """Return the s:Fault element; it uses the prefixes s, a, w and n of the envelope around it.

        ``namespace`` is the CIM namespace of the request.
        """
        soap = self._soap(layout)
        text = _text(self.code, language, self.message)
        said = _text(self.cause, language) if self.cause else text
        named = language if text_language == "named" else ""
        code = f"<s:Value>s:{soap.role}</s:Value>"
        if soap.subcode:
            code += f"<s:Subcode><s:Value>{soap.subcode}</s:Value></s:Subcode>"
        detail = ""
        if soap.detail:
            detail = f"<w:FaultDetail>{_DETAIL}{soap.detail}</w:FaultDetail>"
        detail += self._wmi_error(text, soap) if layout == "wmi_error" else self._wsman_fault(said, machine, namespace)
        return (
            f"<s:Fault><s:Code>{code}</s:Code><s:Reason>"
            f"<s:Text xml:lang={quoteattr(named)}>{escape(self._reason(text, language))}</s:Text>"
            f"</s:Reason><s:Detail>{detail}</s:Detail></s:Fault>"
        )

    def _reason(self, text: str, language: Language) -> str:
        begins = BEGINNINGS[language]
        whole = self.code in BEGIN_THEMSELVES or text.startswith(begins.rstrip(". "))
        return text if whole else begins + text

    def _wsman_fault(self, text: str, machine: Machine, namespace: str) -> str:
        message = escape(text)
        if self.operation and self._is_of_windows:
            message = f"<f:ProviderFault {_PROVIDER}>{message}</f:ProviderFault>"
        elif self.operation:
            inner = self._element(message, machine.own_name)
            message = f"<f:ProviderFault {_PROVIDER}>{inner}{self._extended_status(namespace)}</f:ProviderFault>"
        return self._element(message, machine.called)

    @property
    def _is_of_windows(self) -> bool:
        """Whether the ProviderFault holds bare text, which was recorded for 87, 0x80070002 and 0x80540FA0."""
        return self.code < 0x10000 or self.code >> 16 in (0x8007, 0x8054)

    def _element(self, message: str, machine: str) -> str:
        attributes = f"Code={quoteattr(str(int(self.code)))} Machine={quoteattr(machine)}"
        return f'<f:WSManFault xmlns:f="{_FAULT}" {attributes}><f:Message>{message}</f:Message></f:WSManFault>'

    def _provider(self, namespace: str) -> str:
        if self.operation == "ExecQuery" or self.code in (Code.WBEM_INVALID_CLASS, Code.WBEM_INVALID_NAMESPACE):
            return "WinMgmt"
        return _PROVIDERS.get(namespace.lower(), "WinMgmt")

    def _extended_status(self, namespace: str) -> str:
        uri = quoteattr(f"{_WMI}{namespace}/__ExtendedStatus")
        parameter = f"<p:ParameterInfo>{escape(self.parameter)}</p:ParameterInfo>"
        return (
            f'<f:ExtendedError><p:__ExtendedStatus xmlns:xsi="{_XSI}" xmlns:p={uri}'
            f' xmlns:cim="{_COMMON}" xsi:type="p:__ExtendedStatus_Type"><p:Description xsi:nil="true"/>'
            f"<p:Operation>{escape(self.operation)}</p:Operation>"
            f"{parameter if self.parameter else _NO_PARAMETER}"
            f"<p:ProviderName>{self._provider(namespace)}</p:ProviderName>"
            f'<p:StatusCode xsi:nil="true"/></p:__ExtendedStatus></f:ExtendedError>'
        )

    def _wmi_error(self, text: str, soap: _Soap) -> str:
        kind = "HRESULT" if self.code > 0xFFFF else "Win32"
        written = f"0x{self.code:08x}" if self.code > 0xFFFF else str(int(self.code))
        return (
            f'<p:MSFT_WmiError xmlns:b="{_BINDING}" xmlns:p="{_WMI_ERROR}" xmlns:xsi="{_XSI}" b:IsCIM_Error="true"'
            f' xsi:type="p:MSFT_WmiError_Type"><p:CIMStatusCode>{soap.cim_status}</p:CIMStatusCode>'
            f"<p:Message>{escape(text)}</p:Message><p:MessageID>{kind} {written}</p:MessageID>"
            f"<p:OwningEntity>WinRM</p:OwningEntity><p:error_Code>{int(self.code)}</p:error_Code>"
            f"<p:error_Type>{kind}</p:error_Type>"
            f"<p:error_WindowsErrorMessage>{escape(text)}</p:error_WindowsErrorMessage></p:MSFT_WmiError>"
        )


def _text(code: int, language: Language, message: str = "") -> str:
    text = message or TEXTS[language].get(code) or TEXTS[language][0].format(code)
    return text.rstrip() + " "


def provider_fault(error: CimFault, parameter: str = "") -> Fault:
    """Return what a provider's error becomes on the wire; codes of WS-Management itself name no provider."""
    by_wsman = error.code & 0xFFFF8000 == Code.RESOURCE_NOT_FOUND
    operation = "" if by_wsman else error.operation or "ExecMethod"
    return Fault(error.code, error.message, operation, parameter)


_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
_WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
_BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
_COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PROVIDER = r'provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll"'
_NO_PARAMETER = '<p:ParameterInfo xsi:nil="true"/>'

# The hosts' names for their providers: CIMWin32 and WinMgmt were recorded, the other two are in Microsoft's docs.
_PROVIDERS = {
    "root/cimv2": "CIMWin32",
    "root/virtualization/v2": "VmmsWmiInstanceAndMethodProvider",
    "root/hypervcluster/v2": "VmmsWmiInstanceAndMethodProvider",
    "root/mscluster": "MS_CLUSTER_PROVIDER",
}

__all__ = ["Code", "Fault", "FaultRule", "Language", "Layout", "Machine", "TextLanguage", "provider_fault"]
