# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists what the event logs of hosts say about migrations."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.usecases.event_listing import list_events
from ..plugin_utils._hyperv.usecases.job_listing import wanted_vm
from ..plugin_utils._ranges import check_range

_LONGEST = 24 * 60  # minutes
_MOST = 1000


class ActionModule(HyperVAction):
    """The action of hyperv_migration_events_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "nodes": {"type": "list", "elements": "str"},
            "minutes": {"type": "int", "default": 60},
            "limit": {"type": "int", "default": 50},
        },
        "mutually_exclusive": [("name", "vm_id")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the logs of the hosts."""
        check_range(arguments, "minutes", 1, _LONGEST)
        check_range(arguments, "limit", 1, _MOST)
        vm = wanted_vm(cluster, arguments["name"], arguments["vm_id"])
        listing = list_events(cluster, vm, arguments["nodes"] or (), arguments["minutes"], arguments["limit"])
        return {"changed": False, "events": listing.events, "warnings": listing.notes}
