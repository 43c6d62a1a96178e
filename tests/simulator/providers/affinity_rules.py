# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MSCluster_AffinityRule. Values: CLUS_AFFINITY_RULE_TYPE of clusapi.h."""

from __future__ import annotations

from collections.abc import Iterator

from ..cim import Instance
from .namespace import ClassTable, View

RULE_TYPES = {"same_fault_domain": 1, "same_node": 2, "different_fault_domain": 3, "different_node": 4}


def _rules(view: View) -> Iterator[Instance]:
    for rule in view.world.scenario.affinity_rules:
        yield {
            "Name": rule.name,
            "RuleType": RULE_TYPES[rule.type],
            "Enabled": int(rule.enabled),
            "Groups": list(rule.groups) or None,
        }


TABLE = ClassTable({"MSCluster_AffinityRule": _rules})
