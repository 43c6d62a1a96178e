# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""root\\interop: the DMTF profiles that the Hyper-V host registers (DSP1033, DSP1081)."""

from __future__ import annotations

from collections.abc import Iterator

from ..cim import Instance
from .namespace import ClassTable, View

PROFILES = {"Virtual System Migration": "1.0.0", "System Virtualization": "1.0.0", "Virtual System": "1.0.0"}
DMTF = 2


def _profiles(unused: View) -> Iterator[Instance]:
    for name, version in PROFILES.items():
        yield {
            "InstanceID": f"DMTF|{name}|{version}",
            "RegisteredName": name,
            "RegisteredVersion": version,
            "RegisteredOrganization": DMTF,
        }


TABLE = ClassTable({"Msvm_RegisteredProfile": _profiles})
