# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make units``: ansible-test's unit tests, with the ansible-core and the libraries of ``.venv``.

ansible-test wants the collection in a path of its own. It runs the tests of the packages in ``plugins/plugin_utils``;
those beside their folders drive whole programs, and meet nothing there that ``make unit`` has not. What ansible-test
says goes to the screen; its exit code is this one's.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

from tests.ci.sanity import checkout

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def main() -> int:
    """Run the tests; return the exit code."""
    programs = pathlib.Path(sys.executable).parent
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    with tempfile.TemporaryDirectory() as place:
        tree = checkout(pathlib.Path(place))
        packages = sorted(path.name for path in (tree / "plugins/plugin_utils").iterdir() if path.is_dir())
        tests = [f"tests/unit/{package.removeprefix('_')}/" for package in packages]
        subprocess.run(["git", "init", "--quiet", "."], cwd=tree, check=True)  # ansible-test lists files by git
        return subprocess.run(
            [programs / "ansible-test", "units", "--local", "--python", PYTHON, "--color", "no", *tests],
            cwd=tree,
            env={**kept, "PATH": os.pathsep.join([str(programs), os.defpath, "/usr/sbin"])},
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
