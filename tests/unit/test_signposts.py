# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documents for contributors name is there: files and folders, and every make target has its line."""

from __future__ import annotations

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
HYPERV = ROOT / "plugins/plugin_utils/_hyperv"
BASES = (ROOT, ROOT / "plugins", ROOT / "plugins/plugin_utils", HYPERV, HYPERV / "methods", ROOT / "tests/unit")
DESIGN = ROOT / "docs/docsite/rst/design.rst"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
README = ROOT / "tests/README.md"
_A_PATH = re.compile(r"[\w./-]*(/[\w.-]+|\.(py|yml|md|rst))")
# Files that each role has.
ROLE_FILES = {"defaults/main.yml", "meta/argument_specs.yml", "README.md"}


def paths_in(text: str, mark: str) -> list[str]:
    """Return what a text marks as code and what looks like a path."""
    marked = re.findall(rf"{mark}([^`\n]+){mark}", text)
    return [one for one in marked if _A_PATH.fullmatch(one) and not one.startswith(("tests.", ".venv"))]


def named_paths() -> list[tuple[str, str]]:
    found = [("design", path) for path in paths_in(DESIGN.read_text(encoding="utf-8"), "``")]
    found += [("CONTRIBUTING", path) for path in paths_in(CONTRIBUTING.read_text(encoding="utf-8"), "`")]
    found += [("tests", path) for path in paths_in(README.read_text(encoding="utf-8"), "`")]
    return sorted(set(found))


@pytest.mark.parametrize(("document", "path"), named_paths())
def test_a_path_that_is_named_exists(document: str, path: str) -> None:
    bases = [ROOT / "tests", ROOT / "tests/support", ROOT] if document == "tests" else BASES
    folders = [ROOT / "roles" / role for role in ("evacuate_node", "restore_node")] if path in ROLE_FILES else bases
    assert any((base / path).exists() for base in folders), path


def test_every_target_of_make_has_its_line() -> None:
    targets = re.findall(r"^([a-z]+):.*  ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    told = re.findall(r"^\| `make (\w+)`", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(set(targets) - {"help"})


def test_every_folder_of_the_tests_has_its_line() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    lines = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {name for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert folders - {"__pycache__", "output"} == told


def test_every_package_and_every_file_beside_them_has_its_line() -> None:
    contributing = CONTRIBUTING.read_text(encoding="utf-8")
    files = [path.name for path in HYPERV.parent.glob("*.py")]
    assert [name for name in files if not re.search(rf"[`/]{name}`", contributing)] == []
    packages = [path.name for path in HYPERV.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [name for name in packages if f"| `{name}` |" not in contributing] == []
