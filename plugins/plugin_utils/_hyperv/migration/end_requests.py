# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asking a CIM job to end, and what the answer means.

Source: Microsoft docs, Msvm_MigrationJob.RequestStateChange, and DMTF's CIM_ConcreteJob.
"""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Callable

from ..._wsman.errors import NoAnswer, NodeBusy, Unreachable
from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..failure.errors import with_remedy

_TERMINATE, _KILL = 4, 5


class Reply(enum.Enum):
    """What came of a request that a migration end."""

    TAKEN = "taken"
    """It was taken: the migration ends, or its job says why not."""
    NOT_NOW = "not_now"
    """It was not taken; the same request may be later."""
    UNKNOWN = "unknown"
    """It may have been taken or not."""
    TOO_LATE = "too_late"
    """The migration is past the point at which it can be ended."""
    UNSUPPORTED = "unsupported"
    """There is no request of this kind; there may be one that uses force."""
    REFUSED = "refused"
    """It is refused for good."""


class EndReply(t.NamedTuple):
    """The reply to one request, and what was answered: a clause without a full stop."""

    reply: Reply
    text: str = ""


EndRequest = Callable[[bool], EndReply]
"""Asks once that a migration end; True uses force. Raises nothing."""

_OTHER_PERIOD = 4098  # Use of Timeout Parameter Not Supported
# Both families: CIM_ConcreteJob promises the first, Msvm_MigrationJob the second. In the first the numbers mean other
# things than those of the migration method.
_RETURN_VALUES = {
    0: ("Completed with No Error", Reply.TAKEN),
    1: ("Not Supported", Reply.UNSUPPORTED),
    2: ("Unknown or Unspecified Error", Reply.NOT_NOW),
    3: ("Can NOT complete within Timeout Period", Reply.UNKNOWN),
    4: ("Failed", Reply.NOT_NOW),
    5: ("Invalid Parameter", Reply.REFUSED),
    6: ("In Use", Reply.NOT_NOW),
    4096: ("Method Parameters Checked - Transition Started", Reply.TAKEN),
    4097: ("Invalid State Transition", Reply.TOO_LATE),
    _OTHER_PERIOD: ("Use of Timeout Parameter Not Supported", Reply.REFUSED),
    4099: ("Busy", Reply.NOT_NOW),
    32768: ("Failed", Reply.NOT_NOW),
    32769: ("Access Denied", Reply.REFUSED),
    32770: ("Not Supported", Reply.UNSUPPORTED),
    32771: ("Status is unknown", Reply.UNKNOWN),
    32772: ("Timeout", Reply.UNKNOWN),
    32773: ("Invalid parameter", Reply.REFUSED),
    32774: ("System is in use", Reply.NOT_NOW),
    32775: ("Invalid state for this operation", Reply.TOO_LATE),
    32776: ("Incorrect data type", Reply.REFUSED),
    32777: ("System is not available", Reply.NOT_NOW),
    32778: ("Out of memory", Reply.NOT_NOW),
}
_NEITHER = ("", Reply.REFUSED)  # a value of neither family


class JobEnd:
    """Ends one job by RequestStateChange: Terminate, or Kill with force."""

    def __init__(self, session: Callable[[], Session], reference: Reference) -> None:
        """``session`` returns the one that shows the job now: its provider may go to another node meanwhile."""
        self._session = session
        self._reference = reference
        self._period: dt.timedelta | None = None

    def __call__(self, force: bool) -> EndReply:
        """Ask once. To repeat it does no harm: a job that is ending or has ended refuses the request."""
        try:
            value = self._ask(force)
            if value == _OTHER_PERIOD and self._period is None:
                # The docs allow "NULL or zero": a provider that does not like the first gets the second.
                self._period = dt.timedelta(0)
                value = self._ask(force)
        except NoAnswer as error:
            return reply_of(error)
        name, reply = ("no return value", Reply.UNKNOWN) if value is None else _RETURN_VALUES.get(value, _NEITHER)
        what = "Kill" if force else "Terminate"
        return EndReply(reply, f"RequestStateChange({what}) returned {value}" + (f" ({name})" if name else ""))

    def _ask(self, force: bool) -> int | None:
        parameters = {"RequestedState": _KILL if force else _TERMINATE, "TimeoutPeriod": self._period}
        return self._session().invoke(self._reference, "RequestStateChange", parameters).integer("ReturnValue")


def reply_of(error: Exception) -> EndReply:
    """Return what it comes to that a request to end a migration was refused by a fault, or not answered."""
    if isinstance(error, Fault):
        text = with_remedy(error).rstrip(".")
        # A job that is not found has ended, or its provider is elsewhere: the next look tells.
        if error.is_quota or error.is_not_found:
            return EndReply(Reply.NOT_NOW, text)
        return EndReply(Reply.UNKNOWN if error.is_transient else Reply.REFUSED, text)
    if isinstance(error, (NodeBusy, Unreachable)):
        return EndReply(Reply.NOT_NOW, str(error).rstrip("."))
    return EndReply(Reply.UNKNOWN, f"the request to end it was not answered: {error}".rstrip("."))
