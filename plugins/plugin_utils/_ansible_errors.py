# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors of the layers below as Ansible has them: a result, an unreachable host, a source that cannot be read."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleParserError

from ._clock import Abandoned
from ._connection import UnsupportedConnection
from ._hyperv.failure.errors import HyperVError, explain
from ._text import clean
from ._wsman.errors import AnswerLost, NodeBusy, TransportError, WsmanError

EXPECTED = (HyperVError, WsmanError, Abandoned)
"""Errors whose text is for people. Any other is a defect, and Ansible shows where it is."""


def failed_result(error: Exception) -> dict[str, t.Any]:
    """Return what the result of a task says of one of ``EXPECTED``.

    Failures are returned, for failed_when does not look at what was raised. A host that gave no answer is unreachable,
    which only an exception says. Raises AnsibleConnectionFailure for that.
    """
    if isinstance(error, TransportError) and not isinstance(error, UnsupportedConnection):
        again = " Run the task again; what it changed is kept." if isinstance(error, (AnswerLost, NodeBusy)) else ""
        # Ansible appends the text of every cause to a message; ours are whole sentences that already hold it.
        raise AnsibleConnectionFailure(clean(f"{error}{again}")) from None
    return {"failed": True, "msg": clean(explain(error))}


def is_time_limit(error: BaseException) -> bool:
    """Return whether this is Ansible's time limit of a task, which is raised wherever the task is just then.

    Each version of ansible-core has its own class for it, in a place that is private to ansible-core: only the name is
    the same (ansible/executor/task_executor.py of 2.16 to 2.18, ansible/_internal/_errors/_task_timeout.py since).
    """
    return not isinstance(error, Exception) and any(kind.__name__ == "TaskTimeoutError" for kind in type(error).__mro__)


def unreadable_source(error: Exception) -> AnsibleParserError:
    """Return the error of an inventory source for one of ``EXPECTED``."""
    return AnsibleParserError(clean(explain(error)))
