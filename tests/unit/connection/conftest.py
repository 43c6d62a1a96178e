# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sites, opened for one test."""

from __future__ import annotations

import pytest

from tests.unit.connection.simulated_hosts import SimulatedHosts
from tests.unit.connection.sites import Open


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    return lambda site: SimulatedHosts(monkeypatch, site.scenarios, site.groups, site.variables, site.leads)
