# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_cluster_recording
short_description: Record what a Hyper-V failover cluster answers, without its names
version_added: 0.1.0
description:
  - Runs every module of the collection that reads, on the cluster of the task's host, and writes all requests and
    answers to an archive on the controller. The archive shows developers how your version of Windows answers, and
    they can rehearse with it.
  - With a VM and O(destination_host), it also runs M(hyperv.migration.hyperv_vm_migrate) in check mode, with each
    method for clustered VMs.
  - If the task's host is not in a cluster, it runs the modules that work without one, on every host of the play.
  - Sends only requests that read (Get, Enumerate, Pull, Release, Identify), Subscribe and Unsubscribe for event logs,
    and methods that check or tell (C(CheckVirtualSystemIsMigratable) and its two variants,
    C(CheckSystemCompatibilityInfo), C(GetSystemCompatibilityInfo), C(GetErrorEx), C(GetError), C(GetPossibleOwners),
    C(GetPreferredOwners), C(WillOfflineLoseQuorum)). It refuses to send any other request.
  - A host that it cannot reach, or that refuses the login, is asked once.
  - Replaces names of hosts, VMs, domains, accounts and networks, addresses, MAC addresses, SIDs, GUIDs, paths, notes
    and serial numbers by pseudonyms. The same name has the same pseudonym everywhere, with the same length, the same
    kinds of letters and the same place in the alphabet. IP addresses keep their network instead of their length.
  - Never contains a password, a ticket or a header of a login. Nothing leaves the controller.
  - The playbook C(hyperv.migration.record_cluster) runs it, and the guide "The first run on a real cluster" says when.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
attributes:
  check_mode:
    description: Can run in check mode without asking the cluster and without writing a file.
    support: full
  diff_mode:
    description: Returns what changed, or would change, in diff mode.
    support: none
options:
  path:
    description:
      - The archive to write, a ZIP file. Only its owner can read it.
      - A second file of this name with C(.names.json) lists each name with its pseudonym. It is for you alone.
    type: path
    required: true
  name:
    description: A VM for the dry run of a migration, by name.
    type: str
    aliases: [vm_name]
  vm_id:
    description: A VM for the dry run of a migration, by GUID.
    type: str
  destination_host:
    description: The node to which that VM could move. Required with O(name) and O(vm_id).
    type: str
    aliases: [destination]
  folder:
    description:
      - A folder with recordings of other tasks, which become part of the archive.
      - Any task of the collection records its own requests and answers with O(record=true). These files contain names;
        delete the folder afterwards.
    type: path
  private_words:
    description: Further names that must not be in the archive, such as that of a company.
    type: list
    elements: str
    default: []
seealso:
  - module: hyperv.migration.hyperv_scenario_info
  - module: hyperv.migration.hyperv_cim_info
"""

EXAMPLES = r"""
- name: Record the cluster, and whether testvm could move
  hyperv.migration.hyperv_cluster_recording:
    path: recording.zip
    name: testvm
    destination_host: NODE2

- name: Migrate a test VM, and record that as well
  hyperv.migration.hyperv_vm_migrate:
    name: testvm
    destination_host: NODE2
    record: true

- name: Put both into one archive
  hyperv.migration.hyperv_cluster_recording:
    path: recording.zip
    folder: hyperv-recordings
"""

RETURN = r"""
path:
  description: The archive.
  returned: always
  type: str
  sample: /home/admin/recording.zip
names_path:
  description: The list of names with their pseudonyms.
  returned: always
  type: str
  sample: /home/admin/recording.zip.names.json
exchanges:
  description: Number of requests.
  returned: except in check mode
  type: int
  sample: 214
left_out:
  description: Number of requests that are missing because the recording would be too large.
  returned: except in check mode
  type: int
  sample: 0
hosts:
  description: Number of hosts that were asked.
  returned: except in check mode
  type: int
  sample: 4
names:
  description: Number of names that have a pseudonym.
  returned: except in check mode
  type: int
  sample: 93
steps:
  description: The modules that were run.
  returned: except in check mode
  type: list
  elements: dict
  contains:
    module:
      description: Name of the module.
      type: str
      returned: always
      sample: hyperv_evacuation_plan_info
    options:
      description: Its options.
      type: dict
      returned: always
      sample: {node: NODE1}
    problem:
      description: Why it failed; empty if it did not.
      type: str
      returned: always
      sample: ""
refused:
  description:
    - What a module wanted to send and the recording did not, because it might change something. It is empty unless a
      module reads in a way that the recording does not know.
  returned: except in check mode
  type: list
  elements: str
  sample: []
review:
  description: What the module could not judge. Look at these lines before you give the archive to anybody.
  returned: except in check mode
  type: list
  elements: str
  sample: ["Sentences of Windows as they are in the archive. Is there a name that was not replaced?"]
summary:
  description: What is in the archive, line by line.
  returned: except in check mode
  type: list
  elements: str
  sample: ["214 requests to 4 hosts, 63 kB."]
"""
