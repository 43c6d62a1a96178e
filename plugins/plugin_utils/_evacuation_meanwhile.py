# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The evacuation of the next node of a rolling maintenance, while the node before it gets its VMs back.

It is begun early and otherwise the same: the turn of the node finds it emptied, or empties it of what is left. So what
speaks against it, or fails, is no failure of the node before, and is only told.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import threading
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ._action import Arguments, Result
from ._clock import Interruption
from ._evacuation_options import EVACUATING, check_evacuating, evacuation_options, read_evacuation
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.failure.errors import HyperVError, explain
from ._hyperv.maintenance.controller import Controller
from ._hyperv.maintenance.early_evacuation import why_not_early
from ._hyperv.maintenance.evacuation import Evacuation
from ._hyperv.planning.kept_free import KeptFree
from ._hyperv.planning.restoration_plan import RestorationPlan
from ._hyperv.records.rolling_window import read_moment
from ._hyperv.scheduling.slots import SharedSlots
from ._maintenance import MaintenanceAction
from ._rolling_file import enter_phase
from ._wsman.errors import NoAnswer

_BETWEEN_LOOKS = 1.0  # seconds
_BESIDE = ("begin_by", "was_begun")  # what is given beside options of hyperv_node_evacuation
_LATER = "It is emptied in its own turn, and not yet."


