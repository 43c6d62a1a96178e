# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Base of action plugins that read all clusters of a play."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ._action import Arguments, HyperVAction, Result
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.usecases.survey import Survey, take_survey


class SurveyAction(HyperVAction):
    """An action plugin that looks at the task's cluster, or at all that the hosts of its option ``hosts`` are of.

    With ``hosts`` the task's host need not answer. A subclass has ``perform``, and ``perform_on_all`` for that.
    """

    def perform_on_all(self, survey: Survey, enter: Callable[[str], Cluster], arguments: Arguments) -> Result:
        """Look at each cluster, and return the task's result. ``enter`` returns one as seen from an inventory host.

        ``enter`` raises WrongMachine, Fault and TransportError.
        """
        raise NotImplementedError

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Ask each host who it is, unless only the task's host is meant, and perform."""
        if not arguments["hosts"]:
            return super().carry_out(arguments, task_vars)
        with self.connections() as connections:
            hosts = list(dict.fromkeys(filter(None, (connections.inventory.home, *arguments["hosts"]))))
            survey = take_survey(connections.who(hosts), lambda host: connections.inventory.listing(host).names)
            return self.perform_on_all(survey, lambda host: connections.as_on(host).cluster(), arguments)
