# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person reads at the end of a maintenance. Pure.

Names of VMs are shown as ``clean`` makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..cluster.vms import Vm
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import full_stop
from ..failure.grouping import Failed, told_together
from ..migration.move_record import MaintenanceRecord, MoveRecord
from ..planning.evacuation_plan import EvacuationPlan
from ..planning.helper_moves import step_aside
from ..planning.restoration_plan import AWAY, MOVED_ON, RestorationPlan
from ..scheduling.move_results import describe_move
from .node_hold import NodeHold

# Codes of infeasibility whose message only repeats what is said of each VM.
_SAID_OF_EACH_VM = frozenset({"blocked", "strategy"})

RESTORE = "Bring its VMs back with hyperv.migration.restore_node."
RESUME_OR_RESTORE = (
    "Resume it with hyperv_cluster_node (state=active), or bring its VMs back with hyperv.migration.restore_node."
)


NEVER_PAUSED = "The host is not a node of a cluster, so it was not paused."


def together(*parts: str) -> str:
    """Return sentences as one text; empty ones are left out."""
    return " ".join(part.strip() for part in parts if part.strip())


def names(vms: Iterable[Vm]) -> str:
    """Return the names of VMs."""
    return ", ".join(clean(vm.name) for vm in vms)


def broke_off(what: str, error: Exception) -> str:
    """Return why something ended in the middle."""
    if isinstance(error, (HyperVError, NoAnswer)):
        return f"{what} broke off: {full_stop(with_remedy(error))} Run it again; it goes on with what is left."
    return (
        f"{what} broke off by an error that was not foreseen, {type(error).__name__}: {full_stop(str(error))} Run it "
        "again, and report this."
    )


def infeasible(plan: EvacuationPlan) -> str:
    """Return why a node cannot be emptied, for each VM with what to do about it."""
    return _infeasible(f"Nothing was changed on {plan.node}, because", plan)


def infeasible_again(plan: EvacuationPlan) -> str:
    """Return why a node cannot be emptied any more, when VMs of other nodes have not stepped aside."""
    return _infeasible("Planned again after that:", plan)


def _infeasible(beginning: str, plan: EvacuationPlan) -> str:
    found = plan.infeasibility
    if found is not None and found.code == "restart":
        why = f"it is to be restarted and {', '.join(found.vms)} would go down with it."
    elif found is not None and found.code not in _SAID_OF_EACH_VM:
        why = together("it cannot be emptied.", found.message)
    else:
        why = "it cannot be emptied."
    by_reason: dict[tuple[str, str], list[Vm]] = {}
    for stay in plan.stays:
        if stay.is_blocking:
            by_reason.setdefault((stay.finding.message, stay.finding.remedy), []).append(stay.vm)
    each = [f"{names(vms)}: {message} {remedy}".strip() for (message, remedy), vms in by_reason.items()]
    helped = step_aside(plan.helpers)
    return clean(together(f"{beginning} {why}", *each, helped, *map(full_stop, plan.notes)))


def moves_failed(node: str, records: Sequence[MaintenanceRecord]) -> str:
    """Return which moves of an evacuation failed, and each reason once; empty for none."""
    own = [one for one in records if not one["helper"]]
    failed = _failed(own)
    if not failed:
        return ""
    told = told_together(failed)
    return clean(together(f"{len(failed)} of {len(own)} VMs could not be moved from {node}.", *map(full_stop, told)))


def _failed(records: Iterable[MoveRecord]) -> list[Failed]:
    """Return the moves that failed, in words, and why."""
    return [
        (describe_move(one), one["error"], one["destination_host"])
        for one in records
        if one["outcome"] == "failed" and one["error"] is not None
    ]


def not_aside(records: Sequence[MaintenanceRecord]) -> str:
    """Return which VMs of other nodes did not step aside as planned, and why; empty for none."""
    helpers = [one for one in records if one["helper"]]
    told = told_together(_failed(helpers), " did not step aside", " did not step aside")
    told += [
        f"{one['vm']['name']} did not step aside to {one['destination_host']}: it is on {one['host_after']}, where "
        "somebody else has moved it."
        for one in helpers
        if one["outcome"] == "elsewhere"
    ]
    return clean(together(*told))


