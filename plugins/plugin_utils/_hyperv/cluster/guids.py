# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""GUIDs, by which VMs are told apart: one form, whoever writes them in which. Pure."""

from __future__ import annotations

import re

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def plain_guid(text: str) -> str:
    """Return a GUID in upper case and without braces; any other text is changed likewise."""
    return text.strip().strip("{}").upper()


def is_guid(text: str) -> bool:
    """Tell whether a text is a GUID, with or without braces."""
    return _GUID.fullmatch(plain_guid(text)) is not None