class EvacuationMeanwhile:
    """Empties a node in a thread of its own, once, if it is asked for."""

    def __init__(self, action: MaintenanceAction, given: t.Mapping[str, t.Any] | None) -> None:
        """Begin nothing yet.

        Args:
            given: options of hyperv_node_evacuation, ``begin_by``, the moment in ISO 8601 after which it is not begun,
                and ``was_begun``, that it may be paused since; None or empty for no node.

        Raises HyperVError for options that the module would refuse.
        """
        self._action = action
        self._interruption = Interruption()
        self._is_begun = False
        self._is_over = threading.Event()
        self._why = "No VM was to come back meanwhile."
        self._result: Result = {}
        self._defect: BaseException | None = None
        self._opened = contextlib.ExitStack()
        self._begin_by = _read_begin_by(str((given or {}).get("begin_by") or ""))
        self._is_ours = bool((given or {}).get("was_begun"))
        self._arguments = _read(given) if given else None
        self._node = str(self._arguments["node"]) if self._arguments else ""
        self._slots = SharedSlots()
        self._receiving = ""  # the node that gets its VMs back

    def controller(self, controller: Controller) -> Controller:
        """Return that of the main thread, which alone hears of Ansible's time limit, so that it hands it on.

        As soon as two nodes are at work, its lines name the one that they are of, too, and its moves keep to what those
        of the other one leave of the nodes' limits.
        """

        def cut_off(error: BaseException) -> str:
            why = controller.cut_off(error)
            if why:
                self._interruption.hand_on(error)
            return why

        def named(line: str) -> str:
            return f"{self._receiving}: {line}" if self._is_begun else line

        return dataclasses.replace(
            controller,
            cut_off=cut_off,
            tell=lambda line: controller.tell(named(line)),
            show=lambda lines: controller.show(map(named, lines)),
            share=self._slots.share(),
        )

    def begin(self, cluster: Cluster, plan: RestorationPlan) -> None:
        """Begin, now that the other node takes its VMs, unless something speaks against it."""
        if self._arguments is None:
            return
        arguments, node, self._receiving = self._arguments, self._node, plan.home.node.name
        try:
            self._why = _one_ledger(arguments) or why_not_early(
                cluster,
                plan,
                node,
                arguments["storage_ignore"],
                self._begin_by,
                dt.datetime.now(dt.timezone.utc),
                is_ours=self._is_ours,
            )
            if self._why:
                self._tell(f"{_LATER} {self._why}")
                return
            empty = self._evacuation(arguments)
        except (HyperVError, NoAnswer) as error:
            self._why = explain(error)
            self._tell(f"{_LATER} {self._why}")
            return
        self._tell(f"It is emptied while {self._receiving} gets its VMs back.")
        self._is_begun = True
        threading.Thread(target=self._kept, args=(empty,), daemon=True).start()

    def _evacuation(self, arguments: Arguments) -> t.Callable[[], None]:
        action, rolling = self._action, arguments["rolling"]

        def connect() -> Cluster:
            return self._opened.enter_context(action.connections(self._interruption)).cluster()

        controller = dataclasses.replace(
            action.controller(arguments, lambda: enter_phase(rolling, "begun")),
            reconnect=connect,
            tell=self._tell,
            show=lambda lines: action.show(f"{self._node}: {line}" for line in lines),
            share=self._slots.share(),
        )
        request = read_evacuation(arguments)
        busy = KeptFree(self._receiving, f"{self._receiving} gets its VMs back")
        request = dataclasses.replace(request, helpers=0, kept_free=[*request.kept_free, busy])
        # Disks rest last, when the node before it is done: storage has to do without one node at a time.
        options = dataclasses.replace(evacuation_options(arguments, action.time_limit), rest_disks=False)
        evacuation = Evacuation(connect(), request, options, controller)

        def empty() -> None:
            outcome = evacuation.execute()
            self._why = outcome.error
            self._result = action.as_result(outcome, f"Evacuation of {outcome.node}", arguments)
            if not outcome.error:
                enter_phase(rolling, "evacuated")

        return empty

    def _kept(self, empty: t.Callable[[], None]) -> None:
        try:
            empty()
        except (HyperVError, NoAnswer) as error:
            self._why = explain(error)
        except BaseException as error:
            self._defect = error
        finally:
            self._is_over.set()

    def end(self) -> None:
        """Wait until it has come to its end. Raises what ends the whole task.

        Python before 3.13 takes a thread for ended whose ``join`` a signal handler's exception has left (CPython issue
        90882), as that of Ansible's time limit does, so it is not asked whether the thread is alive.
        """
        while self._is_begun and not self._is_over.is_set():
            try:
                self._is_over.wait(_BETWEEN_LOOKS)
            except BaseException as error:
                self._interruption.hand_on(error)
        self._opened.close()
        if self._defect is not None:
            raise self._defect

    def added_to(self, result: Result) -> Result:
        """Return the result of the task with what became of it."""
        if self._arguments is None:
            return result
        node, own = self._node, self._result
        failed = {"failure": self._why} if self._why else {}
        meanwhile = {"node": node, "begun": self._is_begun, "moves": [], **own, **failed}
        changed = {one["vm_id"]: one for one in (*result["changed_vms"], *own.get("changed_vms", ()))}
        lines = [*own.get("report", ()), *([f"{node} was not emptied yet. {self._why}"] if self._why else [])]
        return {
            **result,
            "changed": result["changed"] or bool(own.get("changed")),
            "meanwhile": meanwhile,
            "changed_vms": list(changed.values()),
            "report": [*result["report"], *lines],
            "warnings": [*result["warnings"], *own.get("warnings", ())],
        }

    def _tell(self, line: str) -> None:
        self._action.tell(f"{self._node}: {line}")


def _read(given: t.Mapping[str, t.Any]) -> Arguments:
    """Return them as the module itself would take them."""
    wanted = {name: value for name, value in given.items() if name not in _BESIDE and value not in (None, "")}
    validated = ArgumentSpecValidator(EVACUATING).validate(wanted)
    if validated.error_messages:
        raise HyperVError(f"meanwhile is no evacuation: {'; '.join(validated.error_messages)}.")
    arguments: Arguments = validated.validated_parameters
    check_evacuating(arguments)
    read_evacuation(arguments)
    return arguments


def _read_begin_by(written: str) -> dt.datetime | None:
    """Return a moment with its zone, None for no text. Raises HyperVError for anything else."""
    if not written:
        return None
    moment = read_moment(written)
    if moment is None:
        raise HyperVError(
            f"meanwhile has begin_by {written!r}. Give a time with its zone such as 2026-03-02T05:00:00+01:00."
        )
    return moment


def _one_ledger(arguments: Arguments) -> str:
    path = arguments["ledger_path"]
    return f"evacuate_node_ledger_path is {path}: both nodes would have that ledger." if path else ""
