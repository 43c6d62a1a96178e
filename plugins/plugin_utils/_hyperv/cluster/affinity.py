# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs to keep together or apart: anti-affinity classes and affinity rules.

Sources: Microsoft docs, "Cluster affinity", AntiAffinityClassNames and ClusterEnforcedAntiAffinity; RuleType is
CLUS_AFFINITY_RULE_TYPE of clusapi.h. MSCluster_AffinityRule exists from Windows Server 2022 on.

What they leave open is never hard here, but a wish, so that nothing is called impossible because of it: AntiAffinity-
ClassNames needs "identical" strings and says nothing of upper and lower case, and ClusterEnforcedAntiAffinity speaks of
groups that run on a node as well as of groups that are hosted there, which may mean those that are off, too.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.instances import Instance
from ..._wsman.wql import Query
from .cluster import MSCLUSTER, Cluster
from .groups import GroupTraits, VmGroup

NODE, DOMAIN = "node", "domain"
RULE_TYPES = {1: (True, DOMAIN), 2: (True, NODE), 3: (False, DOMAIN), 4: (False, NODE)}
_UNSET = (None, 0)  # CLUS_AFFINITY_RULE_NONE


class Rule(t.NamedTuple):
    """Some members shall be together or apart.

    Attributes:
        name: for people, such as ``anti-affinity class dc``.
        together: on the same node or in the same fault domain, else on different ones.
        scope: ``node`` or ``domain`` (fault domain).
        hard: the cluster refuses to break it; a soft one gives way where there is no other place.
        members: VM ids, and ``group_member`` of groups that are no VMs.
    """

    name: str
    together: bool
    scope: str
    hard: bool
    members: frozenset[str]

    @property
    def text(self) -> str:
        """Say what it asks for."""
        place = "node" if self.scope == NODE else "fault domain"
        return f"{self.name} ({'the same' if self.together else 'another'} {place})"


def group_member(group: str) -> str:
    """Return the member that stands for a group that is no VM."""
    return f"group {in_capitals(group)}"


def class_rules(classes: Mapping[str, Collection[str]], *, enforced: bool) -> list[Rule]:
    """Return a rule for each anti-affinity class that two or more members have; ``classes`` are those of a member.

    Classes that differ in upper and lower case alone may be one: their members avoid each other as a soft rule.
    """
    members: dict[str, set[str]] = {}
    for member, names in classes.items():
        for name in names:
            members.setdefault(name, set()).add(member)
    spellings: dict[str, list[str]] = {}
    for name in sorted(members):
        spellings.setdefault(in_capitals(name), []).append(name)
    found = [(name, enforced, who) for name, who in sorted(members.items())]
    found += [
        (" or ".join(names), False, set().union(*(members[name] for name in names)))
        for names in spellings.values()
        if len(names) > 1
    ]
    return [
        Rule(f"anti-affinity class {name}", together=False, scope=NODE, hard=hard, members=frozenset(who))
        for name, hard, who in found
        if len(who) > 1
    ]


def counting_what_runs(rules: Sequence[Rule], off: Collection[str]) -> list[Rule]:
    """Return the rules with those that keep members apart hard for members that run, and soft for those that are off.

    ``off`` are the members that will not run by then. The cluster may or may not count them.
    """
    found = []
    for rule in rules:
        idle = rule.members.intersection(off)
        if not rule.hard or rule.together or not idle:
            found.append(rule)
            continue
        if len(rule.members - idle) > 1:
            found.append(rule._replace(members=rule.members - idle))
        found.append(rule._replace(name=f"{rule.name} with what is off", hard=False))
    return found


def read_affinity_rules(cluster: Cluster) -> Sequence[Instance]:
    """Return the rows of all affinity rules, none where the class is missing. Raises Fault and TransportError."""
    return cluster.query_cluster_if_any(Query("MSCluster_AffinityRule"), missing_ok=True)


def collect_rules(
    cluster: Cluster, affinity: Sequence[Instance], roles: Mapping[str, VmGroup], traits: Mapping[str, GroupTraits]
) -> tuple[list[Rule], list[str]]:
    """Return anti-affinity classes and the rules of the rows ``affinity``, and notes on what was left out.

    Members are VM ids, found by way of their resource: a group need not be called like its VM. Those of which ``roles``
    has no VM are ``group_member``. Raises Fault and TransportError.
    """
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    enforced = row is not None and bool(row.integer("ClusterEnforcedAntiAffinity"))
    inside: dict[str, list[str]] = {}
    for vm_id, role in sorted(roles.items()):
        inside.setdefault(in_capitals(role.group), []).append(vm_id)
    members: dict[str, list[str]] = {}
    for name, one in traits.items():
        members[name] = members[in_capitals(one.id)] = inside.get(name, [group_member(name)])
    classes = {member: one.anti_affinity for name, one in traits.items() for member in members[name]}
    rules, notes = enabled_rules(affinity, members)
    return [*class_rules(classes, enforced=enforced), *rules], notes


def enabled_rules(rows: Sequence[Instance], members: Mapping[str, Sequence[str]]) -> tuple[list[Rule], list[str]]:
    """Return the enabled affinity rules of two or more members, and notes on what was left out.

    ``members`` are those of a group, by its name and its id in lower case: no source tells which of both
    MSCluster_AffinityRule.Groups holds.
    """
    rules, notes = [], []
    for row in sorted(rows, key=lambda one: one.text("Name") or ""):
        name, kind = f"affinity rule {row.text('Name')}", row.integer("RuleType")
        if row.integer("Enabled") == 0 or kind in _UNSET:
            continue
        if kind not in RULE_TYPES:
            notes.append(f"The {name} has the unknown type {kind} and is not kept.")
            continue
        together, scope = RULE_TYPES[kind]
        found = {one for group in row.texts("Groups") for one in members.get(in_capitals(group), ())}
        if len(found) > 1:
            # SoftAntiAffinity is a newer property; a rule without it is enforced.
            rules.append(Rule(name, together, scope, not row.integer("SoftAntiAffinity"), frozenset(found)))
    return rules, notes


def read_domains(cluster: Cluster) -> dict[str, str]:
    """Return the fault domain of each node that has one, by first label. Raises Fault and TransportError.

    MSCluster_Node.FaultDomain lists a node's levels; no source tells which one a rule is about. The site counts where
    one is told, as in a stretched cluster, else all levels together.
    """
    domains = {}
    for row in cluster.home.query(MSCLUSTER, Query("MSCluster_Node", ("Name", "FaultDomain"))):
        levels = [one.strip() for one in row.texts("FaultDomain") if one.strip()]
        site = next((one for one in levels if one.casefold().startswith("site")), "/".join(levels))
        if site:
            domains[first_label(row.text("Name") or "")] = site.casefold()
    return domains


def note_unjudged_rules(rules: Sequence[Rule], domains: Mapping[str, str], nodes: Collection[str]) -> list[str]:
    """Return a note for each rule about fault domains that nodes without one (by first label) leave open."""
    without = sorted(node for node in nodes if node not in domains)
    return [
        f"The {rule.text} cannot be judged for {', '.join(without)}: no fault domain is told of it."
        for rule in rules
        if rule.scope == DOMAIN and without
    ]
