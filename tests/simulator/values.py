# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM scalars from the text of a request (DSP0004 5.2, DSP0230 8.1)."""

from __future__ import annotations

import datetime
import re

from .cim import Value

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_REAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?")
_INTERVAL = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,7}))?S)?)?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class NotAValue(ValueError):
    """A text that is no value of the type that belongs there."""


def read_scalar(text: str, type_name: str) -> Value:
    """Return the value in ``text`` of a CIM type other than datetime and reference. Raises NotAValue."""
    if type_name == "string":
        return text
    if type_name == "boolean":
        if text not in _BOOLEANS:
            raise NotAValue(f"{text!r} is no boolean")
        return _BOOLEANS[text]
    if type_name in ("real32", "real64"):
        if not _REAL.fullmatch(text):
            raise NotAValue(f"{text!r} is no {type_name}")
        return float(text)
    if type_name == "char16":
        if len(text) == 1:
            return text
        return chr(_read_integer(text, "uint16"))
    return _read_integer(text, type_name)


def _read_integer(text: str, type_name: str) -> int:
    bits = int(type_name.removeprefix("uint").removeprefix("sint"))
    low, high = (0, 2**bits) if type_name.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    if not _INTEGER.fullmatch(text) or not low <= int(text) < high:
        raise NotAValue(f"{text!r} is no {type_name}")
    return int(text)


def read_date(text: str) -> datetime.datetime:
    """Return the date and time in ``text`` (XML Schema dateTime; no zone is UTC). Raises NotAValue."""
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError(f"{text!r} is no dateTime")
        whole, fraction, zone = match.groups()
        moment = datetime.datetime.fromisoformat(whole + ("+00:00" if zone in (None, "Z") else zone))
    except ValueError as error:
        raise NotAValue(str(error)) from error
    return moment + datetime.timedelta(microseconds=_micros(fraction))


def read_interval(text: str) -> datetime.timedelta:
    """Return the interval in ``text`` (XML Schema duration without years and months). Raises NotAValue."""
    match = _INTERVAL.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        raise NotAValue(f"{text!r} is no duration")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    interval = datetime.timedelta(
        int(days or 0), int(seconds or 0), _micros(fraction), 0, int(minutes or 0), int(hours or 0)
    )
    return -interval if sign else interval


def _micros(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0")[:6])
