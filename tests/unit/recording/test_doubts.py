# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make doubts`` names the switches that a recording stands against, and no others."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.wish import ENVIRONMENT

from tests.doubts.judges import QUESTIONS
from tests.doubts.verdicts import CONTRADICTED, GUIDE, OPEN, SETTLED, Verdict, judge, read_doubts, told
from tests.simulator.switches import Switches
from tests.support.actions import carry_out
from tests.support.scenarios import node, role, scenario, vm
from tests.unit.recording.recorded import Recorded

NODES = (node("NODE1"), node("NODE2"))
AGAINST: list[dict[str, t.Any]] = [
    {},
    {
        "accepts_setting_data": ("typed_net",),
        "return_codes": "hyperv",
        "job_class": "Msvm_ConcreteJob",
        "provider_on": ("NODE2",),
    },
    {"accepts_setting_data": ("null",)},
    {"accepts_setting_data": ("cim",), "refuses_setting_data_by": "parameter_fault"},
    {"provider_on": "core_group"},
    {"job_namespace": "v2"},
    {"return_form": "synchronous"},
    {"return_form": "done_with_job"},
    {"return_form": "job_unnamed"},
    {"check_method": "missing"},
    {"check_method": "not_supported", "return_codes": "hyperv"},
    {"migrate_method": "missing"},
    {"host_name_form": "fqdn"},
    {"cluster_row": False},
    {"node_rows": False},
    {"wql": "refused", "first_page": "full"},
    {"column_rows": "class_elements", "private_properties": "cim_xml"},
    {"private_properties": "absent"},
    {"private_properties": "whole_rows"},
    {"datetime_form": "bare", "items_in": "enumeration"},
    {"fault_layout": "wmi_error", "migrate_method": "missing"},
    {"internal_groups": "absent"},
    {"shared_volume_links": "absent"},
    {"event_filter_form": "text"},
    {"event_pull_empty": "timed_out"},
    {"compatibility": "missing"},
    {"compatibility": "not_supported"},
    {"compatibility": "failed"},
    {"quorum_answer": "out_parameter"},
    {"missing_class_form": "wmi", "missing_classes": ("MSCluster_AffinityRule",)},
    {"missing_class_form": "filter", "missing_classes": ("MSCluster_AffinityRule",)},
    {"missing_classes": ("MSCluster_AffinityRule",)},
]
# Switches of which no recording says anything by itself, or beside another one.
SILENT = {"refuses_setting_data_by", "missing_classes"}


def verdicts_on(
    switches: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> tuple[list[Verdict], Recorded]:
    """Return what the recording of a cluster, and of a migration on it, says."""
    given = scenario(
        NODES,
        [vm("web01", memory_mb=20000), vm("web02", owner="NODE2")],
        roles=[role("Volume1", "shared_volume", "NODE1")],
        switches=Switches(**switches),
    )
    folder = tmp_path / "recordings"

    def migrate(hosts: list[str]) -> None:
        with monkeypatch.context() as patched:
            patched.setenv(ENVIRONMENT, str(folder))
            carry_out("hyperv_vm_migrate", hosts, name="web01", destination_host="NODE2", wait=False)

    recorded = Recorded(
        monkeypatch,
        tmp_path,
        given,
        before=migrate,
        folder=str(folder),
        name="web02",
        destination_host="NODE1",
    )
    return judge(recorded.recording), recorded


@pytest.mark.parametrize("switches", AGAINST, ids=lambda switches: " ".join(switches) or "none")
def test_exactly_the_switches_that_differ_are_named(
    switches: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    verdicts, recorded = verdicts_on(switches, monkeypatch, tmp_path)

    named = {one.switch: one.value for one in verdicts if one.word == CONTRADICTED}
    name = recorded.packed.rewriter.name
    nodes = tuple(map(name, switches["provider_on"])) if isinstance(switches.get("provider_on"), tuple) else ()
    expected = {key: value for key, value in switches.items() if key not in SILENT}
    assert named == {**expected, **({"provider_on": nodes} if nodes else {})}
    lines = "\n".join(told(verdicts))
    assert all(f"{switch}: " in lines for switch in named)


def test_what_a_migration_answers_is_settled(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    verdicts, unused = verdicts_on({}, monkeypatch, tmp_path)
    words = {one.switch: one.word for one in verdicts if one.switch}
    settled = ("migrate_method", "return_form", "job_class", "job_namespace", "accepts_setting_data", "provider_on")
    assert {switch: words[switch] for switch in settled} == dict.fromkeys(settled, SETTLED)
    assert words["state_changes_in_cluster"] == OPEN


def test_without_a_migration_what_only_it_can_tell_stays_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    recorded = Recorded(monkeypatch, tmp_path, scenario(NODES, [vm("web01")]))
    words = {one.switch: one.word for one in judge(recorded.recording) if one.switch}
    assert {words[switch] for switch in ("migrate_method", "return_form", "job_class", "accepts_setting_data")} == {
        OPEN
    }


def test_nothing_is_contradicted_where_no_volume_is_a_disk_of_the_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    recorded = Recorded(monkeypatch, tmp_path, scenario(NODES, [vm("web01")]))
    assert [one.switch for one in judge(recorded.recording) if one.word == CONTRADICTED] == []


def test_every_doubt_of_the_guide_has_a_line() -> None:
    doubts = read_doubts(GUIDE.read_text(encoding="utf-8"))
    assert list(doubts) == list(range(1, len(doubts) + 1))
    assert len(doubts) >= 28
    assert {one.doubt for one in QUESTIONS} - {0} <= set(doubts)


@pytest.mark.parametrize("switch", [one.switch for one in QUESTIONS])
def test_a_question_is_about_a_switch_that_exists(switch: str) -> None:
    assert hasattr(Switches(), switch)
