# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole rolling maintenance of 16 nodes and 2,000 VMs, in process and on the manual clock."""

from __future__ import annotations

import pytest

from tests.support.rolls import draw_cluster
from tests.support.whole_rolls import roll

pytestmark = pytest.mark.long


def test_every_vm_of_a_large_cluster_moves_as_often_as_planned_and_ends_where_it_should() -> None:
    rolled = roll(draw_cluster(0, 16, 0.65, per_node=125), "any")
    assert (rolled.astray, rolled.not_up) == ((), ())
    assert 2000 < rolled.made == rolled.planned < 2 * 2000
