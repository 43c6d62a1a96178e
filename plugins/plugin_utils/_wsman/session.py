# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM operations over ``send``: Get, Put, Enumerate with Pull and Release, Invoke.

Reads are repeated where repeating is harmless and likely to help; a method call is sent once, unless the node said
that it refused before it started.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import re
import typing as t
from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element

from .envelopes import new_message_id, read_answer, write_request
from .errors import AnswerLost, NoAnswer, NodeBusy, TooMany, Unreachable, UnreadableAnswer
from .faults import Fault
from .garbage import without_garbage_collection
from .instances import Instance, read_instance
from .items import Item, Page, read_page
from .method_input import Parameter, write_input
from .namespaces import ENUMERATE, GET, PULL, PUT, RELEASE, WQL_DIALECT, resource_uri
from .put_input import write_changes, write_whole
from .references import Reference
from .transport import OPERATION_TIMEOUT, Clock, Send
from .values import Scalar
from .wql import Query
from .xmltext import escaped

# Seconds before each repetition of a read. A lost session is cured by the first one; a busy or restarting service
# takes longer: WinRM's quota on small hosts frees up within some 30 seconds.
READ_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
_PULLS = 3  # attempts at one page whose time runs out
_EMPTY_PAGES = 10  # pages in a row without an instance, after which an enumeration is not believed to end
_MOST_ITEMS = 100_000  # of one enumeration: a cluster has 8,000 VMs at most, a node 1,024 with 50 checkpoints each
_PATIENCE = 120.0  # seconds after which a read is not repeated once more
_QUERIED = re.compile(r">SELECT [^>]*? FROM (\w+)")  # the class that a query asks for, whatever it asks of it
PAGE_SIZE = 1000  # instances a page; the node sends fewer where the envelope would grow too large

_T = t.TypeVar("_T")


class Silence(t.NamedTuple):
    """Requests in a row that were not answered.

    Attributes:
        requests: how many.
        seconds: for how long they were waited for, all together.
        since: clock reading at which the last of them was given up.
    """

    requests: int = 0
    seconds: float = 0.0
    since: float = 0.0

    def and_then(self, began: float, ended: float) -> Silence:
        """Return what it is with one request more."""
        return Silence(self.requests + 1, self.seconds + ended - began, ended)

    def for_now(self) -> Silence:
        """Return what it is to whoever does not want to wait after the last of them."""
        return self._replace(since=float("-inf"))


