# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What went wrong on the way to a node, in a sentence that says what to check. Private to this collection."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError


def before_sending(error: BaseException) -> bool:
    """Tell whether a network error came before any byte of the request was sent."""
    return isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ConnectTimeout)) or any(
        isinstance(cause, (NewConnectionError, ConnectTimeoutError, SSLError)) for cause in _causes(error)
    )


def explain(error: BaseException, address: str) -> str:
    """Return the sentence for an error that came before the request was sent."""
    causes = list(_causes(error))
    if any(isinstance(cause, (SSLError, requests.exceptions.SSLError)) for cause in causes):
        return (
            f"TLS with {address} failed: {_last(causes)}. Check that the node's certificate is valid, carries the name "
            "used here, and that its issuer is trusted (ansible_winrm_ca_trust_path), or that the port speaks HTTPS."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The name of {address} cannot be resolved. Check ansible_host and the controller's DNS."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return (
            f"{address} refused the connection. Check that WinRM is enabled and listens there (ansible_port; "
            "5985 for http, 5986 for https) and that the node is up."
        )
    if any(isinstance(cause, (ConnectTimeoutError, TimeoutError, requests.Timeout)) for cause in causes):
        return f"{address} did not answer in time. Check that the node is up and that no firewall drops the port."
    return f"{address} cannot be reached: {_last(causes)}. Check the network between the controller and the node."


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
