# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The task's ``winrm`` connection as a sender, through pywinrm 0.4.3 or later. Private to this collection."""

from __future__ import annotations

import contextlib
import time
import typing as t
from collections.abc import Iterator

import requests
from ansible.errors import AnsibleConnectionFailure
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.protocol import Protocol

from .._wsman.transport import AnswerLost, NodeBusy, TransportError, Unreachable
from .diagnosis import before_sending, explain

try:
    from spnego.exceptions import SpnegoError
except ImportError:  # requests_ntlm before 1.2 does NTLM without pyspnego
    _BROKEN: tuple[type[Exception], ...] = (requests.RequestException, OSError)
else:
    _BROKEN = (requests.RequestException, OSError, SpnegoError)  # the last: an answer that cannot be deciphered

OPERATION_TIMEOUT = 60  # seconds; WinRM's own upper limit (MaxTimeoutms)
CONNECT_TIMEOUT = 30  # seconds
# Windows drops idle connections after about two minutes. A method call on one of those would be lost in a way that
# cannot be told from a call that was carried out, so a connection that was silent for long is opened anew.
LONGEST_SILENCE = 60  # seconds


class WinrmSender:
    """Posts envelopes with the settings of a ``winrm`` connection plugin, authenticated and encrypted as it says.

    One TCP connection, opened by the first send. The session dies with any error, and the next send makes a new one:
    pywinrm would otherwise encrypt with the keys of a connection that is gone.
    """

    def __init__(self, connection: t.Any) -> None:
        self._plugin = connection
        connection._build_winrm_kwargs()
        host = f"[{connection._winrm_host}]" if ":" in connection._winrm_host else connection._winrm_host
        self.address = f"{host}:{connection._winrm_port}"
        self._url = f"{connection._winrm_scheme}://{self.address}/{connection._winrm_path.lstrip('/')}"
        self._options = dict(connection._winrm_kwargs)
        configured = self._options.pop("operation_timeout_sec", None)
        self.operation_timeout = int(connection._winrm_connection_timeout or configured or OPERATION_TIMEOUT)
        self._read_timeout = int(self._options.pop("read_timeout_sec", self.operation_timeout + 10))
        self._transport: t.Any = None  # pywinrm's Transport once a login has worked
        self._last_used = 0.0

    def send(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``."""
        if self._transport is not None and time.monotonic() - self._last_used > LONGEST_SILENCE:
            _forget(self._transport)
        try:
            return self._log_in_with(request) if self._transport is None else self._post(self._transport, request)
        except InvalidCredentialsError as error:
            # The node took this login before: the next send logs in anew, which tells whether it still does.
            self._transport = None
            raise AnswerLost(f"{self.address} asked for a new login in the middle of the session.") from error
        finally:
            self._last_used = time.monotonic()

    def close(self) -> None:
        """Close the connection; a later send opens it again."""
        if self._transport is not None:
            _forget(self._transport)
            self._transport = None

    def _log_in_with(self, request: bytes) -> bytes:
        """Try the configured ways to log in one after the other, as Ansible's plugin does; keep the one that works."""
        refusals = []
        for method in self._plugin._winrm_transport:
            try:
                transport = self._open(method)
                answer = self._post(transport, request)
            except InvalidCredentialsError as error:
                refusals.append(f"{method}: {error}")
            except (AnsibleConnectionFailure, WinRMError, ValueError) as error:
                refusals.append(f"{method} cannot be used: {error}")
            else:
                self._transport = transport
                return answer
        raise Unreachable(
            f"{self.address} refused the credentials of user {self._plugin._winrm_user!r} ({'; '.join(refusals)}). "
            "Check ansible_user, ansible_password and ansible_winrm_transport (ntlm, kerberos or credssp: Windows has "
            "basic switched off), and that the account is not locked and may log on over WinRM."
        )

    def _open(self, method: str) -> t.Any:
        """Log in one way, with a Kerberos ticket fetched first where Ansible manages it.

        Basic and certificates log in with the first message only.
        """
        if method == "kerberos" and self._plugin._kerb_managed:
            self._plugin._kerb_auth(self._plugin._winrm_user, self._plugin._winrm_pass)
        transport: t.Any = Protocol(self._url, transport=t.cast(t.Any, method), **self._options).transport
        transport.read_timeout_sec = (CONNECT_TIMEOUT, self._read_timeout)
        with self._explaining(transport):
            transport.build_session()
        return transport

    def _post(self, transport: t.Any, request: bytes) -> bytes:
        try:
            with self._explaining(transport):
                return bytes(transport.send_message(request))
        except WinRMTransportError as error:
            body = error.args[2]
            return body.encode() if isinstance(body, str) else bytes(body)

    @contextlib.contextmanager
    def _explaining(self, transport: t.Any) -> Iterator[None]:
        """Turn errors of the libraries into ours; an HTTP error whose body is a SOAP message passes as an answer."""
        try:
            yield
        except WinRMTransportError as error:
            if error.args[2]:
                raise
            _forget(transport)
            raise self._http_error(error.args[1]) from error
        except InvalidCredentialsError:
            _forget(transport)
            raise
        except _BROKEN as error:
            _forget(transport)
            if before_sending(error):
                raise Unreachable(explain(error, self.address)) from error
            raise AnswerLost(f"The connection to {self.address} broke: {error}") from error

    def _http_error(self, status: int) -> TransportError:
        """Return what an HTTP error without content means."""
        if status == 503:
            return NodeBusy(f"{self.address} is too busy to take the request (HTTP 503).")
        if status == 400 or self._transport is not None:
            return AnswerLost(f"{self.address} lost the session (HTTP {status} without content).")
        hints = {
            403: "Check the IP filter and client certificate mapping of its WinRM listener.",
            404: "Check that WinRM listens on this port and that ansible_winrm_path is right.",
            500: "It most likely refuses unencrypted traffic: use ntlm, kerberos or credssp, or https.",
        }
        hint = hints.get(status, "Check for a proxy between the controller and the node.")
        return Unreachable(f"{self.address} answered HTTP {status} without content. {hint}")


def _forget(transport: t.Any) -> None:
    """Drop session and keys: pywinrm keeps both after an error, and would go on unencrypted or with stale keys."""
    transport.close_session()
    transport.encryption = None
