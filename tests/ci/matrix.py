# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make matrix``: all tests on the oldest, the newest and the coming ansible-core, the stories over both plugins.

Stories that do not take their plugin from outside run once with each ansible-core. The stories of the combinations meet
one version of Windows each, so that a run has seen all; WINDOWS=2022 chooses one for the whole run. Rows named as
arguments are the only ones.

Prints one line for each combination and a summary; exits with 1 when one failed or none could run. Standard library
only: it builds the environments in which the tests run, in ``.venv-matrix``, and keeps them.
"""

from __future__ import annotations

import dataclasses
import glob
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

ROOT = pathlib.Path(__file__).parents[2]
VENVS = ROOT / ".venv-matrix"
PLUGINS = {"winrm": "pywinrm", "psrp": "pypsrp"}
PYTEST = ("-m", "pytest", "-q", "-n", "4", "--dist", "loadfile", "--timeout", "900")
STORIES = "tests/integration"


@dataclasses.dataclass(frozen=True)
class Row:
    """One environment of the matrix.

    Attributes:
        pythons: minor versions of Python 3 that suit, the best first.
        needs, advised: which these are, and the one to install where there is none.
        packages: arguments for pip.
        windows: the version of Windows of the simulated nodes, for the unit tests and for the stories over each plugin.
    """

    name: str
    pythons: Sequence[int]
    needs: str
    advised: str
    packages: Sequence[str]
    windows: Mapping[str, str]

    @property
    def venv(self) -> pathlib.Path:
        return VENVS / self.name


ROWS = (
    # ansible-core 2.16 runs on Python 3.10 to 3.12.
    Row(
        "oldest",
        (10, 11, 12),
        needs="3.10, 3.11 or 3.12",
        advised="3.12",
        packages=("ansible-core==2.16.0", "pywinrm==0.4.3", "pypsrp==0.8.0"),
        windows={"unit": "2016", "winrm": "2016", "psrp": "2012"},
    ),
    # pip takes the newest that the newest Python here allows.
    Row(
        "newest",
        range(30, 9, -1),
        needs="3.10 or later",
        advised="3.13",
        packages=("--upgrade", "ansible-core", "pywinrm", "pypsrp<1.0"),
        windows={"unit": "2025", "winrm": "2025", "psrp": "2022"},
    ),
    # The first release that pip may take although it is a candidate; ansible-core 2.22 needs Python 3.13.
    Row(
        "coming",
        range(30, 12, -1),
        needs="3.13 or later",
        advised="3.13",
        packages=("--upgrade", "ansible-core>=2.22.0rc1", "pywinrm", "pypsrp<1.0"),
        windows={"unit": "2022", "winrm": "2022", "psrp": "2025"},
    ),
)


@dataclasses.dataclass(frozen=True)
class Run:
    """One line of the result."""

    title: str
    passed: bool
    log: pathlib.Path


def main(wanted: Sequence[str]) -> int:
    """Run the wanted rows of the matrix, all of them if none is named; return the exit code."""
    unknown = set(wanted) - {row.name for row in ROWS}
    if unknown:
        print(f"Not a row: {', '.join(sorted(unknown))}. Rows are {', '.join(row.name for row in ROWS)}.")
        return 1
    installed = interpreters()
    runs: list[Run] = []
    left_out: list[str] = []
    for row in (row for row in ROWS if not wanted or row.name in wanted):
        suitable = {minor: installed[minor] for minor in row.pythons if minor in installed}
        if not suitable:
            left_out.append(missing(row))
        elif build(row, suitable):
            runs += run_row(row)
        else:
            runs.append(Run(f"{row.name}: it could not be built", False, row.venv / "pip.log"))
    failed = [run for run in runs if not run.passed]
    print(f"\n{len(runs) - len(failed)} of {len(runs)} combinations passed.")
    for run in failed:
        print(f"Failed: {run.title}; see {run.log}")
    for reason in left_out:
        print(f"Left out: {reason}")
    return 1 if failed or not runs else 0


def interpreters() -> dict[int, str]:
    """Return the Pythons of this machine that can make virtual environments, by their minor version."""
    pyenv = os.environ.get("PYENV_ROOT", str(pathlib.Path.home() / ".pyenv"))
    found = {}
    for minor in range(10, 31):
        # pyenv's command for a version that is installed but not chosen only says so.
        kept = sorted(glob.glob(f"{pyenv}/versions/3.{minor}.*/bin/python3.{minor}"), reverse=True)
        for candidate in filter(None, [shutil.which(f"python3.{minor}"), *kept]):
            if _says([candidate, "-c", "import venv, ensurepip; print('fine')"]) == "fine":
                found[minor] = candidate
                break
    found.setdefault(sys.version_info[1], sys.executable)
    return found


def missing(row: Row) -> str:
    """Return what is left out where no Python suits a row, and the cure."""
    wanted = " ".join(package for package in row.packages if not package.startswith("-"))
    return (
        f"{row.name} ({wanted}): Python {row.needs} is needed and none is here. Install one with its venv module, and "
        f"run make matrix again (Debian: apt-get install python{row.advised}-venv; pyenv: pyenv install {row.advised})."
    )


def build(row: Row, suitable: Mapping[int, str]) -> bool:
    """Build a row's environment on the first Python that works for it; tell whether one did."""
    row.venv.mkdir(parents=True, exist_ok=True)
    script = ["sh", str(ROOT / "tests/ci/build_venv.sh"), str(row.venv), str(ROOT), "tests/run-requirements.txt"]
    for minor, python in suitable.items():
        if _built_with(row) not in (None, minor):
            shutil.rmtree(row.venv)
        environment = {**os.environ, "PYTHON": python}
        if subprocess.run([*script, *row.packages], env=environment, check=False).returncode == 0:
            return True
    return False


