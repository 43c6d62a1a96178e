# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MSCluster_Cluster, MSCluster_Node and MSCluster_Network: the cluster's own view of itself, and pausing its nodes.

Values: Microsoft docs of the failover cluster WMI provider (ClusWmi) and live schemas of Server 2019 and later.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from ..cim import Instance, ObjectPath, Value
from ..scenario import MigrationNetworkSpec
from ..world import Node
from . import win32_errors
from .namespace import ClassTable, View

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
CLUSTER = "MSCluster_Cluster"
NODE = "MSCluster_Node"
STATES = {"up": 0, "down": 1, "paused": 2, "joining": 3}
CONDITIONS = {"normal": 0, "isolated": 1, "quarantined": 2}
NETWORK_STATES = {"unavailable": 0, "down": 1, "partitioned": 2, "up": 3}
INTERFACE_STATES = {"unavailable": 0, "failed": 1, "unreachable": 2, "up": 3}
DRAIN_STATES = {"not_initiated": 0, "in_progress": 1, "completed": 2, "failed": 3}
NO_DRAIN, DRAIN, FORCE_DRAIN = 0, 1, 2
DO_NOT_FAIL_BACK, FAIL_BACK_NOW, FAIL_BACK_BY_POLICY = 0, 1, 2


def node_path(view: View, name: str) -> ObjectPath:
    """Return the reference to a node."""
    return view.path(NODE, Name=name)


def node_named(view: View, name: Value) -> Node:
    """Return the node called ``name``. Raises CimFault 5042."""
    node = view.world.find_node(name) if isinstance(name, str) else None
    if node is None or not node.spec.member:
        raise win32_errors.fault(win32_errors.NODE_NOT_FOUND)
    return node


def _clusters(view: View) -> Iterator[Instance]:
    spec = view.world.scenario.cluster
    yield {
        "Name": spec.name,
        "Fqdn": spec.fqdn if spec.tells_fqdn else None,
        "MaxNumberOfNodes": 64,
        "ClusterFunctionalLevel": spec.functional_level,
        "ClusterUpgradeVersion": 1,
        "S2DEnabled": int(view.world.storage.is_on_the_nodes),
        "ClusterEnforcedAntiAffinity": spec.enforced_anti_affinity,
        "AutoBalancerMode": view.world.auto_balancer_mode,
        "AutoBalancerLevel": spec.auto_balancer_level,
        "DrainOnShutdown": spec.drain_on_shutdown,
        "BackupInProgress": spec.backup_in_progress,
        "PlacementOptions": 0,
        "ResiliencyLevel": 2,
        "ResiliencyDefaultPeriod": 240,
        "QuarantineThreshold": 3,
        "QuarantineDuration": 7200,
        "MinimumPreemptorPriority": 1,
        "SharedVolumesRoot": "C:\\ClusterStorage",
        "MaximumParallelMigrations": spec.maximum_parallel_migrations,
        "SetSMBBandwidthLimit": spec.set_smb_bandwidth_limit,
        "SMBBandwidthLimitFactor": spec.smb_bandwidth_limit_factor,
    }


def _change_cluster(view: View, unused: ObjectPath, changes: Mapping[str, Value]) -> None:
    if changes.keys() - {"AutoBalancerMode"} or changes.get("AutoBalancerMode") not in (None, 0, 1, 2):
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    view.world.auto_balancer_mode = int(changes.get("AutoBalancerMode", view.world.auto_balancer_mode))


def _nodes(view: View) -> Iterator[Instance]:
    level = view.world.scenario.cluster.functional_level
    for node in list(view.world.members.values()):
        version = level << 16 | 1
        yield {
            "Name": node.name,
            "Id": str(node.number),
            "State": STATES[node.state],
            "NodeDrainStatus": DRAIN_STATES[node.drain],
            "NodeDrainTarget": node.drain_target,
            "StatusInformation": CONDITIONS[node.spec.condition],
            "NodeWeight": 1,
            "DynamicWeight": 1,
            "MajorVersion": 10,
            "MinorVersion": 0,
            "BuildNumber": node.spec.windows_build,
            "NodeHighestVersion": version,
            "NodeLowestVersion": version,
            "FaultDomain": list(node.spec.fault_domain) or None,
        }


