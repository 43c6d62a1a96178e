# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster behind HTTPS that takes every login, and the variables for each of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import typing as t
from collections.abc import Iterator

import pytest
import trustme
import yaml

from tests.certificates import authority_file, client_files, server_files
from tests.integration.commands import SCENARIO
from tests.kerberos import Realm, lacking, realm

PASSWORD = "Marked-0ne-Passw0rd"
KERBEROS_PASSWORD = "Marked-Tw0-Passw0rd"
needs_kerberos = pytest.mark.skipif(bool(lacking()), reason=f"no Kerberos realm can be run here: {lacking()}")
NODES = ("NODE1", "NODE2", "NODE3", "NODE4")
USER = "operator@CORP.EXAMPLE"


@dataclasses.dataclass(frozen=True)
class Secured:
    """The files of a cluster that is reached over HTTPS, and how to log in to it.

    Attributes:
        scenario: for the simulator.
        secrets: texts that may be nowhere but in the files in ``folder``.
    """

    folder: pathlib.Path
    scenario: pathlib.Path
    trusted: str
    certificate: str
    key: str

    @property
    def secrets(self) -> list[str]:
        lines = pathlib.Path(self.key).read_text(encoding="ascii").splitlines()
        return [PASSWORD, KERBEROS_PASSWORD, *(line for line in lines if not line.startswith("-----"))]

    def variables(self, login: str) -> dict[str, t.Any]:
        """Return what an inventory says for ``login``, for both connection plugins."""
        chosen: dict[str, t.Any] = {
            "ansible_winrm_ca_trust_path": self.trusted,
            "ansible_psrp_ca_cert": self.trusted,
            "ansible_winrm_transport": login,
            "ansible_psrp_auth": login,
            "ansible_winrm_message_encryption": "auto",
            "ansible_psrp_message_encryption": "auto",
        }
        if login == "kerberos":
            named = "{{ inventory_hostname | lower }}.corp.example"
            chosen |= {
                "ansible_user": USER,
                "ansible_password": KERBEROS_PASSWORD,
                "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
                "ansible_winrm_kerberos_hostname_override": named,
                "ansible_psrp_negotiate_hostname_override": named,
            }
        if login == "certificate":
            chosen |= {
                "ansible_password": None,
                "ansible_winrm_cert_pem": self.certificate,
                "ansible_winrm_cert_key_pem": self.key,
                "ansible_psrp_certificate_pem": self.certificate,
                "ansible_psrp_certificate_key_pem": self.key,
            }
        return chosen

    def inventory(self, login: str, plugin: str, **others: t.Any) -> str:
        """Write an inventory to be used after the simulator's own; return its path."""
        path = self.folder / f"{login}_over_{plugin}.json"
        variables = {"ansible_connection": plugin, **self.variables(login), **others}
        path.write_text(json.dumps({"hyperv_nodes": {"vars": variables}}), encoding="utf-8")
        return str(path)


@contextlib.contextmanager
def secured(folder: pathlib.Path) -> Iterator[Secured]:
    """Write the files of such a cluster, and run a realm for it where the machine has what that needs."""
    with contextlib.ExitStack() as ends:
        running = None
        if not lacking():
            hosts = [f"{node.lower()}.corp.example" for node in NODES]
            running = ends.enter_context(realm(folder, "operator", KERBEROS_PASSWORD, hosts))
            patch = ends.enter_context(pytest.MonkeyPatch.context())
            for name, value in running.environment.items():
                patch.setenv(name, value)
        yield _write(folder, running)


def _write(folder: pathlib.Path, running: Realm | None) -> Secured:
    authority = trustme.CA()
    trusted = authority_file(authority, folder)
    certificate, key = client_files(authority, folder, USER.lower())
    listener: dict[str, t.Any] = {
        "tls": {"certificate": server_files(authority, folder, "127.0.0.1"), "client_authority": trusted},
        "logins": ["negotiate", "credssp", "basic", "certificate", *(["kerberos"] if running else [])],
    }
    if running:
        listener["keytab"] = running.keytab
    content = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    content |= {"listener": listener, "user": {"name": "operator", "password": PASSWORD}}
    scenario = folder / "scenario.yml"
    scenario.write_text(yaml.safe_dump(content), encoding="utf-8")
    return Secured(folder, scenario, trusted, certificate, key)
