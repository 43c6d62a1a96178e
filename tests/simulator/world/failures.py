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
NO_CREDENTIALS = 0x8009030E
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
    NO_CREDENTIALS: ("No credentials are available in the security package", SECURITY),
    0x8009030D: ("The credentials supplied to the package were not recognized", SECURITY),
    INCOMPATIBLE: ("The virtual disk's path or drive was not found on the destination.", UNSUPPORTED),
    0xC0370027: ("The saved state file version is incompatible.", UNSUPPORTED),
}


WRAPPER, AT_SOURCE, LIMIT, UNFINISHED = "21502", "21024", "21501", "22040"


@dataclasses.dataclass(frozen=True)
class Failure:
    """One error of a chain.

    Attributes:
        message_id: its number.
        outer: its own sentence in English, without its reason.
        error_type: ErrorType of CIM_Error.
        hresult: None where it carries none.
        arguments: what was put into the sentence.
        reason: the inner cause in words, which ends in the HRESULT.
    """

    message_id: str
    outer: str
    error_type: int
    hresult: int | None = None
    arguments: tuple[str, ...] = ()
    reason: str = ""

    @property
    def message(self) -> str:
        """The whole sentence in English."""
        return f"{self.outer} {self.reason}".rstrip()


@dataclasses.dataclass(frozen=True)
class Cause:
    """What a chain ends in: each of it None where the host does not tell it."""

    hresult: int | None
    message_id: str | None = None
    error_type: int | None = None
    reason: str | None = None


def chain(vm: str, source: str, destination: str, cause: Cause) -> tuple[Failure, ...]:
    """Return the errors, outermost first, of a migration of ``vm`` that failed for ``cause``."""
    hresult = cause.hresult
    sentence, error_type = _SENTENCES.get(hresult or 0, ("Unknown error", SOFTWARE))
    inner = cause.reason or sentence
    if hresult is not None:
        inner = f"{inner} (0x{hresult:08X})"
    failed = f"Virtual machine migration operation for '{vm}' failed at migration source '{source}'."
    unfinished = f"The migration of '{vm}' to '{destination}' could not be finished:"
    own_type = error_type if cause.error_type is None else cause.error_type
    return (
        Failure(WRAPPER, f"Live migration of 'Virtual Machine {vm}' failed.", SOFTWARE, hresult, (vm,), inner),
        Failure(AT_SOURCE, failed, SOFTWARE, hresult, (vm, source), inner),
        Failure(cause.message_id or UNFINISHED, unfinished, own_type, hresult, (vm, destination), inner),
    )


def of_hresult(vm: str, source: str, destination: str, hresult: int, reason: str | None = None) -> tuple[Failure, ...]:
    """Return the chain, outermost first, of a migration of ``vm`` that failed with ``hresult``."""
    return chain(vm, source, destination, Cause(hresult, reason=reason))


def of_limit(vm: str, node: str, limit: int) -> tuple[Failure, ...]:
    """Return the chain of a migration that found all ``limit`` slots of ``node`` in use."""
    text = f"Live migration of 'Virtual Machine {vm}' failed because the migration limit '{limit}' was reached"
    return (Failure(LIMIT, f"{text} on '{node}'.", OVERSUBSCRIPTION, arguments=(vm, str(limit), node)),)
