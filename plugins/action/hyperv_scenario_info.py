# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Describes clusters as scenarios of the simulated cluster."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.usecases.cluster_description import read_cluster
from ..plugin_utils._hyperv.usecases.scenario import write_scenario
from ..plugin_utils._hyperv.usecases.scenario_survey import describe_all
from ..plugin_utils._hyperv.usecases.survey import Survey
from ..plugin_utils._survey import SurveyAction


class ActionModule(SurveyAction):
    """The action of hyperv_scenario_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {"hosts": {"type": "list", "elements": "str", "default": []}}
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the task's cluster and describe it."""
        scenario, notes = write_scenario(read_cluster(cluster))
        return {"changed": False, "scenario": scenario, "notes": notes}

    def perform_on_all(self, survey: Survey, enter: Callable[[str], Cluster], arguments: Arguments) -> Result:
        """Describe every cluster; a host that is in none is part of the answer, not a failure."""
        described, missing = describe_all(survey, enter)
        return {
            "changed": False,
            "clusters": [
                {
                    "name": one.cluster.name,
                    "fqdn": one.cluster.fqdn or None,
                    "label": one.label,
                    "scenario": one.scenario,
                    "notes": one.notes,
                }
                for one in described
            ],
            "missing": [finding.as_result() for finding in missing],
        }
