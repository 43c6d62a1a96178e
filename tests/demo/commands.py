# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands that a person who gets impatient can stop at any time, with nothing of them left behind."""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import shlex
import signal
import subprocess
import time
import typing as t

from tests.ansible_command import ansible_environment

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDS_WITHIN = 15.0  # seconds after it was asked to
_WORKERS_END_WITHIN = 15.0  # seconds after their parent has ended: they look for it between two requests


class Stopped(Exception):
    """A command did not end well; the text says which."""


class Interrupted(Exception):
    """Somebody asked for the end; ``number`` is that of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Commands:
    """Runs commands in ``folder``, one at a time.

    A signal is passed on to the command as what Ctrl-C would be, and raised as Interrupted once that has ended; it
    never breaks in somewhere in between.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._environment = ansible_environment(folder)
        self._running: subprocess.Popen[str] | None = None
        self._signal, self._give_up = 0, 0.0

    @contextlib.contextmanager
    def listening(self) -> t.Iterator[None]:
        """Listen to signals meanwhile, but not to those that whoever started this one wants to be ignored."""
        # SIGINT is: what a script starts in the background ignores it, and would hand that down to Ansible.
        heard = [one for one in _SIGNALS if one == signal.SIGINT or signal.getsignal(one) != signal.SIG_IGN]
        before = {one: signal.signal(one, self._note) for one in heard}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def run(self, command: list[str], *, quiet: bool = False) -> str:
        """Show a command and run it; return what it printed if it is ``quiet``. Raises Stopped and Interrupted."""
        self.check()
        print(f"$ {shlex.join(command)}", flush=True)
        watched, held = os.pipe()
        with os.fdopen(watched) as until_all_ended:
            try:
                running = self._start(command, held, quiet)
            finally:
                os.close(held)
            output = self._wait(running)
            if self._signal:
                select.select([until_all_ended], [], [], _WORKERS_END_WITHIN)
        self.check()
        if running.returncode:
            raise Stopped(f"{output}\nThat command ended with exit code {running.returncode}.")
        return output

    def check(self) -> None:
        """Raise Interrupted if there was a signal."""
        if self._signal:
            raise Interrupted(self._signal)

    def _start(self, command: list[str], held: int, quiet: bool) -> subprocess.Popen[str]:
        """Start a command. It and its workers hold the file descriptor ``held`` open as long as they live."""
        self._running = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            start_new_session=True,  # so that it hears of Ctrl-C from here only, as of any other signal
            pass_fds=[held],
        )
        if self._signal:  # it came a moment ago
            self._pass_on(signal.SIGINT)
        return self._running

    def _note(self, number: int, frame: object) -> None:
        if not self._signal:
            self._signal, self._give_up = number, time.monotonic() + _ENDS_WITHIN
            self._pass_on(signal.SIGINT)

    def _pass_on(self, number: signal.Signals) -> None:
        if self._running is not None and self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, number)

    def _wait(self, running: subprocess.Popen[str]) -> str:
        """Return what a command printed when it has ended, and kill it where asking it to end does not help."""
        while True:
            try:
                return running.communicate(timeout=1)[0] or ""
            except subprocess.TimeoutExpired:
                if self._signal and time.monotonic() > self._give_up:
                    self._pass_on(signal.SIGKILL)
