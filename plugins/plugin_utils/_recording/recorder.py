# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listens in on senders."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Mapping

from .._wsman.errors import NoAnswer
from .._wsman.transport import Send
from .exchanges import Exchange, TapeWriter, as_text
from .sparing import SparingSend

# Headers that say which server and which encryption answered. All others stay out, those of logins above all.
_HEADERS = ("Server", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection")

OnResponse = Callable[[int, Mapping[str, str]], None]


class Recordable(t.Protocol):
    """A sender that tells of the HTTP responses that it gets."""

    on_response: OnResponse | None

    def send(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``."""


# DSP0226, 11: a message without headers that every service answers with its version.
_IDENTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    b"<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)


class Recorder:
    """Keeps what goes through senders, as the product sees it: readable, before it is sealed and after it is opened.

    It sees messages alone. User, password and ticket are the sender's, and none of them is in a message.

    Attributes:
        task: the module that sends.
    """

    def __init__(self, tape: TapeWriter, now: Callable[[], float], task: str, *, only_reads: bool = False) -> None:
        """Record for the module ``task``.

        With ``only_reads`` everything else is refused with NotARead, and nodes are spared: see SparingSend.
        """
        self._tape = tape
        self._now = now
        self.task = task
        self._sends: dict[str, Send] = {}
        self._sparing: list[SparingSend] = []
        self._only_reads = only_reads
        self._began = now()

    def around(self, sender: Recordable, host: str) -> Send:
        """Return the ``send`` of a sender to ``host`` that is recorded."""
        answers: list[tuple[int, Mapping[str, str]]] = []
        sender.on_response = lambda status, headers: answers.append((status, headers))

        def recorded(request: bytes) -> bytes:
            answers.clear()
            began, answer, error = self._now(), None, ""
            try:
                answer = sender.send(request)
                return answer
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"
                raise
            finally:
                status, headers = answers[-1] if answers else (None, {})
                self._tape.add(
                    Exchange(
                        task=self.task,
                        host=host,
                        began=round(began - self._began, 4),
                        seconds=round(self._now() - began, 4),
                        status=status,
                        headers={name: headers[name] for name in _HEADERS if name in headers},
                        request="",
                        context="",
                        error=error,
                    ),
                    as_text(request),
                    None if answer is None else as_text(answer),
                )

        send: Send = recorded
        if self._only_reads:
            send = sparing = SparingSend(recorded)
            self._sparing.append(sparing)
        self._sends[host] = send
        return send

    @property
    def refused(self) -> list[str]:
        """What was not sent because it might change something, in sentences."""
        return sorted(set().union(*(sparing.refused for sparing in self._sparing)))

    def identify(self) -> None:
        """Ask each host that has been sent to for the version of its service; none has to answer."""
        self.task = "identify"
        for send in self._sends.values():
            with contextlib.suppress(NoAnswer):
                send(_IDENTIFY)
