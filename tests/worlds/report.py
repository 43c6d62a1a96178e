# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shows a world in a dozen lines: the cluster, each run with what it said, what others did, and what is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .play import Episode
from .world import World


def describe(world: World, episodes: Sequence[Episode], violations: Sequence[str]) -> list[str]:
    """Return the lines."""
    lines = [f"World {world.name}", f"  nodes: {', '.join(map(_short, world.scenario.nodes))}"]
    lines += [f"  vm: {_short(vm)}" for vm in world.scenario.vms]
    lines += ["  beside it a second cluster with the same names"] if world.twin else []
    switches = _short(world.scenario.switches)
    lines += [f"  switches: {switches}"] if switches else []
    for number, episode in enumerate(episodes):
        lines.append(f"  run {number}: {_short(episode.run)}")
        lines += [
            f"    before request {step.request}: {' '.join(filter(None, (step.kind, step.subject, step.other)))}"
            f"{f' {step.amount:g}' if step.amount else ''}"
            for step in episode.steps
        ]
        lines.append(f"    {episode.told.ending} after {len(episode.moments)} requests: {episode.told.text[:300]}")
    return lines + [f"  VIOLATION {violation}" for violation in violations]


def _short(value: object) -> str:
    """Return the fields that differ from their defaults, the first one without its name."""
    if not dataclasses.is_dataclass(value):
        return repr(value)
    words = []
    for number, field in enumerate(dataclasses.fields(value)):
        content = getattr(value, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if content != default and field.name not in ("id", "group", "folder", "disks", "listener_addresses", "domain"):
            shown = f"({_short(content)})" if dataclasses.is_dataclass(content) else str(content)
            words.append(shown if not number else f"{field.name}={shown}")
    return " ".join(words)
