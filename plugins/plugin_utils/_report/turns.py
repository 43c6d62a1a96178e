# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The turns of the nodes of a rolling maintenance as a section of the page: a bar for each part of each turn."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from .account import Part, Turn
from .chart import axis_of, track_of
from .elements import append, element, name, row
from .timeline import Axis
from .wording import duration, time_of_day

_LOOKS = {"emptied": "part", "worked on": "part work", "restarted": "part restart", "filled": "part back"}


def turns_section(turns: Sequence[Turn], estimate: str) -> ET.Element | None:
    """Return the section; None where no turn is told. ``estimate`` says how good the estimate was, empty for none."""
    shown = [turn for turn in turns if turn.parts]
    if not shown:
        return None
    axis = Axis(min(turn.began for turn in shown), max(turn.ended for turn in shown))
    ticks = axis.ticks()
    head = [
        element("th", "Node", scope="col", class_="who"),
        element("th", "Took", scope="col", class_="number took"),
        element("th", axis_of(ticks), scope="col", aria_label="When, in UTC"),
    ]
    body = [_row(turn, axis, ticks) for turn in shown]
    section = element("section", element("h2", "The turns of the nodes"), _legend(shown), class_="times")
    if estimate:
        append(section, element("p", estimate))
    append(section, element("table", element("thead", row(head)), element("tbody", *body), class_="times"))
    return section


def _legend(turns: Sequence[Turn]) -> ET.Element:
    found = {part.name for turn in turns for part in turn.parts}
    keys = ((look, text) for text, look in _LOOKS.items() if text in found)
    return element(
        "p", *(element("span", element("span", class_=f"key {look}"), text) for look, text in keys), class_="soft keys"
    )


def _row(turn: Turn, axis: Axis, ticks: Sequence[tuple[float, str]]) -> ET.Element:
    track = track_of(ticks)
    for part in turn.parts:
        left, right = axis.percent(part.began), axis.percent(part.ended)
        place, text = f"left:{left:g}%;width:{right - left:g}%", _when(turn, part)
        append(track, element("span", class_=_LOOKS[part.name], style=place, title=text, role="img", aria_label=text))
    return row(
        [
            element("th", name(turn.node), scope="row"),
            element("td", duration(turn.ended - turn.began), class_="number"),
            element("td", track),
        ]
    )


def _when(turn: Turn, part: Part) -> str:
    took = duration(part.ended - part.began)
    return f"{turn.node}, {part.name}: {time_of_day(part.began)} to {time_of_day(part.ended)}, {took}"
