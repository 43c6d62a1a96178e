# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits for findings that pass by themselves."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from ..._wsman.transport import Clock
from ..failure.finding import Finding


@dataclasses.dataclass(frozen=True)
class Waited:
    """What a wait came to.

    Attributes:
        findings: those of the last look, empty where all have passed.
        took_time: there was more than one look.
    """

    findings: Sequence[Finding]
    took_time: bool

    @property
    def text(self) -> str:
        """All findings with what to do, in one text."""
        return text_of(self.findings)


def wait_while_it_passes(
    clock: Clock,
    look: Callable[[], Sequence[Finding]],
    timeout: float,
    interval: float,
    say: Callable[[float, str], None],
) -> Waited:
    """Look again until nothing is found, something will not pass by itself, or ``timeout`` seconds are over.

    ``say`` is called with the seconds that are left and the text of the findings whenever that has changed. Raises what
    ``look`` raises.
    """
    deadline = clock.now() + timeout
    told = ""
    while found := look():
        left = deadline - clock.now()
        if left <= 0 or not all(finding.transient for finding in found):
            break
        if (text := text_of(found)) != told:
            told = text
            say(left, text)
        clock.pause(min(interval, left))
    return Waited(found, bool(told))


def last_request(clock: Clock, timeout: float, interval: float) -> float:
    """Return the reading of the clock after which a wait of ``timeout`` seconds asks nothing more; never for 0.

    The last look begins when the time is over, and is given as long as two looks are apart.
    """
    return clock.now() + timeout + interval if timeout else math.inf


def text_of(findings: Sequence[Finding]) -> str:
    """Return findings with what to do, in one text."""
    return " ".join(finding.text for finding in findings)
