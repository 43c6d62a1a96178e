# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans and ledgers in a form in which they can be handed on."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..plugin_utils._hyperv.records.artifacts import to_artifact

DOCUMENTATION = r"""
name: to_artifact
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Hand on a plan or a ledger in which no name is taken for a template
version_added: 0.1.0
description:
  - Ansible looks for templates in whatever it is given as extra vars, and artifacts of a job (C(set_stats)) become
    extra vars of the next one. Whoever may rename a virtual machine could so have the controller evaluate its name.
  - This filter writes texts that could be templates in another way - C(\u007b) for a brace, C(\u0023) for the number
    sign of C(#jinja2), and C(\u005c) for a backslash beside them - and adds the key C(escaped) to say so. All other
    texts are as they were.
  - The modules of this collection take such a plan or ledger, and one without that key, in the same options.
positional: _input
options:
  _input:
    description: The plan or ledger. One that is an artifact already stays as it is.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Hand the plan to the next job of the workflow
  ansible.builtin.set_stats:
    data:
      evacuate_node_plan: "{{ plan | hyperv.migration.to_artifact }}"
"""

RETURN = r"""
_value:
  description: What can be given as extra vars.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Return them by name."""
        return {"to_artifact": to_artifact}