class Session:
    """CIM operations on one node. Knows no host and no socket.

    Attributes:
        node: the node's name for messages to people.
        requests: number of requests sent so far.
        identity: who answers, once somebody has asked; kept here for whoever asks next.
        silence: what its last requests met with where they got no answer.
    """

    def __init__(
        self,
        send: Send,
        clock: Clock,
        node: str,
        *,
        operation_timeout: int = OPERATION_TIMEOUT,
        new_id: Callable[[], str] = new_message_id,
        trace: Callable[[str], None] = lambda line: None,
        login: Callable[[], str] = lambda: "",
    ) -> None:
        """Send nothing yet.

        Args:
            trace: is told what each request asks and how it went, never what is in it.
            login: tells how the node was logged in to.
        """
        self.node = node
        self.requests = 0
        self.identity: object = None
        self.silence = Silence()
        self.operation_timeout = operation_timeout
        self._send = send
        self._clock = clock
        self._new_id = new_id
        self._trace = trace
        self._login = login
        self._to = f"http://{node}:5985/wsman"
        self._namespaces: collections.defaultdict[str, _Namespace] = collections.defaultdict(_Namespace)

    @property
    def login(self) -> str:
        """How the node was logged in to, such as ``ntlm``; empty before that, and where it is not known."""
        return self._login()

    def begin_anew(self) -> None:
        """Forget what was learnt of the namespaces, as of one that refuses queries."""
        self._namespaces.clear()

    def get(self, reference: Reference) -> Instance:
        """Return one instance. Raises Fault (``is_not_found`` where it is gone) and TransportError."""
        instance = read_instance(self._repeat(lambda: self._exchange(GET, reference)))
        if not instance.class_name:
            raise UnreadableAnswer("something else than an instance came as the answer to Get")
        return instance

    def put(self, reference: Reference, changes: Mapping[str, Scalar], *, whole: bool) -> None:
        """Change properties of an instance; ``whole`` sends all others with them, as they are now.

        Sent once. Raises Fault; AnswerLost (or a Fault that ``is_timed_out``) means that the outcome is unknown.
        """
        body = (
            write_whole(self._repeat(lambda: self._exchange(GET, reference)), changes)
            if whole
            else write_changes(reference, changes)
        )
        self._exchange(PUT, reference, body)

    def query(
        self, namespace: str, query: Query, at_most: int | None = None, *, missing_ok: bool = False
    ) -> list[Instance]:
        """Return the instances that answer ``query``. Raises Fault and TransportError.

        It takes one request where one instance answers or none, and two or more otherwise: Windows sends one instance
        with the first answer, however many are asked for, and the rest with Pulls.

        Where the node refuses the query, the whole class is enumerated and filtered here. With ``missing_ok`` a class
        that the namespace does not have has no instances. Raises TooMany as soon as ``at_most`` instances have come and
        there are more.
        """
        try:
            return [item.instance for item in self._items(namespace, query, "", at_most)]
        except Fault as fault:
            if missing_ok and fault.lacks_only_the_class:
                return []
            raise

    def references(self, namespace: str, query: Query) -> list[Reference]:
        """Return the references of the instances that answer ``query``, as the node gives them. Raises as it does."""
        return [reference for unused, reference in self.query_with_references(namespace, query)]

    def query_with_references(self, namespace: str, query: Query) -> list[tuple[Instance, Reference]]:
        """Return the instances that answer ``query``, each with the node's reference to it. Raises as ``query``.

        Instances without a reference are left out: the node has none where the columns of ``query`` are no keys.
        """
        mode = "<w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>"
        found = self._items(namespace, query, mode)
        return [(item.instance, item.reference) for item in found if item.reference is not None]

    def _items(self, namespace: str, query: Query, mode: str, at_most: int | None = None) -> list[Item]:
        known = self._namespaces[namespace.lower()]
        try:
            items = self._ask(known, namespace, query, mode, at_most)
        except Fault as fault:
            if fault.is_not_found:
                if known.exists is None:
                    known.exists = self._has_namespace(namespace)
                fault.missing = "class" if known.exists else "namespace"
            raise
        known.exists = True
        return items

    def _ask(self, known: _Namespace, namespace: str, query: Query, mode: str, at_most: int | None) -> list[Item]:
        class_name = query.class_name.lower()
        if known.takes_wql is not False and known.exists is not False and class_name not in known.enumerated:
            wanted = f'<w:Filter Dialect="{WQL_DIALECT}">{escaped(query.text())}</w:Filter>'
            try:
                items = self._enumerate(resource_uri(namespace, "*"), mode + wanted, at_most)
                known.takes_wql = True
                return items
            except Fault as fault:
                if not fault.is_filter_refused:
                    raise
            # Windows refuses the filter also where it does not have the class or the namespace.
            known.enumerated.add(class_name)
        everything = self._enumerate(resource_uri(namespace, query.class_name), mode, at_most)
        known.takes_wql = known.takes_wql is True
        return [item for item in everything if query.matches(item.instance)]

    def _has_namespace(self, namespace: str) -> bool:
        """Ask for the namespaces inside, which every namespace has a class for ([MS-WMI] 3.1.4.18.2)."""
        try:
            self._enumerate(resource_uri(namespace, "__NAMESPACE"), "", None)
        except Fault as fault:
            if fault.is_not_found or fault.is_missing_class:
                return False
            raise
        return True

    def invoke(self, target: Reference, method: str, parameters: Mapping[str, Parameter]) -> Instance:
        """Call a method and return its out-parameters, ``ReturnValue`` among them.

        Raises Fault; AnswerLost (or a Fault that ``is_timed_out``) means that the outcome is unknown: look before you
        call again. Only refusals that come before the call starts (quota, busy) are waited out here.
        """
        body = write_input(target.uri, method, parameters)
        for pause in READ_PAUSES[1:]:
            try:
                return read_instance(self._exchange(f"{target.uri}/{method}", target, body))
            except NodeBusy:
                pass
            except Fault as fault:
                if not fault.is_quota:
                    raise
            self._clock.pause(pause)
        return read_instance(self._exchange(f"{target.uri}/{method}", target, body))

    def request(
        self, action: str, target: Reference, body: str, *, headers: str = "", operation_timeout: int | None = None
    ) -> Element:
        """Send one message as it is, once, and return the first element of its answer's body.

        ``headers`` and ``body`` are XML that uses the prefixes of an envelope. Raises Fault, TransportError and
        UnreadableAnswer.
        """
        return self._exchange(action, target, body, headers=headers, operation_timeout=operation_timeout)

    def _exchange(
        self,
        action: str,
        target: Reference,
        body: str = "",
        *,
        headers: str = "",
        operation_timeout: int | None = None,
    ) -> Element:
        message_id = self._new_id()
        self.requests += 1
        request = write_request(
            action,
            target,
            body,
            to=self._to,
            message_id=message_id,
            operation_timeout=operation_timeout or self.operation_timeout,
            headers=headers,
        )
        operation = f"{action.rpartition('/')[2]} {target.uri.rpartition('wmi/')[2]}"
        began = self._clock.now()
        outcome = "no answer"
        try:
            answer = self._send(request)
            self.silence = Silence()
            outcome = f"{len(answer)} bytes received"
            return read_answer(answer, message_id)
        except Fault as fault:
            fault.node, fault.operation = self.node, operation
            outcome = f"fault {fault.subcode}"
            raise
        except (AnswerLost, Unreachable):
            self.silence = self.silence.and_then(began, self._clock.now())
            raise
        finally:
            queried = _QUERIED.search(body)
            asked = f"{operation} ({queried[1]})" if queried else operation
            self._trace(f"{asked}: {len(request)} bytes sent, {outcome}, {self._clock.now() - began:.2f} s")

    def _repeat(self, read: Callable[[], _T]) -> _T:
        give_up = self._clock.now() + _PATIENCE
        for pause in READ_PAUSES:
            try:
                return read()
            except Fault as fault:
                if not fault.is_transient or self._clock.now() + pause > give_up:
                    raise
            except (AnswerLost, NodeBusy, UnreadableAnswer):
                # The next send starts a new session.
                if self._clock.now() + pause > give_up or self.silence.seconds > _PATIENCE:
                    raise
            self._clock.pause(pause)
        return read()

    def _enumerate(self, uri: str, options: str, at_most: int | None) -> list[Item]:
        with without_garbage_collection():
            return self._repeat(lambda: self._enumerate_once(Reference(uri, ()), options, at_most))

    def _enumerate_once(self, target: Reference, options: str, at_most: int | None) -> list[Item]:
        """Read all pages. An enumeration that vanishes between two pages is started once more."""
        with contextlib.suppress(_EnumerationGone):
            return self._pages(target, options, at_most)
        try:
            return self._pages(target, options, at_most)
        except _EnumerationGone as gone:
            raise gone.fault from None

    def _pages(self, target: Reference, options: str, at_most: int | None) -> list[Item]:
        size = PAGE_SIZE if at_most is None else min(PAGE_SIZE, at_most)
        body = f"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>{size}</w:MaxElements>{options}</n:Enumerate>"
        page = read_page(self._exchange(ENUMERATE, target, body))
        items = page.items
        empty = 0
        while page.context is not None:
            if at_most is not None and len(items) >= at_most:
                self._release(target, _context_element(page.context))
                raise TooMany(f"more than {at_most} instances")
            page = self._pull(target, page.context)
            items.extend(page.items)
            empty = 0 if page.items else empty + 1
            if page.context is not None and (empty == _EMPTY_PAGES or len(items) > _MOST_ITEMS):
                self._release(target, _context_element(page.context))
                found = f"{len(items)} instances" if page.items else f"{empty} pages without an instance"
                raise UnreadableAnswer(f"{found}, and no end")
        return items

    def _pull(self, target: Reference, context: str) -> Page:
        context_element = _context_element(context)
        body = f"<n:Pull>{context_element}<n:MaxElements>{PAGE_SIZE}</n:MaxElements></n:Pull>"
        for timed_out_before in range(_PULLS):
            try:
                return read_page(self._exchange(PULL, target, body))
            except Fault as fault:
                if fault.is_context_gone:
                    raise _EnumerationGone(fault) from fault
                # The first items may be late: the enumeration is alive, and a new Pull goes on waiting for them.
                if not fault.is_timed_out or timed_out_before == _PULLS - 1:
                    self._release(target, context_element)
                    raise
        raise AssertionError("the last Pull returns or raises")

    def _release(self, target: Reference, context_element: str) -> None:
        # The node drops an idle enumeration by itself; what matters is the error that led here.
        with contextlib.suppress(NoAnswer):
            self._exchange(RELEASE, target, f"<n:Release>{context_element}</n:Release>")


@dataclasses.dataclass
class _Namespace:
    """What a session has learnt of a namespace.

    Attributes:
        exists: it has answered, or it was looked for; None: neither.
        takes_wql: whether a query has succeeded there. False once one was refused while the plain enumeration of its
            class succeeded; None: neither.
        enumerated: classes in lower case of which a query was refused: they are enumerated plainly from then on.
    """

    exists: bool | None = None
    takes_wql: bool | None = None
    enumerated: set[str] = dataclasses.field(default_factory=set)


def _context_element(context: str) -> str:
    return f"<n:EnumerationContext>{escaped(context)}</n:EnumerationContext>"


class _EnumerationGone(Exception):
    """The node no longer knows the enumeration between two of its pages."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
