# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may import whom. The simulated cluster is the other side of the wire: it shares nothing with the product."""

from __future__ import annotations

import ast
import pathlib
import sys
import typing as t

import pytest

ROOT = pathlib.Path(__file__).parents[2]
COLLECTION = "ansible_collections.hyperv.migration."
UTILS = "plugins.plugin_utils."
INPUT_OUTPUT = frozenset({"asyncio", "http", "select", "selectors", "socket", "socketserver", "ssl", "subprocess"})


class Rule(t.NamedTuple):
    """What the Python files of one folder may import."""

    folder: str
    own: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    stdlib: bool = True


# The arrows between the packages of _hyperv. Planning and scheduling do not know each other.
PACKAGES: dict[str, tuple[str, ...]] = {
    "failure": (),
    "cluster": ("failure",),
    "settings": ("cluster", "failure"),
    "checks": ("cluster", "failure"),
    "power": ("cluster", "failure"),
    "migration": ("cluster", "failure", "settings"),
    "records": ("cluster", "failure", "migration"),
    "methods": ("cluster", "failure", "migration", "settings"),
    "scheduling": ("checks", "cluster", "failure", "methods", "migration", "settings"),
    "planning": ("checks", "cluster", "failure", "records"),
    "maintenance": ("checks", "cluster", "failure", "migration", "planning", "power", "records", "scheduling"),
    "usecases": ("checks", "cluster", "failure", "migration", "planning", "scheduling"),
}


def package_rule(package: str, arrows: tuple[str, ...]) -> Rule:
    own = ("_hostnames", "_names", "_text", "_wsman", *(f"_hyperv.{name}" for name in (package, *arrows)))
    return Rule(
        f"plugins/plugin_utils/_hyperv/{package}/",
        tuple(UTILS + name for name in own),
        without=INPUT_OUTPUT | {"time"},
    )


