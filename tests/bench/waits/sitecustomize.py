# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Notes how long the collection sleeps: Python runs this file at its start where its folder is in PYTHONPATH."""

from __future__ import annotations

import os
import sys
import time
import typing as t

_sleep = time.sleep
_noted = os.environ["BENCH_WAITS"]


def _note(seconds: t.SupportsFloat | t.SupportsIndex) -> None:
    began = time.monotonic()
    _sleep(t.cast("float", seconds))
    if "/plugin_utils/" in sys._getframe(1).f_code.co_filename:
        with open(_noted, "a", encoding="utf-8") as file:
            file.write(f"{time.monotonic() - began}\n")


time.sleep = _note
