# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated WS-Management service: Invoke, what it refuses, and embedded instances (DSP0201, DSP0230)."""

from __future__ import annotations

import datetime
from xml.sax.saxutils import escape

import pytest

from tests.simulator.cim import CimFault, Embedded, ObjectPath
from tests.unit.simulator.messages import (
    CLUSTER,
    KEYS,
    LIVE,
    SERVICE,
    SERVICE_KEYS,
    SYSTEM,
    VM_ID,
    A,
    F,
    body_of,
    cluster_rows,
    endpoint,
    fault_of,
    invoke_message,
    message,
    reference,
)

MIGRATE = "MigrateVirtualSystemToSystem"
VM = ObjectPath("root/HyperVCluster/v2", "Msvm_ComputerSystem", KEYS)
JOB = ObjectPath("root/HyperVCluster/v2", "Msvm_MigrationJob", {"InstanceID": "JOB1"})


def migration(setting_data: str = LIVE, **replaced: str) -> str:
    parameters = {"ComputerSystem": reference(VM_ID), "DestinationSystem": reference("NODE1"), **replaced}
    written = "".join(f"<p:{name}>{value}</p:{name}>" for name, value in parameters.items())
    return f"{written}<p:MigrationSettingData>{escape(setting_data)}</p:MigrationSettingData>"


def refused(parameters: str, method: str = MIGRATE) -> int:
    rows = cluster_rows()
    code, unused = fault_of(endpoint(rows).handle(invoke_message(SERVICE, method, parameters, SERVICE_KEYS)))
    assert rows.calls == []
    return code


def test_a_migration_arrives_with_its_parameters_and_answers_with_a_job() -> None:
    rows = cluster_rows()
    rows.result = {"ReturnValue": 4096, "Job": JOB}
    reply = endpoint(rows).handle(invoke_message(SERVICE, MIGRATE, migration(), SERVICE_KEYS))
    assert f"<a:Action>{SERVICE}/{MIGRATE}Response</a:Action>" in reply.body.decode()
    assert (
        f'<p:{MIGRATE}_OUTPUT xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{SERVICE}"'
        ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"><p:Job xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/'
        'addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><a:Address>http://schemas.xmlsoap.org/ws/'
        "2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters><w:ResourceURI>"
        f'{CLUSTER}/Msvm_MigrationJob</w:ResourceURI><w:SelectorSet><w:Selector Name="InstanceID">JOB1</w:Selector>'
        '</w:SelectorSet></a:ReferenceParameters></p:Job><p:NewComputerSystem xsi:nil="true"/>'
        f"<p:ReturnValue>4096</p:ReturnValue></p:{MIGRATE}_OUTPUT>"
    ) in reply.body.decode()
    ((path, method, parameters),) = rows.calls
    assert (path.class_name, path.key("Name"), method) == (SERVICE.rpartition("/")[2], "migrationwmi", MIGRATE)
    assert parameters["ComputerSystem"] == VM
    assert parameters["MigrationSettingData"] == Embedded(
        "Msvm_VirtualSystemMigrationSettingData", {"MigrationType": 32768}
    )
    assert parameters["NewSystemSettingData"] is None
    assert parameters["NewResourceSettingData"] is None


def test_parameters_may_come_in_any_order_and_nil_is_null() -> None:
    rows = cluster_rows()
    nil = '<p:MigrationSettingData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    parameters = f"{nil}<p:DestinationSystem>{reference('NODE1')}</p:DestinationSystem>"
    assert endpoint(rows).handle(invoke_message(SERVICE, MIGRATE, parameters, SERVICE_KEYS)).status == 200
    assert rows.calls[0][2]["MigrationSettingData"] is None
    assert rows.calls[0][2]["ComputerSystem"] is None


