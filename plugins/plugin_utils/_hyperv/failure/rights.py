# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which right an account lacks where a node denies access.

Sources: Microsoft docs, "Securing a Remote WMI Connection" and "Access to WMI Namespaces" (rights in a namespace),
"Installation and configuration for Windows Remote Management" (Remote Management Users), Grant-ClusterAccess (rights in
a cluster), "Delegate Hyper-V" (Hyper-V Administrators), Win32Shutdown of Win32_OperatingSystem (SeRemoteShutdown).
"""

from __future__ import annotations

from ..._wsman.faults import Fault

_READS = frozenset({"get", "enumerate", "pull", "release"})
# Methods of the cluster's provider that change nothing.
_QUESTIONS = frozenset({"GetPossibleOwners", "GetPreferredOwners", "WillOfflineLoseQuorum"})


def missing_right(fault: Fault) -> str:
    """Return the sentences that name what the account needs for the request that was denied."""
    operation, unused, resource = fault.operation.partition(" ")
    namespace = resource.rpartition("/")[0]
    calls = bool(operation) and operation.lower() not in _READS
    needed = [f"membership in Remote Management Users of {fault.node or 'the node'}"]
    if namespace:
        rights = "Remote Enable and Execute Methods" if calls else "Remote Enable"
        path = namespace.replace("/", "\\")
        needed.append(f"{rights} on the WMI namespace {path} there (wmimgmt.msc, Security)")
    needed += _of_namespace(namespace.lower(), operation, calls)
    listed = f"{', '.join(needed[:-1])} and {needed[-1]}" if len(needed) > 1 else needed[0]
    return (
        f"The account lacks a right: it needs {listed}. A local administrator of every node has these; a local account "
        "other than Administrator only with LocalAccountTokenFilterPolicy set to 1."
    )


def _of_namespace(namespace: str, operation: str, calls: bool) -> list[str]:
    """Return what the providers of a namespace ask for beyond WMI's own rights."""
    cluster_right = "-Full" if calls and operation not in _QUESTIONS else "-ReadOnly at least"
    cluster = f"access to the cluster (Grant-ClusterAccess -User NAME {cluster_right})"
    hyperv = "membership in Hyper-V Administrators of every node"
    if namespace == "root/mscluster":
        return [cluster]
    if namespace == "root/hypervcluster/v2":
        return [hyperv, cluster]
    if namespace == "root/virtualization/v2":
        return [hyperv]
    if namespace == "root/cimv2" and operation == "Win32Shutdown":
        return ["the user right to force shutdown from a remote system (SeRemoteShutdownPrivilege)"]
    return []
