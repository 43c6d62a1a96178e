# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults: their layouts, and what each kind means.

Codes: wsmerror.h, wbemcli.h, winerror.h (Windows SDK); CIM status codes: DSP0200. Layouts: [MS-WSMV] for WSManFault,
Microsoft docs for class MSFT_WmiError, Microsoft's OMI server for any other ``_Error`` instance.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman import faults
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import read_answer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault, read_fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import SOAP, WSMAN_FAULT
from hypothesis import given
from hypothesis import strategies as st

ReadFault = Callable[[str], Fault]
PREDICATES = tuple(name for name in vars(Fault) if name.startswith("is_"))
WSMAN = 0x80338000


@pytest.fixture
def fault(envelope: Callable[[str], bytes], message_id: str) -> ReadFault:
    def read(name: str) -> Fault:
        with pytest.raises(Fault) as caught:
            read_answer(envelope(name), message_id)
        return caught.value

    return read


def meanings(fault: Fault) -> set[str]:
    return {name.removeprefix("is_") for name in PREDICATES if getattr(fault, name)}


def fault_element(detail: str, subcode: str = "w:InternalError", text: str = "outer text") -> ET.Element:
    return ET.fromstring(
        f'<s:Fault xmlns:s="{SOAP}" xmlns:f="{WSMAN_FAULT}"><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>'
        f"{subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>{text}</s:Text></s:Reason>"
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )


# WSManFault nested in ProviderFault: [MS-WSMV]; __ExtendedStatus: Microsoft docs, WMI system classes.
def test_the_innermost_fault_counts_and_the_provider_says_what_it_was_asked(fault: ReadFault) -> None:
    found = fault("fault_not_found")
    assert found.code == WSMAN
    assert found.subcode == "DestinationUnreachable"
    assert found.machine == "node-a.lab.example"
    assert found.reason == "The service cannot find the resource identified by the resource URI and selectors."
    assert found.detail == 'GetObject Msvm_MigrationJob.InstanceID="D4A7C610-28EB-4935-9F0C-61B3E85D7A42"'
    assert meanings(found) == {"not_found", "context_gone"}


def test_a_quota_comes_as_an_msft_wmierror(fault: ReadFault) -> None:
    found = fault("fault_quota")
    assert (found.code, found.cim_status) == (WSMAN + 422, 27)
    assert found.reason == "This user has reached the maximum number of concurrent operations."
    assert meanings(found) == {"quota", "transient"}


def test_another_cim_error_instance_tells_by_its_status(fault: ReadFault) -> None:
    found = fault("fault_cim_error")
    assert (found.code, found.cim_status, found.subcode) == (None, 5, "InvalidOptions")
    assert found.reason == "CIM_ERR_INVALID_CLASS"
    assert meanings(found) == {"missing_class"}


def test_without_detail_the_subcode_tells(fault: ReadFault) -> None:
    found = fault("fault_without_detail")
    assert (found.code, found.cim_status, found.machine, found.detail) == (None, None, "", "")
    assert found.reason == "The supplied enumeration context is invalid."
    assert meanings(found) == {"context_gone"}


def test_a_localised_fault_means_the_same(fault: ReadFault) -> None:
    found = fault("fault_timed_out_localised")
    assert found.reason == "Der Vorgang hat das Zeitlimit \u00fcberschritten."
    assert meanings(found) == {"timed_out", "transient"}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("fault_filter_refused", {"filter_refused"}),
        ("fault_access_denied", {"access_denied"}),
        ("fault_schema", {"parameter_refused"}),
    ],
)
def test_plain_faults_mean_what_their_code_says(fault: ReadFault, name: str, meaning: set[str]) -> None:
    assert meanings(fault(name)) == meaning


# VMMS or the provider restarts: RPC, provider failure or shutting down, service starting.
STARTING = [
    70,
    1722,
    1753,
    0x800706BA,
    0x800706BE,
    0x80080005,
    *(0x80041000 + n for n in (1, 4, 0x13, 0x33)),
    WSMAN + 20,
]
CODES: list[tuple[set[str], list[int]]] = [
    ({"not_found", "context_gone"}, [WSMAN, 0x80041002]),
    ({"missing_class"}, [0x80041010, WSMAN + 18]),
    ({"missing_class", "missing_namespace"}, [0x8004100E]),
    ({"missing_method"}, [WSMAN + 19, WSMAN + 258, 0x80041024, 0x8004100C, 0x80041055]),
    ({"access_denied"}, [5, 0x80070005, 0x80041003, WSMAN + 260, WSMAN + 261, WSMAN + 262]),
    ({"filter_refused"}, [WSMAN + 24, WSMAN + 25, WSMAN + 26, WSMAN + 251, 0x80041017]),
    ({"parameter_refused"}, [87, WSMAN + 21, WSMAN + 65, WSMAN + 84, WSMAN + 85, 0x8004102F, 0x80041008]),
    ({"timed_out", "transient"}, [WSMAN + 41, WSMAN + 28]),
    ({"context_gone"}, [WSMAN + 27, WSMAN + 7]),
    ({"quota", "transient"}, [WSMAN + n for n in (63, 421, 422, 423, 424, 427, *range(484, 491))]),
    ({"transient"}, STARTING),
    (set(), [WSMAN + 1, WSMAN + 425, WSMAN + 483, WSMAN + 491, 0x80041005]),
]


@pytest.mark.parametrize(("meaning", "codes"), CODES)
def test_codes_mean_what_the_windows_headers_say(meaning: set[str], codes: list[int]) -> None:
    for code in codes:
        assert meanings(Fault(code)) == meaning, hex(code)


