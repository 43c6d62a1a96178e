# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The archive: nothing private in it, everything that was read, and steps for all that the product reads."""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import zipfile
from collections.abc import Iterator

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.archive import Step, pack
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.exchanges import Tape
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.steps import (
    LEFT_OUT,
    Ask,
    of_a_move,
    of_a_return,
    of_each_node,
    of_hosts_by_themselves,
    of_the_cluster,
    of_the_host,
    of_the_hosts,
    of_whom_is_asked,
)

from tests.unit.recording.recorded import Recorded

MODULES = pathlib.Path(__file__).parents[3] / "plugins" / "modules"
# Every kind of private datum, each where a cluster has it; Windows Server 2016 has no affinity rules. GUIDs are those
# that are derived from names.
PLANTED = r"""
cluster: {name: KRONOSCL, fqdn: kronoscl.umbrella.example}
user: {name: svc-hypervadm, password: Sup3rS3cret!, domain: UMBRELLA}
nodes:
  - {name: ZEUS01, windows: 2022, networks: [{subnet: 10.77.31.0}], listener_addresses: [10.77.31.41]}
  - {name: HERA02, windows: 2022, networks: [{subnet: 10.77.31.0}], listener_addresses: [10.77.31.42]}
vms:
  - {name: payroll-prod, owner: ZEUS01, attachments: [{kind: iso, path: 'C:\ClusterStorage\Volume1\Finance\a.iso'}]}
  - {name: 給与サーバー, owner: HERA02}
  - name: Umbrella Mail
    owner: ZEUS01
    anti_affinity: [TierGold]
    attachments: [{kind: iso, path: '\\filer77\isos\secret.iso'}]
  - {name: orion9, owner: ZEUS01, migration: {fails_at: 20}}
roles:
  - {name: QuarterlyShare, type: file_server, owner: HERA02}
affinity_rules:
  - {name: KeepApartRule, type: different_node, groups: [payroll-prod, Umbrella Mail]}
events:
  - {at: 0, move: orion9, to: HERA02}
"""
PRIVATE = (
    *("kronoscl", "umbrella", "svc-hypervadm", "Sup3rS3cret!", "zeus01", "hera02", "10.77.31", "payroll", "Finance"),
    *("給与サーバー", "TierGold", "filer77", "secret.iso", "orion9", "QuarterlyShare", "KeepApartRule"),
)