def run_row(row: Row) -> list[Run]:
    """Run the unit tests once and the stories over each plugin; print a line for each."""
    core, python = _version(row, "ansible-core"), _says([_python(row), "-V"])
    head = f"{row.name}: ansible-core {core}, {python}"
    libraries = {plugin: f"{package} {_version(row, package)}" for plugin, package in PLUGINS.items()}
    return [
        run(row, f"{head}, {', '.join(libraries.values())}: unit tests", "unit", ["tests", f"--ignore={STORIES}"]),
        *(
            run(row, f"{head}, {library}: stories over {plugin}", plugin, [STORIES])
            for plugin, library in libraries.items()
        ),
    ]


def run(row: Row, title: str, name: str, arguments: Sequence[str]) -> Run:
    """Run pytest in a row's environment with its output in a file; print what came of it.

    ``name`` is that of the log: ``unit``, or the plugin that stories run over.
    """
    log = row.venv / f"{name}.log"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "STORIES_"))}
    windows = os.environ.get("SIMULATED_WINDOWS") or row.windows[name]
    variables = {"SIMULATED_WINDOWS": windows} | ({"STORIES_OVER": name} if name in PLUGINS else {})
    title = f"{title}, Windows {windows}"
    with log.open("wb") as output:
        code = subprocess.run(
            [_python(row), *PYTEST, *arguments],
            cwd=ROOT,
            env={**kept, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = lines[-1].strip("= ") if lines else "nothing was printed"
    print(f"{'ok    ' if code == 0 else 'FAILED'} {title}: {said}", flush=True)
    for line in lines:
        if code and line.startswith(("FAILED ", "ERROR ")):
            print(f"       {line}")
    return Run(title, code == 0, log)


def _python(row: Row) -> str:
    return str(row.venv / "bin" / "python")


def _built_with(row: Row) -> int | None:
    """Return the minor version of the Python in a row's environment, None where there is none that works."""
    said = _says([_python(row), "-c", "import sys; print(sys.version_info[1])"])
    return int(said) if said else None


def _version(row: Row, package: str) -> str:
    program = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    return _says([_python(row), "-c", program])


def _says(command: Sequence[str]) -> str:
    """Return what a command prints, nothing where it fails."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
