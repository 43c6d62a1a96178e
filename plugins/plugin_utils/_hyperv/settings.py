# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MigrationSettingData: the forms in which the cluster's provider may want it. Private to this collection.

The cluster namespace documents the parameter by an abstract class only, and nobody has published a call. So the
documented forms are tried in a fixed order, and the next one only after the parameters themselves were refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._wsman.embedded import Property, write_embedded
from .._wsman.values import CimType

_VIRTUAL_SYSTEM = 32768  # Msvm_VirtualSystemMigrationSettingData.MigrationType: live, storage stays
_LIVE = 2  # CIM_VirtualSystemMigrationSettingData.MigrationType
_TCP = 5  # TransportType

# typed: what the provider of root\\virtualization\\v2 expects. typed_net: what Microsoft's sample sends between hosts.
# omitted: the cluster decides. cim: the literal reading of the cluster documentation.
FORMS = ("typed", "typed_net", "omitted", "cim")


def setting_data(form: str, addresses: Callable[[], Sequence[str]]) -> str | None:
    """Return the embedded instance of one form, None for omitted. ``addresses`` are the destination's listeners."""
    if form == "omitted":
        return None
    if form == "cim":
        return write_embedded(
            "CIM_VirtualSystemMigrationSettingData", [Property("MigrationType", CimType.UINT16, _LIVE)]
        )
    properties = [Property("MigrationType", CimType.UINT16, _VIRTUAL_SYSTEM)]
    if form == "typed_net":
        properties.append(Property("TransportType", CimType.UINT16, _TCP))
        properties.append(Property("DestinationIPAddressList", CimType.STRING, tuple(addresses())))
    return write_embedded("Msvm_VirtualSystemMigrationSettingData", properties)
