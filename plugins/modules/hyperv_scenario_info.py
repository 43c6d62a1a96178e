# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_scenario_info
short_description: Describe Hyper-V failover clusters as scenarios of the simulated cluster
version_added: 0.1.0
description:
  - Reads nodes, VMs and all other data that an evacuation plan depends on, and returns them in the form of a scenario
    file of the simulated cluster that comes with the collection's repository. You can then rehearse a maintenance
    there; see the guide "Rehearsing on a simulated cluster".
  - With O(hosts) it describes every cluster to which those hosts belong, and lists hosts that are not in any of them.
  - The playbook C(hyperv.migration.write_scenario) writes the result to a file.
  - Does not change anything. The scenario contains names of nodes, VMs and networks, and paths of images. It does not
    contain accounts or passwords.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  hosts:
    description:
      - Hosts of the inventory whose clusters are described together with that of the task's host, which does not have
        to answer then.
      - Without it, the cluster of the task's host is described.
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_evacuation_plan_info
  - module: hyperv.migration.hyperv_migration_capabilities_info
"""

EXAMPLES = r"""
- name: Describe the cluster
  hyperv.migration.hyperv_scenario_info:
  register: described

- name: Store the description
  ansible.builtin.copy:
    content: "{{ described.scenario | to_nice_yaml(sort_keys=false) }}"
    dest: scenario.yml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
scenario:
  description:
    - The cluster with C(cluster), C(clock), C(switches), C(nodes), C(vms) and C(affinity_rules), as far as they are
      needed. Values that are the defaults of the simulated cluster are omitted.
    - VMs keep their GUIDs, so that a plan made on the simulated cluster names the same VMs.
    - A VM that only its host knows has 1 MB here. Its memory counts as the host's, because none of the classes that the
      module reads reports it.
    - The speed of the network, and the number of processors of a VM, are not read.
  returned: without O(hosts)
  type: dict
  sample:
    cluster: {name: HVC1, fqdn: hvc1.corp.example}
    nodes: [{name: NODE1, memory_mb: 131072}, {name: NODE2, memory_mb: 131072}]
    vms: [{name: web01, id: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31, owner: NODE1, memory_mb: 4096}]
notes:
  description:
    - Data that could not be read, and differences of the scenario, such as a VM that is being started and runs in the
      scenario.
  returned: without O(hosts)
  type: list
  elements: str
  sample: ["NODE4: it is down, so its own settings are not known."]
clusters:
  description: The clusters that could be read.
  returned: with O(hosts)
  type: list
  elements: dict
  contains:
    name:
      description: Short name.
      type: str
      returned: always
      sample: HVC1
    fqdn:
      description: Full name; V(null) if the cluster has none.
      type: str
      returned: always
      sample: hvc1.corp.example
    label:
      description: Distinct part of the name of its file, the short name if that is unique.
      type: str
      returned: always
      sample: HVC1
    scenario:
      description: As RV(scenario).
      type: dict
      returned: always
    notes:
      description: As RV(notes).
      type: list
      elements: str
      returned: always
missing:
  description:
    - Hosts that are not in a scenario, and why. A host that does not answer is in one if its cluster reports that
      this node does not run.
  returned: with O(hosts)
  type: list
  elements: dict
  contains:
    code:
      description: V(no_cluster), or V(not_read) where nobody could read its cluster.
      type: str
      returned: always
      sample: not_read
    severity:
      description: V(error).
      type: str
      returned: always
      sample: error
    subject:
      description: The inventory host.
      type: str
      returned: always
      sample: NODE3
    subject_kind:
      description: V(host).
      type: str
      returned: always
      sample: host
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: HVC1 could not be read.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
      sample: ""
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
"""
