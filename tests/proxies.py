# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real proxies on loopback: squid, which keeps a client's connection to a server, and tinyproxy, which does not."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

from tests.ports import free_port

PROXIES = ("squid", "tinyproxy")
# Debian keeps squid where only root's PATH looks.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
_READY_WITHIN = 300.0  # seconds


def lacking(name: str) -> str:
    """Return what the machine has not that the proxy needs, with the cure; empty for nothing."""
    return "" if shutil.which(name, path=_PATH) else f"{name}: apt-get install {name}"


@contextlib.contextmanager
def proxy(name: str, folder: pathlib.Path, *, denying: bool = False) -> Iterator[int]:
    """Run a proxy with its files in ``folder``; yield its port. ``denying``: its rules let nothing pass."""
    port = free_port()
    settings = folder / f"{name}.conf"
    settings.write_text({"squid": _squid, "tinyproxy": _tinyproxy}[name](port, folder, denying), encoding="utf-8")
    command = [shutil.which(name, path=_PATH) or name]
    command += ["-N", "-n", f"test{port}", "-f", str(settings)] if name == "squid" else ["-d", "-c", str(settings)]
    with (folder / f"{name}.out").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process, name)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def _squid(port: int, unused: pathlib.Path, denying: bool) -> str:
    # Started by root, squid goes on as a user who may not write to the folder.
    return (
        f"http_port 127.0.0.1:{port}\npid_filename none\ncache_log /dev/null\naccess_log none\ncoredump_dir none\n"
        f"cache deny all\nhttp_access {'deny' if denying else 'allow'} all\nshutdown_lifetime 0\n"
        "visible_hostname proxy.example\npinger_enable off\nnetdb_filename none\n"
    )


def _tinyproxy(port: int, folder: pathlib.Path, denying: bool) -> str:
    allowed = "192.0.2.1" if denying else "127.0.0.1"
    return (
        f'Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nAllow {allowed}\nLogFile "{folder}/tinyproxy.log"\n'
    )


def _wait_for(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    give_up = time.monotonic() + _READY_WITHIN
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{name} did not start")
