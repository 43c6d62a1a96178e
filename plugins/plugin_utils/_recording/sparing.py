# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Spares a node what it has answered before: many modules read the same, and a recording needs each answer once."""

from __future__ import annotations

import dataclasses
import re

from .._wsman.errors import Unreachable
from .._wsman.namespaces import ENUMERATE
from .._wsman.transport import Send
from .exchanges import CONTEXT, MESSAGE, as_text, without_ids
from .reads import NotARead, refuse_changes

_MESSAGE_ID = re.compile(r"<(?:\w+:)?MessageID\b[^>]*>([^<]*)<")
_ENUMERATES = f">{ENUMERATE}<".encode()
# Questions by a method, of which a plan asks one or two for each VM.
_OWNERS = re.compile(rb"/(?:GetPossibleOwners|GetPreferredOwners)</")


@dataclasses.dataclass
class _Enumeration:
    """An enumeration from its first request on: what was asked, what was answered, and which enumeration that offered.

    Attributes:
        asked, answered, offered: request by request.
    """

    asked: list[str] = dataclasses.field(default_factory=list)
    answered: list[str] = dataclasses.field(default_factory=list)
    offered: list[str] = dataclasses.field(default_factory=list)


class SparingSend:
    """A ``send`` that lets reads alone pass, and answers an enumeration that has come to its end from memory.

    So it does with a question for the owners of a group, which counts as an enumeration of one page here.

    A host that cannot be reached, or refuses the login, is not tried again: many attempts could lock the account.

    Attributes:
        refused: what was not let pass, in sentences.
    """

    def __init__(self, send: Send) -> None:
        self.refused: set[str] = set()
        self._send = send
        self._gone: Unreachable | None = None
        self._whole: dict[str, _Enumeration] = {}  # by the first request
        self._begun: dict[str, _Enumeration] = {}  # by the enumeration that the last answer offered
        self._told: dict[str, tuple[_Enumeration, int]] = {}  # likewise, of those that are told from memory

    def __call__(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``. Raises NotARead too."""
        try:
            refuse_changes(request)
        except NotARead as error:
            self.refused.add(str(error))
            raise
        asked, context = without_ids(as_text(request))
        known, place = self._told.pop(context, (None, 0)) if context else (self._whole.get(asked), 0)
        if known is not None and place < len(known.asked) and known.asked[place] == asked:
            return self._from_memory(known, place, request)
        if known is not None:  # somebody goes on in another way: the next time the node itself begins it
            self._whole.pop(known.asked[0], None)
        if self._gone is not None:
            raise Unreachable(str(self._gone))
        begun = self._begun.pop(context, None) if context else None
        if begun is None and (_ENUMERATES in request or _OWNERS.search(request)):
            begun = _Enumeration()
        try:
            answer = self._send(request)
        except Unreachable as error:
            self._gone = error
            raise
        if begun is not None:
            self._note(begun, asked, as_text(answer))
        return answer

    def _note(self, begun: _Enumeration, asked: str, answer: str) -> None:
        """Take up an answer; a fault ends the enumeration, and what it was is forgotten."""
        if ":Fault>" in answer:
            return
        told, offered = without_ids(answer)
        begun.asked.append(asked)
        begun.answered.append(told)
        begun.offered.append(offered)
        if offered:
            self._begun[offered] = begun
        else:
            self._whole[begun.asked[0]] = begun

    def _from_memory(self, known: _Enumeration, place: int, request: bytes) -> bytes:
        offered = known.offered[place]
        if offered:
            self._told[offered] = known, place + 1
        message = _MESSAGE_ID.search(as_text(request))
        text = known.answered[place].replace(MESSAGE, message[1] if message else "").replace(CONTEXT, offered)
        return text.encode("utf-8", "surrogateescape")
