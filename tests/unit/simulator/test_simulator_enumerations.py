# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated WS-Management service: Enumerate, Pull and Release. Shapes as in DSP0226 and [MS-WSMV]."""

from __future__ import annotations

import gc
import re
import time

import pytest

from tests.simulator.wsman import Endpoint, WireSwitches
from tests.unit.simulator.messages import (
    CLUSTER,
    MSCLUSTER,
    SYSTEM,
    VM_ID,
    A,
    N,
    Rows,
    W,
    body_of,
    cluster_rows,
    context_of,
    endpoint,
    enumerate_message,
    fault_of,
    items_of,
    message,
    pull_message,
)

EVERY_CLASS = f"{CLUSTER}/*"
ALL_SYSTEMS = "SELECT * FROM Msvm_ComputerSystem WHERE Name <> 'x'"
CONTEXT = f"{{{N}}}EnumerationContext"
W_END, N_END = f"{{{W}}}EndOfSequence", f"{{{N}}}EndOfSequence"


def test_an_optimized_enumeration_begins_with_one_item_however_many_were_asked_for() -> None:
    service = endpoint()
    reply = service.handle(enumerate_message(EVERY_CLASS, ALL_SYSTEMS, most=500))
    assert [child.tag for child in body_of(reply)] == [CONTEXT, f"{{{W}}}Items"]
    assert len(items_of(reply, W)) == 1
    rest = service.handle(pull_message(EVERY_CLASS, context_of(reply), 500))
    assert [child.tag for child in body_of(rest)] == [f"{{{N}}}Items", N_END]
    assert len(items_of(rest)) == 2


def test_a_single_item_ends_an_optimized_enumeration_at_once() -> None:
    reply = endpoint().handle(enumerate_message(EVERY_CLASS, f"{ALL_SYSTEMS} AND Name = '{VM_ID}'", most=500))
    assert [child.tag for child in body_of(reply)] == [CONTEXT, f"{{{W}}}Items", W_END]


def test_an_optimized_enumeration_that_fits_can_be_one_answer() -> None:
    reply = endpoint(first_page="full").handle(enumerate_message(EVERY_CLASS, ALL_SYSTEMS))
    body = body_of(reply)
    assert body.tag == f"{{{N}}}EnumerateResponse"
    assert [child.tag for child in body] == [CONTEXT, f"{{{W}}}Items", W_END]
    assert context_of(reply) == ""
    assert [item.tag for item in items_of(reply, W)] == [f"{{{SYSTEM}}}Msvm_ComputerSystem"] * 3


def test_a_longer_one_is_pulled_until_the_context_is_gone() -> None:
    service = endpoint()
    first = service.handle(enumerate_message(EVERY_CLASS, ALL_SYSTEMS, most=1))
    context = context_of(first)
    second = service.handle(pull_message(EVERY_CLASS, context, 1))
    third = service.handle(pull_message(EVERY_CLASS, context_of(second), 1))
    assert [child.tag for child in body_of(first)] == [CONTEXT, f"{{{W}}}Items"]
    assert [child.tag for child in body_of(second)] == [CONTEXT, f"{{{N}}}Items"]
    assert [child.tag for child in body_of(third)] == [f"{{{N}}}Items", N_END]
    assert fault_of(service.handle(pull_message(EVERY_CLASS, context))) == (0x8033801B, "n:InvalidEnumerationContext")
    assert service.open_enumerations == 0


def test_a_pull_without_max_elements_gives_one_item() -> None:
    service = endpoint()
    context = context_of(service.handle(message(SYSTEM, f"{N}/Enumerate", "<n:Enumerate/>")))
    assert len(items_of(service.handle(pull_message(SYSTEM, context)))) == 1
    assert len(items_of(service.handle(pull_message(SYSTEM, context, 9)))) == 2


def test_max_elements_without_optimization_is_ignored() -> None:
    body = "<n:Enumerate><w:MaxElements>9</w:MaxElements></n:Enumerate>"
    reply = endpoint().handle(message(SYSTEM, f"{N}/Enumerate", body))
    assert [child.tag for child in body_of(reply)] == [CONTEXT]
    assert context_of(reply).startswith("uuid:")


def test_nothing_found_is_an_empty_page_with_its_end() -> None:
    reply = endpoint().handle(enumerate_message(EVERY_CLASS, "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'x'"))
    assert items_of(reply, W) == []
    assert body_of(reply)[-1].tag == W_END


