# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two builds of the collection that are measured side by side, each with an environment of its own."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
import sys
import time

from tests.running_cluster import ROOT

FOLDER = ROOT / ".bench"
"""Where the worktrees of other commits are kept: their environments take minutes to build."""

_WAITS = pathlib.Path(__file__).parent / "waits"


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command came to.

    Attributes:
        text: both of its streams.
        cpu, wall: seconds of CPU, its children's among them, and of the clock.
        waited: seconds for which tasks of the collection slept, such as until they look at a migration again.
    """

    code: int
    text: str
    cpu: float
    wall: float
    waited: float


@dataclasses.dataclass(frozen=True)
class Build:
    """A checkout with its environment in ``.venv``."""

    name: str
    root: pathlib.Path

    def run(self, folder: pathlib.Path, *command: str) -> Ran:
        """Run a command of its environment in its checkout; ``folder`` takes what the command and Ansible write."""
        waits = folder / "waits"
        waits.write_text("", encoding="utf-8")
        began = time.monotonic()
        with (folder / "output").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                [str(self.root / ".venv" / "bin" / command[0]), *command[1:]],
                cwd=self.root,
                env=self._environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            unused, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        wall, waited = time.monotonic() - began, sum(map(float, waits.read_text(encoding="utf-8").split()))
        return Ran(process.returncode, text, used.ru_utime + used.ru_stime, wall, waited)

    def _environment(self, folder: pathlib.Path) -> dict[str, str]:
        """Return that of a user: no settings of Ansible, none of Python, so that bytecode is kept."""
        settings = folder / "ansible.cfg"
        settings.touch()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        tools = self.root / ".venv"
        return {
            **kept,
            "PATH": os.pathsep.join([str(tools / "bin"), os.environ.get("PATH", os.defpath)]),
            "ANSIBLE_COLLECTIONS_PATH": str(tools / "collections"),
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(folder / ".ansible"),
            "BENCH_WAITS": str(folder / "waits"),
            "PYTHONPATH": str(_WAITS),
        }


def this_build() -> Build:
    """Return the build of this checkout."""
    return _compiled(Build("here", ROOT))


def build_of(commit: str) -> Build:
    """Return the build of a commit, in a worktree that is made unless it is there. Raises CalledProcessError."""
    short = _git("rev-parse", "--short=10", "--verify", f"{commit}^{{commit}}")
    root = FOLDER / short
    if not root.is_dir():
        print(f"making a worktree of {short} with its own environment ...", file=sys.stderr, flush=True)
        _git("worktree", "prune")
        _git("worktree", "add", "--detach", str(root), short)
    _make(root, "venv")
    return _compiled(Build(commit, root))


def _compiled(build: Build) -> Build:
    """Return a build whose files are compiled, as after its first run; whether it uses that is its own matter."""
    subprocess.run([build.root / ".venv/bin/python", "-m", "compileall", "-q", build.root / "plugins"], check=True)
    return build


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _make(folder: pathlib.Path, target: str) -> None:
    """Call the Makefile of another build, as if it had not been called from this one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for name in ("ANSIBLE_COLLECTIONS_PATH", "MFLAGS", "VIRTUAL_ENV"):
        kept.pop(name, None)
    subprocess.run(["make", target], cwd=folder, env=kept, stdout=sys.stderr, check=True)
