# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ending jobs that run: Terminate first, Kill later, and what came of it. Private to this collection.

A request that Hyper-V takes promises nothing: the job may complete all the same. What is said here is about the job
only; where the VM is, its owner tells. Source: Microsoft docs, Msvm_MigrationJob.RequestStateChange, and DMTF's
CIM_ConcreteJob.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Sequence

from ..._wsman.errors import NoAnswer, NodeBusy, TransportError, Unreachable, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.transport import Clock
from ..cluster.cluster import Cluster
from ..cluster.jobs import Job, read_job
from ..failure.errors import HyperVError, with_remedy

_TERMINATE, _KILL = 4, 5
_WORDS = {_TERMINATE: "Terminate", _KILL: "Kill"}
_KILL_AFTER = 30.0  # seconds that a job may take to end before Kill is sent
_AGAIN_AFTER = 5.0  # seconds before a request is repeated that was not taken, or not answered
# Seconds that a job is watched which cannot be ended now: past the copying of memory it is about to end by itself.
_TOO_LATE_FOR = 30.0
_LOOK_EVERY = 1.0  # seconds between two looks of ``cancel_jobs``
GIVE_UP_AFTER = 120.0  # seconds in all; what os-win waits for a job to end
_CANCELLED = "0x800704C7"  # HRESULT of ERROR_CANCELLED (winerror.h)

_TAKEN, _AGAIN, _UNKNOWN, _OTHER_PERIOD, _UNSUPPORTED, _TOO_LATE, _REFUSED = range(7)
# Both families: CIM_ConcreteJob promises the first, Msvm_MigrationJob the second. In the first the numbers mean other
# things than those of the migration method.
_RETURN_VALUES = {
    0: ("Completed with No Error", _TAKEN),
    1: ("Not Supported", _UNSUPPORTED),
    2: ("Unknown or Unspecified Error", _AGAIN),
    3: ("Can NOT complete within Timeout Period", _UNKNOWN),
    4: ("Failed", _AGAIN),
    5: ("Invalid Parameter", _REFUSED),
    6: ("In Use", _AGAIN),
    4096: ("Method Parameters Checked - Transition Started", _TAKEN),
    4097: ("Invalid State Transition", _TOO_LATE),
    4098: ("Use of Timeout Parameter Not Supported", _OTHER_PERIOD),
    4099: ("Busy", _AGAIN),
    32768: ("Failed", _AGAIN),
    32769: ("Access Denied", _REFUSED),
    32770: ("Not Supported", _UNSUPPORTED),
    32771: ("Status is unknown", _UNKNOWN),
    32772: ("Timeout", _UNKNOWN),
    32773: ("Invalid parameter", _REFUSED),
    32774: ("System is in use", _AGAIN),
    32775: ("Invalid state for this operation", _TOO_LATE),
    32776: ("Incorrect data type", _REFUSED),
    32777: ("System is not available", _AGAIN),
    32778: ("Out of memory", _AGAIN),
}


