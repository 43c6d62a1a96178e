# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The least that a conversation can cost: the same messages by pywinrm alone, with answers that are only parsed."""

from __future__ import annotations

import re
import time
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence

from winrm.protocol import Protocol

CONTEXT = re.compile(rb"(<\w+:EnumerationContext>)([^<]+)")
_HEAD = 4096  # bytes of an answer in which its context stands

Exchange = tuple[bytes, bytes]
"""A request, and the context in its answer; empty for none."""


def context_in(answer: bytes) -> bytes:
    """Return the context that gets the next page, empty where there is none."""
    found = CONTEXT.search(answer, 0, _HEAD)
    return found[2] if found is not None else b""


def cpu_of(variables: Mapping[str, t.Any], spoken: Iterable[tuple[str, Sequence[Exchange]]]) -> float:
    """Return the seconds of CPU to log in to each address, send what was sent to it, and parse the answers."""
    began = time.process_time()
    for address, exchanges in spoken:
        _repeat(f"http://{address}/wsman", variables, exchanges)
    return time.process_time() - began


def _repeat(url: str, variables: Mapping[str, t.Any], exchanges: Sequence[Exchange]) -> None:
    protocol: t.Any = Protocol(
        url,
        transport="ntlm",
        username=variables["ansible_user"],
        password=variables["ansible_password"],
        message_encryption="always",
        proxy="",
    )
    transport = protocol.transport
    transport.build_session()
    transport.session.trust_env = False  # requests would ask the environment for proxies before each message
    contexts = {b"": b""}  # those of the enumerations that were, by theirs
    for request, context in exchanges:
        answer = transport.send_message(CONTEXT.sub(lambda found: found[1] + contexts[found[2]], request))
        ET.fromstring(answer)
        contexts[context] = context_in(answer)
    transport.close_session()
