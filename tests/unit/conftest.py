# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all unit tests share: the simulated cluster has read its schema and its grammar before the first of them.

ansible-test runs each test in a process of its own, which would otherwise read them again.
"""

from __future__ import annotations

import pytest

from tests.support.simulated import Simulated


def pytest_collection_finish(session: pytest.Session) -> None:
    """Move a VM once where there are tests to run."""
    if session.items:
        Simulated().move(("web01", "NODE2"))
