# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A call without an answer is looked into for longer than a node may take for one, and repeated once."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.lost_answers import LostAnswer, NextStep
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.patience import LOST_ANSWER
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import OPERATION_TIMEOUT


@pytest.mark.parametrize(
    ("calls", "waited", "step"),
    [
        (1, OPERATION_TIMEOUT, NextStep.LOOK),
        (1, LOST_ANSWER - 1, NextStep.LOOK),
        (1, LOST_ANSWER, NextStep.REPEAT),
        (2, LOST_ANSWER - 1, NextStep.LOOK),
        (2, LOST_ANSWER, NextStep.GIVE_UP),
        (3, LOST_ANSWER, NextStep.GIVE_UP),
        (0, LOST_ANSWER - 1, NextStep.LOOK),
        (0, LOST_ANSWER, NextStep.GIVE_UP),
    ],
)
def test_it_is_looked_for_then_repeated_once_then_given_up(calls: int, waited: float, step: NextStep) -> None:
    assert LostAnswer(100.0, calls).next_step(100.0 + waited) is step
