# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which destinations VMs leave to others that keep apart from them, and whose nodes are emptied at the same time. Pure.

A move that fails is planned again, at the same moment for each of these nodes, and none asks the others. So each plans
again with a share of the destinations that is its own: those of hard rules never meet, whoever is first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE, Rule
from .lacking import Lacks
from .snapshot import Snapshot


def left_to_others(snapshot: Snapshot, nodes: Sequence[str], planned: Mapping[str, str]) -> Lacks:
    """Return in clauses which destinations are no choice for VMs of the node of a snapshot, by VM id.

    Args:
        nodes: names of all nodes that are emptied at the same time.
        planned: destinations of the common plan by VM id, which stay a choice for their own VMs.
    """
    label = first_label(snapshot.node.name)
    names = {first_label(one): one for one in nodes}
    on = {vm.id: first_label(vm.node) for vm in snapshot.vms}
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for rule in snapshot.rules:
        if rule.together or not rule.hard:
            continue
        company = sorted({on.get(one, "") for one in rule.members} & names.keys())
        if label not in company or len(company) < 2:
            continue
        shares = _shares(snapshot, rule, company, names)
        others = ", ".join(names[one] for one in company if one != label)
        for vm_id in sorted(one for one in rule.members if on.get(one) == label):
            meant = first_label(planned[vm_id]) if vm_id in planned else ""
            theirs = [(one, who) for one, who in shares.items() if who != label and one != meant]
            text = f"it is left to VMs of {others} that {rule.text} keeps away"
            found[vm_id] = (*found.get(vm_id, ()), *((one, text) for one, unused in theirs))
    return found


def _shares(snapshot: Snapshot, rule: Rule, company: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return for each destination, by first label, the node whose VMs may choose it; each of them finds the same.

    Those of one fault domain are one choice where the rule is about fault domains.
    """
    labels = {*(first_label(one.name) for one in snapshot.destinations), *snapshot.unusable} - names.keys()
    place = {one: one if rule.scope == NODE else snapshot.domains.get(one, one) for one in labels}
    turn = {one: company[number % len(company)] for number, one in enumerate(sorted(set(place.values())))}
    return {one: turn[place[one]] for one in sorted(labels)}
