# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports the migration capabilities of a cluster, and problems that would prevent migrations."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.nodes import read_host, read_surroundings
from ..plugin_utils._hyperv.cluster.vms import normal_id
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.migration.moves import MoveRequest
from ..plugin_utils._hyperv.usecases.feasibility import judge_move
from ..plugin_utils._hyperv.usecases.readiness import read_readiness


class ActionModule(HyperVAction):
    """The action of hyperv_migration_capabilities_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "nodes": {"type": "list", "elements": "str", "default": []},
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "destination_host": {"type": "str", "aliases": ["destination"]},
        },
        "mutually_exclusive": [("name", "vm_id")],
        "required_by": {"name": "destination_host", "vm_id": "destination_host"},
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read capabilities and settings, and ask about one move where it is named."""
        request = _request(arguments)
        named = [*arguments["nodes"], *([request.destination] if request else [])]
        nodes, picked = read_surroundings(cluster, named)
        if cluster.is_clustered:
            chosen = list(dict.fromkeys(picked[: len(arguments["nodes"])])) or nodes
        else:
            chosen = list(dict.fromkeys([read_host(cluster, None), *picked]))
        readiness = read_readiness(cluster, chosen)
        move = judge_move(cluster, request, readiness) if request else None
        return {"changed": False, **readiness.as_result(), "move": move}


def _request(arguments: Arguments) -> MoveRequest | None:
    """Return the move that is asked about, None for none. Raises HyperVError for half a question."""
    destination, name, vm_id = (arguments[key] for key in ("destination_host", "name", "vm_id"))
    if not destination:
        return None
    if not (name or vm_id):
        raise HyperVError("destination_host is given without a VM. Give name or vm_id as well.")
    return MoveRequest(destination, name, normal_id(vm_id) if vm_id else None)
