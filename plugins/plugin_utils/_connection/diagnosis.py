# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connection errors as sentences that say what to check."""

from __future__ import annotations

import contextlib
import socket
import ssl
import traceback
import typing as t
from collections.abc import Iterator, Sequence

from .proxies import Proxy
from .proxy_failures import explain_at_proxy, timed_out_connecting

# The sanity test "import" lacks these. Whoever calls the functions below has pywinrm or pypsrp, which need both.
with contextlib.suppress(ImportError):
    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError


class Variables(t.NamedTuple):
    """The inventory variables of a connection plugin that messages name.

    Attributes:
        login: the one that says how to log in, and the values that Windows takes unless it is told otherwise.
        trust: path of the certificates that are trusted.
        path: path of the URL.
        called: the node's name for Kerberos.
        scheme: http or https.
        proxy: the proxy.
        direct: the setting that goes around a proxy of the environment.
    """

    login: str
    trust: str
    path: str
    called: str
    scheme: str
    proxy: str
    direct: str


def before_sending(error: BaseException) -> bool:
    """Return whether an error came before any byte of the request was sent, as far as that is certain."""
    return any(
        isinstance(cause, (requests.ConnectTimeout, ConnectTimeoutError, NewConnectionError))
        or _is_missing_file(cause)
        or _came_while_connecting(cause)
        for cause in _causes(error)
    )


def of_the_network(error: BaseException) -> bool:
    """Return whether the network failed, rather than a library that logs in: those may raise errors of requests too."""
    if isinstance(error, requests.RequestException):
        broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
        return isinstance(error, broken)
    # requests-ntlm raises a bare PermissionError where it misses an answer to its first step.
    return isinstance(error, OSError) and not (isinstance(error, PermissionError) and error.errno is None)


def was_dropped(error: BaseException) -> bool:
    """Return whether the other side ended a connection that had been there."""
    ended = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
    return not before_sending(error) and any(isinstance(cause, ended) for cause in _causes(error))


def explain(error: BaseException, address: str, variables: Variables, proxy: Proxy | None = None) -> str:
    """Return the sentence for an error that came before the request was sent."""
    causes = list(_causes(error))
    if proxy and (told := explain_at_proxy(causes, address, proxy)):
        return told
    if any(_is_no_tls(cause) for cause in causes):
        return (
            f"{address} speaks no TLS on this port, so no https. Set {variables.scheme} to http if the port is that of "
            "http (5985), or ansible_port to that of https (5986)."
        )
    if any("private key is encrypted" in str(cause) for cause in causes):  # urllib3 says so
        return (
            f"{address} was not asked: the private key of the client certificate is encrypted, and no password for it "
            "is set. Take one that is not, or psrp with ansible_psrp_certificate_key_password (ansible-core 2.21, "
            "pypsrp 0.9)."
        )
    if any(isinstance(cause, (SSLError, requests.exceptions.SSLError)) or _is_missing_file(cause) for cause in causes):
        return (
            f"TLS with {address} failed: {_last(causes)}. Check that the node's certificate is valid, carries the name "
            f"used here, and that its issuer is trusted ({variables.trust})."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The name of {address} cannot be resolved. Check ansible_host and the controller's DNS."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return (
            f"{address} refused the connection. Check that WinRM is enabled and listens there (ansible_port; "
            "5985 for http, 5986 for https) and that the node is up."
        )
    if any(timed_out_connecting(cause) or isinstance(cause, (TimeoutError, requests.Timeout)) for cause in causes):
        return f"{address} did not answer in time. Check that the node is up and that no firewall drops the port."
    return (
        f"{address} cannot be reached: {_last(causes)}. Check the network between the controller and the node, "
        f"and that the port speaks what {variables.scheme} says."
    )


def explain_refusal(
    address: str, user: str, refusals: Sequence[str], variables: Variables, *, has_password: bool
) -> str:
    """Return the sentence for a login that failed in every configured way, and that the node refused in some."""
    password = "ansible_password" if has_password else "ansible_password, which is empty,"
    return (
        f"{address} refused the credentials of user {user!r} ({'; '.join(refusals)}). "
        f"Check ansible_user, {password} and {variables.login}, and that the account is not locked and may log "
        "on over WinRM."
    )


def explain_no_login(address: str, hindrances: Sequence[str], variables: Variables) -> str:
    """Return the sentence for a login that could not even be tried, in none of the configured ways."""
    told = "; ".join(one.rstrip(".") for one in hindrances)
    return f"Cannot log in to {address}: {told}. Otherwise set {variables.login}."


def explain_no_winrm(address: str, answered: str, variables: Variables) -> str:
    """Return the sentence for a server that is something else."""
    return (
        f"{address} {answered}: no WinRM there. Check ansible_port (5985 for http, 5986 for https), ansible_host and "
        f"{variables.path}, and whether a portal or a proxy answers in the node's place."
    )


def explain_status(status: int, address: str, variables: Variables) -> str:
    """Return the sentence for an HTTP error that says that the request was not carried out."""
    hints = {
        403: "Check the IP filter and client certificate mapping of its WinRM listener.",
        404: f"Check that WinRM listens on this port and that {variables.path} is right.",
        500: "It most likely refuses unencrypted traffic: use ntlm, kerberos or credssp, or https.",
    }
    hint = hints.get(status, "Check for a proxy between the controller and the node.")
    return f"{address} answered HTTP {status} and no SOAP message. {hint}"


def _is_no_tls(error: BaseException) -> bool:
    """Return whether OpenSSL got an answer that is none of TLS; versions before 3.2 call it a wrong version."""
    return isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


def _is_missing_file(error: BaseException) -> bool:
    """Return whether requests did not find a file of certificates: it says so in an error without number."""
    return error.__class__ is OSError and error.errno is None


def _came_while_connecting(error: BaseException) -> bool:
    """Return whether an error was raised while urllib3 opened a connection, TLS handshake and proxy included.

    Only the place tells a failed handshake from an alert that came when the request was already on its way.
    """
    frames = (frame for frame, unused in traceback.walk_tb(error.__traceback__))
    return any(
        frame.f_code.co_name == "connect" and frame.f_globals.get("__name__") == "urllib3.connection"
        for frame in frames
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and everything behind it: urllib3 keeps the reason in an attribute or an argument."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _last(causes: list[BaseException]) -> str:
    return str(causes[-1]).rstrip(".") or type(causes[-1]).__name__
