# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why migrations fail: what an HRESULT or a Win32 code means for the operator. Data only. Private to this collection.

Sources: Microsoft's live migration troubleshooting articles, winerror.h, and the comments of running programs that act
on these codes. Texts of a host are localised, so the codes alone decide.
"""

from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Failure:
    """What a code means: cause and remedy in words; ``transient`` where trying again later may help."""

    cause: str
    remedy: str
    transient: bool = False


_NETWORK = Failure(
    "the migration connection between the hosts failed",
    "Check the live migration networks and that TCP port 6600 is open between the nodes.",
    transient=True,
)
_BLOCKED = Failure(
    "a firewall or anti-virus program blocks the migration connection",
    "Allow TCP 6600 and 3343 between the nodes.",
)
_DELEGATION = Failure(
    "the hosts cannot log on to each other",
    "Set constrained delegation (cifs and Microsoft Virtual System Migration Service) between the computer accounts, "
    "or check the host's migration authentication type.",
)
_MEMORY = Failure(
    "the destination has not enough memory", "Free memory there or choose another destination.", transient=True
)
_DISC = Failure("an ISO file or physical drive cannot be reached on the destination", "Empty the VM's DVD drive.")
_UPPER_CASE = Failure(
    "SMB transport fails where a host's computer name is not in upper case",
    "Use TCP or compression as transport, or rename the host.",
)
_PAUSED = Failure("the destination node is paused", "Resume it or choose another destination.")
_DOWN = Failure("the destination node is not up", "Bring it up or choose another destination.")
_GROUP_BUSY = Failure("the VM's cluster group is busy", "Run the task again when it is idle.", transient=True)

FAILURES = {
    0x8009030E: _DELEGATION,
    0x8009030D: _DELEGATION,
    0x80090322: Failure("the name of a host resolves to another principal", "Check SPN and DNS of the hosts."),
    0x80070569: Failure(
        "NT VIRTUAL MACHINE\\Virtual Machines may not log on as a service", "Correct the group policy on the hosts."
    ),
    0x80070534: Failure("an account name could not be mapped to a SID", "Install current updates on the hosts."),
    0x80070005: Failure("access was denied", "Check rights on storage, WMI and cluster for account and hosts."),
    0x8007274D: _NETWORK,
    0x80072746: _NETWORK,
    0x8007274C: _NETWORK,
    0x800705B4: _NETWORK,
    0x8007271D: _BLOCKED,
    0x80071398: Failure("the destination is not a possible owner of the VM", "Add it to the possible owners."),
    0x800713AB: Failure("a cluster network is not available", "Check the cluster networks.", transient=True),
    0x800713CE: _PAUSED,  # 5070
    0x800713BA: _DOWN,  # 5050
    0x80071714: _GROUP_BUSY,  # 5908
    0x80071738: _GROUP_BUSY,  # 5944
    0x80071748: Failure("the VM's group is locked", "Wait for the operation that locked it.", transient=True),  # 5960
    0x80071753: Failure("an anti-affinity rule forbids the destination", "Choose another destination."),  # 5971
    0x800705AA: _MEMORY,
    0x8007000E: _MEMORY,
    0xC03A0014: _DISC,
    0xC0370027: Failure("the saved state cannot be read on the destination", "Delete the saved state, or leave it."),
    0x80042001: _UPPER_CASE,
    0x8007000D: _UPPER_CASE,
    0x800700AA: Failure("another operation runs on the VM", "Run the task again when it has ended.", transient=True),
}


def hresult_in(*texts: str) -> int | None:
    """Return the last HRESULT that the texts name, or None. Hyper-V ends its sentences with "(0x8009030E)"."""
    found = re.findall(r"0x([0-9A-Fa-f]{8})\b", " ".join(texts))
    return int(found[-1], 16) if found else None
