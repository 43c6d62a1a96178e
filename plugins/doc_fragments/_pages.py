# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that return long lists in pages."""

from __future__ import annotations


class ModuleDocFragment:
    """Which part of a long list is returned."""

    DOCUMENTATION = r"""
options:
  limit:
    description:
      - List at most this number, V(0) for all. A warning says if there are more.
      - A result of thousands of entries is slow to show, and ansible-runner, and so AWX, shows an empty one for a
        result of more than 700,000 characters.
    type: int
    default: 1000
  offset:
    description: Pass over this number at the start of the whole list.
    type: int
    default: 0
"""
