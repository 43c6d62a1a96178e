# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario file may say: the cluster, its nodes and VMs, and what happens by itself.

The type hints are the file's grammar (see ``scenario_reader``); ``switches`` holds the behaviours that nobody has
documented, ``scenario_file`` reads a file into these shapes and checks what goes beyond one value.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .fault_rules import FaultRule
from .host_profiles import DEFAULT, PROFILES, Windows
from .latency import LatencySpec
from .scenario_hardware import HostHardwareSpec, VmHardwareSpec
from .scenario_listener import ListenerSpec
from .scenario_power import PowerSpec, RestartSpec
from .scenario_reader import Bounds, Names
from .scenario_roles import AffinityRuleSpec, AttachmentSpec, GroupCondition, Replication, RoleSpec
from .scenario_storage import StorageSpec
from .switches import Switches

NodeName = t.Annotated[
    str, Names(re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,14}"), "a NetBIOS name: 1 to 15 letters, digits and hyphens")
]
DomainName = t.Annotated[
    str, Names(re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"), "a fully qualified name such as hvc1.corp.example")
]
DnsLabel = t.Annotated[
    str, Names(re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}"), "a label in DNS: 1 to 63 letters, digits and hyphens")
]
Guid = t.Annotated[
    str,
    Names(
        re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
        "a GUID without braces such as 6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31",
    ),
]
# The server side of NTLM reads accounts from lines of DOMAIN:USER:PASSWORD.
Password = t.Annotated[str, Names(re.compile(r"[^:\r\n]+"), "a text in one line, without a colon")]
Percent = t.Annotated[int, Bounds(0, 100)]
Megabytes = t.Annotated[int, Bounds(1)]
Count = t.Annotated[int, Bounds(1)]
Seconds = t.Annotated[float, Bounds(0)]
Positive = t.Annotated[float, Bounds(0.001)]
Unsigned32 = t.Annotated[int, Bounds(0, 0xFFFFFFFF)]

NodeState = t.Literal["up", "down", "paused", "joining"]
VmState = t.Literal["running", "off", "saved", "paused"]
Activity = t.Literal[
    "creating_snapshot",
    "applying_snapshot",
    "deleting_snapshot",
    "waiting_to_start",
    "merging",
    "exporting",
    "backing_up",
    "modifying",
    "checking_compatibility",
    "critical_io",
]


@dataclasses.dataclass(frozen=True)
class ClusterSpec:
    """The cluster. ``maximum_parallel_migrations`` overrides the limit of every node.

    It and the two properties of the SMB bandwidth limit came with an update of Windows; null: the cluster does not have
    the property.
    ``tells_fqdn`` false: the cluster reports its short name only. ``auto_balancer_mode``: 0 off, 1 when a node joins, 2
    every 30 minutes too, as Windows sets it up.
    """

    name: NodeName = "HVC1"
    fqdn: DomainName = "hvc1.corp.example"
    maximum_parallel_migrations: t.Annotated[int, Bounds(0)] | None = None
    set_smb_bandwidth_limit: t.Literal[0, 1] | None = None
    smb_bandwidth_limit_factor: Unsigned32 | None = None
    enforced_anti_affinity: t.Literal[0, 1] = 0
    functional_level: Count = 11
    core_group_owner: NodeName | None = None
    tells_fqdn: bool = True
    auto_balancer_mode: t.Literal[0, 1, 2] = 2
    auto_balancer_level: t.Literal[1, 2, 3] = 1
    drain_on_shutdown: t.Literal[0, 1] = 1
    backup_in_progress: t.Literal[0, 1] = 0

    @property
    def domain(self) -> str:
        """The DNS domain of the cluster, and of its nodes that have no other."""
        return self.fqdn.partition(".")[2]


@dataclasses.dataclass(frozen=True)
class UserSpec:
    """The account that may log in. If the password is null, each start generates one."""

    name: str = "operator"
    password: Password | None = None
    domain: str = "CORP"


@dataclasses.dataclass(frozen=True)
class ClockSpec:
    """``speed``: simulated seconds to one real second."""

    speed: Positive = 1.0


@dataclasses.dataclass(frozen=True)
class NetworkSpec:
    """Duration of a migration: set-up, the VM's memory at this rate, switch-over. Times are simulated seconds."""

    megabytes_per_second: Positive = 1000.0
    setup_seconds: Seconds = 2.0
    switch_over_seconds: Seconds = 1.0


@dataclasses.dataclass(frozen=True)
class MigrationNetworkSpec:
    """One subnet on which a node offers live migration; the lower metric is used first.

    ``state``: in the cluster; ``interface``: of this node to it; ``used``: whether the cluster uses it.
    """

    subnet: str
    prefix_length: t.Annotated[int, Bounds(0, 128)] = 24
    metric: Unsigned32 = 1000
    state: t.Literal["up", "down", "partitioned", "unavailable"] = "up"
    interface: t.Literal["up", "failed", "unreachable", "unavailable"] = "up"
    used: bool = True
    tags: tuple[str, ...] = ("Microsoft:Cluster",)


@dataclasses.dataclass(frozen=True)
class NodeSpec:
    """One cluster node, or ``count`` alike named NODE1, NODE2, ... when ``name`` is NODE.

    ``domain`` null: that of the cluster. ``workgroup``: the computer is not a member of a domain. ``dns_name`` null:
    its name in lower case; otherwise a longer one, of which ``name`` is the first 15 letters. ``member`` false: a
    Hyper-V host outside the cluster; without a member there is no cluster. ``listener_addresses`` null: one address in
    the first network; an empty list: the node cannot receive a migration. ``migration_service``: its EnabledState, if
    the host lists the service. ``capabilities``: those that the host lists. ``delegation``: whether a caller's
    credentials reach other hosts from this one, by constrained delegation or CredSSP. ``credential_guard``: it runs.
    ``destination_formats``: the formats in which a migration from this host may name another host. ``windows``: the
    version of Windows Server (2012 is 2012 R2), which decides the build and the forms of answers that the switches
    leave open; null: as SIMULATED_WINDOWS in the environment says, else 2022. ``processor``: its generation; a higher
    one has more features. ``build``: of Windows; null: the first of its version.
    ``user``: the account that may log in here instead of the cluster's user, with the same password.
    """

    name: NodeName
    count: Count | None = None
    domain: DomainName | None = None
    workgroup: bool = False
    dns_name: DnsLabel | None = None
    member: bool = True
    memory_mb: Megabytes = 131072
    processor: Count = 1
    hardware: HostHardwareSpec = dataclasses.field(default_factory=HostHardwareSpec)
    used_by_host_mb: t.Annotated[int, Bounds(0)] = 4096
    state: NodeState = "up"
    condition: t.Literal["normal", "isolated", "quarantined"] = "normal"
    simultaneous_migrations: t.Annotated[int, Bounds(0)] = 2
    simultaneous_storage_migrations: t.Annotated[int, Bounds(0)] = 2
    migration_service: t.Literal["enabled", "disabled", "starting", "absent"] = "enabled"
    capabilities: t.Literal["all", "to_host_only", "absent"] = "all"
    migration_enabled: bool = True
    authentication: t.Literal["kerberos", "credssp"] = "kerberos"
    delegation: bool = True
    credential_guard: bool = False
    destination_formats: tuple[t.Literal["domain_name", "ipv4", "ipv6"], ...] = ("domain_name", "ipv4", "ipv6")
    compression: bool = True
    smb: bool = False
    windows: Windows | None = None
    build: Count | None = None
    fault_domain: tuple[str, ...] = ()
    networks: tuple[MigrationNetworkSpec, ...] = (MigrationNetworkSpec("10.20.0.0"),)
    listener_addresses: tuple[str, ...] | None = None
    restart: RestartSpec = dataclasses.field(default_factory=RestartSpec)
    port: t.Annotated[int, Bounds(1, 65535)] | None = None
    user: str | None = None

    @property
    def full_name(self) -> str:
        """The name in DNS, with the domain."""
        return f"{self.dns_name or self.name}.{self.domain}".lower()

    @property
    def windows_build(self) -> int:
        """The build of Windows."""
        return self.build or PROFILES[self.windows or DEFAULT].build

    @property
    def takes_part(self) -> bool:
        """Whether the node takes part in live migrations at all."""
        return self.migration_enabled and self.migration_service == "enabled"


@dataclasses.dataclass(frozen=True)
class MigrationSpec:
    """How the migrations of one VM fail. ``*_at`` is the percentage at which it happens.

    ``fail_times`` and ``return_times`` set how often (null: every time), ``fails_towards`` for which destination (null:
    any). The method returns ``return_value`` instead of a job, and the migration starts all the same if
    ``return_moves``. ``refuse_check`` is the reason of an incompatibility that the check finds and that the migration
    fails with.

    A failed job reports ``hresult`` (null: none), the ``message_id``, ``error_type`` and ``reason`` of its innermost
    error, and ``error_code``. With ``cause_in`` log it only reports that it failed, and the rest is in the event log of
    the host that knows it. ``job_state`` is a JobState, documented or not, that the job has from ``job_state_at``.
    It ends the job if it is 7 or 32768 (the VM has moved) or 8 to 11 (it has not). Any other is shown for
    ``job_state_seconds`` while the migration continues, or (null) forever while it stands still.

    ``cancel`` is the result of a request to end the job: it is accepted; refused; accepted, while the job completes
    (race); accepted only after another request was refused as busy; Terminate or both are accepted and have no effect
    (``kill_only``, ``ignored``); the job ends with an error (``exception``).
    """

    seconds: Positive | None = None
    fails_at: Percent | None = None
    hresult: Unsigned32 | None = 0x80004005
    message_id: str | None = None
    reason: str | None = None
    error_type: t.Annotated[int, Bounds(0, 0xFFFF)] | None = None
    cause_in: t.Literal["job", "log"] = "job"
    error_code: t.Annotated[int, Bounds(0, 0xFFFF)] = 32768
    job_state: t.Annotated[int, Bounds(0, 0xFFFF)] | None = None
    job_state_at: Percent = 50
    job_state_seconds: Seconds | None = None
    fails_towards: NodeName | None = None
    fail_times: Count | None = None
    stuck_at: Percent | None = None
    job_vanishes_at: Percent | None = None
    warnings: bool = False
    refuse_check: str | None = None
    return_value: t.Annotated[int, Bounds(0, 0xFFFFFFFF)] | None = None
    return_moves: bool = False
    return_times: Count | None = None
    cancel: t.Literal["accept", "refuse", "race", "busy_once", "kill_only", "ignored", "exception"] = "accept"


@dataclasses.dataclass(frozen=True)
class VmSpec:
    """One clustered VM, or ``count`` alike with two or more digits after ``name``.

    ``id`` null: a GUID derived from the name. ``owner``: a node, or a list that ``count`` VMs use in turn.
    ``kept_online``: the VM does not run, but the cluster starts it when it moves the group. ``clustered`` null: true on
    a member of the cluster; false: only the VM's own host knows it. ``folder``: of its files; null: one on the
    cluster's shared volume, or on a share for a VM that is not clustered, and for all with storage on shares.
    ``disks`` null: one in that folder.
    ``limits_processor_features``: processor compatibility; without it a VM with memory cannot go to a node of an older
    ``processor``. ``disk_mb``: the size of all its disks, which a migration of storage copies.
    """

    name: str
    owner: NodeName | tuple[NodeName, ...]
    count: Count | None = None
    id: Guid | None = None
    memory_mb: Megabytes = 4096
    processors: Count = 2
    limits_processor_features: bool = False
    hardware: VmHardwareSpec = dataclasses.field(default_factory=VmHardwareSpec)
    state: VmState = "running"
    kept_online: bool = False
    priority: t.Annotated[int, Bounds(0, 4999)] = 2000
    group: str | None = None
    possible_owners: tuple[NodeName, ...] | None = None
    preferred_owners: tuple[NodeName, ...] = ()
    anti_affinity: tuple[str, ...] = ()
    activity: Activity | None = None
    attachments: tuple[AttachmentSpec, ...] = ()
    replication: Replication = "none"
    group_condition: GroupCondition = "normal"
    clustered: bool | None = None
    folder: str | None = None
    disks: tuple[str, ...] | None = None
    disk_mb: Megabytes = 1024
    notes: str | None = None
    migration: MigrationSpec = MigrationSpec()
    power: PowerSpec = dataclasses.field(default_factory=PowerSpec)


@dataclasses.dataclass(frozen=True)
class ReachedSpec:
    """The moment when the running migration of a VM reaches a percentage."""

    vm: str
    percent: Percent


@dataclasses.dataclass(frozen=True)
class EventSpec:
    """An event that happens by itself, at a simulated second (``at``) or at a moment (``when``).

    Set exactly one action: ``move`` (a VM, with ``to``; ``instant`` for a change of owner without a job),
    ``power_off`` (a VM), ``idle`` (a VM's ``activity`` ends), ``pause``, ``resume``, ``down``, ``up`` (a node),
    ``core_group`` (moves to a node), ``vmms_restart`` (of a node: Hyper-V's management service restarts).
    """

    at: Seconds | None = None
    when: ReachedSpec | None = None
    move: str | None = None
    to: NodeName | None = None
    instant: bool = False
    power_off: str | None = None
    idle: str | None = None
    pause: NodeName | None = None
    resume: NodeName | None = None
    down: NodeName | None = None
    up: NodeName | None = None
    core_group: NodeName | None = None
    vmms_restart: NodeName | None = None


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One simulated cluster at its start. ``language``: of the hosts, for texts and for faults."""

    nodes: tuple[NodeSpec, ...]
    vms: tuple[VmSpec, ...] = ()
    roles: tuple[RoleSpec, ...] = ()
    affinity_rules: tuple[AffinityRuleSpec, ...] = ()
    cluster: ClusterSpec = ClusterSpec()
    user: UserSpec = UserSpec()
    listener: ListenerSpec = dataclasses.field(default_factory=ListenerSpec)
    clock: ClockSpec = ClockSpec()
    network: NetworkSpec = NetworkSpec()
    storage: StorageSpec = dataclasses.field(default_factory=StorageSpec)
    language: t.Literal["en-US", "ja-JP"] = "en-US"
    switches: Switches = dataclasses.field(default_factory=Switches)
    faults: tuple[FaultRule, ...] = ()
    latency: tuple[LatencySpec, ...] = ()
    events: tuple[EventSpec, ...] = ()
