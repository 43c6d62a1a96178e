# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proxy for a node, what sets it, and how to bypass it.

The libraries find a proxy of the environment by themselves. It is looked up here instead, by the same function of
requests, so that the proxy of which a message speaks is the one that is used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import re
from urllib.parse import unquote, urlsplit

from .._wsman.errors import Unreachable
from .packages import install
from .tickets import steady_environment

# The sanity test "import" lacks it. Whoever calls find_proxy has pywinrm or pypsrp, which need it.
with contextlib.suppress(ImportError):
    from requests.utils import get_environ_proxies

_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(:\d{1,5})?")
_USER = re.compile(r"[^\s/?#@\[\]]*")


@dataclasses.dataclass(frozen=True)
class Proxy:
    """A proxy on the way to a node.

    Attributes:
        url: for the libraries. Never to be shown: it may hold a password.
        shown: the URL without user and password.
        source: what sets it.
        around: what to do to reach the node without it.
        relays: it passes each request on, and may answer in the node's place. Otherwise it is a tunnel.
    """

    url: str = dataclasses.field(repr=False)
    shown: str
    source: str
    around: str
    relays: bool

    def remark(self) -> str:
        """Return the sentences about it that every failure on this way ends with."""
        return f"{self.source} sets the proxy {self.shown}. To reach the node without it, {self.around}."


def find_proxy(url: str, given: str | None, variable: str, direct: str) -> Proxy | None:
    """Return the proxy on the way to ``url``, None for none.

    Args:
        given: the proxy of the inventory; an empty one goes around that of the environment, None leaves it to that.
        variable: the inventory variable that gives it.
        direct: the setting of the inventory that goes around a proxy of the environment.

    Raises:
        Unreachable: what is set is no URL of a proxy. The text holds nothing of it.
    """
    scheme = urlsplit(url).scheme
    if given is not None:
        return _proxy(given, variable, f'set {variable}: ""', scheme) if given else None
    with steady_environment():
        proxies = get_environ_proxies(url)
        value = proxies.get(scheme, proxies.get("all"))
        source = _set_by(value, scheme) if value else ""
    if not value:
        return None
    around = f"add {urlsplit(url).hostname} to NO_PROXY there, or set {direct}"
    return _proxy(value, source, around, scheme)


def _set_by(value: str, scheme: str) -> str:
    """Return what sets a proxy of the environment: a variable, or elsewhere than on Linux the system's settings."""
    names = [
        name
        for name, content in os.environ.items()
        if content == value and name.lower() in (f"{scheme}_proxy", "all_proxy")
    ]
    # The scheme's own variable wins over ALL_PROXY, and of each the one in small letters.
    names.sort(key=lambda name: (name.lower() == "all_proxy", name.isupper()))
    return f"The environment variable {names[0]}" if names else "The operating system"


def _proxy(value: str, source: str, around: str, scheme: str) -> Proxy:
    before, separator, after = value.partition("://")
    kind, rest = (before.lower(), after) if separator else ("http", value)
    user, unused, place = rest.rpartition("@")
    place = place.partition("/")[0]
    if kind not in _SCHEMES or not _PLACE.fullmatch(place) or not _USER.fullmatch(user):
        raise Unreachable(
            f"{source} sets a proxy by something that is no URL such as http://proxy.example:3128. In a user or a "
            f"password, /, ?, #, @ and space are %2F, %3F, %23, %40 and %20. To reach the node without it, {around}."
        )
    if any(ord(character) > 255 for character in unquote(user)):
        raise Unreachable(
            f"{source} sets a proxy with a user or a password that HTTP's Basic login cannot carry: it takes the "
            f"characters of latin-1 only. To reach the node without it, {around}."
        )
    if kind.startswith("socks") and importlib.util.find_spec("socks") is None:
        raise Unreachable(
            f"{source} sets the proxy {kind}://{place}, and the Python package PySocks, which SOCKS needs, cannot be "
            f"imported; {install('PySocks')}. To reach the node without it, {around}."
        )
    return Proxy(value, f"{kind}://{place}", source, around, relays=scheme == "http" and kind.startswith("http"))
