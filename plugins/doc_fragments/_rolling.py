# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that prepare a rolling maintenance, or a turn in it."""

from __future__ import annotations


class ModuleDocFragment:
    """What a rolling maintenance is asked for, whichever node has its turn."""

    DOCUMENTATION = r"""
options:
  via:
    description: The inventory host to talk through. The default is the first other one of the cluster that answers.
    type: str
    default: ""
  folder:
    description: Directory of the state, and of the ledgers.
    type: path
    default: "."
  run_id:
    description: As O(hyperv.migration.hyperv_rolling_state#module:rolling.run_id).
    type: str
    default: ""
  resume_within:
    description: As O(hyperv.migration.hyperv_rolling_state#module:rolling.resume_within).
    type: int
    default: 72
  allow_changed_work:
    description: As O(hyperv.migration.hyperv_rolling_state#module:rolling.allow_changed_work).
    type: bool
    default: false
  tasks_file:
    description: The user's tasks, as a path from where Ansible was started, or beside the playbook.
    type: str
    default: ""
  role:
    description: The user's role.
    type: str
    default: ""
  home:
    description:
      - VMs that return to their node in any layout, as O(hyperv.migration.hyperv_rolling_plan_info#module:home).
    type: list
    elements: str
    default: []
  strategies:
    description:
      - Strategies for single VMs, as O(hyperv.migration.hyperv_evacuation_plan_info#module:strategies).
    type: raw
    default: []
  ignore:
    description:
      - Names of nodes, VMs, roles and networks whose problems do not count, in any letter case.
      - A list, or text with commas, semicolons or line breaks between the names, as a survey returns it.
    type: raw
    default: []
  timeout:
    description: Seconds to wait until the cluster is healthy. In check mode it checks once.
    type: int
    default: 300
  storage_timeout:
    description:
      - Seconds to wait while the repair of storage is all that there is to wait for. In check mode it checks once.
    type: int
    default: 14400
  poll_interval:
    description: Seconds between two checks, from 0.05 to 3600.
    type: float
    default: 10
"""
