# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why moves failed, from the event logs of their hosts.

The cause of a clustered move stands on its destination in most cases, so both hosts are asked. What they say never
changes what a move came to: it adds events, and a cause and a remedy where nothing else tells one. A host that does not
answer is a note.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..._wsman.event_logs import LoggedEvent
from ..._wsman.faults import Fault
from ..cluster.cluster import Cluster
from ..cluster.host_events import about, names, read_host_events
from ..cluster.identity import identity_of
from ..cluster.nodes import why_not_receiving
from ..cluster.vms import Vm
from ..failure.classification import failure_of
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..failure.finding import full_stop
from ..failure.known_events import is_wrapper, meaning
from ..failure.known_failures import KnownFailure
from ..methods.delegation import workgroup_remedy
from ..methods.host_witness import HostWitness
from ..methods.traits import traits_of
from ..migration.migration_task import MigrationTask

MOST_EVENTS = 12  # of one move
_BEFORE = 60.0  # seconds before the start of a move from which on events count
_LONGEST_MESSAGE = 1000
_LONGEST_QUOTE = 400
_ERROR = 2  # level
# Codes of moves that ran and failed, or of which nothing shows but that the VM stayed.
_NOT_ARRIVED = "not_arrived"
_OF_THE_MOVE_ITSELF = frozenset({"job_failed", _NOT_ARRIVED})
# SEC_E_NO_CREDENTIALS and SEC_E_UNKNOWN_CREDENTIALS of winerror.h
_NO_LOGON = frozenset(known.cause for known in map(failure_of, (0x8009030E, 0x8009030D)) if known is not None)
_LEVELS = {1: "critical", 2: "error", 3: "warning", 4: "information"}


@dataclasses.dataclass(frozen=True)
class HostEvent:
    """One event of a host, and what it means where that is known."""

    node: str
    logged: LoggedEvent
    known: KnownFailure | None

    def as_result(self) -> dict[str, t.Any]:
        """Return the event for a task's result; the host's text in one line, which is data in any language."""
        logged = self.logged
        text = clean(logged.message) or clean(" ".join(logged.data))
        return {
            "time": clean(logged.time),
            "node": self.node,
            "channel": clean(logged.channel),
            "id": logged.id,
            "level": _LEVELS.get(logged.level, "information"),
            "provider": clean(logged.provider),
            "message": _cut(text, _LONGEST_MESSAGE),
            "cause": self.known.cause if self.known else "",
            "remedy": self.known.remedy if self.known else "",
        }


def add_causes(cluster: Cluster, tasks: Sequence[MigrationTask]) -> list[str]:
    """Give failed moves the events of their hosts, and return notes on hosts whose logs could not be read.

    Three requests to each host of a move that was asked for and failed, none where no move did, and one for the states
    of destinations where that does not tell why. Raises nothing.
    """
    failed = [task for task in tasks if task.outcome == "failed" and task.was_asked_for]
    spans = _spans(failed, cluster.clock.now())
    if not spans:
        return []
    hosts = [*spans]
    read = cluster.ask_each(hosts, lambda host: read_events(cluster, host, spans[host]))
    found = {first_label(host): events for host, (events, unused) in zip(hosts, read, strict=True)}
    for task in failed:
        _hear_hosts(cluster, task)
        _add(task, found)
        _suit_workgroup(cluster, task)
    _look_at_destinations(cluster, failed)
    return [note for unused, note in read if note]


def as_host_event(node: str, logged: LoggedEvent) -> HostEvent:
    """Return an event of a host with what it means."""
    return HostEvent(node, logged, meaning(logged.provider, logged.id, (*logged.data, logged.message)))


def _unread(host: str, error: Exception) -> str:
    """Return the note on a host whose event logs could not be read."""
    remedy = ""
    if isinstance(error, Fault) and error.is_access_denied:
        remedy = " The account must be in the group Event Log Readers or Administrators of the host."
    elif isinstance(error, Fault) and (error.is_not_found or error.is_missing_class):
        remedy = " The host's WinRM does not offer its event logs."
    return clean(f"The event logs of {host} could not be read: {full_stop(str(error))}{remedy}")


def _spans(failed: Sequence[MigrationTask], now: float) -> dict[str, float]:
    """Return for how many seconds back the events of each host count."""
    spans: dict[str, float] = {}
    known: dict[str, str] = {}
    for task in failed:
        began = task.started if task.started is not None else now
        for host in (task.move.destination.name, task.request.move.source):
            name = known.setdefault(first_label(host), host)
            if host:
                spans[name] = max(spans.get(name, 0.0), now - began + _BEFORE)
    return spans


