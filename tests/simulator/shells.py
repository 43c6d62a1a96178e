# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WinRS shells ([MS-WSMV], the messages of the Shell resource), for clients that know no other way.

Every command is either a module of Ansible that ends at once, to be compared with: it reads its input to the end and
prints one canned result, so that the way through PowerShell costs what its messages cost and nothing more. Or it is one
of those that ``command_line`` knows. Shells of PowerShell itself ([MS-PSRP]) are not served.
"""

from __future__ import annotations

import base64
import dataclasses
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from .command_line import Computer, Ran, run
from .envelopes import ADDRESSING, TRANSFER, Request
from .faults import Code, Fault

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = f"{SHELL}/cmd"
RESULT = b'{"changed": false, "ping": "pong"}'

_R = f"{{{SHELL}}}"


@dataclasses.dataclass
class _Command:
    """A command of a shell: what becomes of it, and whether it still waits for input."""

    ran: Ran
    waits: bool


@dataclasses.dataclass
class _Shell:
    """An open shell with its commands by id."""

    codepage: str
    commands: dict[str, _Command] = dataclasses.field(default_factory=dict)


class Shells:
    """The WinRS shells of one node that are open."""

    def __init__(self, computer: Computer, *, canned: bool) -> None:
        """Serve shells of ``computer`` in which every command prints the ``canned`` result, or is run."""
        self._computer = computer
        self._canned = canned
        self._open: dict[str, _Shell] = {}

    def answer(self, request: Request) -> str:
        """Return the body of the answer to a message about a shell. Raises Fault."""
        if request.resource_uri != CMD:
            raise Fault(Code.NO_PLUGIN)
        if request.action == f"{TRANSFER}/Create":
            return self._create(request)
        shell_id = (request.selectors["ShellId"].text or "") if "ShellId" in request.selectors else ""
        if shell_id not in self._open:
            raise Fault(Code.UNEXPECTED_SELECTORS)
        if request.action == f"{TRANSFER}/Delete":
            del self._open[shell_id]
            return ""
        return self._in_a_shell(request, self._open[shell_id])

    def _create(self, request: Request) -> str:
        """Open a shell under the identifier that the client gives, or a new one ([MS-WSMV] 3.1.4.5.2).

        The answer has the elements of one recorded from a Server 2012 R2 (winrm4j, win12.xml), in their order.
        """
        body = request.body
        if body is None or body.tag != f"{_R}Shell":
            raise Fault(Code.SCHEMA_VALIDATION)
        shell_id = body.get("ShellId") or str(uuid.uuid4()).upper()
        self._open[shell_id] = _Shell(_options(request).get("WINRS_CODEPAGE", "437"))
        shown = escape(shell_id)
        streams = "".join(
            f"<rsp:{name}>{escape(body.findtext(_R + name) or '')}</rsp:{name}>"
            for name in ("InputStreams", "OutputStreams")
        )
        to = request.header("To", ADDRESSING)
        address = escape((to.text or "").strip()) if to is not None else ""
        return (
            f"<x:ResourceCreated><a:Address>{address}</a:Address><a:ReferenceParameters>"
            f'<w:ResourceURI>{CMD}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shown}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        ) + _element(
            "Shell",
            f"<rsp:ShellId>{shown}</rsp:ShellId><rsp:ResourceUri>{CMD}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(self._computer.account)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>{streams}"
            "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity>",
        )

    def _in_a_shell(self, request: Request, shell: _Shell) -> str:
        if request.body is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        commands = shell.commands
        if request.action == f"{SHELL}/Command":
            command_id = str(uuid.uuid4()).upper()
            commands[command_id] = self._begin(request, request.body, shell.codepage)
            return _element("CommandResponse", f"<rsp:CommandId>{command_id}</rsp:CommandId>")
        if request.action == f"{SHELL}/Send":
            return self._send(commands, request.body)
        if request.action == f"{SHELL}/Receive":
            return self._receive(commands, request.body)
        if request.action == f"{SHELL}/Signal":
            del commands[_known(commands, request.body)]
            return _element("SignalResponse")
        raise Fault(Code.ACTION_NOT_SUPPORTED)

    def _begin(self, request: Request, body: ET.Element, codepage: str) -> _Command:
        if self._canned:
            # What input is piped into it reads that to its end; else it has a console, and reads nothing here.
            return _Command(
                Ran(RESULT.decode()), _options(request).get("WINRS_CONSOLEMODE_STDIN", "").upper() == "FALSE"
            )
        parts = [body.findtext(f"{_R}Command") or "", *(one.text or "" for one in body.iter(f"{_R}Arguments"))]
        return _Command(run(" ".join(parts), self._computer, codepage), waits=False)

    @staticmethod
    def _send(commands: dict[str, _Command], body: ET.Element) -> str:
        stream = body.find(f"{_R}Stream")
        if stream is None or _attribute(stream, "Name") != "stdin":
            raise Fault(Code.SCHEMA_VALIDATION)
        command_id = _known(commands, stream)
        if _attribute(stream, "End") in ("true", "1"):
            commands[command_id].waits = False
        return _element("SendResponse")

    @staticmethod
    def _receive(commands: dict[str, _Command], body: ET.Element) -> str:
        desired = body.find(f"{_R}DesiredStream")
        if desired is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        command_id = _known(commands, desired)
        command = commands[command_id]
        if command.waits:
            # It reads on, so nothing is printed before the time of the operation is over.
            raise Fault(Code.TIMED_OUT)
        printed = "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command_id}">{_encoded(text)}</rsp:Stream>'
            for name, text in (("stdout", command.ran.stdout), ("stderr", command.ran.stderr))
            if text
        )
        return _element(
            "ReceiveResponse",
            f'{printed}<rsp:Stream Name="stdout" CommandId="{command_id}" End="true"></rsp:Stream>'
            f'<rsp:Stream Name="stderr" CommandId="{command_id}" End="true"></rsp:Stream>'
            f'<rsp:CommandState CommandId="{command_id}" State="{SHELL}/CommandState/Done">'
            f"<rsp:ExitCode>{command.ran.exit_code}</rsp:ExitCode></rsp:CommandState>",
        )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _options(request: Request) -> dict[str, str]:
    """Return the options of a message by name."""
    options = request.header("OptionSet")
    return {} if options is None else {option.get("Name", ""): (option.text or "").strip() for option in options}


def _known(commands: dict[str, _Command], element: ET.Element) -> str:
    command_id = _attribute(element, "CommandId")
    if command_id not in commands:
        raise Fault(Code.RESOURCE_NOT_FOUND)
    return command_id


def _attribute(element: ET.Element, name: str) -> str:
    """Return an attribute with or without its namespace: a recorded Server 2012 took either (winrm4j, win12.xml)."""
    return element.get(name) or element.get(_R + name) or ""


def _element(name: str, content: str = "") -> str:
    return f'<rsp:{name} xmlns:rsp="{SHELL}">{content}</rsp:{name}>'
