# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asking the cluster to move what is no VM: a role, the core group, or the coordination of a shared volume.

Sources, Microsoft docs: MSCluster_ResourceGroup.MoveToNewNode (TimeOut: seconds that the call itself waits),
MSCluster_ClusterSharedVolume.MoveToNewHost, and MoveClusterGroup: ERROR_IO_PENDING is no failure, and success says
nothing of the states of resources. What a call does whose TimeOut expires is not documented, so none is waited for.
"""

from __future__ import annotations

import dataclasses

from ..._wsman.errors import AnswerLost, TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..failure.failures import Failure, faulted, win32_codes
from .cluster import MSCLUSTER, Cluster
from .other_roles import OwnedRole

_GROUP = "MSCluster_ResourceGroup"
_AT_ONCE = 0  # seconds
# ERROR_IO_PENDING, WAIT_TIMEOUT, ERROR_TIMEOUT: the move has begun
_PENDING = frozenset({997, 258, 1460})
_OF_DESTINATION = "Choose other destinations, or add the node to the possible owners of the role's resources."
_LATER = "Run it again when that has ended."
_VETO = (
    "a resource of the role vetoed the move",
    "Look in Failover Cluster Manager which resource refuses, and why.",
    False,
)
# What Win32 codes mean for a role: a clause, what to do, and whether it passes (winerror.h).
_REFUSALS = {
    5016: ("the node is not a possible owner of the role", _OF_DESTINATION, False),
    5023: ("the role is not in a state for it", "Look at the role in Failover Cluster Manager.", False),
    5908: ("the role is being moved", _LATER, True),
    5944: ("another operation runs on the role", _LATER, True),
    5953: _VETO,
    5955: _VETO,
    5959: ("the role waits for a move that is queued", _LATER, True),
    5960: ("a resource of the role is locked by an operation", _LATER, True),
    5971: ("an anti-affinity rule forbids the node", "Choose other destinations, or change the rule.", False),
}
_GONE = frozenset({5007, 5012, 5013})


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a call came to.

    Attributes:
        began: the move has begun, or may have.
        is_lost: no answer came, so that it may not have begun.
        refusal: why it has not begun.
    """

    began: bool
    is_lost: bool = False
    refusal: Failure | None = None


def ask_to_move(cluster: Cluster, role: OwnedRole, destination: str, volume: Reference | None) -> Asked:
    """Ask for a move, once; whatever comes back is a result. ``volume``: the shared volume that a role is."""
    if volume is not None:
        return _call(cluster, volume, "MoveToNewHost", {"HostName": destination})
    # Without a volume that is listed its group is moved, which is named in MSCluster_Resource.
    group = Reference.of(MSCLUSTER, _GROUP, Name=role.group)
    return _call(cluster, group, "MoveToNewNode", {"NodeName": destination, "TimeOut": _AT_ONCE})


def _call(cluster: Cluster, reference: Reference, method: str, arguments: dict[str, str | int]) -> Asked:
    try:
        cluster.home.invoke(reference, method, arguments)
    except Fault as fault:
        return _of_fault(fault, method)
    except (AnswerLost, UnreadableAnswer):
        return Asked(began=True, is_lost=True)
    except TransportError as error:
        return Asked(
            began=False, refusal=Failure("not_sent", str(error).rstrip("."), "Nothing was begun.", transient=True)
        )
    return Asked(began=True)


def _of_fault(fault: Fault, method: str) -> Asked:
    codes = win32_codes(fault)
    if _PENDING.intersection(codes):
        return Asked(began=True)
    if fault.is_timed_out:
        return Asked(began=True, is_lost=True)
    failure = faulted(method, fault)
    known = next((_REFUSALS[code] for code in codes if code in _REFUSALS), None)
    if known is not None:
        cause, remedy, passes = known
        failure = failure._replace(cause=cause, remedy=remedy, transient=passes)
    return Asked(began=False, refusal=failure)