def test_every_code_that_is_known_has_a_row() -> None:
    known = [value for value in vars(faults).values() if isinstance(value, frozenset)]
    numbers = {code for group in known for code in group if isinstance(code, int)}
    assert numbers <= {code for unused, codes in CODES for code in codes}


@pytest.mark.parametrize(
    ("subcode", "meaning"),
    [
        ("DestinationUnreachable", {"not_found", "context_gone"}),
        ("ActionNotSupported", {"missing_method"}),
        ("AccessDenied", {"access_denied"}),
        ("CannotProcessFilter", {"filter_refused"}),
        ("FilteringNotSupported", {"filter_refused"}),
        ("FilterDialectRequestedUnavailable", {"filter_refused"}),
        ("SchemaValidationError", {"parameter_refused"}),
        ("InvalidRepresentation", {"parameter_refused"}),
        ("TimedOut", {"timed_out", "transient"}),
        ("InvalidEnumerationContext", {"context_gone"}),
        ("QuotaLimit", {"quota", "transient"}),
        ("EndpointUnavailable", {"transient"}),
        ("InternalError", set()),
        ("", set()),
    ],
)
def test_subcodes_suffice_where_no_code_tells(subcode: str, meaning: set[str]) -> None:
    assert meanings(Fault(None, subcode)) == meaning
    # Success and PROVIDER_FAILURE say nothing, so the subcode decides beside them as well.
    assert meanings(Fault(0, subcode)) == meanings(Fault(WSMAN + 3, subcode)) == meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (2, {"access_denied"}),
        (3, {"missing_class", "missing_namespace"}),
        (5, {"missing_class"}),
        (6, {"not_found", "context_gone"}),
        (7, {"missing_method"}),
        (17, {"missing_method"}),
        (1, set()),
    ],
)
def test_cim_status_codes_mean_what_dsp0200_says(status: int, meaning: set[str]) -> None:
    assert meanings(Fault(None, "InternalError", status)) == meaning


def test_a_code_outweighs_status_and_subcode() -> None:
    assert meanings(Fault(5, "TimedOut", 6)) == {"access_denied"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2150858793", WSMAN + 41),
        ("0x80338029", WSMAN + 41),
        ("0X80338029", WSMAN + 41),
        (" 5 ", 5),
        ("-2147217406", 0x80041002),
        ("", None),
        ("unknown", None),
    ],
)
def test_codes_are_decimal_or_hexadecimal_or_left_out(text: str, code: int | None) -> None:
    assert read_fault(fault_element(f'<f:WSManFault Code="{text}"/>')).code == code


def test_the_message_id_holds_the_code_where_nothing_else_does() -> None:
    error = "<MSFT_WmiError><MessageID>HRESULT 0x80041010</MessageID><error_Code>0</error_Code></MSFT_WmiError>"
    assert read_fault(fault_element(error)).code == 0x80041010
    assert read_fault(fault_element("<MSFT_WmiError><MessageID>WinRM 7</MessageID></MSFT_WmiError>")).code is None


def test_a_wsmanfault_beside_an_error_instance_gives_the_code_and_the_text() -> None:
    found = read_fault(
        fault_element(
            '<f:WSManFault Code="5"><f:Message>first</f:Message></f:WSManFault>'
            "<MSFT_WmiError><error_Code>87</error_Code><Message>second</Message></MSFT_WmiError>"
        )
    )
    assert (found.code, found.reason) == (5, "first")


@pytest.mark.parametrize("value", ["true", "1", "TRUE"])
def test_an_error_instance_is_known_by_its_mark(value: str) -> None:
    error = f'<X xmlns:b="urn:b" b:IsCIM_Error="{value}"><CIMStatusCode>6</CIMStatusCode><Message>gone</Message></X>'
    found = read_fault(fault_element(error))
    assert (found.cim_status, found.reason) == (6, "gone")
    assert read_fault(fault_element(error.replace(value, "false"))).cim_status is None


def test_an_empty_message_gives_way_to_the_reason() -> None:
    assert (
        read_fault(fault_element('<f:WSManFault Code="5"><f:Message> </f:Message></f:WSManFault>')).reason
        == "outer text"
    )


def test_a_fault_names_its_node_operation_number_and_place() -> None:
    found = Fault(5, "AccessDenied", None, "Access is denied.", "", "GetObject X")
    assert str(found) == "Access is denied. (0x00000005) [GetObject X]"
    found.node, found.operation = "NODE-A", "Get root/cimv2/X"
    assert str(found) == "NODE-A refused Get root/cimv2/X: Access is denied. (0x00000005) [GetObject X]"
    assert str(Fault(None, "TimedOut")) == "no reason given (TimedOut)"
    assert str(Fault(None)) == "no reason given"


def test_an_empty_fault_is_still_a_fault() -> None:
    found = read_fault(ET.fromstring(f'<s:Fault xmlns:s="{SOAP}"/>'))
    assert (found.code, found.subcode, found.reason) == (None, "", "")
    assert meanings(found) == set()


@given(
    st.none() | st.integers(0, 2**32 - 1) | st.integers(WSMAN, WSMAN + 500), st.text(), st.none() | st.integers(0, 30)
)
def test_meanings_never_contradict(code: int | None, subcode: str, status: int | None) -> None:
    found = Fault(code, subcode, status)
    assert not (found.is_transient and (found.is_access_denied or found.is_not_found or found.is_parameter_refused))
    assert found.is_transient or not (found.is_quota or found.is_timed_out)
    assert found.is_missing_class or not found.is_missing_namespace
    assert not (found.is_missing_class and found.is_not_found)
