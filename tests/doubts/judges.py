# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a recording says to the switches of the simulated cluster.

A judge returns the value that a switch would need for the simulated cluster to answer as the recorded one did, or None
where the recording does not show it. Codes: [MS-WSMV] and wmi error constants of Microsoft's docs.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable, Iterator

from .evidence import Evidence, Exchange, Row, local

CLUSTER, V2, MSCLUSTER = "root/hypervcluster/v2", "root/virtualization/v2", "root/mscluster"
_CHECK, _MIGRATE = "CheckVirtualSystemIsMigratableToSystem", "MigrateVirtualSystemToSystem"
_NO_CLASS, _NO_NAMESPACE = {0x80041010, 0x80338012}, {0x8004100E}
_NO_METHOD = {0x80338013, 0x80338102, 0x80041024, 0x8004100C, 0x80041055}
_BAD_PARAMETERS = {87, 0x80338015, 0x80338041, 0x80338054, 0x80338055, 0x8004102F, 0x80041008} | _NO_CLASS
_FILTER = {0x80338018, 0x80338019, 0x8033801A, 0x80041017, 0x803380FB}
_WMI_NO_CLASS, _NOT_FOUND, _TIMED_OUT = {0x80041010}, {0x80338000}, 0x80338029
_INCOMPATIBLE = 32784
_UNSUPPORTED, _INVALID = {1, 32770}, {4, 32773, 32776}
_BEGUN = {0, 4096}
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

Value = t.Any


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was seen where that is only a part of the switch's value, and whether it stands against the default."""

    value: t.Any
    stands_against: bool


Judge = Callable[[Evidence], Value]


@dataclasses.dataclass(frozen=True)
class Question:
    """A switch, the doubt of the guide that it belongs to (0: of the wire), and who judges it."""

    doubt: int
    switch: str
    judge: Judge


def _value(one: Exchange) -> int | None:
    written = one.output("ReturnValue")
    return int(written) if written.lstrip("-").isdigit() else None


def _outcomes(evidence: Evidence, method: str) -> Value:
    """Return whether a method is there: ``present``, ``not_supported``, ``missing``."""
    found = None
    for one in evidence.calls(method):
        if one.fault_codes & _NO_METHOD:
            found = found or "missing"
        elif _value(one) in _UNSUPPORTED:
            found = found or "not_supported"
        elif _value(one) is not None:
            return "present"
    return found


def _form(one: Exchange) -> str:
    """Return the form of the setting data of a call."""
    written = one.input("MigrationSettingData")
    if not written:
        return "null"
    if "CIM_VirtualSystemMigrationSettingData" in written:
        return "cim"
    return "typed_net" if re.search("TransportType|DestinationIPAddressList", written) else "typed"


def setting_forms(evidence: Evidence) -> Value:
    """Return the forms that were taken, which stand against the default where one was refused."""
    taken, refused = set(), set()
    for one in evidence.calls(_CHECK, _MIGRATE):
        if one.fault_codes & _BAD_PARAMETERS or _value(one) in _INVALID:
            refused.add(_form(one))
        elif not one.has_failed and _value(one) in _BEGUN:
            taken.add(_form(one))
    if not taken:
        return None
    forms = ("typed", "typed_net", "null", "cim")
    return Seen(tuple(form for form in forms if form in taken), bool(refused - taken))


def return_codes(evidence: Evidence) -> Value:
    """Return the family of the codes with which methods of the migration service refused."""
    for one in evidence.calls(_CHECK, _MIGRATE):
        value = _value(one)
        if value is not None and value not in _BEGUN:
            return "hyperv" if value >= 32768 else "dmtf"
    return None


def return_form(evidence: Evidence) -> Value:
    """Return how a migration that began was answered."""
    for one in evidence.calls(_MIGRATE):
        value, job = _value(one), one.output_element("Job")
        named = job is not None and len(job) > 0
        if value in _BEGUN:
            return {
                (4096, True): "job",
                (4096, False): "job_unnamed",
                (0, True): "done_with_job",
                (0, False): "synchronous",
            }[int(value or 0), named]
    return None


