# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter that makes one printable line of a text."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..plugin_utils._text import clean

DOCUMENTATION = r"""
name: one_line
author:
  - The hyperv.migration contributors (@hyperv-migration)
short_description: Remove line breaks and control characters from text
version_added: 0.1.0
description:
  - A user who may rename a virtual machine can put line feeds, control characters of terminals, or characters that
    change the direction of writing into its name, and so falsify the output of a playbook.
  - This filter makes one line of a text. It replaces each character that is not visible, or that changes the direction
    of writing, with U+FFFD.
  - The roles of this collection print all names through it. Results of modules contain the original names.
positional: _input
options:
  _input:
    description: The text. An undefined or null value gives an empty text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: List the virtual machines of a node
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
