# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The query lists of the simulated event logs, and the events that they select."""

from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET

import pytest

from tests.simulator.event_queries import BadQuery, read_query_list
from tests.simulator.event_subscriptions import LogRecord

NOW = datetime.datetime(2026, 1, 15, 8, 10, tzinfo=datetime.timezone.utc)
RECORD = LogRecord(
    NOW - datetime.timedelta(seconds=300),
    "System",
    "Microsoft-Windows-FailoverClustering",
    1135,
    1,
    (("VmName", "web01"),),
    "Cluster node 'NODE2' was removed.",
)


def selects(xpath: str) -> bool:
    query = ET.Element("QueryList")
    ET.SubElement(ET.SubElement(query, "Query"), "Select", Path="System").text = xpath
    (found,) = read_query_list(query, NOW)
    return found.matches(ET.fromstring(RECORD.write("NODE1", rendered=True)))


@pytest.mark.parametrize(
    ("xpath", "matches"),
    [
        ("*", True),
        ("*[System[EventID=1135]]", True),
        ("*[System[EventID=1136]]", False),
        ("*[System[(Level=1 or Level=2) and TimeCreated[timediff(@SystemTime) <= 300000]]]", True),
        ("*[System[(Level=1 or Level=2) and TimeCreated[timediff(@SystemTime) <= 299000]]]", False),
        ("*[System[Provider[@Name='Microsoft-Windows-FailoverClustering' or @Name='other']]]", True),
        ("*[System[Provider[@Name='other']]]", False),
        ("*[UserData[VmlEventLog[VmName='web01']]]", True),
        ("*[UserData[VmlEventLog[VmName='web02']]]", False),
    ],
)
def test_an_expression_selects_what_it_says(xpath: str, matches: bool) -> None:
    assert selects(xpath) is matches


@pytest.mark.parametrize("xpath", ["", "System", "*[", "*[System[Level=1]", "*[contains(Level,'1')]", "*] or *"])
def test_what_is_no_expression_is_refused(xpath: str) -> None:
    with pytest.raises(BadQuery):
        selects(xpath)