class Cancellation:
    """One job being cancelled: ``request`` once, then ``step`` with every look at the job. Neither waits nor raises.

    Attributes:
        reference: the job.
        job: as last seen, None before the first look and where it is gone.
        taken: Hyper-V took a request to end the job, or may have: its answer was lost.
        outcome: empty while it is open; ``cancelled``, ``completed`` (the job was faster), ``failed`` (it ended with
            another error), ``gone`` (it vanished, and how it ended is not known), ``refused`` or ``still_running``
            (it goes on), ``unclear`` (it could not be looked at any more).
    """

    def __init__(
        self, session: Callable[[], Session], reference: Reference, clock: Clock, patience: float = GIVE_UP_AFTER
    ) -> None:
        """``session`` returns the one that is asked now: the provider of a job may go to another node meanwhile."""
        self._session = session
        self.reference = reference
        self.job: Job | None = None
        self.taken = False
        self.outcome = ""
        self._clock = clock
        self._patience = patience
        self._began = clock.now()
        self._asked = _TERMINATE
        self._period: dt.timedelta | None = None
        self._due: float | None = None
        self._answer = ""
        self._refused = False
        self._too_late_since: float | None = None

    @property
    def given_up(self) -> bool:
        """The job goes on, or may go on, and nothing more is tried."""
        return self.outcome in ("refused", "still_running", "unclear")

    @property
    def told(self) -> str:
        """What became of a migration that was given up: a predicate, such as "could not be cancelled"."""
        if self.outcome == "refused":
            return f"could not be cancelled: {self._answer}; it goes on"
        if self.outcome == "unclear":
            return f"was to be cancelled, but its job could not be read for {self._patience:.0f} s; it may go on"
        why = f" ({self._answer})" if self._answer else ""
        return f"did not end within {self._patience:.0f} s of being cancelled{why}; it goes on"

    def request(self) -> None:
        """Ask for the job's end."""
        self._began = self._clock.now()
        self._send(_TERMINATE)

    def step(self, job: Job | None) -> None:
        """Go on after a look at the job; None is one that is gone. Sends at most what is due."""
        if self.outcome:
            return
        self.job = job
        waited = self._clock.now() - self._began
        if job is None:
            self.outcome = "gone"
        elif job.is_final:
            self.outcome = self._ended(job)
        else:
            self._go_on(waited, ending=job.state == "shutting_down")

    def _go_on(self, waited: float, *, ending: bool) -> None:
        now = self._clock.now()
        # A job that is ending refuses to be ended: that counts for nothing.
        too_late = None if ending else self._too_late_since
        for_good = self._refused and not (ending or self.taken)
        if for_good or (too_late is not None and now - too_late >= _TOO_LATE_FOR):
            self.outcome = "refused"
        elif waited >= self._patience:
            self.outcome = "still_running" if too_late is None else "refused"
        elif too_late is None and self._asked == _TERMINATE and waited >= _KILL_AFTER:
            self._send(_KILL)
        elif not ending and self._due is not None and now >= self._due:
            self._send(self._asked)

    def not_seen(self) -> None:
        """Note that the job could not be looked at this time."""
        if not self.outcome and self._clock.now() - self._began >= self._patience:
            self.outcome = "unclear"

    def _ended(self, job: Job) -> str:
        if job.is_success:
            return "completed"
        # No source tells which state Hyper-V gives to a job that was cancelled: an error that says so counts as well.
        if job.state in ("terminated", "killed") or (self.taken and job.error().hresult == _CANCELLED):
            return "cancelled"
        return "failed"

    def _send(self, wanted: int) -> None:
        """Send one request.

        After a lost answer the job is looked at before it is sent again. To repeat it does no harm: the reference
        names this one job, and a job that is ending or has ended refuses the request.
        """
        self._asked, self._due = wanted, None
        parameters = {"RequestedState": wanted, "TimeoutPeriod": self._period}
        try:
            value = self._session().invoke(self.reference, "RequestStateChange", parameters).integer("ReturnValue")
        except Fault as fault:
            self._faulted(fault)
        except (NodeBusy, Unreachable) as error:
            self._later(str(error))
        except (TransportError, UnreadableAnswer) as error:
            self.taken = True
            self._later(f"the request to end it was not answered: {error}")
        else:
            self._answered(wanted, value)

    def _answered(self, wanted: int, value: int | None) -> None:
        name, meaning = ("no return value", _UNKNOWN) if value is None else _RETURN_VALUES.get(value, ("", _REFUSED))
        self._answer = f"RequestStateChange({_WORDS[wanted]}) returned {value}" + (f" ({name})" if name else "")
        if meaning == _TAKEN:
            self.taken, self._too_late_since = True, None
        elif meaning == _OTHER_PERIOD and self._period is None:
            # The docs allow "NULL or zero": a provider that does not like the first gets the second.
            self._period = dt.timedelta(0)
            self._send(wanted)
        elif meaning == _UNSUPPORTED and wanted == _TERMINATE:
            self._send(_KILL)
        elif meaning in (_AGAIN, _UNKNOWN):
            self.taken = self.taken or meaning == _UNKNOWN
            self._later(self._answer)
        elif meaning == _TOO_LATE:
            self._too_late(self._answer)
        else:
            self._refused = True

    def _faulted(self, fault: Fault) -> None:
        self._answer = with_remedy(fault).rstrip(".")
        # A job that is not found has ended, or its provider is elsewhere: the next look tells.
        if fault.is_transient or fault.is_not_found:
            self.taken = self.taken or not (fault.is_quota or fault.is_not_found)
            self._later(self._answer)
        else:
            self._refused = True

    def _too_late(self, why: str) -> None:
        if self._too_late_since is None:
            self._too_late_since = self._clock.now()
        self._later(why)

    def _later(self, why: str) -> None:
        self._answer = why.rstrip(".")
        self._due = self._clock.now() + _AGAIN_AFTER


def cancel_jobs(
    cluster: Cluster, jobs: Sequence[tuple[str, Reference]], *, wait: bool = True, patience: float = GIVE_UP_AFTER
) -> list[Cancellation]:
    """Cancel jobs and return what came of each, in their order.

    A job is given as the node that shows it (empty for the one that answers Root\\HyperVCluster\\v2) and its reference.
    Without ``wait`` it is enough that Hyper-V took the request; the outcome is then empty. ``patience`` are the seconds
    in all. Raises what opening a session to a node raises.
    """
    for node in dict.fromkeys(node for node, unused in jobs):
        _session(cluster, node)
    open_jobs = [
        (node, Cancellation(functools.partial(_session, cluster, node), reference, cluster.clock, patience))
        for node, reference in jobs
    ]
    cancellations = [cancellation for unused, cancellation in open_jobs]
    for cancellation in cancellations:
        cancellation.request()
    while True:
        for node, cancellation in open_jobs:
            _look(cluster, node, cancellation)
        open_jobs = [(node, one) for node, one in open_jobs if not one.outcome and (wait or not one.taken)]
        if not open_jobs:
            return cancellations
        cluster.clock.pause(_LOOK_EVERY)


def _session(cluster: Cluster, node: str) -> Session:
    return cluster.node(node) if node else cluster.hyperv


def _look(cluster: Cluster, node: str, cancellation: Cancellation) -> None:
    try:
        job = read_job(_session(cluster, node), cancellation.reference)
        if job is None and not node and not cluster.provider_answers():
            raise HyperVError("the provider of Root\\HyperVCluster\\v2 is not there")
    except (HyperVError, NoAnswer):
        cancellation.not_seen()
        if not node:
            with contextlib.suppress(HyperVError, NoAnswer):  # the next look tries again
                cluster.find_provider()
    else:
        cancellation.step(job)
