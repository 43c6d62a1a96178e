# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WinRS shells ([MS-WSMV], the messages of the Shell resource) in which every command is a module that ends at once.

They are there to be compared with, and for clients that know no other way: a command runs no PowerShell, reads its
input to the end, and prints one canned result, so that the way through PowerShell costs what its messages cost and
nothing more. Shells of PowerShell itself ([MS-PSRP]) are not served.
"""

from __future__ import annotations

import base64
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from .envelopes import ANONYMOUS, TRANSFER, Request
from .faults import Code, Fault

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = f"{SHELL}/cmd"
RESULT = b'{"changed": false, "ping": "pong"}'

_R = f"{{{SHELL}}}"


class Shells:
    """The WinRS shells of one node that are open, each with its commands."""

    def __init__(self) -> None:
        # Whether a command still waits for input, by its id, by shell id.
        self._open: dict[str, dict[str, bool]] = {}

    def answer(self, request: Request) -> str:
        """Return the body of the answer to a message about a shell. Raises Fault."""
        if request.resource_uri != CMD:
            raise Fault(Code.NO_PLUGIN)
        if request.action == f"{TRANSFER}/Create":
            return self._create(request.body)
        shell_id = (request.selectors["ShellId"].text or "") if "ShellId" in request.selectors else ""
        if shell_id not in self._open:
            raise Fault(Code.UNEXPECTED_SELECTORS)
        if request.action == f"{TRANSFER}/Delete":
            del self._open[shell_id]
            return ""
        return self._in_a_shell(request, self._open[shell_id])

    def _create(self, body: ET.Element | None) -> str:
        """Open a shell under the identifier that the client gives, or a new one ([MS-WSMV] 3.1.4.5.2)."""
        if body is None or body.tag != f"{_R}Shell":
            raise Fault(Code.SCHEMA_VALIDATION)
        shell_id = body.get("ShellId") or str(uuid.uuid4()).upper()
        self._open[shell_id] = {}
        shown = escape(shell_id)
        streams = "".join(
            f"<rsp:{name}>{escape(body.findtext(_R + name) or '')}</rsp:{name}>"
            for name in ("InputStreams", "OutputStreams")
        )
        return (
            f"<x:ResourceCreated><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>"
            f'<w:ResourceURI>{CMD}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shown}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        ) + _element(
            "Shell",
            f"<rsp:ShellId>{shown}</rsp:ShellId><rsp:ResourceUri>{CMD}</rsp:ResourceUri>{streams}"
            "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity>",
        )

    def _in_a_shell(self, request: Request, commands: dict[str, bool]) -> str:
        if request.body is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        if request.action == f"{SHELL}/Command":
            command_id = str(uuid.uuid4()).upper()
            commands[command_id] = _takes_input(request)
            return _element("CommandResponse", f"<rsp:CommandId>{command_id}</rsp:CommandId>")
        if request.action == f"{SHELL}/Send":
            return self._send(commands, request.body)
        if request.action == f"{SHELL}/Receive":
            return self._receive(commands, request.body)
        if request.action == f"{SHELL}/Signal":
            del commands[_known(commands, request.body)]
            return _element("SignalResponse")
        raise Fault(Code.ACTION_NOT_SUPPORTED)

    @staticmethod
    def _send(commands: dict[str, bool], body: ET.Element) -> str:
        stream = body.find(f"{_R}Stream")
        if stream is None or _attribute(stream, "Name") != "stdin":
            raise Fault(Code.SCHEMA_VALIDATION)
        command_id = _known(commands, stream)
        if _attribute(stream, "End") in ("true", "1"):
            commands[command_id] = False
        return _element("SendResponse")

    @staticmethod
    def _receive(commands: dict[str, bool], body: ET.Element) -> str:
        desired = body.find(f"{_R}DesiredStream")
        if desired is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        command_id = _known(commands, desired)
        if commands[command_id]:
            # It reads on, so nothing is printed before the time of the operation is over.
            raise Fault(Code.TIMED_OUT)
        return _element(
            "ReceiveResponse",
            f'<rsp:Stream Name="stdout" CommandId="{command_id}">{base64.b64encode(RESULT).decode()}</rsp:Stream>'
            f'<rsp:Stream Name="stdout" CommandId="{command_id}" End="true"></rsp:Stream>'
            f'<rsp:Stream Name="stderr" CommandId="{command_id}" End="true"></rsp:Stream>'
            f'<rsp:CommandState CommandId="{command_id}" State="{SHELL}/CommandState/Done">'
            "<rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>",
        )


def _takes_input(request: Request) -> bool:
    """Tell whether input is piped into a command; else it has a console, and reads nothing here."""
    options = request.header("OptionSet")
    chosen = {} if options is None else {option.get("Name"): (option.text or "").upper() for option in options}
    return chosen.get("WINRS_CONSOLEMODE_STDIN") == "FALSE"


def _known(commands: dict[str, bool], element: ET.Element) -> str:
    command_id = _attribute(element, "CommandId")
    if command_id not in commands:
        raise Fault(Code.RESOURCE_NOT_FOUND)
    return command_id


def _attribute(element: ET.Element, name: str) -> str:
    """Return an attribute with or without its namespace: a recorded Server 2012 took either (winrm4j, win12.xml)."""
    return element.get(name) or element.get(_R + name) or ""


def _element(name: str, content: str = "") -> str:
    return f'<rsp:{name} xmlns:rsp="{SHELL}">{content}</rsp:{name}>'
