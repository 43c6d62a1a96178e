# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Recordings of real clusters: archives of requests and of what nodes answered.

An archive holds ``exchanges.jsonl``, whose lines name texts, and ``texts.jsonl`` with these. Ids of messages and of
enumerations stand beside the texts: the guide "The first run on a real cluster" says how one is made.
"""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import re
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from .envelopes import ADDRESSING, SOAP, WSMAN, new_id
from .recording_archive import read_archive

MESSAGE, CONTEXT = "uuid:MESSAGE", "uuid:CONTEXT"
# Headers that say nothing of what is asked.
_IGNORED = frozenset({f"{{{ADDRESSING}}}{name}" for name in ("To", "ReplyTo", "MessageID")})
_ASKING = frozenset({f"{{{ADDRESSING}}}Action", *(f"{{{WSMAN}}}{name}" for name in ("ResourceURI", "SelectorSet"))})
_CONTEXT = re.compile(r"(<(?:\w+:)?EnumerationContext\b[^>]*>)([^<]+)(?=<)")
_COMPUTER = re.compile(r"<(?:\w+:)?Name>([^<]+)<")
_TERM = re.compile(r"\w+ = (?:'(?:[^'\\]|\\.)*'|\d+)")


@dataclasses.dataclass(frozen=True)
class Recorded:
    """One request and its answer.

    Attributes:
        task: the module that sent it.
        host: whom it was sent to.
        status: of HTTP; None where none came.
        request, answer: the messages without ids; ``answer`` is empty where none came.
        context, next_context: the enumeration that the request goes on with, and the one that the answer offers.
        error: what came instead of an answer.
        run: 0 for the recording of the cluster; from 1 on, tasks that were recorded before it.
        place: which one of all exchanges it is.
    """

    task: str
    host: str
    status: int | None
    seconds: float
    request: str
    context: str
    answer: str
    next_context: str
    error: str
    run: int = 0
    place: int = 0


@dataclasses.dataclass(frozen=True)
class Recording:
    """All of them in their order, with the manifest."""

    exchanges: Sequence[Recorded]
    manifest: Mapping[str, t.Any]

    def computers(self) -> dict[str, str]:
        """Return the name of the computer behind each host, as it told it."""
        found: dict[str, str] = {}
        for one in self.exchanges:
            if (
                one.host not in found
                and "Win32_ComputerSystem" in one.request
                and (name := _COMPUTER.search(one.answer))
            ):
                found[one.host] = name[1]
        return found


def read_recording(path: pathlib.Path) -> Recording:
    """Return what an archive holds. Raises ScenarioError."""
    archive = read_archive(path)
    texts = {"": "", **archive.texts}
    return Recording(
        [
            Recorded(
                one["task"],
                one["host"],
                one["status"],
                one["seconds"],
                texts[one["request"]],
                one["context"],
                texts[one["answer"]],
                one["next_context"],
                one["error"],
                one.get("run", 0),
                place,
            )
            for place, one in enumerate(archive.exchanges)
        ],
        archive.manifest,
    )


class Player:
    """Answers the requests to one host that were recorded, each with what was answered then.

    A request that was sent several times gets its answers in their order, and the last one from then on. The pages of
    an enumeration begin anew whenever it is begun.

    What the recording of the cluster asked is answered from there, and not from the tasks that were recorded before it,
    when the cluster was another. After a recorded change, what the same task saw after it comes first.
    """

    def __init__(self, exchanges: Sequence[Recorded]) -> None:
        self._answers: dict[tuple[str, str], list[Recorded]] = collections.defaultdict(list)
        self._pages: dict[str, set[tuple[str, str]]] = collections.defaultdict(set)
        self._given: collections.Counter[tuple[str, str, int]] = collections.Counter()
        for one in exchanges:
            if one.answer:
                key = question(one.request), one.context
                self._answers[key].append(one)
                self._pages[one.context].add(key)

    def answer(self, request: bytes, after: Recorded | None = None) -> tuple[int, bytes, Recorded] | None:
        """Return status and body of what was answered, and when; None where nothing was.

        ``after``: the recorded change that was answered last.
        """
        text = request.decode("utf-8", "surrogateescape")
        found = _CONTEXT.search(text)
        key = question(_CONTEXT.sub(rf"\g<1>{CONTEXT}", text)), found[2].strip() if found else ""
        answers = self._answers.get(key)
        if not answers:
            return None
        later = [one for one in answers if after is not None and one.run == after.run and one.place > after.place]
        first = min(one.run for one in answers)
        chosen = later or [one for one in answers if one.run == first]
        turn = (*key, after.place if later and after is not None else -1)
        one = chosen[min(self._given[turn], len(chosen) - 1)]
        self._given[turn] += 1
        if one.next_context and not found:
            for page in self._pages[one.next_context]:
                for counted in [known for known in self._given if known[:2] == page]:
                    self._given[counted] = 0
        message = re.search(r"<(?:\w+:)?MessageID\b[^>]*>([^<]*)<", text)
        status = one.status or (500 if ":Fault>" in one.answer else 200)
        return status, _with_ids(one, message[1] if message else "").encode("utf-8", "surrogateescape"), one


def question(request: str) -> str:
    """Return what a message asks, the same however it is spelled; what says nothing of that is left out."""
    try:
        envelope = ET.fromstring(request)
    except ET.ParseError:
        return request
    header, body = envelope.find(f"{{{SOAP}}}Header"), envelope.find(f"{{{SOAP}}}Body")
    parts = [part for part in (() if header is None else header) if part.tag in _ASKING]
    for query in () if body is None else body.iter(f"{{{WSMAN}}}Filter"):
        # The order of the terms does not matter, and clients differ in it from run to run.
        terms = sorted(_TERM.findall(query.text or ""))
        query.text = "; ".join([_TERM.sub("?", query.text or ""), *terms])
    parts += [] if body is None else [body]
    return "\n".join(ET.canonicalize(ET.tostring(part, encoding="unicode"), rewrite_prefixes=True) for part in parts)


def _with_ids(one: Recorded, message_id: str) -> str:
    text = re.sub(r"(<(?:\w+:)?RelatesTo\b[^>]*>)[^<]*(?=<)", lambda found: found[1] + message_id, one.answer)
    text = re.sub(r"(<(?:\w+:)?(?:MessageID|ActivityId)\b[^>]*>)[^<]*(?=<)", lambda found: found[1] + new_id(), text)
    return text.replace(CONTEXT, one.next_context)
