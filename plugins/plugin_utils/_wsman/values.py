# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One CIM value and its text in a message, in both directions.

Scalars travel as text (DSP0227 section 8; XML Schema part 2). The text does not tell its type: the reader says what it
expects. WS-Management and CIM-XML (DSP0201) differ in dates only, so one reader takes both.
"""

from __future__ import annotations

import base64
import datetime as dt
import enum
import functools
import math
import re

from .errors import UnexpectedValue
from .xmltext import brief

UTC = dt.timezone.utc


class CimType(enum.Enum):
    """The intrinsic types of CIM (DSP0004 table 2) by the words of CIM-XML's TYPE attribute."""

    BOOLEAN = "boolean"
    STRING = "string"
    CHAR16 = "char16"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    SINT8 = "sint8"
    SINT16 = "sint16"
    SINT32 = "sint32"
    SINT64 = "sint64"
    REAL32 = "real32"
    REAL64 = "real64"
    DATETIME = "datetime"

    # By identity, as members compare: that of the base class is a call of Python.
    __hash__ = object.__hash__


_INTEGERS = frozenset(one for one in CimType if "int" in one.value)
Scalar = bool | int | float | str | dt.datetime | dt.timedelta


@functools.cache
def integer_range(cim_type: CimType) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer type."""
    bits = int(cim_type.value[4:])
    return (0, 2**bits - 1) if cim_type.value.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def parse(text: str, cim_type: CimType) -> Scalar | None:
    """Read one value. A datetime that stands for "never" is None. Raises UnexpectedValue."""
    if cim_type in _INTEGERS:
        return parse_integer(text, cim_type)
    if cim_type is CimType.STRING:
        return text
    if cim_type is CimType.CHAR16:
        return _parse_char16(text)
    if cim_type is CimType.BOOLEAN:
        return _parse_boolean(text)
    if cim_type is CimType.DATETIME:
        return parse_time(text)
    return _parse_real(text)


_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_KNOWN_NUMBERS = 4096  # in a list nearly all are states, priorities and sizes of memory, the same again and again


@functools.lru_cache(_KNOWN_NUMBERS)
def parse_integer(text: str, cim_type: CimType) -> int:
    """Read an integer. Raises UnexpectedValue for anything else, and outside the range of its type."""
    low, high = integer_range(cim_type)
    word = text.strip()
    number = int(word) if _INTEGER.fullmatch(word) else None
    if number is None or not low <= number <= high:
        raise UnexpectedValue(f"{brief(text)!r} is no {cim_type.value}")
    return number


def _parse_boolean(text: str) -> bool:
    # WinRM writes true/false, Microsoft's OMI server TRUE/FALSE; XML Schema allows 1 and 0 as well.
    word = text.strip().lower()
    if word not in ("true", "false", "1", "0"):
        raise UnexpectedValue(f"{brief(text)!r} is no boolean")
    return word in ("true", "1")


def _parse_real(text: str) -> float:
    word = text.strip()
    if re.fullmatch(r"[+-]?INF", word, re.IGNORECASE):
        return -math.inf if word.startswith("-") else math.inf
    if re.fullmatch(r"NaN", word, re.IGNORECASE):
        return math.nan
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", word):
        raise UnexpectedValue(f"{brief(text)!r} is no real number")
    return float(word)


def _parse_char16(text: str) -> str:
    # DSP0227 maps char16 to a string of one character; its code in decimal is seen as well.
    if len(text) == 1:
        return text
    if re.fullmatch(r"[0-9]{2,5}", text) and int(text) <= 0xFFFF:
        return chr(int(text))
    raise UnexpectedValue(f"{brief(text)!r} is no char16")


def parse_octets(texts: tuple[str, ...]) -> bytes:
    """Read a uint8 array: base64 in one element (DSP0227), or a decimal number per element."""
    words = [text.strip() for text in texts]
    if all(re.fullmatch(r"[0-9]{1,3}", word) and int(word) <= 255 for word in words):
        return bytes(int(word) for word in words)
    try:
        return base64.b64decode("".join(texts), validate=True)
    except ValueError as error:  # binascii.Error is one; a character outside ASCII raises the plain kind
        raise UnexpectedValue(f"{brief(repr(texts))} is no array of uint8") from error


_ISO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?")
_ISO_INTERVAL = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?")
_DMTF_TIME = re.compile(r"(\d{14})\.([\d*]{6})([+-]\d{3})")
_DMTF_INTERVAL = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.([\d*]{6}):000")


def parse_time(text: str) -> dt.datetime | dt.timedelta | None:
    """Read a date or an interval in ISO 8601 or in the DMTF form (DSP0004 5.2.4).

    Dates come back in UTC; one without a zone counts as UTC. 1601-01-01 (the FILETIME zero that Hyper-V reports for
    "never") and any year 9999 are None. Raises UnexpectedValue.
    """
    word = text.strip()
    try:
        return _parse_iso(word) if re.match(r"-?P|\d{4}-", word) else _parse_dmtf(word)
    except (ValueError, OverflowError) as error:
        raise UnexpectedValue(f"{brief(text)!r} is no date or interval") from error


def _parse_iso(word: str) -> dt.datetime | dt.timedelta | None:
    interval = _ISO_INTERVAL.fullmatch(word)
    if interval:
        sign, days, hours, minutes, seconds, fraction = interval.groups()
        span = _interval(days, hours, minutes, seconds, fraction)
        return -span if sign else span
    moment = _ISO_TIME.fullmatch(word)
    if not moment:
        raise ValueError(word)
    date, time, fraction, zone = moment.groups()
    offset = "+00:00" if zone in (None, "Z") else zone
    # Windows writes up to seven digits of a second, Python holds six.
    value = dt.datetime.fromisoformat(f"{date}T{time or '00:00:00'}.{(fraction or '').ljust(6, '0')[:6]}{offset}")
    return _unless_never(value)


def _parse_dmtf(word: str) -> dt.datetime | dt.timedelta | None:
    interval = _DMTF_INTERVAL.fullmatch(word)
    if interval:
        return _interval(*interval.groups())
    moment = _DMTF_TIME.fullmatch(word)
    if not moment:
        raise ValueError(word)
    stamp, fraction, offset = moment.groups()
    value = dt.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(microsecond=int(fraction.replace("*", "0")))
    return _unless_never(value.replace(tzinfo=dt.timezone(dt.timedelta(minutes=int(offset)))))


def _interval(days: str, hours: str, minutes: str, seconds: str, fraction: str) -> dt.timedelta:
    return dt.timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "").replace("*", "0").ljust(6, "0")[:6]),
    )


def _unless_never(value: dt.datetime) -> dt.datetime | None:
    if value.year in (1601, 9999):
        return None
    moment = value.astimezone(UTC)
    # A host west of Greenwich writes the FILETIME zero as the last evening of 1600.
    return None if moment.year == 1601 else moment


def wsman_text(value: Scalar) -> str:
    """Write one value as WS-Management takes it; dates and intervals are ISO 8601 (DSP0227)."""
    if isinstance(value, dt.datetime):
        return _aware(value).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, dt.timedelta):
        sign, days, hours, minutes, seconds, micro = _split(value)
        return f"{sign}P{days}DT{hours}H{minutes}M{seconds}.{micro:06d}S"
    return _plain_text(value)


def dmtf_text(value: Scalar) -> str:
    """Write one value as CIM-XML takes it. Dates and intervals are in the DMTF form; intervals cannot be negative."""
    if isinstance(value, dt.datetime):
        offset = int((_aware(value).utcoffset() or dt.timedelta()).total_seconds() // 60)
        return f"{value.year:04d}{value:%m%d%H%M%S.%f}{offset:+04d}"  # %Y does not pad on Linux
    if isinstance(value, dt.timedelta):
        sign, days, hours, minutes, seconds, micro = _split(value)
        if sign or days > 99999999:
            raise UnexpectedValue(f"{value} is no interval of CIM: it must lie between 0 and 99999999 days")
        return f"{days:08d}{hours:02d}{minutes:02d}{seconds:02d}.{micro:06d}:000"
    return _plain_text(value)


def _plain_text(value: bool | float | str) -> str:
    if isinstance(value, bool):  # before int: a bool is an int for Python
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return repr(value) if math.isfinite(value) else ("INF" if value > 0 else "-INF")
    return str(value)


def _aware(value: dt.datetime) -> dt.datetime:
    if value.tzinfo is None:
        raise UnexpectedValue(f"{value} has no time zone")
    return value


def _split(value: dt.timedelta) -> tuple[str, int, int, int, int, int]:
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return "-" if value < dt.timedelta() else "", size.days, hours, minutes, seconds, size.microseconds
