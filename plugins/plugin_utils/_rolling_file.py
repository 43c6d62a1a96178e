# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file on the controller with the state of a rolling maintenance."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ._files import KeptFile, check_writable, find_kept, full_path, locked
from ._hyperv.failure.errors import HyperVError
from ._hyperv.records.artifacts import artifact_text
from ._hyperv.records.file_names import Owner, is_rolling_file, is_same, rolling_file, rolling_file_of_before
from ._hyperv.records.rolling_resume import RollingOptions, resume_or_start, rolling_options
from ._hyperv.records.rolling_runner import is_same_run
from ._hyperv.records.rolling_state import (
    OPEN,
    Estimate,
    NodeProgress,
    Phase,
    RollingState,
    after_work,
    describe_progress,
    is_finished,
    phase_of,
    read_rolling_state,
    run_by,
    set_phase,
    without_runner,
    written,
)
from ._rolling_claim import OtherRun, find_other_run, give_signs, this_run, wait_for_other_run


@dataclasses.dataclass(frozen=True)
class Progress:
    """A rolling maintenance as it is in its file, or would be in check mode, with warnings about it.

    ``changed``: the file was changed, or would be.
    """

    path: str
    state: RollingState
    warnings: list[str]
    changed: bool = False


class RollingFile:
    """The file, by its own path or by the name that it has in a folder. It is looked for at each use."""

    def __init__(self, folder: str, owner: Owner, path: str | None = None) -> None:
        self._folder = folder
        self._owner = owner
        self._path = path

    def read(self) -> RollingState | None:
        """Return the state as it is written, None where there is none. Raises HyperVError."""
        return _content(self._find())

    def resume(self, options: RollingOptions) -> Progress:
        """Return the rolling maintenance that a run goes on with; writes nothing. Raises HyperVError."""
        return self._resume(self._find(), options)

    def wait_for_other_run(self, pause: Callable[[float], object], tell: Callable[[str], None]) -> None:
        """Return if no other run goes through it; as ``_rolling_claim`` has it. Raises HyperVError."""
        wait_for_other_run(self._other_run, pause, tell)

    def _other_run(self) -> OtherRun | None:
        file = self._find()
        return find_other_run(file.path, _content(file), this_run(written(_now())))

    def release(self) -> None:
        """Write down that this run does not go on with it, so that the next one need not wait. Raises HyperVError."""
        with locked(self._find().path):
            file = self._find()
            state = _content(file)
            if state is not None and "runner" in state and is_same_run(state["runner"], this_run("")):
                file.write(artifact_text(without_runner(state)))

    def write_phase(
        self,
        options: RollingOptions,
        node: str,
        next_phase: Callable[[Phase], Phase],
        *,
        name: str = "",
        returns_all: bool | None = None,
        began: dt.datetime | None = None,
        estimate: Estimate | None = None,
        together: Sequence[str] = (),
        dry_run: bool,
    ) -> Progress:
        """Write down that a node has reached a phase, in a dry run only look whether that can be done.

        ``node`` is its inventory host, ``name`` its name in the cluster, and ``next_phase`` makes of its present phase
        the next one; ``returns_all`` is as ``set_phase`` has it, ``began`` when its turn did, and ``estimate`` what is
        expected before it, which is noted with ``begun``, as are the hosts ``together`` with it. With ``begun``, the
        rolling maintenance is resumed or started as ``options`` say; later phases belong to the one in the file, which
        in a dry run nobody has started. Who writes the first phase is the run that goes through it, and no other one
        may write while that lives. Raises HyperVError.
        """
        with contextlib.nullcontext() if dry_run else locked(self._find().path, makes_folder=True):
            file = self._find()
            old = _content(file)
            now, ours = _now(), this_run(written(_now()))
            other = None if dry_run else find_other_run(file.path, old, ours)
            if other is not None:
                raise other.refusal()
            phase = next_phase(phase_of(old, node) if old is not None else "")
            if dry_run or phase == "begun" or old is None or not is_same(old["cluster"], options.cluster):
                if old is not None and _was_begun_anew(old, node, together, began):
                    options = dataclasses.replace(options, begin_anew=False)
                progress = self._resume(file, options)
            else:
                progress = Progress(file.path, old, [])
            took = round((now - began).total_seconds()) if began is not None and phase == "done" else None
            state = set_phase(
                progress.state, node, phase, now, name, returns_all=returns_all, took=took, together=together
            )
            if estimate is not None and phase == "begun" and "estimate" not in state:
                state = {**state, "estimate": estimate}
            changed = old is None or _without_times(old) != _without_times(state)
            if changed and dry_run:
                check_writable(file.path)
            elif not dry_run:
                state = run_by(state, ours)
                is_taken_up = "runner" in state and (old is None or old.get("runner") != state["runner"])
                if changed or is_taken_up:
                    file.write(artifact_text(state))
                if is_taken_up:
                    give_signs(file.path, ours)
        return dataclasses.replace(progress, state=state, changed=changed)

    def _resume(self, file: KeptFile, options: RollingOptions) -> Progress:
        where = file.earlier or file.path
        old = _content(file)
        state, warnings = resume_or_start(old, options, where, _now())
        if old is not None and not is_same(old["cluster"], options.cluster) and not is_finished(old):
            warnings.append(
                f"{where} was written by an earlier version, which named clusters by their short name. That does not "
                f"prove that it is of {state['cluster']}, so no node is skipped: the rolling maintenance begins anew, "
                f"and is kept as {file.path} from the next change on. If the file is that of another cluster of this "
                "name, stop and move it away."
            )
        return Progress(file.path, state, warnings)

    def _find(self) -> KeptFile:
        if self._path is not None:
            return KeptFile(full_path(self._path))
        return find_kept(self._folder, rolling_file(self._owner), rolling_file_of_before(self._owner))


