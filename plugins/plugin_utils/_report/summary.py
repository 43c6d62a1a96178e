# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account in a few lines for the screen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from .._text import of_any_move
from .account import ARRIVED, FAILED, NOT_BEGUN, PLANNED, WOULD_MOVE, Account, Move
from .timeline import has_pauses, peak
from .wording import (
    change,
    columns,
    counted,
    day,
    duration,
    gigabytes,
    number,
    outcome,
    padded,
    time_of_day,
)

_WIDTH = 110  # columns of a line, so that it fits where Ansible indents it
_WHAT, _COUNT = 20, 5  # columns of what became of VMs, and of how many
_EVENTS_SHOWN = 4  # of one move; the page has all
_INDENT = " " * (_WHAT + _COUNT + 2)


def summary(account: Account) -> list[str]:
    """Return the lines: the whole in one sentence, what went wrong, which VMs stay, where the others went, memory."""
    return [
        *_headline(account),
        *_failures(account),
        *_stays(account),
        *_destinations(account),
        *_warnings(account),
        *_memory(account),
    ]


def verdict(account: Account) -> str:
    """Return in one word or two how it ended."""
    if account.is_failed:
        return "FAILED"
    return "dry run" if account.dry_run else "done"


def totals(account: Account) -> str:
    """Return how many VMs came to what."""
    if not account.moves:
        return "No VM was to be moved" + (f", {len(account.stays)} stay" if account.stays else "")
    done = len(account.having(WOULD_MOVE, PLANNED) if account.dry_run else account.arrived)
    if account.vm_count < len(account.moves):
        of = f"{len(account.moves)} moves of {counted(account.vm_count, 'VM', 'VMs')}"
        parts = [f"{done} of {of} {'would be made' if account.dry_run else 'made'}"]
    else:
        of = counted(len(account.moves), "VM", "VMs")
        parts = [f"{done} of {of} {'would move' if account.dry_run else 'moved'}"]
    for word, what in ((FAILED, "failed"), ("started", "still under way"), (NOT_BEGUN, "not begun")):
        if account.having(word):
            parts.append(f"{len(account.having(word))} {what}")
    if account.stays:
        parts.append(f"{len(account.stays)} stay")
    return ", ".join(parts)


def at_once(account: Account) -> str:
    """Return how many moves ran at once, as far as that can be told, and how many may."""
    limit = account.limit
    if has_pauses(account.moves):
        return f"limit {limit} at once, some moves tried more than once" if limit else "some moves tried more than once"
    return f"at most {peak(account.moves)} at once{f' (limit {limit})' if limit else ''}"


def _headline(account: Account) -> list[str]:
    agreed = " Hyper-V was asked and agrees." if any(move.checked for move in account.having(WOULD_MOVE)) else ""
    lines = _wrapped(f"{account.title}: {verdict(account)}. {totals(account)}.{agreed}")
    began, ended = account.began, account.ended
    if began is not None and ended is not None:
        span = f"{day(began)} {time_of_day(began)} to {time_of_day(ended)} UTC"
        lines += _wrapped(f"{duration(ended - began)} from {span}, {at_once(account)}.")
    half = account.median_seconds
    if half is not None and len(account.arrived) > 1:
        slowest = ", ".join(f"{move.vm} {duration(move.seconds)}" for move in account.slowest)
        lines += _wrapped(f"Slowest: {slowest}. Half of them took {duration(half)} or less.")
    if account.error and not account.having(FAILED):
        lines += _wrapped(f"Why: {account.error}")
    lines += _wrapped(account.note) if account.note else []
    return lines + (_wrapped(account.estimate) if account.estimate else [])


def _destinations(account: Account) -> list[str]:
    lines: list[str] = []
    for direction, node, moves in account.routes():
        for word in sorted({move.outcome for move in moves} - {FAILED, NOT_BEGUN}):
            here = [move for move in moves if move.outcome == word]
            lines += _entry(f"{outcome(word)} {direction} {node}:", len(here), _joined(_went(move) for move in here))
    return lines


def _went(move: Move) -> str:
    name = f"{move.vm} (helper)" if move.helper else move.vm
    if move.began is not None and move.outcome in ARRIVED:
        return f"{name} {duration(move.seconds)}"
    return f"{name} (Hyper-V was not asked)" if move.outcome == WOULD_MOVE and not move.checked else name


def _stays(account: Account) -> list[str]:
    causes: dict[tuple[str, str], list[str]] = {}
    for one in account.stays:
        causes.setdefault((one.message, one.remedy), []).append(one.vm)
    lines: list[str] = []
    for (message, remedy), vms in causes.items():
        why = f"{message} {remedy}".rstrip()
        if why in account.error and not account.having(FAILED):  # which the headline has told
            why = "as said above"
        lines += _entry("stay" if len(vms) > 1 else "stays", len(vms), f"{', '.join(vms)}: {why}")
    return lines