def contents(path: pathlib.Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Recorded(monkeypatch, folder, PLANTED, name="payroll-prod", destination_host="HERA02")


class TestPlanted:
    def test_what_is_planted_is_sent_by_the_nodes(self, planted: Recorded) -> None:
        names = " ".join(planted.packed.names).lower()
        missing = [word for word in PRIVATE if word.lower() not in names]
        assert missing == ["svc-hypervadm", "Sup3rS3cret!"]  # no node ever says these

    def test_nothing_private_is_in_the_archive(self, planted: Recorded) -> None:
        for name, text in contents(planted.path).items():
            decoded = text.encode().decode("unicode_escape", "replace") + text
            for line in text.splitlines() if name.endswith(".jsonl") else ():
                decoded += json.dumps(json.loads(line), ensure_ascii=False)
            found = [word for word in PRIVATE if word.lower() in decoded.lower()]
            assert found == [], name

    def test_no_guid_of_a_vm_is_in_the_archive(self, planted: Recorded) -> None:
        guids = [name for name in planted.packed.names if len(name) == 36 and name.count("-") == 4]
        text = "".join(contents(planted.path).values()).lower()
        assert len(guids) >= 4
        assert [guid for guid in guids if guid.lower() in text] == []

    def test_the_archive_and_the_names_are_for_their_owner_alone(self, planted: Recorded) -> None:
        names = planted.path.with_name(f"{planted.path.name}.names.json")
        assert [path.stat().st_mode & 0o777 for path in (planted.path, names)] == [0o600, 0o600]
        assert json.loads(names.read_text(encoding="utf-8"))["payroll-prod"] not in ("", "payroll-prod")

    def test_nothing_is_changed(self, planted: Recorded) -> None:
        checks = (
            "CheckSystemCompatibilityInfo",
            "CheckVirtualSystemIsMigratable",
            "Get",
            "WillOfflineLoseQuorum",
            "Identify",
            "Subscribe",
            "Unsubscribe",
        )
        called = [one.partition(": ")[2].removeprefix("Invoke ") for one in planted.changes]
        assert [one for one in called if not one.startswith(checks)] == []
        assert called

    def test_the_manifest_says_with_what_and_from_what(self, planted: Recorded) -> None:
        manifest = json.loads(contents(planted.path)["manifest.json"])
        assert manifest["controller"]["connection"] == "winrm"
        assert "ansible-core" in manifest["controller"]
        assert {host["winrm"].partition(" SP")[0] for host in manifest["hosts"]} == {
            f"OS: {host['windows']}" for host in manifest["hosts"]
        }
        problems = {
            (step["task"], step["problem"].rpartition(". ")[2]) for step in manifest["steps"] if step["problem"]
        }
        waits = "Wait until it has ended; hyperv_migration_job_info shows how far it is."
        # An answer, too: a VM moves all the time.
        assert problems == {("hyperv_rolling_node_info", waits), ("hyperv_rolling_order_info", waits)}


def test_a_word_that_the_user_names_is_replaced_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    recorded = Recorded(monkeypatch, tmp_path, PLANTED, private_words=["Microsoft Hosting Computer System"])
    assert "Microsoft Hosting Computer System" not in contents(recorded.path)["texts.jsonl"]


AWAY = {"id": "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "name": "x", "node": "B", "state": "running"}
ASKS: list[Ask] = [
    *of_the_cluster(),
    *of_the_host("A"),
    *of_each_node(["A"]),
    *of_the_hosts(["A"]),
    *of_a_return("A", AWAY, "hyperv.migration ledger 2"),
    *of_a_move({"name": "x"}, "A", clustered=True),
    *of_a_move({"name": "x"}, "A", clustered=False),
    *of_whom_is_asked(),
    *of_hosts_by_themselves(["A"]),
]


def test_every_module_that_reads_a_cluster_is_a_step() -> None:
    reading = {path.stem for path in MODULES.glob("*_info.py")}
    assert reading - {ask.module for ask in ASKS} == set(LEFT_OUT)
    for module in LEFT_OUT:
        action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
        assert action._requires_connection is False, module


@pytest.mark.parametrize("ask", ASKS, ids=str)
def test_a_step_has_options_that_its_module_knows(ask: Ask) -> None:
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{ask.module}")
    assert set(ask.options) <= set(action.ActionModule.ARGUMENTS["argument_spec"])


def test_no_name_is_in_the_options_of_a_step(planted: Recorded) -> None:
    steps = json.loads(contents(planted.path)["manifest.json"])["steps"]
    by_module = {step["task"]: step["options"] for step in reversed(steps)}
    assert by_module["hyperv_restore_plan_info"]["ledger"]["vms"][0]["name"] in planted.packed.names.values()
    assert by_module["hyperv_rolling_node_info"]["nodes"] != planted.hosts
    assert by_module["hyperv_cim_info"]["namespace"] == "root/HyperVCluster/v2"
    assert {"method": "auto"}.items() <= by_module["hyperv_vm_migrate"].items()


def test_what_is_asked_for_and_no_node_knows_is_replaced_too() -> None:
    guid = "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31"
    steps = [
        Step("hyperv_vm_migrate", {"vm_id": guid, "destination_host": "ZEUS01"}, f"There is no VM {guid}.", False),
        Step(
            "hyperv_vm_migrate", {"name": "payroll-prod", "destination_host": "ZEUS01"}, "No VM is called payroll-prod."
        ),
    ]
    packed = pack(Tape(), steps, {})
    written = json.dumps(packed.manifest)
    assert not re.search(f"{guid}|zeus|payroll", written, re.IGNORECASE)
    assert packed.names["payroll-prod"] in packed.manifest["steps"][1]["problem"]


def test_an_empty_recording_is_packed_too() -> None:
    packed = pack(Tape(), [], {})
    assert packed.manifest["exchanges"] == 0
    assert yaml.safe_load(json.dumps(packed.manifest))["hosts"] == []
