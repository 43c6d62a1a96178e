# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs whose names are made to be taken for something else: moved, brought back, and told of like any others."""

from __future__ import annotations

import json
import pathlib
import re

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.artifacts import from_artifact

from tests.integration.commands import Ansible
from tests.running_cluster import running_cluster
from tests.unit.report.reading import read_page

NAMES = [
    "it's \"quoted\" 'twice' \\back\\slash\\",
    "100%_[a-z]*?",
    "]]><b onclick=alert(1)>&amp;</td><script>alert(1)</script><!--",
    "{{ 6 * 7001 }}{% for x in y %}{# #}",
    "line\nok: [NODE9] => forged\r\nfatal: forged",
    "csi\x9b31mred \x85\u2028fatal: forged",
    "\u202egnp.exe\u2066 \u200f",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} \N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{FIRE}",
    "$(touch forged) `id`; --limit all",
    "' OR Name LIKE '%",
]
FAILS = "fails\nfatal: forged {{ 6 * 7001 }} \u202e<script>"
# What a terminal acts on, and what turns the direction of writing; line feeds are the printer's own.
DANGEROUS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def scenario(folder: pathlib.Path, *more: dict[str, object]) -> pathlib.Path:
    content = {
        "cluster": {"name": "HVC1", "fqdn": "hvc1.corp.example"},
        "user": {"name": "operator", "password": "simulated-Passw0rd"},
        "clock": {"speed": 30},
        "network": {"megabytes_per_second": 4000, "setup_seconds": 1, "switch_over_seconds": 1},
        "nodes": [{"name": f"NODE{number}", "memory_mb": 65536} for number in (1, 2, 3)],
        "vms": [*({"name": name, "owner": "NODE1", "memory_mb": 1024} for name in NAMES), *more],
    }
    path = folder / "hostile.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def assert_nothing_is_forged(text: str) -> None:
    found = DANGEROUS.search(text)
    assert found is None, ascii(text[max(0, found.start() - 200) : found.end() + 100])
    assert not [line for line in text.splitlines() if line.strip(' "').startswith(("ok: [NODE9]", "fatal: forged"))]
    assert "42006" not in re.findall(r"(?<![\d:.,])\d+(?![\d:.,])", text)


def test_names_are_data_from_the_node_to_the_ledger_and_back(tmp_path: pathlib.Path) -> None:
    ledger, page = tmp_path / "NODE1.json", tmp_path / "report.html"
    kept = ["-e", f"evacuate_node_ledger_path={ledger}", "-e", f"evacuate_node_report_path={page}"]

    with running_cluster(scenario(tmp_path), tmp_path) as cluster:
        ansible = Ansible(tmp_path, cluster.inventory)

        emptied = ansible.evacuate("-e", "evacuate_node_name=NODE1", "--diff", *kept)

        assert emptied.code == 0, emptied.text
        assert_nothing_is_forged(emptied.text)
        assert cluster.migrations() == dict.fromkeys(NAMES, 1)
        assert "NODE1" not in cluster.owners().values()
        recorded = from_artifact(json.loads(ledger.read_text(encoding="utf-8")))
        assert sorted(vm["name"] for vm in recorded["vms"]) == sorted(NAMES)
        report = page.read_text(encoding="utf-8")
        assert DANGEROUS.search(report) is None
        shown = read_page(report)
        assert shown.tags.isdisjoint({"script", "b"})
        assert set(NAMES[:4]) <= set(shown.vms)
        assert len(shown.timeline_vms) == len(NAMES)

        back = ["-e", "restore_node_name=NODE1", "-e", f"restore_node_ledger_path={ledger}"]
        command = ["ansible-playbook", *ansible.sources, "hyperv.migration.restore_node", "--diff", *back]
        restored = ansible.run(*command, "-e", "restore_node_poll_interval=0.1")

        assert restored.code == 0, restored.text
        assert_nothing_is_forged(restored.text)
        assert set(cluster.owners().values()) == {"NODE1"}
        assert cluster.migrations() == dict.fromkeys(NAMES, 2)
    assert not list(tmp_path.glob("**/forged"))


@pytest.mark.long
def test_a_hostile_name_forges_nothing_where_its_vm_cannot_be_moved(tmp_path: pathlib.Path) -> None:
    broken = {"name": FAILS, "owner": "NODE1", "memory_mb": 1024, "migration": {"fails_at": 60, "hresult": 0x8007000E}}
    once = ["-e", "evacuate_node_retries=0", "-e", "evacuate_node_attempts=1"]

    with running_cluster(scenario(tmp_path, broken), tmp_path) as cluster:
        ansible = Ansible(tmp_path, cluster.inventory)

        answer = ansible.evacuate("-e", "evacuate_node_name=NODE1", *once)

        assert answer.code == 2
        assert_nothing_is_forged(answer.text)
        assert cluster.owners()[FAILS] == "NODE1"
        assert sorted(cluster.migrations()) == sorted([*NAMES, FAILS])
