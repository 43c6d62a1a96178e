# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known to make migrations fail, looked for in one node's settings.

Causes and remedies: Microsoft's documentation and troubleshooting guides for live migration in failover clusters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..cluster.cim_values import WINDOWS_2019, WINDOWS_2025
from ..cluster.hosts import ABSENT, HostSettings
from ..cluster.nodes import Node
from ..failure.finding import INFO
from .migration_finding import MigrationFinding
from .node_reports import NTLM, NodeReport

_KERBEROS = (
    "Use Kerberos on all nodes (Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos) with constrained "
    "delegation for cifs and Microsoft Virtual System Migration Service."
)


def check_node(report: NodeReport) -> Iterator[MigrationFinding]:
    """Yield what is wrong with one node."""
    yield from _check_state(report.node)
    if report.silence is not None:
        yield report.silence
    if report.settings is not None:
        yield from _check_settings(report, report.settings)
    if report.login == NTLM:
        yield _ntlm(report)
    if report.capabilities is not None and not report.capabilities.offers_migration:
        yield _of(
            report.node.name,
            "method_not_offered",
            "Its migration capabilities do not list MigrateVirtualSystemToSystem.",
            "Ask about a move with name and destination_host; if that is refused as well, move VMs by means of the "
            "cluster and report what this module shows.",
        )


def _of(node: str, code: str, message: str, remedy: str, **stops: bool) -> MigrationFinding:
    return MigrationFinding.about(node, "node", code, message, remedy, **stops)


def _check_state(node: Node) -> Iterator[MigrationFinding]:
    unable = node.cannot_receive()
    if unable is not None:
        cut_off = node.state != "paused"
        code = f"node_{node.condition if node.state == 'up' else node.state}"
        yield _of(node.name, code, unable.message, unable.remedy, stops_source=cut_off, stops_destination=True)


def _check_settings(report: NodeReport, settings: HostSettings) -> Iterator[MigrationFinding]:
    node = report.node.name
    if settings.service_state == ABSENT:
        yield _of(
            node,
            "service_absent",
            "It shows no migration service, or none of its settings.",
            "Check that Hyper-V is installed and that the service Hyper-V Virtual Machine Management (vmms) runs.",
            stops_source=True,
            stops_destination=True,
        )
        return
    yield from _check_service(node, settings)
    yield from _check_networks(node, settings)
    if settings.authentication == "credssp":
        yield _workgroup(report) if report.in_workgroup else _credssp(node, guarded=report.credential_guard)
    if settings.smb and report.computer_name != report.computer_name.upper():
        yield _name_case(report)


def _check_service(node: str, settings: HostSettings) -> Iterator[MigrationFinding]:
    if settings.service_state != "enabled":
        yield _of(
            node,
            "service_not_enabled",
            f"Its migration service is not enabled but {settings.service_state}.",
            "Restart the service Hyper-V Virtual Machine Management (vmms) on the node and look at its event log.",
            stops_source=True,
            stops_destination=True,
        )
    if not settings.enabled:
        yield _of(
            node,
            "migration_disabled",
            "Live migration is switched off.",
            "Run Enable-VMMigration on the node.",
            stops_source=True,
            stops_destination=True,
        )
    if settings.maximum_migrations == 0:
        yield _of(
            node,
            "limit_zero",
            "Its limit of simultaneous live migrations is 0.",
            "Raise it: Set-VMHost -MaximumVirtualMachineMigrations 2.",
            stops_source=True,
            stops_destination=True,
        )


def _check_networks(node: str, settings: HostSettings) -> Iterator[MigrationFinding]:
    if not settings.listener_addresses:
        yield _of(
            node,
            "no_listener",
            "It listens on no address for migrations, so it can receive none.",
            "Choose networks in the cluster's Live Migration Settings (on a host alone: Add-VMMigrationNetwork), and "
            "check that no policy disables its listener on TCP port 6600.",
            stops_destination=True,
        )
    if not settings.networks:
        yield _of(
            node,
            "no_network",
            "It has no network for migrations.",
            "Choose networks in the cluster's Live Migration Settings (on a host alone: Add-VMMigrationNetwork).",
        )


def _ntlm(report: NodeReport) -> MigrationFinding:
    """Return a note: Windows as it is takes the login, and the next version will not."""
    instead = (
        "It is not a member of a domain, so Kerberos cannot be used: log in with a certificate "
        "(ansible_winrm_transport or ansible_psrp_auth set to certificate)."
        if report.in_workgroup
        else "Log in with Kerberos, and name the host in the inventory instead of its address."
    )
    note = _of(
        report.node.name,
        "ntlm_login",
        "It was logged in to with NTLM, which Microsoft has deprecated and switches off by default on networks in the "
        "next Windows Server.",
        instead,
    )
    return dataclasses.replace(note, severity=INFO)


def _workgroup(report: NodeReport) -> MigrationFinding:
    build = report.node.build
    older = build is not None and build < WINDOWS_2025
    return _of(
        report.node.name,
        "workgroup_migration",
        "It is not a member of a domain. Nodes of a cluster log on to each other for live migrations by certificates "
        "that the cluster makes"
        + (f", from Windows Server 2025 on, and this one has Windows Server {report.node.version}." if older else "."),
        "Set the nodes up again with Windows Server 2025 or later, or make them members of a domain."
        if older
        else "Give all nodes the same local account with the same password, and set LocalAccountTokenFilterPolicy to 1 "
        "on each. Kerberos and delegation do not apply.",
    )


def _credssp(node: str, *, guarded: bool | None) -> MigrationFinding:
    if guarded:
        return _of(
            node,
            "credential_guard",
            "It authenticates migrations with CredSSP, and Credential Guard runs on it, with which delegation by "
            "CredSSP fails: when it is the source of a move, it cannot log on to the destination (0x8009030E).",
            _KERBEROS,
        )
    return _of(
        node,
        "credssp",
        "It authenticates migrations with CredSSP. When it is the source of a move, it logs on to the destination with "
        "credentials that must have been delegated to it: those of somebody logged on to this very node, or of a task "
        "whose connection to this node delegates them (ansible_winrm_transport or ansible_psrp_auth set to credssp). "
        "With NTLM, Kerberos, Basic or a certificate, or when the task's host is another node, it has none, and the "
        "move fails with 0x8009030E. It also fails where Credential Guard runs, which it does by default on members of "
        "a domain from Windows Server 2025 on. Whether Hyper-V uses the cluster's own identity for clustered VMs "
        "instead is not documented.",
        _KERBEROS,
    )


def _name_case(report: NodeReport) -> MigrationFinding:
    build = report.node.build
    certain = build is None or build == WINDOWS_2019  # where Microsoft describes it
    return _of(
        report.node.name,
        "smb_name_case",
        f"It migrates over SMB, and its computer name {report.computer_name} is not all upper case. On Windows Server "
        "2019 such migrations fail with 0x80042001 or 0x8007000D.",
        "Rename the computer in capitals, or let it migrate without SMB (Set-VMHost "
        "-VirtualMachineMigrationPerformanceOption Compression).",
        stops_source=certain,
        stops_destination=certain,
    )
