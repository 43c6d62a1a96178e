# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rolling maintenance says at its end, or when it stops."""

from __future__ import annotations

import dataclasses

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.rolling import (
    NodeLeft,
    Stop,
    Unfinished,
    describe_cluster,
    describe_end,
    describe_unfinished,
    find_unfinished,
    read_node_left,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import Ledger

from tests.support.maintenance import MemoryLedger, Story
from tests.support.rolling_states import HOSTS, a_state
from tests.support.scenarios import NODES, node, scenario, vm, with_nodes
from tests.support.simulated import Simulated

GIVEN = scenario(NODES, [vm("web01", owner="NODE1"), vm("web02", owner="NODE2")])


def test_the_end_of_a_node_says_how_far_the_whole_is() -> None:
    assert describe_end(a_state("done"), "NODE1", dry_run=False) == (
        "NODE1 is done. n1.example done; n2.example, n3.example not begun."
    )
    assert describe_end(a_state("done", "done", "done"), "NODE3", dry_run=False) == (
        "NODE3 is done. The rolling maintenance is finished."
    )
    assert describe_end(None, "NODE1", dry_run=True) == "NODE1 would be done."


class TestStop:
    STOP = Stop(
        "NODE1",
        "evacuated",
        "Install updates",
        "The disk is full.",
        NodeLeft("is paused and has 0 VMs"),
        "/kept",
        "n3",
        "p",
        False,
    )

    def test_it_says_why_how_the_node_is_left_and_how_to_go_on(self) -> None:
        assert self.STOP.why == (
            'The rolling maintenance stops at NODE1, at the task "Install updates": The disk is full.'
        )
        assert self.STOP.how_on() == [
            "How it is left: NODE1 is paused and has 0 VMs; it was evacuated, and your tasks are not done.",
            "Its ledger, which lists the VMs that were moved, is in the folder /kept.",
            "The rolling maintenance: p.",
            "To go on, remove the cause and run the same command again: nodes that are done are skipped, and NODE1 "
            "continues with your tasks.",
            "To give NODE1 its VMs back without that: ansible-playbook hyperv.migration.restore_node -e "
            "restore_node_name=NODE1 -e restore_node_ledger_folder=/kept -e restore_node_via=n3",
        ]

    def test_it_never_says_that_something_was_changed_that_was_not(self) -> None:
        for stop in (
            dataclasses.replace(self.STOP, dry_run=True),
            dataclasses.replace(self.STOP, phase=None),
            dataclasses.replace(self.STOP, phase=""),
        ):
            text = "\n".join([stop.why, *stop.how_on()])
            assert "othing was changed" in text
            assert "restore_node" not in text

    def test_it_says_once_that_nothing_was_changed_whatever_the_reason_says(self) -> None:
        for said in ("Nothing was changed. There is no such file.", "There is no such file. Nothing was changed."):
            refused = dataclasses.replace(self.STOP, reason=said, phase=None, task="")
            assert refused.why == (
                "The rolling maintenance stops at NODE1: There is no such file. Nothing was changed on it in this run."
            )
            assert dataclasses.replace(refused, dry_run=True).why == (
                "The rolling maintenance stops at NODE1: There is no such file. Nothing was changed."
            )
        refused = dataclasses.replace(self.STOP, reason="Nothing was changed on NODE1, because x.", dry_run=True)
        assert refused.why.endswith(": Nothing was changed on NODE1, because x.")

    def test_what_others_wrote_cannot_forge_a_line(self) -> None:
        forged = dataclasses.replace(self.STOP, reason="x\nThe rolling maintenance: finished.", task="a\nb")
        assert "\n" not in forged.why
        assert forged.how_on() == self.STOP.how_on()


def test_how_a_node_is_left_is_read_and_that_it_could_not_be_read_is_said() -> None:
    simulated = Simulated(with_nodes(GIVEN, node("NODE1", state="paused")), home="NODE3")

    def left(node: str) -> str:
        found = read_node_left(lambda: simulated.cluster, node, ())
        assert not found.stopped
        return found.words

    assert left("NODE1") == "is paused and has 1 VM"
    assert left("NODE3") == "is up and has 0 VMs"
    simulated.lose = lambda asked, request: "down"

    def unreachable() -> Cluster:
        raise HyperVError("n3 is another machine.")

    assert left("NODE1") == "could not be read (NODE3 is down)"
    assert read_node_left(unreachable, "NODE1", ()) == NodeLeft("could not be read (n3 is another machine)")


def test_vms_that_are_off_because_of_a_node_that_was_begun_are_named() -> None:
    given = [vm("build"), vm("db01"), vm("off01", state="off"), vm("web01"), vm("app01", owner="NODE3")]
    story = Story(scenario(NODES, given))
    story.evacuate(("build", "shutdown"), ("db01", "save"))
    emptied = story.ledger.content
    story.node, story.ledger = "NODE3", MemoryLedger()
    story.evacuate(("app01", "shutdown"))

    def stopped(*ledgers: Ledger | None) -> list[str]:
        found = read_node_left(story._cluster, "NODE1", [ledger for ledger in ledgers if ledger is not None])
        assert found.words == "is paused and has 0 VMs"
        return list(found.stopped)

    assert stopped(emptied) == ["build (off, on NODE2)", "db01 (saved, on NODE2)"]
    assert stopped(emptied, story.ledger.content)[2:] == ["app01 (off, on NODE2)"]
    stop = dataclasses.replace(TestStop.STOP, node_left=NodeLeft("is paused", ["build (off, on NODE2)"]))
    assert stop.how_on()[1] == "Still stopped, although running before: build (off, on NODE2)."


def test_the_end_says_how_the_cluster_is_or_that_it_could_not_be_read() -> None:
    assert describe_cluster(lambda: Simulated(GIVEN).cluster, ()) == "The cluster is healthy."
    down = with_nodes(GIVEN, node("NODE3", state="down"))
    assert describe_cluster(lambda: Simulated(down).cluster, ()).startswith("Node NODE3 is down.")
    assert describe_cluster(lambda: Simulated(down).cluster, ["node3"]) == "The cluster is healthy."

    def unreachable() -> Cluster:
        raise HyperVError("No host answers.")

    assert describe_cluster(unreachable, ()) == "How the cluster is now could not be read. No host answers."


class TestUnfinished:
    """What a run that was ended by Ansible's own flow control left behind."""

    def test_the_file_says_what_the_run_itself_does_not_know_any_more(self) -> None:
        found = find_unfinished(HOSTS, {HOSTS[0]: ""}, {HOSTS[0]: "evacuated", HOSTS[1]: "done", HOSTS[2]: ""})
        assert found == [Unfinished(HOSTS[0], "evacuated"), Unfinished(HOSTS[2], None)]

    def test_a_dry_run_has_only_what_it_knows_itself(self) -> None:
        assert find_unfinished(HOSTS[:2], {HOSTS[0]: "done"}, {}) == [Unfinished(HOSTS[1], None)]

    def test_they_are_named_with_the_commands_to_go_on(self) -> None:
        said = describe_unfinished(
            [Unfinished(HOSTS[0], "evacuated"), Unfinished(HOSTS[1], None)], HOSTS, folder="/kept", dry_run=False
        )
        for part in (
            "did not come to its end. n1.example: it was evacuated, and your tasks are not done. "
            "n2.example: it was not looked at.",
            "meta: end_host",
            "run the same command again",
            "restore_node -e restore_node_name=n1.example -e restore_node_ledger_folder=/kept",
        ):
            assert part in said

    def test_of_a_dry_run_nothing_is_to_be_restored(self) -> None:
        said = describe_unfinished([Unfinished(HOSTS[0], "")], HOSTS, dry_run=True)
        assert "n1.example: its dry run was ended." in said
        assert "restore_node" not in said

    def test_no_node_at_all_is_no_success(self) -> None:
        assert "no host in the group hyperv_nodes within the limit" in describe_unfinished([], [], dry_run=False)
        said = describe_unfinished([], [], ["hyperv_nodes"], dry_run=False)
        assert "rolling_maintenance_hosts is ['hyperv_nodes']. It must be one pattern" in said

    def test_that_all_are_done_is_said_as_well(self) -> None:
        assert describe_unfinished([], HOSTS[:2], dry_run=False) == (
            "All nodes of this run are done: n1.example, n2.example."
        )
