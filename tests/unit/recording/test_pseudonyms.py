# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pseudonyms keep lengths, kinds of letters, beginnings and order, and nothing else."""

from __future__ import annotations

import ipaddress
import random
import re
import unicodedata

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.pseudonyms import Addresses, Words
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.rewriting import pseudonymous
from hypothesis import given
from hypothesis import strategies as st

LETTERS = "abcXYZ0189äÖßŉжЖ経理販売サーバーデｱ中한🚀🐘★"
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=30)
GUIDS = [f"6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F{number:02X}" for number in range(40)]


def kinds(word: str) -> list[str]:
    return [unicodedata.category(letter) for letter in word]


@pytest.mark.hypothesis
@given(WORDS, st.integers(0, 99))
def test_lengths_kinds_and_order_stay(words: list[str], seed: int) -> None:
    known = Words(words, random.Random(seed))
    new = {word: known.of(word) for word in words}
    assert all(kinds(word) == kinds(other) for word, other in new.items())
    in_order = sorted(words)
    assert [new[word] for word in in_order] == sorted(new[word] for word in words)
    assert len(set(new.values())) == len(set(words))


@pytest.mark.hypothesis
@given(WORDS, st.integers(0, 99))
def test_the_same_beginning_stays_the_same(words: list[str], seed: int) -> None:
    known = Words(words, random.Random(seed))
    for word in words:
        assert known.of(word[:2]) == known.of(word)[:2]


def test_upper_and_lower_case_are_one_name() -> None:
    known = Words(["Node1", "NODE1"], random.Random(1))
    assert known.of("node1") == known.of("NODE1").lower()
    assert known.of("Node1")[0].isupper()


@pytest.mark.parametrize("name", ["ß", "Straße", "ŉ", "🚀", "★", "é", "販", "7", "Q", "true", "ﬁle"])
def test_a_name_of_odd_letters_has_a_pseudonym(name: str) -> None:
    known = Words([name], random.Random(1))
    assert known.of(name) != name
    assert all(len(known.of(letter)) == 1 for letter in name)
    assert pseudonymous([], [name], random.Random(1)).name(name) != name