def test_a_released_enumeration_is_gone() -> None:
    service = endpoint()
    context = context_of(service.handle(enumerate_message(SYSTEM, most=1)))
    body = f"<n:Release><n:EnumerationContext>{context}</n:EnumerationContext></n:Release>"
    assert service.handle(message(SYSTEM, f"{N}/Release", body)).status == 200
    assert service.open_enumerations == 0
    assert fault_of(service.handle(pull_message(SYSTEM, context)))[0] == 0x8033801B


def test_an_idle_enumeration_expires() -> None:
    now = [0.0]
    service = Endpoint("NODE1", [cluster_rows()], WireSwitches(), now=lambda: now[0])
    context = context_of(service.handle(enumerate_message(SYSTEM, most=1)))
    now[0] = 241.0
    assert fault_of(service.handle(pull_message(SYSTEM, context)))[0] == 0x8033801B


def test_too_many_open_enumerations_meet_the_quota() -> None:
    service = endpoint()
    for unused in range(1500):
        service.handle(message(SYSTEM, f"{N}/Enumerate", "<n:Enumerate/>"))
    assert fault_of(service.handle(enumerate_message(SYSTEM, most=1))) == (0x803381A6, "w:InternalError")


def test_a_pull_may_name_another_resource_than_its_enumerate() -> None:
    for pull_uri, answered in (("any", True), ("same", False)):
        service = endpoint(pull_uri=pull_uri)
        context = context_of(service.handle(enumerate_message(SYSTEM, most=1)))
        reply = service.handle(pull_message(EVERY_CLASS, context))
        assert reply.status == 200 if answered else fault_of(reply)[0] == 0x803381AD


def test_items_come_with_or_as_endpoint_references() -> None:
    query = f"SELECT * FROM Msvm_ComputerSystem WHERE Name = '{VM_ID}'"
    both = items_of(endpoint().handle(enumerate_message(EVERY_CLASS, query, mode="EnumerateObjectAndEPR")), W)
    assert [item.tag for item in both] == [f"{{{W}}}Item"]
    assert [child.tag for child in both[0]] == [f"{{{SYSTEM}}}Msvm_ComputerSystem", f"{{{A}}}EndpointReference"]
    alone = items_of(endpoint().handle(enumerate_message(EVERY_CLASS, query, mode="EnumerateEPR")), W)
    assert [item.tag for item in alone] == [f"{{{A}}}EndpointReference"]
    selectors = {item.get("Name"): item.text for item in alone[0].iter(f"{{{W}}}Selector")}
    assert selectors == {"CreationClassName": "Msvm_ComputerSystem", "Name": VM_ID}


def test_a_superclass_yields_instances_under_their_own_class() -> None:
    for request in (
        enumerate_message(f"{CLUSTER}/CIM_ConcreteJob"),
        enumerate_message(EVERY_CLASS, "SELECT * FROM CIM_ConcreteJob WHERE InstanceID = 'JOB1'"),
    ):
        items = items_of(endpoint().handle(request), W)
        assert [item.tag for item in items] == [f"{{{CLUSTER}/Msvm_MigrationJob}}Msvm_MigrationJob"]


def test_a_column_list_gives_fragments_without_prefixes() -> None:
    query = f"SELECT name, InstallDate, Caption, OtherEnabledState FROM Msvm_ComputerSystem WHERE Name = '{VM_ID}'"
    reply = endpoint().handle(enumerate_message(EVERY_CLASS, query))
    assert (
        f'<w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:w="{W}"><Caption></Caption>'
        "<InstallDate><Datetime>2026-01-15T08:30:05.120000Z</Datetime></InstallDate>"
        f'<Name>{VM_ID}</Name><OtherEnabledState xsi:nil="true"/></w:XmlFragment>'
    ) in reply.body.decode()


def test_a_column_list_can_give_elements_of_the_class() -> None:
    query = "SELECT Name FROM Msvm_ComputerSystem WHERE Name = 'NODE1'"
    (item,) = items_of(endpoint(column_rows="class_elements").handle(enumerate_message(EVERY_CLASS, query)), W)
    assert item.tag == f"{{{SYSTEM}}}Msvm_ComputerSystem"
    assert [child.text for child in item] == ["NODE1"]


