# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Envelopes: requests against golden ones of another hand and other prefixes, answers against anything at all.

The golden requests follow [MS-WSMV] 3.1.4.1.1 (headers), DSP0226 (Enumerate, Pull) and DSP0227 (parameters of methods).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman import namespaces as ns
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.embedded import Property, write_embedded
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import (
    new_message_id,
    read_answer,
    write_request,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnreadableAnswer, UnsendableText
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.method_input import Parameter
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.values import CimType, Scalar
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query
from hypothesis import given
from hypothesis import strategies as st

Envelope = Callable[[str], bytes]
V2 = "root/virtualization/v2"
SERVICE = Reference.of(
    V2, "Msvm_VirtualSystemMigrationService", CreationClassName="Msvm_VirtualSystemMigrationService", Name="vmms"
)
JOB = Reference.of(V2, "Msvm_MigrationJob", InstanceID="D4A7C610-28EB-4935-9F0C-61B3E85D7A42")
VM = Reference.of(
    V2, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name="3B9E41D7-5C20-4F8A-A1D6-7E02C49B8F15"
)
MESSAGE_ID = "uuid:A58C2E70-1D46-4B9F-B3E8-0C7F61D2945A"
# Pieces of envelopes, so that drawn bytes reach further than the first "<".
PIECES = st.sampled_from(
    [
        f'<s:Envelope xmlns:s="{ns.SOAP}" xmlns:a="{ns.ADDRESSING}" xmlns:f="{ns.WSMAN_FAULT}">'.encode(),
        *(b"</s:Envelope>", b"<s:Header>", b"</s:Header>", b"<s:Body>", b"</s:Body>", b"<s:Body/>", b"<s:Fault>"),
        *(b"</s:Fault>", b"<s:Fault/>", b'<f:WSManFault Code="5"/>', b"<a:RelatesTo>x</a:RelatesTo>", b"&lt;", b"&x;"),
        *(b'<?xml version="1.0" encoding="utf-7"?>', b'<?xml version="1.0" encoding="nonsense"?>', b"\xff\xfe", b"\0"),
        *(b"<!DOCTYPE a>", b"<![CDATA[", b"<!--", b"\xef\xbb\xbf"),
    ]
)


class Recorder:
    """Answers nothing; keeps what was sent."""

    def __init__(self, *answers: bytes) -> None:
        self.sent: list[bytes] = []
        self._answers = list(answers)
        self.session = Session(self.send, self, "NODE-A", new_id=lambda: MESSAGE_ID)

    def send(self, request: bytes) -> bytes:
        self.sent.append(request)
        return self._answers.pop(0)

    def now(self) -> float:
        return 0.0

    def pause(self, seconds: float) -> None:
        raise AssertionError(f"nothing here is to be repeated after {seconds} s")


def canonical(envelope: bytes) -> str:
    return ET.canonicalize(envelope.decode(), rewrite_prefixes=True, strip_text=True)


def array(*values: Scalar) -> list[Scalar]:
    return list(values)


def invoked(envelope: Envelope, parameters: Mapping[str, Parameter]) -> ET.Element:
    """Return the METHOD_INPUT element that a call with these parameters sends."""
    recorder = Recorder(envelope("invoke_migrate_job_started"))
    recorder.session.invoke(SERVICE, "Do", parameters)
    return ET.fromstring(recorder.sent[0])[1][0]


def test_a_get_names_class_key_and_action(envelope: Envelope) -> None:
    recorder = Recorder(envelope("get_migration_job"))
    recorder.session.get(JOB)
    assert canonical(recorder.sent[0]) == canonical(envelope("request_get"))


def test_a_query_goes_to_all_classes_and_its_pull_to_the_same_place(envelope: Envelope) -> None:
    recorder = Recorder(envelope("enumerate_context_only"), envelope("pull_last"))
    recorder.session.references(V2, Query("Msvm_ComputerSystem", where={"ElementName": ("R&D <'7'>",)}))
    assert canonical(recorder.sent[0]) == canonical(envelope("request_enumerate"))
    assert canonical(recorder.sent[1]) == canonical(envelope("request_pull"))


def test_a_call_holds_every_kind_of_parameter(envelope: Envelope) -> None:
    recorder = Recorder(envelope("invoke_migrate_job_started"))
    setting = [Property("MigrationType", CimType.UINT16, 32768), Property("Notes", CimType.STRING, "R&D")]
    recorder.session.invoke(
        SERVICE,
        "MigrateVirtualSystemToSystem",
        {
            "ComputerSystem": VM,
            "DestinationHost": "NODE-B.lab.example",
            "MigrationSettingData": write_embedded("Msvm_VirtualSystemMigrationSettingData", setting),
            "NewSystemSettingData": "",
            "NewResourceSettingData": None,
            "Addresses": ("10.9.0.4", "10.9.0.5"),
            "Force": True,
            "Retries": -3,
            "NotBefore": dt.datetime(2031, 3, 9, 14, 7, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            "Limit": dt.timedelta(seconds=100),
        },
    )
    assert canonical(recorder.sent[0]) == canonical(envelope("request_migrate"))


def test_a_reference_parameter_has_no_wrapper(envelope: Envelope) -> None:
    sent = invoked(envelope, {"Systems": [VM, JOB]})
    parts = [[child.tag.rpartition("}")[2] for child in parameter] for parameter in sent]
    assert parts == [["Address", "ReferenceParameters"]] * 2


def test_an_array_is_its_element_repeated_and_an_empty_one_is_left_out(envelope: Envelope) -> None:
    sent = invoked(envelope, {"Systems": [VM, JOB], "Codes": array(1, 2, 3), "Nothing": [], "Flags": array(True)})
    tags = [child.tag.rpartition("}")[2] for child in sent]
    assert tags == ["Systems", "Systems", "Codes", "Codes", "Codes", "Flags"]
    assert [child.text for child in sent][2:] == ["1", "2", "3", "true"]


def test_a_method_without_parameters_has_an_empty_input_in_the_namespace_of_its_class(envelope: Envelope) -> None:
    sent = invoked(envelope, {})
    assert sent.tag == f"{{{SERVICE.uri}}}Do_INPUT"
    assert len(sent) == 0
    assert not sent.text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.just("\r")))
