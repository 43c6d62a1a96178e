# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_readiness_info
short_description: Check whether Hyper-V failover clusters and hosts are ready for live migrations
version_added: 0.1.0
description:
  - Checks connection, rights, namespaces, provider, state, service, limits, networks and authentication of each node,
    and whether the other nodes have enough memory for its VMs.
  - If a node does not answer or denies a right, the module returns this as a row and continues. It does not change
    anything.
  - With O(hosts) it checks every cluster to which those hosts belong, each through the first host that answers and has
    the rights to read it, and hosts without a cluster. Every host is reported. A host that was not checked, and a host
    for which another computer answers than the inventory lists, has a row that is V(not_ready).
  - The playbook C(hyperv.migration.check_readiness) shows the result as a table.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  reserve_memory_percent:
    description: Percentage of each node's memory that stays free when VMs are placed on it, from 0 to less than 100.
    type: float
    default: 10
  hosts:
    description:
      - Hosts of the inventory to check together with the task's host, of any clusters. The task's host does not have to
        answer then.
      - Without it, the module checks the cluster of the task's host, or that host alone.
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_migration_capabilities_info
  - module: hyperv.migration.hyperv_evacuation_plan_info
"""

EXAMPLES = r"""
- name: Check whether the cluster is ready
  hyperv.migration.hyperv_readiness_info:
  register: readiness

- name: Check whether all clusters and hosts of the play are ready
  hyperv.migration.hyperv_readiness_info:
    hosts: "{{ ansible_play_hosts_all }}"
  register: readiness
  run_once: true
"""

RETURN = r"""
ready:
  description: Whether no row is V(not_ready).
  returned: success
  type: bool
  sample: true
rows:
  description: What was checked, and what was found.
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description:
        - Full name of the cluster, with O(hosts). Empty for hosts by themselves, and for a host of which no cluster
          is known.
      type: str
      returned: always
      sample: hvc1.corp.example
    check:
      description:
        - V(connection), V(identity) where another machine answers than was meant, V(rights), V(namespace),
          V(provider_node), V(state), V(service), V(limits), V(networks), V(authentication), V(versions), V(methods)
          or V(capacity_without_node).
      type: str
      returned: always
      sample: limits
    status:
      description: V(ready), V(warning) where migrations may fail, or V(not_ready).
      type: str
      returned: always
      sample: not_ready
    code:
      description:
        - V(ready), or what is the matter, such as V(access_denied), V(unreachable), V(wrong_machine) or
          V(not_checked); one of RV(hyperv.migration.hyperv_migration_capabilities_info#module:findings[].code) for
          settings and states; one of RV(hyperv.migration.hyperv_evacuation_plan_info#module:infeasibility.code) for
          V(capacity_without_node).
      type: str
      returned: always
      sample: limit_zero
    severity:
      description: V(info) for V(ready), V(warning) or V(error).
      type: str
      returned: always
      sample: error
    subject:
      description:
        - Name of the node or cluster, or the inventory host where neither is known. Empty for hosts by themselves as
          a whole.
      type: str
      returned: always
      sample: NODE1
    subject_kind:
      description: V(node), V(cluster) or V(host).
      type: str
      returned: always
      sample: node
    message:
      description: What is the matter, in sentences; empty for nothing.
      type: str
      returned: always
      sample: Its limit of simultaneous live migrations is 0.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
      sample: "Raise it: Set-VMHost -MaximumVirtualMachineMigrations 2."
    transient:
      description: Whether it passes by itself.
      type: bool
      returned: always
      sample: false
"""
