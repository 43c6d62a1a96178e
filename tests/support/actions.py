# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The actions of modules in this process, on hosts of an inventory behind which are simulated clusters."""

from __future__ import annotations

import contextlib
import importlib
import os
import types
import typing as t
from collections.abc import Mapping, Sequence

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from tests.support.simulated import Simulated

Answer = dict[str, t.Any]


def carry_out(
    module: str,
    hosts: Sequence[str],
    *,
    home: str = "",
    check_mode: bool = False,
    told: list[str] | None = None,
    task_vars: Mapping[str, t.Any] | None = None,
    **given: t.Any,
) -> Answer:
    """Return what an action answers; raises what it raises.

    Args:
        hosts: the group hyperv_nodes, each reached at its own name.
        home: the task's host, the first one by default.
        told: takes the lines that the task shows while it runs.
        task_vars: further variables.
        given: options; all others have their defaults.
    """
    action_module = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}")
    home = home or hosts[0]
    connection = connection_loader.get("winrm", PlayContext(), os.devnull)
    connection.set_options(var_options={"ansible_host": home, "_extras": {}})
    variables = {
        "inventory_hostname": home,
        "groups": {"all": list(hosts), "hyperv_nodes": list(hosts)},
        "hostvars": {host: {} for host in hosts},
        **(task_vars or {}),
    }
    loader = DataLoader()
    loader.set_basedir(str(variables.get("playbook_dir", ".")))
    task = types.SimpleNamespace(
        action=f"hyperv.migration.{module}", no_log=True, check_mode=check_mode, collections=[], timeout=0
    )
    action = action_module.ActionModule(task, connection, PlayContext(), loader, None, None)
    action._task_vars = variables
    if told is not None:
        action.tell = told.append
    options = action_module.ActionModule.ARGUMENTS["argument_spec"]
    arguments = {**{name: option.get("default") for name, option in options.items()}, **given}
    action._shows_progress = bool(arguments.get("progress", True))
    return t.cast("Answer", action.carry_out(arguments, variables))


def perform(
    module: str, simulated: Simulated, *, check_mode: bool = False, told: list[str] | None = None, **given: t.Any
) -> Answer:
    """Return what an action answers about a simulated cluster, in which its task is connected; raises what it raises.

    ``told``: takes the lines that the task shows. ``given``: options; all others have their defaults, those within
    lists and dictionaries too.
    """
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    arguments = ArgumentSpecValidator(action.ARGUMENTS["argument_spec"]).validate(given).validated_parameters
    task = action.__new__(action)
    task._task = types.SimpleNamespace(check_mode=check_mode, diff=False, timeout=None, no_log=True)
    task._task_vars = {}
    lines: list[str] = [] if told is None else told
    task.tell, task.show = lines.append, lines.extend
    task.connections = lambda interruption=None: contextlib.nullcontext(
        types.SimpleNamespace(cluster=lambda: simulated.cluster)
    )
    return t.cast("Answer", task.perform(simulated.cluster, arguments))
