# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_events_info
short_description: Read what the event logs of Hyper-V hosts say about migrations
version_added: 0.1.0
description:
  - Reads errors and warnings of Hyper-V and of the cluster from the event logs of hosts, over WS-Management and without
    a shell. The logs are Hyper-V-VMMS, Hyper-V-High-Availability, Hyper-V-Worker, FailoverClustering, and what the
    cluster and the virtual switches write to System.
  - The cause of a migration that failed is on its destination in most cases. After a failure,
    M(hyperv.migration.hyperv_vm_migrate) reads the logs of both hosts by itself.
  - It takes three requests to each host. The account must be in Event Log Readers or Administrators there. A host whose
    logs cannot be read is named in a warning.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  name:
    description: List only events that name the VM with this display name. If several VMs have it, use O(vm_id).
    type: str
    aliases: [vm_name]
  vm_id:
    description: List only events that name the VM with this GUID.
    type: str
  nodes:
    description: Nodes or hosts whose logs are read; all nodes that run if not set.
    type: list
    elements: str
  minutes:
    description: How far back events count by the clock of each host, V(1440) at most.
    type: int
    default: 60
  limit:
    description: Number of events to return, the newest ones, V(1000) at most. Of each host the first 500 are read.
    type: int
    default: 50
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
  - module: hyperv.migration.hyperv_migration_job_info
"""

EXAMPLES = r"""
- name: See why web01 was not moved to NODE2
  hyperv.migration.hyperv_migration_events_info:
    name: web01
    nodes: [NODE1, NODE2]
    minutes: 30
"""

RETURN = r"""
events:
  description: The events, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    time:
      description: When it was written, in UTC by the clock of the host.
      type: str
      returned: always
      sample: "2026-03-01T22:15:12.000000000Z"
    node:
      description: The host.
      type: str
      returned: always
      sample: NODE2
    channel:
      description: The log.
      type: str
      returned: always
      sample: Microsoft-Windows-Hyper-V-High-Availability-Admin
    id:
      description: Number of the event, which has a meaning beside RV(events[].provider) alone.
      type: int
      returned: always
      sample: 21159
    level:
      description: V(critical), V(error), V(warning) or V(information).
      type: str
      returned: always
      sample: error
    provider:
      description: Who wrote it.
      type: str
      returned: always
      sample: Microsoft-Windows-Hyper-V-High-Availability
    message:
      description: What it says, in one line and in the language of the host; its values where the host has no text.
      type: str
      returned: always
    cause:
      description: What it means for a migration; empty where that is not known.
      type: str
      returned: always
    remedy:
      description: What to do about it; empty where that is not known.
      type: str
      returned: always
"""
