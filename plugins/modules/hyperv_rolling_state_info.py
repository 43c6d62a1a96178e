# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_state_info
short_description: Read the progress of a rolling maintenance from its file on the controller
version_added: 0.1.0
description:
  - Reads the file that M(hyperv.migration.hyperv_rolling_state) writes.
  - With O(results), it also checks whether a run of the role P(hyperv.migration.rolling_maintenance#role) brought all
    its nodes to their end. Tasks of the user can end the part of a node or a whole play without a failure, with
    C(meta) and C(end_host), C(end_batch) or C(end_play). Check it in a play of its own after the play that runs the
    role, because Ansible does not skip that play.
  - It does not talk to nodes.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode. It does not change anything, and judges a dry run by its results alone.
    support: full
options:
  path:
    description: Path of the file, instead of a generated name in O(folder).
    type: path
  folder:
    description: Directory of the file.
    type: path
    default: "."
  cluster:
    description: Full name of the cluster, to find the file.
    type: str
  cluster_name:
    description:
      - Short name of the cluster, to find files of earlier versions. The default is the first part of O(cluster).
    type: str
    default: ""
  results:
    description:
      - What the role left in the variables C(rolling_maintenance_turn) and C(rolling_maintenance_result) of each host.
        The files are those that the results name.
    type: list
    elements: dict
  must_be_complete:
    description: Whether to fail if a node is not done, or if O(results) is empty because no node was looked at.
    type: bool
    default: false
  pattern:
    description: The pattern of the hosts, for the message if it matched none.
    type: raw
    default: ""
seealso:
  - module: hyperv.migration.hyperv_rolling_state
"""

EXAMPLES = r"""
- name: Show the progress
  hyperv.migration.hyperv_rolling_state_info:
    folder: /var/lib/maintenance
    cluster: hvc1.corp.example

- name: Check that each node is done
  hyperv.migration.hyperv_rolling_state_info:
    must_be_complete: true
    results: >-
      {{ ansible_play_hosts_all | map('extract', hostvars, 'rolling_maintenance_turn') | select('defined')
      + ansible_play_hosts_all | map('extract', hostvars, 'rolling_maintenance_result') | select('defined') }}
  run_once: true
"""

RETURN = r"""
exists:
  description: Whether there is a file.
  type: bool
  returned: success
finished:
  description: Whether all nodes in it are done.
  type: bool
  returned: success
  sample: false
summary:
  description: The progress as text; empty without a file.
  type: str
  returned: success
  sample: NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun
complete:
  description: Whether all nodes of the run are done.
  type: bool
  returned: with O(results)
stopped:
  description: >-
    Whether the run has stopped in time, as its option stop_at has it, and left no node in the middle. That is not a
    failure.
  type: bool
  returned: with O(results)
unfinished:
  description: Nodes of the run that are not done.
  type: list
  elements: dict
  returned: with O(results)
  contains:
    host:
      description: Inventory host.
      type: str
      returned: always
      sample: NODE1
    phase:
      description: Its phase, empty if it is not begun; V(null) if nobody looked at it.
      type: str
      returned: always
      sample: evacuated
state:
  description: The whole state; empty without a file.
  type: dict
  returned: success
  contains:
    format:
      description: Name and version of the format.
      type: str
      returned: if there is a file
      sample: hyperv.migration rolling maintenance 3
    cluster:
      description: Full name of the cluster.
      type: str
      returned: if there is a file
      sample: hvc1.corp.example
    run_id:
      description: Name of the rolling maintenance; may be empty.
      type: str
      returned: if there is a file
      sample: 2026-03
    begun:
      description: Start of the rolling maintenance, in UTC.
      type: str
      returned: if there is a file
      sample: "2026-03-01T22:15:04+00:00"
    updated:
      description: Time of the last change of a phase, in UTC.
      type: str
      returned: if there is a file
      sample: "2026-03-01T22:31:40+00:00"
    work:
      description:
        - The work on each node - C(tasks_file), its C(tasks_sha256), and C(role).
        - V(null) if it is not known.
      type: dict
      returned: if there is a file
    runner:
      description: As RV(hyperv.migration.hyperv_rolling_state#module:state.runner).
      type: dict
      returned: if a run goes through it, or did so last, and not all nodes are done
    nodes:
      description:
        - For each inventory host, its C(phase), the time when it was C(updated), and its C(name) in the cluster.
        - Also C(took), the seconds of its turn, and C(returns_all), whether all VMs return to it, where that is known.
        - C(reached) has the time at which it reached each phase.
      type: dict
      returned: if there is a file
"""
