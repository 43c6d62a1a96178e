# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why migrations fail: what an HRESULT, a message id or an error type means. Data only.

Sources: Microsoft's live migration troubleshooting articles, the event lists of Hyper-V-VMMS and
Hyper-V-High-Availability, winerror.h, and the comments of running programs that act on these codes.

Some causes have no code of their own: a processor that lacks features, a virtual TPM whose certificates are missing, a
pass-through disk, a shared virtual disk, a backup that has just begun. Only a localised sentence tells them, and
sentences never decide here; such a failure gets the cause UNTOLD, and the host's words are quoted beside it.
"""

from __future__ import annotations

import typing as t

from .codes import LOOK


class KnownFailure(t.NamedTuple):
    """What a code means for the operator.

    Attributes:
        cause, remedy: in words.
        transient: the same move may succeed later.
        code: of the failure, for programs; ``job_failed`` where the code needs none of its own.
        vague: the code says little, so any other that is told comes before it.
    """

    cause: str
    remedy: str
    transient: bool = False
    code: str = ""
    vague: bool = False


CANCELLED = "job_cancelled"
LIMIT_REACHED = "limit_reached"

NETWORK = KnownFailure(
    "the migration connection between the hosts failed",
    "Check the live migration networks, and that the destination listens on TCP port 6600 and no firewall blocks it.",
    transient=True,
)
UPPER_CASE = KnownFailure(
    "data was refused, which the SMB transport does where a host's computer name is not in upper case",
    "Use TCP or compression as the hosts' transport, or rename the host in upper case.",
)
UNTOLD = KnownFailure(
    "Hyper-V gives no code for the reason",
    "Look at Hyper-V's words and at the event logs Hyper-V-VMMS and Hyper-V-High-Availability on both nodes. Frequent "
    "causes without a code: processors that differ (shut the VM down and turn on processor compatibility), a virtual "
    "TPM whose certificates the destination lacks, pass-through or shared virtual disks, a backup that has just begun.",
    vague=True,
)

UNKNOWN_CODE = KnownFailure(
    "Hyper-V gives a code that is not known here", f"Look up what the code means. {LOOK}", vague=True
)

_DELEGATION = KnownFailure(
    "the hosts cannot log on to each other",
    "Set Kerberos constrained delegation (cifs and Microsoft Virtual System Migration Service) between the computer "
    "accounts and restart the hosts' Virtual Machine Management service, or correct the hosts' migration "
    "authentication: CredSSP does not work for a migration that was asked for from afar.",
)
_DRIVE = KnownFailure(
    "a virtual disk, an ISO file or a physical drive of the VM cannot be reached on the destination",
    "Empty the VM's DVD drive, or put the file where every node reaches it. Disks of a VM that is not clustered can "
    "go with it (destination_storage_path).",
)

# HRESULTs that are no Win32 codes; those (0x8007....) are in win32_failures.
HRESULTS = {
    0x80004005: KnownFailure(
        "Hyper-V gives no code for the reason (unspecified error)", LOOK, transient=True, vague=True
    ),
    0x8009030E: _DELEGATION,
    0x8009030D: _DELEGATION,
    0x80090322: KnownFailure(
        "the name of a host belongs to another principal",
        "Check the service principal names of the hosts, DNS, and the order of name resolution.",
    ),
    0x80042001: UPPER_CASE,
    0xC03A0014: _DRIVE,
    0xC0370027: KnownFailure(
        "the VM's saved state cannot be read on the destination: another processor or an older version of Hyper-V",
        "Delete the saved state, or let the VM stay where it is.",
    ),
}

_SWITCH = KnownFailure(
    "a virtual switch of the VM is missing on the destination, not connected there, or has another name",
    "Give the virtual switches the same names on all nodes, and connect them.",
)

# Ids of messages and events that name a cause by themselves.
MESSAGES = {
    280: NETWORK,
    20406: NETWORK,
    20413: KnownFailure(
        "the destination could not take over the VM's configuration",
        "Make the hosts alike: drive letters, paths and storage of the VM must exist on the destination.",
    ),
    21117: KnownFailure(
        "the VM's switch ports could not be created on the destination", "Check the virtual switches of both nodes."
    ),
    21118: KnownFailure(
        "the VM's settings could not be updated on the destination", "Compare the VM's settings with the destination."
    ),
    21121: KnownFailure(
        "the destination could not be cleaned before the move",
        "Look for remains of this VM on the destination, and remove them.",
    ),
    21124: KnownFailure(
        "the cluster group holds more than one VM", "Give each VM a group of its own, then run the task again."
    ),
    21125: _SWITCH,
    21126: KnownFailure(
        "the cluster knows no network address for migrations to the destination",
        "Check the live migration networks of the destination.",
    ),
    21131: KnownFailure(
        "the move failed, and the VM could not be brought back on its source: it may be off",
        "Look at the VM on both nodes at once, and start it where it is.",
    ),
    21142: KnownFailure(
        "the VM's network settings could not be fitted to the destination",
        "Check the VM's network adapters and the virtual switches of the destination.",
    ),
    21145: _SWITCH,
    21158: _SWITCH,
    21159: _SWITCH,
    33012: _SWITCH,
    10698: KnownFailure(
        "the destination does not support the VM's configuration version",
        "Move it to a node that runs the same version of Windows, or update that node.",
    ),
    40010: _DRIVE,
}

# Ids that stand around the cause: "Live migration of ... failed." They decide nothing, with the exception of 21501:
# without any other code in the error it is what is told when all slots are in use.
WRAPPERS = frozenset({21024, 21111, 21500, 21501, 21502, 21503})
NO_SLOT = 21501
LIMIT = KnownFailure(
    "as many migrations run on the source or the destination as their limit allows",
    "Wait until others have ended, or raise the limit of simultaneous live migrations.",
    transient=True,
    code=LIMIT_REACHED,
)
# Ids that tell of something else than a failure: a long blackout, changed networks, starts and ends.
INFORMATION = frozenset({20417, 21122, 21300, 21301, 21306, 21307})

# Msvm_Error.ErrorType (CIM_Error, DMTF), which names a field and no cause. 0 and 1 say nothing.
ERROR_TYPES = {
    2: KnownFailure(
        "communication between the hosts failed", "Check the live migration networks and the nodes.", transient=True
    ),
    3: KnownFailure("the quality of service that was asked for is not available", LOOK, transient=True),
    4: UNTOLD._replace(cause="a program on one of the hosts failed, and Hyper-V gives no code for the reason"),
    5: KnownFailure("the hardware of a host failed", "Check the hardware of both nodes and their system event logs."),
    6: KnownFailure("the surroundings of a host failed, such as power or cooling", "Check the hardware of both nodes."),
    7: KnownFailure("the security settings of the hosts do not allow it", "Check rights, delegation and certificates."),
    8: KnownFailure("a host has more to do than it can", "Run the task again when less runs there.", transient=True),
    9: KnownFailure(
        "something that the VM needs is not available on the destination",
        "Check memory, virtual switches, storage and devices there, or choose another destination.",
    ),
    10: KnownFailure("the VM or the destination does not support this migration", LOOK),
}
