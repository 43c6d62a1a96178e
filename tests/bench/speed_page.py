# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``python -m tests.bench.speed_page``: write the tables of the guide "Performance" from ``tests/output/bench.json``.

Figures in seconds are left out unless they have a limit: they are those of one machine at one moment.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import typing as t
from collections.abc import Mapping, Sequence

from tests.running_cluster import ROOT

from .figures import Figure
from .grown import HEAD, Grown

_PAGE = ROOT / "docs/docsite/rst/speed.rst"
_OUTPUT = ROOT / "tests/output/bench.json"
_BEGIN, _END = ".. written by tests.bench.speed_page: {}\n", ".. end of {}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables of the page again. Raises ValueError where the page has no place for one."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed_page", description="Write the tables again.")
    parser.add_argument("--input", type=pathlib.Path, default=_OUTPUT, help="what was measured (%(default)s)")
    parser.add_argument("--page", type=pathlib.Path, default=_PAGE, help="the guide (%(default)s)")
    options = parser.parse_args(arguments)
    data = json.loads(options.input.read_text(encoding="utf-8"))
    text = options.page.read_text(encoding="utf-8")
    for name, lines in parts(data).items():
        text = replaced(text, name, lines)
    options.page.write_text(text, encoding="utf-8")
    return 0


def parts(data: Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Return the lines of each part of the page by its name; a table for which nothing was measured stays as it is.

    The two tables are measured apart, so each says when and where.
    """
    found = [Grown(**_fields(one)) if "sizes" in one else Figure(**_fields(one)) for one in data["figures"]]
    plain = [_marked(one, one.cells()[:3]) for one in found if not isinstance(one, Grown) and _belongs(one)]
    grown = [_marked(one, one.growth_cells()) for one in found if isinstance(one, Grown)]
    found_parts: dict[str, list[str]] = {}
    if plain:
        found_parts["machine"] = [_machine(data)]
        found_parts["figures"] = _table(("Case", "Figure", "Limit"), "70, 15, 15", plain)
    if grown:
        table = _table([name.capitalize() for name in HEAD], "28, 30, 14, 14, 7, 7", grown)
        found_parts["growth"] = [_machine(data), "", *table]
    return found_parts


def replaced(text: str, name: str, lines: Sequence[str]) -> str:
    """Return a page with other lines between the two comments that name a part. Raises ValueError without them."""
    begin, end = _BEGIN.format(name), _END.format(name)
    before, found, rest = text.partition(begin)
    unused, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"The page lacks the comments {begin.strip()!r} and {end.strip()!r} around a part.")
    body = "\n".join(lines)
    return f"{before}{begin}\n{body}\n\n{end}{after}"


def _belongs(figure: Figure) -> bool:
    return figure.unit != "s" or figure.limit is not None


def _marked(figure: Figure, row: Sequence[str]) -> Sequence[str]:
    """Return a row whose last cell, the limit, says so where it is missed."""
    return row if figure.is_kept else (*row[:-1], f"{row[-1]}, missed")


def _fields(data: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in data.items() if name != "ok"}


def _machine(data: Mapping[str, t.Any]) -> str:
    return (
        f"Measured on {data['date']} on a machine with {data['cores']} cores ({data['processor']}) with Python\n"
        f"{data['python']} and ansible-core {data['core']}. Its load was {data['load']} at the end, of which the\n"
        "measurement makes 1 to 2."
    )


def _table(head: Sequence[str], widths: str, rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [".. csv-table::", f"   :header: {_row(head)}", f"   :widths: {widths}", ""]
    return [*lines, *(f"   {_row(row)}" for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return ", ".join(f'"{cell}"' for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
