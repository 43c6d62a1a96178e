# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every test: it can fail, and nobody imports from it what belongs into tests/support."""

from __future__ import annotations

import ast
import collections
import pathlib
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FILES = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "tests").rglob("*.py")}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in sorted(FILES.items())}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called(function: ast.AST) -> Iterator[str]:
    """Yield the names of what a function calls, without the objects that they are attributes of."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            callee = node.func
            yield (
                callee.id if isinstance(callee, ast.Name) else callee.attr if isinstance(callee, ast.Attribute) else ""
            )


def can_fail(function: ast.FunctionDef, helpers: dict[str, list[ast.FunctionDef]], seen: frozenset[str]) -> bool:
    """Tell whether a function asserts something, by itself or by a helper that it calls."""
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    names = set(called(function))
    if names & {"raises", "fail"}:  # pytest's
        return True
    return any(can_fail(helper, helpers, seen | {name}) for name in names - seen for helper in helpers.get(name, ()))


def idle_tests(trees: dict[str, ast.Module]) -> list[str]:
    """Return the tests that assert nothing."""
    helpers: dict[str, list[ast.FunctionDef]] = collections.defaultdict(list)
    for tree in trees.values():
        for function in functions(tree):
            if not function.name.startswith("test_"):
                helpers[function.name].append(function)
    return [
        f"{name}: {function.name}"
        for name, tree in trees.items()
        for function in functions(tree)
        if function.name.startswith("test_") and not can_fail(function, helpers, frozenset())
    ]


def borrowed(tree: ast.Module) -> list[str]:
    """Return the test modules that a file imports from."""
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return [name for name in modules if name.startswith("tests.") and name.rpartition(".")[2].startswith("test_")]


def test_every_test_asserts_something() -> None:
    assert idle_tests(TREES) == []


@pytest.mark.parametrize("name", TREES)
def test_no_file_imports_from_a_test(name: str) -> None:
    assert borrowed(TREES[name]) == []


def test_a_test_that_cannot_fail_is_found() -> None:
    idle = "def helper(): return 1\ndef test_nothing():\n    for one in (): helper()\n"
    busy = (
        "def check(): assert 1\ndef test_it(): check()\ndef test_error():\n    with pytest.raises(OSError): open('')\n"
    )
    assert idle_tests({"idle": ast.parse(idle), "busy": ast.parse(busy)}) == ["idle: test_nothing"]


def test_an_import_from_a_test_is_found() -> None:
    assert borrowed(
        ast.parse("from tests.unit.test_layers import RULES\nfrom tests.support.simulated import Simulated")
    ) == ["tests.unit.test_layers"]
