# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account as one self-contained HTML page: no script, no font, no picture."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from .account import FAILED, NOT_BEGUN, Account, Move, Node
from .chart import timeline_section
from .elements import document, element, name, row
from .styles import STYLES
from .summary import totals, verdict
from .timeline import has_pauses, peak, timeline
from .turns import turns_section
from .wording import change, counted, day, duration, gigabytes, number, outcome, time_of_day

# Names are text wherever they stand. Should a browser read one as anything else, it is not allowed to act on it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(account: Account, written: float) -> str:
    """Return the page, ``written`` at a moment in seconds since 1970."""
    sections = [
        _why(account),
        _failures(account),
        _events(account),
        _untried(account),
        turns_section(account.turns, account.estimate),
        _times(account),
        _stays(account),
    ]
    sections += [_warnings(account), _memory(account.nodes)]
    footer = f"Written {day(written)} {time_of_day(written)} UTC by hyperv.migration. All times are UTC, "
    return document(
        element(
            "html",
            _head(account),
            element(
                "body",
                _header(account),
                element("main", _facts(account), *(section for section in sections if section is not None)),
                element("footer", element("p", f"{footer}by the clock of the controller.")),
            ),
            lang="en",
        )
    )


def _head(account: Account) -> ET.Element:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{account.title}: {verdict(account)}"),
        element("style", STYLES),
    )


def _header(account: Account) -> ET.Element:
    tone = "verdict failed" if account.is_failed else "verdict dry" if account.dry_run else "verdict"
    when: list[ET.Element | str] = []
    if account.cluster:
        when += ["Cluster ", name(account.cluster), ". "]
    began, ended = account.began, account.ended
    if began is not None and ended is not None:
        until = time_of_day(ended) if day(ended) == day(began) else f"{day(ended)}, {time_of_day(ended)}"
        when.append(f"{day(began)}, {time_of_day(began)} to {until} UTC.")
    return element(
        "header",
        element("p", element("span", verdict(account), class_=tone), style="margin: 0"),
        element("h1", name(account.title)),
        element("p", f"{totals(account)}. {account.note}".rstrip()),
        element("p", *when, class_="soft"),
    )


def _facts(account: Account) -> ET.Element:
    moved = len(account.moves) - len(account.having(FAILED, NOT_BEGUN)) if account.dry_run else len(account.arrived)
    facts = [_fact("would move" if account.dry_run else "moved", str(moved), f" of {len(account.moves)}")]
    failed = len(account.having(FAILED))
    facts.append(_fact("failed", str(failed), tone="failed" if failed else "plain"))
    if account.stays:
        facts.append(_fact("to stay or left alone", str(len(account.stays))))
    began, ended = account.began, account.ended
    if began is not None and ended is not None:
        facts.append(_fact("from first to last", duration(ended - began)))
        limit = f" (limit {account.limit})" if account.limit else ""
        if not has_pauses(account.moves):
            facts.append(_fact("at once at most", str(peak(account.moves)), limit))
    half = account.median_seconds
    if half is not None and len(account.slowest) > 1:
        facts.append(_fact("median for a VM", duration(half)))
        slowest = account.slowest[0]
        facts[-1][0].extend(
            [element("br"), element("span", f"slowest {duration(slowest.seconds)}: ", name(slowest.vm))]
        )
    return element("dl", *facts, class_="facts")


def _fact(label: str, value: str, addition: str = "", *, tone: str = "plain") -> ET.Element:
    more = [element("small", addition)] if addition else []
    return element("div", element("dt", label), element("dd", value, *more, class_=tone))


def _why(account: Account) -> ET.Element | None:
    if not account.error or account.having(FAILED):
        return None
    return element("section", element("h2", "Why it failed"), element("p", account.error), class_="failed")


def _failures(account: Account) -> ET.Element | None:
    failed = account.having(FAILED)
    if not failed:
        return None
    rows = (
        row(
            [
                element("th", name(move.vm), scope="row"),
                element("td", *_way(move), class_="route"),
                element("td", *_cause(move)),
                element("td", move.remedy, class_="remedy"),
            ]
        )
        for move in failed
    )
    table = _table(["VM", "From and to", "Why", "Remedy"], rows)
    title = f"{counted(len(failed), 'VM', 'VMs')} could not be moved"
    return element("section", element("h2", title), table, class_="failed")


def _cause(move: Move) -> list[ET.Element | str]:
    tries = f" ({move.attempts} tries)" if move.attempts > 1 else ""
    return [f"{move.cause}{tries}", *([element("p", move.quoted, class_="soft")] if move.quoted else [])]


def _events(account: Account) -> ET.Element | None:
    """Return what the event logs of the hosts say of moves that failed."""
    rows = [
        row(
            [
                element("th", name(move.vm), scope="row"),
                element("td", name(event.node), class_="node"),
                element("td", f"{event.time} UTC", class_="when"),
                element("td", f"{event.log}, {event.id}"),
                element("td", event.message),
            ]
        )
        for move in account.having(FAILED)
        for event in move.events
    ]
    if not rows:
        return None
    table = _table(["VM", "Node", "Time", "Log and event", "What it says"], rows)
    return element("section", element("h2", "What the event logs say"), table)


