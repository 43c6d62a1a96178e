# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Base of all action plugins: arguments in, a cluster to talk to, a result out."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterable, Iterator

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ._ansible_errors import EXPECTED, failed_result, is_time_limit
from ._awaited import awaited_named
from ._clock import Interruption, SystemClock, TaskClock
from ._connections import Connections, Watch, unwatched
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.failure.errors import HyperVError
from ._recording.wish import folder_of
from ._signs_of_life import SignsOfLife
from ._text import clean, clean_columns

Arguments = dict[str, t.Any]
Result = dict[str, t.Any]


_OF_ALL = {"record": {"type": "bool"}}


class FailedWithResult(HyperVError):
    """The task failed; ``result`` holds what it found out and did all the same."""

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result


class ControllerAction(ActionBase):
    """An action plugin of this collection: a subclass has ARGUMENTS and ``carry_out``."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]]
    _record: bool | None = None

    def __init_subclass__(cls) -> None:
        """Add the option that all modules have."""
        super().__init_subclass__()
        if "ARGUMENTS" in cls.__dict__:
            cls.ARGUMENTS = {**cls.ARGUMENTS, "argument_spec": {**cls.ARGUMENTS["argument_spec"], **_OF_ALL}}

    def __init__(self, *arguments: t.Any, **more: t.Any) -> None:
        super().__init__(*arguments, **more)
        self._signs = SignsOfLife(self._show, SystemClock().now)
        self._shows_progress = True

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Do what the task asks for and return its result. Raises errors of the layers below."""
        raise NotImplementedError

    @property
    def check_mode(self) -> bool:
        """Nothing may be changed."""
        return bool(self._task.check_mode)

    def tell(self, message: str) -> None:
        """Show a line at once, while the task runs; with the name of its host where several run side by side.

        It goes to standard error: what a callback writes to standard output may be read by a program. A task with
        ``no_log`` tells nothing.
        """
        self.show([clean(message)])

    def show(self, lines: Iterable[str]) -> None:
        """Show lines of a table likewise; what stands in its columns is in one line already."""
        for line in lines:
            self._signs.told(line)
            self._show(line)

    def _name_awaited(self, line: str) -> None:
        self._signs.shown()
        self._show(clean(line))

    def _show(self, line: str) -> None:
        if self._task.no_log:
            return
        batch = self._task_vars.get("ansible_play_batch") or ()
        host = f"{self._task_vars.get('inventory_hostname')}: " if len(batch) > 1 else ""
        Display().display(clean_columns(f"{host}{line}"), stderr=True)

    def trace(self, line: str, host: str) -> None:
        """Show a request under -vvvv; it names nodes, which a task with ``no_log`` does not."""
        if not self._task.no_log:
            Display().vvvv(line, host=host)

    def _template(self, given: t.Any) -> t.Any:
        return self._templar.template(given)

    @contextlib.contextmanager
    def watched(self) -> Iterator[Watch]:
        """Listen in on what is sent, where the task, a variable or the environment wants that."""
        folder = folder_of(self._task_vars, self._template, self._record)
        if not folder:
            yield unwatched
            return
        # Imported here because few tasks are recorded.
        from ._recording.folder import recorded

        with recorded(folder, self._task.action.rpartition(".")[2], Display().warning) as recorder:
            yield recorder.around

    def clock(self, interruption: Interruption | None = None) -> TaskClock:
        """Return real time, in which the task shows a line now and then; ``interruption`` is that of a thread."""
        return TaskClock(self._signs.give if self._shows_progress else None, interruption)

    @contextlib.contextmanager
    def connections(self, interruption: Interruption | None = None) -> Iterator[Connections]:
        """Connect as the task does; close all connections at the end, and show under -vvv what they took.

        ``interruption`` is that of the thread that they are for, None in the main thread.
        """
        clock = self.clock(interruption)
        with contextlib.ExitStack() as ends:
            watch = ends.enter_context(self.watched())
            if self._shows_progress:
                watch = ends.enter_context(awaited_named(self._name_awaited, SystemClock().now, watch))
            tell = self.tell if self._shows_progress else lambda line: None
            connections = Connections(self._connection, self._task_vars, clock, self.trace, watch, tell)
            ends.callback(self._close, connections)
            yield connections

    def _close(self, connections: Connections) -> None:
        for address, session in connections.close():
            if not self._task.no_log:
                Display().vvv(f"WS-Management requests sent to {session.node}: {session.requests}", host=address)

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Validate, carry out, and turn errors into Ansible's."""
        result: Result = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._refuse_unknown_options()
        arguments: Arguments = t.cast(t.Any, self).validate_argument_spec(**self.ARGUMENTS)[1]
        self._shows_progress = bool(arguments.get("progress", True))
        self._record = arguments["record"]
        try:
            return _printable({**result, **self.carry_out(arguments, self._task_vars)})
        except EXPECTED as error:
            known = error.result if isinstance(error, FailedWithResult) else {}
            return _printable({**result, **known, **failed_result(error)})

    def _refuse_unknown_options(self) -> None:
        """Name an option that does not exist: Ansible would first complain of others that are missing because of it."""
        known = self.ARGUMENTS["argument_spec"]
        names = {*known, *(alias for option in known.values() for alias in option.get("aliases", ()))}
        unknown = sorted(str(name) for name in self._task.args if name not in names)
        if unknown:
            name = self._task.action.rpartition(".")[2]
            raise AnsibleActionFail(
                f"{name} has no option {', '.join(unknown)}. Its options are {', '.join(sorted(known))}."
            )


def _printable(result: Result) -> Result:
    """Return a result in which no name can forge a line of what Ansible prints of it by itself."""
    texts = {"msg": clean(result["msg"])} if "msg" in result else {}
    warnings = {"warnings": [clean(one) for one in result["warnings"]]} if "warnings" in result else {}
    return {**result, **texts, **warnings}


class HyperVAction(ControllerAction):
    """An action plugin that talks to a cluster: a subclass has ARGUMENTS and ``perform``.

    Verbosity: ``-vvv`` names every node that is contacted and the requests it took, ``-vvvv`` each request; with
    ``no_log`` neither does.
    """

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read, plan, apply, and return the task's result. Raises errors of the layers below."""
        raise NotImplementedError

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Connect and perform."""
        with contextlib.ExitStack() as self._opened:
            return self.perform(self.connect(), arguments)

    def connect(self) -> Cluster:
        """Return the cluster with sessions of its own, which are closed when the task ends.

        The sessions of a task that was cut off may be in the middle of an answer, so it takes new ones.
        """
        return self._opened.enter_context(self.connections()).cluster()

    @property
    def time_limit(self) -> int | None:
        """Seconds after which Ansible cuts the task off, None for no limit."""
        return int(self._task.timeout) if self._task.timeout else None

    def cut_off(self, error: BaseException) -> str:
        """Return that Ansible's time limit has cut the task off if ``error`` is that, empty for anything else."""
        if not is_time_limit(error):
            return ""
        return (
            f"This task was cut off after {self.time_limit} s by Ansible's time limit for tasks (timeout of the task "
            "or play, ANSIBLE_TASK_TIMEOUT, or task_timeout in ansible.cfg)"
        )
