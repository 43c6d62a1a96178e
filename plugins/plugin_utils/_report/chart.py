# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The timeline as tables of a page: a bar for each VM, and the number of parallel migrations."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from .account import ARRIVED, FAILED, MOVED, Move
from .elements import append, element, name, row
from .timeline import Bar, Lane, Load, Timeline
from .wording import counted, duration, gigabytes, outcome, time_of_day

_HEIGHT = 100  # of a load chart, in its own units
_NAMES = {"moved": "moved", "failed": "failed", "other": "not finished"}  # of tones of bars
_LABEL_ROOM = 8.0  # percent of the axis within which a label would stick out of it


def timeline_section(shown: Timeline) -> ET.Element:
    """Return the section with one table over all, and one for each node."""
    section = element("section", element("h2", "Timeline"), _legend(shown), class_="times")
    if shown.has_pauses:
        text = "The bar of a VM that was tried several times includes the pauses, in which it was not under way."
        append(section, element("p", text, class_="soft"))
    append(section, _table(element("caption", "All moves"), shown, [_load_row(load) for load in shown.loads]))
    for lane in shown.lanes:
        rows = [_load_row(lane.load), *(_vm_row(drawn, shown) for drawn in lane.bars)]
        append(section, _table(_caption(lane), shown, rows))
    return section


def _legend(shown: Timeline) -> ET.Element:
    tones = {
        _tone(drawn.move): _NAMES[_tone(drawn.move)]
        for lane in shown.lanes
        for drawn in lane.bars
        if drawn.left is not None
    }
    keys = [("bar " + tone, tones[tone]) for tone in sorted(tones, key=list(_NAMES).index)]
    keys += [("tail", "arrival awaited")] if any(drawn.tail for lane in shown.lanes for drawn in lane.bars) else []
    keys += [("load", "moves at once"), ("limit", "limit")]
    return element(
        "p", *(element("span", element("span", class_=f"key {look}"), text) for look, text in keys), class_="soft keys"
    )


def _caption(lane: Lane) -> ET.Element:
    moved = sum(drawn.move.outcome in ARRIVED for drawn in lane.bars)
    counts = f" {moved} of {counted(len(lane.bars), 'move', 'moves')} made"
    way = "To " if lane.direction == "to" else "From "
    return element("caption", way, name(lane.load.name), element("small", counts))


def _table(caption: ET.Element, shown: Timeline, rows: list[ET.Element]) -> ET.Element:
    titles = [
        element("th", "VM", scope="col", class_="who"),
        element("th", "Memory", scope="col", class_="number size wide"),
        element("th", "Took", scope="col", class_="number took"),
        element("th", axis_of(shown.ticks), scope="col", aria_label="When, in UTC"),
    ]
    return element("table", caption, element("thead", row(titles)), element("tbody", *rows), class_="times")


def axis_of(ticks: Sequence[tuple[float, str]]) -> ET.Element:
    """Return a time axis with its labels; ``ticks`` are (percent, time of day)."""
    axis = element("span", class_="axis", aria_hidden="true")
    for index, (percent, label) in enumerate(ticks):
        edge = "first" if percent < _LABEL_ROOM else "last" if percent > 100 - _LABEL_ROOM else "inner"
        # On a phone there is room for every second of them, and for every fourth with seconds.
        spare = " spare" if index % (2 if len(label) <= len("00:00") else 4) else ""
        append(axis, element("span", label, class_=edge + spare, style=f"left:{percent:g}%"))
    return axis


def track_of(ticks: Sequence[tuple[float, str]]) -> ET.Element:
    """Return what bars are drawn on, with a line at each tick."""
    return element("span", *(element("i", style=f"left:{percent:g}%") for percent, unused in ticks), class_="track")


def _load_row(load: Load) -> ET.Element:
    limit = f"limit {load.limit}" if load.limit else "limit unknown" if load.limit is None else "no limit"
    who: list[ET.Element | str] = ["at once at ", name(load.name)] if load.name else ["at once in all"]
    text = f"peak {load.peak}"
    return row(
        [
            element("th", *who, scope="row"),
            element("td", class_="wide"),
            element("td", text, element("br"), limit, class_="number"),
            element("td", _chart(load, f"{text}, {limit}")),
        ],
        class_="load",
    )


def _chart(load: Load, label: str) -> ET.Element:
    highest = max(load.peak, load.limit or 0, 1)
    unit = _HEIGHT * 0.85 / highest
    path, before = f"M0 {_HEIGHT}", 0
    for percent, count in load.steps:
        path += f"H{percent:g}V{_HEIGHT - count * unit:g}"
        before = count
    path += f"H100V{_HEIGHT - before * unit:g}V{_HEIGHT}Z"
    chart = element("svg", viewBox=f"0 0 100 {_HEIGHT}", preserveAspectRatio="none", role="img", aria_label=label)
    append(chart, element("path", d=path, class_="area"))
    if load.limit:
        y = f"{_HEIGHT - load.limit * unit:g}"
        append(chart, element("line", x1="0", x2="100", y1=y, y2=y, class_="limit"))
    return chart


def _vm_row(drawn: Bar, shown: Timeline) -> ET.Element:
    move = drawn.move
    who = element("th", name(move.vm), scope="row", class_="vm")
    if move.outcome != MOVED:
        tone = "badge failed" if move.outcome == FAILED else "badge"
        append(who, " ", element("span", outcome(move.outcome), class_=tone))
    track = track_of(shown.ticks)
    if drawn.left is not None:
        place = f"left:{drawn.left:g}%;width:{drawn.width:g}%"
        append(track, element("span", class_=f"bar {_tone(move)}", style=place, title=_when(move), role="img"))
        track[-1].set("aria-label", _when(move))
        if drawn.tail:
            place = f"left:{drawn.left + drawn.width:g}%;width:{drawn.tail:g}%"
            append(track, element("span", class_="tail", style=place))
    took = duration(move.seconds) if move.began is not None else ""
    size = f"{gigabytes(move.memory_mb)} GB" if move.memory_mb else ""  # one that is off needs none
    cells = [element("td", size, class_="number wide"), element("td", took, class_="number"), element("td", track)]
    return row([who, *cells])


def _tone(move: Move) -> str:
    return "moved" if move.outcome in ARRIVED else "failed" if move.outcome == FAILED else "other"


def _when(move: Move) -> str:
    began = time_of_day(move.began or 0)
    ended = f" to {time_of_day(move.ended)}" if move.ended is not None else ""
    return f"{move.vm}, {move.source} to {move.destination}: {began}{ended}, {duration(move.seconds)}"
