# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Event source for ansible-rulebook: changes at a Hyper-V failover cluster."""

from __future__ import annotations

import asyncio
import typing as t

DOCUMENTATION = r"""
---
short_description: Tell when a node of a Hyper-V cluster changes its state and when a VM is migrated
description:
  - Asks one host of a failover cluster every O(delay) seconds over WS-Management (WinRM) and sends an event for each
    change. The first look sends nothing; it is what later looks are compared with.
  - A look is one request for the nodes and one for the migrations, and a third, small one while there are no
    migrations, to tell an idle cluster from a node that cannot say. Nothing is run on the node and nothing is changed.
  - The connection is that of an inventory. Apart from O(delay), every argument is a variable of the connection plugin
    with its usual name and meaning, those that are not listed here too, such as C(ansible_winrm_transport) or
    C(ansible_winrm_ca_trust_path).
  - While the host gives no answer, it is asked less and less often, every five minutes in the end.
requirements:
  - "pywinrm >= 0.4.3, or pypsrp >= 0.8 for O(ansible_connection=psrp), in the Python of ansible-rulebook."
options:
  ansible_host:
    description: The cluster's name or one of its nodes. With the cluster's name, looks go on when a node goes down.
    type: str
    required: true
  ansible_connection:
    description: Connection plugin whose settings and library are used.
    type: str
    default: winrm
    choices: [winrm, psrp]
  ansible_port:
    description: Port of the WinRM service. By default that of the connection plugin.
    type: int
  ansible_user:
    description: User to log in as.
    type: str
  ansible_password:
    description: Password of the user. Take it from a variable of ansible-rulebook, never write it into the rulebook.
    type: str
  delay:
    description:
      - Seconds between two looks, 1 or more. A state that lasts for a shorter time can be missed, and so can a
        migration whose job is no longer shown; Hyper-V keeps jobs for five minutes after their end.
    type: int
    default: 30
notes:
  - Every event has C(host), what was asked; C(type), which is V(node), V(migration) or V(contact); and C(change).
  - Of a node, C(change) is its new state. C(node) has C(name), C(state), C(previous_state), C(condition) and
    C(previous_condition). States are V(up), V(down), V(paused), V(joining), V(unknown), and V(absent) for a node
    that is not in the cluster; a condition is V(isolated), V(quarantined) or null.
  - Of a migration, C(change) is V(started), V(succeeded), V(failed), or V(vanished) when a job that ran is no longer
    shown. C(migration) is as hyperv.migration.hyperv_migration_job_info returns it, with C(error) where it failed.
  - Of contact, C(change) is V(lost), once, when the host gives no answer, and V(back) when it does again. C(message)
    says why, and what to do.
  - Migrations are those that the cluster's namespace shows as Msvm_MigrationJob; one that was started on a host itself
    may not be among them.
"""

EXAMPLES = r"""
- name: Tell who is on call when a node is lost
  hosts: localhost
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
          name: tell_who_is_on_call.yml

- name: Tell somebody when a migration fails
  hosts: localhost
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
    """Put events into the queue until cancelled. Raises BadArguments."""
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