def stepped_aside(records: Sequence[MaintenanceRecord]) -> str:
    """Return which VMs of other nodes have stepped aside, and who brings them home; empty for none."""
    aside = [describe_move(one) for one in records if one["helper"] and one["outcome"] == "moved"]
    if not aside:
        return ""
    return clean(f"Stepped aside: {', '.join(aside)}. hyperv.migration.restore_node brings them home.")


def left_behind(node: str, vms: Sequence[Vm]) -> str:
    """Return which VMs are on a node that was to be empty."""
    if not vms:
        return ""
    return f"These VMs are on {node} although all planned moves have ended: {names(vms)}. Run the evacuation again."


def not_stopped(messages: Iterable[str]) -> str:
    """Return which VMs could not be stopped."""
    return clean(together(*messages))


def died(vms: Sequence[Vm]) -> str:
    """Return which VMs ran before and are off now."""
    if not vms:
        return ""
    each = ", ".join(f"{clean(vm.name)} ({vm.state}, on {vm.node or 'no node'})" for vm in vms)
    return (
        f"These VMs ran before and do not run now, although they were not to be stopped: {each}. Look at the event log "
        "Hyper-V-Worker of the nodes. hyperv.migration.restore_node starts them; to start them where they are, use "
        "hyperv_vm_state."
    )


def not_paused(hold: NodeHold) -> str:
    """Return why a node is not as an evacuation leaves it; empty where it is, and for a host by itself."""
    node = hold.node
    if node is None:
        unread = f"Whether {hold.name} is paused could not be read: {full_stop(hold.unread)} Run the evacuation again."
        return unread if hold.unread else ""
    if node.state == "paused":
        return ""
    if node.state == "up":
        return f"{node.name} is up, and not paused: somebody resumed it while it was emptied. Run the evacuation again."
    return (
        f"{node.name} is {node.state}: it went away during its evacuation. The cluster restarts elsewhere what "
        "still ran on it, so guests may have been restarted instead of moved. Look at the VMs and at the node."
    )


def state_after_success(is_clustered: bool, then: str) -> str:
    """Return how a node is left by an evacuation that succeeded, and what comes next."""
    if is_clustered:
        return together("The node is paused.", then or RESTORE)
    return together("It is not a node of a cluster, so nothing keeps VMs from being started on it.", then or RESTORE)


def state_after_failure(hold: NodeHold, *, was_paused_before: bool, gives_back: bool) -> str:
    """Return how a node is left by an evacuation that failed: as it was read last, and by whom as far as is known."""
    if hold.node is None:
        return together(
            f"Whether the node is paused is not known: {full_stop(hold.unread)}", "Look with hyperv_cluster_node_info."
        )
    if hold.state == "up" and hold.asked_to_resume:
        return "The node was given back: it takes VMs again."
    if hold.state == "up":
        by = ": somebody else resumed it" if hold.is_paused_by_us or was_paused_before else ""
        return f"The node is not paused{by}. It takes VMs."
    if hold.state != "paused":
        return f"The node is {hold.state}."
    if was_paused_before:
        return f"The node had been paused before this run, and stays so. {RESUME_OR_RESTORE}"
    if hold.why_not_resumed:
        return together(f"The node could not be resumed: {full_stop(hold.why_not_resumed)}", RESUME_OR_RESTORE)
    if not gives_back:
        return f"The node stays paused, as give_back=false says. {RESUME_OR_RESTORE}"
    by = "" if hold.asked_to_pause else ": somebody else paused it"
    return f"The node is paused{by}. {RESUME_OR_RESTORE}"


def started_again(vms: Sequence[Vm]) -> str:
    """Return which VMs were started again."""
    return f"Started again: {names(vms)}." if vms else ""


def still_stopped(vms: Sequence[Vm]) -> str:
    """Return which VMs ran before and are left off or saved by an evacuation that failed."""
    if not vms:
        return ""
    return (
        f"Still stopped, although running before: {names(vms)}. hyperv.migration.restore_node brings them back and "
        "starts them."
    )


def stopped_until_restored(vms: Sequence[Vm]) -> str:
    """Return which VMs the evacuation has stopped, and who starts them."""
    if not vms:
        return ""
    return f"Stopped for the evacuation: {names(vms)}. hyperv.migration.restore_node starts them."


