# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster with every kind of private datum: nodes send each of them, and none is in a recording, in any spelling."""

from __future__ import annotations

import base64
import html
import json
import os
import pathlib
import re
import urllib.parse
import zipfile
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

# One of each: hosts, VMs, domains, accounts, addresses, MACs, SIDs, GUIDs, paths, notes, serial numbers. Each is long
# enough not to come up among the random digits and letters of an archive.
SCENARIO = r"""
cluster: {name: KRONOSCL, fqdn: kronoscl.umbrella.example}
user: {name: svc-hypervadm, password: Sup3rS3cret!, domain: UMBRELLA}
clock: {speed: 20}
nodes:
  - name: HERA02
    networks: [{subnet: 10.77.31.0}, {subnet: 'fd12:77:31::', prefix_length: 64}]
    listener_addresses: [10.77.31.42, 'fd12:77:31::42']
  - name: ZEUS01
    networks: [{subnet: 10.77.31.0}, {subnet: 'fd12:77:31::', prefix_length: 64}]
    listener_addresses: [10.77.31.41, 'fd12:77:31::41']
storage: {kind: spaces_direct, volumes: 2, copies: 2, bad_disks: [ZEUS01 disk 1]}
vms:
  - name: payroll-prod
    id: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
    owner: ZEUS01
    folder: 'C:\ClusterStorage\Volume1\Finance\payroll-prod'
    attachments: [{kind: iso, path: 'D:\Mandanten\a.iso'}]
    notes: >-
      Ask UMBRELLA\jdoerig or jdoerig@umbrella.example (S-1-5-21-3623811015-3361044348-30300820-1013); serial
      VMXKLQ-7741904462-PWT, MAC 00-15-5D-6B-7C-8D or 00:15:5D:6B:7C:8E or 00155D6B7C8F, filer \\filer77\Lohn$\Q3,
      portal https://intra.umbrella.example/payroll?user=jdoerig, disk {9F0C1B7E-55AA-4C1D-8E77-1234ABCD5678}
  - {name: 給与サーバー, owner: HERA02}
  - {name: R&D <Küche> "1", owner: ZEUS01}
  - name: Umbrella Mail
    owner: ZEUS01
    anti_affinity: [TierGold]
    attachments: [{kind: iso, path: '\\filer77\isos\geheim.iso'}]
  - {name: orion9, owner: ZEUS01, migration: {fails_at: 20, hresult: 0x8007000E}}
roles:
  - {name: QuarterlyShare, type: file_server, owner: HERA02}
affinity_rules:
  - {name: KeepApartRule, type: different_node, groups: [payroll-prod, Umbrella Mail]}
"""
PASSWORD = "Sup3rS3cret!"
NAMES = (
    *("KRONOSCL", "umbrella", "ZEUS01", "HERA02", "payroll", "給与サーバー", "Küche", "orion9", "QuarterlyShare"),
    *("TierGold", "KeepApartRule", "jdoerig", "10.77.31", "fd12:77:31", "Finance", "Mandanten", "filer77", "geheim"),
    *("3623811015", "3361044348", "30300820", "VMXKLQ", "7741904462", "Lohn$", "intra."),
    *("15-5D-6B-7C-8D", "15:5D:6B:7C:8E", "155D6B7C8F"),
    *("6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "9F0C1B7E-55AA-4C1D-8E77-1234ABCD5678"),
)
# Windows Server 2016 and earlier have no affinity rules.
UNSENT = ["KeepApartRule"] if os.environ.get("SIMULATED_WINDOWS") in ("2012", "2016") else []
READS = (
    ("hyperv_scenario_info", ""),
    ("hyperv_cluster_health_info", ""),
    ("hyperv_cim_info", "namespace=root/virtualization/v2 class_name=Msvm_VirtualSystemSettingData"),
    ("hyperv_cim_info", "namespace=root/Microsoft/Windows/Storage class_name=MSFT_PhysicalDisk"),
)


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    scenario = folder / "scenario.yml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with running_cluster(scenario, folder) as cluster:
        yield cluster


def spellings(word: str) -> set[bytes]:
    """Return what a word may look like in a file, in lower case."""
    texts = {word, html.escape(word), urllib.parse.quote(word), urllib.parse.quote_plus(word), json.dumps(word)[1:-1]}
    texts.add("".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in word))
    texts.add("".join(letter if letter.isascii() else f"&#x{ord(letter):x};" for letter in word))
    return {text.lower().encode() for text in texts}


