# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rules, classes and memory say of moves that Hyper-V judges one by one and without a reason."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.judging import judge_together
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask

from tests.support.scenarios import ClusterSpec, affinity_rule, node, scenario, vm
from tests.support.simulated import Simulated

SMALL = [node("NODE1"), node("NODE2", memory_mb=16384), node("NODE3")]
# Affinity rules are there since 2022.
WITH_RULES = [node(f"NODE{number}", windows=2022) for number in (1, 2, 3)]
TWO = scenario(SMALL, [vm("a1", memory_mb=8192), vm("a2", memory_mb=8192)])
RULES = scenario(
    WITH_RULES,
    [
        vm("dc1", memory_mb=4096, anti_affinity=("dcs",)),
        vm("dc2", owner="NODE2", memory_mb=4096, anti_affinity=("dcs",)),
        vm("lb1", memory_mb=4096),
        vm("lb2", owner="NODE2", memory_mb=4096),
    ],
    cluster=ClusterSpec(enforced_anti_affinity=1),
    affinity_rules=[affinity_rule("keep apart", "different_node", ("lb1", "lb2"))],
)


def dry_run(simulated: Simulated, *wishes: tuple[str, str]) -> list[MigrationTask]:
    runs = simulated.rehearse(*wishes)
    assert judge_together(simulated.cluster, runs, is_dry_run=True) == []
    return runs


def made(simulated: Simulated, *wishes: tuple[str, str]) -> list[MigrationTask]:
    runs = simulated.move(*wishes)
    assert judge_together(simulated.cluster, runs, is_dry_run=False) == []
    return runs


def error_of(run: MigrationTask) -> tuple[str, str]:
    return (run.error.code, run.error.text) if run.error is not None else ("", "")


class TestMemory:
    WISHES = (("a1", "NODE2"), ("a2", "NODE2"))

    def test_a_dry_run_adds_up_what_goes_to_a_node_as_the_run_does(self) -> None:
        foreseen, real = dry_run(Simulated(TWO), *self.WISHES), made(Simulated(TWO), *self.WISHES)
        assert [run.outcome for run in foreseen] == ["would_move", "failed"]
        assert [run.outcome for run in real] == ["moved", "failed"]
        code, text = error_of(foreseen[1])
        assert code == "not_enough_memory"
        assert "NODE2 has 4096 MB free beside the other VMs that go there, and VM a2 needs 8192 MB" in text
        assert "NODE2 has 4096 MB free" in error_of(real[1])[1]
        assert "checkpoints" not in error_of(real[1])[1]

    def test_what_leaves_makes_room_in_the_sum(self) -> None:
        given = scenario(SMALL, [vm("a1", memory_mb=8192), vm("b1", owner="NODE2", memory_mb=8192)])
        runs = dry_run(Simulated(given), ("a1", "NODE2"), ("b1", "NODE3"))
        assert [run.outcome for run in runs] == ["would_move", "would_move"]

    def test_what_does_not_run_takes_none(self) -> None:
        given = scenario(SMALL, [vm("a1", memory_mb=8192), vm("a2", memory_mb=8192, state="off")])
        assert [run.outcome for run in dry_run(Simulated(given), *self.WISHES)] == ["would_move", "would_move"]

    def test_less_than_the_reserve_is_a_warning(self) -> None:
        given = scenario(SMALL, [vm("a1", memory_mb=12000)])
        (run,) = dry_run(Simulated(given), ("a1", "NODE2"))
        assert run.outcome == "would_move"
        assert run.warnings == [
            "NODE2 would have 288 MB free after that, less than the 10 % of its memory that an evacuation keeps free."
        ]

    def test_several_moves_that_were_made_warn_of_a_node_that_they_have_filled(self) -> None:
        given = scenario(SMALL, [vm("a1", memory_mb=6000), vm("a2", memory_mb=6000), vm("a3", memory_mb=100)])
        runs = made(Simulated(given), ("a1", "NODE2"), ("a2", "NODE2"), ("a3", "NODE3"))
        assert [run.outcome for run in runs] == ["moved"] * 3
        assert [run.warnings for run in runs] == [
            [],
            ["NODE2 has 288 MB free now, less than the 10 % of its memory that an evacuation keeps free."],
            [],
        ]


