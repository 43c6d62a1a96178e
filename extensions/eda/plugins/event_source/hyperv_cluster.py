# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Event source for ansible-rulebook: changes at a Hyper-V failover cluster."""

from __future__ import annotations

import asyncio
import typing as t

DOCUMENTATION = r"""
---
short_description: Send events when a node of a Hyper-V cluster changes its state or a VM is migrated
description:
  - Asks one host of a failover cluster every O(delay) seconds over WS-Management (WinRM) and sends an event for each
    change. The first poll does not send events. Later polls are compared with it.
  - A poll is one request for the nodes and one for the migrations, and a third, small request while there are no
    migrations, to distinguish an idle cluster from a node that cannot report migrations. The source does not run or
    change anything on the node.
  - The connection is that of an inventory. Apart from O(delay), every argument is a variable of the connection plugin
    with its usual name and meaning, including those that are not listed here, such as C(ansible_winrm_transport) or
    C(ansible_winrm_ca_trust_path).
  - While the host does not answer, the source asks less and less often, at least every five minutes. If the host or its
    domain refuses user or password, or says that the account or its password has expired, the source ends at once with
    that message, because Windows locks an account after a few refused logins.
requirements:
  - "pywinrm >= 0.4.3, or pypsrp >= 0.8 for O(ansible_connection=psrp), in the Python of ansible-rulebook."
options:
  ansible_host:
    description: The cluster's name or one of its nodes. With the cluster's name, the source continues when a node goes
      down.
    type: str
    required: true
  ansible_connection:
    description: Connection plugin whose settings and library are used.
    type: str
    default: winrm
    choices: [winrm, psrp]
  ansible_port:
    description: Port of the WinRM service. The default is that of the connection plugin.
    type: int
  ansible_user:
    description: User to log in as.
    type: str
  ansible_password:
    description: Password of the user. Use a variable of ansible-rulebook, do not write it into the rulebook.
    type: str
  delay:
    description:
      - Seconds between two polls, 1 or more. The source may miss a state that lasts for a shorter time, and a migration
        whose job is no longer listed. Hyper-V keeps jobs for five minutes after their end.
    type: int
    default: 30
notes:
  - Every event has C(host), the address that the source asks; C(type), which is V(node), V(migration) or V(connection);
    and C(change).
  - For a node, C(change) is its new state. C(node) has C(name), C(state), C(previous_state), C(condition) and
    C(previous_condition). States are V(up), V(down), V(paused), V(joining), V(unknown), and V(absent) for a node
    that is not in the cluster; a condition is V(isolated), V(quarantined) or null.
  - For a migration, C(change) is V(started), V(succeeded), V(failed), or V(vanished) if a job that ran is no longer
    listed. C(migration) is as hyperv.migration.hyperv_migration_job_info returns it, with C(error) if it failed.
  - For C(connection), C(change) is V(lost), once, when the host does not answer, and V(restored) when it answers again.
    C(message) contains the reason, and what to do.
  - In texts of an event, characters above U+FFFF, such as those of emoji, are U+FFFD, because the rule engine of
    ansible-rulebook 1.3 would make them unreadable for a playbook. Find such a VM by its C(id), which is in the event.
  - The hosts of a ruleset limit the playbooks that its rules run, like C(--limit). With C(hosts=localhost), a playbook
    for C(hyperv_nodes) does not match any host, and nothing says so.
  - The source sees migrations that the cluster's namespace lists as Msvm_MigrationJob. A migration that was started on
    a single host may be missing.
"""

EXAMPLES = r"""
- name: Notify the on-call engineer when a node is lost
  hosts: all
  sources:
    - hyperv.migration.hyperv_cluster:
        ansible_host: hvc1.corp.example
        ansible_user: operator@CORP.EXAMPLE
        ansible_password: "{{ hyperv_password }}"
        ansible_winrm_transport: kerberos
        delay: 20
  rules:
    - name: A node is down
      condition: event.type == "node" and event.change == "down"
      action:
        run_playbook:
          name: notify_on_call.yml

- name: Show failed migrations
  hosts: all
  sources:
    - hyperv.migration.hyperv_cluster:
        ansible_host: node1.corp.example
        ansible_user: operator@CORP.EXAMPLE
        ansible_password: "{{ hyperv_password }}"
  rules:
    - name: A migration failed
      condition: event.type == "migration" and event.change == "failed"
      action:
        print_event:
          pretty: true
"""


class _Queue(t.Protocol):
    async def put(self, event: dict[str, t.Any]) -> None:
        """Hand an event to the rulebook."""


async def main(queue: _Queue, args: dict[str, t.Any]) -> None:
    """Put events into the queue until cancelled. Raises BadArguments, and Ended where the login was refused."""
    _find_collections()
    from ansible_collections.hyperv.migration.plugins.plugin_utils._event_source import Source

    source = Source(args)
    try:
        while True:
            for event in await asyncio.to_thread(source.events.look):
                await queue.put(event)
            await asyncio.sleep(source.events.wait)
    finally:
        source.close()


def _find_collections() -> None:
    """Let Python import collections, which ansible-rulebook, that runs this file by its path, leaves to Ansible."""
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader()
