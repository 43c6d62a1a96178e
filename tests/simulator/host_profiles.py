# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Windows versions that a node can be of, and how the WS-Management service of each differs from the others.

A form stands here where recorded answers of hosts of different versions differ, and ``WireSwitches`` has a switch for
it where nothing was recorded from a version. What all recorded hosts do alike is written where it is done.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .wire_switches import WireSwitches

Windows = t.Literal[2012, 2016, 2022, 2025]


@dataclasses.dataclass(frozen=True)
class HostProfile:
    """One version of Windows Server.

    Attributes:
        versions: lowest and highest configuration version of VMs that it supports (Microsoft docs, "Supported VM
            configuration versions for long-term servicing hosts").
        build: the first build of it; a host of a build in between has the forms of the older version.
        activity_id: whether answers carry p:ActivityId. Those recorded in 2014 to 2017 do (2012 R2, 2016; the
            identifiers end in the time), those of a host of 2026 do not; of 2022 there is no recording.
        max_envelope_size: MaxEnvelopeSizekb as installed, in bytes: full pages recorded from hosts of 2012 have that of
            150 kB, although the client asked for 500; of later versions Microsoft's docs say 500.
        fault_text_language: whether s:Text names the language of a fault. Both were recorded; of which version the
            empty one is was not written down.
        partial_keys: what a Get with some of the keys comes to. Libvirt and virt-who, which are used with all versions,
            send such; a host of 2026 refused them.
        counted_in: what an envelope's size is counted in: the full pages of hosts of 2008 and 2012 hold half as many
            characters as the envelope may have bytes, as UTF-16 would; of later ones there is no recording.
    """

    build: int
    versions: tuple[str, str]
    activity_id: t.Literal["sent", "absent"]
    max_envelope_size: int = 512000
    fault_text_language: t.Literal["named", "empty"] = "named"
    partial_keys: t.Literal["accepted", "refused"] = "accepted"
    counted_in: t.Literal["utf16", "utf8"] = "utf16"

    def complete(self, switches: WireSwitches) -> WireSwitches:
        """Return ``switches`` with the forms of this version where they leave the choice to it."""
        own = {name: getattr(self, name) for name in _FORMS if getattr(switches, name) is None}
        return dataclasses.replace(switches, **own)


_FORMS = ("activity_id", "max_envelope_size", "fault_text_language", "partial_keys", "counted_in")
PROFILES: dict[Windows, HostProfile] = {
    2012: HostProfile(9600, ("5.0", "5.0"), "sent", max_envelope_size=153600),
    2016: HostProfile(14393, ("5.0", "8.0"), "sent", fault_text_language="empty"),
    2022: HostProfile(20348, ("8.0", "10.0"), "absent"),
    2025: HostProfile(26100, ("8.0", "12.0"), "absent", partial_keys="refused"),
}
# The version that the scenarios were written for before there were others.
DEFAULT: Windows = 2022


def profile_of(build: int) -> HostProfile:
    """Return the newest version that is not newer than ``build``, or the oldest of all."""
    not_newer = [profile for profile in PROFILES.values() if profile.build <= build]
    return max(not_newer, key=lambda profile: profile.build, default=PROFILES[2012])


def version_of(build: int) -> str:
    """Return the version number of Windows, such as ``10.0.20348``; the number before the build changed with 10240."""
    return f"10.0.{build}" if build >= 10240 else f"6.3.{build}"
