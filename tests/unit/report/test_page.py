# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The HTML page as a browser and a screen reader find it. It is read back with the standard library's parser."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.account import Account
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.page import page
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.styles import STYLES

from tests.unit.report.given import BEGAN, CAPABILITIES, ERROR, account, node, planned, record, run_of
from tests.unit.report.reading import Page, read_page

LONGEST = "x" * 100
STRANGE = [
    "<script>alert(1)</script>",
    "</title></style></bdi><b>bold",
    "a & b &amp; c",
    "\"double\" and 'single'",
    "' onmouseover='alert(1)",
    "مرحبا-خادم",
    "\N{ROCKET}\N{FAMILY} ops",
    LONGEST,
]


def written(given: Account) -> Page:
    return read_page(page(given, BEGAN.timestamp()))


def with_failures() -> Account:
    moves = [
        record("vm0", 0, 0, 12),
        record("vm1", 1, 3, 35, outcome="failed", error=ERROR, attempts=2),
        record("vm2", 2, None, outcome="failed", error=ERROR),
        record("vm3", 3, 5, 20, outcome="started", ended=None),
    ]
    return account(
        moves=moves,
        planned=[planned(f"vm{number}", number) for number in range(5)],
        stays=[{"name": "db", "message": "Its strategy is stay.", "remedy": ""}],
        capabilities=CAPABILITIES,
        error="2 VMs could not be moved",
        note="The node was given back.",
        nodes_before=[node("NODE1", 1024, 5), node("NODE2", None, 1)],
        nodes_after=[node("NODE1", 2048, 4), node("NODE2", 4096, 2)],
    )


def dry_run() -> Account:
    moves = [record(f"vm{number}", number, outcome="would_move") for number in range(3)]
    return account(moves=moves, dry_run=True, capabilities=CAPABILITIES)


def strange() -> Account:
    moves = [record(name, number, number * 3.0) for number, name in enumerate(STRANGE)]
    sentence = '<b>why</b> & "how"'
    failed = {"cause": sentence, "remedy": sentence, "message": sentence}
    moves.append(record("<i>failed", 99, 1, outcome="failed", error=failed, warnings=[sentence], source_host="<u>N1"))
    stays = [{"name": "<s>stay", "message": sentence, "remedy": sentence}]
    return account(
        moves=moves,
        stays=stays,
        title="<h1>title",
        note=sentence,
        capabilities={"cluster": {"name": "<em>HVC"}, "nodes": []},
        nodes_before=[node("<u>N1", 1, 1)],
    )


EVERYTHING: dict[str, t.Callable[[], Account]] = {
    "1 move": lambda: run_of(1),
    "64 moves": lambda: run_of(64),
    "0 moves": account,
    "failures": with_failures,
    "dry run": dry_run,
    "strange names": strange,
}


@pytest.fixture(params=list(EVERYTHING.values()), ids=list(EVERYTHING))
def given(request: pytest.FixtureRequest) -> Account:
    return t.cast("Account", request.param())


def test_what_is_known_of_no_node_has_no_column() -> None:
    nodes = [{"name": "NODE1", "total_memory_mb": 131072, "free_memory_mb": 40960}]
    shown = page(account(moves=[record("vm1", 1, 3, 35)], nodes_before=nodes), 0)
    assert "Free GB before" in shown
    assert "VMs after" not in shown
    assert "?" not in read_page(shown).text


def test_every_vm_stands_once_in_the_list(given: Account) -> None:
    assert sorted(written(given).vms) == sorted(move.vm for move in given.moves)


def test_every_vm_stands_once_in_the_timeline_with_a_bar_if_it_was_begun(given: Account) -> None:
    found = written(given)
    begun = sorted(move.vm for move in given.moves if move.began is not None)
    assert sorted(drawn.vm for drawn in found.bars) == begun
    assert sorted(found.timeline_vms) == (sorted(move.vm for move in given.moves) if begun else [])


def test_every_bar_lies_within_the_axis(given: Account) -> None:
    for drawn in written(given).bars:
        assert drawn.left >= 0
        assert drawn.width >= 0
        assert drawn.left + drawn.width <= 100.001


def test_everything_that_is_placed_by_percent_lies_within_its_place(given: Account) -> None:
    styles = [value for unused, name, value in written(given).attributes if name == "style"]
    percents = [float(one) for style in styles for one in re.findall(r"([-\d.e]+)%", style)]
    assert all(0 <= one <= 100 for one in percents)


def test_the_page_is_well_formed(given: Account) -> None:
    assert written(given).not_closed == []


