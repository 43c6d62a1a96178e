# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make build``: build the collection, look what is in it, and let galaxy-importer judge it.

Exits with 1 where a file is in it that no user needs, and where the importer finds anything to say.

The importer insists on the address of a repository, which the collection does not have yet: what it judges is a copy
with an address that belongs to nobody. All else is what ``ansible-galaxy collection build`` makes of the checkout.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
FOR_USERS = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs/changelog.yaml",
    "changelogs/config.yaml",
    "docs/",
    "extensions/audit/",
    "extensions/awx/",
    "extensions/eda/",
    "meta/",
    "playbooks/",
    "plugins/",
    "requirements.txt",
    "roles/",
)
RULES = {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true", "GALAXY_IMPORTER_CHECK_CHANGELOG": "true"}


def main() -> int:
    """Build and import; return the exit code."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        copy(folder / "checkout")
        built = ["ansible-galaxy", "collection", "build", "--output-path", place, str(folder / "checkout")]
        subprocess.run(built, stdout=subprocess.DEVNULL, check=True)
        (archive,) = folder.glob("*.tar.gz")
        stray = strays(archive)
        said = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", archive.name],
            cwd=folder,
            env={**os.environ, **RULES},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    print(said.stdout, end="")
    complaints = [line for line in said.stdout.splitlines() if line.startswith(("ERROR", "WARNING", "CRITICAL"))]
    finished = "Importer processing completed successfully" in said.stdout
    for name in stray:
        print(f"ERROR: no user needs {name}. Name it in build_ignore of galaxy.yml, or in {__file__}.")
    return 1 if stray or complaints or said.returncode or not finished else 0


def strays(archive: pathlib.Path) -> list[str]:
    """Return the files of a built collection that are not below ``FOR_USERS``."""
    with tarfile.open(archive) as opened:
        names = [member.name for member in opened.getmembers() if member.isfile()]
    return [name for name in names if not name.startswith(FOR_USERS)]


def copy(place: pathlib.Path) -> None:
    """Copy what git knows or would add, with an address of a repository."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    with (place / "galaxy.yml").open("a", encoding="utf-8") as metadata:
        metadata.write("repository: https://repository.example/hyperv.migration\n")


if __name__ == "__main__":
    sys.exit(main())