def _members(view: View) -> Iterator[Instance]:
    cluster = view.path(CLUSTER, Name=view.world.scenario.cluster.name)
    for node in list(view.world.members.values()):
        yield {"Antecedent": cluster, "Dependent": node_path(view, node.name)}


def _subnets(view: View) -> dict[Subnet, MigrationNetworkSpec]:
    return {_subnet(network): network for node in view.world.members.values() for network in node.spec.networks}


def _subnet(network: MigrationNetworkSpec) -> Subnet:
    return ipaddress.ip_network(f"{network.subnet}/{network.prefix_length}")


def _interfaces(view: View) -> Iterator[Instance]:
    names = {subnet: f"Cluster Network {number}" for number, subnet in enumerate(_subnets(view), start=1)}
    for node in list(view.world.members.values()):
        for network in node.spec.networks:
            name = names[_subnet(network)]
            state = network.interface if node.networks_are_up(view.world.now) else "unavailable"
            yield {
                "Name": f"{node.name} - {name}",
                "SystemName": node.name,
                "Node": node.name,
                "Network": name,
                "Adapter": "Simulated adapter",
                "State": INTERFACE_STATES[state],
            }


def _networks(view: View) -> Iterator[Instance]:
    for number, (subnet, network) in enumerate(_subnets(view).items(), start=1):
        yield {
            "Name": f"Cluster Network {number}",
            "Address": str(subnet.network_address),
            "AddressMask": str(subnet.netmask),
            "Role": 3 if network.used else 0,
            "State": NETWORK_STATES[network.state],
            "Metric": network.metric,
            "AutoMetric": True,
        }


def _pause(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    node = node_named(view, path.key("Name"))
    drain_type = parameters.get("DrainType") or NO_DRAIN
    if drain_type not in (NO_DRAIN, DRAIN, FORCE_DRAIN):
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    if not node.answers:
        raise win32_errors.fault(win32_errors.NODE_DOWN)
    switches = view.world.scenario.switches
    if (drain_type != NO_DRAIN or switches.degraded_space_refuses == "pauses") and not view.world.storage.is_whole:
        raise win32_errors.fault(win32_errors.SPACE_DEGRADED)
    if node.drain == "in_progress":
        raise win32_errors.fault(win32_errors.DRAIN_IN_PROGRESS)
    if node.state == "paused" and (drain_type == NO_DRAIN or switches.drain_of_a_paused_node == "refused"):
        raise win32_errors.fault(win32_errors.NODE_PAUSED)
    target_name = parameters.get("TargetNode")
    target = node_named(view, target_name) if target_name else None
    if target is node:
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    view.world.drains.pause(node, drain_type != NO_DRAIN, target)
    return {}


def _resume(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    node = node_named(view, path.key("Name"))
    failback = parameters.get("FailbackType") or DO_NOT_FAIL_BACK
    if failback not in (DO_NOT_FAIL_BACK, FAIL_BACK_NOW, FAIL_BACK_BY_POLICY):
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    if not node.answers:
        raise win32_errors.fault(win32_errors.NODE_DOWN)
    if node.state != "paused":
        raise win32_errors.fault(win32_errors.NODE_NOT_PAUSED)
    view.world.drains.resume(node, fail_back=failback == FAIL_BACK_NOW)
    return {}


def _would_lose_quorum(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    leaving = node_named(view, path.key("Name"))
    staying = sum(node.answers for node in view.world.members.values() if node is not leaving)
    # Node majority with a dynamic witness vote: half of the nodes is still enough.
    loses = 2 * staying < len(view.world.members)
    in_parameter = view.world.scenario.switches.quorum_answer == "out_parameter"
    return {"LoseQuorum": loses} if in_parameter else {"ReturnValue": loses}


TABLE = ClassTable(
    {
        CLUSTER: _clusters,
        NODE: _nodes,
        "MSCluster_ClusterToNode": _members,
        "MSCluster_Network": _networks,
        "MSCluster_NetworkInterface": _interfaces,
    },
    {
        (NODE, "Pause"): _pause,
        (NODE, "Resume"): _resume,
        (NODE, "WillOfflineLoseQuorum"): _would_lose_quorum,
        (NODE, "WillEvictLoseQuorum"): _would_lose_quorum,
    },
    {CLUSTER: _change_cluster},
)
