# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that may not log on to each other: what to do about it, by how they authenticate migrations. Private.

A migration between hosts is asked for on the source, which then logs on to the destination in the caller's name: a
second hop. Sources: Microsoft docs, "Set up hosts for live migration without Failover Clustering",
Msvm_VirtualSystemMigrationServiceSettingData.AuthenticationType, and "Live migration with workgroup clusters".
"""

from __future__ import annotations

from ..._wsman.errors import NoAnswer
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, Cluster
from ..cluster.hosts import read_host_settings
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..migration.moves import Move

# Of winerror.h: SEC_E_NO_CREDENTIALS and SEC_E_UNKNOWN_CREDENTIALS
_NO_CREDENTIALS = frozenset({"0x8009030E", "0x8009030D"})


def with_delegation_remedy(cluster: Cluster, move: Move, error: Failure) -> Failure:
    """Return the error of a failed migration by a host with the remedy for that host's way to authenticate."""
    if error.hresult not in _NO_CREDENTIALS:
        return error
    try:
        if _stands_in_a_workgroup(cluster, move.source):
            return error._replace(remedy=workgroup_remedy(move.source))
        authentication = read_host_settings(cluster, move.source, networks=False).authentication
    except (HyperVError, NoAnswer):
        return error
    remedy = _remedy(authentication, move.source, move.destination.name)
    return error._replace(remedy=remedy) if remedy else error


def workgroup_remedy(host: str) -> str:
    """Return what to do where a host that is not a member of a domain cannot log on to another one."""
    return (
        f"{host} is not a member of a domain, so Kerberos and delegation do not apply. Live migration between such "
        "nodes of a cluster works from Windows Server 2025 on, by certificates that the cluster makes: give all nodes "
        "the same local account with the same password, and set LocalAccountTokenFilterPolicy to 1 on each."
    )


def _stands_in_a_workgroup(cluster: Cluster, host: str) -> bool:
    rows = cluster.node(host).query(CIMV2, Query("Win32_ComputerSystem", ("PartOfDomain",)))
    return any(row.boolean("PartOfDomain") is False for row in rows)


def _remedy(authentication: str, source: str, destination: str) -> str:
    if authentication == "kerberos":
        return (
            f"{source} uses Kerberos for migrations (AuthenticationType 1), which needs constrained delegation: in "
            f"Active Directory let the computer account {source} delegate to the services cifs and Microsoft Virtual "
            f"System Migration Service of {destination}, with any authentication protocol where Ansible logs on by "
            f"NTLM. Then restart the Virtual Machine Management service of {source}."
        )
    if authentication == "credssp":
        return (
            f"{source} uses CredSSP for migrations (AuthenticationType 0), which works only for a caller whose "
            "credentials are on that host: log on to it with ansible_winrm_transport=credssp, or set it to Kerberos "
            "with constrained delegation (Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos). Where "
            "Credential Guard runs, as it does by default on members of a domain from Windows Server 2025 on, "
            "delegation by CredSSP fails."
        )
    return ""
