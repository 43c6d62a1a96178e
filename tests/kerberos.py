# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Kerberos realm on loopback: MIT's own KDC with one user and the services of a cluster's nodes."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence

from tests.ports import free_port

REALM = "CORP.EXAMPLE"
_COMMANDS = ("kdb5_util", "kadmin.local", "krb5kdc", "kinit", "klist")
_LIBRARIES = ("kerberos", "krb5", "gssapi")
# Debian keeps the KDC where only root's PATH looks.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
_READY_WITHIN = 300.0  # seconds


@dataclasses.dataclass(frozen=True)
class Realm:
    """A realm that runs.

    Attributes:
        keytab: the file with the keys of the services.
        environment: the variables by which clients find the realm, its tickets kept in a file of their own.
        log: what the KDC was asked.
    """

    keytab: str
    environment: dict[str, str]
    log: pathlib.Path

    def administer(self, *orders: str) -> None:
        """Give orders to ``kadmin.local``, such as ``addprinc -pw PASSWORD jo``."""
        _run(["kadmin.local"], self.environment, "".join(f"{order}\n" for order in orders))

    def fetch_ticket(self, user: str, password: str, *options: str, cache: str = "") -> None:
        """Put a ticket of ``user`` into the cache, or into another, as a person does before a manual login."""
        environment = self.environment | ({"KRB5CCNAME": cache} if cache else {})
        _run(["kinit", *options, f"{user}@{REALM}"], environment, password + "\n")

    def wait_for_the_end(self, cache: str) -> None:
        """Wait until the ticket in a cache has ended, and the second is over in which it did."""
        command = [_found("klist"), "-s", cache]
        while subprocess.run(command, env={**os.environ, **self.environment}, timeout=30, check=False).returncode == 0:
            time.sleep(0.05)
        ended = int(time.time())
        while int(time.time()) == ended:
            time.sleep(0.05)

    def handed_on(self) -> int:
        """Return how often a client asked for a ticket of its own that a service may use in its name."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return sum("TGS_REQ" in line and f"for krbtgt/{REALM}@{REALM}" in line for line in lines)


def lacking() -> str:
    """Return what the machine has not that a realm and its clients need, with the cure; empty for nothing."""
    commands = [name for name in _COMMANDS if shutil.which(name, path=_PATH) is None]
    libraries = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    cures = []
    if commands:
        cures.append(f"{', '.join(commands)}: apt-get install krb5-kdc krb5-admin-server krb5-user")
    if libraries:
        compiler = "apt-get install libkrb5-dev gcc python3-dev"
        cures.append(f"the Python packages of {', '.join(libraries)}: {compiler}, then make kerberos")
    return "; ".join(cures)


@contextlib.contextmanager
def realm(folder: pathlib.Path, user: str, password: str, hosts: Sequence[str]) -> Iterator[Realm]:
    """Run the realm CORP.EXAMPLE, with ``user`` and the services HTTP and WSMAN of ``hosts``, its files in ``folder``.

    Those two are the names that the connection plugins ask for; Active Directory gives a computer both.
    """
    port = free_port()
    environment = _write_settings(folder, port)
    keytab = folder / "services.keytab"
    services = [f"{service}/{host}" for host in hosts for service in ("HTTP", "WSMAN")]
    orders = [f"addprinc -pw {password} {user}"]
    for service in services:
        orders += [f"addprinc -randkey {service}", f"ktadd -k {keytab} {service}"]
    _run(["kdb5_util", "create", "-s", "-r", REALM, "-P", "the master key"], environment)
    _run(["kadmin.local"], environment, "\n".join(orders) + "\n")
    with (folder / "kdc.out").open("wb") as output:
        kdc = subprocess.Popen(
            [_found("krb5kdc"), "-n"], env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        _wait_for(port, kdc)
        yield Realm(str(keytab), environment, folder / "kdc.log")
    finally:
        kdc.terminate()
        kdc.wait(10)


def _write_settings(folder: pathlib.Path, port: int) -> dict[str, str]:
    address = f"127.0.0.1:{port}"
    (folder / "krb5.conf").write_text(
        f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n"
        f"dns_canonicalize_hostname = false\n[realms]\n{REALM} = {{\nkdc = {address}\n}}\n"
        f"[domain_realm]\n.{REALM.lower()} = {REALM}\n",
        encoding="utf-8",
    )
    (folder / "kdc.conf").write_text(
        f"[kdcdefaults]\nkdc_listen = {address}\nkdc_tcp_listen = {address}\n[realms]\n{REALM} = {{\n"
        f"database_name = {folder}/principal\nkey_stash_file = {folder}/stash\nacl_file = {folder}/acl\n}}\n"
        f"[logging]\nkdc = FILE:{folder}/kdc.log\n",
        encoding="utf-8",
    )
    return {
        "KRB5_CONFIG": str(folder / "krb5.conf"),
        "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
        "KRB5CCNAME": f"FILE:{folder}/tickets",
    }


def _wait_for(port: int, kdc: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _READY_WITHIN
    while time.monotonic() < give_up and kdc.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("the KDC did not start")


def _found(command: str) -> str:
    return shutil.which(command, path=_PATH) or command


def _run(command: list[str], environment: dict[str, str], words: str = "") -> None:
    subprocess.run(
        [_found(command[0]), *command[1:]],
        env={**os.environ, **environment},
        input=words,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
