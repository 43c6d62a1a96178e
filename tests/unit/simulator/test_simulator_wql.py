# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which queries the simulated cluster understands, and which instances they select."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from tests.simulator.cim import Embedded, Instance, ObjectPath
from tests.simulator.wql import AssociatorsOf, ReferencesOf, Select, WqlError, parse

UTC = datetime.timezone.utc
VM: dict[str, t.Any] = {
    "Name": "6E1F",
    "ElementName": "web_01 100%",
    "Notes": None,
    "Path": "C:\\ClusterStorage",
    "EnabledState": 2,
    "OperationalStatus": [2],
    "Shielded": False,
    "UpTime": 2**63,
    "InstallDate": datetime.datetime(2026, 1, 15, 8, tzinfo=UTC),
    "Host": ObjectPath("root/x", "Msvm_ComputerSystem", {"Name": "NODE1"}),
    "PrivateProperties": Embedded("MSCluster_Property", {"VmID": "6E1F", "VmState": 2}),
}
PARENTS = {("msvm_computersystem", "cim_system"), ("mscluster_property", "mscluster_property")}


def is_a(name: str, ancestor: str) -> bool:
    return (name.lower(), ancestor.lower()) in PARENTS


def selects(where: str, instance: Instance | None = None) -> bool:
    query = parse(f"SELECT * FROM Msvm_ComputerSystem WHERE {where}")
    assert isinstance(query, Select)
    return query.matches(instance or VM, "Msvm_ComputerSystem", is_a)


@pytest.mark.parametrize(
    "where",
    [
        "Name = '6e1f'",
        "NAME='6E1F'",
        'Name = "6E1F"',
        "'6E1F' = Name",
        "EnabledState <> 3",
        "EnabledState != 3",
        "EnabledState >= 2 AND EnabledState <= 2",
        "3 > EnabledState",
        "EnabledState = '2'",
        "UpTime = 9223372036854775808",
        "Shielded = FALSE",
        "Shielded <> true",
        "Notes IS NULL",
        "Name IS NOT NULL",
        "Path = 'C:\\\\ClusterStorage'",
        "ElementName LIKE 'WEB%'",
        "ElementName LIKE 'web_01%'",
        "ElementName LIKE '%[%]'",
        "ElementName LIKE 'web[_]01%'",
        "ElementName LIKE '[a-w]%'",
        "ElementName LIKE '[^a-v]%'",
        "NOT ElementName LIKE 'db%'",
        "ElementName NOT LIKE 'db%'",
        "PrivateProperties.VmID = '6e1f' AND privateproperties.vmstate = 2",
        "PrivateProperties ISA 'MSCluster_Property'",
        "__THIS ISA 'CIM_System'",
        "__CLASS = 'Msvm_ComputerSystem'",
        "InstallDate > '20260115070000.000000+000'",
        "Host = 'Msvm_ComputerSystem.Name=\"node1\"'",
        "Host <> 'Msvm_ComputerSystem.Name=\"node2\"'",
        "Name = 'x' OR Name = 'y' OR Name = '6E1F'",
        "Name = '6E1F' OR Name = 'x' AND Name = 'y'",
        "(Name = 'x' OR Name = '6E1F') AND EnabledState = 2",
    ],
)
def test_a_condition_that_holds_selects_the_instance(where: str) -> None:
    assert selects(where)


@pytest.mark.parametrize(
    "where",
    [
        "Name = '7E1F'",
        "EnabledState > 2",
        "2 > EnabledState",
        "UpTime = 9223372036854775807",
        "ElementName LIKE 'web'",
        "ElementName LIKE 'webX%'",
        "ElementName LIKE 'webx01%'",
        "NOT (EnabledState = 2 AND Shielded = FALSE)",
        "(Name = '6E1F' OR Name = 'x') AND Name = 'y'",
        "__THIS ISA 'CIM_Job'",
        "Host = 'Msvm_ComputerSystem.Name=\"node2\"'",
        "PrivateProperties.VmID = '7E1F'",
    ],
)
def test_a_condition_that_does_not_hold_leaves_the_instance_out(where: str) -> None:
    assert not selects(where)


@pytest.mark.parametrize("where", ["Notes = 'x'", "Notes <> 'x'", "NOT Notes = 'x'", "Notes LIKE '%'", "Nothing.X = 1"])
def test_null_compares_with_nothing(where: str) -> None:
    assert not selects(where)


def test_null_beside_something_true_is_no_obstacle() -> None:
    assert selects("Notes = 'x' OR Name = '6E1F'")


@pytest.mark.parametrize(
    "where", ["OperationalStatus = 2", "EnabledState = 'running'", "Host > 'x'", "EnabledState LIKE '2'"]
)
def test_what_cannot_be_compared_is_an_error(where: str) -> None:
    with pytest.raises(WqlError):
        selects(where)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT FROM X",
        "SELECT * FROM",
        "SELECT * FROM X WHERE",
        "SELECT * FROM X WHERE a",
        "SELECT * FROM X WHERE a = b",
        "SELECT * FROM X WHERE a = 'open",
        "SELECT * FROM X WHERE a = 'C:\\temp'",
        "SELECT * FROM X WHERE (a = 1",
        "SELECT * FROM X WHERE a > NULL",
        "SELECT * FROM X; DELETE FROM X",
        "ASSOCIATORS OF {X}  WHERE Nonsense = Y",
        "ASSOCIATORS OF {X.A='1'} WHERE Role = a Role = b",
        "ASSOCIATORS OF {X.A='1'} WHERE KeysOnly = a",
        "ASSOCIATORS OF {X.A='1'} WHERE AssocClass = a AND Role = b",
        "REFERENCES OF {X.A='1'} WHERE AssocClass = a",
    ],
)
def test_bad_syntax_is_an_error(text: str) -> None:
    with pytest.raises(WqlError):
        parse(text)


def test_columns_and_every_name_of_the_query_are_told() -> None:
    query = parse("select Name, PrivateProperties.VmID from X where notes like 'a' or NotedAt is null")
    assert isinstance(query, Select)
    assert query.columns == ("Name", "PrivateProperties.VmID")
    assert query.properties() == ("Name", "PrivateProperties.VmID", "notes", "NotedAt")


def test_associators_carry_their_terms() -> None:
    query = parse(
        "ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name=\"6E1F\"} "
        "WHERE AssocClass = Msvm_Link ResultClass = Msvm_Summary ResultRole = Dependent KeysOnly"
    )
    assert isinstance(query, AssociatorsOf)
    assert query.path == ObjectPath(
        "", "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": "6E1F"}
    )
    assert (query.assoc_class, query.result_class, query.role) == ("Msvm_Link", "Msvm_Summary", None)
    assert (query.result_role, query.keys_only, query.class_defs_only) == ("Dependent", True, False)


def test_a_path_may_name_host_and_namespace_and_doubles_its_backslashes() -> None:
    query = parse(r"REFERENCES OF {\\HVC1\root\virtualization\v2:X.InstanceID='Microsoft:A\\0'} WHERE Role = 'Part'")
    assert isinstance(query, ReferencesOf)
    assert query.path == ObjectPath("root/virtualization/v2", "X", {"InstanceID": r"Microsoft:A\0"})
    assert query.role == "Part"


def test_an_escaped_backslash_before_a_quote_is_not_an_escaped_quote() -> None:
    assert selects(r"""Name = "a\\'" """, {"Name": "a\\'"})


def test_a_query_is_parsed_once() -> None:
    text = "SELECT * FROM X WHERE a = 1"
    assert parse(text) is parse(text)
