# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The golden answers of tests/data/envelopes. All of them relate to one request."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import read_answer

ENVELOPES = pathlib.Path(__file__).parents[2] / "data" / "envelopes"
MESSAGE_ID = "uuid:A58C2E70-1D46-4B9F-B3E8-0C7F61D2945A"


@pytest.fixture
def message_id() -> str:
    """Return the id of the request that all golden answers relate to."""
    return MESSAGE_ID


@pytest.fixture
def envelope() -> Callable[[str], bytes]:
    """Return a reader of golden answers by name."""
    return lambda name: (ENVELOPES / f"{name}.xml").read_bytes()


@pytest.fixture
def answer(envelope: Callable[[str], bytes]) -> Callable[[str], Element]:
    """Return a reader of the first body element of golden answers by name."""
    return lambda name: read_answer(envelope(name), MESSAGE_ID)