def test_the_page_needs_nothing_else_and_holds_no_program(given: Account) -> None:
    text, found = page(given, 0.0), written(given)
    assert found.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "video"})
    names = {name for unused, name, unused_too in found.attributes}
    assert names.isdisjoint({"src", "href", "srcset", "action", "data", "background", "xlink:href"})
    assert not [name for name in names if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:|//", found.style)
    policy = [value for tag, name, value in found.attributes if tag == "meta" and name == "content"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')


def test_only_the_elements_of_the_page_itself_are_there() -> None:
    """Markup in names adds no element: those of a page full of it are those of any page."""
    usual: set[str] = set().union(
        *(written(make()).tags for name, make in EVERYTHING.items() if name != "strange names")
    )
    assert written(strange()).tags - usual == set()


def test_texts_of_all_kinds_are_data() -> None:
    found = written(strange())
    assert found.title == "<h1>title: FAILED"
    assert found.text.count('<b>why</b> & "how"') >= 5
    assert all(name in found.text for name in ("<em>HVC", "<u>N1", "<s>stay"))


def test_a_name_keeps_its_direction_of_writing_to_itself() -> None:
    turned = "web\u202e01\u2066\u0007\udc80"
    found = written(account(moves=[record(turned, 1, 0)]))
    assert found.vms == ["web\ufffd01\ufffd\ufffd\ufffd"]
    assert "bdi" in found.tags


def test_a_screen_reader_finds_its_way(given: Account) -> None:
    found = written(given)
    assert all(title.strip() for table in found.tables for title in table)
    scopes = [name for tag, name, unused in found.attributes if tag == "th"]
    assert scopes.count("scope") == page(given, 0.0).count("<th ")
    assert "<th>" not in page(given, 0.0)
    pictures = page(given, 0.0).count('role="img"')
    labels = [value for unused, name, value in found.attributes if name == "aria-label"]
    assert len([one for one in labels if one]) >= pictures
    assert found.title
    assert ("meta", "name", "viewport") in found.attributes
    assert {"header", "main", "footer", "h1"} <= found.tags


def test_the_limits_are_told() -> None:
    text = written(run_of(64)).text
    assert "limit 4" in text
    assert "limit 2" in text
    assert "limit unknown" in written(account(moves=[record("web01", 1, 0)])).text


def test_failures_stand_first_with_cause_and_remedy() -> None:
    text = written(with_failures()).text
    order = [
        "2 VMs could not be moved",
        ERROR["cause"],
        ERROR["remedy"],
        "1 VM was never tried",
        "Timeline",
        "1 VM stays",
    ]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert "The node was given back." in text


def test_the_hosts_own_words_stand_beside_the_cause() -> None:
    error = {**ERROR, "cause": "no code tells why", "quoted": "Hyper-V says: <b>The device</b> is\nattached."}
    text = page(account(moves=[record("vm1", 1, 0, 5, outcome="failed", attempts=2, error=error)]), BEGAN.timestamp())
    assert "no code tells why (2 tries)" in text
    assert "Hyper-V says: &lt;b&gt;The device&lt;/b&gt; is attached." in text


def test_a_run_past_midnight_says_on_which_day_it_ended() -> None:
    assert "2026-03-01, 22:15:04 to 22:15:14 UTC" in written(account(moves=[record("vm0", 0, 0, 10)])).text
    assert (
        "2026-03-01, 22:15:04 to 2026-03-02, 00:15:04 UTC" in written(account(moves=[record("vm0", 0, 0, 7200)])).text
    )


def test_one_move_has_no_median() -> None:
    assert "median" not in written(run_of(1)).text
    assert "median for a VM" in written(run_of(2)).text


@pytest.mark.parametrize(("seconds", "shown"), [(20, 4), (7200, 2)])
def test_a_phone_shows_as_many_times_as_fit(seconds: int, shown: int) -> None:
    moves = [record("vm0", 0, 0, seconds)]

    places = [value.split() for tag, name, value in written(account(moves=moves)).attributes if name == "class"]
    labels = [value for value in places if {"first", "inner", "last"} & set(value)]

    assert len(labels) > 2
    labels = labels[: len(labels) // 2]  # of the first of two equal axes
    assert ["spare" in value for value in labels] == [index % shown > 0 for index in range(len(labels))]


def test_memory_is_told_before_and_after_and_what_is_not_known_is_not_invented() -> None:
    text = written(with_failures()).text
    assert "NODE1128.01.02.0+1.054" in text
    assert "NODE2128.0?4.0?12" in text


def colours(block: str) -> dict[str, tuple[int, int, int]]:
    found = re.findall(r"--([\w-]+): #(..)(..)(..);", block)
    return {name: (int(red, 16), int(green, 16), int(blue, 16)) for name, red, green, blue in found}


def luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [one / 255 for one in colour]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


LIGHT, DARK = STYLES.split("@media (prefers-color-scheme: dark)")
TEXTS = [("ink", "page"), ("ink", "card"), ("soft", "page"), ("soft", "card"), ("bad", "card")]
TEXTS += [(one, f"{one}-soft") for one in ("bad", "wait", "fine")]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_texts_stand_out_from_their_ground(theme: str, text: str, ground: str) -> None:
    palette = colours(theme)
    assert contrast(palette[text], palette[ground]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["good", "bad"])
def test_bars_and_limits_stand_out_from_their_ground(theme: str, mark: str) -> None:
    palette = colours(theme)
    assert contrast(palette[mark], palette["grid"]) >= 3  # WCAG 2.2, 1.4.11


def test_what_event_logs_say_of_a_failed_move_is_there_whatever_it_holds() -> None:
    said = {
        "time": "2026-03-01T22:15:12.123456789Z",
        "node": "NODE3",
        "channel": "Microsoft-Windows-Hyper-V-VMMS-Admin",
        "id": 21159,
        "message": "<b>{{ 7 * 7 }}</b> 仮想スイッチ",
    }
    shown = account(moves=[record("vm1", 1, 3, 35, outcome="failed", error=ERROR, events=[said])])
    text = page(shown, BEGAN.timestamp())

    assert "What the event logs say" in text
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt; 仮想スイッチ" in text
    assert "2026-03-01 22:15:12 UTC" in text
    assert "Hyper-V-VMMS-Admin, 21159" in text
    assert "What the event logs say" not in page(account(moves=[record("vm1", 1, 3, 35)]), BEGAN.timestamp())
