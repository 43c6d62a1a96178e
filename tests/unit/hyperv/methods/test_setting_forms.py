# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which forms the setting data is tried, when the next one is, and what is said when none is taken."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.wanted_settings import FORMS

from tests.support.given_settings import Client, wanted
from tests.support.requests import invokes_migration
from tests.support.scenarios import fault, migration, node, scenario, vm
from tests.support.simulated import Simulated

SWITCHED = {"typed": "typed", "typed_net": "typed_net", "omitted": "null", "cim": "cim"}


def form_of(call: dict[str, t.Any]) -> str:
    """Return the form in which a call arrived, by what the simulated cluster read."""
    data = call["migration_settings"]
    if data is None:
        return "omitted"
    if data["class"].startswith("CIM_"):
        return "cim"
    return "typed_net" if "DestinationIPAddressList" in data["properties"] else "typed"


def switch(client: Client, **switches: t.Any) -> None:
    """Let the provider behave otherwise from now on."""
    before = client.simulated.server.world.scenario
    changed = dataclasses.replace(before, switches=dataclasses.replace(before.switches, **switches))
    client.simulated.server.world.scenario = changed


@pytest.mark.parametrize("refusal", ["return_value", "parameter_fault", "class_fault", "win32_fault"])
@pytest.mark.parametrize("family", ["dmtf", "hyperv"])
@pytest.mark.parametrize("form", FORMS)
def test_the_forms_are_tried_in_order_until_one_is_taken(form: str, refusal: str, family: str) -> None:
    client = Client(
        Simulated(accepts_setting_data=[SWITCHED[form]], refuses_setting_data_by=refusal, return_codes=family)
    )
    answer = client.migrate()
    assert (answer.return_value, answer.error) == (4096, None)
    assert answer.form == form
    assert [form_of(call) for call in client.calls] == list(FORMS[: FORMS.index(form) + 1])
    assert client.simulated.migrations("web01") == 1


def test_the_form_that_the_check_found_is_used_for_the_move_at_once() -> None:
    client = Client(Simulated(accepts_setting_data=["null"]))
    assert client.check().error is None
    client.migrate()
    assert [(call["method"][:5], form_of(call)) for call in client.calls[-2:]] == [
        ("Check", "omitted"),
        ("Migra", "omitted"),
    ]


def test_a_move_that_refuses_the_form_of_the_check_is_tried_in_the_others() -> None:
    client = Client(Simulated(accepts_setting_data=["null"]))
    client.check()
    switch(client, accepts_setting_data=("typed_net",))
    result = client.migrate()
    assert (result.return_value, result.form) == (4096, "typed_net")
    moves = [form_of(call) for call in client.calls if call["method"].startswith("Migrate")]
    assert moves == ["omitted", "typed", "typed_net"]


@pytest.mark.parametrize("code", [1, 2, 3, 5, 7, 32768, 32769, 32771, 32772, 32774, 32775, 32777, 32778, 40000])
def test_after_any_other_refusal_no_other_form_is_tried(code: int) -> None:
    client = Client(
        Simulated(scenario([node("NODE1"), node("NODE2")], [vm("web01", migration=migration(return_value=code))]))
    )
    assert client.migrate().error is not None
    assert len(client.calls) == 1


def test_after_an_answer_that_was_lost_no_other_form_is_tried() -> None:
    client = Client(Simulated())
    client.simulated.lose = lambda node, request: "after" if invokes_migration(request) else ""
    answer = client.migrate()
    assert (answer.unconfirmed, answer.unanswered) == (True, True)
    assert len(client.calls) == 1


def test_after_an_answer_that_cannot_be_read_no_other_form_is_tried() -> None:
    client = Client(Simulated())
    client.simulated.garble = invokes_migration
    assert client.migrate().unconfirmed
    assert len(client.calls) == 1


@pytest.mark.parametrize("code", [0x80041001, 0x80041033, 0x80338029])
def test_after_a_fault_that_may_have_come_in_the_middle_no_other_form_is_tried(code: int) -> None:
    broken = fault("fault", operation="Invoke MigrateVirtualSystemToSystem", code=code)
    client = Client(Simulated(scenario([node("NODE1"), node("NODE2")], [vm("web01")], faults=[broken])))
    assert client.migrate().unconfirmed
    assert client.simulated.server.counters()["requests"]["Invoke MigrateVirtualSystemToSystem"] == 1


@pytest.mark.parametrize(("family", "code"), [("dmtf", 4), ("hyperv", 32773)])
def test_when_no_form_is_taken_the_error_names_all_of_them_and_what_else_it_may_be(family: str, code: int) -> None:
    client = Client(Simulated(accepts_setting_data=[], return_codes=family))
    answer = client.migrate()
    assert (answer.return_value, answer.unconfirmed, answer.job) == (code, False, None)
    assert (answer.error.code, answer.error.error_code, answer.error.transient) == ("refused", code, False)
    for form in FORMS:
        assert f"{form}: {code} (Invalid " in answer.error.text
    assert "VM web01, destination NODE2 or a given setting" in answer.error.remedy
    assert "Nothing was started." in answer.error.text
    assert client.simulated.migrations("web01") == 0


