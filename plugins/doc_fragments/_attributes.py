# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shared documentation of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes, requirements and notes."""

    DOCUMENTATION = r"""
requirements:
  - A Windows failover cluster with Hyper-V on Windows Server 2016 or later. The task's host is one of its nodes, or the
    cluster's name.
  - pywinrm 0.4.3 or later on the controller. For hosts behind the C(psrp) connection plugin, pypsrp 0.8 or later (below
    1.0) instead.
  - An account that is a local administrator of the nodes, or a member of Remote Management Users and Hyper-V
    Administrators with access to the cluster.
notes:
  - Runs on the controller and sends WS-Management requests with the settings of the host's C(winrm) or
    C(psrp) connection. It does not open a remote shell and does not start PowerShell.
  - Each session first asks the computer for its name and DNS domain (C(Win32_ComputerSystem) in C(root\cimv2)). If it
    is not the computer that the inventory lists, the task fails with an error that names both, and does not send a
    request to it that changes something. If name and address of a host do not identify it, set the variables
    C(hyperv_node), the computer's own name, and C(hyperv_cluster_fqdn), its cluster.
  - Another node is the inventory host that reports this identity and belongs to the cluster of the task's host, whether
    it is listed by name, alias or address. Settings that it does not have are taken from the task's host if both share
    a group (C(all) and C(ungrouped) do not count).
  - A host that does not share a group with the task's host is used only if both are in one DNS domain. Hosts that stand
    for VMs are never nodes.
  - A node that is not in the inventory is reached by its name with the settings of the task's host, in the DNS domain
    by which the task's host is reached.
  - A short name means the node of that name in the cluster, in any letter case. A name with a DNS domain means that
    domain, and an address means the host that has it.
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
    description: Can run in check mode and return the same result, because it does not change anything.
    support: full
  diff_mode:
    description: Returns what changed, or would change, in diff mode.
    support: N/A
    details: It does not change anything.
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
