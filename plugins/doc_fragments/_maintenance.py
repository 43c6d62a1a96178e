# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that evacuate a node, bring its VMs back, or plan that."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of a node's evacuation and restoration."""

    # What is written on the controller.
    DOCUMENTATION = r"""
options:
  ledger_path:
    description: File of the ledger on the controller, if it is not to have its generated name in O(ledger_folder).
    type: path
  ledger_folder:
    description:
      - Directory of the ledger on the controller, which is called C(hyperv-ledger-CLUSTER-NODE.json) there, with the
        full name of the cluster. A relative path starts where Ansible was started.
    type: path
    default: "."
  report_path:
    description:
      - HTML file on the controller for the report, written with mode 0600, in check mode as well. Without it, the
        report is in RV(report) only.
    type: path
"""

    # How VMs are moved as a plan says.
    MOVING = r"""
options:
  method:
    description: The method by which running VMs are moved, as O(hyperv.migration.hyperv_vm_migrate#module:method).
    type: str
    choices: [auto, system, cluster_group, host]
    default: auto
  max_parallel:
    description:
      - How many VMs may move at the same time. Only lowers the limit of the nodes and the cluster; V(0) keeps it.
    type: int
    default: 0
  retries:
    description:
      - How often to try a move again on the same node after a failure that may pass by itself, up to 1000 times.
    type: int
    default: 1
  poll_interval:
    description: Seconds between two looks at the running migrations, from 0.05 to 60.
    type: float
    default: 2
  progress:
    description: Whether to show lines while VMs move, on standard error.
    type: bool
    default: true
"""

    # What an evacuation and its plan are asked for alike.
    EVACUATION = r"""
options:
  node:
    description: Name of the node to evacuate, short or fully qualified.
    type: str
    required: true
  destinations:
    description:
      - Nodes that may receive the VMs; all nodes that are up if empty.
      - A list, or text with commas, semicolons, blanks or line breaks between the names, as a survey returns it.
    type: raw
    default: []
"""

    # How the destinations of VMs that leave a node are planned.
    PLANNING = r"""
options:
  reserve_memory_percent:
    description: Percentage of each destination's memory that stays free, from 0 to less than 100.
    type: float
    default: 10
  local_vms:
    description: Whether VMs that are not clustered may go down in a restart that is to follow.
    type: bool
    default: false
  priority_first:
    description:
      - Whether no VM leaves before one of higher priority.
      - By default a VM whose move, or the queue for its node, takes so long that the evacuation would wait for it in
        the end leaves earlier. The reason of its move says so.
    type: bool
    default: false
  preferred_owner_cost:
    description:
      - How many percent longer the moves may take together so that VMs go to their preferred owners. If they would take
        longer, as few VMs as possible go elsewhere, and the reason of their moves says so. V(0) keeps a preferred owner
        only where that costs no time.
      - By default preferred owners are kept however long the moves take, because a VM elsewhere may have to be moved
        once more.
    type: float
  link_rates:
    description:
      - How many MB a second one live migration copies over the link of a node, by node, such as V(1200) for 10 Gbit/s
        and V(120) for 1 Gbit/s. VMs go to fast links first, as long as the moves take no longer for it.
      - A move runs at the rate of the slower one of its two nodes, and at 1000 MB/s if neither is listed.
      - The collection does not read it. An adapter reports its own speed, not what live migration makes of it, which
        depends on the networks that it uses, on compression, on SMB and on teams of adapters.
    type: dict
    default: {}
  helpers:
    description:
      - How many VMs of other nodes may step aside to a third node if not every VM has a place otherwise, from 0 to 10.
      - They are live-migrated first, one after another, so that memory suffices at every moment. Only running VMs that
        may migrate are used. They keep possible owners, the reserve and all affinity rules. As few as possible are
        moved.
      - Helpers of an earlier plan that was passed to the task are used in any case.
    type: int
    default: 0
"""
