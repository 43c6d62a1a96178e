# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the chapter "Every key" of the guide on rehearsing from the shapes of a scenario, whose type hints decide.

``python -m tests.ci.scenario_keys`` writes it into the guide; a test tells when that is to be done.
"""

from __future__ import annotations

import dataclasses
import inspect
import pathlib
import re
import textwrap
import types
import typing as t
from collections.abc import Iterator

from tests.simulator.scenario import Scenario
from tests.simulator.scenario_reader import Bounds, Names

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "rehearsing.rst"
TITLE = "Every key\n---------\n"
_WIDTH = 118
_TABLE = """.. list-table::
   :header-rows: 1
   :widths: 30 50 20

   * - Key
     - Takes
     - Default
"""
_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", types.NoneType: "null"}


def chapter() -> str:
    """Return the chapter in reStructuredText."""
    return TITLE + "".join(f"\n{section}" for section in _sections("", Scenario))


def written_into(guide: str) -> str:
    """Return the text of the guide with the chapter of today, which is its last."""
    return guide[: guide.index(TITLE)] + chapter()


def _sections(place: str, shape: type) -> Iterator[str]:
    hints = t.get_type_hints(shape, include_extras=True)
    fields = [field for field in dataclasses.fields(shape) if field.init]
    title = place or "the file"
    rows = "".join(_row(place, field, hints[field.name]) for field in fields)
    yield f"{title}\n{'~' * len(title)}\n\n{_told(shape)}\n{_TABLE}{rows}"
    for field in fields:
        inner = next(_shapes(hints[field.name]), None)
        if inner is not None:
            yield from _sections(f"{place}.{field.name}".lstrip("."), inner)


def _shapes(hint: t.Any) -> Iterator[type]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint
    for part in t.get_args(hint):
        yield from _shapes(part)


def _row(place: str, field: dataclasses.Field[t.Any], hint: t.Any) -> str:
    takes = _takes(hint, f"{place}.{field.name}".lstrip("."))
    cell = textwrap.fill(f"     - {takes}", _WIDTH, subsequent_indent="       ", break_long_words=False)
    return f"   * - ``{field.name}``\n{cell}\n     - {_default(field)}\n"


def _takes(hint: t.Any, place: str) -> str:
    origin = t.get_origin(hint)
    if origin is t.Annotated:
        inner, rule = t.get_args(hint)
        return rule.allowed if isinstance(rule, Names) else f"{_takes(inner, place)}, {_range(rule)}"
    if origin is t.Literal:
        return ", ".join(f"``{choice}``" for choice in t.get_args(hint))
    if origin in (t.Union, types.UnionType):
        return " or ".join(_takes(choice, place) for choice in t.get_args(hint))
    if origin is tuple:
        return f"list of {_takes(t.get_args(hint)[0], place)}"
    return f"a mapping, see *{place}*" if dataclasses.is_dataclass(hint) else _KINDS[hint]


def _range(rule: Bounds) -> str:
    numbers = [f"{one:g}" if abs(one) < 1e5 else f"{one:.0f}" for one in (rule.low, rule.high) if one is not None]
    return f"{numbers[0]} or more" if rule.high is None else " to ".join(numbers)


def _default(field: dataclasses.Field[t.Any]) -> str:
    if field.default_factory is not dataclasses.MISSING or dataclasses.is_dataclass(field.default):
        return "as below"
    return "needed" if field.default is dataclasses.MISSING else _plain(field.default)


def _plain(value: t.Any) -> str:
    if isinstance(value, tuple):
        inner = [_plain(getattr(one, "subnet", one)) for one in value]
        return f"[{', '.join(inner)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value).replace("\\", "\\\\")


def _told(shape: type) -> str:
    """Return what the docstring of a shape says, then its attributes and those of the shapes that it extends."""
    words, entries = _read(shape)
    for base in shape.__mro__[1:-1]:
        entries += _read(base)[1]
    return f"{words}\n\n{entries}" if entries else f"{words}\n"


def _read(shape: type) -> tuple[str, str]:
    doc = inspect.cleandoc(shape.__doc__ or "").replace("\\", "\\\\")
    words, unused, attributes = doc.partition("\nAttributes:\n")
    paragraphs = "\n\n".join(_fill(" ".join(one.split())) for one in words.split("\n\n"))
    found = re.findall(r"^    (\w[\w, ]*): (.*?)(?=^    \w[\w, ]*: |\Z)", attributes, re.DOTALL | re.MULTILINE)
    entries = ""
    for names, text in found:
        listed = ", ".join(f"``{name}``" for name in names.split(", "))
        entries += _fill(f"- {listed}: {' '.join(text.split())}", "  ") + "\n"
    return paragraphs, entries


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    GUIDE.write_text(written_into(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
