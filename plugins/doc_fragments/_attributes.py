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
  - Other nodes of the cluster are reached as the inventory host whose name or C(ansible_host) begins with the node's
    name; what that host does not set is taken from the task's own host.
  - Of several such hosts, those come first that share a group with the task's host (C(all) and C(ungrouped) do not
    count), then those in its DNS domain. Where several remain, none is chosen; the node is unreachable until the
    inventory tells them apart. A host in another DNS domain is taken only where it shares a group and is called by the
    bare name of the node.
  - A node that is not in the inventory is reached by its name with the settings of the task's host. Where the
    C(ansible_host) of that one has a DNS domain, it is appended.
  - Nodes are compared by the first label of their name without regard to case.
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
