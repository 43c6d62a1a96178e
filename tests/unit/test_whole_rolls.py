# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole rolling maintenances in process, on the manual clock: where every VM is in the end, and how it got there."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import LayoutName

from tests.support.rolls import draw_cluster
from tests.support.whole_rolls import roll

NODES, PER_NODE = 4, 10
VMS = NODES * PER_NODE


@pytest.mark.parametrize(("layout", "least", "most"), [("any", VMS, 2 * VMS - 1), ("keep", 2 * VMS, 2 * VMS)])
def test_every_vm_moves_as_often_as_planned_and_ends_where_it_should(layout: LayoutName, least: int, most: int) -> None:
    rolled = roll(draw_cluster(0, NODES, 0.5, per_node=PER_NODE), layout)
    assert (rolled.astray, rolled.not_up) == ((), ())
    assert rolled.made == rolled.planned
    assert least <= rolled.made <= most
    assert rolled.seconds > NODES * 1200