def _job_uri(evidence: Evidence) -> str:
    for one in evidence.calls(_MIGRATE):
        job = one.output_element("Job")
        for part in () if job is None else job.iter():
            if local(part) == "ResourceURI":
                return (part.text or "").strip()
    return ""


def job_class(evidence: Evidence) -> Value:
    """Return the class of the job that a migration was answered with."""
    return _job_uri(evidence).rpartition("/")[2] or None


def job_namespace(evidence: Evidence) -> Value:
    """Return where that job is."""
    uri = _job_uri(evidence).lower()
    return ("cluster" if CLUSTER in uri else "v2") if uri else None


def provider_on(evidence: Evidence) -> Value:
    """Return which nodes have rows of the cluster, of those that were asked for all of them."""
    answers: dict[str, bool] = {}
    for one in evidence.enumerations(CLUSTER, "Msvm_ComputerSystem"):
        if not one.has_conditions and not one.has_failed:
            answers[one.computer] = answers.get(one.computer, False) or bool(evidence.rows(one))
    if len(answers) < 2:
        return None
    showing = [computer for computer, shows in answers.items() if shows]
    if len(showing) in (0, len(answers)):
        return "all" if showing else "none"
    core = [row.text("OwnerNode") for row in _core_groups(evidence)]
    return "core_group" if core and showing == core[-1:] else tuple(sorted(showing))


def _core_groups(evidence: Evidence) -> Iterator[t.Any]:
    for one in evidence.enumerations(MSCLUSTER, "MSCluster_ResourceGroup"):
        yield from (row for row in evidence.rows(one) if "GroupType = 1" in one.query and row.text("OwnerNode"))


def cluster_migration_service(evidence: Evidence) -> Value:
    """Return whether the cluster's namespace has the migration service."""
    found = None
    for one in evidence.enumerations(CLUSTER, "Msvm_VirtualSystemMigrationService"):
        if one.fault_codes & _NO_NAMESPACE:
            found = found or "namespace_missing"
        elif one.fault_codes & _NO_CLASS:
            found = found or "class_missing"
        elif evidence.rows(one):
            return "present"
    return found


def _whole_systems(evidence: Evidence) -> list[str]:
    """Return the names in the longest answer to a question for all of Msvm_ComputerSystem in the cluster's namespace.

    Others were not read to their end.
    """
    whole = [one for one in evidence.enumerations(CLUSTER, "Msvm_ComputerSystem") if not one.has_conditions]
    rows = max((evidence.rows(one) for one in whole if one.columns == "*"), key=len, default=[])
    return [row.text("Name") for row in rows]


def node_rows(evidence: Evidence) -> Value:
    """Return whether Msvm_ComputerSystem lists the nodes there."""
    names = {name.partition(".")[0].lower() for name in _whole_systems(evidence)}
    nodes = {row.text("Name").lower() for row in evidence.all_rows(MSCLUSTER, "MSCluster_Node")}
    return bool(names & nodes) if names and nodes else None


def cluster_row(evidence: Evidence) -> Value:
    """Return whether Msvm_ComputerSystem lists the cluster there."""
    names = {name.partition(".")[0].lower() for name in _whole_systems(evidence)}
    clusters = {row.text("Name").lower() for row in evidence.all_rows(MSCLUSTER, "MSCluster_Cluster")}
    return bool(names & clusters) if names and clusters else None


def host_name_form(evidence: Evidence) -> Value:
    """Return the form of HostComputerSystemName."""
    rows = evidence.all_rows(CLUSTER, "Msvm_SummaryInformation")
    names = [row.text("HostComputerSystemName") for row in rows if row.text("HostComputerSystemName")]
    return ("fqdn" if any("." in name for name in names) else "netbios") if names else None


def wql(evidence: Evidence) -> Value:
    """Return whether queries are understood: refused where each of a class that is there was."""
    answered = {one.asked_class for one in evidence.enumerations() if not one.query and not one.has_failed}
    refused = False
    for one in evidence.enumerations():
        if one.query and not one.has_failed:
            return "accepted"
        refused |= bool(one.query and one.fault_codes & _FILTER and one.asked_class in answered)
    return "refused" if refused else None


