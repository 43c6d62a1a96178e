# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Debian's wsl: shell scripts over curl, with Basic, no MaxElements in a Pull unless told, and filters of DMTF."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.integration.clients.served import NODES, PASSWORD, USER, WMI, Host, needs, run

SELECTORS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
pytestmark = needs("Debian's wsl", "apt-get install wsl uuid-runtime curl", "wslenum", "uuidgen", "curl")


def ask(host: Host, folder: pathlib.Path, *command: str, **settings: str) -> str:
    """Run one of its commands, and return what it prints."""
    account = {"WSENDPOINT": f"127.0.0.1:{host.port}", "WSUSER": USER, "WSPASS": PASSWORD, "WSNOSSL": "true"}
    return run(*command, folder=folder, **account, **settings).stdout


def names(answer: str) -> list[str]:
    return re.findall(r"<p:Name>(\w+)</p:Name>", answer)


@pytest.mark.parametrize("settings", [{}, {"WSENUMOPTIMIZE": "true", "WSENUMMAXELEM": "1"}])
def test_a_class_is_enumerated_to_its_end(host: Host, tmp_path: pathlib.Path, settings: dict[str, str]) -> None:
    answer = ask(host, tmp_path, "wslenum", NODES, **settings)
    assert names(answer) == ["NODE1", "NODE2"]
    assert "EndOfSequence" in answer


def test_references_alone(host: Host, tmp_path: pathlib.Path) -> None:
    answer = ask(host, tmp_path, "wslenum", NODES, "-mode", "epr")
    assert re.findall(r'<w:Selector Name="Name">(\w+)<', answer) == ["NODE1", "NODE2"]


def test_one_instance(host: Host, tmp_path: pathlib.Path) -> None:
    assert names(ask(host, tmp_path, "wslget", NODES, "Name=NODE2")) == ["NODE2"]


def test_a_filter_by_selectors(host: Host, tmp_path: pathlib.Path) -> None:
    answer = ask(host, tmp_path, "wslenum", NODES, "-filter", "Name=NODE2", "-dialect", SELECTORS)
    assert names(answer) == ["NODE2"]


def test_a_query(host: Host, tmp_path: pathlib.Path) -> None:
    query = ("-filter", "select * from MSCluster_Node where Name='NODE2'", "-dialect", WQL)
    assert names(ask(host, tmp_path, "wslenum", f"{WMI}/root/MSCluster/*", *query)) == ["NODE2"]


def test_a_query_in_the_language_of_dmtf_is_refused_as_windows_does(host: Host, tmp_path: pathlib.Path) -> None:
    answer = ask(host, tmp_path, "wslenum", f"{WMI}/root/MSCluster/*", "-filter", "select * from MSCluster_Node")
    assert "FilterDialectRequestedUnavailable" in answer


def test_the_service_says_who_it_is(host: Host, tmp_path: pathlib.Path) -> None:
    answer = ask(host, tmp_path, "wslid", "check")
    assert "Microsoft Corporation" in answer
    assert "OS: 10.0.20348 SP: 0.0 Stack: 3.0" in answer
