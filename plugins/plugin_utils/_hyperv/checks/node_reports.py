# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node asked about everything that bears on migrations."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._wsman.errors import TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from ..cluster.hosts import HostSettings, read_host_settings
from ..cluster.identity import WrongMachine, identity_of
from ..cluster.nodes import Node
from ..failure.errors import fault_remedy
from ..failure.finding import sentence
from .capabilities import Capabilities, read_capabilities_of, read_migration_types
from .migration_finding import MigrationFinding

NTLM: t.Final = "ntlm"
_DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"
_CREDENTIAL_GUARD = 1
_CHECK_CONNECTION = "Give the node its own connection variables in the inventory, or check its WinRM."
_SETTINGS = [name for name in HostSettings._fields if name != "node"]


@dataclasses.dataclass(frozen=True)
class Windows:
    """The Windows of a node (Win32_OperatingSystem).

    Attributes:
        computer_name: the name as the computer has it, in its own letter case.
        os_version: such as ``10.0.20348``.
    """

    computer_name: str | None
    os_version: str | None


@dataclasses.dataclass(frozen=True)
class NodeReport:
    """One node. Everything but ``node`` is None where it was not asked or did not tell.

    Attributes:
        node: the node as the cluster shows it.
        settings: its migration settings.
        capabilities: what its provider says it can do.
        migration_types: the types for which it offers setting data.
        windows: its Windows.
        cluster_service: whether Root\\HyperVCluster\\v2 shows the migration service here: whether this node can be
            asked to migrate.
        login: how it was logged in to, empty where that is not known.
        in_workgroup: it is not a member of a domain; only read where that matters.
        credential_guard: Credential Guard runs there; only read where that matters.
        silence: why it told nothing: ``unreachable``, or ``unreadable`` where it answered with something else than was
            asked for. None for a node that answered, or was not asked because it does not run.
    """

    node: Node
    settings: HostSettings | None = None
    capabilities: Capabilities | None = None
    migration_types: tuple[str, ...] | None = None
    windows: Windows | None = None
    cluster_service: bool | None = None
    login: str = ""
    in_workgroup: bool | None = None
    credential_guard: bool | None = None
    silence: MigrationFinding | None = None

    @property
    def computer_name(self) -> str:
        """The computer's own name where it is known, else the cluster's name for it."""
        return (self.windows.computer_name if self.windows else None) or self.node.name

    def as_result(self) -> dict[str, t.Any]:
        """Return the report for a task's result."""
        node = self.node
        settings = self.settings.as_result() if self.settings else dict.fromkeys(_SETTINGS)
        return {
            **settings,
            "node": node.name,
            "state": node.state,
            "drain_status": node.drain_status,
            "condition": node.condition,
            "build": node.build,
            "version": node.version,
            "os_version": self.windows.os_version if self.windows else None,
            "computer_name": self.windows.computer_name if self.windows else None,
            "answered": self.settings is not None,
            "cluster_service": self.cluster_service,
            "capabilities": self.capabilities.as_result() if self.capabilities else None,
            "migration_types": None if self.migration_types is None else list(self.migration_types),
        }


def read_node_report(cluster: Cluster, node: Node) -> NodeReport:
    """Ask one node, in seven requests over one connection; a node that does not run is not contacted.

    One that authenticates migrations with CredSSP is asked one or two things more.
    """
    if not node.is_running:
        return NodeReport(node)
    try:
        session = cluster.node(node.name)
        settings = read_host_settings(cluster, node.name)
        by_credssp = settings.authentication == "credssp"
        in_workgroup = identity_of(session).computer.in_workgroup if by_credssp or session.login == NTLM else None
        return NodeReport(
            node,
            settings=settings,
            capabilities=read_capabilities_of(session, VIRTUALIZATION),
            migration_types=read_migration_types(session),
            windows=_windows(session),
            cluster_service=_shows_cluster_service(session),
            login=session.login,
            in_workgroup=in_workgroup,
            credential_guard=_runs_credential_guard(session) if by_credssp and not in_workgroup else None,
        )
    except Fault as fault:
        remedy = fault_remedy(fault) or _CHECK_CONNECTION
        return _silent(node, "unreadable", f"Its settings cannot be read: {fault}", remedy)
    except UnreadableAnswer as error:
        return _silent(
            node, "unreadable", f"Its settings cannot be read: it answered unexpectedly, {error}", _CHECK_CONNECTION
        )
    except WrongMachine as error:
        return _silent(node, "unreachable", f"Its settings are not known: another machine answers for it. {error}", "")
    except TransportError as error:
        cause = f"Its settings are not known: the controller got no answer from it. {error}"
        return _silent(node, "unreachable", cause, _CHECK_CONNECTION)


def _silent(node: Node, code: str, cause: str, remedy: str) -> NodeReport:
    return NodeReport(node, silence=MigrationFinding.about(node.name, "node", code, sentence(cause), remedy))


def _windows(session: Session) -> Windows:
    rows = session.query(CIMV2, Query("Win32_OperatingSystem", ("CSName", "Version")))
    return Windows(rows[0].text("CSName"), rows[0].text("Version")) if rows else Windows(None, None)


def _runs_credential_guard(session: Session) -> bool | None:
    """Tell whether it is among the running services (Microsoft docs, Win32_DeviceGuard); None where nothing tells."""
    try:
        rows = session.query(_DEVICE_GUARD, Query("Win32_DeviceGuard", ("SecurityServicesRunning",)))
    except Fault:
        return None
    return any(_CREDENTIAL_GUARD in row.integers("SecurityServicesRunning") for row in rows) if rows else None


def _shows_cluster_service(session: Session) -> bool:
    """Tell whether the cluster namespace is alive here; where its provider is not, it answers with nothing."""
    try:
        return bool(session.query(HYPERV_CLUSTER, Query("Msvm_VirtualSystemMigrationService", ("Name",))))
    except Fault as fault:
        if not fault.is_missing_class:
            raise
        return False
