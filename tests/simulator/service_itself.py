# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the WS-Management service answers about itself: Identify (DSP0226 11) and its configuration, winrm/config.

Identify: the interoperability scenarios of Microsoft's WS-Management plug-in. Configuration: its names, order and
defaults as in "Installation and configuration for Windows Remote Management" of the Microsoft docs, and the answer that
pypsrp and others read.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from xml.sax.saxutils import escape

from .envelopes import IDENTITY, SOAP, WSMAN, XSI
from .faults import Code, Fault
from .scenario_listener import ListenerSpec, Login

CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
_PROFILES = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/http/"
_SECURITY = ("basic", "spnego-kerberos")
_Settings = Mapping[str, t.Any]
_PORTS = {"HTTP": "5985", "HTTPS": "5986"}
_AUTH: Mapping[str, Login] = {
    "Basic": "basic",
    "Kerberos": "kerberos",
    "Negotiate": "negotiate",
    "Certificate": "certificate",
    "CredSSP": "credssp",
}


def identify(version: str, names_security: bool = True) -> str:
    """Return the envelope of the answer to Identify for a version of Windows such as ``10.0.20348``.

    ``names_security``: whether it has the security profiles, the ways to log in.
    """
    profiles = "".join(
        f"<wsmid:SecurityProfileName>{_PROFILES}{name}</wsmid:SecurityProfileName>" for name in _SECURITY
    )
    security = f"<wsmid:SecurityProfiles>{profiles}</wsmid:SecurityProfiles>" if names_security else ""
    return (
        f'<s:Envelope xml:lang="" xmlns:s="{SOAP}"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {version} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        f"{security}</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    )


def is_configuration(uri: str) -> bool:
    """Tell whether a resource URI is the configuration or a part of it, such as ``.../config/service/auth``."""
    return f"{uri.lower()}/".startswith(f"{CONFIG}/")


def configuration(uri: str, max_envelope_size: int, shells: bool, listener: ListenerSpec) -> str:
    """Return the element of the configuration, or of the part of it that ``uri`` names. Raises Fault."""
    name, settings = "Config", _settings(max_envelope_size, shells, listener)
    for part in uri[len(CONFIG) :].strip("/").split("/") if len(uri.rstrip("/")) > len(CONFIG) else ():
        found = next((key for key, value in settings.items() if key.lower() == part.lower()), None)
        if found is None or isinstance(settings[found], str):
            raise Fault(Code.INVALID_URI)
        name, settings = found, settings[found]
    return f'<cfg:{name} xmlns:xsi="{XSI}" xmlns:cfg="{CONFIG}" xml:lang="en-US">{_written(settings)}</cfg:{name}>'


def _written(settings: _Settings) -> str:
    return "".join(
        f"<cfg:{name}>{escape(value) if isinstance(value, str) else _written(value)}</cfg:{name}>"
        for name, value in settings.items()
    )


def _settings(max_envelope_size: int, shells: bool, listener: ListenerSpec) -> _Settings:
    auth = {name: _said(login in listener.logins) for name, login in _AUTH.items()}
    return {
        "MaxEnvelopeSizekb": str(max_envelope_size // 1024),
        "MaxTimeoutms": "60000",
        "MaxBatchItems": "32000",
        "MaxProviderRequests": "4294967295",
        "Client": {
            "NetworkDelayms": "5000",
            "URLPrefix": "wsman",
            "AllowUnencrypted": "false",
            "Auth": {"Basic": "true", "Digest": "true", **{name: "true" for name in auth if name != "Basic"}},
            "DefaultPorts": _PORTS,
            "TrustedHosts": "",
        },
        "Service": {
            "RootSDDL": "O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)",
            "MaxConcurrentOperations": "4294967295",
            "MaxConcurrentOperationsPerUser": "1500",
            "EnumerationTimeoutms": "240000",
            "MaxConnections": "300",
            "MaxPacketRetrievalTimeSeconds": "120",
            "AllowUnencrypted": _said(listener.takes_readable_messages),
            "Auth": {**auth, "CbtHardeningLevel": "Relaxed"},
            "DefaultPorts": _PORTS,
            "IPv4Filter": "*",
            "IPv6Filter": "*",
            "EnableCompatibilityHttpListener": "false",
            "EnableCompatibilityHttpsListener": "false",
            "CertificateThumbprint": "",
            "AllowRemoteAccess": "true",
        },
        "Winrs": {
            "AllowRemoteShellAccess": _said(shells),
            "IdleTimeout": "7200000",
            "MaxConcurrentUsers": "2147483647",
            "MaxShellRunTime": "2147483647",
            "MaxProcessesPerShell": "2147483647",
            "MaxMemoryPerShellMB": "2147483647",
            "MaxShellsPerUser": "2147483647",
        },
    }


def _said(value: bool) -> str:
    return "true" if value else "false"
