# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The session to the task's host, which another node of its cluster takes over when the host does not answer any more.

Every node that is up has a current copy of the cluster's database (see shared_questions.py), so each can answer for
the cluster. A call whose answer was lost is not made again by this: whoever made it looks what became of it.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from ..._wsman.errors import LoginRefused, NoAnswer, NodeBusy, TransportError, Unreachable, is_about_login
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.transport import Clock
from ..failure.errors import HyperVError
from .identity import identity_of

_SILENCE = 10.0  # seconds
_LONG_SILENCE = 60.0  # seconds, of two requests at least
_TIMES_AS_LONG = 2.0
_LONGEST_REST = 300.0  # seconds, however long a host is silent: an event source asks for days
_SEARCH = 180.0  # seconds, after which a search begins with no further node: one that hangs takes two time-outs
_SEARCH_AGAIN = 60.0  # seconds after a search in which nobody answered
_NEVER = float("inf")

Others = Callable[[], Iterable[tuple[str, Callable[[], Session]]]]
"""Returns the names of nodes, the likeliest to answer first, with what opens the session to each, or raises."""


def refuse_silent(session: Session, now: float) -> None:
    """Raise Unreachable for a host that was waited for long and in vain: each request would wait as long again.

    One more is made when twice that time has passed, or five minutes.
    """
    silence = session.silence
    rest = silence.since + min(_TIMES_AS_LONG * silence.seconds, _LONGEST_REST) - now
    if silence.requests > 1 and silence.seconds >= _LONG_SILENCE and rest > 0:
        raise Unreachable(
            f"{session.node} did not answer {silence.requests} requests in {silence.seconds:.0f} s, so it was not "
            "asked once more. Check that the node is up and that its WinRM answers."
        )


class HomeSession(Session):
    """Is the task's host to whoever asks about the cluster, whichever node it is that answers.

    Attributes:
        host: the session to the task's host itself, whether it answers or not.
        speaker: the session to the node that answers now.
        taken_over_at: clock reading at which it took over, None where the host itself speaks.
    """

    def __init__(
        self,
        host: Session,
        clock: Clock,
        others: Others,
        speaks: Callable[[str, Session], bool],
        tell: Callable[[str], None],
    ) -> None:
        """Ask nothing yet.

        Args:
            others: the nodes of the cluster, none while none is known.
            speaks: whether a node of a name answers for the cluster; may raise what a query does.
            tell: shows a line at once.
        """
        super().__init__(host._send, clock, host.node, operation_timeout=host.operation_timeout)
        self.identity = identity_of(host)
        self.host = self.speaker = host
        self.taken_over_at: float | None = None
        self._namespaces = host._namespaces
        self._others = others
        self._speaks = speaks
        self._tell = tell
        self._taking_over = threading.Lock()
        self._search_again_at = -_NEVER
        self._searches: collections.Counter[str] = collections.Counter()  # in which a node did not answer

    @property
    def login(self) -> str:
        """How the node that answers was logged in to."""
        return self.speaker.login

    def _exchange(
        self,
        action: str,
        target: Reference,
        body: str = "",
        *,
        headers: str = "",
        operation_timeout: int | None = None,
    ) -> Element:
        """Have a message answered by whoever answers; one that was certainly not carried out goes to one more node."""
        is_handed_on = False
        while True:
            asked, began = self.speaker, self._clock.now()
            try:
                refuse_silent(asked, began)
                return asked.request(action, target, body, headers=headers, operation_timeout=operation_timeout)
            except (LoginRefused, NodeBusy):
                raise
            except TransportError as error:
                is_unreachable = isinstance(error, Unreachable)
                # A host that has only lost a connection says so at once, and answers on the next one.
                is_silent = self._clock.now() - began >= _SILENCE or asked.silence.requests > 1
                if is_handed_on or not (is_unreachable or is_silent) or not self._take_over(asked, error):
                    raise
                if not is_unreachable:
                    raise
                is_handed_on = True

    def search_again(self) -> None:
        """Look for another node at the next silence, however soon, unless a login was refused."""
        if self._search_again_at != _NEVER:
            self._search_again_at = -_NEVER

    def _take_over(self, silent: Session, error: TransportError) -> bool:
        """Let another node speak from now on; False where none of them answers."""
        with self._taking_over:
            if self.speaker is not silent:
                return True  # another thread has found one meanwhile
            began = self._clock.now()
            if began < self._search_again_at:
                return False
            asked = []
            # A search may be over before all were asked: those that were not come first in the next one.
            for name, open_session in sorted(self._others(), key=lambda other: self._searches[other[0]]):
                if self._clock.now() - began >= _SEARCH:
                    break
                try:
                    other = open_session()
                    if other is silent:
                        continue
                    refuse_silent(other, self._clock.now())
                    if self._speaks(name, other):
                        self._go_on_with(other)
                        self._tell(f"{_silence(silent, error)} The cluster is asked through {name} from now on.")
                        return True
                except (HyperVError, NoAnswer) as reason:
                    if is_about_login(reason):
                        self._search_again_at = _NEVER
                        self._tell(
                            f"{_silence(silent, error)} {name} refuses the login, so no other node is asked to answer "
                            "for the cluster: each refusal may be one of those that lock the account."
                        )
                        return False
                asked.append(name)
                self._searches[name] += 1
            if asked:
                self._search_again_at = self._clock.now() + _SEARCH_AGAIN
                self._tell(f"{_silence(silent, error)} Nor does any of {', '.join(asked)} answer for the cluster.")
            return False

    def _go_on_with(self, other: Session) -> None:
        self.speaker, self.node, self._namespaces = other, other.node, other._namespaces
        self.taken_over_at = self._clock.now()


def _silence(silent: Session, error: TransportError) -> str:
    return f"{silent.node} does not answer: {str(error).rstrip('.')}."