def test_when_every_form_ends_in_a_fault_the_error_has_its_hresult() -> None:
    client = Client(Simulated(accepts_setting_data=[], refuses_setting_data_by="parameter_fault"))
    answer = client.migrate()
    assert (answer.return_value, answer.error.hresult, answer.unconfirmed) == (None, "0x8004102F", False)


def test_a_refused_destination_is_not_blamed_on_the_settings_alone() -> None:
    client = Client(Simulated(node_rows=False))
    client.move = client.move._replace(destination=client.move.destination._replace(name="NODE9"))
    client.simulated.lose = lambda node, request: "down" if node == "NODE9" else ""
    answer = client.migrate()
    assert answer.error.error_code == 4
    assert "destination NODE9" in answer.error.remedy


def test_a_check_that_refuses_every_form_says_how_to_go_without_it() -> None:
    client = Client(Simulated(accepts_setting_data=[]))
    verdict = client.check()
    assert verdict.asked
    assert "precheck=false" in verdict.error.text
    assert verdict.error.text.startswith("CheckVirtualSystemIsMigratableToSystem: ")


def test_addresses_that_cannot_be_read_leave_one_form_out_and_nothing_else() -> None:
    client = Client(Simulated(accepts_setting_data=["cim"]))
    client.simulated.lose = lambda node, request: "down" if node == "NODE2" else ""
    assert client.migrate().return_value == 4096
    assert [form_of(call) for call in client.calls] == ["typed", "omitted", "cim"]


def test_a_form_that_could_not_be_tried_is_named_with_the_reason() -> None:
    client = Client(Simulated(accepts_setting_data=[]))
    client.simulated.lose = lambda node, request: "down" if node == "NODE2" else ""
    assert "typed_net: not tried, NODE2 does not tell its listener addresses (NODE2 is down)" in str(
        client.migrate().error.text
    )


def test_a_destination_without_listeners_is_not_sent_as_an_empty_list() -> None:
    given = scenario([node("NODE1"), node("NODE2", listener_addresses=())], [vm("web01")])
    client = Client(Simulated(given, accepts_setting_data=[]))
    assert "NODE2 listens on no address" in client.migrate().error.text
    assert [form_of(call) for call in client.calls] == ["typed", "omitted", "cim"]


def test_the_addresses_are_those_of_the_destination_and_read_once() -> None:
    client = Client(Simulated(accepts_setting_data=["typed_net"]))
    client.check()
    client.migrate()
    addresses = next(node for node in client.simulated.server.scenario.nodes if node.name == "NODE2")
    sent = client.call["migration_settings"]["properties"]
    assert sent["DestinationIPAddressList"] == list(addresses.listener_addresses)
    assert sent["TransportType"] == 5
    assert client.simulated.sent["NODE2"] == 3


@pytest.mark.parametrize(
    ("given", "forms"),
    [
        ({}, FORMS),
        ({"migration_type": "virtual_system"}, ("typed", "typed_net", "cim")),
        ({"transport": "smb"}, ("typed", "typed_net", "cim")),
        ({"priority": 1, "element_name": "x"}, ("typed", "typed_net", "cim")),
        ({"enable_compression": False}, ("typed", "typed_net")),
        ({"destination_ip_addresses": ["10.0.0.1"]}, ("typed", "typed_net")),
        ({"destination_ip_addresses": ["10.0.0.1"], "transport": "tcp"}, ("typed",)),
        ({"migration_type": "virtual_system_and_storage"}, ("typed", "typed_net")),
        ({"migration_type": "storage"}, ("typed",)),
    ],
)
def test_only_forms_that_carry_every_given_setting_are_tried(given: dict[str, t.Any], forms: tuple[str, ...]) -> None:
    settings = wanted(migration_settings=given)
    assert settings.forms == tuple(forms)
    client = Client(Simulated(accepts_setting_data=[]), settings)
    client.migrate()
    assert len(client.calls) == len(forms)
    for call in client.calls:
        arrived = call["migration_settings"]["properties"] if call["migration_settings"] else {}
        assert len(arrived) >= len(given)


def test_given_settings_stand_in_every_form_with_the_numbers_of_its_class() -> None:
    client = Client(Simulated(accepts_setting_data=[]), wanted(migration_settings={"transport": "smb", "priority": 7}))
    client.migrate()
    arrived = [call["migration_settings"]["properties"] for call in client.calls]
    assert [(one["MigrationType"], one["TransportType"], one["Priority"]) for one in arrived] == [
        (32768, 32768, 7),
        (32768, 32768, 7),
        (2, 32768, 7),
    ]


def test_what_is_read_beforehand_is_never_taken_for_an_answer_of_the_call() -> None:
    client = Client(Simulated())
    client.simulated.lose = lambda node, request: "down" if b"Msvm_ComputerSystem" in request else ""
    answer = client.migrate()
    assert (answer.unconfirmed, answer.error.code) == (False, "not_sent")
    assert client.calls == []
