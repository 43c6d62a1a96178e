# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists migration jobs."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.usecases.job_listing import read_listing, wanted_vm, why_failed


class ActionModule(HyperVAction):
    """The action of hyperv_migration_job_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "job_id": {"type": "str"},
            "running_only": {"type": "bool", "default": False},
        },
        "mutually_exclusive": [("name", "vm_id", "job_id")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the jobs, their VMs, and the errors of those that failed."""
        vm = wanted_vm(cluster, arguments["name"], arguments["vm_id"])
        listing, notes = read_listing(cluster, vm, arguments["job_id"])
        return {
            "changed": False,
            "jobs": [
                one.as_result(why_failed(cluster, one))
                for one in listing
                if not (arguments["running_only"] and one.job.is_final)
            ],
            "warnings": notes,
        }
