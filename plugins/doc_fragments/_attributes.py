# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all modules of this collection have in common, for their documentation. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes, requirements and notes."""

    DOCUMENTATION = r"""
requirements:
  - A Windows failover cluster with Hyper-V on Windows Server 2016 or later; the task's host is one of its nodes, or the
    cluster's name.
  - pywinrm 0.4.3 or later on the controller. For hosts behind the C(psrp) connection plugin, pypsrp 0.8 or later (below
    1.0) instead.
  - An account that is a local administrator of the nodes, or a member of Remote Management Users and Hyper-V
    Administrators with access to the cluster.
notes:
  - Runs on the controller and sends WS-Management requests with the settings of the host's C(winrm) or
    C(psrp) connection. No remote shell is opened and no PowerShell is started.
  - Each session first asks who answers, for its computer name and DNS domain (C(Win32_ComputerSystem) in
    C(root\cimv2)). A machine that is not the one that the inventory lists is an error that names both, and nothing is
    sent to it that changes something. The variables C(hyperv_node), the computer's own name, and
    C(hyperv_cluster_fqdn), its cluster, say who a host is where its name or address do not.
  - Another node is the inventory host that says so of itself, whether it is listed by name, alias or address, and that
    is of the cluster of the task's host. What it does not set is taken from the task's host if both share a group
    (C(all) and C(ungrouped) do not count).
  - A host that shares no group with the task's host is taken only where both are in one DNS domain. Hosts that stand
    for VMs are never nodes.
  - A node that is not in the inventory is reached by its name with the settings of the task's host, in the DNS domain
    by which that one is reached.
  - A short name means the node that the cluster has by it, in any letter case. A name with a DNS domain means that
    domain, and an address the host that has it.
  - Never run against Windows so far; built from Microsoft's public documentation and recorded answers, and tested
    against the simulated cluster in the collection's repository.
attributes:
  action:
    description: Runs on the controller as an action plugin.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  become:
    description: Is usable alongside become keywords.
    support: none
  connection:
    description: Uses the target's configured connection information, without opening its shell.
    support: full
  delegation:
    description: Can be used in conjunction with C(delegate_to) and related keywords.
    support: full
  platform:
    description: Target systems.
    support: full
    platforms: windows
  action_group:
    description: Use C(group/hyperv.migration.hyperv) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - hyperv.migration.hyperv
"""

    INFO = r"""
attributes:
  check_mode:
    description: Can run in check mode and return the same result; it never changes anything.
    support: full
  diff_mode:
    description: Returns what changed, or would change, in diff mode.
    support: N/A
    details: It changes nothing.
"""

    CHANGES = r"""
attributes:
  check_mode:
    description: Can run in check mode and say what would be changed, without changing it.
    support: full
  diff_mode:
    description: Returns what changed, or would change, in diff mode.
    support: full
"""

    CONTROLLER = r"""
attributes:
  action:
    description: Runs on the controller as an action plugin.
    support: full
  action_group:
    description: Use C(group/hyperv.migration.hyperv) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - hyperv.migration.hyperv
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  become:
    description: Is usable alongside become keywords.
    support: none
  connection:
    description: Uses the target's configured connection information.
    support: none
  delegation:
    description: Can be used in conjunction with C(delegate_to) and related keywords.
    support: none
    details: It always works on the controller.
  diff_mode:
    description: Returns what changed, or would change, in diff mode.
    support: none
  platform:
    description: Operating systems on which it runs.
    support: full
    platforms: posix
"""