def test_rows_without_their_keys_have_no_reference() -> None:
    for columns, references in (("Name", 0), ("Name, CreationClassName", 1)):
        query = f"SELECT {columns} FROM Msvm_ComputerSystem WHERE Name = 'NODE1'"
        reply = endpoint().handle(enumerate_message(EVERY_CLASS, query, mode="EnumerateObjectAndEPR"))
        assert len(list(body_of(reply).iter(f"{{{A}}}EndpointReference"))) == references


def test_associators_and_references_are_found() -> None:
    source = f"{{Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{VM_ID}'}}"
    for query, found in (
        (f"ASSOCIATORS OF {source} WHERE AssocClass = Msvm_AffectedJobElement", "Msvm_MigrationJob"),
        (f"ASSOCIATORS OF {source} WHERE ResultClass = CIM_ConcreteJob", "Msvm_MigrationJob"),
        (f"REFERENCES OF {source} WHERE ResultClass = Msvm_AffectedJobElement", "Msvm_AffectedJobElement"),
    ):
        items = items_of(endpoint().handle(enumerate_message(EVERY_CLASS, query)), W)
        assert [item.tag.rpartition("}")[2] for item in items] == [found]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT FROM", 0x80041017),
        ("SELECT Nothing FROM Msvm_ComputerSystem WHERE Name = 'x'", 0x80041017),
        ("SELECT * FROM Msvm_ComputerSystem WHERE Nothing = 1", 0x80041017),
        ("ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='NOBODY'}", 0x80041002),
    ],
)
def test_wrong_queries_are_faults(query: str, code: int) -> None:
    assert fault_of(endpoint().handle(enumerate_message(EVERY_CLASS, query)))[0] == code


@pytest.mark.parametrize(
    ("form", "to_a_query", "to_an_enumeration"),
    [
        ("wmi", (0x80041010, "a:DestinationUnreachable"), (0x80041010, "a:DestinationUnreachable")),
        ("filter", (0x8033801A, "n:CannotProcessFilter"), (0x80041010, "a:DestinationUnreachable")),
        ("not_found", (0x8033801A, "n:CannotProcessFilter"), (0x80338000, "a:DestinationUnreachable")),
    ],
)
def test_a_class_that_does_not_exist_is_told_in_each_recorded_form(
    form: str, to_a_query: tuple[int, str], to_an_enumeration: tuple[int, str]
) -> None:
    service = endpoint(missing_class_form=form)
    query = enumerate_message(EVERY_CLASS, "SELECT * FROM Msvm_Unknown WHERE Name = 'x'")
    assert fault_of(service.handle(query)) == to_a_query
    plain = enumerate_message(EVERY_CLASS.replace("*", "Msvm_Unknown"))
    assert fault_of(service.handle(plain)) == to_an_enumeration
    nowhere = service.handle(enumerate_message(EVERY_CLASS.replace("v2", "v9"), ALL_SYSTEMS))
    assert fault_of(nowhere)[1] == to_a_query[1]


def test_every_namespace_has_a_class_of_the_namespaces_in_it() -> None:
    assert items_of(endpoint().handle(enumerate_message(EVERY_CLASS.replace("*", "__NAMESPACE"))), W) == []


def test_queries_need_the_resource_of_all_classes() -> None:
    assert fault_of(endpoint().handle(enumerate_message(SYSTEM, ALL_SYSTEMS))) == (0x803380FB, "n:CannotProcessFilter")


def test_all_queries_can_be_refused() -> None:
    reply = endpoint(wql="refused").handle(enumerate_message(EVERY_CLASS, ALL_SYSTEMS))
    assert fault_of(reply) == (0x8033801A, "n:CannotProcessFilter")
    assert endpoint(wql="refused").handle(enumerate_message(SYSTEM)).status == 200


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ("<w:MaxElements>9<", "<w:MaxElements>0<", 0x80338041),
        ("w:OptimizeEnumeration", "n:OptimizeEnumeration", 0x80338041),
        ("w:Filter", "n:Filter", 0x80338018),
        ("wsman/1/WQL", "wsman/1/CQL", 0x80338019),
        ("<w:MaxElements", "<w:EnumerationMode>All</w:EnumerationMode><w:MaxElements", 0x80338086),
        ("n:Enumerate>", "n:Enumerated>", 0x80338041),
    ],
)
def test_ill_formed_enumerates_are_faults(wrong: str, right: str, code: int) -> None:
    request = enumerate_message(EVERY_CLASS, ALL_SYSTEMS, most=9)
    assert wrong.encode() in request
    assert fault_of(endpoint().handle(request.replace(wrong.encode(), right.encode())))[0] == code


