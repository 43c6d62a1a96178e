# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Known or reported differences of WS-Management services, each as a switch."""

from __future__ import annotations

import dataclasses
import typing as t

from .faults import Language, Layout
from .scenario_reader import Bounds


@dataclasses.dataclass(frozen=True)
class WireSwitches:
    """Behaviours of the service that answers; null: as the node's version of Windows does.

    Attributes:
        wql: whether WQL is understood, or every query refused with CannotProcessFilter.
        missing_class_form: how an Enumerate learns that its class or namespace does not exist: from WMI's own code
            (``wmi``); a query from CannotProcessFilter and a plain enumeration from WMI's code (``filter``), or from
            "the service cannot find the resource" (``not_found``).
        column_rows: what a query with a column list answers: ``fragment`` (w:XmlFragment, unprefixed children, no
            class name) or ``class_elements`` (the class's element with those properties only).
        first_page: what an optimized Enumerate answers with, however many were asked for: ``one_item``, and the rest
            comes with Pulls, or as many as fit (``full``).
        put_takes: which instance a Put must hold: the ``changed_properties`` alone, or the ``whole_instance``; or none
            will do (``nothing``). Which one a provider takes is not documented.
        page_limit: the most items in one answer, whatever the client asks for; null: as many as fit.
        fault_layout: the detail of faults: f:WSManFault, or an MSFT_WmiError instance instead of it.
        language: of fault texts and xml:lang.
        datetime_form: datetimes and intervals in a ``child`` element cim:Datetime or cim:Interval, or ``bare``.
        private_properties: properties that hold an object (not the text of one): as ``elements``, as text in
            ``cim_xml``, ``absent`` (nil), or as elements in ``whole_rows`` and nil in a w:XmlFragment.
        max_envelope_size: of requests and answers, in bytes; pages are cut to it and to the client's own limit.
        partial_keys: whether selectors with some of the keys, or none for the only instance, find one.
        counted_in: what an envelope's size is counted in: ``utf16`` (two bytes for a letter) or ``utf8``.
        activity_id: whether answers carry the header p:ActivityId.
        fault_text_language: whether s:Text of a fault names its language or has an empty xml:lang.
        pull_uri: which resource URI a Pull may name: ``any``, or the ``same`` as its Enumerate.
        byte_arrays: how an array of uint8 travels in a request: an element for each byte, or one element in base64.
        items_in: the namespace of Items and EndOfSequence in an optimized answer: WS-Management or WS-Enumeration.
        embedded_return_codes: the family of the code that a method returns for a malformed embedded instance: DMTF (4)
            or Hyper-V (32768, 32773, 32776).
        service_without_selectors: what an Invoke without selectors ends in: WBEM_E_INVALID_METHOD_PARAMETERS or an
            unspecific InternalError; or the only instance is meant (``accepted``).
        shells: whether a WinRS shell can be opened, in which every command prints one canned result (``canned``), or in
            which chcp, echo, exit, hostname, ver and whoami are known and nothing else is found (``commands``). This
            collection does not need a shell, so the default is a host with AllowRemoteShellAccess off, which refuses
            all of them with w:InternalError ([MS-WSMV] 2.2.4.42).
    """

    wql: t.Literal["accepted", "refused"] = "accepted"
    missing_class_form: t.Literal["not_found", "filter", "wmi"] = "not_found"
    column_rows: t.Literal["fragment", "class_elements"] = "fragment"
    first_page: t.Literal["one_item", "full"] = "one_item"
    put_takes: t.Literal["changed_properties", "whole_instance", "nothing"] = "changed_properties"
    page_limit: t.Annotated[int, Bounds(1)] | None = None
    fault_layout: Layout = "wsman"
    language: Language = "en-US"
    datetime_form: t.Literal["child", "bare"] = "child"
    private_properties: t.Literal["elements", "cim_xml", "absent", "whole_rows"] = "elements"
    max_envelope_size: t.Annotated[int, Bounds(8192)] | None = None
    partial_keys: t.Literal["accepted", "refused"] | None = None
    counted_in: t.Literal["utf16", "utf8"] | None = None
    activity_id: t.Literal["sent", "absent"] | None = None
    fault_text_language: t.Literal["named", "empty"] | None = None
    pull_uri: t.Literal["any", "same"] = "any"
    byte_arrays: t.Literal["elements", "base64"] = "elements"
    items_in: t.Literal["wsman", "enumeration"] = "wsman"
    embedded_return_codes: t.Literal["dmtf", "hyperv"] = "dmtf"
    service_without_selectors: t.Literal["invalid_parameters", "internal_error", "accepted"] = "invalid_parameters"
    shells: t.Literal["refused", "canned", "commands"] = "refused"