def first_page(evidence: Evidence) -> Value:
    """Return how many instances the first answer holds where there are more."""
    seen = None
    for one in evidence.enumerations():
        if len(one.rows) > 1:
            return "full"
        if len(one.rows) == 1 and one.recorded.next_context and len(evidence.rows(one)) > 2:
            seen = "one_item"
    return seen


def column_rows(evidence: Evidence) -> Value:
    """Return the form of rows with columns."""
    for one in evidence.enumerations():
        if one.query and one.columns != "*" and one.rows:
            return "fragment" if one.rows[0].is_fragment else "class_elements"
    return None


def private_properties(evidence: Evidence) -> Value:
    """Return how the private properties of a VM's resource are written."""
    forms = set()
    for row in evidence.all_rows(MSCLUSTER, "MSCluster_Resource"):
        if row.text("Type") not in ("Virtual Machine", ""):
            continue
        part = row.part("PrivateProperties")
        if part is not None and len(part):
            forms.add("elements_in_fragment" if row.is_fragment else "elements")
        elif part is not None and (part.text or "").strip().startswith("<"):
            forms.add("cim_xml")
        elif part is not None and (row.is_fragment or row.text("Type")):
            forms.add("nil_in_fragment" if row.is_fragment else "absent")
    if "cim_xml" in forms:
        return "cim_xml"
    if "elements" in forms:
        return "whole_rows" if "nil_in_fragment" in forms else "elements"
    return "elements" if "elements_in_fragment" in forms else "absent" if "absent" in forms else None


def _volumes(evidence: Evidence) -> list[Row]:
    """Return the disks of shared volumes."""
    rows = evidence.all_rows(MSCLUSTER, "MSCluster_Resource")
    return [row for row in rows if row.text("IsClusterSharedVolume") == "true"]


def internal_groups(evidence: Evidence) -> Value:
    """Return whether groups of shared volumes are listed, where there are any."""
    groups = [row.text("Name") for row in evidence.all_rows(MSCLUSTER, "MSCluster_ResourceGroup")]
    if not _volumes(evidence) or not groups:
        return None
    return "listed" if any(GUID.fullmatch(name) for name in groups) else "absent"


def state_changes_in_cluster(evidence: Evidence) -> Value:
    """Return whether Msvm_ComputerSystem.RequestStateChange works in the cluster's namespace."""
    for one in evidence.calls("RequestStateChange"):
        if one.resource == (CLUSTER, "Msvm_ComputerSystem"):
            if one.fault_codes & _NO_METHOD:
                return "missing"
            return "not_supported" if _value(one) in _UNSUPPORTED else "present"
    return None


def missing_class_form(evidence: Evidence) -> Value:
    """Return how an enumeration of a class learns that the host does not have it, where a query was refused, too."""
    plain: dict[str, set[int]] = {}
    asked: dict[str, set[int]] = {}
    for one in evidence.enumerations():
        if one.fault_codes & (_NO_CLASS | _NO_NAMESPACE | _FILTER | _NOT_FOUND):
            (asked if one.query else plain).setdefault(one.asked_class, set()).update(one.fault_codes)
    for name, codes in plain.items():
        if not codes & (_WMI_NO_CLASS | _NO_NAMESPACE):
            return "not_found" if codes & _NOT_FOUND else None
        if name in asked:
            return "wmi" if asked[name] & _WMI_NO_CLASS else "filter"
    return "wmi" if any(codes & _WMI_NO_CLASS for codes in asked.values()) else None


def shared_volume_links(evidence: Evidence) -> Value:
    """Return whether it is listed which volume is on which disk, where there are volumes."""
    links = list(evidence.enumerations(MSCLUSTER, "MSCluster_ClusterSharedVolumeToResource"))
    if not links or not _volumes(evidence):
        return None
    return "listed" if any(evidence.rows(one) for one in links) else "absent"


