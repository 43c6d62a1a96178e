# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers of a node that means harm, or is broken: only the codec's own errors come out, in little time and memory."""

from __future__ import annotations

import contextlib
import encodings.aliases
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman import namespaces as ns
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.embedded import EmbeddedReadError, read_embedded
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import LONGEST_ANSWER, read_answer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnexpectedValue, UnreadableAnswer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.instances import Instance, read_instance
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.values import CimType, parse, parse_octets
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wsman.conftest import ENVELOPES, MESSAGE_ID

V2 = "root/virtualization/v2"
JOB = Reference.of(V2, "Msvm_MigrationJob", InstanceID="1")
QUERY = Query("Msvm_ComputerSystem", where={"ElementName": ("a", "%_[]'\\")})
OUR_ERRORS = (Fault, UnreadableAnswer, UnexpectedValue)
SECONDS, MEGABYTES = 10.0, 150  # for one answer, on a busy machine
LONGEST_MESSAGE = 5000  # characters
GOLDEN = [
    path.read_bytes() for path in sorted(ENVELOPES.glob("*.xml")) if not path.name.startswith(("request_", "release"))
]
# What stands in the golden answers, and what must not: all of it can come to stand anywhere.
PIECES = [
    *(b'xsi:nil="true"', b'xsi:nil="false"', b"<cim:Datetime>", b"<cim:Interval>P1D</cim:Interval>", b"<a:X/>"),
    *(
        b"<n:EndOfSequence/>",
        b"<w:EndOfSequence/>",
        b"<n:EnumerationContext/>",
        b"<w:Items>",
        b"</w:Items>",
        b"<w:Item>",
    ),
    *(b"<a:ReferenceParameters>", b"</a:ReferenceParameters>", b'<w:Selector Name="x">', b"<a:EndpointReference>"),
    *(
        b"<s:Fault>",
        b"</s:Fault>",
        b"<s:Body>",
        b"</s:Body>",
        b'Code="0x80041010"',
        b'Code="-1"',
        b"99999999999999999999",
    ),
    *(b"]]>", b"<![CDATA[<]]>", b"<!-- -->", b"<?x?>", b"&#0;", b"&#x202e;", b"&amp;lt;", b"&lt;INSTANCE/&gt;", b"&a;"),
    *(
        b"\0",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\x1b[2J",
        "\u202e\N{PILE OF POO}".encode(),
        b"'",
        b'"',
        b"\\",
        b"%",
    ),
    *(b"2010/2/addressing", b"http://schemas.xmlsoap.org/soap/envelope/", b' xmlns="urn:x"', b"<!DOCTYPE x>"),
]


@pytest.fixture(scope="module", autouse=True)
def short_enumerations() -> Iterator[None]:
    """Give up on an enumeration without an end after a few items, which is all that the scripts here have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session._MOST_ITEMS", 20)
        yield


class Script:
    """Answers one request after the other, the last answer again and again; is its own clock."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._now = 0.0
        self.session = Session(self._send, self, "NODE-A", new_id=lambda: MESSAGE_ID)

    def _send(self, request: bytes) -> bytes:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def now(self) -> float:
        return self._now

    def pause(self, seconds: float) -> None:
        self._now += seconds


def enveloped(body: str) -> bytes:
    declared = f'xmlns:s="{ns.SOAP}" xmlns:a="{ns.ADDRESSING}" xmlns:w="{ns.WSMAN}" xmlns:n="{ns.ENUMERATION}"'
    return f"<s:Envelope {declared}><s:Body>{body}</s:Body></s:Envelope>".encode()


def job(content: str) -> bytes:
    """Return the answer to Get of a job with these properties, which have the prefix p."""
    uri = ns.resource_uri(V2, "Msvm_MigrationJob")
    return enveloped(f'<p:Msvm_MigrationJob xmlns:p="{uri}">{content}</p:Msvm_MigrationJob>')


def read_as_everything(instance: Instance, name: str) -> Iterator[UnexpectedValue]:
    """Read a property as everything that it could be, and yield the errors."""
    readers: list[Callable[[str], object]] = [instance.text, instance.texts, instance.integer, instance.integers]
    readers += [instance.boolean, instance.datetime, instance.interval, instance.octets]
    readers += [
        lambda name: [reference.namespace + reference.class_name for reference in instance.references(name)],
        lambda name: [list(read_all_of(inner)) for inner in instance.embeddeds(name)],
    ]
    for read in readers:
        try:
            read(name)
        except UnexpectedValue as error:
            yield error


def read_all_of(instance: Instance) -> Iterator[UnexpectedValue]:
    """Read every property as everything that it could be, and yield the errors."""
    for name in instance.properties:
        yield from read_as_everything(instance, name)


def every_use_of(answer: bytes) -> Iterator[Exception]:
    """Take an answer for that to every operation, read all of it, and yield the errors, which are ours."""
    operations: list[Callable[[Session], object]] = [
        lambda session: session.get(JOB),
        lambda session: session.query(V2, QUERY),
        lambda session: session.references(V2, QUERY),
        lambda session: session.invoke(JOB, "Do", {}),
    ]
    for operation in operations:
        try:
            found = operation(Script(answer).session)
            for one in found if isinstance(found, list) else [found]:
                if isinstance(one, Instance):
                    yield from read_all_of(one)
        except OUR_ERRORS as error:
            yield error


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a golden answer with a few places where something is lost, put in, repeated, or encoded otherwise."""
    answer = draw(st.sampled_from(GOLDEN))
    for _unused in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(answer)))
        end = min(len(answer), start + draw(st.integers(0, 60)))
        put_in = draw(st.sampled_from([*PIECES, b"", answer[start:end] * 3]) | st.binary(max_size=4))
        answer = answer[:start] + put_in + answer[end:]
    if draw(st.integers(0, 9)) == 0:
        encoding = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp037"]))
        answer = answer.decode(errors="replace").encode(encoding, errors="replace")
    return answer[: draw(st.integers(0, len(answer)))] if draw(st.integers(0, 9)) == 0 else answer


@given(damaged())
def test_of_a_damaged_answer_only_our_own_errors_come(answer: bytes) -> None:
    for error in every_use_of(answer):
        assert len(str(error)) < LONGEST_MESSAGE


@settings(max_examples=max(1, settings().max_examples // 4))
@given(st.sampled_from(GOLDEN), st.sampled_from(GOLDEN))
def test_two_answers_in_one_are_none(one: bytes, other: bytes) -> None:
    for answer in (one + other, one[: len(one) // 2] + other, one.replace(b"</s:Body>", other + b"</s:Body>")):
        assert [type(error) for error in every_use_of(answer)] != []


def entities(depth: int) -> str:
    """Return a document type declaration whose entity l<depth> is ten to the power of ``depth`` letters."""
    levels = "".join(f'<!ENTITY l{one} "{f"&l{one - 1};" * 10}">' for one in range(1, depth + 1))
    return f'<!DOCTYPE s:Envelope [<!ENTITY l0 "x">{levels}]>'


DECLARATIONS = {
    "billion laughs": (entities(9), "&l9;"),
    "quadratic": (f'<!DOCTYPE s:Envelope [<!ENTITY l "{"x" * 100_000}">]>', "&l;" * 10_000),
    "a file": ('<!DOCTYPE s:Envelope [<!ENTITY l SYSTEM "file:///etc/hostname">]>', "&l;"),
    "a server": ('<!DOCTYPE s:Envelope [<!ENTITY % l SYSTEM "http://127.0.0.1:9/x"> %l;]>', ""),
    "another document": ('<!DOCTYPE s:Envelope SYSTEM "http://127.0.0.1:9/x.dtd">', ""),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("declaration", "use"), DECLARATIONS.values(), ids=DECLARATIONS.keys())
def test_no_document_type_is_read(declaration: str, use: str, encoding: str) -> None:
    answer = (declaration + job(f"<p:A>{use}</p:A>").decode()).encode(encoding)
    with pytest.raises(UnreadableAnswer, match=r"document type declaration|longer than any"):
        read_answer(answer, MESSAGE_ID)
    with pytest.raises(EmbeddedReadError, match="document type declaration"):
        read_embedded(f'{declaration}<INSTANCE CLASSNAME="A">{use}</INSTANCE>')


@pytest.mark.parametrize(
    "encoding", sorted({*encodings.aliases.aliases.values(), "undefined", "idna", "../x", "\u202e"})
)
def test_no_encoding_hides_a_document_type(encoding: str) -> None:
    """Whatever the parser makes of the bytes: no entity of theirs is ever put in."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>{entities(1)}{job("<p:A>&l1;</p:A>").decode()}'
    candidates = [text.encode()]
    with contextlib.suppress(LookupError, UnicodeError):
        candidates.append(text.encode(encoding))
        # The parser reads the first line before it knows its encoding.
        first_line, rest = text.split("?>", 1)
        candidates.append(f"{first_line}?>".encode() + rest.encode(encoding))
    for answer in candidates:
        with pytest.raises(UnreadableAnswer):
            read_answer(answer, MESSAGE_ID)


LONG = LONGEST_ANSWER - 10_000
HEAVY = {
    "deep elements": job("<b>" * (LONG // 7) + "</b>" * (LONG // 7)),
    "deep references": job(
        "<p:A>"
        + "<a:ReferenceParameters><w:SelectorSet><w:Selector>" * 9_000
        + "</w:Selector></w:SelectorSet></a:ReferenceParameters>" * 9_000
        + "</p:A>"
    ),
    "many names": job("".join(f"<p:A{number}/>" for number in range(LONG // 13))),
    "many attributes": job("<p:A " + " ".join(f'a{number}=""' for number in range(LONG // 12)) + "/>"),
    "many namespaces": job("".join(f'<q xmlns:n{number}="u{number}"/>' for number in range(LONG // 30))),
    "one long text": job(f"<p:A>{'1' * LONG}</p:A>"),
    "one long number": job(f"<p:A>{'1' * LONG}x</p:A>"),
    "one long interval": job(f"<p:A>P{'1' * LONG}D</p:A>"),
    "one long name": job(f"<p:{'A' * (LONG // 2)}></p:{'A' * (LONG // 2)}>"),
    "one long class": enveloped(f'<p:A xmlns:p="{ns.WMI}x/{"A" * LONG}"><p:B>x</p:B><p:B>y</p:B></p:A>'),
    "blanks": job(f"<p:A>{' ' * LONG}</p:A>"),
    "an instance of a long text": job(f"<p:A>&lt;INSTANCE CLASSNAME='{'A' * LONG}'/></p:A>"),
    "a deep instance": job("<p:A>&lt;INSTANCE>" + "&lt;VALUE>" * (LONG // 10) + "</p:A>"),
    "a long reason": enveloped(f"<s:Fault><s:Reason><s:Text>{'no' * (LONG // 2)}</s:Text></s:Reason></s:Fault>"),
    "a long code": enveloped(f'<s:Fault><f:WSManFault xmlns:f="{ns.WSMAN_FAULT}" Code="{"9" * LONG}"/></s:Fault>'),
    "a long context": enveloped(
        f"<n:PullResponse><n:EnumerationContext>{'x' * LONG}</n:EnumerationContext></n:PullResponse>"
    ),
    "longer than allowed": b" " * (LONGEST_ANSWER + 1),
}


@pytest.mark.parametrize("answer", HEAVY.values(), ids=HEAVY.keys())
def test_the_longest_answers_take_little_time_and_memory_and_a_short_message(answer: bytes) -> None:
    began = time.process_time()
    tracemalloc.start()
    messages = []
    try:
        messages = [
            len(str(error)) for error in read_as_everything(read_instance(read_answer(answer, MESSAGE_ID)), "A")
        ]
    except OUR_ERRORS as error:
        messages = [len(str(error))]
    finally:
        unused, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert time.process_time() - began < SECONDS
    assert peak < MEGABYTES * 2**20
    assert max(messages, default=0) < LONGEST_MESSAGE


@pytest.mark.parametrize("cim_type", CimType)
@pytest.mark.parametrize(
    "text", ["1" * 200_000 + "x", "P" + "1" * 200_000, "1." * 100_000, "+" * 200_000, "\0" * 200_000]
)
def test_no_value_takes_long(text: str, cim_type: CimType) -> None:
    began = time.process_time()
    with contextlib.suppress(UnexpectedValue):
        parse(text, cim_type)
    with contextlib.suppress(UnexpectedValue):
        parse_octets((text,))
    assert time.process_time() - began < SECONDS


def test_an_enumeration_without_an_end_is_left() -> None:
    page = (ENVELOPES / "pull_one_of_many.xml").read_bytes().replace(b"PullResponse>", b"EnumerateResponse>", 2)
    with pytest.raises(UnreadableAnswer, match="21 instances, and no end"):
        Script(page).session.query(V2, QUERY)


@pytest.mark.parametrize("uri", ["http://schemas.microsoft.com/wbem/wsman/1/config", "", "x" * 100_000])
def test_a_reference_to_something_else_than_wmi_is_an_unexpected_value(uri: str) -> None:
    with pytest.raises(UnexpectedValue, match="no resource URI") as raised:
        assert Reference(uri, ()).class_name
    assert len(str(raised.value)) < LONGEST_MESSAGE
