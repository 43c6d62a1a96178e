# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files that tell others how to reach a running simulator: the Ansible inventory and the ready file."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import typing as t

import yaml

ADDRESS = "127.0.0.1"
GROUP = "hyperv_nodes"
_TEMPLATES = ("{{", "{%", "{#")  # what begins a template of Ansible's


class _Literal(str):
    """Text in an inventory that Ansible must not take for a template."""


class _Dumper(yaml.SafeDumper):
    """Writes YAML with Ansible's tag for text that is no template."""


_Dumper.add_representer(_Literal, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def inventory(ports: t.Mapping[str, int], user: str, password: str, scheme: str = "http") -> dict[str, t.Any]:
    """Return an Ansible inventory: the nodes in group ``hyperv_nodes``, to be reached over winrm with NTLM.

    With ``ansible_connection`` set to psrp it serves as well: each plugin finds what it needs.
    """
    return {
        "all": {
            "children": {
                GROUP: {
                    "hosts": {node: {"ansible_host": ADDRESS, "ansible_port": port} for node, port in ports.items()},
                    "vars": {
                        "ansible_connection": "winrm",
                        "ansible_user": _literal(user),
                        "ansible_password": _literal(password),
                        "ansible_winrm_transport": "ntlm",
                        "ansible_winrm_scheme": scheme,
                        "ansible_winrm_message_encryption": "always",
                        "ansible_psrp_auth": "ntlm",
                        "ansible_psrp_protocol": scheme,
                        "ansible_psrp_message_encryption": "always",
                    },
                }
            }
        }
    }


def _literal(text: str) -> str:
    return _Literal(text) if any(one in text for one in _TEMPLATES) else text


def ready(ports: t.Mapping[str, int], user: str, password: str, control: str | None) -> dict[str, t.Any]:
    """Return what the ready file holds; ``control`` only where there is a control endpoint."""
    content: dict[str, t.Any] = {
        "pid": os.getpid(),
        "nodes": {node: {"address": ADDRESS, "port": port} for node, port in ports.items()},
        "user": user,
        "password": password,
    }
    return content if control is None else {**content, "control": control}


def write_inventory(path: pathlib.Path, content: t.Mapping[str, t.Any]) -> None:
    """Write an inventory as YAML. Raises OSError."""
    # Ansible's host names and variables keep the order in which they are written.
    _write(path, yaml.dump(content, Dumper=_Dumper, sort_keys=False))


def write_ready(path: pathlib.Path, content: t.Mapping[str, t.Any]) -> None:
    """Write the ready file as JSON. Raises OSError."""
    _write(path, json.dumps(content) + "\n")


def running(path: pathlib.Path) -> int | None:
    """Return the process whose ready file this is, None where there is none or it has ended."""
    pid = _writer(path)
    if pid is None or pid == os.getpid():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # it runs, as another user
    return pid


def withdraw_ready(path: pathlib.Path) -> None:
    """Remove the ready file, unless another process has written it meanwhile."""
    if _writer(path) == os.getpid():
        path.unlink(missing_ok=True)


def _writer(path: pathlib.Path) -> int | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    pid = content.get("pid") if isinstance(content, dict) else None
    return pid if isinstance(pid, int) and pid > 0 else None


def _write(path: pathlib.Path, text: str) -> None:
    try:
        _replace(path, text)
    except OSError as error:
        # Whoever gave this path knows nothing of the temporary one.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(path: pathlib.Path, text: str) -> None:
    # Both files hold a password; whoever waits for one must never see half of it. mkstemp makes mode 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        pathlib.Path(temporary).replace(path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
