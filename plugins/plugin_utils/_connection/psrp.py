# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The task's ``psrp`` connection as a sender, through pypsrp 0.8 or later. Private to this collection."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

from .diagnosis import Variables, install
from .http_sender import OPERATION_TIMEOUT, HttpFailure, HttpSender, Refused, Unusable
from .tickets import OWN

# A collection's files must be importable where what they need is not installed: ansible-test's sanity test "import".
try:
    import requests
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError
    from pypsrp.wsman import WSMan
except ImportError as error:
    LACKING: ImportError | None = error
else:
    LACKING = None

VARIABLES = Variables(
    login="ansible_psrp_auth (negotiate, kerberos, ntlm or credssp: Windows has basic switched off)",
    trust="ansible_psrp_ca_cert",
    path="ansible_psrp_path",
    called="ansible_psrp_negotiate_hostname_override",
)
# The plugin's own defaults, in seconds. They suit small steps of a remote shell; a method call of Hyper-V may take
# longer, so a value that equals its default counts as not set.
_DEFAULT_OPERATION_TIMEOUT = 20
_DEFAULT_READ_TIMEOUT = 30
_HANDSHAKES = frozenset({"ntlm", "negotiate", "kerberos", "credssp"})  # the others log in with every message
_WITH_TICKETS = frozenset({"negotiate", "kerberos"})


def psrp_sender(plugin: t.Any) -> HttpSender:
    """Return the sender for a ``psrp`` connection plugin whose options are set. Raises ImportError without pypsrp."""
    if LACKING:
        raise LACKING
    plugin._build_kwargs()
    options = dict(plugin._psrp_conn_kwargs)
    operation_timeout, options["read_timeout"] = _timeouts(options)
    host = f"[{options['server']}]" if ":" in options["server"] else options["server"]
    ways = {options["auth"]: functools.partial(_open, options)}
    return HttpSender(f"{host}:{options['port']}", operation_timeout, str(options["username"]), VARIABLES, ways)


def _timeouts(options: dict[str, t.Any]) -> tuple[int, int]:
    """Return the seconds that a node may take for a request, and those after which no answer is expected."""
    operation, read = int(options["operation_timeout"]), int(options.get("read_timeout") or _DEFAULT_READ_TIMEOUT)
    if operation == _DEFAULT_OPERATION_TIMEOUT:
        operation = OPERATION_TIMEOUT if read == _DEFAULT_READ_TIMEOUT else max(1, min(OPERATION_TIMEOUT, read - 10))
    return operation, operation + 10 if read == _DEFAULT_READ_TIMEOUT else read


def _open(options: dict[str, t.Any]) -> PypsrpChannel:
    try:
        transport: t.Any = WSMan(**options).transport
    except ValueError as error:
        raise Unusable(f"cannot be used: {error}") from error
    # pypsrp 0.8 logs in only on a session that it has built itself.
    transport._build_session = functools.partial(_build_session, transport._build_session)
    return PypsrpChannel(transport)


def _build_session(build: Callable[[], requests.Session]) -> requests.Session:
    """Return pypsrp's session with those of ansible_psrp_reconnection_retries that come before anything is sent.

    With them all, urllib3 would send a request again after a TLS error that came when it was on its way.
    """
    session: t.Any = build()
    if getattr(session.auth, "auth_provider", "") in _WITH_TICKETS and not session.auth.password:
        # It logs in here, and again where the node asks for that. With a password it has a cache of its own in memory.
        session.auth.handle_401 = OWN.holding(session.auth.handle_401)
    for adapter in session.adapters.values():
        adapter.max_retries = adapter.max_retries.new(total=None, read=0, status=0, redirect=0, other=0)
    return t.cast("requests.Session", session)


def _has_ended(context: t.Any) -> bool:
    """Tell whether the ticket behind a security context has ended, and with it the context for pyspnego.

    pyspnego would still seal the request, and then could not open the answer: it asks for the mechanism of the context
    first, which GSS-API does not tell any more (pyspnego 0.12, MIT Kerberos 1.20). So let it open one that is empty.
    """
    if context.negotiated_protocol != "kerberos":
        return False  # of NTLM every message changes the state
    try:
        context.unwrap_winrm(b"", b"")
    except Exception as error:
        return "context has expired" in str(error)
    return False


class PypsrpChannel:
    """A session of pypsrp; see ``http_sender.Channel``."""

    def __init__(self, transport: t.Any) -> None:
        self._transport = transport
        self._logged_in = transport.wrap_required or transport.auth not in _HANDSHAKES
        self._finds_tickets = transport.auth in _WITH_TICKETS
        self.sent = False
        self._hand_over = transport._send_request
        transport._send_request = self._send_request

    def _send_request(self, *args: t.Any, **kwargs: t.Any) -> bytes:
        """Note that a request leaves: pypsrp seals it before, and logs in without one if it seals messages."""
        awaits_keys = self._transport.wrap_required and self._transport.encryption is None
        self.sent = self._logged_in and not awaits_keys
        return t.cast("bytes", self._hand_over(*args, **kwargs))

    @property
    def readable(self) -> bool:
        """Whether requests go unencrypted, by TLS or otherwise."""
        return not self._transport.ssl and not self._transport.wrap_required

    def post(self, request: bytes) -> bytes:
        """Log in, the first time, and return the body that answers."""
        self.sent = False
        if self._transport.encryption and self._finds_tickets and _has_ended(self._transport.encryption.context):
            raise Unusable("has come to the end of its ticket")
        try:
            if not self._logged_in:
                self._transport.send(b"")
                self._logged_in = True
            return bytes(self._transport.send(request))
        except ImportError as error:
            # pypsrp and pyspnego look for the library of a login when it begins.
            package = "pypsrp[credssp]" if self._transport.auth == "credssp" else "pypsrp[kerberos]"
            raise Unusable(f"cannot be used on this controller: {error}; {install(package)}") from error
        except AuthenticationError as error:
            raise Refused(str(error)) from error
        except WinRMTransportError as error:
            raise HttpFailure(error.args[1], error.args[2].encode()) from error

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()
