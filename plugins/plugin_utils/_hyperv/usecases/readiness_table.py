# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a cluster is ready for live migrations, as a table that goes on where something refuses. Private to this
collection.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Iterator, Sequence

from ..._wsman.errors import NoAnswer, TransportError
from ..._wsman.faults import Fault
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..checks.node_checks import EVERYWHERE, Problem
from ..cluster.cluster import CIMV2, HYPERV_CLUSTER, MSCLUSTER, VIRTUALIZATION, Cluster
from ..cluster.nodes import Node, read_host, read_nodes_if_any
from ..failure.errors import HyperVError, fault_remedy, with_remedy
from ..migration.vocabulary import CLUSTER_GROUP, SYSTEM
from ..planning.evacuation import Wish, plan_evacuation
from .readiness import Readiness, read_readiness

READY, LOOK, NOT_READY = "ready", "look", "not ready"
CONNECTION, RIGHTS, NAMESPACE, PROVIDER = "connection", "rights", "namespace", "provider node"
STATE, SERVICE, LIMITS, NETWORKS, CAPACITY = "state", "service", "limits", "networks", "capacity without it"
AUTHENTICATION, VERSIONS, METHODS, IDENTITY = "authentication", "versions", "methods", "identity"

_PROBES = (
    (CIMV2, "Win32_OperatingSystem", "CSName"),
    (MSCLUSTER, "MSCluster_Node", "Name"),
    (VIRTUALIZATION, "Msvm_VirtualSystemMigrationService", "Name"),
    (HYPERV_CLUSTER, "Msvm_VirtualSystemMigrationService", "Name"),
)
_OF_CLUSTERS = (MSCLUSTER, HYPERV_CLUSTER)
# Which line of the table a problem belongs to; node_* are about its state, what is not here is about the service.
_CHECKS = {
    "unreachable": CONNECTION,
    "unreadable": RIGHTS,
    "no_cluster_service": PROVIDER,
    "limit_zero": LIMITS,
    "cluster_limit_zero": LIMITS,
    "no_listener": NETWORKS,
    "no_network": NETWORKS,
    "mixed_transport": NETWORKS,
    "mixed_compression": NETWORKS,
    "smb_name_case": NETWORKS,
    "credssp": AUTHENTICATION,
    "mixed_authentication": AUTHENTICATION,
    "mixed_versions": VERSIONS,
}
_OF_NODES = (STATE, SERVICE, LIMITS, NETWORKS, AUTHENTICATION)
_ASK_AGAIN = "Mend what the other rows say first, and ask again."


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: what was looked at (``check``) of which node (``all`` for the cluster), and how it is.

    Attributes:
        status: ``ready``, ``look`` (migrations may fail) or ``not ready``.
        problem, remedy: in words, empty where it is ready.
        cluster: full name of the cluster where several may be told of; empty for hosts by themselves and where it is
            not known.
    """

    node: str
    check: str
    status: str = READY
    problem: str = ""
    remedy: str = ""
    cluster: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """Return the row for a task's result."""
        return dataclasses.asdict(self)


def check_readiness(cluster: Cluster, reserve_percent: float, hosts: Sequence[str] = ()) -> list[Row]:
    """Look at everything that can be looked at; nothing is changed, and nothing that fails is an error.

    ``hosts`` are looked at where there is no cluster.
    """
    home = cluster.home.node
    rows: list[Row] = []
    try:
        nodes = read_nodes_if_any(cluster) or _hosts(cluster, hosts, rows)
    except NoAnswer:
        return check_access(home, lambda: cluster.home)
    for node in nodes:
        if node.is_running:
            rows += check_access(node.name, functools.partial(cluster.node, node.name), clustered=cluster.is_clustered)
    rows += _settings(cluster, nodes, rows)
    others = {} if cluster.is_clustered else {one: [other.name for other in nodes if other != one] for one in nodes}
    for node in nodes:
        if node.is_running and (cluster.is_clustered or others[node]):
            rows.append(_capacity(cluster, Wish(node.name, others.get(node, ()), reserve_percent)))
    return rows


def _hosts(cluster: Cluster, names: Sequence[str], rows: list[Row]) -> list[Node]:
    """Return the task's host and those of these names that answer; for the others rows are added."""
    found: dict[str, Node] = {}
    for name in (None, *names):
        try:
            host = read_host(cluster, name)
            found[host.name] = host
        except (HyperVError, NoAnswer):
            label = name or cluster.home.node
            rows += check_access(label, functools.partial(cluster.node, label), clustered=False)
    return list(found.values())


