# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors of a proxy as sentences that do not blame the node behind it."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Sequence

from .proxies import Proxy

# The sanity test "import" lacks these. Whoever calls the functions below has pywinrm or pypsrp, which need both.
with contextlib.suppress(ImportError):
    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")  # http.client


def explain_at_proxy(causes: Sequence[BaseException], address: str, proxy: Proxy) -> str | None:
    """Return the sentence for an error that came before the node at ``address`` was asked, None where it was.

    With a proxy every connection is one to the proxy. Only TLS inside a tunnel is the node's.
    """
    for cause in causes:
        if refused := _TUNNEL.search(str(cause)):
            return explain_status_of_proxy(int(refused[1]), address, proxy)
    tls = any(isinstance(cause, (SSLError, requests.exceptions.SSLError)) for cause in causes)
    if tls and not any(isinstance(cause, ProxyError) for cause in causes):
        return None
    if tls:
        return _explain_tls(causes, address, proxy)
    socks = [cause for cause in causes if type(cause).__module__ == "socks"]
    # PySocks has this error where it does not get as far as to ask the proxy.
    if socks and type(socks[-1]).__name__ != "ProxyConnectionError":
        return _explain_socks(socks[-1], causes, address, proxy)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The name of the proxy {proxy.shown} cannot be resolved; {address} was not asked."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"The proxy {proxy.shown} refused the connection; {address} was not asked. Check that the proxy runs."
    if any(timed_out_connecting(cause) for cause in causes):
        return f"The proxy {proxy.shown} did not answer in time; {address} was not asked."
    if any(isinstance(cause, (ProxyError, requests.exceptions.ProxyError, NewConnectionError)) for cause in causes):
        return f"The proxy {proxy.shown} cannot be reached; {address} was not asked."
    return None


def timed_out_connecting(cause: BaseException) -> bool:
    """Return whether a connection was not there in time. For urllib3 every connection that fails is one of those."""
    timeouts = (ConnectTimeoutError, requests.ConnectTimeout)
    return isinstance(cause, timeouts) and not isinstance(cause, NewConnectionError)


def _explain_tls(causes: Sequence[BaseException], address: str, proxy: Proxy) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"TLS with the proxy {proxy.shown} failed: its certificate is not accepted ({cause.verify_message}); "
                f"{address} was not asked."
            )
    return f"TLS with the proxy {proxy.shown} failed; {address} was not asked. Check whether its URL is http://."


def _explain_socks(cause: BaseException, causes: Sequence[BaseException], address: str, proxy: Proxy) -> str:
    """Return the sentence for what a SOCKS proxy answered [RFC 1928, 6], or for why it was not asked for the node."""
    if any(isinstance(one, socket.gaierror) for one in causes):
        return (
            f"The name of {address} cannot be resolved on the controller, which does so for the proxy {proxy.shown}. "
            "Check ansible_host and the controller's DNS, or write socks5h:// to let the proxy resolve it."
        )
    return f"The proxy {proxy.shown} did not connect to {address}: {str(cause).rstrip('.')}."


def explain_status_of_proxy(status: int, address: str, proxy: Proxy) -> str:
    """Return the sentence for an HTTP error with which a proxy answers in the place of the node at ``address``."""
    kind, unused, place = proxy.shown.partition("://")
    if status == 407:
        said = f"asks for a login of its own (HTTP 407). Give it in the URL: {kind}://user:password@{place}"
    elif status in (403, 405):
        said = f"does not let requests to {address} pass (HTTP {status}). Its rules must allow this host and port"
    elif status >= 500:
        said = f"could not reach {address} (HTTP {status}). Check that the node is up and listens there for the proxy"
    else:
        said = f"answered HTTP {status} in the place of {address}"
    return f"The proxy {proxy.shown} {said}."


def explain_broken_login(way: str, address: str, proxy: Proxy) -> str:
    """Return the sentence for a login that fails behind a proxy through which no such login has worked yet.

    NTLM, Negotiate and CredSSP log in a connection and not a request; a proxy must keep it for one client [RFC 4559].
    """
    return (
        f"The proxy {proxy.shown} breaks logins that belong to one connection, such as {way} to {address}: it does not "
        "keep that connection for this controller, so the right password fails too. Use https, which passes through it "
        "as a tunnel."
    )


def suspect(way: str, proxy: Proxy) -> str:
    """Return the sentence for a login that failed where the node may be right, or the proxy may have broken it."""
    return (
        f"The proxy {proxy.shown} may be the reason: one that does not keep a connection for this controller breaks "
        f"logins that belong to one connection, such as {way}. Https passes through it as a tunnel."
    )
