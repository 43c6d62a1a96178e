# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undocumented behaviour of migrations between hosts, each as a switch."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class HostSwitches:
    """Behaviours of a host's own migration service.

    Attributes:
        compatibility: what GetSystemCompatibilityInfo and CheckSystemCompatibilityInfo do: they compare processors; say
            yes to everything; fail; are not supported, or do not exist.
        host_checks: which checks a host has: CheckVirtualSystemIsMigratable (a job) and
            CheckVirtualSystemIsMigratableToHost, the latter alone (``to_host``), or none.
        guardian_client: whether a host has the client of the Host Guardian Service, and whether it answers Get.
        switch_names: whether Hyper-V takes virtual switches whose names differ in letter case for the same.
        host_takes_no_settings: whether MigrateVirtualSystemToHost works without MigrationSettingData.
    """

    compatibility: t.Literal["works", "always_yes", "failed", "not_supported", "missing"] = "works"
    host_checks: t.Literal["both", "to_host", "none"] = "both"
    guardian_client: t.Literal["present", "absent", "fails"] = "present"
    switch_names: t.Literal["any_case", "exact"] = "any_case"
    host_takes_no_settings: bool = True
