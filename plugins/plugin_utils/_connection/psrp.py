# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The task's ``psrp`` connection as a sender, through pypsrp 0.8 or later."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

from .._wsman.errors import Unreachable
from .addresses import host_for_url
from .basic import hindrance_of_basic
from .diagnosis import Variables
from .http_sender import HANDSHAKES, HttpFailure, HttpSender, OnResponse, Refused, Unusable
from .lockout import Account, Answered, LockoutGuard
from .login_answers import watch
from .packages import install
from .proxies import find_proxy
from .tickets import OWN, steady_environment
from .timeouts import timeouts_of_psrp

# A collection's files must be importable where what they need is not installed: ansible-test's sanity test "import".
try:
    import requests
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError
    from pypsrp.wsman import AUTH_KWARGS, WSMan
except ImportError as error:
    LACKING: ImportError | None = error
else:
    LACKING = None

VARIABLES = Variables(
    login="ansible_psrp_auth (negotiate, kerberos, ntlm or credssp: Windows has basic switched off)",
    trust="ansible_psrp_ca_cert",
    path="ansible_psrp_path",
    called="ansible_psrp_negotiate_hostname_override",
    scheme="ansible_psrp_protocol",
    proxy="ansible_psrp_proxy",
    direct="ansible_psrp_ignore_proxy: true",
)
_WITH_TICKETS = frozenset({"negotiate", "kerberos"})


def psrp_sender(plugin: t.Any, guard: LockoutGuard | None = None) -> HttpSender:
    """Return the sender for a ``psrp`` connection plugin whose options are set. Raises ImportError without pypsrp."""
    if LACKING:
        raise LACKING
    plugin._build_kwargs()
    options = dict(plugin._psrp_conn_kwargs)
    _refuse_unknown_key_password(options)
    host = host_for_url(str(options["server"]))
    options["server"] = host.strip("[]")
    timeouts = timeouts_of_psrp(options)
    options["read_timeout"] = timeouts.read
    url = f"{'https' if options['ssl'] else 'http'}://{host}:{options['port']}"
    given = "" if options["no_proxy"] and options["proxy"] is None else options["proxy"]
    proxy = find_proxy(url, given, VARIABLES.proxy, VARIABLES.direct)
    options |= {"proxy": proxy.url if proxy else None, "no_proxy": proxy is None}
    ways = {options["auth"]: functools.partial(_open, options)}
    user = str(options["username"])
    account = Account.of(user, options["password"], list(ways))
    return HttpSender(f"{host}:{options['port']}", timeouts.operation, user, VARIABLES, ways, proxy, account, guard)


def _refuse_unknown_key_password(options: dict[str, t.Any]) -> None:
    """Refuse what pypsrp before 0.9 drops without a word."""
    known = {name for names in AUTH_KWARGS.values() for name in names}
    if "certificate_key_password" in options and "certificate_key_password" not in known:
        raise Unreachable(
            f"ansible_psrp_certificate_key_password needs pypsrp 0.9 or later; {install('pypsrp>=0.9,<1.0')}. Or "
            "take a key that is not encrypted."
        )


def _open(options: dict[str, t.Any]) -> PypsrpChannel:
    if options["auth"] == "basic":
        hindrance_of_basic(options["username"], options["password"])
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
    with steady_environment():
        session: t.Any = build()
    session.trust_env = False  # all that the environment says is in the session; requests asks it for each message
    if getattr(session.auth, "auth_provider", "") in _WITH_TICKETS and not session.auth.password:
        # It logs in here, and again where the node asks for that. With a password it has a cache of its own in memory.
        session.auth.handle_401 = OWN.holding(session.auth.handle_401)
    for adapter in session.adapters.values():
        adapter.max_retries = adapter.max_retries.new(total=None, read=0, status=0, redirect=0, other=0)
    return t.cast("requests.Session", session)


def _has_ended(context: t.Any) -> bool:
    """Return whether the ticket behind a security context has ended, and with it the context for pyspnego.

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


def _agreed_on(login: t.Any) -> str:
    """Return the mechanism that a login of pypsrp by Negotiate came to: ``kerberos`` or ``ntlm``; empty for others.

    pyspnego's context tells it: which of the two the node took is in its answer, and in no option.
    """
    if getattr(login, "auth_provider", "") != "negotiate":
        return ""
    told = [getattr(context, "negotiated_protocol", None) for context in login.contexts.values()]
    return next((name for name in reversed(told) if name in ("kerberos", "ntlm")), "")


class PypsrpChannel:
    """A session of pypsrp; see ``http_sender.Channel``."""

    def __init__(self, transport: t.Any) -> None:
        self._transport = transport
        self._handshakes = transport.auth in HANDSHAKES
        self._logged_in = transport.wrap_required or not self._handshakes
        self._finds_tickets = transport.auth in _WITH_TICKETS
        self._answered = False
        self.sent = False
        self.on_response: OnResponse | None = None
        self.on_answer: Answered = lambda: None
        self.mechanism = ""
        self._exchange = transport._send_request
        transport._send_request = self._watched_exchange

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
            answer = bytes(self._transport.send(request))
            # Now: GSS-API does not tell it any more once the ticket has ended.
            self.mechanism = self.mechanism or _agreed_on(self._transport.session.auth)
            return answer
        except ImportError as error:
            # pypsrp and pyspnego look for the library of a login when it begins.
            package = "pypsrp[credssp]" if self._transport.auth == "credssp" else "pypsrp[kerberos]"
            raise Unusable(f"cannot be used on this controller: {error}; {install(package)}") from error
        except AuthenticationError as error:
            raise Refused(str(error)) from error
        except WinRMTransportError as error:
            # pypsrp raises it while it handles the error of requests.
            response = getattr(error.__context__, "response", None)
            headers = {} if response is None else response.headers
            raise HttpFailure(error.args[1], error.args[2].encode(), headers) from error

    def _watched_exchange(self, request: t.Any, **more: t.Any) -> bytes:
        # pypsrp seals a request before this, and logs in without one if it seals messages.
        awaits_keys = self._transport.wrap_required and self._transport.encryption is None
        self.sent = self._logged_in and not awaits_keys
        watch(request, logs_in=self._handshakes and not self._answered, on_answer=self.on_answer)
        if (listener := self.on_response) is not None:
            request.hooks["response"].append(lambda response, **more: listener(response.status_code, response.headers))
        answer = bytes(self._exchange(request, **more))
        self._answered = True
        return answer

    def hang_up(self) -> None:
        """Close the TCP connection and stay usable: the next request opens another one."""
        self._transport.session.close()

    def close(self) -> None:
        """Close the connection for good."""
        self._transport.close()