def check_access(node: str, connect: t.Callable[[], Session], *, clustered: bool = True) -> list[Row]:
    """Ask one node in each namespace; the first silence ends it."""
    rights: list[Row] = []
    missing: list[Row] = []
    for namespace, class_name, column in _PROBES:
        if namespace in _OF_CLUSTERS and not clustered:
            continue
        try:
            connect().query(namespace, Query(class_name, (column,)))
        except Fault as fault:
            if fault.is_access_denied:
                rights.append(Row(node, RIGHTS, NOT_READY, f"{namespace}: {fault}", fault_remedy(fault)))
            elif namespace != HYPERV_CLUSTER or not fault.is_missing_class:  # its provider may be on another node
                missing.append(Row(node, NAMESPACE, NOT_READY, f"{namespace}: {fault}", fault_remedy(fault)))
        except (HyperVError, TransportError) as error:
            return [silence_row(node, error)]
        except NoAnswer as error:
            missing.append(Row(node, NAMESPACE, NOT_READY, f"{namespace}: {error}", "Check what answers there."))
    return [Row(node, CONNECTION), *(rights or [Row(node, RIGHTS)]), *(missing or [Row(node, NAMESPACE)])]


def silence_row(node: str, error: Exception) -> Row:
    """Return the row for a node that could not be asked, or is another machine than it is listed as."""
    if isinstance(error, HyperVError):
        return Row(node, IDENTITY, NOT_READY, str(error), "Correct that, and ask again.")
    if isinstance(error, Fault):
        return Row(node, RIGHTS if error.is_access_denied else NAMESPACE, NOT_READY, str(error), fault_remedy(error))
    remedy = "Check the node's address and credentials in the inventory, and its WinRM."
    return Row(node, CONNECTION, NOT_READY, str(error), remedy)


def _settings(cluster: Cluster, nodes: Sequence[Node], before: Sequence[Row]) -> list[Row]:
    """Return what the nodes say of their settings; what the rows before say is not said again."""
    try:
        readiness = read_readiness(cluster, nodes)
    except (HyperVError, NoAnswer) as error:
        return [Row(EVERYWHERE, PROVIDER, NOT_READY, with_remedy(error), _ASK_AGAIN)]
    told = {(row.node, row.check) for row in before if row.status != READY}
    silent = {row.node for row in before if row.status != READY}
    found = list(_of_problems(readiness.problems, told, silent))
    found.append(_methods(readiness))
    has = {(row.node, row.check) for row in found}
    no_provider = (EVERYWHERE, PROVIDER) in has or not cluster.is_clustered
    rows = [] if no_provider else [Row(EVERYWHERE, PROVIDER)]
    for report in readiness.reports:
        rows += [row for row in found if row.node == report.node.name]
        known = _OF_NODES if report.settings is not None else (STATE,)
        rows += [Row(report.node.name, check) for check in known if (report.node.name, check) not in has]
    return [*rows, *(row for row in found if row.node == EVERYWHERE)]


def _methods(readiness: Readiness) -> Row:
    """Return by which method VMs would be moved; one other than the first choice deserves a look."""
    first = next(way for way in readiness.ways if way.is_open)
    if first.method == SYSTEM:
        remedy = "Where it is not supported, VMs are moved by their cluster groups." if first.reason else ""
        return Row(EVERYWHERE, METHODS, LOOK if first.reason else READY, first.reason, remedy)
    if first.method == CLUSTER_GROUP:
        problem = "VMs can be moved by their cluster groups only."
        return Row(EVERYWHERE, METHODS, LOOK, problem, "For Hyper-V's own method see the row on the provider node.")
    problem = "There is no cluster: VMs are moved by their hosts, which must be able to log on to each other."
    remedy = "Set up Kerberos constrained delegation between them, or connect with CredSSP."
    return Row(EVERYWHERE, METHODS, LOOK, problem, remedy)


def _of_problems(problems: Sequence[Problem], told: set[tuple[str, str]], silent: set[str]) -> Iterator[Row]:
    for one in problems:
        check = STATE if one.name.startswith("node_") else _CHECKS.get(one.name, SERVICE)
        known_silence = one.name in ("unreachable", "unreadable") and one.node in silent
        if (one.node, check) in told or known_silence:
            continue
        stops = one.severity == "error" or one.name in ("unreachable", "unreadable")
        yield Row(one.node, check, NOT_READY if stops else LOOK, one.problem, one.remedy)


def _capacity(cluster: Cluster, wish: Wish) -> Row:
    """Tell whether the others could take the VMs of a node."""
    try:
        plan = plan_evacuation(cluster, wish)
    except (HyperVError, NoAnswer) as error:
        return Row(wish.node, CAPACITY, NOT_READY, f"It cannot be planned: {with_remedy(error)}", _ASK_AGAIN)
    if plan.proof is None:
        return Row(wish.node, CAPACITY)
    remedies = dict.fromkeys(stay.remedy for stay in plan.stays if stay.is_blocking and stay.remedy)
    return Row(wish.node, CAPACITY, NOT_READY, plan.proof.text, " ".join(remedies) or "Add memory, or stop VMs first.")
