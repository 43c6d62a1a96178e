# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving the role of a VM that does not run by the cluster's own means. Private to this collection.

No source tells whether MigrateVirtualSystemToSystem takes a VM that is off or saved. Where it cleanly refuses one,
MSCluster_ResourceGroup.MoveToNewNode gives it another owner: there is nothing to transfer, and the cluster restores the
group's persistent state afterwards (Microsoft docs, MoveClusterGroup).
"""

from __future__ import annotations

from .._wsman.envelopes import UnreadableAnswer
from .._wsman.faults import Fault
from .._wsman.references import Reference
from .._wsman.transport import AnswerLost, TransportError
from .._wsman.values import UnexpectedValue
from .._wsman.wql import Query
from .cluster import MSCLUSTER, Cluster
from .codes import return_code
from .errors import MoveError, faulted, obstacle
from .moves import Move

GROUP = "MSCluster_ResourceGroup"
# ERROR_IO_PENDING: the change of owner is under way (Microsoft docs, MoveClusterGroup)
_PENDING = frozenset({997, 0x800703E5})
_AT_REST = frozenset({"off", "saved"})
_INVALID_STATE = frozenset({5, 32775})
_TIMEOUT = 60  # seconds that the method itself may wait


def group_can_move(move: Move, refusal: MoveError) -> bool:
    """Tell whether a refused move may be left to the cluster: the VM is at rest, and the refusal may be about that.

    A saved VM carries a state that may not fit the destination, so a check that says no without a code is believed.
    """
    if move.vm.state not in _AT_REST or move.role is None:
        return False
    if refusal.code is None:
        return refusal.name == "not_migratable" and move.vm.state == "off"
    return refusal.code in _INVALID_STATE or return_code(refusal.code).unsupported


def obstacle_to_group(cluster: Cluster, move: Move) -> MoveError | None:
    """Return why a VM at rest cannot be left to the cluster, or None. Raises Fault and TransportError.

    A group whose persistent state is online is left alone, for the cluster would start the VM on its new node.
    """
    if move.role is None:
        return obstacle("no_role", f"the cluster lists no role for VM {move.vm.name}", "Make it highly available.")
    if move.role.by_name:
        return obstacle(
            "role_unsure",
            f"VM {move.vm.name} is {move.vm.state}, Hyper-V does not move it as it is, and the cluster does not show "
            "which VM its roles belong to",
            f"Move the role of the VM ({move.role.group}) in Failover Cluster Manager.",
        )
    query = Query(GROUP, ("Name", "PersistentState"), {"Name": (move.role.group,)})
    if not any(row.boolean("PersistentState") for row in cluster.home.query(MSCLUSTER, query)):
        return None
    return obstacle(
        "would_start",
        f"VM {move.vm.name} is {move.vm.state}, but the cluster means to keep its role {move.role.group} online and "
        "would start it on its new node",
        "Take the role offline in Failover Cluster Manager, or start the VM, then run the task again.",
    )


def move_group(cluster: Cluster, move: Move) -> MoveError | None:
    """Give the VM's group to the destination; return why that was not even begun, or None. The owner decides later."""
    try:
        error = obstacle_to_group(cluster, move)
        if error is not None or move.role is None:
            return error
        group = Reference.of(MSCLUSTER, GROUP, Name=move.role.group)
        cluster.home.invoke(group, "MoveToNewNode", {"NodeName": move.destination.name, "TimeOut": _TIMEOUT})
    except Fault as fault:
        # Whatever may have begun counts as begun: the owner tells, and nothing is sent twice.
        began = fault.code in _PENDING or (fault.is_transient and not fault.is_quota)
        return None if began else faulted("MoveToNewNode", fault)
    except (AnswerLost, UnreadableAnswer, UnexpectedValue):
        return None
    except TransportError as lost:
        return obstacle("not_sent", str(lost), "Nothing was started.", transient=True)
    return None
