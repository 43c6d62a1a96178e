# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts that the plugins of this collection share.

Ansible's loader of collections (ansible/utils/collection_loader/_collection_finder.py) compiles each module again in
each run of Ansible. What is below this package is loaded as Python loads any other module: from ``__pycache__`` if it
is up to date, and compiled into it if it can be written.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader


class _OwnModules:
    """Finds the modules below this package, before Ansible's loader is asked for them (``sys.meta_path``)."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return how to load a module, None for one that is not below this package."""
        if not path or not name.startswith(f"{__name__}."):
            return None
        return _finder(path[0]).find_spec(name)


@functools.cache
def _finder(folder: str) -> FileFinder:
    return FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))


def _place() -> int:
    """Return the place of Ansible's loader, or the first: what came before it (ansible-test's) stays before it."""
    kinds = [type(finder).__name__ for finder in sys.meta_path]
    return kinds.index("_AnsibleCollectionFinder") if "_AnsibleCollectionFinder" in kinds else 0


sys.meta_path.insert(_place(), _OwnModules)