# The first folder that contains a file gives its rule.
RULES = (
    *(package_rule(package, arrows) for package, arrows in PACKAGES.items()),
    Rule(
        "plugins/plugin_utils/_wsman/",
        (UTILS + "_names", UTILS + "_wsman"),
        without=INPUT_OUTPUT | {"threading", "time"},
    ),
    Rule("plugins/plugin_utils/_report/", (UTILS + "_report", UTILS + "_text"), without=INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/plugin_utils/_connection/",
        (UTILS + "_connection", UTILS + "_hostnames", UTILS + "_wsman.errors", UTILS + "_wsman.transport"),
        frozenset({"ansible", "pypsrp", "requests", "urllib3", "winrm"}),
    ),
    Rule(
        "plugins/plugin_utils/_recording/",
        (UTILS + "_recording", UTILS + "_hyperv.failure.errors", UTILS + "_wsman"),
        without=INPUT_OUTPUT,
    ),
    Rule("plugins/plugin_utils/_hostnames.py", without=INPUT_OUTPUT | {"time"}),
    Rule("plugins/plugin_utils/_names.py", without=INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/plugin_utils/_admission.py",
        (UTILS + "_connection.inventory", UTILS + "_hostnames", UTILS + "_hyperv", UTILS + "_wsman.errors"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_node_lookup.py",
        (
            UTILS + "_admission",
            UTILS + "_connection.inventory",
            UTILS + "_hostnames",
            UTILS + "_hyperv",
            UTILS + "_wsman",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_via.py",
        (UTILS + "_admission", UTILS + "_connection.inventory", UTILS + "_hostnames", UTILS + "_hyperv"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_connections.py",
        (
            UTILS + "_admission",
            UTILS + "_connection",
            UTILS + "_hyperv",
            UTILS + "_node_lookup",
            UTILS + "_wsman",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_ansible_errors.py",
        (
            UTILS + "_clock",
            UTILS + "_connection",
            UTILS + "_hyperv.failure.errors",
            UTILS + "_text",
            UTILS + "_wsman.errors",
        ),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_action.py",
        (
            UTILS + "_ansible_errors",
            UTILS + "_awaited",
            UTILS + "_clock",
            UTILS + "_connections",
            UTILS + "_hyperv",
            UTILS + "_recording",
            UTILS + "_signs_of_life",
            UTILS + "_text",
        ),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_awaited.py",
        (UTILS + "_connections", UTILS + "_wsman.transport"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/plugin_utils/_masking.py", without=INPUT_OUTPUT | {"time"}),
    Rule("plugins/plugin_utils/_signs_of_life.py", without=INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/plugin_utils/_survey.py",
        (UTILS + "_action", UTILS + "_clock", UTILS + "_connections", UTILS + "_hyperv"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_event_source.py",
        (
            UTILS + "_clock",
            UTILS + "_connection",
            UTILS + "_connections",
            UTILS + "_hyperv",
            UTILS + "_text",
            UTILS + "_wsman",
        ),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/plugin_utils/__init__.py", without=INPUT_OUTPUT | {"time"}),
    Rule("plugins/plugin_utils/_clock.py", without=INPUT_OUTPUT),
    Rule("plugins/plugin_utils/_trust.py", (UTILS + "_text",), frozenset({"ansible"}), INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/plugin_utils/_ledgers.py",
        (UTILS + "_files", UTILS + "_hyperv.failure", UTILS + "_hyperv.records", UTILS + "_text"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_rolling_file.py",
        (UTILS + "_files", UTILS + "_hyperv.failure.errors", UTILS + "_hyperv.records", UTILS + "_rolling_claim"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_rolling_claim.py",
        (UTILS + "_hyperv.failure.errors", UTILS + "_hyperv.records", UTILS + "_processes"),
        without=INPUT_OUTPUT,
    ),
    Rule("plugins/plugin_utils/_processes.py", without=INPUT_OUTPUT - {"subprocess"}),
    Rule(
        "plugins/plugin_utils/_rolling_nodes.py",
        (UTILS + "_action", UTILS + "_connections", UTILS + "_hostnames", UTILS + "_hyperv", UTILS + "_via"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_rolling_following.py",
        (UTILS + "_action", UTILS + "_files", UTILS + "_hyperv", UTILS + "_rolling_nodes", UTILS + "_wsman.errors"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_evacuation_options.py",
        (
            UTILS + "_action",
            UTILS + "_hyperv",
            UTILS + "_maintenance",
            UTILS + "_moving_options",
            UTILS + "_planning_options",
            UTILS + "_ranges",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_evacuation_meanwhile.py",
        (
            UTILS + "_action",
            UTILS + "_clock",
            UTILS + "_evacuation_options",
            UTILS + "_hyperv",
            UTILS + "_maintenance",
            UTILS + "_rolling_file",
            UTILS + "_wsman.errors",
        ),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_rolling_options.py",
        (UTILS + "_action", UTILS + "_hyperv", UTILS + "_planning_options", UTILS + "_ranges"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_user_work.py",
        (UTILS + "_files", UTILS + "_hyperv.failure", UTILS + "_hyperv.records", UTILS + "_text"),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/plugin_utils/_ranges.py", (UTILS + "_hyperv.failure.errors",), without=INPUT_OUTPUT | {"time"}),
    Rule("plugins/plugin_utils/_pages.py", (UTILS + "_ranges",), without=INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/plugin_utils/_maintenance.py",
        (
            UTILS + "_action",
            UTILS + "_clock",
            UTILS + "_files",
            UTILS + "_hyperv",
            UTILS + "_ledgers",
            UTILS + "_moving_options",
            UTILS + "_report",
            UTILS + "_text",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_migrating.py",
        (UTILS + "_action", UTILS + "_clock", UTILS + "_hyperv"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_planning_options.py",
        (UTILS + "_action", UTILS + "_hyperv.planning", UTILS + "_ranges"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/plugin_utils/_moving_options.py",
        (UTILS + "_action", UTILS + "_hyperv", UTILS + "_ranges"),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/plugin_utils/_files.py", (UTILS + "_hyperv.failure.errors",), without=INPUT_OUTPUT),
    Rule(
        "plugins/action/",
        (
            UTILS + "_action",
            UTILS + "_ansible_errors",
            UTILS + "_clock",
            UTILS + "_connections",
            UTILS + "_evacuation_meanwhile",
            UTILS + "_evacuation_options",
            UTILS + "_files",
            UTILS + "_hostnames",
            UTILS + "_hyperv",
            UTILS + "_ledgers",
            UTILS + "_maintenance",
            UTILS + "_migrating",
            UTILS + "_moving_options",
            UTILS + "_pages",
            UTILS + "_planning_options",
            UTILS + "_ranges",
            UTILS + "_recording",
            UTILS + "_report",
            UTILS + "_rolling_file",
            UTILS + "_rolling_following",
            UTILS + "_rolling_nodes",
            UTILS + "_rolling_options",
            UTILS + "_survey",
            UTILS + "_text",
            UTILS + "_user_work",
            UTILS + "_via",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule(
        "plugins/inventory/",
        (
            UTILS + "_action",
            UTILS + "_clock",
            UTILS + "_ansible_errors",
            UTILS + "_awaited",
            UTILS + "_connection",
            UTILS + "_connections",
            UTILS + "_hyperv",
            UTILS + "_masking",
            UTILS + "_signs_of_life",
            UTILS + "_text",
            UTILS + "_trust",
        ),
        frozenset({"ansible"}),
        INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/plugin_utils/_text.py", without=INPUT_OUTPUT | {"time"}),
    Rule(
        "plugins/filter/",
        (
            UTILS + "_hyperv.failure.errors",
            UTILS + "_hyperv.planning.roll_order",
            UTILS + "_hyperv.planning.survey_answers",
            UTILS + "_hyperv.records.artifacts",
            UTILS + "_text",
        ),
        without=INPUT_OUTPUT | {"time"},
    ),
    Rule("plugins/modules/", stdlib=False),
    Rule("plugins/doc_fragments/", stdlib=False),
    Rule(
        "tests/simulator/",
        ("tests.simulator",),
        frozenset({"cryptography", "lark", "pywbem", "spnego", "trustme", "yaml"}),
    ),
)


def imported_names(path: str, source: str) -> t.Iterator[str]:
    """Yield the dotted names that a file imports, those of this repository as seen from its root."""
    package = pathlib.PurePosixPath(path).parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix(COLLECTION) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}".removeprefix(COLLECTION) for alias in node.names)


def is_allowed(name: str, rule: Rule) -> bool:
    top = name.partition(".")[0]
    if top in {"plugins", "tests"}:
        return any(f"{name}.".startswith(f"{own}.") for own in rule.own)
    if top in sys.stdlib_module_names:
        return top == "__future__" or (rule.stdlib and top not in rule.without)
    return top in rule.outside


def forbidden_imports(path: str, source: str) -> list[str]:
    rule = next((rule for rule in RULES if path.startswith(rule.folder)), None)
    assert rule, f"{path} belongs to no layer"
    return [name for name in imported_names(path, source) if not is_allowed(name, rule)]


def arrows_of(package: str) -> set[str]:
    """Return the other packages of _hyperv whose files a package imports."""
    prefix = UTILS + "_hyperv."
    return {
        name.removeprefix(prefix).partition(".")[0]
        for file in (ROOT / "plugins/plugin_utils/_hyperv" / package).glob("*.py")
        for name in imported_names(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
        if name.startswith(prefix)
    } - {package}


def layered_files() -> list[str]:
    files = (file for folder in ("plugins", "tests/simulator") for file in ROOT.glob(f"{folder}/**/*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


@pytest.mark.parametrize("path", layered_files())
def test_a_file_imports_only_what_its_layer_may(path: str) -> None:
    assert forbidden_imports(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("package", "arrows"),
    [
        pytest.param(package, arrows, id=f"{package} -> {', '.join(arrows) or 'none'}")
        for package, arrows in PACKAGES.items()
    ],
)
def test_a_package_knows_these_packages_and_no_other(package: str, arrows: tuple[str, ...]) -> None:
    assert arrows_of(package) == set(arrows)


def test_the_packages_have_no_circle() -> None:
    seen: set[str] = set()
    for package, arrows in PACKAGES.items():
        assert set(arrows) <= seen, package
        seen.add(package)


def test_each_file_of_the_cluster_is_in_a_package() -> None:
    folder = ROOT / "plugins/plugin_utils/_hyperv"
    assert {path.name for path in folder.iterdir() if path.name != "__pycache__"} == set(PACKAGES)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("plugins/plugin_utils/_wsman/session.py", "import socket"),
        ("plugins/plugin_utils/_wsman/session.py", "from time import sleep"),
        ("plugins/plugin_utils/_wsman/session.py", "def send():\n    import requests"),
        ("plugins/plugin_utils/_wsman/session.py", "from .. import _hyperv"),
        ("plugins/plugin_utils/_wsman/session.py", f"import {COLLECTION}plugins.plugin_utils._hyperv.cluster.cluster"),
        ("plugins/plugin_utils/_connection/winrm.py", "from .._wsman.session import Session"),
        ("plugins/plugin_utils/_connection/winrm.py", "from .._wsman import transport_like"),
        ("plugins/plugin_utils/_hyperv/cluster/jobs.py", "from ansible.errors import AnsibleError"),
        ("plugins/plugin_utils/_hyperv/cluster/jobs.py", "import time"),
        ("plugins/plugin_utils/_hyperv/failure/errors.py", "from ..cluster.nodes import Node"),
        ("plugins/plugin_utils/_hyperv/planning/solver.py", "from ..scheduling.scheduler import Scheduler"),
        ("plugins/plugin_utils/_hyperv/scheduling/scheduler.py", "from ..planning import evacuation"),
        ("plugins/action/hyperv_vm_info.py", "from ..plugin_utils._wsman import Session"),
        ("plugins/action/hyperv_vm_info.py", "from ansible.plugins.action import ActionBase"),
        ("plugins/modules/hyperv_vm_info.py", "import json"),
        ("tests/simulator/wsman.py", "from plugins.plugin_utils._wsman import namespaces"),
        ("tests/simulator/wsman.py", f"from {COLLECTION}plugins.plugin_utils import _wsman"),
        ("tests/simulator/wsman.py", "import ansible.parsing.yaml"),
        ("tests/simulator/wsman.py", "import winrm"),
    ],
)
def test_an_import_across_the_layers_is_found(path: str, source: str) -> None:
    assert forbidden_imports(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("plugins/plugin_utils/_wsman/session.py", "from .values import CimType\nimport dataclasses"),
        ("plugins/plugin_utils/_connection/winrm.py", "import winrm\nfrom .._wsman.transport import Send"),
        ("plugins/plugin_utils/_connection/winrm.py", "from .._wsman import transport"),
        ("plugins/action/hyperv_vm_info.py", "from ..plugin_utils._action import HyperVAction"),
        ("tests/simulator/wire/reader.py", "from ..faults import Fault\nfrom tests.simulator import clock"),
    ],
)
def test_an_import_within_the_layers_passes(path: str, source: str) -> None:
    assert forbidden_imports(path, source) == []


def test_a_file_outside_of_all_layers_is_refused() -> None:
    with pytest.raises(AssertionError, match="no layer"):
        forbidden_imports("plugins/module_utils/everything.py", "")