def test_an_embedded_text_is_escaped_once_more_and_never_cdata(text: str) -> None:
    instance = write_embedded("Msvm_X", [Property("Notes", CimType.STRING, text)])
    recorder = Recorder(f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Body/></s:Envelope>'.encode())
    recorder.session.invoke(SERVICE, "Do", {"Setting": instance, "Plain": text})
    assert b"<INSTANCE" not in recorder.sent[0]
    assert b"<![CDATA[" not in recorder.sent[0]
    setting, plain = ET.fromstring(recorder.sent[0])[1][0]
    assert setting.text == instance
    assert (plain.text or "") == text
    assert (ET.fromstring(setting.text or "").findtext("PROPERTY/VALUE") or "") == text


@pytest.mark.parametrize("char", ["\0", "\x07", "\x1b", "\uffff", "\ud83d"])
def test_a_character_that_xml_cannot_carry_never_leaves(char: str) -> None:
    recorder = Recorder()
    with pytest.raises(UnsendableText):
        recorder.session.invoke(SERVICE, "Do", {"Name": f"db{char}"})
    with pytest.raises(UnsendableText):
        recorder.session.invoke(SERVICE, "Do", {"Names": array("db", f"db{char}")})
    with pytest.raises(UnsendableText):
        recorder.session.query(V2, Query("X", where={"Name": (char,)}))
    with pytest.raises(UnsendableText):
        recorder.session.get(Reference.of(V2, "X", Name=char))
    assert recorder.sent == []


def test_the_time_a_node_may_take_is_told() -> None:
    request = write_request(ns.GET, JOB, to="http://n/wsman", message_id="uuid:1", operation_timeout=17)
    assert ET.fromstring(request).findtext(f".//{{{ns.WSMAN}}}OperationTimeout") == "PT17S"


def test_message_ids_differ() -> None:
    assert len({new_message_id() for unused in range(50)}) == 50


def test_the_first_element_of_the_body_is_the_answer() -> None:
    answer = f'<e:Envelope xmlns:e="{ns.SOAP}"><e:Body><One/><Two/></e:Body></e:Envelope>'.encode()
    assert read_answer(answer, MESSAGE_ID).tag == "One"


def test_an_answer_need_not_say_what_it_relates_to_nor_have_a_body() -> None:
    answer = f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Header/><s:Body/></s:Envelope>'.encode()
    assert len(read_answer(answer, MESSAGE_ID)) == 0


def test_ids_are_compared_without_case(envelope: Envelope) -> None:
    answer = envelope("get_migration_job").replace(MESSAGE_ID.encode(), f" {MESSAGE_ID.lower()}\n".encode())
    assert read_answer(answer, MESSAGE_ID).tag.endswith("}Msvm_MigrationJob")


def test_the_answer_to_another_request_is_refused(envelope: Envelope) -> None:
    with pytest.raises(UnreadableAnswer, match=f"belongs to request {MESSAGE_ID}, not to uuid:1"):
        read_answer(envelope("get_migration_job"), "uuid:1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_declaration_is_refused_in_any_encoding(encoding: str) -> None:
    answer = (
        '<?xml version="1.0"?><!DOCTYPE s:Envelope [<!ENTITY big "ha">]>'
        f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Body><X>&big;&big;</X></s:Body></s:Envelope>'
    )
    with pytest.raises(UnreadableAnswer, match="document type declaration"):
        read_answer(answer.encode(encoding), MESSAGE_ID)


def test_utf_16_itself_is_read(envelope: Envelope) -> None:
    assert len(read_answer(envelope("get_migration_job").decode().encode("utf-16"), MESSAGE_ID)) > 10


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "no well-formed XML"),
        (b"<html><body>Not Found</body></html>", "no SOAP envelope"),
        (b"<s:Envelope>", "no well-formed XML"),
        (b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>', "no SOAP envelope"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "no well-formed XML"),
        (b"\x00\xff garbage", "no well-formed XML"),
    ],
)
def test_what_is_no_envelope_is_named(answer: bytes, why: str) -> None:
    with pytest.raises(UnreadableAnswer, match=why):
        read_answer(answer, MESSAGE_ID)


@given(st.binary() | st.lists(PIECES | st.binary(max_size=3), max_size=12).map(b"".join))
def test_any_bytes_are_an_answer_a_fault_or_unreadable(answer: bytes) -> None:
    with contextlib.suppress(Fault, UnreadableAnswer):
        assert isinstance(read_answer(answer, MESSAGE_ID), ET.Element)


@given(st.data())
def test_a_damaged_answer_is_an_answer_a_fault_or_unreadable(data: st.DataObject) -> None:
    golden = (
        f'<s:Envelope xmlns:s="{ns.SOAP}" xmlns:f="{ns.WSMAN_FAULT}"><s:Body><s:Fault><s:Code><s:Value>s:Sender'
        '</s:Value></s:Code><s:Detail><f:WSManFault Code="2150858793"/></s:Detail></s:Fault></s:Body></s:Envelope>'
    ).encode()
    start = data.draw(st.integers(0, len(golden)))
    end = data.draw(st.integers(start, min(len(golden), start + 12)))
    damaged = golden[:start] + data.draw(st.binary(max_size=4)) + golden[end:]
    with contextlib.suppress(Fault, UnreadableAnswer):
        assert isinstance(read_answer(damaged, MESSAGE_ID), ET.Element)
