# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures of growth, and the guide that is written from them."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.bench import growth, speed_page
from tests.bench.figures import Figure
from tests.bench.grown import Grown, growth_table

ABOUT = {"date": "2026-03-01", "processor": "XYZ", "cores": 2, "load": 5.1, "python": "3.11.7", "core": "2.19.0"}
SQUARE = Grown.of("plan", "CPU", (10, 100, 1000), (1, 4, 400), 1.2, each="VM", is_relative=True)
PLACES = "".join(
    f".. written by tests.bench.speed_page: {name}\nold\n.. end of {name}\n"
    for name in ("machine", "figures", "growth")
)


@pytest.mark.parametrize(
    ("costs", "exponent"), [((7, 7, 7), 0), ((1, 10, 100), 1), ((1, 100, 10_000), 2), ((50, 60, 60), 0)]
)
def test_growth_is_told_by_its_exponent_between_the_two_largest(costs: tuple[int, ...], exponent: int) -> None:
    assert Grown.of("list", "requests", (10, 100, 1000), costs, 1.02, each="VM").value == pytest.approx(exponent)


def test_what_grows_with_the_square_misses_its_limit_and_shows_its_slopes() -> None:
    assert not SQUARE.is_kept
    assert SQUARE.growth_cells() == (
        "plan: CPU",
        "10: 1 x; 100: 4 x; 1,000: 400 x",
        "0.0333 x a VM",
        "0.44 x a VM",
        "2.00",
        "1.2",
    )


def test_other_figures_have_no_row_of_growth() -> None:
    assert growth_table([Figure("a", "b", 1)]) == ""


def test_a_poll_is_measured_while_all_moves_run() -> None:
    small, large = (growth._poll(growth.Size(4, vms, 4)) for vms in (8, 80))
    assert small["requests"] == large["requests"] == 2
    assert small["bytes received"] == large["bytes received"]


def test_an_evacuation_costs_requests_for_each_move() -> None:
    small, large = (growth._evacuation(growth.Size(4, 40, leaving)) for leaving in (4, 16))
    assert small["requests"] < large["requests"] < 5 * small["requests"]


def test_the_page_gets_its_tables_from_what_was_measured(tmp_path: pathlib.Path) -> None:
    figures = [Figure("a task", "requests", 4, 5), Figure("a task", "duration", 3.2, unit="s"), SQUARE]
    measured, page = tmp_path / "bench.json", tmp_path / "speed.rst"
    measured.write_text(json.dumps({**ABOUT, "figures": [one.as_data() for one in figures]}), encoding="utf-8")
    page.write_text(f"Head\n{PLACES}Tail\n", encoding="utf-8")
    for unused in range(2):
        assert speed_page.main(["--input", str(measured), "--page", str(page)]) == 0
    written = page.read_text(encoding="utf-8")
    assert written.count('"a task: requests", "4", "<= 5"') == 1
    assert written.count('"plan: CPU", "10: 1 x; 100: 4 x; 1,000: 400 x"') == 1
    assert written.count(', missed"') == 1
    assert "2026-03-01" in written
    assert "5.1" in written
    assert "duration" not in written
    assert "old" not in written
    assert written.startswith("Head\n")
    assert written.endswith("Tail\n")


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="end of growth"):
        speed_page.replaced("nothing", "growth", ["line"])


def test_growth_that_was_measured_alone_leaves_the_date_of_the_other_figures() -> None:
    assert list(speed_page.parts({**ABOUT, "figures": [SQUARE.as_data()]})) == ["growth"]