def _untried(account: Account) -> ET.Element | None:
    waiting = account.having(NOT_BEGUN)
    if not waiting:
        return None
    names: list[ET.Element | str] = []
    for move in waiting:
        names += [name(move.vm), ", "]
    text = "The run ended before. Run it again to move what is left."
    title = f"{counted(len(waiting), 'VM was', 'VMs were')} never tried"
    return element(
        "section", element("h2", title), element("p", *names[:-1]), element("p", text, class_="soft"), class_="failed"
    )


def _times(account: Account) -> ET.Element | None:
    shown = timeline(account)
    if shown is not None:
        return timeline_section(shown)
    if not account.moves:
        return None
    rows = (
        row(
            [
                element("th", name(move.vm), scope="row", class_="vm"),
                element("td", *_way(move), class_="route"),
                element("td", f"{gigabytes(move.memory_mb)} GB" if move.memory_mb else "", class_="number wide"),
                element("td", _result(move)),
            ]
        )
        for unused, unused_too, moves in account.routes()
        for move in moves
    )
    table = _table(["VM", "From and to", "Memory", "Result"], rows)
    return element("section", element("h2", "Where each VM would go" if account.dry_run else "The VMs"), table)


def _result(move: Move) -> str:
    agreed = ", Hyper-V agrees" if move.checked and move.outcome == "would_move" else ""
    return f"{outcome(move.outcome)}{agreed}{', helper' if move.helper else ''}"


def _stays(account: Account) -> ET.Element | None:
    if not account.stays:
        return None
    rows = (
        row(
            [
                element("th", name(one.vm), scope="row"),
                element("td", one.message),
                element("td", one.remedy, class_="remedy"),
            ]
        )
        for one in account.stays
    )
    title = f"{counted(len(account.stays), 'VM stays', 'VMs stay')}"
    return element("section", element("h2", title), _table(["VM", "Why", "Remedy"], rows))


def _warnings(account: Account) -> ET.Element | None:
    rows = [
        row([element("th", name(move.vm), scope="row"), element("td", warning)])
        for move in account.moves
        for warning in move.warnings
    ]
    return element("section", element("h2", "Warnings"), _table(["VM", "Warning"], rows)) if rows else None


def _memory(nodes: tuple[Node, ...]) -> ET.Element | None:
    if not nodes:
        return None
    titles = ("Node", "Total GB", "Free GB before", "Free GB after", "Change", "VMs before", "VMs after")
    head = [element("th", titles[0], scope="col")]
    head += [element("th", one, scope="col", class_=_column(one)) for one in titles[1:]]
    head.append(element("th", "In use before and after", scope="col", class_="wide"))
    rows = [_memory_cells(node) for node in nodes]
    known = [any("".join(cells[place].itertext()) != number(None) for cells in rows) for place in range(len(head))]
    head, *rows = (list(itertools.compress(cells, known)) for cells in [head, *rows])
    body = element("tbody", *(row(cells) for cells in rows))
    table = element("table", element("thead", row(head)), body, class_="nodes")
    return element("section", element("h2", "Memory and VMs of the nodes"), table)


def _column(title: str) -> str:
    return "number wide" if title in ("Total GB", "Change") else "number"


def _memory_cells(node: Node) -> list[ET.Element]:
    used = [_used(node.total_mb, node.free_before_mb, "before"), _used(node.total_mb, node.free_after_mb, "after")]
    return [
        element("th", name(node.name), scope="row"),
        element("td", gigabytes(node.total_mb), class_="number wide"),
        element("td", gigabytes(node.free_before_mb), class_="number"),
        element("td", gigabytes(node.free_after_mb), class_="number"),
        element("td", change(node.freed_mb), class_="number wide"),
        element("td", number(node.vms_before), class_="number"),
        element("td", number(node.vms_after), class_="number"),
        element("td", *(one for one in used if one is not None), class_="wide"),
    ]


def _used(total_mb: int | None, free_mb: int | None, when: str) -> ET.Element | None:
    if not total_mb or free_mb is None:
        return None
    share = min(100.0, max(0.0, 100.0 * (total_mb - free_mb) / total_mb))
    used = element("span", style=f"width:{share:.1f}%")
    return element("span", used, class_=f"memory {when}", role="img", aria_label=f"{share:.0f} % in use {when}")


def _way(move: Move) -> list[ET.Element | str]:
    return [name(move.source), " \N{RIGHTWARDS ARROW} ", name(move.destination)]


def _table(titles: list[str], rows: Iterable[ET.Element]) -> ET.Element:
    looks = {"Memory": {"class_": "number wide"}}
    head = element("thead", row(element("th", title, scope="col", **looks.get(title, {})) for title in titles))
    return element("table", head, element("tbody", *rows), class_="stack")
