# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""root\\interop: the DMTF profiles that the Hyper-V host registers (DSP1033, DSP1081), and what conforms to them.

On a node of a cluster the cluster conforms to the profile of virtualization, in the cluster's namespace: public
listings show that Microsoft's own management client looks for it there. No documentation says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..cim import Instance, ObjectPath
from .namespace import CLUSTER, INTEROP, VIRTUALIZATION, ClassTable, View
from .systems import SYSTEM

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


def _conforming(view: View) -> Iterator[Instance]:
    virtualization = "System Virtualization"
    standard = ObjectPath(
        INTEROP,
        "Msvm_RegisteredProfile",
        {"InstanceID": f"DMTF|{virtualization}|{PROFILES[virtualization]}"},
    )
    systems = [(VIRTUALIZATION, view.node.name)]
    if view.node.spec.member and view.world.scenario.switches.cluster_row:
        systems.append((CLUSTER, view.world.scenario.cluster.name))
    for namespace, name in systems:
        element = ObjectPath(namespace, SYSTEM, {"CreationClassName": SYSTEM, "Name": name})
        yield {"ConformantStandard": standard, "ManagedElement": element}


TABLE = ClassTable({"Msvm_RegisteredProfile": _profiles, "Msvm_ElementConformsToProfile": _conforming})
