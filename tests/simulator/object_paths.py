# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Object paths as text, which some properties of resource settings hold where others name files.

The form is WMI's (Microsoft docs, "Describing the Location of a WMI Object"); that Hyper-V refuses a reference in any
other form is known from experiments that users of its WMI provider published.
"""

from __future__ import annotations

import re

# Properties of CIM_ResourceAllocationSettingData and CIM_VirtualSystemSettingData that refer to other instances.
REFERRING = frozenset({"Parent", "HostResource", "Connection"})

_BEGINNING = re.compile(r"(\\\\[^\\/:]+[\\/])?root[\\/]", re.IGNORECASE)
_KEY = r'\w+=(?:"(?:[^"\\]|\\["\\])*"|[0-9]+)'
_PATH = re.compile(rf"(?:\\\\[^\\/:]+[\\/])?root(?:[\\/]\w+)+:\w+\.{_KEY}(?:,{_KEY})*", re.IGNORECASE)


def is_acceptable(text: str) -> bool:
    """Tell whether a referring property may hold ``text``: a well-formed path, or something that is no path at all."""
    if text.lstrip().startswith("<"):
        return False
    return _BEGINNING.match(text) is None or _PATH.fullmatch(text) is not None
