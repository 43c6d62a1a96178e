# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter for distinct names of the artifacts of each host."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..plugin_utils._hyperv.records.artifacts import artifact_suffix

DOCUMENTATION = r"""
name: artifact_suffix
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Make a distinct suffix for the artifacts of a host
version_added: 0.1.0
description:
  - The name of an artifact (C(set_stats)) is the name of a variable. It contains letters, digits and underscores only,
    while the name of a host may contain other characters.
  - This filter makes the suffix from the name of a host - an underscore and the name, in which each character other
    than an ASCII letter or a digit becomes its hexadecimal code between underscores. Each host gets a different suffix.
positional: _input
options:
  _input:
    description: Name of an inventory host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the name of the plan of this host, such as evacuate_node_plan_hvc_2d_1 for hvc-1
  ansible.builtin.debug:
    msg: "{{ 'evacuate_node_plan' ~ inventory_hostname | hyperv.migration.artifact_suffix }}"
"""

RETURN = r"""
_value:
  description: The suffix.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Return them by name."""
        return {"artifact_suffix": artifact_suffix}