def test_items_can_stand_in_the_namespace_of_enumeration() -> None:
    reply = endpoint(items_in="enumeration", first_page="full").handle(enumerate_message(SYSTEM))
    assert [child.tag for child in body_of(reply)] == [CONTEXT, f"{{{N}}}Items", N_END]


def test_a_page_limit_holds_whatever_is_asked_for() -> None:
    service = endpoint(page_limit=1)
    reply = service.handle(enumerate_message(SYSTEM))
    assert len(items_of(reply, W)) == 1
    assert len(items_of(service.handle(pull_message(SYSTEM, context_of(reply), 9)))) == 1


def many(count: int, notes: str = "n") -> Rows:
    rows = [{"InstanceID": str(number), "Name": notes, "ElementName": "web"} for number in range(count)]
    return Rows("root/HyperVCluster/v2", {"Msvm_SummaryInformationBase": rows})


def test_pages_are_cut_to_the_size_that_client_and_service_take() -> None:
    rows = many(200, "ü" * 100)
    service = endpoint(rows, max_envelope_size=60000, counted_in="utf8", first_page="full")
    uri = f"{CLUSTER}/Msvm_SummaryInformationBase"
    more = "<w:MaxEnvelopeSize>20000</w:MaxEnvelopeSize>"
    request = enumerate_message(uri, most=200)
    small = service.handle(request.replace(b"</s:Header>", f"{more}</s:Header>".encode()))
    large = service.handle(request)
    assert 15000 < len(small.body) <= 20000
    assert 50000 < len(large.body) <= 60000
    seen = [item[0].text for item in items_of(large, W)]
    while context_of(large):
        large = service.handle(pull_message(uri, context_of(large), 200))
        seen += [item[0].text for item in items_of(large)]
    assert len(seen) == 200


def test_pages_are_counted_in_utf_16_as_recorded() -> None:
    uri = f"{CLUSTER}/Msvm_SummaryInformationBase"
    more = "<w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize></s:Header>"
    request = enumerate_message(uri, most=200).replace(b"</s:Header>", more.encode())
    reply = endpoint(many(200, "ü" * 100), first_page="full").handle(request)
    # The full pages of hosts of 2008 and 2012 hold 75,184 to 76,811 characters where 153,600 bytes are allowed.
    assert 75184 < len(reply.body.decode()) <= 76800


def test_an_item_that_does_not_fit_is_a_fault() -> None:
    service = endpoint(many(1, "n" * 9000), max_envelope_size=8192)
    reply = service.handle(enumerate_message(f"{CLUSTER}/Msvm_SummaryInformationBase"))
    assert fault_of(reply) == (0x80338035, "w:EncodingLimit")


def test_a_request_that_is_too_large_is_a_fault() -> None:
    reply = endpoint(max_envelope_size=8192).handle(enumerate_message(EVERY_CLASS, f"SELECT {'x' * 9000}"))
    assert fault_of(reply) == (0x80338026, "w:EncodingLimit")


def test_private_properties_can_be_compared() -> None:
    query = f"SELECT * FROM MSCluster_Resource WHERE PrivateProperties.VmID = '{VM_ID.lower()}'"
    assert len(items_of(endpoint().handle(enumerate_message(f"{MSCLUSTER}/*", query)), W)) == 1


def test_reading_many_instances_takes_time_in_proportion() -> None:
    uri = f"{CLUSTER}/Msvm_SummaryInformationBase"

    def seconds(count: int) -> float:
        service = endpoint(many(count))
        began = time.process_time()
        reply = service.handle(enumerate_message(uri, most=32000))
        while context := re.search(rb"<n:EnumerationContext>(.+?)<", reply.body):
            reply = service.handle(pull_message(uri, context[1].decode(), 32000))
        return time.process_time() - began

    seconds(100)
    gc.disable()  # what other tests have left is looked through at any time
    try:
        many_took, few_took = (min(seconds(count) for unused in range(3)) for count in (8000, 1000))
    finally:
        gc.enable()
    # Quadratic time would be 64 times as long.
    assert many_took < 24 * max(few_took, 0.02)
