# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One root of the errors of the wire, and one place that turns errors into Ansible's."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleParserError
from ansible_collections.hyperv.migration.plugins.plugin_utils import _ansible_errors, _clock, _connection
from ansible_collections.hyperv.migration.plugins.plugin_utils._ansible_errors import failed_result, unreadable_source
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman import errors, faults

DENIED = faults.Fault(5, reason="Zugriff verweigert", node="NODE1", operation="Enumerate root/MSCluster/*")


def subclasses(root: type[Exception]) -> set[type[Exception]]:
    below = {one for one in root.__subclasses__() if one.__module__.startswith("ansible_collections.hyperv")}
    return below.union(*(subclasses(one) for one in below))


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").partition("::")[2].splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+)", line)
        if found is not None:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else ""
    real = {one.__name__: one.__bases__[0].__name__ for one in subclasses(errors.WsmanError)}
    assert {name: base for name, base in drawn.items() if base} == real
    assert [name for name, base in drawn.items() if not base] == ["WsmanError"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (HyperVError("There is no VM 'web01'.\nRun it."), "There is no VM 'web01'. Run it."),
        (errors.UnsendableText("It holds U+0007."), "It holds U+0007."),
        (errors.UnreadableAnswer("no envelope"), "A node answered with something unexpected: no envelope."),
        (errors.UnexpectedValue("'x' is no uint8"), "A node answered with something unexpected: 'x' is no uint8."),
        (_connection.UnsupportedConnection("ssh cannot carry it."), "ssh cannot carry it."),
        (_clock.Abandoned("Ansible has ended."), "Ansible has ended."),
    ],
)
def test_a_failure_is_a_result_so_that_failed_when_sees_it(error: Exception, message: str) -> None:
    assert isinstance(error, _ansible_errors.EXPECTED)
    assert failed_result(error) == {"failed": True, "msg": message}


def test_a_denied_request_fails_with_the_right_that_is_missing() -> None:
    assert "Grant-ClusterAccess" in failed_result(DENIED)["msg"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.Unreachable("No route."), "No route."),
        (errors.AnswerLost("Cut."), "Cut. Run the task again; what it changed is kept."),
        (errors.NodeBusy("503."), "503. Run the task again; what it changed is kept."),
    ],
)
def test_a_host_without_an_answer_is_unreachable(error: Exception, message: str) -> None:
    with pytest.raises(AnsibleConnectionFailure) as raised:
        failed_result(error)
    assert raised.value.message == message


def test_an_inventory_source_says_the_same() -> None:
    error = unreadable_source(DENIED)
    assert isinstance(error, AnsibleParserError)
    assert error.message == failed_result(DENIED)["msg"]