def _failures(account: Account) -> list[str]:
    """Return what failed: for each cause the moves, cause, remedy and words once, and the first events."""
    causes: dict[tuple[str, str], list[Move]] = {}
    failed = list(account.having(FAILED))
    why = of_any_move([(move.cause, move.vm, move.destination) for move in failed])
    helps = of_any_move([(move.remedy, move.vm, move.destination) for move in failed])
    for move, cause, remedy in zip(failed, why, helps, strict=True):
        causes.setdefault((cause, remedy), []).append(move)
    lines: list[str] = []
    for (cause, remedy), moves in causes.items():
        cause = moves[0].cause if len({move.cause for move in moves}) == 1 else cause
        remedy = moves[0].remedy if len({move.remedy for move in moves}) == 1 else remedy
        lines += _entry("FAILED", len(moves), _joined(map(_failed, moves)) if len(moves) > 1 else _failed(moves[0]))
        lines += _wrapped(f"why:    {cause}", _INDENT, _INDENT + " " * 8)
        if remedy:
            lines += _wrapped(f"remedy: {remedy}", _INDENT, _INDENT + " " * 8)
        words = next((move.quoted for move in moves if move.quoted), "")
        if words:
            lines += _wrapped(f"words:  {words}", _INDENT, _INDENT + " " * 8)
        for event in next((move.events for move in moves if move.events), ())[-_EVENTS_SHOWN:]:
            said = f"event:  {event.time} UTC, {event.node}, {event.log}, {event.id}: {event.message}"
            lines += _wrapped(said, _INDENT, _INDENT + " " * 8)
    waiting = account.having(NOT_BEGUN)
    return lines + (_entry("NOT BEGUN", len(waiting), _joined(move.vm for move in waiting)) if waiting else [])


def _failed(move: Move) -> str:
    tries = f", {move.attempts} tries" if move.attempts > 1 else ""
    took = f", {duration(move.seconds)}" if move.began is not None else ""
    return f"{move.vm} ({move.source} -> {move.destination}{tries}{took})"


def _warnings(account: Account) -> list[str]:
    """Return the warnings, one for all VMs of which it says the same.

    That of an attempt which failed as the last one did only repeats what is said of the failure.
    """
    alike: dict[str, list[tuple[Move, str]]] = {}
    for move in account.moves:
        for warning in move.warnings:
            if not (move.outcome == FAILED and move.cause and move.cause in warning):
                alike.setdefault(warning.replace(move.vm, ""), []).append((move, warning))
    lines: list[str] = []
    for group in alike.values():
        vms = _joined(dict.fromkeys(move.vm for move, unused in group))
        lines += _entry("warning", len(group) if len(group) > 1 else None, f"{vms}: {group[0][1]}")
    return lines


def _memory(account: Account) -> list[str]:
    if not account.nodes:
        return []
    head = ("node", "total GB", "free before", "free after", "change", "VMs before", "after")
    rows = [
        (
            node.name,
            gigabytes(node.total_mb),
            gigabytes(node.free_before_mb),
            gigabytes(node.free_after_mb),
            change(node.freed_mb),
            number(node.vms_before),
            number(node.vms_after),
        )
        for node in account.nodes
    ]
    known = [any(row[place] != number(None) for row in rows) for place in range(len(head))]
    table = [list(itertools.compress(row, known)) for row in [head, *rows]]
    wide = max(columns(row[0]) for row in table)
    return [
        "  ".join(
            [padded(row[0], wide), *(cell.rjust(len(title)) for cell, title in zip(row[1:], table[0][1:], strict=True))]
        )
        for row in table
    ]


def _entry(what: str, count: int | None, text: str) -> list[str]:
    head = padded(what, _WHAT) + number(count).rjust(_COUNT) if count is not None else padded(what, _WHAT + _COUNT)
    if columns(what) > _WHAT:
        return [f"{what}  {number(count)}", *_wrapped(text, _INDENT, _INDENT)]
    return _wrapped(text, f"{head}  ", _INDENT)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in names)


def _wrapped(text: str, first: str = "", later: str = "  ") -> list[str]:
    """Return a text in lines of limited width, broken at blanks only, so that whoever searches for a name finds it."""
    lines: list[list[str]] = []
    room = 0
    for word in text.split(" "):
        if not lines or columns(word) >= room:
            lines.append([])
            room = _WIDTH - columns(later if len(lines) > 1 else first) + 1
        lines[-1].append(word)
        room -= columns(word) + 1
    return [
        (later if index else first) + " ".join(words).replace("\N{NO-BREAK SPACE}", " ")
        for index, words in enumerate(lines)
    ]
