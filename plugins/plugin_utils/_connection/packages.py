# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Python packages that the controller lacks."""

from __future__ import annotations

import sys


def install(package: str) -> str:
    """Return how to install a Python package for the Python that runs Ansible."""
    return f"install it: {sys.executable} -m pip install '{package}'"
