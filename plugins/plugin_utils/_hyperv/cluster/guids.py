# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""GUIDs, by which VMs are told apart: one form, whoever writes them in which. Pure."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")


def plain_guid(text: str) -> str:
    """Return a GUID in upper case and without braces; any other text is changed likewise."""
    return text.strip().strip("{}").upper()


def guid_of(text: str) -> str:
    """Return a GUID as ``plain_guid`` does, nothing for any other text."""
    plain = plain_guid(text)
    return plain if _PLAIN.fullmatch(plain) else ""


def is_guid(text: str) -> bool:
    """Tell whether a text is a GUID, with or without braces."""
    return bool(guid_of(text))
