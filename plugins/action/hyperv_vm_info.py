# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists the VMs of a cluster."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.states import VM_STATES
from ..plugin_utils._hyperv.usecases.vm_listing import count_vms, list_vms
from ..plugin_utils._pages import PAGES, check_pages, page_of


class ActionModule(HyperVAction):
    """The action of hyperv_vm_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "node": {"type": "str"},
            "state": {"type": "str", "choices": list(VM_STATES)},
            **PAGES,
        },
        "mutually_exclusive": [("name", "vm_id")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the VMs that are asked for, count them, and return a page of them."""
        check_pages(arguments, "VMs")
        conditions = {key: arguments[key] for key in ("name", "vm_id", "node", "state")}
        vms = list_vms(cluster, **conditions)
        return {"changed": False, **page_of("vms", vms, arguments, "VMs"), **count_vms(vms)}