def test_datetimes_and_numbers_are_read_by_their_type() -> None:
    rows = cluster_rows()
    timeout = '<c:Interval xmlns:c="http://schemas.dmtf.org/wbem/wscim/1/common">PT1M30.5S</c:Interval>'
    parameters = f"<p:RequestedState>4</p:RequestedState><p:TimeoutPeriod>{timeout}</p:TimeoutPeriod>"
    uri = f"{CLUSTER}/Msvm_MigrationJob"
    reply = endpoint(rows).handle(invoke_message(uri, "RequestStateChange", parameters, {"InstanceID": "JOB1"}))
    assert reply.status == 200
    assert rows.calls[0][2] == {"RequestedState": 4, "TimeoutPeriod": datetime.timedelta(seconds=90.5)}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        (migration(Nonsense="1"), 0x80338055),
        (migration(computersystem=reference(VM_ID)), 0x80338055),
        (migration(Job=reference("x")), 0x80338055),
        (migration() + migration(), 0x80338041),
        (migration(ComputerSystem=VM_ID), 0x80338041),
        (migration(ComputerSystem=f"<a:EndpointReference>{reference(VM_ID)}</a:EndpointReference>"), 0x80338041),
        (migration(ComputerSystem=reference(VM_ID, "Msvm_ComputerSystem")), 0x80338041),
        (migration(ComputerSystem=reference(VM_ID).replace('"Name"', '"ElementName"')), 0x8033805B),
        (
            migration(ComputerSystem=reference(VM_ID).replace(f'<w:Selector Name="Name">{VM_ID}</w:Selector>', "")),
            0x8033805A,
        ),
        ("<p:MigrationSettingData><p:MigrationType>32768</p:MigrationType></p:MigrationSettingData>", 0x80338041),
    ],
)
def test_wrong_parameters_are_faults_and_reach_no_provider(parameters: str, code: int) -> None:
    assert refused(parameters) == code


@pytest.mark.parametrize(
    ("value", "code"), [("four", 0x80338054), ("70000", 0x80338054), ("-1", 0x80338054), ("<a:b/>", 0x80338041)]
)
def test_a_value_of_the_wrong_type_is_a_fault(value: str, code: int) -> None:
    uri, parameters = f"{CLUSTER}/Msvm_MigrationJob", f"<p:RequestedState>{value}</p:RequestedState>"
    reply = endpoint().handle(invoke_message(uri, "RequestStateChange", parameters, {"InstanceID": "JOB1"}))
    assert fault_of(reply)[0] == code


def test_the_input_may_stand_in_another_namespace_than_the_class() -> None:
    body = f'<p:{MIGRATE}_INPUT xmlns:p="{SYSTEM}"/>'
    assert endpoint().handle(message(SERVICE, f"{SERVICE}/{MIGRATE}", body, SERVICE_KEYS)).status == 200
    other = f'<p:Other_INPUT xmlns:p="{SERVICE}"/>'
    reply = endpoint().handle(message(SERVICE, f"{SERVICE}/{MIGRATE}", other, SERVICE_KEYS))
    assert fault_of(reply) == (0x80338041, "w:SchemaValidationError")


def test_blanks_around_a_number_are_nothing() -> None:
    rows = cluster_rows()
    parameters = "<p:RequestedState> 2\n</p:RequestedState>"
    assert endpoint(rows).handle(invoke_message(SYSTEM, "RequestStateChange", parameters, KEYS)).status == 200
    assert rows.calls[0][2]["RequestedState"] == 2


@pytest.mark.parametrize("method", ["Nonsense", "migrateVirtualSystemToSystem"])
def test_an_unknown_method_is_an_unknown_action(method: str) -> None:
    assert refused("", method) == 0x80338013


def test_a_service_is_found_by_its_class_alone_and_nothing_by_nothing() -> None:
    assert endpoint().handle(invoke_message(SERVICE, MIGRATE, "", SERVICE_KEYS)).status == 200
    assert fault_of(endpoint().handle(invoke_message(SERVICE, MIGRATE, "")))[0] == 0x8004102F
    unspecific = endpoint(service_without_selectors="internal_error")
    assert fault_of(unspecific.handle(invoke_message(SERVICE, MIGRATE, "")))[1] == "w:InternalError"
    assert endpoint(service_without_selectors="accepted").handle(invoke_message(SERVICE, MIGRATE, "")).status == 200


@pytest.mark.parametrize("selectors", [{"Name": "migrationwmi"}, {"CreationClassName": "Msvm_Other"}])
def test_other_partial_keys_find_no_service_by_switch(selectors: dict[str, str]) -> None:
    reply = endpoint(partial_keys="refused").handle(invoke_message(SERVICE, MIGRATE, "", selectors))
    assert fault_of(reply) == (0x80338000, "a:DestinationUnreachable")


def test_a_class_alone_is_not_enough_where_there_are_several() -> None:
    reply = endpoint().handle(
        invoke_message(SYSTEM, "RequestStateChange", "", {"CreationClassName": "Msvm_ComputerSystem"})
    )
    assert fault_of(reply)[0] == 0x8033805E


