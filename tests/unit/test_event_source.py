# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event source for ansible-rulebook as that loads it, and what it takes for arguments."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys
import types
import typing as t

import jinja2
import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._event_source import ARGUMENTS, BadArguments, Source

from tests.ansible_command import ansible_environment
from tests.ports import free_port

ROOT = pathlib.Path(__file__).parents[2]
PLUGIN = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "hyperv_cluster.py"
GOOD = {"ansible_host": "127.0.0.1", "ansible_user": "operator", "ansible_password": "marked-Secret-1"}


# Runs the source as ansible-rulebook does, by its path in a Python that knows no collections, until its first event.
FIRST_EVENT = """
import asyncio, json, runpy, sys

class Queue:
    async def put(self, event):
        print(json.dumps(event))
        raise asyncio.CancelledError

path, arguments = sys.argv[1:]
try:
    asyncio.run(runpy.run_path(path)["main"](Queue(), json.loads(arguments)))
except asyncio.CancelledError:
    pass
"""


def loaded() -> types.ModuleType:
    """Return the plugin as a module; runpy finds no file below a collection, whose imports Ansible looks after."""
    spec = importlib.util.spec_from_file_location("event_source", PLUGIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_can_be_read_without_ansible_and_without_ansible_rulebook() -> None:
    code = f"import runpy; assert runpy.run_path({str(PLUGIN)!r})['main']"
    command = [sys.executable, "-S", "-I", "-c", code]
    ended = subprocess.run(command, timeout=300, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_its_documentation_is_what_it_takes() -> None:
    plugin = loaded()
    options = yaml.safe_load(plugin.DOCUMENTATION)["options"]
    documented = {
        name: {key: option[key] for key in ("type", "required", "default", "choices") if key in option}
        for name, option in options.items()
    }
    taken = {name: {key: one[key] for key in one if key != "no_log"} for name, one in ARGUMENTS.items()}
    assert documented == taken


def test_its_examples_and_the_rulebook_give_it_arguments_that_it_takes() -> None:
    rulebooks = [loaded().EXAMPLES]
    rulebooks += [path.read_text(encoding="utf-8") for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml")]
    sources = [source for text in rulebooks for ruleset in yaml.safe_load(text) for source in ruleset["sources"]]
    assert len(sources) == 3
    variables = {"hyperv_host": "node1", "hyperv_port": 5986, "hyperv_scheme": "https"}
    variables |= {"hyperv_user": "operator", "hyperv_password": "marked-Secret-1"}
    for source in sources:
        arguments = source["hyperv.migration.hyperv_cluster"]
        Source({name: jinja2.Template(str(value)).render(variables) for name, value in arguments.items()}).close()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"ansible_host": None}, "ansible_host"),
        ({"ansible_host": " "}, "ansible_host"),
        ({"delay": 0}, "delay"),
        ({"delay": "often"}, "delay"),
        ({"dealy": 5}, "dealy"),
        ({"ansible_pasword": "x"}, "ansible_pasword"),
        ({"ansible_port": "https"}, "ansible_port"),
        ({"ansible_connection": "ssh"}, "ansible_connection"),
        ({"ansible_psrp_auth": "ntlm"}, "ansible_psrp_auth"),
        ({"ansible_password": ""}, "ansible_password is empty; leave it out where a ticket"),
        ({"ansible_user": " "}, "ansible_user is empty"),
        ({"ansible_winrm_password": ""}, "ansible_winrm_password is empty"),
        ({"ansible_password": "{{ hyperv_password }}"}, "ansible_password is a template that nobody filled in"),
        ({"ansible_host": "{{ hyperv_host }}"}, "ansible_host is a template that nobody filled in"),
    ],
)
def test_an_argument_that_is_wrong_is_named_and_the_password_is_not(arguments: dict[str, t.Any], named: str) -> None:
    given = {name: value for name, value in {**GOOD, **arguments}.items() if value is not None}
    with pytest.raises(BadArguments, match=named) as refused:
        Source(given)
    assert "marked-Secret-1" not in str(refused.value)


def test_what_is_no_credential_may_be_empty_and_a_password_may_hold_braces() -> None:
    source = Source({**GOOD, "ansible_winrm_proxy": "", "ansible_password": "a{{b}}c"})
    assert source.events.host == "127.0.0.1"


def test_it_takes_every_variable_of_the_connection_plugin_and_what_the_rulebook_engine_adds() -> None:
    winrm = {**GOOD, "ansible_winrm_transport": "ntlm", "ansible_winrm_read_timeout_sec": 70, "delay": "5"}
    psrp = {**GOOD, "ansible_connection": "psrp", "ansible_psrp_auth": "ntlm", "eda_feedback_queue": object()}
    assert [Source(given).events.wait for given in (winrm, psrp)] == [5, 30]


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_a_host_that_cannot_be_reached_is_an_event_and_no_error(plugin: str, tmp_path: pathlib.Path) -> None:
    port = free_port()
    arguments = json.dumps({**GOOD, "ansible_connection": plugin, "ansible_port": port})
    answer = subprocess.run(
        [sys.executable, "-c", FIRST_EVENT, str(PLUGIN), arguments],
        env=ansible_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    event = json.loads(answer.stdout)
    assert (event["type"], event["change"], event["host"]) == ("connection", "lost", "127.0.0.1")
    assert f"127.0.0.1:{port}" in event["message"]
    assert "marked-Secret-1" not in answer.stdout + answer.stderr
