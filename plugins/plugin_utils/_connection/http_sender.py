# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What sending means whichever library carries it: when to log in, and what each failure says about the request.

Private to this collection.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from collections.abc import Callable, Mapping

from .._wsman.transport import AnswerLost, NodeBusy, TransportError, Unreachable
from .diagnosis import (
    Variables,
    before_sending,
    explain,
    explain_no_login,
    explain_refusal,
    explain_status,
    of_the_network,
)
from .kerberos_failures import explain_long_token, is_about_a_long_token, with_cure

OPERATION_TIMEOUT = 60  # seconds; WinRM's own upper limit (MaxTimeoutms)
# Windows drops idle connections after about two minutes. A method call on one of those would be lost in a way that
# cannot be told from a call that was carried out, so a connection that was silent for long is opened anew.
LONGEST_SILENCE = 60  # seconds


class Refused(Exception):
    """The node refused a way to log in; the request was not carried out."""


class Unusable(Exception):
    """A way to log in failed before the node could judge it; nothing was carried out.

    The text goes on after the name of the way, as in ``kerberos cannot be used on this controller: ...``.
    """


class HttpFailure(Exception):
    """The node answered with an HTTP error, whose body may be a SOAP message."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class Channel(t.Protocol):
    """A session of one of the HTTP libraries with its keys, used until its first failure."""

    @property
    def sent(self) -> bool:
        """Whether the last request may have left. Not so while only the login failed, which carries no request."""

    @property
    def readable(self) -> bool:
        """Whether requests go unencrypted, by TLS or otherwise."""

    def post(self, request: bytes) -> bytes:
        """Log in, the first time, and return the body that answers.

        Raises Refused, Unusable, HttpFailure, and whatever the libraries behind it raise.
        """

    def close(self) -> None:
        """Close the connection."""


class HttpSender:
    """Posts envelopes over one authenticated TCP connection, which the first send opens.

    A channel dies with any failure, and the next send logs in on a new one: the libraries would otherwise encrypt with
    the keys of a connection that is gone.
    """

    def __init__(
        self,
        address: str,
        operation_timeout: int,
        user: str,
        variables: Variables,
        ways: Mapping[str, Callable[[], Channel]],
    ) -> None:
        """Send nothing yet.

        Args:
            address: host and port, for messages.
            operation_timeout: seconds that the node may take for one request.
            ways: how to open a channel, by the name of the login, in the order in which to try. May raise Unusable.
        """
        self.address = address
        self.operation_timeout = operation_timeout
        self._user = user
        self._variables = variables
        self._ways = ways
        self._works: str | None = None  # the way that was taken before, the only one from then on
        self._channel: Channel | None = None
        self._last_used = 0.0

    def send(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``."""
        if time.monotonic() - self._last_used > LONGEST_SILENCE:
            self.close()
        try:
            if self._channel is not None:
                # Its keys may end before it does, as those of a Kerberos ticket: nothing was sent, so log in anew.
                with contextlib.suppress(Unusable):
                    return self._post(self._channel, request)
            return self._log_in_with(request)
        except Refused as refused:
            # The node took this login before: the next send logs in anew, which tells whether it still does.
            raise AnswerLost(f"{self.address} asked for a new login in the middle of the session.") from refused
        finally:
            self._last_used = time.monotonic()

    def close(self) -> None:
        """Close the connection; a later send opens it again."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _log_in_with(self, request: bytes) -> bytes:
        """Try the configured ways to log in one after the other, as Ansible's plugin does; keep the one that works."""
        refusals, hindrances = [], []
        for way in [self._works] if self._works else self._ways:
            try:
                answer = self._post(self._ways[way](), request)
            except Refused as refused:
                refusals.append(f"{way}: {refused}")
            except Unusable as unusable:
                hindrances.append(f"{way} {unusable}")
            else:
                self._works = way
                return answer
        if not refusals:
            raise Unreachable(explain_no_login(self.address, hindrances, self._variables))
        raise Unreachable(explain_refusal(self.address, self._user, [*refusals, *hindrances], self._variables))

    def _post(self, channel: Channel, request: bytes) -> bytes:
        worked, self._channel = self._channel is channel, channel
        try:
            return channel.post(request)
        except HttpFailure as failure:
            if b"Envelope" in failure.body:
                return failure.body
            self._channel = None
            if is_about_a_long_token(failure.status, failure.body):
                raise Unreachable(explain_long_token(self.address, self._user)) from failure
            raise self._bare_status(failure.status, channel, worked) from failure
        except (Refused, Unusable):
            self._channel = None
            raise
        except Exception as error:
            # Each authentication library has exceptions of its own; what they mean depends only on when they came.
            self._channel = None
            raise self._broken(error, channel.sent) from error
        except BaseException:
            # A task's time limit: half an answer is still on its way.
            self._channel = None
            raise
        finally:
            if self._channel is None:
                channel.close()

    def _bare_status(self, status: int, channel: Channel, worked: bool) -> TransportError:
        """Return what an HTTP error without a SOAP message means."""
        if status == 503:
            return NodeBusy(f"{self.address} is too busy to take the request (HTTP 503).")
        # 400 is the answer to a stale security context. Above, the request may have been at work, unless the node
        # turned it away for being readable. A session that has worked gives no reason for any of these.
        if channel.sent and (worked or status == 400 or (status >= 500 and not channel.readable)):
            return AnswerLost(f"{self.address} lost the session (HTTP {status} and no SOAP message).")
        return Unreachable(explain_status(status, self.address, self._variables))

    def _broken(self, error: Exception, sent: bool) -> Exception:
        if not sent and not of_the_network(error):
            return Unusable(f"cannot be used: {with_cure(str(error), self._user, self._variables.called)}")
        if not sent or before_sending(error):
            return Unreachable(explain(error, self.address, self._variables))
        return AnswerLost(f"The connection to {self.address} broke: {error}")
