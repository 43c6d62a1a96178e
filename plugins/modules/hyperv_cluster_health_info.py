# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_cluster_health_info
short_description: Check whether a Hyper-V failover cluster can run without a node
version_added: 0.1.0
description:
  - Checks nodes, drains, running migrations, failed roles, cluster networks and quorum.
  - With Storage Spaces Direct it also checks that the pool, the virtual disks and the disks of the other nodes are
    healthy, and that nothing is being repaired or rebalanced. Storage elsewhere, such as a SAN, is not checked.
  - Of Cluster Shared Volumes it checks that they can be reached and are not in maintenance.
  - It also reports who else may move VMs or is at work, such as the balancer of the cluster and backups (RV(notes)).
  - Problems do not fail the task unless you set O(timeout) or O(storage_timeout). Use RV(healthy) in your own
    condition.
  - The role P(hyperv.migration.rolling_maintenance#role) checks the same before it evacuates a node.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  node:
    description:
      - The node for maintenance, short or fully qualified.
      - It may be paused already. The module asks the cluster whether it keeps quorum without the node.
    type: str
  ignore:
    description:
      - Names of nodes, VMs, roles, networks, pools, virtual disks and disks whose problems do not count, in any letter
        case, and of shared volumes, whole (V(C:\\ClusterStorage\\Volume1)) or the last part of it.
      - They are returned in RV(ignored).
    type: list
    elements: str
    default: []
  timeout:
    description:
      - Seconds to wait until the cluster is healthy. If it is not by then, the task fails. V(0) checks once.
      - Without it, the module checks once and does not fail.
      - In check mode it checks once, because nothing changes during a dry run.
    type: int
  storage_timeout:
    description:
      - Seconds to wait while the repair of storage is all that there is to wait for. It can take hours.
      - Without it, O(timeout) counts.
    type: int
  poll_interval:
    description: Seconds between two checks, from 0.05 to 3600.
    type: float
    default: 10
seealso:
  - module: hyperv.migration.hyperv_cluster_node_info
"""

EXAMPLES = r"""
- name: Check whether the cluster can run without NODE1
  hyperv.migration.hyperv_cluster_health_info:
    node: NODE1
  register: health

- name: Stop if not
  ansible.builtin.assert:
    that: health.healthy
    fail_msg: "{{ health.msg }}"

- name: Wait for it, ten minutes at most
  hyperv.migration.hyperv_cluster_health_info:
    node: NODE1
    timeout: 600
"""

RETURN = r"""
healthy:
  description: Whether the cluster can run without the node.
  returned: success
  type: bool
  sample: true
findings:
  description: What speaks against it.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description:
        - V(node_not_up), V(node_distrusted) (isolated or quarantined), V(drain_running), V(migration_running),
          V(role_failed), V(network_not_up), V(quorum_lost), V(quorum_unknown), V(provider_silent),
          V(storage_unhealthy), V(storage_repairing), V(storage_read_only), V(storage_job_failed), V(storage_unknown),
          V(shared_volume_no_access), V(shared_volume_in_maintenance) or V(shared_volumes_unknown).
      type: str
      returned: always
      sample: node_not_up
    severity:
      description: V(error), or V(warning) for V(quorum_unknown).
      type: str
      returned: always
      sample: error
    subject:
      description: Name of the node, VM, role, network, storage or CIM namespace that it is about.
      type: str
      returned: always
      sample: NODE3
    subject_kind:
      description: V(node), V(vm), V(role), V(network), V(storage) or V(namespace).
      type: str
      returned: always
      sample: node
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: Node NODE3 is down.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
      sample: Bring it up and wait until it has joined the cluster.
    transient:
      description: Whether it passes by itself.
      type: bool
      returned: always
      sample: false
ignored:
  description: The same of what O(ignore) overlooks.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: As in RV(findings[].code).
      type: str
      returned: always
    severity:
      description: As in RV(findings[].severity).
      type: str
      returned: always
      sample: error
    subject:
      description: As in RV(findings[].subject).
      type: str
      returned: always
    subject_kind:
      description: As in RV(findings[].subject_kind).
      type: str
      returned: always
      sample: node
    message:
      description: As in RV(findings[].message).
      type: str
      returned: always
      sample: Node NODE3 is down.
    remedy:
      description: As in RV(findings[].remedy).
      type: str
      returned: always
      sample: Bring it up and wait until it has joined the cluster.
    transient:
      description: As in RV(findings[].transient).
      type: bool
      returned: always
      sample: false
notes:
  description:
    - What does not stand against it and is good to know, in the same form.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description:
        - V(balancer_on), V(updating_role) (Cluster-Aware Updating), V(backup_running), V(cluster_backup_running),
          V(no_drain_on_shutdown) or V(shared_volume_redirected).
      type: str
      returned: always
    severity:
      description: V(info) or V(warning).
      type: str
      returned: always
      sample: info
    subject:
      description: As in RV(findings[].subject).
      type: str
      returned: always
    subject_kind:
      description: As in RV(findings[].subject_kind).
      type: str
      returned: always
      sample: cluster
    message:
      description: As in RV(findings[].message).
      type: str
      returned: always
      sample: A backup of the cluster's configuration is running.
    remedy:
      description: As in RV(findings[].remedy).
      type: str
      returned: always
      sample: Wait until it has ended before nodes are restarted.
    transient:
      description: As in RV(findings[].transient).
      type: bool
      returned: always
      sample: false
nodes:
  description: The nodes, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE1
    state:
      description: V(up), V(down), V(paused), V(joining) or V(unknown).
      type: str
      returned: always
      sample: up
    condition:
      description: V(isolated) or V(quarantined); empty for neither.
      type: str
      returned: always
      sample: ""
    drain_status:
      description: V(not_initiated), V(in_progress), V(completed), V(failed) or V(unknown).
      type: str
      returned: always
      sample: not_initiated
    weight:
      description: Its configured vote; V(null) if the cluster does not report it.
      type: int
      returned: always
      sample: 1
    dynamic_weight:
      description: Its present vote; V(null) if the cluster does not report it.
      type: int
      returned: always
      sample: 1
migrating:
  description: Names of the VMs that are being migrated.
  returned: success
  type: list
  elements: str
  sample: []
loses_quorum:
  description: Whether the cluster loses quorum without O(node); V(null) without O(node), or if it does not report it.
  returned: success
  type: bool
  sample: false
storage:
  description: What is known of Storage Spaces Direct.
  returned: success
  type: dict
  contains:
    on_the_nodes:
      description:
        - Whether the volumes are on disks of the nodes. If they are not, the storage was not checked.
      type: bool
      returned: always
      sample: true
    verdict:
      description: V(passed), V(refused), or V(not_applicable) if the storage was not checked.
      type: str
      returned: always
      sample: passed
    repair_jobs:
      description: How many storage jobs have not ended.
      type: int
      returned: always
      sample: 2
    repair_percent:
      description: How much of them is done; V(null) if nothing is being repaired or the jobs report no bytes.
      type: int
      returned: always
      sample: 40
    repair_bytes_left:
      description: How many bytes are left; V(null) if nothing is being repaired. It may grow while a node is away.
      type: int
      returned: always
      sample: 13690208256
"""
