# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster of two nodes in this process, for clients that others wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.clients.served import Host, served


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A node that refuses remote shells."""
    with served("refused") as node:
        yield node


@pytest.fixture(scope="module")
def shell_host() -> Iterator[Host]:
    """A node that serves remote shells."""
    with served("commands") as node:
        yield node
