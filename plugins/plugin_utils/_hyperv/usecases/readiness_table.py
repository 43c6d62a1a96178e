# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a cluster is ready for live migrations, as a table that goes on where something refuses."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Iterator, Sequence

from ..._wsman.errors import NoAnswer, TransportError
from ..._wsman.faults import Fault
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..checks.migration_finding import MigrationFinding
from ..cluster.cluster import CIMV2, HYPERV_CLUSTER, MSCLUSTER, VIRTUALIZATION, Cluster
from ..cluster.nodes import Node, read_host, read_nodes_if_any
from ..failure.errors import HyperVError, remedy_of, with_remedy
from ..failure.finding import ERROR, INFO, WARNING, Finding, Severity, SubjectKind, sentence
from ..migration.vocabulary import CLUSTER_GROUP, SYSTEM
from ..planning.evacuation import plan_evacuation
from ..planning.evacuation_request import EvacuationRequest
from .readiness import Readiness, read_readiness

Status = t.Literal["ready", "warning", "not_ready"]
READY: t.Final = "ready"
NOT_READY: t.Final = "not_ready"
_STATUS: dict[Severity, Status] = {INFO: READY, WARNING: "warning", ERROR: NOT_READY}
CONNECTION, RIGHTS, NAMESPACE, PROVIDER = "connection", "rights", "namespace", "provider_node"
STATE, SERVICE, LIMITS, NETWORKS, CAPACITY = "state", "service", "limits", "networks", "capacity_without_node"
AUTHENTICATION, VERSIONS, METHODS, IDENTITY = "authentication", "versions", "methods", "identity"

_PROBES = (
    (CIMV2, "Win32_OperatingSystem", "CSName"),
    (MSCLUSTER, "MSCluster_Node", "Name"),
    (VIRTUALIZATION, "Msvm_VirtualSystemMigrationService", "Name"),
    (HYPERV_CLUSTER, "Msvm_VirtualSystemMigrationService", "Name"),
)
_OF_CLUSTERS = (MSCLUSTER, HYPERV_CLUSTER)
# Which line of the table a finding belongs to; node_* are about its state, what is not here is about the service.
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
    "credential_guard": AUTHENTICATION,
    "workgroup_migration": AUTHENTICATION,
    "ntlm_login": AUTHENTICATION,
    "mixed_authentication": AUTHENTICATION,
    "mixed_versions": VERSIONS,
}
_OF_NODES = (STATE, SERVICE, LIMITS, NETWORKS, AUTHENTICATION)
_SILENT = frozenset({"unreachable", "unreadable"})
ASK_AGAIN = "Fix the problems in the other rows, then run the check again."


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: what was looked at (``check``), and what was found.

    Attributes:
        cluster: full name of the cluster where several may be reported; empty for hosts by themselves and where it is
            not known.
    """

    check: str
    finding: Finding
    cluster: str = ""

    @property
    def subject(self) -> str:
        """The node, cluster or inventory host that was looked at."""
        return self.finding.subject

    @property
    def status(self) -> Status:
        """``ready``, ``warning`` (migrations may fail) or ``not_ready``."""
        return _STATUS[self.finding.severity]

    def as_result(self) -> dict[str, t.Any]:
        """Return the row for a task's result."""
        common = Finding.as_result(self.finding)  # without what its kind of finding adds
        return {"cluster": self.cluster, "check": self.check, "status": self.status, **common}


def _ready(check: str, subject: str, kind: SubjectKind = "node") -> Row:
    return Row(check, Finding("ready", INFO, subject, kind, ""))


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
    rows += _check_settings(cluster, nodes, rows)
    others = {} if cluster.is_clustered else {one: [other.name for other in nodes if other != one] for one in nodes}
    for node in nodes:
        if node.is_running and (cluster.is_clustered or others[node]):
            rows.append(_check_capacity(cluster, EvacuationRequest(node.name, others.get(node, ()), reserve_percent)))
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
    """Ask one node in each namespace; where it gives no answer at all, that is the only row."""
    rights: list[Row] = []
    missing: list[Row] = []
    for namespace, class_name, column in _PROBES:
        if namespace in _OF_CLUSTERS and not clustered:
            continue
        try:
            connect().query(namespace, Query(class_name, (column,)))
        except Fault as fault:
            if fault.is_access_denied:
                rights.append(_unreadable(node, RIGHTS, "access_denied", namespace, fault))
            elif namespace != HYPERV_CLUSTER or not fault.is_missing_class:  # its provider may be on another node
                missing.append(_unreadable(node, NAMESPACE, "namespace_unreadable", namespace, fault))
        except (HyperVError, TransportError) as error:
            return [row_of_silence(node, error, "node")]
        except NoAnswer as error:
            missing.append(_unreadable(node, NAMESPACE, "namespace_unreadable", namespace, error))
    return [
        _ready(CONNECTION, node),
        *(rights or [_ready(RIGHTS, node)]),
        *(missing or [_ready(NAMESPACE, node)]),
    ]


