# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of a task as Ansible hands them over, and calls with them to the simulated cluster."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hyperv.migration.plugins.action.hyperv_vm_migrate import ActionModule
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.by_system import SystemMethod
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.results import CheckResult, StartResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.wanted_settings import WantedSettings

from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

NEW_NODES = scenario([node("NODE1", build=26100), node("NODE2", build=26100)], [vm("web01")])


def wanted(**options: t.Any) -> WantedSettings:
    """Return the settings of a task with ``options``, validated as Ansible validates them."""
    validated = ArgumentSpecValidator(ActionModule.ARGUMENTS["argument_spec"]).validate(options)
    assert validated.error_messages == []
    return WantedSettings.of(validated.validated_parameters)


class Client:
    """A migration service with settings, and VM web01 to be moved to NODE2."""

    def __init__(self, simulated: Simulated, settings: WantedSettings | None = None) -> None:
        self.simulated = simulated
        (run,) = simulated.runs(("web01", "NODE2"))
        self.move = run.move
        self.service = SystemMethod(simulated.cluster, settings or WantedSettings())

    def check(self) -> CheckResult:
        return self.service.check(self.move)

    def migrate(self) -> StartResult:
        return self.service.start(self.move)

    @property
    def calls(self) -> list[dict[str, t.Any]]:
        """The calls that arrived with readable parameters."""
        return t.cast("list[dict[str, t.Any]]", self.simulated.server.state()["calls"])

    @property
    def call(self) -> dict[str, t.Any]:
        """The last one."""
        return self.calls[-1]
