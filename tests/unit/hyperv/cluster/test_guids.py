# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One form for all GUIDs."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.guids import is_guid, plain_guid

GUID = "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31"


@pytest.mark.parametrize("text", [GUID, GUID.lower(), f"{{{GUID}}}", f" {{{GUID.lower()}}} "])
def test_every_spelling_is_the_same_guid(text: str) -> None:
    assert (is_guid(text), plain_guid(text)) == (True, GUID)


@pytest.mark.parametrize("text", ["", "{}", "NODE1", GUID[:-1], f"{GUID}0", GUID.replace("6", "G")])
def test_anything_else_is_none(text: str) -> None:
    assert not is_guid(text)
