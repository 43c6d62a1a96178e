# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which doubts of the guide "Requests and decisions" a recording settles, and which switches it stands against."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import typing as t
from collections.abc import Sequence

import yaml

from tests.simulator.recordings import Recording
from tests.simulator.switches import Switches

from .evidence import Evidence
from .judges import QUESTIONS, Seen

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "what_is_sent.rst"
SETTLED, CONTRADICTED, OPEN = "settled", "contradicted", "still open"


@dataclasses.dataclass(frozen=True)
class Doubt:
    """A row of the table "Undocumented behaviour": its number, its question, and what answers it."""

    number: int
    question: str
    answered_by: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a recording says to one switch, or to a doubt without one.

    Attributes:
        doubt: None for a form of the wire that no doubt is about.
        switch: empty where nothing in a recording can answer the doubt.
        observed: the value that the switch would need; None where the recording does not show it.
    """

    doubt: Doubt | None
    switch: str = ""
    observed: t.Any = None

    @property
    def word(self) -> str:
        """Whether the doubt is settled as the simulated cluster assumes, against that, or open."""
        if self.observed is None:
            return OPEN
        if isinstance(self.observed, Seen):
            return CONTRADICTED if self.observed.stands_against else SETTLED
        return SETTLED if self.observed == getattr(Switches(), self.switch) else CONTRADICTED

    @property
    def value(self) -> t.Any:
        """What was observed."""
        return self.observed.value if isinstance(self.observed, Seen) else self.observed


def read_doubts(text: str) -> dict[int, Doubt]:
    """Return the table of the guide by number."""
    rows = re.findall(r"^   \* - (\d+)\n((?:     .*\n)+)", text, re.MULTILINE)
    found = {}
    for number, rest in rows:
        cells = [" ".join(cell.split()) for cell in re.split(r"^     - ", rest, flags=re.MULTILINE) if cell.strip()]
        found[int(number)] = Doubt(int(number), cells[0], cells[-1])
    return found


def judge(recording: Recording) -> list[Verdict]:
    """Return what the recording says, in the order of the doubts; last, the forms of the wire."""
    evidence = Evidence(recording)
    doubts = read_doubts(GUIDE.read_text(encoding="utf-8"))
    known = [Verdict(doubts.get(one.doubt), one.switch, one.judge(evidence)) for one in QUESTIONS]
    without = [Verdict(doubt) for number, doubt in doubts.items() if number not in {one.doubt for one in QUESTIONS}]
    return sorted([*known, *without], key=lambda one: one.doubt.number if one.doubt else len(doubts) + 1)


def told(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the verdicts line by line, and the switches that a scenario of the recorded cluster needs."""
    lines = []
    for one in verdicts:
        number = f"{one.doubt.number:>2}" if one.doubt else " -"
        about = one.doubt.question if one.doubt else "A form of the wire"
        if one.word == OPEN:
            why = "Not in this recording" if one.switch else "No recording of reads settles it"
            why += f". Answered by: {one.doubt.answered_by}" if one.doubt else ""
        else:
            why = f"{one.switch}: {_plain(one.value)}"
            if one.word == CONTRADICTED:
                why += f" (assumed: {_plain(getattr(Switches(), one.switch))})"
        lines.append(f"{number}  {one.word:<13} {about}\n{'':19}{why}")
    against = {one.switch: _listed(one.value) for one in verdicts if one.word == CONTRADICTED}
    if against:
        written = yaml.safe_dump({"switches": against}, default_flow_style=None, sort_keys=False, allow_unicode=True)
        lines += [
            "",
            "A simulated cluster that answers like the recorded one has in its scenario:",
            "",
            written.rstrip(),
        ]
    else:
        lines += ["", "Nothing in the recording stands against what the simulated cluster assumes."]
    return lines


def _listed(value: t.Any) -> t.Any:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: t.Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