class TestRules:
    def test_a_refusal_without_a_reason_names_the_class(self) -> None:
        for run in (dry_run(Simulated(RULES), ("dc1", "NODE2"))[0], made(Simulated(RULES), ("dc1", "NODE2"))[0]):
            code, text = error_of(run)
            assert (code, "NODE2 would break the anti-affinity class dcs (another node)" in text) == (
                "not_migratable",
                True,
            )
            assert "Choose another node than NODE2" in text

    def test_a_rule_that_the_cluster_lets_pass_is_a_warning(self) -> None:
        for run in (dry_run(Simulated(RULES), ("lb1", "NODE2"))[0], made(Simulated(RULES), ("lb1", "NODE2"))[0]):
            assert run.outcome in ("would_move", "moved")
            assert any("would break the affinity rule keep apart (another node)" in one for one in run.warnings)

    def test_rules_are_judged_by_where_all_will_be(self) -> None:
        runs = dry_run(Simulated(RULES), ("lb1", "NODE2"), ("lb2", "NODE3"))
        assert [run.warnings for run in runs] == [[], []]


class TestFaultDomains:
    RULE = affinity_rule("sites", "different_fault_domain", ("one", "two"))
    NODES = (
        node("NODE1", windows=2022, fault_domain=("Site:A",)),
        node("NODE2", windows=2022, fault_domain=("Site:B", "Rack:2")),
        node("NODE3", windows=2022, fault_domain=("Site:B", "Rack:3")),
    )
    GIVEN = scenario(NODES, [vm("one"), vm("two", owner="NODE3")], affinity_rules=[RULE])

    def test_a_move_into_the_domain_of_another_member_is_a_warning(self) -> None:
        for run in (
            dry_run(Simulated(self.GIVEN), ("one", "NODE2"))[0],
            made(Simulated(self.GIVEN), ("one", "NODE2"))[0],
        ):
            assert run.warnings == [
                "NODE2 would break the affinity rule sites (another fault domain). The cluster does not refuse that."
            ]

    def test_all_moves_count_together(self) -> None:
        runs = dry_run(Simulated(self.GIVEN), ("one", "NODE2"), ("two", "NODE1"))
        assert [run.warnings for run in runs] == [[], []]

    def test_what_cannot_be_judged_is_noted(self) -> None:
        unknown = scenario([*self.NODES[:2], node("NODE3", windows=2022)], self.GIVEN.vms, affinity_rules=[self.RULE])
        simulated = Simulated(unknown)
        runs = simulated.rehearse(("one", "NODE3"))
        assert judge_together(simulated.cluster, runs, is_dry_run=True) == [
            "The affinity rule sites (another fault domain) cannot be judged for node3: no fault domain is told of it."
        ]
        assert runs[0].warnings == []


def test_the_rules_of_a_move_cost_no_look_at_all_vms() -> None:
    simulated = Simulated(scenario(vms=[vm("a1", memory_mb=4096), vm("other", owner="NODE3", count=30)]))
    runs = simulated.move(("a1", "NODE2"))
    asked: list[bytes] = []

    def note(node: str, request: bytes) -> str:
        asked.append(request)
        return ""

    simulated.lose = note
    assert judge_together(simulated.cluster, runs, is_dry_run=False) == []
    assert asked
    assert not any(b"Msvm_" in request for request in asked)


def test_where_no_rule_and_no_class_can_apply_the_other_groups_are_not_read() -> None:
    def cost(*, with_class: bool) -> tuple[int, list[str]]:
        classes = ("dcs",) if with_class else ()
        others = vm("dc", count=60, owner="NODE2", memory_mb=16, anti_affinity=("dcs",))
        simulated = Simulated(scenario(WITH_RULES, [vm("dc1", memory_mb=4096, anti_affinity=classes), others]))
        runs = simulated.move(("dc1", "NODE2"))
        before = simulated.sent.total()
        assert judge_together(simulated.cluster, runs, is_dry_run=False) == []
        return simulated.sent.total() - before, runs[0].warnings

    assert cost(with_class=False) == (2, [])
    requests, warnings = cost(with_class=True)
    assert requests > 2
    assert [warning for warning in warnings if "anti-affinity class dcs" in warning] == warnings != []
