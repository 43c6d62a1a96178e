# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When and on what figures were measured, and how busy it was besides."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import platform
import typing as t

from ansible.release import __version__ as core

_CPUS = pathlib.Path("/proc/cpuinfo")


def machine() -> dict[str, t.Any]:
    """Return date, machine and versions for JSON; ``load`` is the mean of a minute, its own among it."""
    return {
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "core": core,
    }


def _processor() -> str:
    lines = _CPUS.read_text(encoding="utf-8").splitlines() if _CPUS.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "") or (
        platform.processor() or platform.machine()
    )
