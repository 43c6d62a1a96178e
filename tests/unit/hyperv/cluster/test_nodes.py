# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told when a node does not become what was asked for."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    pause_node,
    pick_node,
    read_nodes,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.simulator.scenario import EventSpec
from tests.support.simulated import Simulated


def test_a_node_that_goes_down_before_it_is_paused_is_told_with_what_to_do() -> None:
    simulated = Simulated(home="NODE3")
    node = pick_node(read_nodes(simulated.cluster), "NODE1")
    simulated.server.world.events.carry_out(EventSpec(down="NODE1"))
    with pytest.raises(HyperVError, match=r"^Node NODE1 is down, so Pause was refused\. Bring it up in the cluster"):
        pause_node(simulated.cluster, node)
