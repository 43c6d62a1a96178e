# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sending with any library: when to log in, and what each failure means for the request."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from collections.abc import Callable, Mapping

from .._wsman.errors import AnswerLost, LoginRefused, NodeBusy, TransportError, Unreachable
from .diagnosis import (
    Variables,
    before_sending,
    explain,
    explain_no_login,
    explain_no_winrm,
    explain_refusal,
    explain_status,
    of_the_network,
    was_dropped,
)
from .kerberos_failures import explain_long_token, is_about_a_long_token, refuses_account, with_cure
from .lockout import Account, Answered, LockoutGuard
from .login_answers import LoginCut, NoWinRM
from .proxies import Proxy
from .proxy_failures import explain_broken_login, explain_status_of_proxy, suspect

HANDSHAKES = frozenset({"ntlm", "negotiate", "kerberos", "credssp"})  # the others log in with every message
WITHOUT_PASSWORD = frozenset({"kerberos", "certificate"})  # the node gets a ticket or a certificate
# Windows drops idle connections after about two minutes. A method call on one of those would be lost in a way that
# cannot be told from a call that was carried out, so a connection that was silent for long is opened anew.
LONGEST_SILENCE = 60  # seconds


OnResponse = Callable[[int, Mapping[str, str]], None]


class Refused(Exception):
    """The node refused a way to log in; the request was not carried out."""


class Unusable(Exception):
    """A way to log in failed before the node could judge it; nothing was carried out.

    The text goes on after the name of the way, as in ``kerberos cannot be used on this controller: ...``.
    """


