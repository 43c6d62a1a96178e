# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""python-wsmanclient of PyPI, made of OpenStack's client for Dell's hosts: Basic, and w:MaxElements in a Pull."""

from __future__ import annotations

import importlib
import importlib.util
import typing as t

import pytest

from tests.integration.clients.served import NODES, PASSWORD, USER, WMI, Host

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("wsmanclient") is None,
    reason="python-wsmanclient of PyPI is not installed: make clients",
)


@pytest.fixture
def client(host: Host) -> t.Any:
    return importlib.import_module("wsmanclient").Client("127.0.0.1", USER, PASSWORD, host.port, protocol="http")


def names(answer: t.Any) -> list[str]:
    return [str(name.text) for name in answer.iter(f"{{{NODES}}}Name")]


def test_a_class_in_pages_of_one(client: t.Any) -> None:
    # It merges pages by the name that WS-Enumeration gives them, and Windows has another for the first.
    assert names(client.enumerate(NODES, optimization=False, max_elems=1)) == ["NODE1", "NODE2"]


def test_a_query(client: t.Any) -> None:
    query = "select * from MSCluster_Node where Name='NODE2'"
    assert names(client.enumerate(f"{WMI}/root/MSCluster/*", filter_query=query, filter_dialect="wql")) == ["NODE2"]
