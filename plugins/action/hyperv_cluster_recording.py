# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records what a cluster answers to everything that the collection reads, in an archive without names."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import platform
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, HyperVAction, Result
from ..plugin_utils._ansible_errors import EXPECTED
from ..plugin_utils._clock import Abandoned, SystemClock
from ..plugin_utils._connections import Connections, Watch
from ..plugin_utils._files import check_writable, full_path, replace_files
from ..plugin_utils._hyperv.failure.errors import explain
from ..plugin_utils._hyperv.records.ledger_form import FORMAT
from ..plugin_utils._recording.archive import Packed, Step, pack
from ..plugin_utils._recording.exchanges import TapeWriter, read_tape
from ..plugin_utils._recording.folder import find_recordings, read_recordings
from ..plugin_utils._recording.recorder import Recorder
from ..plugin_utils._recording.steps import (
    Ask,
    of_a_move,
    of_a_return,
    of_each_node,
    of_hosts_by_themselves,
    of_the_cluster,
    of_the_host,
    of_the_hosts,
    of_whom_is_asked,
)

_LIBRARIES = ("ansible-core", "pywinrm", "pypsrp", "requests", "requests-ntlm", "pyspnego", "urllib3")


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_recording."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path", "required": True},
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "destination_host": {"type": "str", "aliases": ["destination"]},
            "folder": {"type": "path"},
            "private_words": {"type": "list", "elements": "str", "default": []},
        },
        "mutually_exclusive": [("name", "vm_id")],
        "required_by": {
            "name": ("destination_host",),
            "vm_id": ("destination_host",),
        },
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read everything, and write the archive and the names beside it."""
        path = full_path(arguments["path"])
        names_path = f"{path}.names.json"
        for one in (path, names_path):
            check_writable(one)
        recordings = find_recordings(arguments["folder"]) if arguments["folder"] else []
        result: Result = {"changed": True, "path": path, "names_path": names_path}
        if self.check_mode:
            return result
        lines: list[str] = []
        recorder = Recorder(TapeWriter(lines.append), SystemClock().now, "", only_reads=True)
        self._recorder = recorder
        with self.connections() as connections:
            steps = list(self._steps(connections, recorder, arguments))
            recorder.identify()
        tape = read_tape(lines)
        read_recordings(recordings, tape)
        packed = pack(tape, steps, self._controller(), self._private_words(arguments, connections))
        # The archive first: whoever is killed between the two leaves no names without it.
        replace_files({path: packed.content, names_path: json.dumps(packed.names, ensure_ascii=False, indent=1) + "\n"})
        result |= _told(packed, steps, recorder.refused)
        if not any(step.was_read for step in steps):
            raise FailedWithResult(f"Nothing could be read. {steps[0].problem}", result)
        return result

    @contextlib.contextmanager
    def watched(self) -> Iterator[Watch]:
        """Listen in on everything, and let reads alone pass."""
        yield self._recorder.around

    def _steps(self, connections: Connections, recorder: Recorder, arguments: Arguments) -> Iterator[Step]:
        """Take all steps; one that fails is no reason to leave out the others."""
        (first,) = of_whom_is_asked()
        step, who = self._step(connections, recorder, first)
        yield step
        given = {key: arguments[key] for key in ("name", "vm_id") if arguments[key]}
        target = str(arguments["destination_host"] or who.get("node") or "")
        if who and who.get("cluster") is None:
            hosts = _hosts(connections, [str(one) for one in self._task_vars.get("ansible_play_hosts_all", ())])
            asked = [*of_hosts_by_themselves(hosts), *(of_a_move(given, target, clustered=False) if given else ())]
        else:
            asked = []
            answers: dict[str, Result] = {}
            for ask in of_the_cluster():
                step, answers[ask.module] = self._step(connections, recorder, ask)
                yield step
            nodes = [str(node["name"]) for node in answers["hyperv_cluster_node_info"].get("nodes", ())]
            asked += [*(of_the_host(str(who["node"])) if who else ()), *of_each_node(nodes)]
            asked += of_the_hosts(_hosts(connections, nodes))
            vms = [
                vm for vm in answers["hyperv_vm_info"].get("vms", ()) if vm["group"] and _is_meant(vm, given, target)
            ]
            asked += of_a_return(target, vms[0], FORMAT) if vms else ()
            asked += of_a_move(given, target, clustered=True) if given else ()
        for ask in asked:
            yield self._step(connections, recorder, ask)[0]

    def _step(self, connections: Connections, recorder: Recorder, ask: Ask) -> tuple[Step, Result]:
        recorder.task = ask.module
        # As a task of its own would: it has not learnt yet which queries a node refuses.
        connections.begin_anew()
        answer: Result = {}
        was_read = True
        try:
            answer = self._answer(connections, ask)
            problem = str(answer.get("msg", "")) if answer.get("failed") else ""
        except FailedWithResult as error:
            answer, problem = error.result, str(error)
        except Abandoned:
            raise
        except EXPECTED as error:
            problem, was_read = explain(error), False
        about = f" {ask.options['class_name']}" if "class_name" in ask.options else ""
        self.tell(f"{ask.module}{about}: {problem or 'read'}")
        return Step(ask.module, ask.options, problem, was_read), answer

    def _answer(self, connections: Connections, ask: Ask) -> Result:
        """Return what another module of the collection answers in a dry run, through the same connections."""
        action_type: type[ControllerAction] = importlib.import_module(f"..{ask.module}", __name__).ActionModule
        task = copy.copy(self._task)
        task.args, task.check_mode = dict(ask.options), True
        other = action_type(
            task, self._connection, self._play_context, self._loader, self._templar, self._shared_loader_obj
        )
        vars(other).update(_task_vars=self._task_vars, _shows_progress=False, tell=_say_nothing)
        given = t.cast(t.Any, other).validate_argument_spec(**other.ARGUMENTS)[1]
        if isinstance(other, HyperVAction):
            return other.perform(connections.cluster(), given)
        vars(other).update(connections=lambda: contextlib.nullcontext(connections))
        # It is asked once for all hosts of the play, and one that is asked for a node alone must not take it for many.
        return other.carry_out(given, {**self._task_vars, "ansible_play_batch": []})

    def _controller(self) -> dict[str, str]:
        """Return what sent the requests."""
        found = {"connection": str(self._connection.transport), "python": platform.python_version()}
        for name in _LIBRARIES:
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
        return found

    def _private_words(self, arguments: Arguments, connections: Connections) -> list[str]:
        """Return what is private whether a node says it or not: names and addresses of the inventory, the account."""
        listings = [connections.inventory.listing(host) for host in connections.inventory.hosts]
        account = self._connection.get_option("remote_user")
        known = [*(str(one) for one in listings), *(one.address for one in listings), str(account or "")]
        return [*filter(None, known), *arguments["private_words"]]


def _is_meant(vm: Mapping[str, t.Any], given: Mapping[str, str], target: str) -> bool:
    """Tell whether a row of hyperv_vm_info is the VM that is named, or where none is, one that is not on ``target``."""
    if not given:
        return bool(target) and vm["node"] != target
    keys = {"name": "name", "vm_id": "id"}
    return all(str(vm[keys[key]]).lower() == value.strip("{}").lower() for key, value in given.items())


def _hosts(connections: Connections, nodes: Sequence[str]) -> list[str]:
    """Return the inventory hosts that are meant by some names, as far as they answer."""
    found = []
    for node in nodes:
        with contextlib.suppress(*EXPECTED):
            host = connections.session(node).node
            found += [host] if connections.lists(host) else []
    return found


def _say_nothing(unused: str) -> None:
    """Show no progress of a step."""


def _told(packed: Packed, steps: Sequence[Step], refused: Sequence[str]) -> Result:
    unread = [step for step in steps if not step.was_read]
    hosts = packed.manifest["hosts"]
    return {
        "exchanges": packed.manifest["exchanges"],
        "left_out": packed.manifest["left_out"],
        "hosts": len(hosts),
        "steps": [{"module": step.task, "options": dict(step.options), "problem": step.problem} for step in steps],
        "names": len(packed.names),
        "refused": list(refused),
        "review": list(packed.review),
        "summary": [
            f"{packed.manifest['exchanges']} requests to {len(hosts)} hosts, {len(packed.content) // 1024 + 1} kB.",
            f"{len(packed.names)} names have pseudonyms; the list of both is for you alone.",
            f"{len(steps) - len(unread)} of {len(steps)} parts were read.",
            *dict.fromkeys(f"Not read: {step.task}: {step.problem}" for step in unread),
            *dict.fromkeys(f"{step.task} says: {step.problem}" for step in steps if step.problem and step.was_read),
            *refused,
        ],
    }
