# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a migration fails, as Hyper-V tells it: message ids, HRESULTs and the kind of error.

Ids and codes: Microsoft docs on live-migration troubleshooting and event ids of Hyper-V-VMMS and
Hyper-V-High-Availability; the wording here is our own, for clients must not decide from it.
"""

from __future__ import annotations

import dataclasses

COMMUNICATIONS, SOFTWARE, SECURITY, OVERSUBSCRIPTION, UNAVAILABLE_RESOURCE, UNSUPPORTED = 2, 4, 7, 8, 9, 10

CANCELLED = 0x800704C7
CONNECTION_REFUSED = 0x8007274D
OUT_OF_MEMORY = 0x8007000E
NODE_PAUSED = 0x800713CE
NODE_DOWN = 0x800713BA
NOT_A_POSSIBLE_OWNER = 0x80071398
AFFINITY_CONFLICT = 0x80071753
INCOMPATIBLE = 0xC03A0014

_SENTENCES: dict[int, tuple[str, int]] = {
    0x80004005: ("Unspecified error", SOFTWARE),
    0x80070005: ("General access denied error", SECURITY),
    OUT_OF_MEMORY: ("Not enough memory resources are available to complete this operation.", UNAVAILABLE_RESOURCE),
    0x800705AA: ("Insufficient system resources exist to complete the requested service.", UNAVAILABLE_RESOURCE),
    0x800705B4: ("This operation returned because the timeout period expired.", COMMUNICATIONS),
    0x80070569: ("The user has not been granted the requested logon type at this computer.", SECURITY),
    0x800700AA: ("The requested resource is in use.", UNAVAILABLE_RESOURCE),
    CANCELLED: ("The operation was canceled by the user.", SOFTWARE),
    NODE_PAUSED: ("The cluster node is paused.", SOFTWARE),
    NODE_DOWN: ("The cluster node is down.", COMMUNICATIONS),
    NOT_A_POSSIBLE_OWNER: ("The specified node is not a possible owner of this resource.", SOFTWARE),
    AFFINITY_CONFLICT: ("The operation failed because of a conflict with an anti-affinity rule.", SOFTWARE),
    0x800713AB: ("A cluster network is not available for this operation.", COMMUNICATIONS),
    CONNECTION_REFUSED: ("No connection could be made because the target machine actively refused it.", COMMUNICATIONS),
    0x80072746: ("An existing connection was forcibly closed by the remote host.", COMMUNICATIONS),
    0x8007274C: ("The connected party did not properly respond after a period of time.", COMMUNICATIONS),
    0x8009030E: ("No credentials are available in the security package", SECURITY),
    0x8009030D: ("The credentials supplied to the package were not recognized", SECURITY),
    INCOMPATIBLE: ("The virtual disk's path or drive was not found on the destination.", UNSUPPORTED),
    0xC0370027: ("The saved state file version is incompatible.", UNSUPPORTED),
}


@dataclasses.dataclass(frozen=True)
class Failure:
    """One error of a chain: ``hresult`` is None where the message carries none."""

    message_id: str
    message: str
    error_type: int
    hresult: int | None = None


def _told(code: int, sentence: str) -> str:
    return f"{sentence} (0x{code:08X})"


def of_hresult(vm: str, source: str, destination: str, hresult: int, reason: str | None = None) -> tuple[Failure, ...]:
    """Return the chain, outermost first, of a migration of ``vm`` that failed with ``hresult``."""
    sentence, error_type = _SENTENCES.get(hresult, ("Unknown error", SOFTWARE))
    inner = _told(hresult, reason or sentence)
    return (
        Failure("21502", f"Live migration of 'Virtual Machine {vm}' failed. {inner}", SOFTWARE, hresult),
        Failure(
            "21024",
            f"Virtual machine migration operation for '{vm}' failed at migration source '{source}'. {inner}",
            SOFTWARE,
            hresult,
        ),
        Failure(
            "22040", f"The migration of '{vm}' to '{destination}' could not be finished: {inner}", error_type, hresult
        ),
    )


def of_limit(vm: str, node: str, limit: int) -> tuple[Failure, ...]:
    """Return the chain of a migration that found all ``limit`` slots of ``node`` in use."""
    text = f"Live migration of 'Virtual Machine {vm}' failed because the migration limit '{limit}' was reached"
    return (Failure("21501", f"{text} on '{node}'.", OVERSUBSCRIPTION),)
