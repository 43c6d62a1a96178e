# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a task is to be recorded, and to which folder: an environment variable, a variable or the task says so."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable, Mapping

VARIABLE, ENVIRONMENT = "hyperv_migration_recording", "HYPERV_MIGRATION_RECORDING"
FOLDER = "hyperv-recordings"  # where a task records that wants to, if nobody names another one


def folder_of(task_vars: Mapping[str, t.Any], template: Callable[[t.Any], t.Any], record: bool | None = None) -> str:
    """Return the folder to record to, of the variable or else of the environment; empty for no recording.

    ``record``: whether the task itself wants that; None if it does not say.
    """
    if record is False:
        return ""
    given = task_vars.get(VARIABLE)
    named = str(template(given) or "") if given is not None else os.environ.get(ENVIRONMENT, "")
    return named or (FOLDER if record else "")
