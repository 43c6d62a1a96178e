# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event source ``hyperv_cluster`` without its event loop: arguments in, events of each poll out."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ._clock import SystemClock
from ._connection.variables import PLUGINS, connection_from, unknown_variables
from ._connections import Connections
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.failure.errors import HyperVError, explain
from ._hyperv.usecases.cluster_events import Changes
from ._text import clean, each_text
from ._wsman.errors import NoAnswer, is_about_login
from ._wsman.session import Session

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "ansible_host": {"type": "str", "required": True},
    "ansible_connection": {"type": "str", "default": "winrm", "choices": list(PLUGINS)},
    "ansible_port": {"type": "int"},
    "ansible_user": {"type": "str"},
    "ansible_password": {"type": "str", "no_log": True},
    "delay": {"type": "int", "default": 30},
}
_LONGEST_WAIT = 300  # seconds
# ansible-rulebook adds it to the arguments of a rulebook whose source wants to be told what became of its events.
_NOT_THE_USERS = frozenset({"eda_feedback_queue"})
_CREDENTIAL = re.compile(r"ansible_(\w+_)?(user|pass|password)")
_TEMPLATE = re.compile(r"\s*\{\{.*\}\}\s*", re.DOTALL)

Event = dict[str, t.Any]


class BadArguments(Exception):
    """The rulebook gives the source arguments that it cannot work with."""


class Ended(Exception):
    """The source does not go on: user and password were refused, and further tries would lock the account."""


class ClusterEvents:
    """One cluster, looked at again and again.

    Attributes:
        host: the address that is asked, which every event names.
        refusal: why it must not be asked again, empty while it may be.
    """

    def __init__(self, host: str, delay: int, cluster: Cluster) -> None:
        self.host = host
        self._delay = delay
        self._changes = Changes(cluster)
        self._failures = 0
        self.refusal = ""

    @property
    def wait(self) -> int:
        """Seconds until the next look: ever more while none succeeds. Raises Ended where there must be none."""
        if self.refusal:
            raise Ended(self.refusal)
        return (
            self._delay if not self._failures else max(self._delay, min(_LONGEST_WAIT, self._delay << self._failures))
        )

    def look(self) -> list[Event]:
        """Return the events of one look. A cluster that gives no answer is an event once, and so is its return.

        Raises Ended where user or password were refused before.
        """
        if self.refusal:
            raise Ended(self.refusal)
        try:
            changes = self._changes.look()
        except (HyperVError, NoAnswer) as error:
            self._failures = min(self._failures + 1, 16)
            if is_about_login(error):
                self.refusal = clean(
                    f"hyperv.migration.hyperv_cluster: {explain(error)} The source ends, because it would try the same "
                    "password again and again, which may lock the account. Start it again when that is right."
                )
                return [self._connection("lost", self.refusal)]
            return [self._connection("lost", explain(error))] if self._failures == 1 else []
        returned = [self._connection("restored", f"{self.host} answers again.")] if self._failures else []
        self._failures = 0
        return [*returned, *(each_text({**change, "host": self.host}, _for_rules) for change in changes)]

    def _connection(self, change: str, message: str) -> Event:
        return {"type": "connection", "change": change, "host": self.host, "message": _for_rules(clean(message))}


class Source:
    """The arguments of a rulebook, checked, and the connections that they lead to."""

    def __init__(self, arguments: Mapping[str, t.Any]) -> None:
        """Send nothing yet. Raises BadArguments."""
        given = {name: value for name, value in arguments.items() if name not in _NOT_THE_USERS}
        more = {name: given[name] for name in given if name not in ARGUMENTS and name.startswith("ansible_")}
        checked = ArgumentSpecValidator(ARGUMENTS).validate({name: given[name] for name in given if name not in more})
        wrong = list(checked.error_messages)
        known = checked.validated_parameters
        if not wrong and known["delay"] < 1:
            wrong.append("delay must be 1 second or more")
        if not wrong and not known["ansible_host"].strip():
            wrong.append("ansible_host is empty")
        wrong += _unfilled(given)
        if not wrong and (unknown := unknown_variables(known["ansible_connection"], more)):
            wrong.append(f"{known['ansible_connection']} connections have no variable {', '.join(unknown)}")
        if wrong:
            raise BadArguments(clean(f"hyperv.migration.hyperv_cluster: {'; '.join(wrong)}."))
        named = {name: known[name] for name in ARGUMENTS if name.startswith("ansible_") and known[name] is not None}
        self._plugin: str = named.pop("ansible_connection")
        self._variables = {**more, **named}
        self._host: str = known["ansible_host"]
        self._connections: Connections | None = None
        self.events = ClusterEvents(self._host, known["delay"], Cluster(self._session, SystemClock()))

    def _session(self, node: str | None) -> Session:
        """Return a session to the host of the arguments (None) or to a node by name, with the same settings."""
        if self._connections is None:
            connection = connection_from(self._plugin, self._variables)
            self._connections = Connections(connection, {"inventory_hostname": self._host}, SystemClock())
        return self._connections.session(node)

    def close(self) -> None:
        """Close all connections."""
        if self._connections is not None:
            self._connections.close()


def _for_rules(text: str) -> str:
    """Return a text whose letters survive the rule engine.

    It returns those above U+FFFF as two halves, of which ansible-rulebook 1.3.2 makes variables that no playbook can
    read: a name with one would keep its playbook from being run.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if letter > "\uffff" else letter for letter in text)


def _unfilled(arguments: Mapping[str, t.Any]) -> Iterator[str]:
    """Yield what is wrong with arguments whose variable had no value: each try to log in with one counts as a failure.

    An argument for an empty user or password is none: who logs in with a ticket or a certificate leaves it out.
    """
    for name, value in arguments.items():
        if isinstance(value, str) and _TEMPLATE.fullmatch(value):
            yield f"{name} is a template that nobody filled in: its variable is not defined for the rulebook"
        elif isinstance(value, str) and _CREDENTIAL.fullmatch(name) and not value.strip():
            yield f"{name} is empty; leave it out where a ticket or a certificate logs in"
