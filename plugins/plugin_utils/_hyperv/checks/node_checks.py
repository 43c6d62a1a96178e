# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known to make migrations fail, looked for in one node's settings. Private to this collection.

Causes and remedies: Microsoft's documentation and troubleshooting guides for live migration in failover clusters.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator

from ..cluster.hosts import ABSENT, HostSettings
from ..cluster.nodes import Node
from .node_reports import NodeReport

EVERYWHERE = "all"
_NAME_CASE_KNOWN_ON = 17763  # build of Windows Server 2019, where Microsoft describes it


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that makes migrations fail, or may.

    Attributes:
        node: the node, or ``all`` for the cluster.
        name: short and stable word for programs, such as ``no_listener``.
        problem, remedy: for people.
        stops_source: a move away from the node fails as things stand.
        stops_destination: a move to the node fails as things stand.
    """

    node: str
    name: str
    problem: str
    remedy: str
    stops_source: bool = False
    stops_destination: bool = False

    @property
    def severity(self) -> str:
        """``error`` where moves fail as things stand, ``warning`` where they may."""
        return "error" if self.stops_source or self.stops_destination else "warning"

    def as_result(self) -> dict[str, t.Any]:
        """Return the problem for a task's result."""
        return {
            "node": self.node,
            "name": self.name,
            "problem": self.problem,
            "remedy": self.remedy,
            "severity": self.severity,
        }


def node_problems(report: NodeReport) -> Iterator[Problem]:
    """Yield what is wrong with one node."""
    yield from _state_problems(report.node)
    if report.silence is not None:
        silence = report.silence
        problem = f"Its settings are not known: {silence.cause.rstrip('.')}."
        yield Problem(report.node.name, silence.name, problem, silence.remedy)
    if report.settings is not None:
        yield from _settings_problems(report, report.settings)
    if report.capabilities is not None and not report.capabilities.offers_migration:
        yield Problem(
            report.node.name,
            "method_not_offered",
            "Its migration capabilities do not list MigrateVirtualSystemToSystem.",
            "Ask about a move with name and destination_host; if that is refused as well, move VMs by means of the "
            "cluster and report what this module shows.",
        )


def _state_problems(node: Node) -> Iterator[Problem]:
    unable = node.cannot_receive()
    if unable is not None:
        cut_off = node.state != "paused"
        name = f"node_{node.condition if node.state == 'up' else node.state}"
        cause = f"{unable.cause[:1].upper()}{unable.cause[1:]}."
        yield Problem(node.name, name, cause, unable.remedy, stops_source=cut_off, stops_destination=True)


def _settings_problems(report: NodeReport, settings: HostSettings) -> Iterator[Problem]:
    node = report.node.name
    if settings.service_state == ABSENT:
        yield Problem(
            node,
            "service_absent",
            "It shows no migration service, or none of its settings.",
            "Check that Hyper-V is installed and that the service Hyper-V Virtual Machine Management (vmms) runs.",
            stops_source=True,
            stops_destination=True,
        )
        return
    yield from _switched_off(node, settings)
    yield from _network_problems(node, settings)
    if settings.authentication == "credssp":
        yield _credssp(node)
    if settings.smb and report.computer_name != report.computer_name.upper():
        yield _name_case(report)


def _switched_off(node: str, settings: HostSettings) -> Iterator[Problem]:
    if settings.service_state != "enabled":
        yield Problem(
            node,
            "service_not_enabled",
            f"Its migration service is not enabled but {settings.service_state}.",
            "Restart the service Hyper-V Virtual Machine Management (vmms) on the node and look at its event log.",
            stops_source=True,
            stops_destination=True,
        )
    if not settings.enabled:
        yield Problem(
            node,
            "migration_disabled",
            "Live migration is switched off.",
            "Run Enable-VMMigration on the node.",
            stops_source=True,
            stops_destination=True,
        )
    if settings.maximum_migrations == 0:
        yield Problem(
            node,
            "limit_zero",
            "Its limit of simultaneous live migrations is 0.",
            "Raise it: Set-VMHost -MaximumVirtualMachineMigrations 2.",
            stops_source=True,
            stops_destination=True,
        )


def _network_problems(node: str, settings: HostSettings) -> Iterator[Problem]:
    if not settings.listener_addresses:
        yield Problem(
            node,
            "no_listener",
            "It listens on no address for migrations, so it can receive none.",
            "Choose networks in the cluster's Live Migration Settings (on a host alone: Add-VMMigrationNetwork), and "
            "check that no policy disables its listener on TCP port 6600.",
            stops_destination=True,
        )
    if not settings.networks:
        yield Problem(
            node,
            "no_network",
            "It has no network for migrations.",
            "Choose networks in the cluster's Live Migration Settings (on a host alone: Add-VMMigrationNetwork).",
        )


def _credssp(node: str) -> Problem:
    return Problem(
        node,
        "credssp",
        "It authenticates migrations with CredSSP. When it is the source of a move, it logs on to the destination with "
        "credentials that must have been delegated to it: those of somebody logged on to this very node, or of a task "
        "whose connection to this node delegates them (ansible_winrm_transport or ansible_psrp_auth set to credssp). "
        "With NTLM, Kerberos, Basic or a certificate, or when the task's host is another node, it has none, and the "
        "move fails with 0x8009030E. Whether Hyper-V uses the cluster's own identity for clustered VMs instead is not "
        "documented.",
        "Use Kerberos on all nodes (Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos) with constrained "
        "delegation for cifs and Microsoft Virtual System Migration Service.",
    )


def _name_case(report: NodeReport) -> Problem:
    build = report.node.build
    certain = build is None or build == _NAME_CASE_KNOWN_ON
    return Problem(
        report.node.name,
        "smb_name_case",
        f"It migrates over SMB, and its computer name {report.computer_name} is not all upper case. On Windows Server "
        "2019 such migrations fail with 0x80042001 or 0x8007000D.",
        "Rename the computer in capitals, or let it migrate without SMB (Set-VMHost "
        "-VirtualMachineMigrationPerformanceOption Compression).",
        stops_source=certain,
        stops_destination=certain,
    )