def find_left_open(folder: str, hosts: Collection[str]) -> dict[str, RollingState]:
    """Return the rolling maintenances in a folder that have left one of some inventory hosts open, by path.

    Those that another run may be going through are left out, and so is what cannot be read.
    """
    folder, found = full_path(folder), {}
    with contextlib.suppress(OSError):
        for name in sorted(filter(is_rolling_file, os.listdir(folder))):
            path = os.path.join(folder, name)
            state = _try_state(path)
            if state is None or find_other_run(path, state, this_run("")) is not None:
                continue
            if any(phase_of(state, host) in OPEN for host in hosts):
                found[path] = state
    return found


def _try_state(path: str) -> RollingState | None:
    """Return the state in a file, None where there is none, or none that can be read."""
    try:
        return _content(KeptFile(full_path(path)))
    except HyperVError:
        return None


def not_done_beside(rolling: Mapping[str, t.Any]) -> list[str]:
    """Return the inventory hosts that have their turns together with a node and are not done.

    ``rolling`` is the record of hyperv_rolling_node_info. Raises HyperVError.
    """
    others = [host for host in rolling.get("together") or () if host != rolling["node"]]
    state = _file_of(rolling).read() if others else None
    return [host for host in others if state is not None and phase_of(state, host) != "done"]


def _file_of(rolling: Mapping[str, t.Any]) -> RollingFile:
    owner = Owner(rolling.get("cluster") or "", rolling.get("cluster_name") or "")
    return RollingFile(rolling.get("folder") or ".", owner, rolling.get("path"))


def write_phase(rolling: Mapping[str, t.Any], next_phase: Callable[[Phase], Phase], *, dry_run: bool) -> Progress:
    """Write down that a node has reached a phase; as ``RollingFile.write_phase``.

    ``rolling`` is the record of hyperv_rolling_node_info.
    """
    file, options, name = _file_of(rolling), rolling_options(rolling), str(rolling.get("name") or "")
    returns_all = rolling.get("returns_all")
    began = dt.datetime.fromisoformat(rolling["began"]) if rolling.get("began") else None
    return file.write_phase(
        options,
        rolling["node"],
        next_phase,
        name=name,
        returns_all=returns_all,
        began=began,
        estimate=rolling.get("estimate"),
        together=rolling.get("together") or (),
        dry_run=dry_run,
    )


def progress_result(progress: Progress, host: str) -> dict[str, t.Any]:
    """Return for a task's result how far a rolling maintenance is; ``host`` is the node that has reached a phase."""
    return {
        "changed": progress.changed,
        "path": progress.path,
        "host": host,
        "phase": phase_of(progress.state, host),
        "finished": is_finished(progress.state),
        "summary": describe_progress(progress.state),
        "state": progress.state,
        **({"warnings": progress.warnings} if progress.warnings else {}),
    }


def enter_phase(rolling: Mapping[str, t.Any] | None, phase: Phase) -> None:
    """Write down that a node has reached a phase, unless it is not part of a rolling maintenance. Raises HyperVError.

    ``rolling`` is the record of hyperv_rolling_node_info, None or empty for none.
    """
    if rolling:
        write_phase(rolling, lambda present: phase, dry_run=False)


def end_work(rolling: Mapping[str, t.Any], restart: bool, *, dry_run: bool) -> Phase:
    """Write down that the user's work on a node has ended, and return its phase: ``restarting`` or ``worked``.

    ``rolling`` is the record of hyperv_rolling_node_info. Raises HyperVError.
    """
    progress = write_phase(rolling, lambda present: after_work(present, restart), dry_run=dry_run)
    return phase_of(progress.state, rolling["node"])


def _was_begun_anew(old: RollingState, node: str, together: Sequence[str], began: dt.datetime | None) -> bool:
    """Tell whether one of the hosts that have their turns together with a node has begun it in this run already."""
    others = [old["nodes"][host] for host in together if host != node and host in old["nodes"]]
    reached = [(one.get("reached") or {}).get("begun") for one in others]
    return began is not None and any(moment and dt.datetime.fromisoformat(moment) >= began for moment in reached)


def _content(file: KeptFile) -> RollingState | None:
    content = file.read()
    return read_rolling_state(content, file.earlier or file.path) if content is not None else None


def _without_times(state: RollingState) -> RollingState:
    nodes = {
        name: t.cast(NodeProgress, {**node, "updated": "", "reached": {}}) for name, node in state["nodes"].items()
    }
    return without_runner({**state, "updated": "", "begun": "", "nodes": nodes})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
