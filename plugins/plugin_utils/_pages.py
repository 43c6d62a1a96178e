# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long lists that a task returns in pages, so that a result stays small unless all of it is asked for."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ._ranges import check_range

PAGES: dict[str, t.Any] = {
    "limit": {"type": "int", "default": 1000},
    "offset": {"type": "int", "default": 0},
}
"""The options, which the documentation fragment ``_pages`` describes."""


def check_pages(arguments: Mapping[str, t.Any], what: str) -> None:
    """Raise HyperVError unless the options are numbers of these things."""
    for name in PAGES:
        check_range(arguments, name, 0, unit=what)


def page_of(key: str, rows: Sequence[t.Any], arguments: Mapping[str, t.Any], what: str) -> dict[str, t.Any]:
    """Return for a task's result the page that is asked for under its key, the total, and a warning if there is more.

    ``what``: what the rows are, in the plural.
    """
    first = arguments["offset"]
    page = list(rows[first : first + arguments["limit"]] if arguments["limit"] else rows[first:])
    result = {key: page, "total": len(rows)}
    if first + len(page) >= len(rows):
        return result
    more = (
        f"{len(page)} of {len(rows)} {what} are listed, from {first} on. For the others, set offset to "
        f"{first + len(page)}, or limit to 0 for all at once."
    )
    return {**result, "warnings": [more]}
