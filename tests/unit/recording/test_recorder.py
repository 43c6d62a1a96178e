# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The recorder: what it keeps of an exchange, and what it never does."""

from __future__ import annotations

import inspect
import os
import pathlib

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.http_sender import OnResponse
from ansible_collections.hyperv.migration.plugins.plugin_utils._connections import Connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.exchanges import Tape, TapeWriter, read_tape
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.folder import (
    find_recordings,
    read_recordings,
    recorded,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.reads import NotARead
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.recorder import Recorder
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.wish import (
    ENVIRONMENT,
    FOLDER,
    VARIABLE,
    folder_of,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import write_request
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import GET, PULL, resource_uri
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

from tests.simulator.clock import ManualClock

HEADERS = {
    "Server": "Microsoft-HTTPAPI/2.0",
    "Content-Type": "application/soap+xml;charset=UTF-8",
    "WWW-Authenticate": "Kerberos YIIFsecret",
    "Authorization": "Negotiate TlRMTVNTUAsecret",
    "Set-Cookie": "secret",
}
ANSWER = (
    "<s:Envelope><a:MessageID>uuid:{0}</a:MessageID><a:RelatesTo>uuid:{0}</a:RelatesTo>"
    "<s:Body>{1}</s:Body></s:Envelope>"
)


def request(action: str = GET, number: int = 1, body: str = "") -> bytes:
    target = Reference(resource_uri("root/cimv2", "Win32_ComputerSystem"), ())
    return write_request(action, target, body, to="http://NODE1", message_id=f"uuid:{number}")


class Sender:
    """Answers with what it is given, in turn."""

    address = "node1:5985"
    operation_timeout = 60
    login = "ntlm"
    on_response: OnResponse | None = None

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> bytes:
        self.sent.append(message)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if self.on_response is not None:
            self.on_response(401, {})
            self.on_response(200, HEADERS)
        return answer.encode()

    def close(self) -> None:
        """Nothing is open."""


class Recording:
    """A recorder with its lines."""

    def __init__(self, *, only_reads: bool = False, most_bytes: int = 10**6) -> None:
        self.lines: list[str] = []
        self.clock = ManualClock()
        self.recorder = Recorder(
            TapeWriter(self.lines.append, most_bytes), self.clock.now, "hyperv_vm_info", only_reads=only_reads
        )

    @property
    def tape(self) -> Tape:
        return read_tape(self.lines)


def test_an_exchange_is_kept_as_the_product_sees_it() -> None:
    recording = Recording()
    sender = Sender(ANSWER.format(1, "one"))
    send = recording.recorder.around(sender, "NODE1")
    recording.clock.advance(2)

    assert send(request()) == ANSWER.format(1, "one").encode()

    (one,) = recording.tape.exchanges
    assert (one.task, one.host, one.began, one.seconds, one.status) == ("hyperv_vm_info", "NODE1", 2, 0, 200)
    assert recording.tape.texts[one.answer] == ANSWER.format("MESSAGE", "one")
    assert "Win32_ComputerSystem" in recording.tape.texts[one.request]


def test_headers_of_logins_are_never_kept() -> None:
    recording = Recording()
    recording.recorder.around(Sender(ANSWER.format(1, "")), "NODE1")(request())
    (one,) = recording.tape.exchanges
    assert set(one.headers) == {"Server", "Content-Type"}
    assert "secret" not in "".join(recording.lines)


def test_an_error_is_kept_and_passed_on() -> None:
    recording = Recording()
    send = recording.recorder.around(Sender(AnswerLost("reset"), ANSWER.format(2, "")), "NODE1")
    with pytest.raises(AnswerLost):
        send(request())
    send(request())
    assert [one.error for one in recording.tape.exchanges] == ["AnswerLost: reset", ""]
    assert recording.tape.exchanges[0].status is None


def test_equal_texts_are_kept_once() -> None:
    recording = Recording()
    send = recording.recorder.around(Sender(*(ANSWER.format(number, "rows") for number in range(5))), "NODE1")
    for number in range(5):
        send(request(number=number))
    assert len(recording.tape.exchanges) == 5
    assert len(recording.tape.texts) == 2


def test_the_enumeration_that_a_pull_goes_on_with_stands_beside_the_text() -> None:
    recording = Recording()
    context = "<n:EnumerationContext>uuid:{}</n:EnumerationContext>"
    send = recording.recorder.around(Sender(ANSWER.format(1, context.format("B"))), "NODE1")
    send(request(PULL, body=f"<n:Pull>{context.format('A')}</n:Pull>"))
    (one,) = recording.tape.exchanges
    assert (one.context, one.next_context) == ("uuid:A", "uuid:B")
    assert "uuid:A" not in recording.tape.texts[one.request]


def test_a_recording_is_bounded_and_says_what_is_missing() -> None:
    recording = Recording(most_bytes=5000)
    send = recording.recorder.around(Sender("x" * 3000, "y" * 3000, "x" * 3000), "NODE1")
    for unused in range(3):
        send(request())
    assert (len(recording.tape.exchanges), recording.tape.left_out) == (2, 1)
    assert sum(map(len, recording.tape.texts.values())) <= 5000


def test_with_reads_alone_nothing_else_reaches_the_sender() -> None:
    recording, sender = Recording(only_reads=True), Sender(ANSWER.format(1, ""))
    send = recording.recorder.around(sender, "NODE1")
    with pytest.raises(NotARead):
        send(request("http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"))
    assert sender.sent == []
    assert recording.tape.exchanges == []


def test_a_host_that_refuses_the_login_is_asked_once() -> None:
    recording, sender = Recording(only_reads=True), Sender(Unreachable("refused"), ANSWER.format(1, ""))
    send = recording.recorder.around(sender, "NODE1")
    for unused in range(3):
        with pytest.raises(Unreachable, match="refused"):
            send(request())
    assert len(sender.sent) == 1


def test_a_task_that_is_recorded_tries_again_as_ever() -> None:
    recording, sender = Recording(), Sender(Unreachable("down"), ANSWER.format(1, "up"))
    send = recording.recorder.around(sender, "NODE1")
    with pytest.raises(Unreachable):
        send(request())
    assert b"up" in send(request())


def test_each_host_is_asked_for_its_version() -> None:
    recording, first, second = Recording(only_reads=True), Sender(ANSWER.format(1, "")), Sender(AnswerLost("gone"))
    recording.recorder.around(first, "NODE1")
    recording.recorder.around(second, "NODE2")
    recording.recorder.identify()
    assert [b"Identify" in sender.sent[0] for sender in (first, second)] == [True, True]


def test_an_answer_in_utf_16_is_kept_as_text() -> None:
    lines: list[str] = []
    recorder = Recorder(TapeWriter(lines.append), ManualClock().now, "hyperv_vm_info")
    sender = Sender("")
    answer = ANSWER.format(1, "経理01").encode("utf-16")
    sender.send = lambda message: answer  # type: ignore[method-assign]
    assert recorder.around(sender, "NODE1")(request()) == answer
    assert any("経理01" in text for text in read_tape(lines).texts.values())


def test_without_a_recording_a_session_sends_with_the_senders_own_method() -> None:
    sender = Sender()
    watch = inspect.signature(Connections).parameters["watch"].default
    assert watch(sender, "NODE1") == sender.send
    assert sender.on_response is None


class TestFolder:
    def test_the_variable_wins_over_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENVIRONMENT, "of-the-environment")
        assert folder_of({}, str) == "of-the-environment"
        assert folder_of({VARIABLE: "of-the-variable"}, str) == "of-the-variable"
        assert folder_of({VARIABLE: ""}, str) == ""

    def test_a_task_says_itself_whether_it_records(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENVIRONMENT, "named")
        assert folder_of({}, str, record=False) == ""
        assert folder_of({}, str, record=True) == "named"
        monkeypatch.delenv(ENVIRONMENT)
        assert folder_of({}, str, record=True) == FOLDER

    def test_nothing_is_recorded_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(ENVIRONMENT, raising=False)
        assert folder_of({}, str) == ""

    def test_each_task_has_a_file_that_only_its_owner_can_read(self, tmp_path: pathlib.Path) -> None:
        folder = tmp_path / "recordings"
        with recorded(str(folder), "hyperv_vm_info", pytest.fail) as recorder:
            recorder.around(Sender(ANSWER.format(1, "one")), "NODE1")(request())
        (file,) = folder.iterdir()
        assert file.name.endswith("-hyperv_vm_info.jsonl")
        assert file.stat().st_mode & 0o777 == 0o600
        tape = Tape()
        read_recordings(find_recordings(str(folder)), tape)
        assert len(tape.exchanges) == 1

    def test_a_file_that_ends_in_the_middle_of_a_line_is_read_up_to_there(self, tmp_path: pathlib.Path) -> None:
        with recorded(str(tmp_path), "hyperv_vm_info", pytest.fail) as recorder:
            send = recorder.around(Sender(ANSWER.format(1, "one"), ANSWER.format(2, "two")), "NODE1")
            send(request()), send(request())
        (file,) = tmp_path.iterdir()
        file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")
        tape = Tape()
        read_recordings(find_recordings(str(tmp_path)), tape)
        assert len(tape.exchanges) == 1

    @pytest.mark.parametrize("content", ["5\n", "[]\n", '{"exchange": {"task": "x"}}\n', '{"text": "x"}\n', "\udcff"])
    def test_what_no_task_has_recorded_is_named(self, tmp_path: pathlib.Path, content: str) -> None:
        (tmp_path / "other.jsonl").write_bytes(content.encode("utf-8", "surrogateescape"))
        with pytest.raises(HyperVError, match=r"other\.jsonl is no recording of a task\. Take it out"):
            read_recordings(find_recordings(str(tmp_path)), Tape())

    def test_a_folder_without_recordings_is_an_error(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(HyperVError, match="No task has recorded anything to"):
            find_recordings(str(tmp_path))
        with pytest.raises(HyperVError, match="missing cannot be read: No such file or directory"):
            find_recordings(str(tmp_path / "missing"))

    def test_a_folder_that_cannot_be_is_an_error_before_anything_is_sent(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(HyperVError, match="cannot be written"), recorded(str(tmp_path / "file"), "x", pytest.fail):
            pass

    def test_a_full_disk_ends_the_recording_and_not_the_task(self, tmp_path: pathlib.Path) -> None:
        warned: list[str] = []
        sender = Sender(ANSWER.format(1, "one"), ANSWER.format(2, "two"))
        with recorded(str(tmp_path), "hyperv_vm_info", warned.append) as recorder:
            full = pathlib.Path("/dev/full")  # every write to it ends in ENOSPC: full(4) of Linux
            (file,) = tmp_path.iterdir()
            links = (link for link in pathlib.Path("/proc/self/fd").iterdir() if link.exists())
            descriptor = next(int(link.name) for link in links if link.samefile(file))
            with full.open("wb") as other:
                os.dup2(other.fileno(), descriptor)
            send = recorder.around(sender, "NODE1")
            assert b"one" in send(request())
            assert b"two" in send(request())
        assert len(warned) == 1
        assert "ends before the task" in warned[0]
