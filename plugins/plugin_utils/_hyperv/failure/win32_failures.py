# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Win32 error code means for a migration. Data only.

Hyper-V tells them as HRESULT (0x8007 and the code in hexadecimal), the cluster provider as they are.
Sources: winerror.h, the Failover Cluster API, Microsoft's live migration troubleshooting articles.
"""

from __future__ import annotations

from .known_failures import CANCELLED, NETWORK, UPPER_CASE, KnownFailure

_MEMORY = KnownFailure(
    "the destination has not enough memory", "Free memory there, or choose another destination.", transient=True
)
_AGAIN = "Run the task again when it has ended."
_NODE_UP = "Bring that node up in the cluster, or choose another destination."
_GROUP_BUSY = KnownFailure("another operation runs on the VM's cluster group", _AGAIN, transient=True)
_GROUP_GONE = KnownFailure(
    "the cluster does not find the VM's group", "Check in Failover Cluster Manager that the VM is a clustered role."
)
_VETO = KnownFailure(
    "a resource of the cluster vetoed the move",
    "Look in Failover Cluster Manager which resource of the VM's group refuses, and why.",
)

WIN32_FAILURES = {
    5: KnownFailure(
        "access was denied", "Check the rights of account and hosts on the VM's storage, WMI and the cluster."
    ),
    13: UPPER_CASE,
    14: _MEMORY,
    170: KnownFailure("another migration or operation runs on the VM", _AGAIN, transient=True),
    1223: KnownFailure(
        "the migration was cancelled", "Find out who cancelled it, then run the task again.", code=CANCELLED
    ),
    1332: KnownFailure(
        "an account name could not be mapped to a security identifier",
        "The account that created the VM may no longer exist. Install current updates on the hosts (Azure Local: "
        "12.2605 or later). Until then a quick migration works, with the group's DefaultMoveType set to 1.",
    ),
    1385: KnownFailure(
        "NT VIRTUAL MACHINE\\Virtual Machines may not log on as a service",
        "Grant it that right in the group policy of the hosts.",
    ),
    1450: _MEMORY,
    1460: NETWORK,
    10013: KnownFailure(
        "a firewall or anti-virus program blocks the migration connection",
        "Allow TCP 6600, and TCP and UDP 3343, between the nodes.",
    ),
    10054: NETWORK,
    10060: NETWORK,
    10061: NETWORK,
    5005: KnownFailure("a cluster node is not available", _NODE_UP),
    5012: _GROUP_GONE,
    5013: _GROUP_GONE,
    5016: KnownFailure(
        "the destination is not a possible owner of the VM",
        "Add it to the possible owners of the VM's resources, or choose another destination.",
    ),
    5023: KnownFailure(
        "the VM's group or a resource is not in a state for it",
        "Look at the group in Failover Cluster Manager: it must be online or offline, not failed or pending.",
    ),
    5035: KnownFailure("a cluster network is not available", "Check the cluster's networks.", transient=True),
    5038: KnownFailure("a resource of the VM's group failed", "Repair that resource in Failover Cluster Manager."),
    5042: KnownFailure(
        "the cluster does not know the destination", "Check its name, and that it is a node of the cluster."
    ),
    5050: KnownFailure("the destination node is down", _NODE_UP),
    5051: KnownFailure("the cluster cannot reach the destination node", "Check its cluster networks and TCP/UDP 3343."),
    5052: KnownFailure("the destination is not an active member of the cluster", _NODE_UP),
    5070: KnownFailure("the destination node is paused", "Resume it, or choose another destination."),
    5073: KnownFailure("the node is shutting down", "Choose another destination, or wait until it is up again."),
    5908: KnownFailure("the VM's cluster group is being moved", _AGAIN, transient=True),
    5944: _GROUP_BUSY,
    5953: _VETO,
    5955: _VETO,
    5957: KnownFailure(
        "the destination has not enough resources for the VM", "Free memory there, or choose another destination."
    ),
    5958: KnownFailure("the source has not enough resources for the move", "Free memory and processors on the source."),
    5959: KnownFailure("the VM's cluster group waits for a move that is queued", _AGAIN, transient=True),
    5960: KnownFailure("a resource of the VM's group is locked by an operation", _AGAIN, transient=True),
    5962: KnownFailure("the node is being drained", "Run the task again when the drain has ended.", transient=True),
    5971: KnownFailure(
        "an anti-affinity rule forbids the destination", "Choose another destination, or change the VM's rule."
    ),
    5987: KnownFailure(
        "a clustered storage space is degraded", "Wait until its repair has ended (Get-StorageJob).", transient=True
    ),
    5972: KnownFailure("the VM is a replica", "Move it with the means of Hyper-V Replica, or leave it."),
}
