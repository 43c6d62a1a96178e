# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists as data, and as the one text of a survey's answer."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.survey_answers import (
    read_link_rates,
    read_names,
    read_strategy_list,
)


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (None, ()),
        ("", ()),
        (" \n", ()),
        ("NODE2, NODE3;NODE4\nNODE5 NODE6", ("NODE2", "NODE3", "NODE4", "NODE5", "NODE6")),
        (["NODE2", " NODE3 "], ("NODE2", "NODE3")),
    ],
)
def test_names_are_read(answer: object, names: tuple[str, ...]) -> None:
    assert read_names(answer, "destinations") == names


@pytest.mark.parametrize("answer", [{"NODE2": 1}, [1], 5, ["NODE2", ""]])
def test_what_is_no_list_of_names_is_refused_by_its_option(answer: object) -> None:
    with pytest.raises(HyperVError, match=r"^destinations is .* Give names with commas between them"):
        read_names(answer, "destinations")


@pytest.mark.parametrize(
    ("answer", "pairs"),
    [
        (None, []),
        ("", []),
        ("old*=stay\nWEB 01 = migrate, *=shutdown;", [("old*", "stay"), ("WEB 01", "migrate"), ("*", "shutdown")]),
        ([{"vm": "web*", "strategy": "save"}], [("web*", "save")]),
    ],
)
def test_strategies_are_read(answer: object, pairs: list[tuple[str, str]]) -> None:
    assert [(one.vm, one.strategy) for one in read_strategy_list(answer)] == pairs


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("web*", r"strategies holds 'web\*'. As text it is VM=STRATEGY"),
        ("web=a=b", "strategies holds 'web=a=b'"),
        ("=stay", "strategies holds '=stay'"),
        ("web=kill", "strategies holds 'kill' for 'web'. A strategy is one of migrate"),
        ([{"vm": "web"}], "strategies holds {'vm': 'web'}. Each entry has vm and strategy"),
        (["web=stay"], "strategies holds 'web=stay'. Each entry has vm and strategy"),
        ({"web": "stay"}, "which is neither a list nor a text"),
    ],
)
def test_what_is_no_strategy_is_refused_with_the_cure(answer: object, said: str) -> None:
    with pytest.raises(HyperVError, match=said):
        read_strategy_list(answer)


def test_link_rates_are_whole_numbers_by_the_short_name_of_a_node() -> None:
    assert read_link_rates({"NODE2.corp.example": 1200, "node3": "120"}) == {"node2": 1200, "node3": 120}


@pytest.mark.parametrize("rate", [0, -1, 1.5, "fast", True, None])
def test_another_link_rate_is_refused(rate: object) -> None:
    with pytest.raises(HyperVError, match=r"^link_rates has .* for NODE2\. Give whole MB a second"):
        read_link_rates({"NODE2": rate})
