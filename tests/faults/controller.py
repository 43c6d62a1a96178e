# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible itself in this process: roles, conditions, blocks and action plugins as they are, without worker processes.

A task runs where it is queued, so that it can talk to a simulated cluster in process, by a clock that only it moves.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import copy
import dataclasses
import functools
import importlib
import io
import pickle
import signal
import typing as t
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from unittest import mock

import jinja2
import requests
from ansible import context
from ansible.executor import task_queue_manager
from ansible.executor.process import worker
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins import strategy
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

from .network import Adapter, Network

_queue_task: Callable[..., None] = strategy.StrategyBase._queue_task
_take_results = strategy.results_thread_main
_compile = jinja2.Environment.compile
_compiled: dict[tuple[t.Any, ...], t.Any] = {}

COLLECTION = "ansible_collections.hyperv.migration"
_COMMAND_LINE = {
    "tags": ("all",), "skip_tags": (), "check": False, "diff": False, "verbosity": 0, "syntax": False,
    "start_at_task": None, "forks": 1, "connection": "winrm", "remote_user": None, "timeout": None, "extra_vars": (),
    "become": False, "become_user": None, "become_method": "runas", "module_path": None, "flush_cache": False,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """What a task of the run came to: the name of its action without the collection's, and its result."""

    action: str
    result: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run said: all its tasks in order, and whether the play ended well."""

    tasks: list[TaskResult]
    succeeded: bool

    def last(self, action: str) -> dict[str, t.Any] | None:
        """Return the last result of an action, None where it did not run."""
        return next((task.result for task in reversed(self.tasks) if task.action == action), None)

    @property
    def message(self) -> str:
        """What the last task that failed said; this is what a person reads at the end."""
        failed = [one.result for one in self.tasks if one.result.get("failed") or one.result.get("unreachable")]
        return str(failed[-1].get("msg", "")) if failed else ""

    @property
    def told(self) -> str:
        """All that a person reads of the run: what its tasks showed, warned of and failed with."""
        texts = [
            text
            for one in self.tasks
            for text in (*one.result.get("report", ()), *one.result.get("warnings", ()), one.result.get("msg", ""))
        ]
        return " ".join(" ".join(map(str, texts)).split())


class Controller:
    """Runs plays against one network. Made once a process; ``network`` may be exchanged between two runs."""

    def __init__(self) -> None:
        context.CLIARGS = ImmutableDict(_COMMAND_LINE)
        init_plugin_loader()
        self._loader = DataLoader()  # keeps the files of the roles, parsed

    def run(
        self,
        play: dict[str, t.Any],
        nodes: Sequence[str],
        network: Network,
        observer: Callable[[TaskResult], None] = lambda result: None,
    ) -> Outcome:
        """Run a play whose hosts are some of ``nodes``; ``observer`` is told of each task when it ends.

        Raises Killed and Hangs from the middle of it.
        """
        loader = self._loader
        inventory = InventoryManager(loader, sources=["localhost,"])
        inventory.add_group("cluster")
        for node in nodes:
            inventory.add_host(node, "cluster")
        inventory.reconcile_inventory()
        variables = VariableManager(loader, inventory)
        told: list[TaskResult] = []

        def tell(result: TaskResult) -> None:
            told.append(result)
            observer(result)

        with _in_process(network, tell), _signals_kept():
            # Its annotation names what an inventory manager holds, and means the manager.
            queue = TaskQueueManager(t.cast(t.Any, inventory), variables, loader, {}, forks=1)
            with mock.patch.object(queue, "load_callbacks"), mock.patch.object(queue, "send_callback"):
                try:
                    code = queue.run(Play.load(play, variable_manager=variables, loader=loader))
                finally:
                    queue.cleanup()
                    loader.cleanup_all_tmp_files()
        return Outcome(told, code == 0)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    kept = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in kept.items():
            signal.signal(one, handler)


@contextlib.contextmanager
def _in_process(network: Network, tell: Callable[[TaskResult], None]) -> Iterator[None]:
    """Put network, clock and worker of this process in the place of the real ones."""
    action = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._action")
    connections = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._connections")
    cluster = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._hyperv.cluster.cluster")
    beside = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._hyperv.cluster.side_by_side")
    claim = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._rolling_claim")
    sender = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._connection.http_sender")
    clock = _Clock(network)
    Adapter.network = network
    with contextlib.ExitStack() as replaced:
        for target, name, new in (
            (action, "TaskClock", lambda *unused: clock),
            (connections, "ThreadPoolExecutor", _OneByOne),
            (cluster, "ThreadPoolExecutor", _OneByOne),
            (beside, "ThreadPoolExecutor", _OneByOne),
            (action, "awaited_named", lambda show, now, watch: contextlib.nullcontext(watch)),
            # The run before is over, though the process that a branch has left behind still waits.
            (claim, "is_running", lambda pid, start: False),
            (claim, "begin_signs", lambda *unused: None),
            (sender, "time", clock),
            (requests.sessions, "HTTPAdapter", Adapter),
            (strategy, "WorkerProcess", _Worker),
            (worker, "TaskExecutor", functools.partial(_Executor, tell)),
            (strategy, "results_thread_main", lambda waiting: None),
            (strategy.StrategyBase, "_queue_task", _queue_and_collect),
            (task_queue_manager, "FinalQueue", _Results),
            (jinja2.Environment, "compile", _compiled_once),
            (urllib.request, "getproxies_environment", dict),
            (requests.utils, "getproxies", dict),
            (Display, "set_queue", lambda display, queue: None),
            (Display, "display", lambda display, *words, **ways: None),
        ):
            replaced.enter_context(mock.patch.object(target, name, new))
        yield


class _OneByOne:
    """Asks hosts one by one in place of threads, of which a branch has but the one that asked."""

    def __init__(self, *unused: object) -> None:
        """Begin nothing."""

    def __enter__(self) -> _OneByOne:
        """Return itself."""
        return self

    def __exit__(self, *unused: object) -> None:
        """End nothing."""

    map = staticmethod(map)

    def submit(self, ask: Callable[..., t.Any], *given: t.Any) -> concurrent.futures.Future[t.Any]:
        """Ask now."""
        asked: concurrent.futures.Future[t.Any] = concurrent.futures.Future()
        try:
            asked.set_result(ask(*given))
        except Exception as error:
            asked.set_exception(error)
        return asked

    def shutdown(self, **unused: object) -> None:
        """End nothing."""


class _Clock:
    """The clock of the simulated cluster, as the product asks for the time."""

    def __init__(self, network: Network) -> None:
        self._clock = network.clock
        self.now = self.monotonic = network.clock.now

    def pause(self, seconds: float) -> None:
        self._clock.advance(seconds)


class _Worker(worker.WorkerProcess):
    """A worker that does its work where it is started."""

    def start(self) -> None:
        # The worker empties and fills in what is its own copy elsewhere.
        self._host, self._task = copy.copy(self._host), self._task.copy()
        self._new_stdin = None  # which ansible-core 2.16 opens in the method that is replaced here
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), self._context():
            self._run()

    def _context(self) -> contextlib.AbstractContextManager[t.Any]:
        """Return what ansible-core 2.22 has around the method called here; that of earlier ones opens its own."""
        create = getattr(getattr(getattr(worker, "_task", None), "TaskContext", None), "create", None)
        if create is None:
            return contextlib.nullcontext()
        named = {"task": self._task, "task_vars": self._task_vars, "host_name": self._host.name}
        return t.cast("contextlib.AbstractContextManager[t.Any]", create(**named))

    def is_alive(self) -> bool:
        """It ended before ``start`` did, and maybe in the process that this one is a branch of."""
        return False


class _Results(task_queue_manager.FinalQueue):
    """What the worker sends, pickled as it would be on its way from a process of its own."""

    def __init__(self) -> None:
        self._sent: collections.deque[bytes] = collections.deque()

    def put(self, obj: object) -> None:
        """Take something from the worker."""
        self._sent.append(pickle.dumps(obj))

    def get(self) -> object:
        """Return what was sent first. Raises EOFError when there is no more."""
        if not self._sent:
            raise EOFError
        return pickle.loads(self._sent.popleft())

    def close(self) -> None:
        """Leave what nobody waits for."""


def _queue_and_collect(waiting: strategy.StrategyBase, *values: t.Any) -> None:
    """Queue a task, which carries it out, and take its results in without a thread, which no fork would outlive."""
    _queue_task(waiting, *values)
    _take_results(waiting)


def _compiled_once(syntax: jinja2.Environment, source: str | jinja2.nodes.Template, *rest: t.Any) -> t.Any:
    """Compile a template, or an expression, which comes parsed, that was not compiled with the same syntax before."""
    key = (type(syntax), syntax.lexer, type(source), str(source), *rest)
    if key not in _compiled:
        _compiled[key] = _compile(syntax, source, *rest)
    return _compiled[key]


class _Executor(TaskExecutor):
    """Tells what each task came to at the moment when it ends."""

    def __init__(self, tell: Callable[[TaskResult], None], *values: t.Any, **named: t.Any) -> None:
        super().__init__(*values, **named)
        self._tell = tell

    def run(self) -> t.Any:
        result = TaskExecutor.run(self)
        # ansible-core 2.22 returns an object.
        told: dict[str, t.Any] = result.as_result_dict() if hasattr(result, "as_result_dict") else result
        self._tell(TaskResult(self._task.action.rpartition(".")[2], copy.deepcopy(told)))
        return result
