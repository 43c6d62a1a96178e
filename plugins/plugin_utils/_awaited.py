# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names the hosts that keep a task, or the inventory plugin, waiting for an answer.

A host that takes connections and never answers is waited for until its time is up, which is more than a minute unless
the connection is set otherwise. Nobody would know meanwhile what is waited for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from ._connections import Watch, unwatched
from ._wsman.transport import Send

_LONG = 10.0  # seconds without an answer; checks and lists that take longer are rare
_AGAIN = 30.0  # seconds between two lines
_LOOK = 1.0  # seconds between two looks


class AwaitedHosts:
    """The hosts that have a request and have not answered it yet."""

    def __init__(self, show: Callable[[str], None], now: Callable[[], float]) -> None:
        """``show`` takes a line, from any thread; ``now`` returns seconds."""
        self._show = show
        self._now = now
        self._changing = threading.Lock()
        self._since: dict[object, tuple[str, float]] = {}
        self._told_at = float("-inf")

    def around(self, send: Send, host: str) -> Send:
        """Return a way to send by which it is known that a host has not answered yet."""

        def sending(request: bytes) -> bytes:
            mark = object()
            with self._changing:
                self._since[mark] = host, self._now()
            try:
                return send(request)
            finally:
                with self._changing:
                    del self._since[mark]

        return sending

    def look(self) -> None:
        """Show who has not answered for long, unless that was shown a while ago."""
        now = self._now()
        with self._changing:
            waited: dict[str, float] = {}
            for host, since in self._since.values():
                waited[host] = max(waited.get(host, 0.0), now - since)
        long = {host: seconds for host, seconds in sorted(waited.items()) if seconds >= _LONG}
        if not long or now - self._told_at < _AGAIN:
            return
        self._told_at = now
        self._show(
            f"Waiting for an answer of {', '.join(f'{host} ({one:.0f} s so far)' for host, one in long.items())}"
        )

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Look again and again meanwhile, in a thread of its own: all others may be waiting."""
        ended = threading.Event()

        def go_on() -> None:
            while not ended.wait(_LOOK):
                self.look()

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def awaited_named(show: Callable[[str], None], now: Callable[[], float], watch: Watch = unwatched) -> Iterator[Watch]:
    """Yield how to send as ``watch`` does; hosts that have not answered for long are named meanwhile.

    ``show`` and ``now`` are as ``AwaitedHosts`` has them.
    """
    awaited = AwaitedHosts(show, now)
    with awaited.told():
        yield lambda sender, name: awaited.around(watch(sender, name), name or sender.address)
