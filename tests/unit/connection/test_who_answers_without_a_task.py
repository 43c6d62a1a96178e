# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inventory plugin and event source have one address and no inventory: its name has to be that of who answers."""

from __future__ import annotations

import threading
import typing as t

import pytest
from ansible.errors import AnsibleParserError
from ansible_collections.hyperv.migration.plugins.inventory.hyperv_cluster import InventoryModule
from ansible_collections.hyperv.migration.plugins.plugin_utils import _awaited
from ansible_collections.hyperv.migration.plugins.plugin_utils._event_source import Source

from tests.unit.connection.simulated_hosts import Network
from tests.unit.connection.sites import FULL_NAMES, Open, Site

CROSSED = FULL_NAMES.leading({"node1.b.example": "HVA/NODE1", "hvb.b.example": "HVA/NODE1"})
RIGHT = FULL_NAMES.leading({"hvb.b.example": "HVB/NODE2"})
WORDS = r"{} is the computer node1\.a\.example of the cluster hva\.a\.example.*and not {}"


@pytest.fixture(params=["node1.b.example", "hvb.b.example"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class NothingSet(InventoryModule):
    """The inventory plugin with a source that tells the address alone."""

    def _value(self, option: str) -> t.Any:
        return {} if option == "winrm_options" else None


def listed(address: str) -> set[str]:
    """Return the nodes that the inventory plugin reads of the cluster behind an address."""
    return {node["name"] for node in NothingSet()._read(address)["nodes"]}


def test_the_inventory_plugin_lists_nothing_of_another_cluster(opened: Open, address: str) -> None:
    opened(CROSSED)
    with pytest.raises(AnsibleParserError, match=WORDS.format(address, address)):
        listed(address)


def test_the_inventory_plugin_names_a_host_that_does_not_answer_on_standard_error(
    opened: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(RIGHT)
    shown = threading.Event()

    class Watched(NothingSet):
        def _show(self, line: str) -> None:
            super()._show(line)
            shown.set()

    def slow(network: Network, address: str, request: bytes) -> bytes:
        assert shown.wait(60)
        return carry(network, address, request)

    carry = Network.send
    monkeypatch.setattr(Network, "send", slow)
    monkeypatch.setattr(_awaited, "_LONG", 0.0)
    Watched()._read("hvb.b.example")
    said = capsys.readouterr()
    assert said.err.startswith("Waiting for an answer of hvb.b.example (")
    assert said.out == ""


@pytest.mark.parametrize("name", ["node1.b.example", "hvb.b.example", "10.2.0.2"])
def test_the_inventory_plugin_lists_the_cluster_by_the_name_of_a_node_its_own_and_an_address(
    opened: Open, name: str
) -> None:
    hosts = opened(RIGHT)
    assert listed(name) == {"NODE1", "NODE2"}
    assert hosts.network.changes == []


def events_of(address: str, site: Site, opened: Open) -> list[dict[str, object]]:
    opened(site)
    source = Source({"ansible_host": address})
    try:
        return source.events.look()
    finally:
        source.close()


def test_the_event_source_tells_that_another_cluster_answers_and_nothing_of_it(opened: Open, address: str) -> None:
    (event,) = events_of(address, CROSSED, opened)
    assert (event["type"], event["change"]) == ("connection", "lost")
    assert f"{address} is the computer node1.a.example of the cluster hva.a.example" in str(event["message"])


@pytest.mark.parametrize("name", ["node1.b.example", "hvb.b.example", "10.2.0.2"])
def test_the_event_source_watches_the_cluster_by_the_name_of_a_node_its_own_and_an_address(
    opened: Open, name: str
) -> None:
    assert events_of(name, RIGHT, opened) == []
