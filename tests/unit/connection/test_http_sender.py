# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a session logs in anew within one send: only where nothing of the request has left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import http_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.diagnosis import Variables
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.http_sender import (
    HttpFailure,
    HttpSender,
    OnResponse,
    Refused,
    Unusable,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.lockout import Answered
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.login_answers import LoginCut
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.proxies import Proxy
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import (
    AnswerLost,
    LoginRefused,
    Unreachable,
)

VARIABLES = Variables("login", "trust", "path", "called", "scheme", "proxy", "direct")


class Channel:
    """Answers the first request, and fails the next one as it is told."""

    sent = True
    readable = False
    on_response: OnResponse | None = None
    on_answer: Answered = staticmethod(lambda: None)
    mechanism = ""

    def __init__(self, failure: Exception | None, *, fails_from: int = 2) -> None:
        self._failure = failure
        self._fails_from = fails_from
        self._posted = 0

    def post(self, request: bytes) -> bytes:
        self._posted += 1
        if self._failure and self._posted >= self._fails_from:
            raise self._failure
        return request

    def hang_up(self) -> None:
        pass

    def close(self) -> None:
        pass


def sender_over(*channels: Channel | Exception, login: str = "kerberos", proxy: Proxy | None = None) -> HttpSender:
    """Return a sender whose logins lead to ``channels``, one after the other."""
    left = list(channels)

    def log_in() -> Channel:
        made = left.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    return HttpSender("node1:5985", 60, "operator", VARIABLES, {login: log_in}, proxy)


def test_keys_that_have_ended_before_anything_left_are_replaced_within_the_send() -> None:
    sender = sender_over(Channel(Unusable("has come to the end of its ticket")), Channel(None))
    assert [sender.send(b"<Envelope>one</Envelope>"), sender.send(b"<Envelope>two</Envelope>")] == [
        b"<Envelope>one</Envelope>",
        b"<Envelope>two</Envelope>",
    ]


def test_where_no_new_login_is_to_be_had_the_request_was_not_carried_out() -> None:
    sender = sender_over(Channel(Unusable("has come to the end of its ticket")), Unusable("has no ticket"))
    sender.send(b"<Envelope>one</Envelope>")
    with pytest.raises(Unreachable, match="kerberos has no ticket"):
        sender.send(b"<Envelope>two</Envelope>")


@pytest.mark.parametrize("failure", [Refused("401"), ValueError("the answer cannot be opened")])
def test_what_may_have_left_is_not_sent_again(failure: Refused | ValueError) -> None:
    sender = sender_over(Channel(failure), Channel(None))
    sender.send(b"<Envelope>one</Envelope>")
    with pytest.raises(AnswerLost):
        sender.send(b"<Envelope>two</Envelope>")
    assert sender.send(b"<Envelope>three</Envelope>") == b"<Envelope>three</Envelope>"


def test_what_a_proxy_may_have_passed_on_after_a_long_silence_is_not_said_to_be_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_sender, "LONGEST_SILENCE", -1)
    proxy = Proxy("http://proxy.example:3128", "http://proxy.example:3128", "proxy", "direct", relays=True)
    given_up = Channel(HttpFailure(504, b"", {}), fails_from=1)
    given_up.readable = True
    sender = sender_over(Channel(None), given_up, login="basic", proxy=proxy)
    sender.send(b"<Envelope>one</Envelope>")
    with pytest.raises(AnswerLost, match="HTTP 504"):
        sender.send(b"<Envelope>two</Envelope>")


def test_one_request_at_a_time_goes_over_a_connection() -> None:
    arrived, answer = threading.Semaphore(0), threading.Event()

    class Slow(Channel):
        def post(self, request: bytes) -> bytes:
            arrived.release()
            assert answer.wait(120)
            return super().post(request)

    sender = sender_over(Slow(None))
    with ThreadPoolExecutor(2) as threads:
        sent = threads.map(sender.send, (b"<Envelope>one</Envelope>", b"<Envelope>two</Envelope>"))
        assert arrived.acquire(timeout=120)
        assert not arrived.acquire(timeout=0.2), "the second request did not wait for the answer to the first"
        answer.set()
        assert list(sent) == [b"<Envelope>one</Envelope>", b"<Envelope>two</Envelope>"]


@pytest.mark.parametrize(
    ("login", "failure", "is_wrong"),
    [
        ("ntlm", Refused("401"), True),
        ("basic", Refused("401"), True),
        ("kerberos", Unusable("got no ticket: kinit: Password incorrect"), True),
        ("kerberos", Unusable("cannot be used: Preauthentication failed"), True),
        ("kerberos", Refused("401"), False),
        ("certificate", Refused("401"), False),
        ("kerberos", Unusable("cannot be used: Cannot contact any KDC"), False),
        ("ntlm", LoginCut("the connection ended"), False),
    ],
)
def test_only_a_password_that_was_refused_can_lock_an_account(login: str, failure: Exception, is_wrong: bool) -> None:
    with pytest.raises(Unreachable) as caught:
        sender_over(Channel(failure, fails_from=1), login=login).send(b"<Envelope/>")
    assert isinstance(caught.value, LoginRefused) == is_wrong
