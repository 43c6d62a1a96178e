# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AutoBalancerMode of the cluster: whether it migrates VMs by itself.

Source: "VM load balancing deep-dive" (Microsoft docs): 0 off, 1 when a node joins, 2 every 30 minutes as well. The
property is documented as one that can be written.
"""

from __future__ import annotations

import typing as t

from ..._wsman.errors import AnswerLost
from ..._wsman.faults import Fault
from ..._wsman.wql import Query
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import full_stop
from .cluster import MSCLUSTER, Cluster
from .patience import SETTLES_WITHIN

OFF: t.Final = 0
_BETWEEN_LOOKS = 2.0
_MODE = "AutoBalancerMode"
_CLUSTER = Query("MSCluster_Cluster")


def read_mode(cluster: Cluster) -> int | None:
    """Return it as it is now, None where this version of Windows has none. Raises Fault and TransportError."""
    rows = cluster.home.query(MSCLUSTER, _CLUSTER)
    return rows[0].integer(_MODE) if rows else None


def set_mode(cluster: Cluster, mode: int) -> None:
    """Set it, and read it until it shows. What it shows decides, not the answer.

    The property is put alone; where the host refuses that, with all others as they are. Which of them a host takes is
    not documented. Raises HyperVError where it is refused or does not show, Fault and TransportError.
    """
    found = cluster.home.query_with_references(MSCLUSTER, _CLUSTER)
    refusals = []
    for _row, reference in found[:1]:
        for whole in (False, True):
            try:
                cluster.home.put(reference, {_MODE: mode}, whole=whole)
            except AnswerLost:
                break
            except Fault as fault:
                if fault.is_timed_out:
                    break
                refusals.append(with_remedy(fault))
            else:
                break
    if len(refusals) < _FORMS and _shows(cluster, mode):
        return
    said = f" {full_stop(refusals[-1])}" if refusals else ""
    raise HyperVError(
        f"AutoBalancerMode of the cluster could not be set to {mode}.{said} Set it with "
        f"(Get-Cluster).AutoBalancerMode = {mode}."
    )


_FORMS = 2


def _shows(cluster: Cluster, mode: int) -> bool:
    deadline = cluster.clock.now() + SETTLES_WITHIN
    is_told = False
    while read_mode(cluster) != mode:
        if cluster.clock.now() >= deadline:
            return False
        if not is_told:
            is_told = True
            cluster.tell(f"Waiting {SETTLES_WITHIN:.0f} s at most until the cluster shows AutoBalancerMode {mode}.")
        cluster.clock.pause(_BETWEEN_LOOKS)
    return True
