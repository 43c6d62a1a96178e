# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The HTTP side of a simulated node, as pywinrm and plain HTTP clients see it."""

from __future__ import annotations

import base64
import dataclasses
import http.client
import socket
import ssl
import typing as t
from collections.abc import Callable, Iterator

import pytest
import requests.auth
import requests.exceptions
import trustme
import winrm.exceptions
import winrm.protocol

from tests.simulator.accounts import User
from tests.simulator.fault_rules import FaultRule
from tests.simulator.http import Listener

USER = User("Operator", "p4ss word", "CORP")
QUESTION = b"<question>what is on node 1</question>"
ANSWER = "<answer>äöü</answer>".encode()


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = ANSWER


class Echo:
    """A service that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer = Answer()

    def handle(self, request: bytes) -> Answer:
        self.asked.append(request)
        return self.answer

    def identify(self, request: bytes) -> Answer:
        return Answer(401, b"")


@pytest.fixture
def service() -> Echo:
    return Echo()


class NoLogin(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


Start = Callable[..., Listener]


@pytest.fixture
def start(service: Echo) -> Iterator[Start]:
    listeners: list[Listener] = []

    def listen(**options: t.Any) -> Listener:
        listeners.append(Listener(service, USER, **options))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


def transport(
    listener: Listener, auth: t.Any = "ntlm", user: str = "Operator", password: str = USER.password, **options: t.Any
) -> t.Any:
    scheme = options.pop("scheme", "http")
    options.setdefault("message_encryption", "always" if auth == "ntlm" and scheme == "http" else "auto")
    return winrm.protocol.Protocol(
        f"{scheme}://127.0.0.1:{listener.port}/wsman", transport=auth, username=user, password=password, **options
    ).transport


def plain(listener: Listener, body: bytes, headers: dict[str, str], path: str = "/wsman") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", listener.port, timeout=60)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def basic(user: str = "Operator", password: str = USER.password) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize("user", ["Operator", "operator", "CORP\\Operator", "corp\\OPERATOR", "Operator@CORP"])
def test_ntlm_with_encryption_takes_the_user_in_every_spelling(start: Start, service: Echo, user: str) -> None:
    pipe = transport(start(), user=user)
    assert [pipe.send_message(QUESTION) for unused in range(3)] == [ANSWER] * 3
    assert service.asked == [QUESTION] * 3


def test_messages_under_ntlm_are_not_readable_on_the_wire(start: Start, service: Echo) -> None:
    seen: list[bytes] = []
    listener = start()
    pipe = transport(listener)
    pipe.build_session()
    pipe.session.hooks["response"].append(lambda response, **unused: seen.append(response.content))
    pipe.send_message(QUESTION)
    assert seen
    assert not any(b"answer" in content for content in seen)
    assert seen[-1].startswith(b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n")


def test_a_fault_under_encryption_arrives_whole(start: Start, service: Echo) -> None:
    service.answer = Answer(500, b"<fault/>")
    with pytest.raises(winrm.exceptions.WinRMTransportError) as raised:
        transport(start()).send_message(QUESTION)
    assert raised.value.args[1:] in ((500, b"<fault/>"), (500, "<fault/>"))


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
@pytest.mark.parametrize(("user", "password"), [("Operator", "wrong"), ("nobody", USER.password)])
def test_wrong_credentials_are_refused_with_401(
    start: Start, service: Echo, auth: str, user: str, password: str
) -> None:
    with pytest.raises(winrm.exceptions.InvalidCredentialsError):
        transport(start(), auth, user, password).send_message(QUESTION)
    assert service.asked == []


def test_basic_carries_plain_messages(start: Start, service: Echo) -> None:
    assert transport(start(), "basic", "CORP\\operator").send_message(QUESTION) == ANSWER
    assert service.asked == [QUESTION]


def test_basic_can_be_switched_off(start: Start, service: Echo) -> None:
    response = plain(start(logins=["negotiate"]), QUESTION, basic())
    assert response.status == 401
    assert response.headers.get_all("WWW-Authenticate") == ["Negotiate"]


def test_who_does_not_log_in_is_told_how(start: Start, service: Echo) -> None:
    response = plain(start(), QUESTION, {})
    assert response.status == 401
    assert response.headers.get_all("WWW-Authenticate") == ["Negotiate", 'Basic realm="WSMAN"']
    assert response.headers["Content-Length"] == "0"
    assert service.asked == []


def test_unencrypted_messages_under_ntlm_get_an_empty_500(start: Start, service: Echo) -> None:
    with pytest.raises(winrm.exceptions.WinRMTransportError) as raised:
        transport(start(), message_encryption="never").send_message(QUESTION)
    assert raised.value.args[1] == 500
    assert not raised.value.args[2]
    assert service.asked == []


def test_unencrypted_messages_under_ntlm_can_be_allowed(start: Start, service: Echo) -> None:
    assert transport(start(encryption="optional"), message_encryption="never").send_message(QUESTION) == ANSWER


@pytest.mark.parametrize(("path", "status"), [("/wsman", 200), ("/wsman/", 200), ("/WSMAN", 200), ("/", 404)])
def test_only_the_path_of_wsman_is_served(start: Start, service: Echo, path: str, status: int) -> None:
    assert plain(start(), QUESTION, basic(), path).status == status


@pytest.mark.parametrize(("path", "title"), [("/other", "Not Found"), ("/wsman", "Method Not Allowed")])
def test_what_is_not_for_the_service_is_answered_in_html_as_by_http_sys(start: Start, path: str, title: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start().port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    assert f"<h2>{title}</h2>" in response.read().decode()
    assert response.headers["Server"] == "Microsoft-HTTPAPI/2.0"
    assert response.headers["Content-Type"].startswith("text/html")
    connection.close()


def test_a_chunked_request_is_taken_as_http_sys_says(start: Start, service: Echo) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start().port, timeout=60)
    for unused in range(2):  # the second one begins where the first one really ends
        halves = iter((QUESTION[:7], QUESTION[7:]))
        connection.request("POST", "/wsman", halves, basic(), encode_chunked=True)
        assert connection.getresponse().read() == ANSWER
    assert service.asked == [QUESTION] * 2
    connection.close()


def test_a_request_without_a_length_is_refused_in_the_recorded_words(start: Start) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start().port, timeout=60)
    connection.putrequest("POST", "/wsman")
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Length"]) == (411, "344")
    assert "HTTP Error 411. The request must be chunked or have a content length." in response.read().decode()
    connection.close()


def test_an_empty_post_on_an_authenticated_connection_asks_to_log_in_again(start: Start, service: Echo) -> None:
    listener = start()
    pipe = transport(listener)
    pipe.send_message(QUESTION)
    response = pipe.session.post(pipe.endpoint, data=b"", auth=NoLogin())
    assert response.status_code == 401
    assert service.asked == [QUESTION]


def test_the_target_name_of_the_challenge_is_taken_for_the_domain(start: Start, service: Echo) -> None:
    pipe = transport(start(), user=f"{socket.gethostname().upper()}\\Operator")
    assert pipe.send_message(QUESTION) == ANSWER


def test_an_answer_in_utf_16_says_so(start: Start, service: Echo) -> None:
    service.answer = Answer(body="<answer/>".encode("utf-16"))
    assert plain(start(), QUESTION, basic()).headers["Content-Type"] == "application/soap+xml;charset=UTF-16"
    assert transport(start()).send_message(QUESTION) == service.answer.body


def test_a_new_connection_with_old_keys_gets_an_empty_400(start: Start, service: Echo) -> None:
    listener = start()
    pipe = transport(listener)
    pipe.send_message(QUESTION)
    pipe.session.close()
    with pytest.raises(winrm.exceptions.WinRMTransportError) as raised:
        pipe.send_message(QUESTION)
    assert raised.value.args[1] == 400
    assert not raised.value.args[2]
    pipe.close_session()
    assert pipe.send_message(QUESTION) == ANSWER


def test_tls_carries_plain_messages_under_ntlm(start: Start, service: Echo) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listener = start(tls=context)
    with authority.cert_pem.tempfile() as trusted:
        pipe = transport(listener, scheme="https", ca_trust_path=trusted)
        assert [pipe.send_message(QUESTION), pipe.send_message(QUESTION)] == [ANSWER] * 2
    with pytest.raises(requests.exceptions.SSLError):
        transport(listener, scheme="https").send_message(QUESTION)


@pytest.mark.parametrize(
    ("effect", "carried_out", "status"),
    [("http_503", 0, 503), ("empty_400", 0, 400), ("reset_before", 0, None), ("reset_after", 1, None)],
)
def test_requests_go_wrong_as_asked(
    start: Start, service: Echo, effect: t.Any, carried_out: int, status: int | None
) -> None:
    pipe = transport(start(disturb=lambda message: FaultRule(effect)))
    expected = winrm.exceptions.WinRMTransportError if status else requests.exceptions.ConnectionError
    with pytest.raises(expected) as raised:
        pipe.send_message(QUESTION)
    assert service.asked == [QUESTION] * carried_out
    assert status is None or raised.value.args[1] == status


def test_a_lost_login_in_mid_session_can_be_injected(start: Start, service: Echo) -> None:
    with pytest.raises(winrm.exceptions.InvalidCredentialsError):
        transport(start(disturb=lambda message: FaultRule("http_401")), "basic").send_message(QUESTION)


def test_a_truncated_answer_ends_early(start: Start, service: Echo) -> None:
    listener = start(disturb=lambda message: FaultRule("truncate"))
    with pytest.raises(http.client.IncompleteRead):
        plain(listener, QUESTION, basic())


def test_a_delay_only_delays(start: Start, service: Echo) -> None:
    listener = start(disturb=lambda message: FaultRule("delay", seconds=0.01))
    assert plain(listener, QUESTION, basic()).status == 200


def test_each_request_of_http_is_delayed_and_each_message_once_more(start: Start, service: Echo) -> None:
    asked: list[bytes | None] = []

    def delay(message: bytes | None) -> float:
        asked.append(message)
        return 0.0

    transport(start(delay=delay)).send_message(QUESTION)
    assert asked[-2:] == [None, QUESTION]
    assert asked.count(None) > 2  # those of the login
    assert asked.count(QUESTION) == 1


def test_the_message_is_shown_in_clear_to_whoever_disturbs(start: Start, service: Echo) -> None:
    seen: list[bytes] = []
    transport(start(disturb=seen.append)).send_message(QUESTION)
    assert seen == [QUESTION]


def test_bodies_are_counted_as_they_travel(start: Start, service: Echo) -> None:
    listener = start()
    plain(listener, QUESTION, basic())
    assert (listener.bytes_in, listener.bytes_out) == (len(QUESTION), len(ANSWER))
    listener.reset_counters()
    assert (listener.bytes_in, listener.bytes_out) == (0, 0)


def test_a_closed_listener_leaves_its_port_and_cuts_its_connections(service: Echo) -> None:
    listener = Listener(service, USER)
    pipe = transport(listener)
    pipe.send_message(QUESTION)
    listener.close()
    with pytest.raises(requests.exceptions.ConnectionError):
        pipe.send_message(QUESTION)
    Listener(service, USER, port=listener.port).close()


def test_two_listeners_in_one_process_have_their_own_passwords(start: Start, service: Echo) -> None:
    other = Listener(service, dataclasses.replace(USER, password="another"))
    try:
        assert transport(start()).send_message(QUESTION) == ANSWER
        assert transport(other, password="another").send_message(QUESTION) == ANSWER
        with pytest.raises(winrm.exceptions.InvalidCredentialsError):
            transport(other).send_message(QUESTION)
    finally:
        other.close()
