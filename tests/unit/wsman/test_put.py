# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Put against the simulated service, in the forms that it may take."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.support.scenarios import node, scenario
from tests.support.simulated import Simulated


def put(mode: t.Any, *, whole: bool, **switches: t.Any) -> int:
    """Return AutoBalancerMode of the simulated cluster after a Put."""
    simulated = Simulated(scenario([node("NODE1", windows=2016)]), **switches)
    session = simulated.cluster.home
    (reference,) = session.references("root/MSCluster", Query("MSCluster_Cluster"))
    try:
        session.put(reference, {"AutoBalancerMode": mode}, whole=whole)
    finally:
        shown = session.get(reference).integer("AutoBalancerMode")
    assert shown == simulated.server.state()["auto_balancer_mode"]
    return int(shown or 0)


@pytest.mark.parametrize(("put_takes", "whole"), [("changed_properties", False), ("whole_instance", True)])
def test_the_form_that_a_host_takes_changes_the_property_and_no_other(put_takes: str, whole: bool) -> None:
    assert put(1, whole=whole, put_takes=put_takes) == 1


@pytest.mark.parametrize(
    ("put_takes", "whole"),
    [("changed_properties", True), ("whole_instance", False), ("nothing", True), ("nothing", False)],
)
def test_any_other_form_is_refused(put_takes: str, whole: bool) -> None:
    with pytest.raises(Fault):
        put(1, whole=whole, put_takes=put_takes)


def test_a_value_that_the_property_cannot_have_is_refused() -> None:
    with pytest.raises(Fault):
        put(9, whole=False)
    with pytest.raises(Fault):
        put("on & off", whole=False)
