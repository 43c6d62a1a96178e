# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin tells an ansible-core that masks passwords of its own, also where a cache answers for a cluster.

``make matrix`` runs this with ansible-core 2.22 too, which masks; with others a stand-in takes what is registered.
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import sys
import types
import typing as t

import pytest
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible_collections.hyperv.migration.plugins.inventory.hyperv_cluster import InventoryModule
from ansible_collections.hyperv.migration.plugins.plugin_utils._masking import find_register

from tests.unit.connection.sites import FULL_NAMES, Open

PASSWORD = "Kn0wn-to-n0body"
# ansible-core before 2.19 takes every text for a template.
trust_as_template: t.Callable[[str], str] = getattr(
    importlib.import_module("ansible.template"), "trust_as_template", str
)
UNREADABLE = trust_as_template("{{ lookup('ansible.builtin.file', '/nowhere/password') }}")
MODULE = "ansible.module_utils.secrets"
MASKS = importlib.util.find_spec(MODULE) is not None
Read = t.Callable[..., set[str]]


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was registered to be masked."""
    registered: list[str] = []
    stand_in = types.ModuleType(MODULE)
    vars(stand_in).update(register_secret=registered.append, register_secrets=registered.extend)
    monkeypatch.setitem(sys.modules, MODULE, stand_in)
    return registered


class Source(InventoryModule):
    """A source that keeps its cache; ``given`` is what its file says."""

    def __init__(self, given: dict[str, t.Any], cache: dict[str, t.Any]) -> None:
        super().__init__()
        self._given = {"winrm_options": {}, "host_prefix": "", "cache": True, **given}
        self._cache = cache

    def _read_config_data(self, path: str) -> dict[str, t.Any]:
        return self._given

    def get_option(self, option: str, hostvars: object = None) -> t.Any:
        return self._given.get(option, {} if option in {"compose", "groups"} else None)


@pytest.fixture
def hosts(opened: Open, tmp_path: pathlib.Path) -> Read:
    """Return the hosts of a source whose cluster is in the cache already."""
    cache: dict[str, t.Any] = {}

    def read(**given: str) -> set[str]:
        inventory = InventoryData()
        Source({"remote_addr": "10.2.0.2", **given}, cache).parse(inventory, DataLoader(), str(tmp_path / "lab.yml"))
        return set(inventory.hosts)

    network = opened(FULL_NAMES).network
    assert "NODE1" in read()
    network.disconnect("HVB/NODE2")
    return read


@pytest.mark.parametrize("written", [PASSWORD, "{{ 'Kn0wn-' ~ 'to-n0body' }}"])
def test_a_password_is_masked_where_the_cache_answers(hosts: Read, masked: list[str], written: str) -> None:
    assert "NODE1" in hosts(remote_password=trust_as_template(written))
    assert PASSWORD in masked


def test_a_source_without_a_password_has_nothing_to_mask(hosts: Read, masked: list[str]) -> None:
    assert "NODE1" in hosts()
    assert masked == []


def test_a_cache_answers_also_where_the_password_cannot_be_had(hosts: Read, masked: list[str]) -> None:
    assert "NODE1" in hosts(remote_password=UNREADABLE)
    assert masked == []


@pytest.mark.skipif(not MASKS, reason="this ansible-core masks nothing")
def test_ansible_core_masks_it(hosts: Read) -> None:
    hosts(remote_password=PASSWORD)
    masked: str = importlib.import_module(MODULE).mask_secrets(f"the password is {PASSWORD}")
    assert PASSWORD not in masked


@pytest.mark.skipif(MASKS, reason="this ansible-core masks")
def test_an_ansible_core_that_masks_nothing_is_told_nothing(hosts: Read) -> None:
    assert find_register() is None
    assert "NODE1" in hosts(remote_password=UNREADABLE)
