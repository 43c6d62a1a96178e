# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The task's ``winrm`` connection as a sender, through pywinrm 0.4.3 or later."""

from __future__ import annotations

import contextlib
import functools
import shutil
import typing as t
from collections.abc import Hashable, Iterator

from ansible.errors import AnsibleError

from .addresses import host_for_url
from .basic import hindrance_of_basic
from .diagnosis import Variables
from .http_sender import HANDSHAKES, HttpFailure, HttpSender, OnResponse, Refused, Unusable
from .kerberos_failures import with_cure
from .lockout import Account, Answered, LockoutGuard
from .login_answers import watch
from .packages import install
from .proxies import find_proxy
from .tickets import OWN, Cache, NoTicket, fetched, steady_environment
from .timeouts import timeouts_of_winrm

# A collection's files must be importable where what they need is not installed: ansible-test's sanity test "import".
try:
    import requests
    from winrm import transport as pywinrm
    from winrm.protocol import Protocol
except ImportError as error:
    LACKING: ImportError | None = error
else:
    LACKING = None

CONNECT_TIMEOUT = 30  # seconds
VARIABLES = Variables(
    login="ansible_winrm_transport (ntlm, kerberos or credssp: Windows has basic switched off)",
    trust="ansible_winrm_ca_trust_path",
    path="ansible_winrm_path",
    called="ansible_winrm_kerberos_hostname_override",
    scheme="ansible_winrm_scheme",
    proxy="ansible_winrm_proxy",
    direct='ansible_winrm_proxy: ""',
)
_BASIC = frozenset({"basic", "plaintext", "ssl"})  # "ssl" logs in with a certificate where it is given one
_FROM_ENVIRONMENT = "legacy_requests"  # pywinrm's word for a proxy of the environment
_LIBRARIES = {"ntlm": "requests_ntlm", "kerberos": "pykerberos", "credssp": "requests-credssp"}


def winrm_sender(plugin: t.Any, guard: LockoutGuard | None = None) -> HttpSender:
    """Return the sender for a ``winrm`` connection plugin whose options are set. Raises ImportError without pywinrm."""
    if LACKING:
        raise LACKING
    plugin._build_winrm_kwargs()
    address = f"{host_for_url(str(plugin._winrm_host))}:{plugin._winrm_port}"
    url = f"{plugin._winrm_scheme}://{address}/{plugin._winrm_path.lstrip('/')}"
    options = dict(plugin._winrm_kwargs)
    timeouts = timeouts_of_winrm(plugin._winrm_connection_timeout, options)
    given = options.get("proxy", _FROM_ENVIRONMENT)
    proxy = find_proxy(url, None if given == _FROM_ENVIRONMENT else str(given or ""), VARIABLES.proxy, VARIABLES.direct)
    options |= {"operation_timeout_sec": timeouts.operation, "read_timeout_sec": timeouts.read}
    # None would do as well, but then requests writes no_proxy into the environment of all threads for a moment.
    options["proxy"] = proxy.url if proxy else ""
    ways = {
        method: functools.partial(_open, plugin, url, method, options, timeouts.read)
        for method in plugin._winrm_transport
    }
    account = Account.of(plugin._winrm_user, plugin._winrm_pass, list(ways))
    user = str(plugin._winrm_user)
    return HttpSender(address, timeouts.operation, user, VARIABLES, ways, proxy, account, guard)


def _open(plugin: t.Any, url: str, method: str, options: dict[str, t.Any], read_timeout: int) -> PywinrmChannel:
    """Return a channel for one way to log in. Raises Unusable; nothing was sent to the node then."""
    lacking = list(_lacking(plugin, method))
    if lacking:
        raise Unusable(f"cannot be used on this controller: {'; '.join(lacking)}")
    if method in _BASIC and not (method == "ssl" and options.get("cert_pem")):
        hindrance_of_basic(options["username"], options["password"])
    tickets = _tickets(plugin, method)
    try:
        transport: t.Any = Protocol(url, transport=t.cast(t.Any, method), **options).transport
    except Exception as error:
        raise Unusable(f"cannot be used: {error}") from error
    transport.read_timeout_sec = (min(CONNECT_TIMEOUT, read_timeout), read_timeout)
    return PywinrmChannel(transport, method in HANDSHAKES, tickets)


def _lacking(plugin: t.Any, method: str) -> Iterator[str]:
    """Yield what a way to log in needs that the controller has not, with its cure."""
    if _fetches_ticket(plugin, method) and shutil.which(plugin._kinit_cmd) is None:
        packages = "krb5-user on Debian and Ubuntu, krb5-workstation on Red Hat"
        yield f"{plugin._kinit_cmd} was not found; install it (package {packages})"
    if method in _LIBRARIES and not getattr(pywinrm, f"HAVE_{method.upper()}"):
        package = "pywinrm" if method == "ntlm" else f"pywinrm[{method}]"
        yield f"the Python package {_LIBRARIES[method]} cannot be imported; {install(package)}"