def decoded(content: bytes) -> Iterator[bytes]:
    """Yield the texts in a file in lower case, those in base64 too, whatever their encoding."""
    for part in (content, *map(from_base64, re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", content))):
        for code in ("utf-8", "utf-16-le", "utf-16-be"):
            yield part.decode(code, "replace").lower().encode()


def from_base64(text: bytes) -> bytes:
    return base64.b64decode(text[: len(text) // 4 * 4])


def found_in(path: pathlib.Path, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Return which words are in which member of an archive; its own bytes are one, too."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["names of members"] = repr(list(members)).encode()
    members["the archive itself"] = path.read_bytes()
    texts = {name: list(decoded(content)) for name, content in members.items()}
    return {
        (word, name)
        for word in words
        for spelling in spellings(word)
        for name, versions in texts.items()
        if any(spelling in version for version in versions)
    }


def test_none_of_it_is_in_the_archive_although_all_of_it_is_sent(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    folder, path = tmp_path / "hyperv-recordings", tmp_path / "recording.zip"
    for module, options in READS:
        command = ["ansible", *ansible.sources, "ZEUS01", "-m", f"hyperv.migration.{module}"]
        assert ansible.run(*command, "-a", options, warns=True, HYPERV_MIGRATION_RECORDING=str(folder)).code == 0
    command = ["ansible", *ansible.sources, "ZEUS01", "-m", "hyperv.migration.hyperv_vm_migrate"]
    move = "name=orion9 destination_host=HERA02 poll_interval=0.1 record=true"
    failed = ansible.run(*command, "-a", move, folder=tmp_path)
    assert failed.code == 2
    assert [file.name.partition("hyperv_")[2] for file in folder.iterdir()].count("vm_migrate.jsonl") == 1
    assert "0x8007000E" in failed.text

    chosen = {"path": str(path), "vm": "payroll-prod", "destination": "HERA02", "folder": str(folder)}
    given = json.dumps({f"record_cluster_{key}": value for key, value in chosen.items()})
    made = ansible.run("ansible-playbook", *ansible.sources, "hyperv.migration.record_cluster", "-e", given)
    assert made.code == 0, made.text

    sent = html.unescape("".join(json.loads(line).get("content", "") for line in lines(folder))).lower()
    assert [word for word in NAMES if word.lower() not in html.unescape(sent)] == UNSENT
    serials = tuple(set(re.findall(r"<(?:\w+:)?(?:serialnumber|uniqueid)>([^<]+)<", sent)))
    guids = tuple(
        set(re.findall(r"<(?:\w+:)?(?:name|instanceid|vmid)>([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})<", sent))
    )
    assert len(serials) >= 4
    assert len(guids) >= 5
    assert found_in(path, (*NAMES, *serials, *guids, "svc-hypervadm", PASSWORD)) == set()
    assert PASSWORD.lower() not in sent


def lines(folder: pathlib.Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        yield from file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "content",
    [
        '{"x": "\\u7d66\\u4e0e"}',
        "<a>&#x7D66;&#x4e0e;</a>",
        "<a>&#32102;&#19982;</a>",
        "%E7%B5%A6%E4%B8%8E",
        "給与",
        base64.b64encode("before 給与 and after".encode("utf-16-le")).decode(),
    ],
    ids=["JSON", "XML", "XML in decimals", "URL", "as it is", "UTF-16 in base64"],
)
def test_a_name_would_be_found_in_each_spelling(content: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "planted.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("texts.jsonl", content)
    assert ("給与", "texts.jsonl") in found_in(path, ("給与",))
