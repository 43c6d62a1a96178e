# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to type at a simulated cluster, ready to be pasted into a shell."""

from __future__ import annotations

import pathlib
import shlex
import sys
import typing as t
from collections.abc import Mapping

from tests.simulator.scenario import Scenario


class UnknownNode(Exception):
    """The node to be emptied is not one that can be; the text says which are."""


def instructions(scenario: Scenario, folder: pathlib.Path, control: str, wanted: str | None) -> str:
    """Return the commands for the maintenance of ``wanted``, or else of the node with most VMs. Raises UnknownNode."""
    node = _node(scenario, wanted)
    up = [one.name for one in scenario.nodes if one.state == "up"]
    asked = next((name for name in up if name != node), node)
    activate = pathlib.Path(sys.executable).parent / "activate"
    return f"""\
The simulated cluster {scenario.cluster.name} runs: {len(scenario.nodes)} nodes, {len(scenario.vms)} VMs, \
{scenario.clock.speed:g} simulated seconds to a real one.
Ctrl-C ends it. In another terminal, first:

  . {shlex.quote(str(activate))}
  cd {shlex.quote(str(folder))}

The maintenance of {node}, as on a real cluster but for the inventory:

  ansible-playbook -i hosts.yml hyperv.migration.check_readiness
  ansible -i hosts.yml {asked} -m hyperv.migration.hyperv_evacuation_plan_info -a node={node}
  ansible-playbook -i hosts.yml hyperv.migration.evacuate_node -e evacuate_node_name={node} --check
  ansible-playbook -i hosts.yml hyperv.migration.evacuate_node -e evacuate_node_name={node}
  ansible-playbook -i hosts.yml hyperv.migration.restore_node -e restore_node_name={node}

What is so in truth, and how to begin anew (the ledgers of before go with the second one):

  curl -s {control.rstrip("/")}/state
  curl -s -X POST {control.rstrip("/")}/reset; rm -f hyperv-ledger-*
"""


def answered_by(counters: Mapping[str, t.Any]) -> str:
    """Return what the recording has answered, and what the simulated cluster has."""
    counts, changed_by = counters["answered_by"], counters["changed_by"]
    lines = [
        f"Answered from the recording: {counts['recording']} requests; by the simulated cluster: {counts['scenario']}.",
        *(f"  {line}" for line in counters["by_scenario"]),
    ]
    if changed_by:
        lines.append(f"From {changed_by} on the simulated cluster answered, for that changed something.")
    return "\n".join(lines)


def _node(scenario: Scenario, wanted: str | None) -> str:
    up = [one.name for one in scenario.nodes if one.state == "up"]
    if wanted is None:
        crowded = sorted(up, key=lambda name: -sum(vm.owner == name for vm in scenario.vms))
        return crowded[0] if crowded else scenario.nodes[0].name
    for name in (one.name for one in scenario.nodes):
        if name.lower() == wanted.lower():
            return name
    raise UnknownNode(f"The scenario has no node {wanted}. Its nodes are {', '.join(n.name for n in scenario.nodes)}.")
