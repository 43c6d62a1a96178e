# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a method answers: before a move, and to its call. Data only. Private to this collection."""

from __future__ import annotations

import dataclasses

from ..._wsman.references import Reference
from ..failure.failures import Failure


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Hyper-V's word on a move before it is made.

    Attributes:
        asked: False where the method offers no check; the move may still work.
        error: why the move would fail, None where it would not.
        unsupported: why the method cannot be called at all, None as far as is known.
    """

    asked: bool
    error: Failure | None = None
    unsupported: Failure | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the call of a method came to.

    Attributes:
        job: reference to the job, None where the method gave none.
        value: its return value, None where no answer came.
        error: what the node said against it, None where it did not.
        unknown: the migration may have been started or not: only a look can tell.
        lost: no answer came at all.
        unsupported: the method is not there, and nothing was begun; ``error`` says why.
        parameters_refused: the parameters were refused before anything was begun.
    """

    job: Reference | None = None
    value: int | None = None
    error: Failure | None = None
    unknown: bool = False
    lost: bool = False
    unsupported: bool = False
    parameters_refused: bool = False
