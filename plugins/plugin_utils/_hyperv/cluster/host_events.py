# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the event logs of hosts say about VMs and their migrations.

Sources: the logs that Microsoft's live migration troubleshooting articles send administrators to; XPath and query lists
as in the Microsoft docs, "Consuming Events".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..._wsman.event_logs import LoggedEvent, read_log
from ..._wsman.session import Session
from .vms import Vm

CHANNELS = (
    "Microsoft-Windows-Hyper-V-VMMS-Admin",
    "Microsoft-Windows-Hyper-V-High-Availability-Admin",
    "Microsoft-Windows-Hyper-V-Worker-Admin",
    "Microsoft-Windows-FailoverClustering/Operational",
)
# Of what everything on a host writes there, only what the cluster and the switches of Hyper-V say.
_SYSTEM_PROVIDERS = ("Microsoft-Windows-FailoverClustering", "Microsoft-Windows-Hyper-V-VmSwitch")
_MOST_READ = 500
LONGEST_SPAN = 24 * 3600  # seconds


def query_list(seconds: float) -> str:
    """Return the query for errors and warnings of the last ``seconds``, by the host's own clock."""
    age = f"TimeCreated[timediff(@SystemTime) <= {int(min(max(seconds, 1), LONGEST_SPAN) * 1000)}]"
    grave = "(Level=1 or Level=2 or Level=3)"
    by_provider = " or ".join(f"@Name='{name}'" for name in _SYSTEM_PROVIDERS)
    wanted = dict.fromkeys(CHANNELS, f"*[System[{grave} and {age}]]")
    wanted["System"] = f"*[System[Provider[{by_provider}] and {grave} and {age}]]"
    selects = "".join(f'<Select Path="{channel}">{escape(xpath)}</Select>' for channel, xpath in wanted.items())
    return f'<QueryList><Query Id="0">{selects}</Query></QueryList>'


def read_host_events(session: Session, seconds: float) -> list[LoggedEvent]:
    """Return errors and warnings of Hyper-V and the cluster on a host in the last ``seconds``, the oldest first.

    Three requests. Raises Fault, TransportError and UnreadableAnswer.
    """
    return read_log(session, query_list(seconds), _MOST_READ)


def names(event: LoggedEvent, vm: Vm) -> bool:
    """Tell whether an event is about a VM: its id or its name is among the values, or stands in its text by itself."""
    vm_id, name = vm.id.casefold(), vm.name.casefold()
    texts = [text.casefold() for text in (*event.data, event.message)]
    if any(vm_id in text for text in texts):
        return True
    if not name:
        return False
    # In a text, a name that is part of a longer one is that of another VM: web1 and web10.
    alone = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(text == name for text in texts[:-1]) or alone.search(texts[-1]) is not None


def about(events: Sequence[LoggedEvent], vm: Vm, most: int) -> list[LoggedEvent]:
    """Return those that name a VM first, then the rest, ``most`` in all; of each kind the newest, in order of time.

    One that names another VM by its id alone is left out.
    """
    own = [event for event in events if names(event, vm)]
    others = [event for event in events if event not in own and not _is_of_a_vm(event)]
    chosen = _unique(own)[-most:]
    room = most - len(chosen)
    return [*chosen, *(_unique(others)[-room:] if room else ())]


def _is_of_a_vm(event: LoggedEvent) -> bool:
    """Tell whether an event carries the id of some VM."""
    return any(re.fullmatch(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?", one) for one in event.data)


def _unique(events: Sequence[LoggedEvent]) -> list[LoggedEvent]:
    """Return each event once, the last of its kind, in order of time."""
    last = {(one.channel, one.id, one.message, one.data): one for one in sorted(events, key=lambda one: one.time)}
    return sorted(last.values(), key=lambda one: one.time)