class HttpFailure(Exception):
    """The answer is an HTTP error, whose body may be a SOAP message."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        # The name by which http.sys calls itself, below WinRM. A proxy that passes its answers on keeps the name.
        self.is_windows = headers.get("Server", "").startswith("Microsoft-HTTPAPI")


class Channel(t.Protocol):
    """A session of one of the HTTP libraries with its keys, used until its first failure.

    Attributes:
        on_response: is told the HTTP status and the headers of each response, where somebody listens.
        on_answer: is told of the first answer to a login of several steps.
        mechanism: by what it logged in where the name of the login leaves that open; empty before that, and otherwise.
    """

    on_response: OnResponse | None
    on_answer: Answered
    mechanism: str

    @property
    def sent(self) -> bool:
        """Whether the last request may have left. Not so while only the login failed, which carries no request."""

    @property
    def readable(self) -> bool:
        """Whether requests go unencrypted, by TLS or otherwise."""

    def post(self, request: bytes) -> bytes:
        """Log in, the first time, and return the body that answers.

        Raises Refused, LoginCut, Unusable, HttpFailure, NoWinRM, and whatever the libraries behind it raise.
        """

    def hang_up(self) -> None:
        """Close the TCP connection and stay usable: the next request opens another one."""

    def close(self) -> None:
        """Close the connection for good."""


class HttpSender:
    """Posts envelopes over one authenticated TCP connection, which the first send opens.

    A channel dies with any failure, and the next send logs in on a new one: the libraries would otherwise encrypt with
    the keys of a connection that is gone.

    Attributes:
        on_response: is told the HTTP status and the headers of each response from the next login on.
    """

    def __init__(
        self,
        address: str,
        operation_timeout: int,
        user: str,
        variables: Variables,
        ways: Mapping[str, Callable[[], Channel]],
        proxy: Proxy | None = None,
        account: Account | None = None,
        guard: LockoutGuard | None = None,
    ) -> None:
        """Send nothing yet.

        Args:
            address: host and port, for messages.
            operation_timeout: seconds that the node may take for one request.
            ways: how to open a channel, by the name of the login, in the order in which to try. May raise Unusable.
            proxy: the one that all of them go through.
            account: what they log in with, None where it cannot be locked.
            guard: of all senders of a task.
        """
        self.address = address
        self.operation_timeout = operation_timeout
        self._user = user
        self._variables = variables
        self._ways = ways
        self._proxy = proxy
        self._account = account
        self._guard = guard or LockoutGuard()
        self._works: str | None = None  # the way that was taken before, the only one from then on
        self._mechanism = ""
        self._channel: Channel | None = None
        self.on_response: OnResponse | None = None
        self._last_used = 0.0
        self._one_at_a_time = threading.Lock()  # the keys of a connection count its messages

    def send(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``."""
        with self._one_at_a_time:
            return self._send(request)

    def _send(self, request: bytes) -> bytes:
        if time.monotonic() - self._last_used > LONGEST_SILENCE:
            self.close()
        try:
            if self._channel is not None:
                # Its keys may end before it does, as those of a Kerberos ticket: nothing was sent, so log in anew.
                with contextlib.suppress(Unusable):
                    return self._post(self._channel, request)
            with self._guard.login(self._account, self.address) as answered:
                return self._log_in_with(request, answered)
        except Refused as refused:
            # The node took this login before: the next send logs in anew, which tells whether it still does.
            raise AnswerLost(f"{self.address} asked for a new login in the middle of the session.") from refused
        finally:
            self._last_used = time.monotonic()

    @property
    def login(self) -> str:
        """The login that the node took, by the name that Ansible's options have for it; empty before that.

        Of ``negotiate`` it is what the two sides agreed on.
        """
        return self._mechanism or self._works or ""

    def close(self) -> None:
        """Close the connection; a later send opens it again."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _log_in_with(self, request: bytes, answered: Answered) -> bytes:
        """Try the configured ways to log in one after the other, as Ansible's plugin does; keep the one that works."""
        refusals, hindrances, is_wrong = [], [], False
        for way in [self._works] if self._works else self._ways:
            breaking, channel = self._breaking_proxy(way), None
            try:
                channel = self._ways[way]()
                channel.on_response, channel.on_answer = self.on_response, answered
                answer = self._post(channel, request, way)
            except (Refused, LoginCut) as refused:
                # What has logged in is refused only where its message takes another connection.
                if breaking and (isinstance(refused, LoginCut) or (channel and channel.sent)):
                    raise self._unreachable(explain_broken_login(way, self.address, breaking)) from refused
                refusals.append(f"{way}: {refused}")
                is_wrong |= isinstance(refused, Refused) and way not in WITHOUT_PASSWORD
            except Unusable as unusable:
                hindrances.append(f"{way} {unusable}")
                is_wrong |= refuses_account(str(unusable))
            else:
                self._works, self._mechanism = way, channel.mechanism
                return answer
        if not refusals:
            told = explain_no_login(self.address, hindrances, self._variables)
        else:
            has_password = self._account is None or bool(self._account.password)
            told = explain_refusal(
                self.address, self._user, [*refusals, *hindrances], self._variables, has_password=has_password
            )
            told += f" {suspect(way, breaking)}" if breaking else ""
        raise (LoginRefused if is_wrong else Unreachable)(self._told(told))

    def _post(self, channel: Channel, request: bytes, way: str = "") -> bytes:
        """Post over a channel; ``way``: the login that it has yet to do."""
        worked, self._channel = self._channel is channel, None
        try:
            answer = self._answer(channel, request)
            if self._ends_unsaid(way or self._works or ""):
                channel.hang_up()
            self._channel = channel
            return answer
        except (Refused, LoginCut, Unusable):
            raise
        except Exception as error:
            raise self._meaning(error, channel, worked, way) from error
        finally:
            # Also after a task's time limit: half an answer is still on its way.
            if self._channel is None:
                channel.close()

    def _answer(self, channel: Channel, request: bytes) -> bytes:
        """Return the SOAP message that answers, be it a fault that comes as an HTTP error."""
        try:
            answer = channel.post(request)
        except HttpFailure as failure:
            if b"Envelope" not in failure.body:
                raise
            return failure.body
        if not self._works and b"Envelope" not in answer:
            raise NoWinRM("answered with something that is no SOAP message")
        return answer

    def _meaning(self, error: Exception, channel: Channel, worked: bool, way: str) -> Exception:
        """Return what an error says about the request."""
        if isinstance(error, HttpFailure):
            return self._bare_status(error, channel, worked, way)
        if isinstance(error, NoWinRM):
            return self._unreachable(explain_no_winrm(self.address, str(error), self._variables))
        # Each authentication library has exceptions of its own; what they mean depends only on when they came.
        return self._broken(error, channel.sent, way)

    def _bare_status(self, failure: HttpFailure, channel: Channel, worked: bool, way: str) -> TransportError:
        """Return what an HTTP error without a SOAP message means."""
        status = failure.status
        at_proxy = self._proxy if self._proxy and self._proxy.relays and not failure.is_windows else None
        if status == 503 and (worked or not at_proxy):
            return NodeBusy(self._told(f"{self.address} is too busy to take the request (HTTP 503)."))
        if is_about_a_long_token(status, failure.body):
            return self._unreachable(explain_long_token(self.address, self._user))
        # 400 is the answer to a stale security context. Above, the request may have been at work, unless the node
        # turned it away for being readable. A session that has worked gives no reason for any of these.
        if channel.sent and status == 400 and (breaking := self._breaking_proxy(way)):
            return self._unreachable(explain_broken_login(way, self.address, breaking))
        may_work = self._works or not channel.readable
        if channel.sent and (worked or status == 400 or (status >= 500 and status != 503 and may_work)):
            lost = f"{self.address} lost the session before it answered a request (HTTP {status} and no SOAP message)."
            return AnswerLost(self._told(lost))
        if at_proxy:
            return self._unreachable(explain_status_of_proxy(status, self.address, at_proxy))
        return self._unreachable(explain_status(status, self.address, self._variables))

    def _broken(self, error: Exception, sent: bool, way: str) -> Exception:
        breaking = self._breaking_proxy(way)
        if not sent and not of_the_network(error):
            told = f"cannot be used: {with_cure(str(error), self._user, self._variables.called)}"
            # Kerberos fails on the controller, the others at what they hear.
            if breaking and way in ("ntlm", "credssp"):
                told += f". {suspect(way, breaking)}"
            return Unusable(told)
        if breaking and was_dropped(error):
            kind = AnswerLost if sent else Unreachable
            return kind(self._told(explain_broken_login(way, self.address, breaking)))
        if not sent or before_sending(error):
            return self._unreachable(explain(error, self.address, self._variables, self._proxy))
        return AnswerLost(self._told(f"The connection to {self.address} broke: {error}"))

    def _breaking_proxy(self, way: str) -> Proxy | None:
        """Return the proxy that may be what breaks a login: one that sees each request, of a way that never worked."""
        return self._proxy if self._proxy and self._proxy.relays and way in HANDSHAKES and not self._works else None

    def _ends_unsaid(self, way: str) -> bool:
        """Return whether the connection may end after each answer although the answer does not say so.

        tinyproxy 1.11.1 ends it so: it passes on "HTTP/1.1 200 OK" without "Connection: close" (RFC 9112, 9.6). A
        request that meets that end on its way is lost as one that was carried out may be. A login that belongs to a
        connection would be lost with it, and does not get past such a proxy.
        """
        return self._proxy is not None and self._proxy.relays and way not in HANDSHAKES

    def _unreachable(self, told: str) -> Unreachable:
        return Unreachable(self._told(told))

    def _told(self, sentence: str) -> str:
        return f"{sentence} {self._proxy.remark()}" if self._proxy else sentence
