# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long is waited for what, how often a call is made, and how much is asked at once: all with their reasons.

Numbers that one file alone needs are in that file. Seconds where nothing else is said.
"""

from __future__ import annotations

from ..._wsman.transport import OPERATION_TIMEOUT

_AFTER_TIMEOUT = 5.0

LOST_ANSWER = OPERATION_TIMEOUT + _AFTER_TIMEOUT
"""For so long at least what a call without an answer has started is looked for."""


def lost_answer(operation_timeout: float) -> float:
    """Return for how long it is looked for where the node itself may take ``operation_timeout`` for a call."""
    return max(LOST_ANSWER, operation_timeout + _AFTER_TIMEOUT)


MOST_CALLS = 2
"""A call without an answer is repeated once, when nothing shows that it was carried out."""

SETTLES_WITHIN = 60.0
"""Owners and states may lag so far behind the end of what changes them: the databases of the nodes follow."""

GROUP_BEGINS_WITHIN = 15.0
"""For so long after a call a group that shows nothing yet may still begin to move."""

BETWEEN_LOOKS = 5.0
"""Between two looks at nodes and VMs that are waited for, which takes minutes."""

BETWEEN_LINES = 30.0
"""Between two lines that say what is waited for."""

OTHERS_END_WITHIN = 1800.0
"""For so long migrations that others have started are waited for, and the drain of a node: memory is copied."""

STILL_TRUE = 120.0
"""For so long what a plan was made from is gone by when its steps begin, and not read again for each of them."""

NODES_ONE_BY_ONE = 4
"""Up to so many nodes are asked one after the other, which takes as long as opening their connections anyway."""

NODES_AT_ONCE = 32
"""Of more nodes so many are asked side by side: each takes a thread and a connection of the controller."""

NODES_FOR_A_SHARE = 24
"""Of more nodes the longest list is read in shares side by side: that of 3,000 VMs takes a dozen pages."""

QUESTIONS_ONE_BY_ONE = 16
"""Up to so many questions about the cluster go to the task's host alone: they take less than a second or two."""

NAMES_IN_A_QUERY = 50
"""So many names or ids stand in one WHERE clause: WMI refuses queries with very many terms."""

OWNERS_ONE_BY_ONE = 2
"""Up to so many VMs are asked for their possible owners by a call each, which is cheaper than the list of all."""

PAIRS_FOR_A_CALL = 16
"""As many pairs of a list of owners take about what one call takes."""

MOST_PAIRS = 50_000
"""A list of owners is given up after so many pairs, of about 500 bytes each, and VMs are asked for one by one."""