# Recorded as bare text: 87, 0x80070002 and 0x80540FA0.
@pytest.mark.parametrize("code", [5070, 87, 0x80070002, 0x80540FA0])
def test_a_fault_of_the_provider_keeps_its_code_and_text(code: int) -> None:
    rows = cluster_rows()
    rows.refusals = [CimFault(code, "The cluster node is paused.", "ExecMethod")]
    reply = endpoint(rows).handle(invoke_message(SERVICE, MIGRATE, "", SERVICE_KEYS))
    assert fault_of(reply) == (code, "w:InternalError")
    assert body_of(reply).findtext(f".//{{{F}}}ProviderFault") == "The cluster node is paused. "


def test_a_provider_may_say_that_it_lacks_the_method() -> None:
    rows = cluster_rows()
    rows.refusals = [CimFault(0x80338013, "not here", "ExecMethod")]
    reply = endpoint(rows).handle(invoke_message(SERVICE, MIGRATE, "", SERVICE_KEYS))
    assert fault_of(reply) == (0x80338013, "a:ActionNotSupported")
    assert f"<a:Action>{A}/fault</a:Action>" in reply.body.decode()


def changed(old: str, new: str) -> str:
    assert old in LIVE
    return LIVE.replace(old, new)


NETWORK = '<PROPERTY.ARRAY NAME="DestinationIPAddressList" TYPE="string"><VALUE.ARRAY>{}</VALUE.ARRAY></PROPERTY.ARRAY>'


@pytest.mark.parametrize(
    ("text", "return_value"),
    [
        ("", 32773),
        ("<INSTANCE", 32773),
        (changed("Msvm_VirtualSystemMigrationSettingData", "Msvm_ComputerSystem"), 32773),
        (changed("Msvm_VirtualSystemMigrationSettingData", "Msvm_Unknown"), 32773),
        (changed('"MigrationType"', '"Nonsense"'), 32773),
        (changed("32768", "a &amp; b"), 32768),
        (changed("32768", "a &lt; b"), 32773),
        (changed("uint16", "uint32"), 32776),
        (changed("32768", "live"), 32776),
        (changed("</INSTANCE>", '<PROPERTY NAME="UnmanagedVhds" TYPE="string"><VALUE/></PROPERTY></INSTANCE>'), 32773),
        (changed("PROPERTY", "PROPERTY.REFERENCE"), 32773),
    ],
)
def test_a_malformed_embedded_instance_is_refused_by_a_return_value(text: str, return_value: int) -> None:
    for family, expected in (("hyperv", return_value), ("dmtf", 4)):
        rows = cluster_rows()
        request = invoke_message(SERVICE, MIGRATE, migration(text), SERVICE_KEYS)
        reply = endpoint(rows, embedded_return_codes=family).handle(request)
        assert body_of(reply).findtext(f"{{{SERVICE}}}ReturnValue") == str(expected)
        assert rows.calls == []


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        (changed("</INSTANCE>", NETWORK.format("<VALUE>10.0.0.1</VALUE>") + "</INSTANCE>"), ["10.0.0.1"]),
        (changed("</INSTANCE>", NETWORK.format("<VALUE>&#38;&#60;&gt;</VALUE>") + "</INSTANCE>"), ["&<>"]),
        (changed("</INSTANCE>", NETWORK.format("") + "</INSTANCE>"), []),
    ],
)
def test_arrays_and_numeric_references_in_embedded_instances_are_read(text: str, properties: list[str]) -> None:
    rows = cluster_rows()
    assert endpoint(rows).handle(invoke_message(SERVICE, MIGRATE, migration(text), SERVICE_KEYS)).status == 200
    given = rows.calls[0][2]["MigrationSettingData"].properties
    assert given == {"MigrationType": 32768, "DestinationIPAddressList": properties}


def test_embedded_instances_in_results_are_text_with_the_types_of_the_schema() -> None:
    rows = cluster_rows()
    rows.result = {"ReturnValue": 0, "Errors": [Embedded("Msvm_Error", {"Message": "a & b", "ErrorType": 4})]}
    uri = f"{CLUSTER}/Msvm_MigrationJob"
    reply = endpoint(rows).handle(invoke_message(uri, "GetErrorEx", "", {"InstanceID": "JOB1"}))
    text = body_of(reply).findtext(f"{{{uri}}}Errors") or ""
    assert text.startswith('<INSTANCE CLASSNAME="Msvm_Error">')
    assert '<PROPERTY NAME="ErrorType" TYPE="uint16"><VALUE>4</VALUE></PROPERTY>' in text
    assert '<PROPERTY NAME="Message" TYPE="string"><VALUE>a &amp; b</VALUE></PROPERTY>' in text
    assert '<PROPERTY NAME="MessageID" TYPE="string"></PROPERTY>' in text
