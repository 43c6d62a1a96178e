# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How real Ansible commands are run, untouched by the user's settings, and what an ad hoc command printed."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import sysconfig
import typing as t

_BIN = pathlib.Path(sys.executable).parent


def ansible_environment(folder: pathlib.Path) -> dict[str, str]:
    """Return environment variables for Ansible: this environment's commands, no settings but the default ones.

    ``folder`` takes what Ansible would write to the home directory.
    """
    settings = folder / "ansible.cfg"
    settings.touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {
        **kept,
        "PATH": os.pathsep.join([str(_BIN), os.environ.get("PATH", os.defpath)]),
        "ANSIBLE_COLLECTIONS_PATH": sysconfig.get_path("purelib"),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(folder / ".ansible"),
    }


def ad_hoc_result(output: str) -> dict[str, t.Any]:
    """Return the result that an ad hoc command printed for its only host: ``NODE1 | SUCCESS => {...}``."""
    return t.cast("dict[str, t.Any]", json.JSONDecoder().raw_decode(output[output.index("=> {") + 3 :])[0])
