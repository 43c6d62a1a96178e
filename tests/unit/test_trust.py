# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What others say is never evaluated. ``make matrix`` runs this with the oldest ansible-core and with the newest."""

from __future__ import annotations

import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.hyperv.migration.plugins.plugin_utils._trust import as_data, as_listed

HOSTILE = [
    "{{ lookup('env', 'HOME') }}",
    "web {{ no_such_name }}",
    "{% if true %}x{% endif %}",
    "{# nothing #}",
    "#jinja2: variable_start_string:'[['\n[[ 1 + 1 ]]",
]


def evaluated(value: t.Any) -> t.Any:
    """Return what a task gets of a variable that has this value."""
    return Templar(DataLoader(), {}).template(value)


@pytest.mark.parametrize("text", [*HOSTILE, "web01", "a { b } %}", "", "1", "true"])
def test_a_text_stays_as_it_is(text: str) -> None:
    assert evaluated(as_data(text)) == text


def test_texts_in_lists_and_mappings_stay_as_they_are() -> None:
    value = {"names": HOSTILE, "deep": {"one": HOSTILE[0]}, "number": 3, "nothing": None}

    assert evaluated(as_data(value)) == value


@pytest.mark.parametrize("mark", [as_data, as_listed])
def test_what_is_no_text_is_left_alone(mark: t.Callable[[t.Any], t.Any]) -> None:
    assert [mark(value) for value in (3, 2.5, True, None)] == [3, 2.5, True, None]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_expression_came_to_is_not_made_a_template(text: str) -> None:
    assert as_listed(text) is text
