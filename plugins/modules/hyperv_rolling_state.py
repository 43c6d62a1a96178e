# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_rolling_state
short_description: Store the progress of a rolling maintenance in a file on the controller
version_added: 0.1.0
description:
  - Stores the phase of a node in a rolling maintenance, so that an interrupted rolling maintenance can be resumed.
  - The role P(hyperv.migration.rolling_maintenance#role) uses it. Use it directly if you write your own role.
  - A rolling maintenance begins with the first node and is finished when all its nodes are done. After that, the next
    one begins.
  - The first phase that a run of Ansible stores makes it the one that goes through the rolling maintenance, until all
    nodes are done or the run has ended. Another run is refused meanwhile, also by
    M(hyperv.migration.hyperv_rolling_node_info). A run of another controller or container counts as ended when the file
    has not been touched for 120 seconds. Every run touches it every ten seconds as long as it lives.
  - It writes the file in one step with mode 0600, and follows a path that is a link. It does not talk to nodes.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes.controller
attributes:
  check_mode:
    description: Can run in check mode and say what would be changed, without changing it.
    support: full
options:
  rolling:
    description:
      - The rolling maintenance, and the node in it, as RV(hyperv.migration.hyperv_rolling_node_info#module:rolling).
    type: dict
    required: true
    suboptions:
      path:
        description:
          - Path of the file, instead of a generated name in O(rolling.folder).
          - A relative path starts where Ansible was started. Its directory is created if it is missing.
        type: path
      folder:
        description:
          - Directory of the file. The name of the file contains O(rolling.cluster), such as
            C(hyperv-rolling-hvc1.corp.example.json).
        type: path
        default: "."
      cluster:
        description:
          - Full name of the cluster. A file of another cluster is refused.
          - A file of an earlier version, with the cluster's short name only, does not identify the cluster. The rolling
            maintenance begins again without skipping nodes, with a warning.
        type: str
        required: true
      cluster_name:
        description:
          - Short name of the cluster, to find files of earlier versions. The default is the first part of
            O(rolling.cluster).
        type: str
        default: ""
      node:
        description: The inventory host of the node.
        type: str
        required: true
      name:
        description: Its name in the cluster.
        type: str
        default: ""
      nodes:
        description: Inventory hosts of all nodes. Nodes that the file does not contain yet are added.
        type: list
        elements: str
        default: []
      run_id:
        description:
          - Name of the rolling maintenance, such as V(2026-03). With it, nodes that are done stay done until you set
            another name.
          - An unfinished rolling maintenance of another name is refused.
        type: str
        default: ""
      begin_anew:
        description:
          - Whether to begin with all nodes again although a rolling maintenance is unfinished. Nodes that it left
            paused are in the phase C(begun) then.
        type: bool
        default: false
      resume_within:
        description:
          - Hours since its last change after which an unfinished rolling maintenance is refused instead of resumed.
        type: int
        default: 72
      work:
        description:
          - The work on each node. Other work than that of an unfinished rolling maintenance is refused if nodes are
            done that would not get it.
        type: dict
        suboptions:
          tasks_file:
            description: Path of a file of tasks.
            type: str
            default: ""
          tasks_sha256:
            description: SHA-256 of its content.
            type: str
            default: ""
          role:
            description: Name of a role.
            type: str
            default: ""
      allow_changed_work:
        description: Whether to accept it, with a warning.
        type: bool
        default: false
      forget:
        description: Nodes to remove, because the inventory does not contain them any more.
        type: list
        elements: str
        default: []
      began:
        description: When the turn of the node began, in ISO 8601. The seconds that it took are noted with V(done).
        type: str
        default: ""
      estimate:
        description: What the rest is expected to take when half of the nodes are done. It is noted with V(begun).
        type: dict
        suboptions:
          done:
            description: How many nodes are done.
            type: int
            required: true
          nodes:
            description: The inventory hosts that are not.
            type: list
            elements: str
            required: true
          seconds:
            description: How long those are expected to take.
            type: int
            required: true
      together:
        description: The inventory hosts whose nodes have their turns at the same time. It is noted with V(begun).
        type: list
        elements: str
        default: []
  phase:
    description:
      - The phase that the node has reached. Only with V(begun), a rolling maintenance is resumed or begins.
      - V(begun) before the evacuation, V(evacuated) after it, V(restarting) after the user's tasks if a restart
        follows, V(worked) after the user's tasks and the restart, V(done) when its VMs are back.
      - Phases can be left out. A node does not go back from V(restarting), V(worked) or V(done); one that is to be
        restarted stays so while it is evacuated again.
    type: str
    required: true
    choices: [begun, evacuated, restarting, worked, done]
seealso:
  - module: hyperv.migration.hyperv_rolling_state_info
  - module: hyperv.migration.hyperv_rolling_node_info
"""

EXAMPLES = r"""
- name: Store that NODE1 has its VMs back
  hyperv.migration.hyperv_rolling_state:
    rolling:
      folder: /var/lib/maintenance
      cluster: hvc1.corp.example
      node: NODE1
    phase: done
"""

RETURN = r"""
path:
  description: Absolute path of the file.
  type: str
  returned: success
  sample: /var/lib/maintenance/hyperv-rolling-hvc1.corp.example.json
host:
  description: The inventory host of the node.
  type: str
  returned: success
  sample: NODE1
phase:
  description: The phase of the node, as stored or, in check mode, as it would be.
  type: str
  returned: success
  sample: evacuated
finished:
  description: Whether all nodes are done.
  type: bool
  returned: success
  sample: false
summary:
  description: The progress as text.
  type: str
  returned: success
  sample: NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun
state:
  description: The whole state.
  type: dict
  returned: success
  contains:
    format:
      description: Name and version of the format.
      type: str
      returned: always
      sample: hyperv.migration rolling maintenance 3
    cluster:
      description: Full name of the cluster.
      type: str
      returned: always
      sample: hvc1.corp.example
    run_id:
      description: Name of the rolling maintenance; may be empty.
      type: str
      returned: always
      sample: 2026-03
    begun:
      description: Start of the rolling maintenance, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:15:04+00:00"
    updated:
      description: Time of the last change of a phase, in UTC.
      type: str
      returned: always
      sample: "2026-03-01T22:31:40+00:00"
    work:
      description:
        - The work on each node - C(tasks_file), its C(tasks_sha256), and C(role).
        - V(null) if it is not known.
      type: dict
      returned: always
    runner:
      description:
        - The run of Ansible that goes through the rolling maintenance, or did so last - C(host), the name of the
          controller, C(process), the process id, C(started), when that began, as its machine tells it, C(place), which
          is the same for processes that can see each other, and C(since), when it took the rolling maintenance up.
      type: dict
      returned: if not all nodes are done
    nodes:
      description:
        - For each inventory host, its C(phase), the time when it was C(updated), and its C(name) in the cluster.
      type: dict
      returned: always
"""
