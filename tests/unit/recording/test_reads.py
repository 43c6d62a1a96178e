# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""While a cluster is recorded, nothing can be sent that changes it."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.reads import (
    METHODS,
    NotARead,
    refuse_changes,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import write_request
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import (
    ENUMERATE,
    EVENT_LOG,
    GET,
    PULL,
    RELEASE,
    SUBSCRIBE,
    TRANSFER,
    UNSUBSCRIBE,
    resource_uri,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

from tests.support.simulated import Simulated

MOF = pathlib.Path(__file__).parents[2] / "simulator" / "mof"
URI = resource_uri("root/virtualization/v2", "Msvm_VirtualSystemMigrationService")
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
READING_WORDS = ("Check", "Get", "WillOffline")


BODIES = {
    ENUMERATE: "<n:Enumerate/>",
    PULL: "<n:Pull/>",
    RELEASE: "<n:Release/>",
    SUBSCRIBE: f'<e:Subscribe xmlns:e="{EVENTING}"/>',
    UNSUBSCRIBE: f'<e:Unsubscribe xmlns:e="{EVENTING}"/>',
}


def message(action: str, body: str = "", uri: str = URI) -> bytes:
    body = body or BODIES.get(action, "")
    return write_request(action, Reference(uri, ()), body, to="http://node1", message_id="uuid:1")


IDENTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    b"<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
)


def call(method: str) -> bytes:
    return message(f"{URI}/{method}", f'<p:{method}_INPUT xmlns:p="{URI}"/>')


def declared_methods() -> list[str]:
    """Return every method of the classes that the simulated nodes have."""
    texts = [path.read_text(encoding="utf-8") for path in MOF.glob("*.mof")]
    method = re.compile(r"^\s*(?:\[[^\]]*\]\s*)?\w+ (\w+)\(", re.MULTILINE)
    return sorted({name for text in texts for name in method.findall(text)})


@pytest.mark.parametrize("action", [GET, ENUMERATE, PULL, RELEASE])
def test_reads_pass(action: str) -> None:
    refuse_changes(message(action))
    assert action


def test_an_identify_passes() -> None:
    assert IDENTIFY.count(b"Identify") == 1
    refuse_changes(IDENTIFY)


@pytest.mark.parametrize("action", [SUBSCRIBE, UNSUBSCRIBE])
def test_event_logs_are_read_and_nothing_else_is_subscribed_to(action: str) -> None:
    refuse_changes(message(action, uri=EVENT_LOG))
    with pytest.raises(NotARead):
        refuse_changes(message(action))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_checks_and_questions_pass(method: str) -> None:
    refuse_changes(call(method))
    assert method.startswith(READING_WORDS)


@pytest.mark.parametrize("method", sorted(set(declared_methods()) - METHODS))
def test_every_other_method_of_the_simulated_nodes_is_refused(method: str) -> None:
    with pytest.raises(NotARead, match=method):
        refuse_changes(call(method))


def test_the_methods_that_change_something_are_among_them() -> None:
    known = set(declared_methods())
    assert {"MigrateVirtualSystemToSystem", "MoveToNewNodeParams", "RequestStateChange", "Win32Shutdown"} <= known


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(message(f"{TRANSFER}/Put"), id="Put"),
        pytest.param(message(f"{TRANSFER}/Create"), id="Create"),
        pytest.param(message(f"{TRANSFER}/Delete"), id="Delete"),
        pytest.param(message(SUBSCRIBE), id="Subscribe"),
        pytest.param(message("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"), id="Command"),
        pytest.param(message(f"{URI}/GetErrorEx", f'<p:Migrate_INPUT xmlns:p="{URI}"/>'), id="another body"),
        pytest.param(message(f"{URI}2/GetErrorEx", f'<p:GetErrorEx_INPUT xmlns:p="{URI}"/>'), id="another class"),
        pytest.param(message(GET, uri=""), id="no resource"),
        pytest.param(message(GET).replace(b"<s:Header>", b"<s:Header"), id="no XML"),
        pytest.param(message(GET).replace(b"<a:MessageID>", b"<a:Action>x</a:Action><a:MessageID>"), id="two actions"),
        pytest.param(b"", id="nothing"),
        pytest.param(message(GET, f'<p:Migrate_INPUT xmlns:p="{URI}"/>'), id="a method under the action of a Get"),
        pytest.param(message(ENUMERATE, "<n:Enumerate/><n:Enumerate/>"), id="two bodies' worth"),
        pytest.param(
            message(GET).replace(b"<s:Body", b"<s:Header><a:Action>x/Delete</a:Action></s:Header><s:Body"),
            id="two headers",
        ),
        pytest.param(message(GET).replace(b"</s:Envelope>", b"<s:Body><x/></s:Body></s:Envelope>"), id="two bodies"),
        pytest.param(message(GET).replace(b"s:Envelope", b"s:Envelopes"), id="no envelope"),
        pytest.param(
            message(GET).replace(b"/Get</a:Action>", b"/Get<x/>/Delete</a:Action>"), id="an action with parts"
        ),
        pytest.param(
            message(GET).replace(b"</a:Action>", b"</a:Action><w:ResourceURI>x</w:ResourceURI>"), id="two resources"
        ),
        pytest.param(b'<!DOCTYPE x [<!ENTITY e "y">]>' + message(GET), id="a document type"),
        pytest.param(
            message("http://shell/GetErrorEx", '<p:GetErrorEx_INPUT xmlns:p="http://shell"/>', "http://shell"),
            id="a method of no class",
        ),
        pytest.param(
            IDENTIFY.replace(b"<s:Header/>", b"<s:Header><x:Action xmlns:x='y'>Delete</x:Action></s:Header>"),
            id="an Identify with a header",
        ),
        pytest.param(IDENTIFY.replace(b"<i:Identify/>", b"<i:Identify/><i:Delete/>"), id="an Identify and more"),
    ],
)
def test_everything_else_is_refused(request_: bytes) -> None:
    with pytest.raises(NotARead):
        refuse_changes(request_)


def test_what_a_move_sends_is_refused_and_what_its_dry_run_sends_is_not() -> None:
    dry = Simulated()
    dry.rehearse(("web01", "NODE2"))
    for unused, sent in dry.requests:
        refuse_changes(sent)

    wet = Simulated()
    wet.move(("web01", "NODE2"))
    refused = []
    for unused, sent in wet.requests:
        try:
            refuse_changes(sent)
        except NotARead as error:
            refused.append(str(error))
    assert len(refused) == 1
    assert "MigrateVirtualSystemToSystem is none of them" in refused[0]


def test_every_method_that_passes_is_one_that_the_collection_calls() -> None:
    folder = pathlib.Path(__file__).parents[3] / "plugins" / "plugin_utils" / "_hyperv"
    strings = {
        node.value
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert strings >= METHODS