def test_a_guid_becomes_another_one() -> None:
    known = Words(GUIDS, random.Random(1), hexadecimal=True)
    new = [known.of(guid) for guid in GUIDS]
    assert all(re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", guid) for guid in new)
    assert new == sorted(new)
    assert known.of(GUIDS[0].lower()) == new[0].lower()
    assert not set(new) & set(GUIDS)


class TestAddresses:
    def test_networks_stay_networks_and_hosts_stay_in_them(self) -> None:
        texts = ["10.20.0.0", "10.20.0.11", "10.20.0.12", "10.20.4.0", "10.20.4.7", "fe80::1:2", "2001:db8:1::5"]
        known = [ipaddress.ip_address(text) for text in texts]
        new = [Addresses(known, random.Random(1)).of(one) for one in known]
        network = ipaddress.ip_network(f"{new[0]}/24")
        assert new[1] in network
        assert new[2] in network
        assert new[3] not in network
        assert new[4] in ipaddress.ip_network(f"{new[3]}/24")
        assert all(one in ipaddress.ip_network("10.0.0.0/8") for one in new[:5])
        assert new[5] in ipaddress.ip_network("fe80::/64")
        assert not set(new) & set(known)

    @pytest.mark.parametrize("text", ["127.0.0.1", "0.0.0.0", "255.255.255.0", "::1", "224.0.0.251"])
    def test_what_is_the_same_everywhere_stays(self, text: str) -> None:
        address = ipaddress.ip_address(text)
        assert Addresses([address], random.Random(1)).of(address) == address

    @pytest.mark.hypothesis
    @given(st.lists(st.ip_addresses(v=4), min_size=1, max_size=12), st.integers(0, 99), st.integers(8, 24))
    def test_who_shared_a_network_does_so_still(
        self, given_: list[ipaddress.IPv4Address], seed: int, length: int
    ) -> None:
        known = Addresses(given_, random.Random(seed))
        for one in given_:
            for other in given_:
                together = other in ipaddress.ip_network(f"{one}/{length}", strict=False)
                assert (known.of(other) in ipaddress.ip_network(f"{known.of(one)}/{length}", strict=False)) == together


def rewritten(*messages: str, names: tuple[str, ...] = ()) -> list[str]:
    rewriter = pseudonymous(messages, names, random.Random(3))
    return [rewriter.rewrite(message) for message in messages]


ROW = '<p:Msvm_ComputerSystem xmlns:p="http://schemas.microsoft.com/x">{}</p:Msvm_ComputerSystem>'


class TestMessages:
    def test_a_name_is_the_same_in_a_row_a_reference_a_query_and_a_sentence(self) -> None:
        (new,) = rewritten(
            ROW.format(
                "<p:ElementName>web01</p:ElementName>"
                '<w:Selector Name="Name">web01</w:Selector>'
                "<w:Filter>SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'web01'</w:Filter>"
                "<p:ErrorDescription>Migration of 'web01' failed at web01.</p:ErrorDescription>"
            )
        )
        found = re.findall(r"[a-z]{3}\d\d", new)
        assert len(found) == 5
        assert set(found) != {"web01"}
        assert len(set(found)) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "<Select>*[System[Provider[@Name='Microsoft-Windows-Hyper-V'] and TimeCreated[@SystemTime]]]</Select>",
            "<p:ParameterInfo>SELECT * FROM MSCluster_Resource</p:ParameterInfo>",
            "<p:ParameterInfo>Msvm_MigrationJob</p:ParameterInfo>",
            r"<p:ParameterInfo>root\MSCluster</p:ParameterInfo>",
        ],
    )
    def test_a_query_keeps_its_words_whatever_vms_are_called(self, text: str) -> None:
        names = ("Name", "System", "TimeCreated", "Provider", "SELECT", "FROM", "MSCluster", "Msvm", "root", "Resource")
        assert rewritten(ROW.format(text), names=names) == [ROW.format(text)]

    def test_what_a_query_asks_for_is_replaced(self) -> None:
        (new,) = rewritten(
            ROW.format(
                "<p:ParameterInfo>SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'web01'</p:ParameterInfo>"
                "<Select>*[EventData[Data[@Name='VmName']='web01']]</Select>"
            )
        )
        assert "web01" not in new
        assert new.count("ElementName = '") == 1

    def test_an_embedded_instance_is_looked_into(self) -> None:
        inner = (
            '&lt;INSTANCE CLASSNAME="Msvm_MigrationJob"&gt;&lt;PROPERTY NAME="ElementName" TYPE="string"&gt;'
            "&lt;VALUE&gt;web01 &amp;amp; co&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;"
        )
        (new,) = rewritten(ROW.format(f"<p:TargetInstance2>{inner}</p:TargetInstance2>"))
        assert "web01" not in new
        assert re.search(r"&lt;VALUE&gt;[a-z]{3}\d\d &amp;amp; [a-z]{2}&lt;/VALUE&gt;", new)
        assert 'CLASSNAME="Msvm_MigrationJob"' in new

    def test_object_paths_lose_host_and_keys_and_keep_classes(self) -> None:
        path = (
            r'\\NODE1\root\virtualization\v2:Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="web01"'
        )
        (new,) = rewritten(ROW.format(f"<p:Antecedent>{path}</p:Antecedent>"))
        assert 'CreationClassName="Msvm_ComputerSystem"' in new
        assert r"root\virtualization\v2:Msvm_ComputerSystem." in new
        assert "NODE1" not in new
        assert "web01" not in new

    @pytest.mark.parametrize(
        "value",
        [
            "20260115221500.000000+060",
            "2026-01-15T22:15:00Z",
            "00000000002030.000000:000",
            "PT60S",
            "4096",
            "true",
            "10.0.20348",
            "CPU0",
            "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy",
        ],
    )
    def test_dates_numbers_and_bytes_stay(self, value: str) -> None:
        message = ROW.format(f"<p:Unheard>{value}</p:Unheard><p:ElementName>web01</p:ElementName>")
        assert f"<p:Unheard>{value}</p:Unheard>" in rewritten(message)[0]

    def test_a_number_that_is_a_name_is_replaced(self) -> None:
        assert "4711" not in rewritten(ROW.format("<p:ElementName>4711</p:ElementName>"))[0]

    def test_processors_stay_what_they_are_whatever_vms_are_called(self) -> None:
        processor = (
            "<w:Filter>SELECT Manufacturer, Caption FROM Win32_Processor WHERE DeviceID = 'CPU0'</w:Filter>"
            "<p:DeviceID>CPU0</p:DeviceID><p:Manufacturer>GenuineIntel</p:Manufacturer>"
        )
        vms = "<p:ElementName>CPU0</p:ElementName><p:ErrorDescription>CPU0 did not start.</p:ErrorDescription>"
        new, of_vms = rewritten(ROW.format(processor), vms)
        assert new == ROW.format(processor)
        assert "CPU0" not in of_vms

    def test_a_long_name_is_not_taken_for_bytes(self) -> None:
        name = "PayrollServer" * 8
        rewriter = pseudonymous([f"<p:ElementName>{name}</p:ElementName>"], [], random.Random(1))
        new = rewriter.rewrite(f"<p:ElementName>{name}</p:ElementName>")
        assert "Payroll" not in new
        assert len(new) == len(f"<p:ElementName>{name}</p:ElementName>")

    def test_a_property_that_nobody_knows_is_replaced_and_told(self) -> None:
        message = ROW.format("<p:Unheard>Contoso Ltd</p:Unheard>")
        rewriter = pseudonymous([message], [], random.Random(1))
        assert "Contoso" not in rewriter.rewrite(message)
        assert list(rewriter.guessed) == ["Unheard"]

    def test_a_sentence_in_japanese_loses_the_names_in_it(self) -> None:
        names = ROW.format("<p:ElementName>経理サーバー</p:ElementName>") + ROW.format(
            "<p:ElementName>web01</p:ElementName>"
        )
        text = "<p:ErrorDescription>仮想マシン経理サーバーとweb01の移行に失敗しました。</p:ErrorDescription>"
        unused, new = rewritten(names, text)
        assert "経理" not in new
        assert "web01" not in new
        assert "仮想マシン" in new
        assert "の移行に失敗しました。" in new

    def test_a_name_within_another_word_is_not_one(self) -> None:
        names = ROW.format("<p:ElementName>app</p:ElementName>")
        text = "<p:ErrorDescription>The application app stopped.</p:ErrorDescription>"
        new = rewritten(names, text)[1]
        assert "The application " in new
        assert " app " not in new

    def test_a_short_name_is_one_between_quotes(self) -> None:
        names = ROW.format("<p:ElementName>a</p:ElementName>")
        text = "<p:ErrorDescription>a migration of 'a' failed</p:ErrorDescription>"
        new = rewritten(names, text)[1]
        assert re.search(r">a migration of '[b-z]' failed<", new)

    def test_what_has_the_form_of_something_private_is_replaced_where_nobody_named_it(self) -> None:
        text = (
            r"<p:Description>CORP\jdoe (jdoe@corp.example, S-1-5-21-11111-22222-33333-1104) read "
            r"\\filer01\share\x.vhdx and C:\Data\Payroll\y.vhdx from 192.0.2.7, 00-15-5D-01-02-03</p:Description>"
        )
        (new,) = rewritten(text)
        for private in ("CORP", "jdoe", "11111", "1104", "filer01", "share", "Payroll", "192.0.2.7", "00-15-5D-01"):
            assert private not in new, private
        assert ".vhdx" in new
        assert "S-1-5-21-" in new

    def test_what_is_the_same_everywhere_stays(self) -> None:
        text = ROW.format(
            "<p:Name>Cluster Group</p:Name><p:Name>vmms</p:Name><p:SID2>S-1-5-18</p:SID2>"
            "<p:Type>Virtual Machine</p:Type><p:InstanceID>Microsoft:Definition</p:InstanceID>"
        ).replace("<p:SID2>S-1-5-18</p:SID2>", "")
        assert rewritten(text) == [text]

    def test_a_resource_of_a_vm_keeps_what_the_cluster_puts_before_the_name(self) -> None:
        (new,) = rewritten(ROW.format("<p:Name>Virtual Machine Configuration web01</p:Name>"))
        assert re.search(r">Virtual Machine Configuration [a-z]{3}\d\d<", new)

    def test_the_machine_of_a_fault_is_replaced(self) -> None:
        (new,) = rewritten(
            '<f:WSManFault Code="5" Machine="NODE1.corp.example"><f:Message>no</f:Message></f:WSManFault>'
        )
        assert 'Code="5"' in new
        assert "corp" not in new

    def test_a_record_of_an_event_log_loses_its_names(self) -> None:
        record = (
            '<Event><System><Provider Name="Microsoft-Windows-Hyper-V-VMMS"/><EventID>20417</EventID>'
            "<Channel>Microsoft-Windows-Hyper-V-VMMS-Admin</Channel><Computer>NODE1.corp.example</Computer>"
            '<Security UserID="S-1-5-21-11111-22222-33333-1104"/></System>'
            '<EventData><Data Name="VmName">web01</Data><Data Name="VmId">6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31</Data>'
            "</EventData><RenderingInfo><Message>Migration of 'web01' failed.</Message></RenderingInfo></Event>"
        )
        (new,) = rewritten(record)
        for private in ("NODE1", "corp", "11111", "1104", "web01", "6E1F7C2A"):
            assert private not in new, private
        for public in ("Microsoft-Windows-Hyper-V-VMMS-Admin", ">20417<", 'Name="VmName"', "Migration of '"):
            assert public in new, public

    def test_a_message_without_names_keeps_its_bytes(self) -> None:
        text = "<a  b='c'><!-- x --><p:Version>1.0 &#x41; \"quoted\"</p:Version></a>"
        assert rewritten(text) == [text]
