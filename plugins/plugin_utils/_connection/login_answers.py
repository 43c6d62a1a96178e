# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads answers during a login, before the library that logs in fails because of them.

WinRM authenticates every client in the headers of HTTP [MS-WSMV] 2.1, keeps the connection that is logged in, and
redirects nobody.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from urllib.parse import urlsplit


class NoWinRM(Exception):
    """What answers is no WinRM, and carried nothing out. The text goes on after the address: ``answered ...``."""


class LoginCut(Exception):
    """A login that belongs to one connection was led over two; no message was sent."""


def watch(request: t.Any, *, logs_in: bool, on_answer: Callable[[], None] = lambda: None) -> None:
    """Have the answers to a prepared request of requests looked at: NoWinRM and LoginCut come out of its sending.

    ``logs_in``: the request carries no message, and a login that takes several steps. ``on_answer`` is told of the
    answer to its first step.
    """
    # The hooks in between are those of the login. They see the first answer, and return the last one.
    hooks = request.hooks["response"]
    if logs_in:
        login = _Login(on_answer)
        request.hooks["response"] = [login.begin, *hooks, login.end]
    else:
        request.hooks["response"] = [_refuse_redirection, *hooks, _refuse_redirection]


class _Login:
    """The first and the last answer of a login."""

    def __init__(self, on_answer: Callable[[], None]) -> None:
        self._on_answer = on_answer
        self._connection: object = None

    def begin(self, response: t.Any, *unused: object, **unused_too: object) -> None:
        self._on_answer()
        _refuse_redirection(response)
        if response.ok and "WWW-Authenticate" not in response.headers:
            raise NoWinRM(f"answered without asking for a login (HTTP {response.status_code})")
        self._connection = _connection_of(response)

    def end(self, response: t.Any, *unused: object, **unused_too: object) -> None:
        _refuse_redirection(response)
        connections = {self._connection, _connection_of(response)} - {None}
        ends = len(connections) > 1 or response.headers.get("Connection", "").lower() == "close"
        if ends and (response.ok or response.status_code == 401):
            raise LoginCut("the connection ended in the middle of the login, which belongs to it")


def _refuse_redirection(response: t.Any, *unused: object, **unused_too: object) -> None:
    if response.is_redirect:
        host = urlsplit(response.headers["Location"]).hostname
        raise NoWinRM(f"answered with a redirection to {host or 'another page'} (HTTP {response.status_code})")


def _connection_of(response: t.Any) -> object:
    """Return the controller's own end of the connection of a response, None where that is over."""
    socket = getattr(response.raw.connection, "sock", None)
    return socket.getsockname() if socket else None
