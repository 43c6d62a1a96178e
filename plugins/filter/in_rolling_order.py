# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter that puts the hosts of a play in the order that a user gave."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence

from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.planning.roll_order import in_order
from ..plugin_utils._hyperv.planning.survey_answers import read_names

DOCUMENTATION = r"""
name: in_rolling_order
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Put hosts in the order of a rolling maintenance
version_added: 0.1.0
description:
  - Puts the hosts of a play in the order that C(rolling_maintenance_order) gives. Hosts that it does not name keep
    their order and come last. Names are the same if their first labels are, so C(NODE1) is C(node1.corp.example).
  - It does not judge the order. M(hyperv.migration.hyperv_rolling_node_info) refuses one that does not name each host
    once, or is neither a list nor text.
  - It does not plan. An order that is V(planned) is in the result of M(hyperv.migration.hyperv_rolling_order_info).
positional: _input, order
options:
  _input:
    description: Inventory hosts.
    type: list
    elements: str
    required: true
  order:
    description: A list of names, or text with commas, semicolons, blanks or line breaks between the names.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Take the nodes of a cluster through maintenance in an order
  hosts: "{{ groups.hyperv_nodes | hyperv.migration.in_rolling_order(rolling_maintenance_order) }}"
  gather_facts: false
  serial: 1
  max_fail_percentage: 0
  roles:
    - role: hyperv.migration.rolling_maintenance
"""

RETURN = r"""
_value:
  description: The same hosts in that order.
  type: list
  elements: str
"""


def _in_rolling_order(hosts: Sequence[str], order: object) -> list[str]:
    try:
        names = read_names(order, "rolling_maintenance_order")
    except HyperVError:  # the first task refuses it, where it can say so in its own words
        names = ()
    return in_order(hosts, names)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Return them by name."""
        return {"in_rolling_order": _in_rolling_order}
