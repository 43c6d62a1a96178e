# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Processes of this machine: whether one still runs, and a sign of life that is given as long as it does.

A process id is used again after a while, so that a process is told apart by the moment of its start as well: field 22
of /proc/PID/stat (proc_pid_stat(5)), and where there is no /proc, as on macOS, ``lstart`` of ps(1).

Run as a program, this file touches another one until a process has ended: what Ansible runs meanwhile, such as a task
of hours, cannot do that. It therefore imports nothing but Python's own modules.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time

SIGN_EVERY = 10.0
"""Seconds between two signs of life."""
_PROC = "/proc"
_ENDED = ("Z", "X")  # states of a process that only waits to be reaped


def start_of(pid: int) -> str | None:
    """Return when a process began, as text to compare; empty where that cannot be told, None if none runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:  # it is somebody else's
        pass
    return _start_in_proc(pid) if os.path.exists(os.path.join(_PROC, "self/stat")) else _start_by_ps(pid)


def _start_in_proc(pid: int) -> str | None:
    try:
        with open(os.path.join(_PROC, str(pid), "stat"), encoding="utf-8", errors="replace") as file:
            # The second field is a name in brackets, in which there may be spaces and brackets.
            fields = file.read().rpartition(")")[2].split()
    except OSError:  # /proc may hide the processes of others (hidepid)
        return ""
    return None if fields[0] in _ENDED else fields[19]


def _start_by_ps(pid: int) -> str | None:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    try:
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    state, *start = told.split()[:7] or [""]
    return None if not state or state.startswith(_ENDED) else " ".join(start)


def is_running(pid: int, start: str) -> bool | None:
    """Tell whether a process that began then still runs; None where that cannot be told."""
    found = start_of(pid)
    if found is None:
        return False
    return found == start if found and start else None


def place() -> str:
    """Return what two processes have in common that can see each other; empty where that cannot be told.

    On Linux that is the boot of the machine (random(4)) and the namespace of process ids (pid_namespaces(7)):
    containers of one machine may have the same host name, and do not see each other's processes.
    """
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} {os.uname().nodename}"
    try:
        with open(os.path.join(_PROC, "sys/kernel/random/boot_id"), encoding="ascii") as file:
            return f"{file.read().strip()} {os.readlink(os.path.join(_PROC, 'self/ns/pid'))}"
    except OSError:
        return ""


def begin_signs(path: str, pid: int, start: str, every: float = SIGN_EVERY) -> None:
    """Let a program of its own touch a state as long as a process runs that the state names as its runner.

    Where none can be started, the state is touched by what is written alone.
    """
    arguments = [sys.executable, "-I", "-S", __file__, path, str(pid), start, str(every)]
    quiet = subprocess.DEVNULL
    with contextlib.suppress(OSError):
        subprocess.Popen(arguments, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, cwd="/")


def _give_signs(path: str, pid: int, start: str, every: float) -> None:
    while is_running(pid, start) is not False and _is_run_by(path, pid, start):
        try:
            os.utime(path)  # without a time it is the file server's, where the file is on one
        except FileNotFoundError:
            return
        except OSError:
            pass
        time.sleep(every)


def _is_run_by(path: str, pid: int, start: str) -> bool:
    """Tell whether a state names a process as its runner. One that cannot be read just now may do so."""
    try:
        with open(path, encoding="utf-8") as file:
            runner = json.load(file).get("runner") or {}
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True
    return (runner.get("process"), runner.get("started")) == (pid, start)


if __name__ == "__main__":
    _give_signs(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
