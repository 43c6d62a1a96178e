# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists the VMs of a cluster."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster import Cluster, first_label
from ..plugin_utils._hyperv.groups import read_groups, read_traits
from ..plugin_utils._hyperv.nodes import pick_node, read_nodes
from ..plugin_utils._hyperv.vms import normal_id, read_vms


class ActionModule(HyperVAction):
    """The action of hyperv_vm_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "node": {"type": "str"},
            "state": {"type": "str"},
        },
        "mutually_exclusive": [("name", "vm_id")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read VMs, roles and group traits, and select."""
        name, vm_id, node, state = (arguments[key] for key in ("name", "vm_id", "node", "state"))
        label = first_label(pick_node(read_nodes(cluster), node).name) if node else ""
        vms = read_vms(cluster, ids=[normal_id(vm_id)] if vm_id else (), names=[name] if name else ())
        chosen = [vm for vm in vms if (not label or first_label(vm.node) == label) and (not state or vm.state == state)]
        roles = read_groups(cluster, chosen)
        traits = read_traits(cluster) if chosen else {}
        return {
            "changed": False,
            "vms": [
                {
                    "id": vm.id,
                    "name": vm.name,
                    "node": vm.node,
                    "state": vm.state,
                    "memory_mb": vm.memory_mb,
                    "migrating": vm.is_migrating,
                    "activity": vm.activity,
                    "group": role.group if role else None,
                    "priority": trait.priority if trait else None,
                }
                for vm in sorted(chosen, key=lambda vm: (vm.name.lower(), vm.id))
                for role in (roles.get(vm.id),)
                for trait in (traits.get(role.group.casefold()) if role else None,)
            ],
        }