def event_filter_form(evidence: Evidence) -> Value:
    """Return the form in which a query list was taken; the element is asked first, and the text after a refusal."""
    for one in evidence.exchanges:
        if one.action == "Subscribe" and one.body is not None and not one.has_failed:
            filters = [part for part in one.request.iter() if local(part) == "Filter"]
            return Seen("element", False) if any(len(part) for part in filters) else "text"
    return None


def event_pull_empty(evidence: Evidence) -> Value:
    """Return how a Pull of events ends for which there are none."""
    for one in evidence.exchanges:
        if one.action == "Pull" and one.is_of_events and one.body is not None:
            if _TIMED_OUT in one.fault_codes:
                return "timed_out"
            if not one.has_failed and not one.rows:
                return "items"
    return None


def compatibility(evidence: Evidence) -> Value:
    """Return whether a host compares the other's system with its own; whether it does so honestly stays open."""
    found = None
    for one in evidence.calls("CheckSystemCompatibilityInfo", "GetSystemCompatibilityInfo"):
        if one.fault_codes & _NO_METHOD:
            found = "missing"
        elif _value(one) in _UNSUPPORTED:
            found = "not_supported"
        elif one.action.startswith("Check") and _value(one) in {0, _INCOMPATIBLE}:
            return "works"
        elif _value(one) not in _BEGUN:
            found = found or "failed"
    return found


def quorum_answer(evidence: Evidence) -> Value:
    """Return where WillOfflineLoseQuorum puts its answer."""
    for one in evidence.calls("WillOfflineLoseQuorum"):
        if one.body is not None and not one.has_failed:
            return "return_value" if one.output("ReturnValue") else "out_parameter"
    return None


def fault_layout(evidence: Evidence) -> Value:
    """Return the layout of faults."""
    for one in evidence.exchanges:
        if one.has_failed and one.body is not None:
            names = {local(part) for part in one.body.iter()}
            return "wmi_error" if "MSFT_WmiError" in names else "wsman" if "WSManFault" in names else None
    return None


def datetime_form(evidence: Evidence) -> Value:
    """Return how datetimes are written."""
    for one in evidence.exchanges:
        for part in () if one.body is None else one.body.iter():
            if local(part) in ("Datetime", "Interval"):
                return "child"
            if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*|\d{14}\.\d{6}[+-]\d{3}", (part.text or "").strip()):
                return "bare"
    return None


def items_in(evidence: Evidence) -> Value:
    """Return the namespace of Items in an optimized answer."""
    for one in evidence.enumerations():
        for part in () if one.body is None else one.body:
            if local(part) == "Items":
                return "wsman" if "/wsman/1/" in part.tag else "enumeration"
    return None


QUESTIONS = (
    Question(1, "migrate_method", lambda evidence: _outcomes(evidence, _MIGRATE)),
    Question(1, "cluster_migration_service", cluster_migration_service),
    Question(2, "accepts_setting_data", setting_forms),
    Question(3, "node_rows", node_rows),
    Question(4, "return_codes", return_codes),
    Question(4, "return_form", return_form),
    Question(5, "job_class", job_class),
    Question(5, "job_namespace", job_namespace),
    Question(6, "provider_on", provider_on),
    Question(7, "cluster_row", cluster_row),
    Question(8, "host_name_form", host_name_form),
    Question(12, "check_method", lambda evidence: _outcomes(evidence, _CHECK)),
    Question(13, "wql", wql),
    Question(16, "private_properties", private_properties),
    Question(22, "state_changes_in_cluster", state_changes_in_cluster),
    Question(23, "missing_class_form", missing_class_form),
    Question(24, "first_page", first_page),
    Question(28, "internal_groups", internal_groups),
    Question(31, "shared_volume_links", shared_volume_links),
    Question(36, "event_filter_form", event_filter_form),
    Question(37, "event_pull_empty", event_pull_empty),
    Question(41, "compatibility", compatibility),
    Question(0, "quorum_answer", quorum_answer),
    Question(0, "column_rows", column_rows),
    Question(0, "datetime_form", datetime_form),
    Question(0, "fault_layout", fault_layout),
    Question(0, "items_in", items_in),
)
