# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a method answers: before a move, and to its call. Data only."""

from __future__ import annotations

import typing as t

from ..failure.failures import Failure
from ..migration.attempt import WatchedJob


class CheckResult(t.NamedTuple):
    """Hyper-V's word on a move before it is made.

    Attributes:
        asked: False where the method offers no check; the move may still work.
        error: why the move would fail, None where it would not.
        unsupported: why the method cannot be called at all, None as far as is known.
        form: form of setting data that the provider took; None for none.
    """

    asked: bool
    error: Failure | None = None
    unsupported: Failure | None = None
    form: str | None = None


class StartResult(t.NamedTuple):
    """What the call of a method came to.

    Attributes:
        job: the job to wait for, None where the method gave none.
        return_value: what it returned, None where no answer came.
        error: what the node said against it, None where it did not.
        unconfirmed: the migration may have been started or not: only a look can tell.
        unanswered: no answer came at all.
        unsupported: the method is not there, and nothing was begun; ``error`` says why.
        parameters_refused: the parameters were refused before anything was begun.
        form: form of setting data that the provider took; None for none.
    """

    job: WatchedJob | None = None
    return_value: int | None = None
    error: Failure | None = None
    unconfirmed: bool = False
    unanswered: bool = False
    unsupported: bool = False
    parameters_refused: bool = False
    form: str | None = None
