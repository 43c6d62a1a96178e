# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""States of rolling maintenance as files on the controller."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

from ._files import find_kept, locked
from ._hyperv.failure.errors import HyperVError
from ._hyperv.records.artifacts import artifact_text
from ._hyperv.records.file_names import Owner, roll_file, roll_file_of_before
from ._hyperv.records.rolls import BEGUN, Wish, enter, join, read_roll

_KEYS = ("folder", "cluster", "node")


def enter_begun(rolling: Mapping[str, t.Any]) -> None:
    """Write down that a node is about to be emptied. Raises HyperVError.

    ``rolling`` says in which rolling maintenance: ``folder``, ``cluster``, ``cluster_name``, ``node`` (its inventory
    host), ``nodes``, ``run_id``, ``begin_anew``, ``resume_within``.
    """
    lacking = [key for key in _KEYS if not isinstance(rolling.get(key), str) or not rolling[key]]
    if lacking:
        raise HyperVError(
            f"rolling has no {', '.join(lacking)}. Give the state of the rolling maintenance as it is kept."
        )
    owner = Owner(rolling["cluster"], rolling.get("cluster_name") or "")
    names = roll_file(owner), roll_file_of_before(owner)
    wish = Wish(
        owner.full,
        [*rolling.get("nodes", ()), rolling["node"]],
        rolling.get("run_id") or "",
        bool(rolling.get("begin_anew")),
        int(rolling.get("resume_within", 72)),
        owner.short,
    )
    now = dt.datetime.now(dt.timezone.utc)
    with locked(find_kept(rolling["folder"], *names).path):
        file = find_kept(rolling["folder"], *names)
        content = file.read()
        where = file.earlier or file.path
        roll = join(read_roll(content, where) if content is not None else None, wish, where, now)
        if roll["nodes"][rolling["node"]]["phase"] != BEGUN:
            file.write(artifact_text(enter(roll, rolling["node"], BEGUN, now)))
