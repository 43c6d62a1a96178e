# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_migration_capabilities_info
short_description: Report migration capabilities of a Hyper-V failover cluster, and problems that prevent migrations
version_added: 0.1.0
description:
  - Reads the cluster's migration service, its limits, and the migration settings of each node, and lists problems that
    would prevent migrations, each with a remedy.
  - With a VM and O(destination_host) it also reports whether that migration is possible, and why not.
  - Does not change anything. It asks each node itself, over one connection and with seven requests, but does not
    contact a node that is down. If a node does not answer, the result contains a problem and the task does not fail.
author:
  - The hyperv.migration contributors (@hyperv-migration)
extends_documentation_fragment:
  - hyperv.migration._recording
  - hyperv.migration._attributes
  - hyperv.migration._attributes.info
options:
  nodes:
    description: Names of the nodes to check, short or fully qualified; all nodes of the cluster if empty.
    type: list
    elements: str
    default: []
  name:
    description:
      - Display name of a VM to check, in any letter case. A name that several VMs have is refused.
      - Requires O(destination_host), and excludes O(vm_id).
    type: str
    aliases: [vm_name]
  vm_id:
    description:
      - GUID of a VM to check, as RV(hyperv.migration.hyperv_vm_info#module:vms[].id) shows it.
      - Requires O(destination_host), and excludes O(name).
    type: str
  destination_host:
    description: Name of the destination node. Requires O(name) or O(vm_id).
    type: str
    aliases: [destination]
notes:
  - If you set O(nodes) and check a migration, O(nodes) must contain the source and the destination to report their
    problems. The result of Hyper-V's own check does not depend on it.
seealso:
  - module: hyperv.migration.hyperv_vm_migrate
  - module: hyperv.migration.hyperv_cluster_node_info
"""

EXAMPLES = r"""
- name: List problems that would prevent migrations
  hyperv.migration.hyperv_migration_capabilities_info:
  register: readiness

- name: Stop if a migration would fail anywhere
  ansible.builtin.assert:
    that: readiness.findings | selectattr('severity', 'equalto', 'error') | length == 0
    fail_msg: "{{ readiness.findings }}"

- name: Check whether web01 can be moved to NODE2
  hyperv.migration.hyperv_migration_capabilities_info:
    name: web01
    destination_host: NODE2
  register: question

- name: Show why not
  ansible.builtin.debug:
    msg: "{{ question.move.findings }}"
  when: question.move.possible is not true
"""

RETURN = r"""
cluster:
  description: The cluster and its own settings about migrations.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
      sample: HVC1
    fqdn:
      description: Its fully qualified name.
      type: str
      returned: always
      sample: hvc1.corp.example
    functional_level:
      description: Its functional level, the version that all its nodes support.
      type: int
      returned: always
      sample: 11
    maximum_parallel_migrations:
      description:
        - The cluster's limit of parallel migrations, which overrides RV(nodes[].maximum_migrations).
        - V(null) on clusters without this limit, which was added by an update of September 2022.
      type: int
      returned: always
      sample: 1
    smb_bandwidth_limit:
      description:
        - Whether migrations over SMB are limited to RV(cluster.smb_bandwidth_limit_percent) of the bandwidth.
        - V(null) on clusters that do not have this setting.
      type: bool
      returned: always
      sample: true
    smb_bandwidth_limit_percent:
      description: Limit in percent of the bandwidth; V(null) on clusters that do not have this setting.
      type: float
      returned: always
      sample: 25.0
    enforced_anti_affinity:
      description:
        - Whether VMs of one anti-affinity class are never put on one node (V(true)), or only if possible (V(false)).
      type: bool
      returned: always
      sample: false
    core_group_owner:
      description:
        - The node that owns the core cluster group, to which the provider of Root\HyperVCluster\v2 belongs.
      type: str
      returned: always
      sample: NODE1
service:
  description:
    - The migration service of the cluster. If no node lists it, all values except RV(service.namespace) and
      RV(service.shown_by) are V(null), and RV(findings) contains an error.
  returned: success
  type: dict
  contains:
    namespace:
      description: Its CIM namespace.
      type: str
      returned: always
      sample: root/HyperVCluster/v2
    node:
      description: The node that answered, by its name in the inventory or the cluster.
      type: str
      returned: always
      sample: NODE1
    shown_by:
      description: Those of RV(nodes) that list the service, and can therefore start migrations.
      type: list
      elements: str
      returned: always
      sample: [NODE1]
    cim_keys:
      description: Its CIM keys.
      type: dict
      returned: always
      sample: {Name: migrationwmi, SystemName: HVC1}
    state:
      description: Its EnabledState, as RV(nodes[].service_state) has it.
      type: str
      returned: always
      sample: enabled
    active_migrations:
      description: Running live migrations according to the service. Whether it counts those of the cluster or of one
        node is undocumented.
      type: int
      returned: always
      sample: 0
    active_storage_migrations:
      description: Running storage migrations according to the service.
      type: int
      returned: always
      sample: 0
capabilities:
  description:
    - Capabilities that the provider reports, from the cluster's namespace if it reports any, otherwise from the first
      of RV(nodes) that does.
    - Empty lists do not mean that migrations are impossible.
  returned: success
  type: dict
  contains:
    namespace:
      description: The CIM namespace that reports them; V(null) if none does.
      type: str
      returned: always
      sample: root/virtualization/v2
    synchronous: &synchronous
      description: Methods that are complete when they answer.
      type: list
      elements: str
      returned: always
      sample: [CheckVirtualSystemIsMigratableToHost, CheckVirtualSystemIsMigratableToSystem]
    asynchronous: &asynchronous
      description: Methods that start a job.
      type: list
      elements: str
      returned: always
      sample: [MigrateVirtualSystemToHost, MigrateVirtualSystemToSystem, CheckVirtualSystemIsMigratable]
    destination_host_formats: &formats
      description:
        - Formats for the destination of MigrateVirtualSystemToHost, V(domain_name), V(ipv4) or V(ipv6).
      type: list
      elements: str
      returned: always
      sample: [domain_name, ipv4, ipv6]
setting_data:
  description: What the nodes offer for the settings of a migration.
  returned: success
  type: dict
  contains:
    migration_types:
      description: The types of migration for which every node that was asked offers setting data.
      type: list
      elements: str
      returned: always
      sample: [virtual_system, storage, staged, virtual_system_and_storage]
nodes:
  description:
    - The nodes with their own migration settings, by name. If RV(nodes[].answered) is V(false), values that only the
      node itself knows are V(null).
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      type: str
      returned: always
      sample: NODE1
    state:
      description: V(up), V(down), V(paused), V(joining) or V(unknown).
      type: str
      returned: always
      sample: up
    drain_status:
      description: V(not_initiated), V(in_progress), V(completed), V(failed) or V(unknown).
      type: str
      returned: always
      sample: not_initiated
    condition:
      description: V(isolated) or V(quarantined); empty for neither.
      type: str
      returned: always
      sample: ""
    build:
      description: Build number of Windows, from the cluster.
      type: int
      returned: always
      sample: 20348
    version:
      description:
        - Version of Windows Server with that build, V(2012 R2), V(2016), V(2019), V(2022), V(23H2) or V(2025);
          V(null) for unknown builds.
      type: str
      returned: always
      sample: "2022"
    os_version:
      description: Version number of Windows, from the node.
      type: str
      returned: always
      sample: 10.0.20348
    computer_name:
      description: Name of the computer in its own letter case, from the node.
      type: str
      returned: always
      sample: NODE1
    answered:
      description: Whether the node reported its settings. A node that is not up is not asked.
      type: bool
      returned: always
      sample: true
    cluster_service:
      description: Whether it lists the cluster's migration service, and can therefore start migrations.
      type: bool
      returned: always
      sample: true
    service_state:
      description:
        - EnabledState of its own migration service, such as V(enabled), V(disabled), V(starting) or V(unknown).
        - V(absent) if it does not list the service or its settings. The values below are then meaningless.
      type: str
      returned: always
      sample: enabled
    enabled:
      description: Whether it takes part in live migrations.
      type: bool
      returned: always
      sample: true
    maximum_migrations:
      description: Limit of simultaneous live migrations.
      type: int
      returned: always
      sample: 2
    maximum_storage_migrations:
      description: Limit of simultaneous storage migrations.
      type: int
      returned: always
      sample: 2
    active_migrations:
      description: Running live migrations.
      type: int
      returned: always
      sample: 0
    active_storage_migrations:
      description: Running storage migrations.
      type: int
      returned: always
      sample: 0
    authentication:
      description: V(kerberos), V(credssp) or V(unknown).
      type: str
      returned: always
      sample: kerberos
    compression:
      description: Whether memory is compressed for the transfer. Without effect if RV(nodes[].smb) is V(true).
      type: bool
      returned: always
      sample: true
    smb:
      description: Whether SMB is used instead of TCP.
      type: bool
      returned: always
      sample: false
    listener_addresses:
      description: Addresses on which it receives migrations (TCP port 6600). Without an address it cannot receive any.
      type: list
      elements: str
      returned: always
      sample: ["10.20.0.11"]
    networks:
      description: Its networks for migrations, the preferred one first.
      type: list
      elements: dict
      returned: always
      contains:
        subnet:
          description: Address of the subnet.
          type: str
          returned: always
          sample: 10.20.0.0
        prefix_length:
          description: Length of its prefix in bits.
          type: int
          returned: always
          sample: 24
        metric:
          description: Of two networks, the one with the lower metric is used first.
          type: int
          returned: always
          sample: 1000
        tags:
          description: Who set the entry.
          type: list
          elements: str
          returned: always
          sample: [Microsoft:Cluster]
    capabilities:
      description: Capabilities that its provider reports; V(null) if it does not report any, which is not a problem.
      type: dict
      returned: always
      contains:
        synchronous: *synchronous
        asynchronous: *asynchronous
        destination_host_formats: *formats
    migration_types:
      description:
        - The types of migration for which it offers setting data, such as V(virtual_system), V(storage), V(staged) or
          V(virtual_system_and_storage).
      type: list
      elements: str
      returned: always
      sample: [virtual_system, storage, staged, virtual_system_and_storage]
methods:
  description:
    - The migration methods, in the order in which M(hyperv.migration.hyperv_vm_migrate) tries them
      (O(hyperv.migration.hyperv_vm_migrate#module:method)).
    - A method can be used between two nodes if it is open, one node can send and the other can receive.
  returned: success
  type: list
  elements: dict
  contains:
    method:
      description: V(system), V(cluster_group) or V(host).
      type: str
      returned: always
      sample: system
    open:
      description: Whether it is available, as far as that can be checked without a migration.
      type: bool
      returned: always
      sample: true
    findings:
      description: Why it is not available, or what it is for; may be empty.
      type: list
      elements: dict
      returned: always
      contains:
        code:
          description:
            - V(no_cluster), V(no_cluster_service), V(method_not_offered) where only a call shows whether the nodes
              support it, or V(not_clustered_only).
          type: str
          returned: always
          sample: no_cluster_service
        severity:
          description: V(warning) or V(info).
          type: str
          returned: always
          sample: warning
        subject:
          description: Empty.
          type: str
          returned: always
          sample: ""
        subject_kind:
          description: V(cluster) or V(host).
          type: str
          returned: always
          sample: cluster
        message:
          description: What is the matter, in sentences.
          type: str
          returned: always
          sample: No node shows the migration service of Root\HyperVCluster\v2.
        remedy:
          description: What to do about it, in sentences; empty for nothing.
          type: str
          returned: always
          sample: The finding on the cluster says what to check.
        transient:
          description: V(false).
          type: bool
          returned: always
          sample: false
    sources:
      description: Those of RV(nodes) that can send a VM.
      type: list
      elements: str
      returned: always
      sample: [NODE1, NODE2]
    destinations:
      description: Those of RV(nodes) that can receive a VM.
      type: list
      elements: str
      returned: always
      sample: [NODE1]
    closed_sources: &closed
      description: The nodes that cannot, and why.
      type: list
      elements: dict
      returned: always
      contains:
        node:
          description: The node.
          type: str
          returned: always
          sample: NODE2
        findings:
          description: What is wrong, with the codes of RV(findings).
          type: list
          elements: dict
          returned: always
          contains:
            code:
              description: A code of RV(findings).
              type: str
              returned: always
              sample: no_listener
            severity:
              description: V(error).
              type: str
              returned: always
              sample: error
            subject:
              description: The node.
              type: str
              returned: always
              sample: "NODE2"
            subject_kind:
              description: V(node).
              type: str
              returned: always
              sample: node
            message:
              description: What is the matter, in sentences.
              type: str
              returned: always
              sample: It listens on no address for migrations, so it can receive none.
            remedy:
              description: What to do about it, in sentences; empty for nothing.
              type: str
              returned: always
              sample: Add an address to the networks for live migrations of the node.
            transient:
              description: V(false).
              type: bool
              returned: always
              sample: false
    closed_destinations: *closed
findings:
  description:
    - What makes migrations fail, or may. What is wrong with nodes comes first, in the order of RV(nodes).
    - V(unreachable) and V(unreadable) mean that the controller knows nothing of the node's settings; the cluster
      may migrate all the same.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description:
        - Of a node - V(migration_disabled), V(service_absent), V(service_not_enabled), V(no_listener), V(no_network),
          V(limit_zero), V(credssp), V(credential_guard), V(workgroup_migration), V(smb_name_case),
          V(method_not_offered), V(node_paused), V(node_down),
          V(node_joining), V(node_unknown), V(node_isolated), V(node_quarantined), V(unreachable) or V(unreadable).
        - Of the cluster - V(no_cluster_service), V(cluster_limit_zero), V(mixed_authentication), V(mixed_transport),
          V(mixed_compression) or V(mixed_versions).
      type: str
      returned: always
      sample: no_listener
    severity:
      description:
        - V(error) where migrations to the node, from it, or both fail as things stand; V(warning) where they may.
      type: str
      returned: always
      sample: error
    subject:
      description:
        - Name of the node, or of the cluster for what is wrong between its nodes; empty for hosts by themselves as a
          whole.
      type: str
      returned: always
      sample: NODE3
    subject_kind:
      description: V(node) or V(cluster).
      type: str
      returned: always
      sample: node
    message:
      description: What is the matter, in sentences.
      type: str
      returned: always
      sample: It listens on no address for migrations, so it can receive none.
    remedy:
      description: What to do about it, in sentences; empty for nothing.
      type: str
      returned: always
      sample: "Raise it: Set-VMHost -MaximumVirtualMachineMigrations 2."
    transient:
      description: V(false).
      type: bool
      returned: always
      sample: false
move:
  description: Whether the move that was asked about is possible; V(null) where no VM was named.
  returned: success
  type: dict
  contains:
    vm:
      description: The VM.
      type: dict
      returned: always
      contains:
        id:
          description: Its GUID.
          type: str
          returned: always
          sample: 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31
        name:
          description: Its display name.
          type: str
          returned: always
          sample: web01
        state:
          description: Its state, as RV(hyperv.migration.hyperv_vm_info#module:vms[].state) has it.
          type: str
          returned: always
          sample: running
    source_host:
      description: The node that owns it; V(null) where no node can be asked.
      type: str
      returned: always
      sample: NODE1
    destination_host:
      description: The node that it would be moved to.
      type: str
      returned: always
      sample: NODE2
    possible:
      description:
        - V(true) if Hyper-V was asked and agrees, and nothing is wrong that would stop it, and also if the VM is there
          already or on its way there.
        - V(false) if it would fail now, for the errors in RV(move.findings).
        - V(null) if nothing speaks against it, but Hyper-V was not asked, or did not answer.
        - The answer is no promise - what Hyper-V checked may have changed when the VM is moved.
      type: bool
      returned: always
      sample: false
    already_there:
      description: Whether the VM is on that node already.
      type: bool
      returned: always
      sample: false
    checked:
      description: Whether Hyper-V itself was asked (CheckVirtualSystemIsMigratableToSystem).
      type: bool
      returned: always
      sample: false
    method:
      description:
        - By which method it would be made, V(system), V(cluster_group) or V(host).
      type: str
      returned: always
      sample: system
    findings:
      description:
        - All that is known to stand in the way, and what is wrong with the two nodes and between them; also why it is
          not known whether the move is possible.
      type: list
      elements: dict
      returned: always
      contains:
        code:
          description:
            - One of RV(findings[].code), or the code of an error of M(hyperv.migration.hyperv_vm_migrate), such as
              V(destination_paused), V(not_possible_owner), V(vm_state), V(vm_busy), V(already_migrating) or
              V(not_migratable).
            - V(check_not_offered) and V(not_asked) where RV(move.possible) is V(null).
            - "Of what the destination lacks for the VM: V(switch_missing), V(switch_case), V(switch_pool_missing),
              V(other_processor_maker), V(other_processor), V(processor_mode), V(vm_version), V(no_gpu),
              V(host_not_guarded), V(guardian_missing) or V(little_memory)."
          type: str
          returned: always
          sample: not_possible_owner
        severity:
          description: V(error) where the move would fail, V(warning) where it may.
          type: str
          returned: always
          sample: error
        subject:
          description: Name of the VM, node or cluster that it is about.
          type: str
          returned: always
          sample: web01
        subject_kind:
          description: V(vm), V(node) or V(cluster).
          type: str
          returned: always
          sample: node
        message:
          description: What is the matter, in sentences.
          type: str
          returned: always
          sample: "Node NODE3 is not a possible owner of VM web01 (possible: NODE1, NODE2)."
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
