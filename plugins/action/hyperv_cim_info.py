# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads instances of any CIM class."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import HYPERV_CLUSTER, Cluster
from ..plugin_utils._hyperv.usecases.cim_rows import read_rows
from ..plugin_utils._pages import PAGES, check_pages, page_of


class ActionModule(HyperVAction):
    """The action of hyperv_cim_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "class_name": {"type": "str", "required": True},
            "namespace": {"type": "str", "default": HYPERV_CLUSTER},
            "properties": {"type": "list", "elements": "str", "default": []},
            "where": {"type": "dict", "default": {}},
            "node": {"type": "str"},
            **PAGES,
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Ask one node, and return a page of what it showed."""
        check_pages(arguments, "instances")
        session = cluster.node(arguments["node"]) if arguments["node"] else cluster.home
        rows = read_rows(
            session, arguments["namespace"], arguments["class_name"], arguments["properties"], arguments["where"]
        )
        page = page_of("instances", rows, arguments, "instances")
        return {"changed": False, "node": session.node, **page, "requests": session.requests}
