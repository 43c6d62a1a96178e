# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter that makes an artifact of a plan or ledger."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ..plugin_utils._hyperv.records.artifacts import to_artifact

DOCUMENTATION = r"""
name: to_artifact
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Convert a plan or a ledger so that Ansible does not evaluate its names
version_added: 0.1.0
description:
  - Ansible evaluates templates in extra vars, and artifacts of a job (C(set_stats)) become extra vars of the next job.
    A user who may rename a virtual machine could therefore make the controller evaluate its name.
  - This filter writes texts that could be templates in another form - C(\u007b) for a brace, C(\u0023) for the number
    sign of C(#jinja2), and C(\u005c) for a backslash beside them - and adds the key C(escaped). It does not change
    other texts.
  - It leaves out what only the result of a task has, such as C(changed) and C(summary).
  - The modules of this collection accept such a plan or ledger, and one without that key, in the same options.
positional: _input
options:
  _input:
    description: The plan or ledger. An artifact is not changed.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Pass the plan to the next job of the workflow
  ansible.builtin.set_stats:
    data:
      evacuate_node_plan: "{{ plan | hyperv.migration.to_artifact }}"
"""

RETURN = r"""
_value:
  description: The plan or ledger for extra vars.
  type: dict
"""


# What only the result of a task has.
_OF_A_RESULT = frozenset({"changed", "deprecations", "failed", "failed_when_result", "summary", "warnings"})


def _handed_on(data: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the artifact of a plan or ledger, or of the result of a task that is one."""
    return to_artifact({key: value for key, value in data.items() if key not in _OF_A_RESULT})


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Return them by name."""
        return {"to_artifact": _handed_on}