def may_still_stop(vms: Sequence[Vm]) -> str:
    """Return which guests were asked to shut down and may still do so."""
    if not vms:
        return ""
    return (
        f"Asked to shut down, still running, and may yet go off: {names(vms)}. Look at them again; "
        "hyperv.migration.restore_node starts those that have gone off."
    )


def off_since_the_plan(vms: Sequence[Vm]) -> str:
    """Return which VMs ran when the plan was made that was given, and were off when the evacuation began."""
    if not vms:
        return ""
    return (
        f"Running when the plan was made, and off when this evacuation began: {names(vms)}. They were left off, and "
        "hyperv.migration.restore_node does not start them."
    )


def died_before(entries: Sequence[str]) -> str:
    """Return which VMs a former run of the same evacuation found off that ran before."""
    if not entries:
        return ""
    return (
        f"Off since a former run of this evacuation, although running before: {', '.join(map(clean, entries))}. "
        "hyperv.migration.restore_node starts them."
    )


def not_back(plan: RestorationPlan, records: Sequence[MoveRecord], not_started: Sequence[tuple[str, str]]) -> str:
    """Return which VMs are not as they were, and why; empty for none.

    ``not_started``: names of VMs and why they do not run.
    """
    node = plan.home.node.name
    lines = told_together(_failed(records), " is not back", " are not back")
    lines += [f"{describe_move(one)} is still on its way." for one in records if one["outcome"] == "started"]
    lines += [
        f"{one['vm']['name']} was not begun, and is on {one['source_host']}."
        for one in records
        if one["outcome"] == "not_begun"
    ]
    lines += [f"{name} is not started: {full_stop(why)}" for name, why in not_started]
    lines += [f"{vm.subject} is not back: {vm.text}" for vm in plan.leaving]
    if not lines:
        return ""
    again = f"Remove the cause and run the restore of {node} again: it goes on with what is left."
    return clean(together(*map(full_stop, lines), again))


def without_room(plan: RestorationPlan) -> str:
    """Return which VMs stay where they are since there is no room for them on their node; empty for none."""
    return clean(together(*(f"{one.subject} is not back: {one.text}" for one in plan.without_room)))


def kept_in_the_ledger(plan: RestorationPlan) -> str:
    """Return which VMs nobody knows any more, and how to forget them."""
    if not plan.gone:
        return ""
    gone = ", ".join(clean(vm.subject) for vm in plan.gone)
    return (
        f"Known neither to Hyper-V nor to the cluster, and kept in the ledger: {gone}. If they were deleted, run this "
        "again with forget_gone=true (restore_node_forget_gone)."
    )


def moved_on(plan: RestorationPlan) -> str:
    """Return which VMs wait for the end of the maintenance of another node."""
    waiting = [one for one in plan.stays if one.code == MOVED_ON]
    return clean(together(*(f"{one.subject} is kept in the ledger: {one.text}" for one in waiting)))


def left_aside(plan: RestorationPlan) -> list[str]:
    """Return which VMs stay where they have stepped aside to, and why."""
    return [clean(f"{one.subject} is kept in the ledger: {one.text}") for one in plan.stays if one.code == AWAY]


def not_started_on_purpose(plan: RestorationPlan) -> str:
    """Return which VMs are off that ran before, and that the evacuation did not stop."""
    if not plan.off:
        return ""
    off = ", ".join(clean(vm["name"]) for vm in plan.off)
    return f"Off or saved, although running before, and not started, since the evacuation did not stop them: {off}."


def not_up(hold: NodeHold) -> str:
    """Return why a node is not as a restoration leaves it; empty where it is, and for a host by itself."""
    if hold.node is None:
        return f"How {hold.name} is left could not be read: {full_stop(hold.unread)}" if hold.unread else ""
    if hold.node.state == "up":
        return ""
    name, state = hold.node.name, hold.node.state
    if state == "paused":
        return (
            f"{name} is paused again: somebody else paused it while its VMs were moved back. Resume it with "
            "hyperv_cluster_node (state=active) if it is to take VMs."
        )
    return (
        f"{name} is {state}: it went away while its VMs were moved back. The cluster restarts elsewhere what ran on "
        "it. Look at the node, and run the restoration again when it is up."
    )
