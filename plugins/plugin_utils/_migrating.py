# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the actions share that move VMs: progress, Ansible's time limit, results."""

from __future__ import annotations

from collections.abc import Sequence

from ._action import FailedWithResult, HyperVAction, Result
from ._clock import moment
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.migration.migration_task import MigrationTask
from ._hyperv.migration.move_record import MoveRecord
from ._hyperv.migration.moves import Move
from ._hyperv.migration.timeouts import too_short
from ._hyperv.scheduling.cut_off import account_for
from ._hyperv.scheduling.migrate import Migration, MigrationOptions, Report, migrate, say_nothing
from ._hyperv.scheduling.move_results import cut_off, failure_message, has_changed, locations_diff, move_record
from ._hyperv.scheduling.progress import Progress


class MigrationAction(HyperVAction):
    """An action that moves VMs."""

    def progress(self, cluster: Cluster, *, shown: bool) -> Report:
        """Return what is told of running moves."""
        return Progress(self.tell, cluster.clock).report if shown else say_nothing

    def migrated(
        self, cluster: Cluster, moves: Sequence[Move], options: MigrationOptions, report: Report, *, single: bool
    ) -> Migration:
        """Bring moves to their end. Raises FailedWithResult where Ansible's time limit cuts that off."""
        known: Sequence[MigrationTask] = ()

        def keep(tasks: Sequence[MigrationTask]) -> None:
            nonlocal known
            known = tasks
            report(tasks)

        try:
            return migrate(cluster, moves, options, keep)
        except BaseException as error:
            why = self.cut_off(error)
            if not why:
                raise
            account_for(self.connect(), known, why)
            records = [move_record(task, moment) for task in known]
            raise FailedWithResult(cut_off(why, records), _shown(known, records, [], single=single)) from None

    def warned_of_time_limit(self, moves: Sequence[Move], options: MigrationOptions) -> list[str]:
        """Return a warning, and show it before the first move, where a move may take longer than the task may."""
        left = [move for move in moves if not move.is_done]
        longest = max((options.timeout_of(move).seconds for move in left), default=0.0)
        warning = too_short(self.time_limit, longest) if self.time_limit is not None else ""
        if warning:
            self.tell(f"WARNING: {warning}")
        return [warning] if warning else []


def migration_result(tasks: Sequence[MigrationTask], notes: Sequence[str], *, single: bool) -> Result:
    """Return the task's result; with ``single`` it is that of one move. Raises FailedWithResult if a move failed."""
    result = _shown(tasks, [move_record(task, moment) for task in tasks], notes, single=single)
    if any(task.outcome == "failed" for task in tasks):
        raise FailedWithResult(failure_message(tasks), result)
    return result


def _shown(
    tasks: Sequence[MigrationTask], records: Sequence[MoveRecord], notes: Sequence[str], *, single: bool
) -> Result:
    return {
        **(records[0] if single and records else {}),
        "changed": any(has_changed(task) for task in tasks),
        "moves": list(records),
        "diff": locations_diff(records),
        "warnings": [*notes, *(f"{task.move.vm.name}: {text}" for task in tasks for text in task.warnings)],
    }