def _fetches_ticket(plugin: t.Any, method: str) -> bool:
    """Return whether Ansible's plugin fetches the Kerberos ticket itself, as it does where it is given a password."""
    return method == "kerberos" and bool(plugin._kerb_managed)


def _tickets(plugin: t.Any, method: str) -> Cache | None:
    """Return where a login takes its Kerberos ticket from, if it takes any. Raises Unusable where kinit gets none."""
    if method != "kerberos":
        return None
    if not plugin._kerb_managed:
        return OWN
    try:
        return fetched(_account(plugin), functools.partial(_fetch_ticket, plugin))
    except NoTicket as error:
        said = with_cure(str(error), str(plugin._winrm_user), VARIABLES.called)
        raise Unusable(
            f"got no ticket, and the node was not asked: {said}. Check ansible_user, ansible_password and the "
            "controller's krb5.conf"
        ) from error


def _account(plugin: t.Any) -> Hashable:
    """Return all that the ticket depends on which Ansible's plugin lets kinit fetch."""
    options = [plugin.get_option(option) for option in ("kerberos_command", "kinit_args", "kinit_env_vars")]
    delegation = plugin.get_option("_extras").get("ansible_winrm_kerberos_delegation")
    return plugin._winrm_user, plugin._winrm_pass, repr([*options, delegation])


def _fetch_ticket(plugin: t.Any) -> object:
    """Let Ansible's plugin run kinit, which makes a cache of its own; return what removes it. Raises NoTicket."""
    try:
        plugin._kerb_auth(plugin._winrm_user, plugin._winrm_pass)
    except AnsibleError as error:
        raise NoTicket(str(error).rstrip(".")) from error
    except Exception as error:
        # Older versions of ansible-core talk to kinit through pexpect, where there is one, and wait 60 s for its end.
        asked = "Password expired" if "Password expired" in str(error) else type(error).__name__
        raise NoTicket(f"kinit did not end after it had the password: {asked}") from error
    file, plugin._kerb_ccache = plugin._kerb_ccache, None
    return file


class PywinrmChannel:
    """A session of pywinrm; see ``http_sender.Channel``. None of its logins leaves open what it logs in by."""

    def __init__(self, transport: t.Any, handshakes: bool, tickets: Cache | None) -> None:
        self._transport = transport
        self._log_in_first = handshakes
        self._tickets = tickets
        self._answered = False
        self.sent = False
        self.on_response: OnResponse | None = None
        self.on_answer: Answered = lambda: None
        self.mechanism = ""
        # pywinrm's own loses the status of an error whose page is not UTF-8, and follows redirections.
        transport._send_message_request = self._exchange

    @property
    def readable(self) -> bool:
        """Whether requests go unencrypted, by TLS or otherwise."""
        return self._transport.endpoint.startswith("http:") and self._transport.encryption is None

    def post(self, request: bytes) -> bytes:
        """Log in, the first time, and return the body that answers."""
        if self.sent:
            return bytes(self._transport.send_message(request))
        # The first message too: until it is answered a node may ask for the login once more.
        with self._tickets.held() if self._tickets else contextlib.nullcontext():
            self._log_in()
            self.sent = True
            return bytes(self._transport.send_message(request))

    def _log_in(self) -> None:
        """Log in without a message, so that no failure of it can concern one. pywinrm does so only if it encrypts."""
        with steady_environment():
            self._transport.build_session()
        # All that the environment says is in the session now; requests would ask it again for each message.
        self._transport.session.trust_env = False
        login: t.Any = getattr(self._transport.session, "auth", None)
        if self._tickets and hasattr(login, "generate_request_header"):
            # pywinrm logs in again by itself where the node asks for that, and looks for a ticket then.
            login.generate_request_header = self._tickets.holding(login.generate_request_header)
        if self._log_in_first and self._transport.encryption is None:
            self._transport.send_message(b"")

    def _exchange(self, *given: t.Any) -> t.Any:
        """Send a prepared request over pywinrm's session, and return the response if it is no error.

        pywinrm 0.5 gives the session and the request, pywinrm 0.4.3 the request and the message in it.
        """
        request = next(one for one in given if isinstance(one, requests.PreparedRequest))
        watch(request, logs_in=self._log_in_first and not self._answered, on_answer=self.on_answer)
        response = self._transport.session.send(request, timeout=self._transport.read_timeout_sec)
        self._answered = True
        if self.on_response is not None:
            self.on_response(response.status_code, response.headers)
        if response.status_code == 401:
            raise Refused("the specified credentials were rejected by the server")
        if not response.ok:
            is_sealed = response.headers.get("Content-Type", "").startswith("multipart/")
            body = self._transport._get_message_response_text(response) if is_sealed else response.content
            raise HttpFailure(response.status_code, bytes(body), response.headers)
        return response

    def hang_up(self) -> None:
        """Close the TCP connection and stay usable: the next request opens another one."""
        self._transport.session.close()

    def close(self) -> None:
        """Close the connection, and give up the ticket."""
        self._transport.close_session()
        self._tickets = None
