# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances of any CIM class as a node shows them, for people who look for a cause."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence

from ..._wsman.instances import Instance, Raw
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..failure.errors import HyperVError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMESPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([/\\][A-Za-z_][A-Za-z0-9_]*)*")


def read_rows(
    session: Session,
    namespace: str,
    class_name: str,
    properties: Sequence[str] = (),
    where: Mapping[str, t.Any] | None = None,
) -> list[dict[str, t.Any]]:
    """Return the instances of a class as plain data, properties by name in lower case.

    A property is a text, None, a list where the wire repeats it, ``{"namespace", "class", "keys"}`` for a reference, or
    ``{"class", "properties"}`` for an embedded object: the wire names no types. Raises HyperVError for names that no
    class or property can have, Fault and TransportError.
    """
    for what, name in (("class_name", class_name), *(("properties", one) for one in (*properties, *(where or {})))):
        if not _NAME.fullmatch(name):
            raise HyperVError(f"{name!r} in {what} is no CIM name. These are letters, digits and underscores.")
    if not _NAMESPACE.fullmatch(namespace):
        raise HyperVError(f"{namespace!r} is no CIM namespace. One looks like root/virtualization/v2.")
    wanted = {name: (_value(name, value),) for name, value in (where or {}).items()}
    rows = session.query(namespace.replace("\\", "/"), Query(class_name, tuple(properties), wanted))
    return [_row(row) for row in rows]


def _value(name: str, value: t.Any) -> str | int:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise HyperVError(f"where.{name} is {value!r}. Give a text or a number that the property shall equal.")
    return value


def _row(instance: Instance) -> dict[str, t.Any]:
    row = {name: _plain(value) for name, value in instance.properties.items()}
    return {"class": instance.class_name or None, "properties": row}


def _plain(value: Raw | tuple[Raw, ...]) -> t.Any:
    return [_one(one) for one in value] if isinstance(value, tuple) else _one(value)


def _one(value: Raw) -> t.Any:
    if isinstance(value, Reference):
        keys = {name: _one(key) for name, key in value.selectors}
        return {"namespace": value.namespace, "class": value.class_name, "keys": keys}
    return _row(value) if isinstance(value, Instance) else value