def read_events(cluster: Cluster, host: str, seconds: float) -> tuple[list[HostEvent], str]:
    """Return the events of a host in the last ``seconds``, and a note where they could not be read. Raises nothing."""
    try:
        return [as_host_event(host, event) for event in read_host_events(cluster.node(host), seconds)], ""
    except (HyperVError, NoAnswer) as error:
        return [], _unread(host, error)


def _hear_hosts(cluster: Cluster, task: MigrationTask) -> None:
    """Have the hosts' own migration jobs tell why a move failed whose job is not one of Hyper-V, as that of a group.

    The cluster shows an HRESULT at most, and the job its whole chain of errors. A cause of the job stands where the
    cluster tells none; beside a cause of the cluster the job is quoted. A job is gone five minutes after its end;
    without one the error stays.
    """
    error = task.error
    if error is None or traits_of(task.method).has_job or error.code not in _OF_THE_MOVE_ITSELF:
        return
    move = task.move._replace(source=task.request.move.source)
    began = float("-inf") if task.attempt.attached else task.attempt.began
    told = HostWitness(cluster).failure(move, began)
    if told is None:
        return
    if error.code == _NOT_ARRIVED or (error.vague and not told.vague):
        task.overrule(told._replace(code=error.code, operation=error.operation or told.operation))
    elif not error.quoted:
        task.overrule(error._replace(quoted=told.quoted))


def _add(task: MigrationTask, found: Mapping[str, Sequence[HostEvent]]) -> None:
    vm = task.move.vm
    hosts = (task.move.destination.name, task.request.move.source)
    events = [event for host in dict.fromkeys(map(first_label, hosts)) for event in found.get(host, ())]
    chosen = choose(events, vm)
    task.told([event.as_result() for event in chosen])
    if task.error is not None and task.error.vague:
        own = [event for event in chosen if names(event.logged, vm) and event.logged.level <= _ERROR]
        task.overrule(_told(task.error, own))


def _suit_workgroup(cluster: Cluster, task: MigrationTask) -> None:
    """Have hosts that may not log on to each other told of certificates where they are not members of a domain.

    No request, for whoever answers a session has said so before; one where nobody asked.
    """
    error, source = task.error, task.request.move.source
    if error is None or error.cause not in _NO_LOGON:
        return
    try:
        in_workgroup = identity_of(cluster.node(source)).computer.in_workgroup
    except (HyperVError, NoAnswer):
        return
    if in_workgroup:
        task.overrule(error._replace(remedy=workgroup_remedy(source)))


def _look_at_destinations(cluster: Cluster, failed: Sequence[MigrationTask]) -> None:
    """Have the state of its destination tell why a move failed, where nothing else does.

    A return value does not: it says as little of a node that somebody has just paused as of a VM that is busy.
    """
    puzzling = [task for task in failed if _is_puzzling(task)]
    if not puzzling:
        return
    unable = why_not_receiving(cluster, [task.move.destination for task in puzzling])
    for task in puzzling:
        why = unable.get(task.move.destination.name)
        if why is not None and task.error is not None:
            task.overrule(task.error.because(why.cause, why.remedy))


def _is_puzzling(task: MigrationTask) -> bool:
    error = task.error
    return error is not None and not task.storage_only and (error.vague or error.code == "refused")


def choose(events: Sequence[HostEvent], vm: Vm, most: int = MOST_EVENTS) -> list[HostEvent]:
    """Return the events that say most about a VM: those that name it first, the oldest of them first."""
    by_event = {id(event.logged): event for event in events}
    return [by_event[id(one)] for one in about([event.logged for event in events], vm, most)]


def _told(error: Failure, own: Sequence[HostEvent]) -> Failure:
    """Return a failure that nobody told a cause of, with what the events about its VM say."""
    known = [event for event in own if event.known is not None]
    if known:
        # The newest one: an attempt before it may have failed for another reason.
        telling = known[-1]
        cause = telling.known
        if cause is not None:
            quoted = _quoted(telling)
            return error._replace(cause=cause.cause, remedy=cause.remedy, quoted=quoted, vague=False)
    inner = [event for event in own if not is_wrapper(event.logged.id)] or own
    if not inner:
        return error
    said = f"{error.quoted} {_quoted(inner[-1])}".lstrip()
    return error._replace(quoted=said)


def _quoted(event: HostEvent) -> str:
    logged = event.logged
    log = logged.channel.removeprefix("Microsoft-Windows-").removesuffix("-Admin")
    words = _cut(event.as_result()["message"], _LONGEST_QUOTE)
    return full_stop(clean(f"Event {logged.id} in the log {log} of {event.node} says: {words}"))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
