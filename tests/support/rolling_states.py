# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""States of rolling maintenances of three nodes."""

from __future__ import annotations

import datetime as dt

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import (
    RollingOptions,
    resume_or_start,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    Phase,
    RollingState,
    set_phase,
)

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
HOSTS = ["n1.example", "n2.example", "n3.example"]


def a_state(*phases: Phase, run_id: str = "") -> RollingState:
    """Return a state in which the nodes that have a phase are known by their names."""
    options = RollingOptions("hvc1.corp.example", HOSTS, run_id=run_id)
    state = resume_or_start(None, options, "file", NOW)[0]
    for number, phase in enumerate(phases, 1):
        if phase:
            state = set_phase(state, f"n{number}.example", phase, NOW, f"NODE{number}")
    return state
