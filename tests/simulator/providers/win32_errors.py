# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Win32 codes that the cluster provider raises, with the texts of the Windows SDK (winerror.h)."""

from __future__ import annotations

from ..cim import CimFault

INVALID_PARAMETER = 87
WAIT_TIMEOUT = 258
IO_PENDING = 997
HOST_NODE_NOT_AVAILABLE = 5005
RESOURCE_NOT_FOUND = 5007
GROUP_NOT_FOUND = 5013
INVALID_STATE = 5023
NOT_A_POSSIBLE_OWNER = 5016
NODE_NOT_FOUND = 5042
NODE_DOWN = 5050
NODE_NOT_PAUSED = 5058
NODE_PAUSED = 5070
GROUP_MOVING = 5908
RESOURCE_VETOED = 5953
NOT_ENOUGH_RESOURCES = 5957
GROUP_QUEUED = 5959
RESOURCE_LOCKED = 5960
DRAIN_IN_PROGRESS = 5962
AFFINITY_CONFLICT = 5971
SPACE_DEGRADED = 5987

_TEXTS = {
    INVALID_PARAMETER: "The parameter is incorrect.",
    WAIT_TIMEOUT: "The wait operation timed out.",
    HOST_NODE_NOT_AVAILABLE: "A cluster node is not available for this operation.",
    RESOURCE_NOT_FOUND: "The cluster resource could not be found.",
    GROUP_NOT_FOUND: "The cluster group could not be found.",
    RESOURCE_VETOED: "The operation was cancelled by a resource of the group.",
    IO_PENDING: "Overlapped I/O operation is in progress.",
    INVALID_STATE: "The group or resource is not in the correct state to perform the requested operation.",
    NOT_A_POSSIBLE_OWNER: "The specified node is not a possible owner of this resource.",
    NODE_NOT_FOUND: "The cluster node was not found.",
    NODE_DOWN: "The cluster node is down.",
    NODE_NOT_PAUSED: "The cluster node is not paused.",
    NODE_PAUSED: "The cluster node is paused.",
    GROUP_MOVING: "The operation failed because either the specified cluster node is not the owner of the group, "
    "or the group is moving.",
    NOT_ENOUGH_RESOURCES: "The destination node does not have the resources that the group needs.",
    GROUP_QUEUED: "The group is queued for a move.",
    RESOURCE_LOCKED: "A resource of the group is locked.",
    DRAIN_IN_PROGRESS: "The node is being drained.",
    AFFINITY_CONFLICT: "The operation did not complete successfully because it would cause or worsen an affinity "
    "conflict.",
    # The code is documented (Invoke-CauRun), its text is our own.
    SPACE_DEGRADED: "A clustered storage space is degraded.",
}


def fault(code: int, more: str = "") -> CimFault:
    """Return the fault of a failed method of the cluster provider."""
    return CimFault(code, f"{_TEXTS[code]} {more}".rstrip(), "ExecMethod")
