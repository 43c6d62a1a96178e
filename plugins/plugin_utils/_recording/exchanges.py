# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was sent and what came back, as lines of JSON; a text that came before is kept once.

A line is ``{"text": KEY, "content": ...}`` or ``{"exchange": {...}}``, whose ``request`` and ``answer`` are keys of
texts before it. What differs from message to message without meaning anything (ids of messages, of activities and of
enumerations) stands beside the texts, so that equal ones are equal.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
import typing as t
from collections.abc import Callable, Iterable, Mapping

MOST_BYTES = 256 * 1024 * 1024  # of distinct texts; a cluster of 16 nodes with 800 VMs takes a tenth of it
MESSAGE, CONTEXT = "uuid:MESSAGE", "uuid:CONTEXT"  # what stands in a text for the ids
_IDS = re.compile(r"(<(?:\w+:)?(?:MessageID|RelatesTo|ActivityId)\b[^>]*>)[^<]*(?=<)")
_CONTEXTS = re.compile(r"(<(?:\w+:)?EnumerationContext\b[^>]*>)([^<]+)(?=<)")


@dataclasses.dataclass(frozen=True)
class Exchange:
    """One request and what became of it.

    Attributes:
        task: the module that sent it.
        host: the inventory host that it went to.
        began, seconds: since the recording began, and how long the answer took.
        status, headers: of HTTP; None and empty where no answer came.
        request: key of its text.
        context: the enumeration that the request goes on with; empty for none.
        answer: key of its text; empty where none came.
        next_context: the enumeration that the answer offers to go on with; empty for none.
        error: the class of the error and its text, where the sender raised one.
        run: 0 for the recording of the cluster itself; from 1 on, the tasks that were recorded before.
    """

    task: str
    host: str
    began: float
    seconds: float
    status: int | None
    headers: Mapping[str, str]
    request: str
    context: str
    answer: str = ""
    next_context: str = ""
    error: str = ""
    run: int = 0


@dataclasses.dataclass
class Tape:
    """Exchanges with their texts by key.

    Attributes:
        left_out: exchanges whose texts are missing because there were too many.
    """

    texts: dict[str, str] = dataclasses.field(default_factory=dict)
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    left_out: int = 0


class TapeWriter:
    """Writes exchanges as lines, from any thread."""

    def __init__(self, write: Callable[[str], object], most_bytes: int = MOST_BYTES) -> None:
        self._write = write
        self._room = most_bytes
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def add(self, exchange: Exchange, request: str, answer: str | None) -> None:
        """Keep an exchange, whose keys are found here."""
        asked, context = without_ids(request)
        told, following = without_ids(answer) if answer is not None else ("", "")
        with self._lock:
            first, second = self._keep(asked), self._keep(told) if answer is not None else ""
            if first is None or second is None:
                self._line({"left_out": 1})
                return
            kept = dataclasses.replace(exchange, request=first, context=context, answer=second, next_context=following)
            self._line({"exchange": dataclasses.asdict(kept)})

    def _keep(self, text: str) -> str | None:
        key = key_of(text)
        if key not in self._known:
            size = len(text)
            if size > self._room:
                return None
            self._room -= size
            self._known.add(key)
            self._line({"text": key, "content": text})
        return key

    def _line(self, content: Mapping[str, t.Any]) -> None:
        self._write(json.dumps(content) + "\n")


def as_text(message: bytes) -> str:
    """Return a message as text; SOAP comes in UTF-8 or, with a byte order mark, in UTF-16."""
    if message.startswith((b"\xff\xfe", b"\xfe\xff")):
        return message.decode("utf-16", "replace")
    return message.decode("utf-8-sig", "surrogateescape")


def key_of(text: str) -> str:
    """Return the key under which a text is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def without_ids(text: str) -> tuple[str, str]:
    """Return a message without its ids, and the id of the enumeration in it."""
    found = _CONTEXTS.search(text)
    plain = _IDS.sub(rf"\g<1>{MESSAGE}", text)
    return (_CONTEXTS.sub(rf"\g<1>{CONTEXT}", plain), found[2].strip()) if found else (plain, "")


def read_tape(lines: Iterable[str], tape: Tape | None = None, run: int = 0) -> Tape:
    """Return what lines of a run hold, added to ``tape`` if given; a line that is cut off is left out."""
    tape = tape or Tape()
    for line in lines:
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if "text" in content:
            tape.texts[content["text"]] = content["content"]
        elif "exchange" in content:
            tape.exchanges.append(Exchange(**{**content["exchange"], "run": run}))
        else:
            tape.left_out += content.get("left_out", 0)
    return tape
