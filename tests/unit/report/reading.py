# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A report read back from its HTML with the standard library's parser, which shares nothing with what wrote it."""

from __future__ import annotations

import dataclasses
import html.parser
import re

_VOID = frozenset({"br", "meta", "link", "img", "input", "hr"})


@dataclasses.dataclass(frozen=True)
class Bar:
    """A bar of the timeline: position and width in percent."""

    vm: str
    tone: str
    left: float
    width: float


@dataclasses.dataclass
class Page:
    """What a reader finds on the page.

    Attributes:
        tags: names of all elements.
        attributes: (element, attribute, value) of all of them.
        vms: names in cells that head the row of a VM; ``timeline_vms`` only those of the timeline.
        tables: for each table the names of cells that head a column.
        not_closed: elements that were opened and not closed where they should have been.
    """

    title: str = ""
    text: str = ""
    style: str = ""
    tags: set[str] = dataclasses.field(default_factory=set)
    attributes: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    vms: list[str] = dataclasses.field(default_factory=list)
    timeline_vms: list[str] = dataclasses.field(default_factory=list)
    bars: list[Bar] = dataclasses.field(default_factory=list)
    tables: list[list[str]] = dataclasses.field(default_factory=list)
    not_closed: list[str] = dataclasses.field(default_factory=list)


def read_page(text: str) -> Page:
    """Return what is on the page. Badges after the name of a VM are no part of it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.page.not_closed += reader.open_tags
    return reader.page


class _Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open_tags: list[str] = []
        self._in_timeline = False
        self._vm: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        words = given.get("class", "").split()
        self.page.tags.add(tag)
        self.page.attributes += [(tag, name, value) for name, value in given.items()]
        if tag not in _VOID:
            self.open_tags.append(tag)
        if tag == "section":
            self._in_timeline = "times" in words
        elif tag == "table":
            self.page.tables.append([])
        elif tag == "th" and "vm" in words:
            self._vm = ""
        elif tag == "th" and given.get("scope") == "col":
            self.page.tables[-1].append(given.get("aria-label", ""))
        elif tag == "span" and words[:1] == ["bar"]:
            self._bar(words[1], given["style"])

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.open_tags or self.open_tags.pop() != tag:
            self.page.not_closed.append(tag)
        if tag == "bdi" and self._vm is not None:
            self.page.vms.append(self._vm)
            if self._in_timeline:
                self.page.timeline_vms.append(self._vm)
            self._vm = None

    def handle_data(self, data: str) -> None:
        inside = self.open_tags[-1] if self.open_tags else ""
        if inside == "title":
            self.page.title += data
        elif inside == "style":
            self.page.style += data
        else:
            self.page.text += data
        if inside == "bdi" and self._vm is not None:
            self._vm += data
        elif "thead" in self.open_tags and inside == "th":
            self.page.tables[-1][-1] += data

    def _bar(self, tone: str, style: str) -> None:
        found = re.fullmatch(r"left:([\d.]+)%;width:([\d.]+)%", style)
        assert found, style
        self.page.bars.append(Bar(self.page.timeline_vms[-1], tone, float(found[1]), float(found[2])))
