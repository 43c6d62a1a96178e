# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names and words of others in one line that can be shown anywhere."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..plugin_utils._text import clean

DOCUMENTATION = r"""
name: one_line
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Show a name in one line that it cannot leave
version_added: 0.1.0
description:
  - Whoever may rename a virtual machine can put line feeds, control characters of terminals, or characters that turn
    the direction of writing into its name, and so make what a playbook prints look like something else.
  - This filter makes one line of a text, and replaces each character that has no shape of its own, or that turns the
    direction of writing, by U+FFFD.
  - The roles of this collection print all names through it. Results of modules hold names as they are.
positional: _input
options:
  _input:
    description: The text. Nothing gives an empty text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Name the virtual machines of a node
  ansible.builtin.debug:
    msg: "{{ found.vms | map(attribute='name') | map('hyperv.migration.one_line') | join(', ') }}"
"""

RETURN = r"""
_value:
  description: The text in one line.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Return them by name."""
        return {"one_line": clean}
