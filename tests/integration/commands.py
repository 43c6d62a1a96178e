# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands as a user types them, and what they came to."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import subprocess
import typing as t

from tests.ansible_command import ad_hoc_result, ansible_environment

SCENARIO = pathlib.Path(__file__).parent / "cluster.yml"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command came to: ``text`` is what it printed on both streams."""

    code: int
    text: str

    @property
    def result(self) -> dict[str, t.Any]:
        """The result of an ad hoc command."""
        return ad_hoc_result(self.text)

    @property
    def message(self) -> str:
        """The message of an ad hoc command that failed."""
        return str(self.result["msg"])

    def recap(self, host: str, counter: str) -> int:
        """Return one number of a playbook's recap, such as ``changed``."""
        found = re.search(rf"^{host} +:.*\b{counter}=(\d+)", self.text, re.MULTILINE)
        assert found, self.text
        return int(found[1])


class Ansible:
    """Runs commands as a user would, against one inventory.

    Attributes:
        sources: the inventory as arguments of a command.
    """

    def __init__(self, folder: pathlib.Path, inventory: pathlib.Path, plugin: str = "winrm") -> None:
        """Reach the nodes of the simulator's ``inventory`` by the connection plugin ``plugin``."""
        self._environment = ansible_environment(folder)
        self._folder = folder
        chosen = folder / f"over_{plugin}.yml"
        chosen.write_text(f"hyperv_nodes: {{vars: {{ansible_connection: {plugin}}}}}\n", encoding="utf-8")
        # Of two sources that set a variable for the same group the later one wins.
        self.sources = ["-i", str(inventory), "-i", str(chosen)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of its commands."""
        return dict(self._environment)

    def ad_hoc(self, host: str, module: str, arguments: str = "", *options: str) -> Answer:
        """Run one module of the collection on ``host``."""
        command = ["ansible", *self.sources, host, "-m", f"hyperv.migration.{module}"]
        return self.run(*command, "-a", arguments, *options)

    def evacuate(self, *options: str) -> Answer:
        """Run the playbook ``hyperv.migration.evacuate_node`` with fast polling."""
        command = ["ansible-playbook", *self.sources, "hyperv.migration.evacuate_node"]
        return self.run(*command, "-e", "evacuate_node_poll_interval=0.1", *options)

    def start(self, command: str, *options: str) -> subprocess.Popen[str]:
        """Start a command in a group of processes of its own, whose output can be read while it runs.

        It ends on SIGINT, which workers of pytest-xdist ignore, and so would all that they start.
        """
        return subprocess.Popen(
            ["env", "--default-signal=INT", command, *self.sources, *options],
            cwd=self._folder,
            env={**self._environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, folder: pathlib.Path | None = None, warns: bool = False, **environment: str) -> Answer:
        """Run a command, in ``folder`` if given, whatever it comes to; only one that ``warns`` may warn.

        ``environment`` holds further variables.
        """
        ended = subprocess.run(
            command,
            cwd=folder or self._folder,
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=480,
            check=False,
        )
        assert warns or "WARNING" not in ended.stdout, ended.stdout
        assert "Traceback" not in ended.stdout, ended.stdout
        return Answer(ended.returncode, ended.stdout)
