# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ansible-core 2.22 takes to mask passwords in results of many VMs, before callbacks get them.

It looks for every password that it knows, however short, in every value and key of a result
(``ansible/executor/task_result.py`` and ``ansible/module_utils/secrets.py`` of 2.22.0rc1). The environment with that
ansible-core is the row ``coming`` of ``make matrix``, which is built where it is missing.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
import typing as t

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.vm_listing import count_vms, list_vms

from tests.ci import matrix
from tests.support.simulated import Simulated

from .figures import Figure
from .scale import LARGE, scenario

_PASSWORDS = {"a password of 16 characters": "Correct-Horse-42", "a password of 3 characters": "q7!"}
_DEFAULT = 1000  # limit of hyperv_vm_info
# Prints the CPU seconds that a result takes to be masked, the least of three.
_PROGRAM = """
import json, sys, time
from ansible.module_utils._internal._secrets_object import mask_object
from ansible.module_utils.secrets import register_secret
result = json.load(open(sys.argv[1], encoding="utf-8"))
if sys.argv[2]:
    register_secret(sys.argv[2])
times = []
for turn in range(3):
    began = time.process_time()
    masked = mask_object(result)
    times.append(time.process_time() - began)
print(min(times))
"""


def measure() -> list[Figure]:
    """Mask the list of all VMs of the largest cluster, and the page that hyperv_vm_info returns by default."""
    python = _coming()
    if python is None:
        print("  left out: no environment with ansible-core 2.22 could be built here.", file=sys.stderr)
        return []
    vms = list_vms(Simulated(yaml.safe_dump(scenario(LARGE))).cluster)
    counts = count_vms(vms)
    figures = []
    with tempfile.TemporaryDirectory() as place:
        for count in (_DEFAULT, LARGE):
            path = pathlib.Path(place) / f"{count}.json"
            path.write_text(
                json.dumps({"changed": False, "vms": vms[:count], "total": len(vms), **counts}), encoding="utf-8"
            )
            case = f"masking of ansible-core 2.22, {count:,} of {LARGE:,} VMs listed"
            figures.append(Figure(case, "MB of the result", path.stat().st_size / 1024 / 1024))
            figures += [
                Figure(case, f"CPU with {what}", _seconds(python, path, secret), unit="s")
                for what, secret in {"none": "", **_PASSWORDS}.items()
            ]
    return figures


def _coming() -> str | None:
    """Return a Python with an ansible-core that masks, None where there is none and none can be built."""
    row = next(one for one in matrix.ROWS if one.name == "coming")
    installed = matrix.interpreters()
    suitable = {minor: installed[minor] for minor in row.pythons if minor in installed}
    return str(row.venv / "bin" / "python") if suitable and matrix.build(row, suitable) else None


def _seconds(python: str, result: pathlib.Path, secret: str) -> float:
    command: list[t.Any] = [python, "-c", _PROGRAM, result, secret]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