def _unreadable(node: str, check: str, code: str, namespace: str, error: NoAnswer) -> Row:
    remedy = remedy_of(error) if isinstance(error, Fault) else "Check what answers there."
    return Row(
        check,
        Finding(code, ERROR, node, "node", sentence(f"the namespace {namespace} cannot be read: {error}"), remedy),
    )


def row_of_silence(subject: str, error: Exception, kind: SubjectKind = "host") -> Row:
    """Return the row for a node or host that could not be asked, or is another machine than it is listed as."""

    def row(check: str, code: str, remedy: str) -> Row:
        return Row(check, Finding(code, ERROR, subject, kind, str(error), remedy))

    if isinstance(error, HyperVError):
        return row(IDENTITY, "wrong_machine", "Correct that, and ask again.")
    if isinstance(error, Fault) and error.is_access_denied:
        return row(RIGHTS, "access_denied", remedy_of(error))
    if isinstance(error, Fault):
        return row(NAMESPACE, "namespace_unreadable", remedy_of(error))
    return row(CONNECTION, "unreachable", "Check the node's address and credentials in the inventory, and its WinRM.")


def _check_settings(cluster: Cluster, nodes: Sequence[Node], before: Sequence[Row]) -> list[Row]:
    """Return what the nodes say of their settings; what the rows before say is not said again."""
    try:
        readiness = read_readiness(cluster, nodes)
    except (HyperVError, NoAnswer) as error:
        return [Row(PROVIDER, Finding("settings_unreadable", ERROR, "", "cluster", with_remedy(error), ASK_AGAIN))]
    known = {(row.subject, row.check) for row in before if row.status != READY}
    silent = {row.subject for row in before if row.status != READY}
    found = list(_rows_of((*readiness.findings, *readiness.notes), known, silent))
    found.append(_check_methods(readiness))
    has = {(row.subject, row.check) for row in found}
    name = readiness.cluster.name or ""
    no_provider = (name, PROVIDER) in has or not cluster.is_clustered
    rows = [] if no_provider else [_ready(PROVIDER, name, "cluster")]
    of_cluster = [row for row in found if row.finding.subject_kind == "cluster"]
    for report in readiness.reports:
        node = report.node.name
        rows += [row for row in found if row.subject == node and row not in of_cluster]
        checks = _OF_NODES if report.settings is not None else (STATE,)
        rows += [_ready(check, node) for check in checks if (node, check) not in has]
    return [*rows, *of_cluster]


def _check_methods(readiness: Readiness) -> Row:
    """Return by which method VMs would be moved; one other than the first choice deserves a look."""
    first = next(method for method in readiness.methods if method.is_open)
    name = readiness.cluster.name or ""

    def row(code: str, message: str, remedy: str) -> Row:
        return Row(METHODS, Finding(code, WARNING, name, "cluster", message, remedy))

    if first.method == SYSTEM and not first.findings:
        return _ready(METHODS, name, "cluster")
    if first.method == SYSTEM:
        return Row(METHODS, dataclasses.replace(first.findings[0], subject=name))
    if first.method == CLUSTER_GROUP:
        message = "VMs can be moved by their cluster groups only."
        return row("cluster_group_only", message, "For Hyper-V's own method see the row on the provider node.")
    return row(
        "host_only",
        "There is no cluster: VMs are moved by their hosts, which must be able to log on to each other.",
        "Set up Kerberos constrained delegation between them, or connect with CredSSP.",
    )


def _rows_of(findings: Sequence[MigrationFinding], known: set[tuple[str, str]], silent: set[str]) -> Iterator[Row]:
    for finding in findings:
        check = STATE if finding.code.startswith("node_") else _CHECKS.get(finding.code, SERVICE)
        is_silence = finding.code in _SILENT
        if (finding.subject, check) in known or (is_silence and finding.subject in silent):
            continue
        yield Row(check, dataclasses.replace(finding, severity=ERROR) if is_silence else finding)


def _check_capacity(cluster: Cluster, request: EvacuationRequest) -> Row:
    """Return whether the others could take the VMs of a node."""
    try:
        plan = plan_evacuation(cluster, request)
    except (HyperVError, NoAnswer) as error:
        message = f"It cannot be planned: {with_remedy(error)}"
        return Row(CAPACITY, Finding("not_planned", ERROR, request.node, "node", message, ASK_AGAIN))
    if plan.infeasibility is None:
        return _ready(CAPACITY, request.node)
    return Row(CAPACITY, plan.infeasibility)
