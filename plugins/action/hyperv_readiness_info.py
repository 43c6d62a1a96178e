# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks whether clusters and hosts are ready for live migrations, row by row."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.usecases.readiness_survey import check_all
from ..plugin_utils._hyperv.usecases.readiness_table import NOT_READY, Row, check_readiness
from ..plugin_utils._hyperv.usecases.survey import Survey
from ..plugin_utils._ranges import check_reserve
from ..plugin_utils._survey import SurveyAction


class ActionModule(SurveyAction):
    """The action of hyperv_readiness_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "reserve_memory_percent": {"type": "float", "default": 10},
            "hosts": {"type": "list", "elements": "str", "default": []},
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Look at everything; what is not ready is part of the answer, not a failure."""
        return _result(check_readiness(cluster, _reserve(arguments)))

    def perform_on_all(self, survey: Survey, enter: Callable[[str], Cluster], arguments: Arguments) -> Result:
        """Look at every cluster and host; one that cannot be looked at is a row, not a failure."""
        return _result(check_all(survey, enter, _reserve(arguments)))


def _reserve(arguments: Arguments) -> float:
    check_reserve(arguments)
    return float(arguments["reserve_memory_percent"])


def _result(rows: Sequence[Row]) -> Result:
    ready = all(row.status != NOT_READY for row in rows)
    return {"changed": False, "ready": ready, "rows": [row.as_result() for row in rows]}
