# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether all clusters and hosts of a play are ready: each host is in a table, or is a row that says why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..cluster.cluster import Cluster
from ..failure.errors import HyperVError
from ..failure.finding import ERROR, Finding
from .readiness_table import (
    ASK_AGAIN,
    CONNECTION,
    NOT_READY,
    STATE,
    Row,
    check_access,
    check_readiness,
    row_of_silence,
)
from .survey import Party, Survey, Unasked

Enter = Callable[[str], Cluster]


def check_all(survey: Survey, enter: Enter, reserve_percent: float) -> list[Row]:
    """Look at everything that can be looked at; nothing is changed, and nothing that fails is an error.

    ``enter`` returns the cluster as it is seen from an inventory host, and raises as ``Cluster.home``.
    """
    tables = {party.hosts: _look(party, enter, reserve_percent) for party in survey.parties}
    astray: list[Row] = []
    for one in survey.unasked:
        found = _unasked(one, enter)
        meant = survey.node_listed_as(one)
        if meant is None:
            astray += found
        else:
            party, node = meant
            tables[party.hosts] += [row for row in found if not _is_told(row, node, tables[party.hosts])]
    for party in survey.parties:
        table = tables[party.hosts]
        cluster = party.cluster.full_name if party.cluster is not None else ""
        tables[party.hosts] = [dataclasses.replace(row, cluster=cluster) for row in (*table, *_left_out(party, table))]
    return [*(row for table in tables.values() for row in table), *astray]


def _look(party: Party, enter: Enter, reserve_percent: float) -> list[Row]:
    first, *others = party.hosts
    try:
        return check_readiness(enter(first), reserve_percent, others)
    except (HyperVError, NoAnswer) as error:
        return [row_of_silence(first, error)]


def _left_out(party: Party, table: Sequence[Row]) -> Iterator[Row]:
    """Yield a row for each host that answered, and of which the table says nothing."""
    told = {first_label(row.subject) for row in table if row.finding.subject_kind != "cluster"}
    for host, identity in party.members.items():
        if told.isdisjoint((first_label(identity.computer.name), first_label(host))):
            message = f"It was not looked at. It is {identity}, of which the other rows say nothing."
            yield Row(CONNECTION, Finding("not_checked", ERROR, host, "host", message, ASK_AGAIN))


def _unasked(one: Unasked, enter: Enter) -> list[Row]:
    """Return all rights that a host lacks, or the one reason why it could not be asked."""
    if isinstance(one.error, Fault):
        refusals = [row for row in check_access(one.host, lambda: enter(one.host).home) if row.status == NOT_READY]
        if refusals:
            return refusals
    row = row_of_silence(one.host, one.error)
    finding = dataclasses.replace(row.finding, message=f"It was not looked at. {row.finding.message}")
    return [dataclasses.replace(row, finding=finding)]


def _is_told(row: Row, node: str, table: Sequence[Row]) -> bool:
    """Tell whether a table says the same of the node that a host is; that one is down explains that it is silent."""
    label = first_label(node)
    told = {one.check for one in table if one.status == NOT_READY and first_label(one.subject) == label}
    return row.check in told or (row.check == CONNECTION and STATE in told)
