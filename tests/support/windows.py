# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The version of Windows that the simulated nodes of this run are of: ``make stories WINDOWS=2016``.

A story that asserts something of a version asks here what hosts of this run's version have.
"""

from __future__ import annotations

from tests.simulator.host_profiles import DEFAULT, PROFILES
from tests.simulator.scenario_file import chosen_windows

_RELEASES = {2012: "2012 R2", 2016: "2016", 2022: "2022", 2025: "2025"}
_WINDOWS = chosen_windows() or DEFAULT
RELEASE = _RELEASES[_WINDOWS]
BUILD = PROFILES[_WINDOWS].build
HAS_CLUSTER_WIDE_LIMIT = BUILD >= 20348  # MaximumParallelMigrations, SMBBandwidthLimitFactor
HAS_CPU_CAPPING = BUILD >= 16299  # CPUCappingMagnitude
