# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whoever starts, watches and verifies moves does not know which method it is."""

from __future__ import annotations

import inspect
import pathlib
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.methods import Method, Methods
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.traits import Traits, traits_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodName
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness import read_readiness

from tests.support.simulated import Simulated

HYPERV = pathlib.Path(__file__).parents[4] / "plugins/plugin_utils/_hyperv"
OF_ONE_METHOD = r"\b(SYSTEM|CLUSTER_GROUP|HOST|by_system|by_host|by_group|group_jobs|delegation)\b"


def implementations() -> dict[str, Method]:
    return t.cast("dict[str, Method]", Methods(Simulated().cluster)._by_name)


def own_methods(kind: type) -> set[str]:
    return {name for name, unused in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("kind", [type(method) for method in implementations().values()])
def test_each_method_does_what_the_protocol_says_and_nothing_else(kind: type[t.Any]) -> None:
    assert own_methods(kind) == own_methods(Method)
    assert kind.__mro__ == (kind, object), "composed, not inherited"


def test_every_method_is_implemented_and_tells_between_which_nodes_it_is_open() -> None:
    names = set(t.get_args(MethodName))
    cluster = Simulated().cluster
    assert set(implementations()) == names
    assert {one.method for one in read_readiness(cluster, read_nodes(cluster)).methods} == names


@pytest.mark.parametrize("name", ["starting", "watching", "scheduler", "liveness", "move_results", "progress"])
def test_no_part_of_the_loop_asks_which_method_it_is(name: str) -> None:
    code = (HYPERV / f"scheduling/{name}.py").read_text(encoding="utf-8")
    assert re.findall(OF_ONE_METHOD, code) == []


@pytest.mark.parametrize("name", ["scheduling/causes", "scheduling/restarted", "usecases/feasibility"])
def test_whoever_judges_a_move_does_not_name_its_method(name: str) -> None:
    code = (HYPERV / f"{name}.py").read_text(encoding="utf-8")
    assert re.findall(r"\b(SYSTEM|CLUSTER_GROUP|HOST)\b", code) == []


@pytest.mark.parametrize("method", t.get_args(MethodName))
def test_every_method_says_which_words_about_a_move_are_those_of_hyper_v(method: MethodName) -> None:
    is_of_hyper_v = method != "cluster_group"
    assert traits_of(method) == Traits(has_check=is_of_hyper_v, has_job=is_of_hyper_v)
