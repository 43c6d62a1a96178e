# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every CIM type both ways: DSP0004 table 2 and 5.2.4, DSP0227 section 8, DSP0201, XML Schema part 2."""

from __future__ import annotations

import base64
import datetime as dt
import math

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnexpectedValue
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.values import (
    UTC,
    CimType,
    dmtf_text,
    integer_range,
    parse,
    parse_octets,
    parse_time,
    wsman_text,
)
from hypothesis import example, given
from hypothesis import strategies as st

INTEGERS = [one for one in CimType if one.value[:4] in ("uint", "sint")]
ZONES = st.integers(-839, 840).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
# 1601 and 9999 stand for "never", so they do not come back.
MOMENTS = st.datetimes(dt.datetime(1602, 1, 3), dt.datetime(9998, 12, 29), timezones=ZONES)
EARLY_MOMENTS = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(1600, 12, 29), timezones=ZONES)
SPANS = st.timedeltas(dt.timedelta(0), dt.timedelta(days=99_999_999))


@given(st.sampled_from(INTEGERS), st.data())
def test_every_integer_in_its_range_comes_back(cim_type: CimType, data: st.DataObject) -> None:
    value = data.draw(st.integers(*integer_range(cim_type)))
    assert parse(wsman_text(value), cim_type) == value
    assert parse(dmtf_text(value), cim_type) == value


@given(st.sampled_from(INTEGERS), st.integers(1, 10**25))
def test_an_integer_outside_its_range_is_refused(cim_type: CimType, excess: int) -> None:
    low, high = integer_range(cim_type)
    for value in (low - excess, high + excess):
        with pytest.raises(UnexpectedValue, match=cim_type.value):
            parse(str(value), cim_type)


@pytest.mark.parametrize(
    ("cim_type", "low", "high"),
    [
        (CimType.UINT8, 0, 255),
        (CimType.UINT16, 0, 65535),
        (CimType.UINT32, 0, 4294967295),
        (CimType.UINT64, 0, 18446744073709551615),
        (CimType.SINT8, -128, 127),
        (CimType.SINT16, -32768, 32767),
        (CimType.SINT32, -2147483648, 2147483647),
        (CimType.SINT64, -9223372036854775808, 9223372036854775807),
    ],
)
def test_ranges_are_those_of_dsp0004(cim_type: CimType, low: int, high: int) -> None:
    assert integer_range(cim_type) == (low, high)


@pytest.mark.parametrize("text", ["", " ", "1.0", "1e3", "0x10", "1_000", "--1", "\u0663", "true"])
def test_what_is_no_decimal_integer_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedValue):
        parse(text, CimType.SINT64)


def test_white_space_and_a_plus_sign_around_an_integer_do_not_matter() -> None:
    assert parse(" +4096\n", CimType.UINT32) == 4096


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_leaves_as_a_word_and_not_as_a_number(value: bool) -> None:
    assert wsman_text(value) == dmtf_text(value) == str(value).lower()
    assert parse(wsman_text(value), CimType.BOOLEAN) is value


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("1", True), (" False ", False), ("0", False)])
def test_the_booleans_of_other_servers_are_read(text: str, value: bool) -> None:
    assert parse(text, CimType.BOOLEAN) is value


@pytest.mark.parametrize("text", ["", "yes", "2", "truely"])
def test_another_word_is_no_boolean(text: str) -> None:
    with pytest.raises(UnexpectedValue, match="boolean"):
        parse(text, CimType.BOOLEAN)


@given(st.floats(), st.sampled_from([CimType.REAL32, CimType.REAL64]))
def test_every_real_comes_back(value: float, cim_type: CimType) -> None:
    for text in (wsman_text(value), dmtf_text(value)):
        back = parse(text, cim_type)
        assert isinstance(back, float)
        assert back == value or (math.isnan(back) and math.isnan(value))


def test_infinity_is_spelled_as_xml_schema_does() -> None:
    assert [wsman_text(one) for one in (math.inf, -math.inf, math.nan)] == ["INF", "-INF", "NaN"]


@pytest.mark.parametrize("text", ["", ".", "1,5", "0x1p3", "infinity", "1e"])
def test_what_is_no_real_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedValue, match="real"):
        parse(text, CimType.REAL64)


@given(st.text())
def test_a_string_comes_back_as_it_is(text: str) -> None:
    assert parse(wsman_text(text), CimType.STRING) == text
    assert parse(dmtf_text(text), CimType.STRING) == text


@given(st.characters())
def test_a_char16_is_one_character(char: str) -> None:
    assert parse(wsman_text(char), CimType.CHAR16) == char


@pytest.mark.parametrize(("text", "char"), [("65", "A"), ("5", "5"), ("20013", "\u4e2d")])
def test_a_char16_is_read_from_its_code_as_well(text: str, char: str) -> None:
    assert parse(text, CimType.CHAR16) == char


@pytest.mark.parametrize("text", ["", "AB", "65536", "-65"])
def test_more_than_one_character_is_no_char16(text: str) -> None:
    with pytest.raises(UnexpectedValue, match="char16"):
        parse(text, CimType.CHAR16)


@given(st.binary())
def test_octets_come_back_from_base64_and_from_numbers(octets: bytes) -> None:
    assert parse_octets((base64.b64encode(octets).decode(),)) == octets
    assert parse_octets(tuple(str(octet) for octet in octets)) == octets


@pytest.mark.parametrize("texts", [("256",), ("-1",), ("AQI",), ("\u00e4bcd",), ("1", "x")])
def test_what_is_neither_base64_nor_small_numbers_are_no_octets(texts: tuple[str, ...]) -> None:
    with pytest.raises(UnexpectedValue, match="uint8"):
        parse_octets(texts)


@given(MOMENTS)
def test_every_moment_comes_back_in_both_forms(moment: dt.datetime) -> None:
    for text in (wsman_text(moment), dmtf_text(moment)):
        back = parse(text, CimType.DATETIME)
        assert back == moment
        assert isinstance(back, dt.datetime)
        assert back.tzinfo is UTC


@given(EARLY_MOMENTS)
def test_a_year_below_1000_keeps_its_four_digits(moment: dt.datetime) -> None:
    assert parse_time(wsman_text(moment)) == moment
    assert parse_time(dmtf_text(moment)) == moment


@given(SPANS)
def test_every_interval_comes_back_in_both_forms(span: dt.timedelta) -> None:
    assert parse(wsman_text(span), CimType.DATETIME) == span
    assert parse(dmtf_text(span), CimType.DATETIME) == span


@given(SPANS)
def test_ws_management_also_takes_intervals_below_zero(span: dt.timedelta) -> None:
    assert parse(wsman_text(-span), CimType.DATETIME) == -span


def test_the_two_forms_are_those_of_the_specifications() -> None:
    moment = dt.datetime(2031, 3, 9, 14, 7, 55, 48, tzinfo=dt.timezone(dt.timedelta(hours=-3, minutes=-30)))
    assert wsman_text(moment) == "2031-03-09T17:37:55.000048Z"
    assert dmtf_text(moment) == "20310309140755.000048-210"
    span = dt.timedelta(days=3, hours=4, minutes=5, seconds=6, microseconds=70)
    assert wsman_text(span) == "P3DT4H5M6.000070S"
    assert dmtf_text(span) == "00000003040506.000070:000"


@pytest.mark.parametrize("span", [dt.timedelta(microseconds=-1), dt.timedelta(days=100_000_000)])
def test_an_interval_that_dmtf_cannot_write_is_refused(span: dt.timedelta) -> None:
    with pytest.raises(UnexpectedValue, match="interval"):
        dmtf_text(span)


@pytest.mark.parametrize("write", [wsman_text, dmtf_text])
def test_a_moment_without_a_zone_is_not_sent(write: object) -> None:
    assert callable(write)
    with pytest.raises(UnexpectedValue, match="time zone"):
        write(dt.datetime(2031, 3, 9))


@given(MOMENTS.map(lambda moment: moment.astimezone(UTC)), st.integers(0, 9))
def test_any_number_of_fraction_digits_is_read(moment: dt.datetime, digits: int) -> None:
    fraction = f"{moment.microsecond:06d}987"[:digits]
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}Z"
    assert parse_time(text) == moment.replace(microsecond=int(fraction.ljust(6, "0")[:6]))


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2031-03-09T14:07:00+09:00", 5, 7),
        ("2031-03-09T14:07:00.0000000-03:30", 17, 37),
        ("2031-03-09T14:07:00", 14, 7),
        ("20310309140700.000000+540", 5, 7),
        ("20310309140700.******+000", 14, 7),
        (" 2031-03-09T14:07:00Z\n", 14, 7),
    ],
)
def test_zones_are_brought_to_utc_and_none_counts_as_utc(text: str, hour: int, minute: int) -> None:
    assert parse_time(text) == dt.datetime(2031, 3, 9, hour, minute, tzinfo=UTC)


def test_a_date_alone_is_its_midnight() -> None:
    assert parse_time("2031-03-09") == dt.datetime(2031, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "1601-01-01T00:00:00Z",
        "1601-01-01T09:00:00+09:00",
        "1600-12-31T19:00:00-05:00",  # the same moment, written by a host west of Greenwich
        "16010101000000.000000+000",
        "16001231190000.000000-300",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-08:00",
        "99991231235959.999999+000",
    ],
)
def test_never_is_none(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("P0DT0H2M41.3058214S", dt.timedelta(minutes=2, seconds=41, microseconds=305821)),
        ("PT5M", dt.timedelta(minutes=5)),
        ("P2D", dt.timedelta(days=2)),
        ("-PT1S", dt.timedelta(seconds=-1)),
        ("00000000000140.5*****:000", dt.timedelta(seconds=100, milliseconds=500)),
    ],
)
def test_intervals_are_read_with_parts_left_out(text: str, span: dt.timedelta) -> None:
    assert parse_time(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2031-02-30T00:00:00Z",
        "2031-03-09T25:00:00Z",
        "2031-03-09 14:07:00",
        "2031-03-09T14:07:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "20310309140700+000",
        "2031030914****.******+000",
        "P1Y",
        "P1M",
        "1DT2H",
        "P99999999999999999999D",
        "now",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedValue):
        parse_time(text)


@given(st.text(), st.sampled_from(CimType))
@example("7\x1f", CimType.UINT8)  # white space for str.strip, not for int
def test_any_text_is_a_value_or_an_unexpected_value(text: str, cim_type: CimType) -> None:
    try:
        parse(text, cim_type)
    except UnexpectedValue:
        assert cim_type is not CimType.STRING


@given(st.lists(st.text(), max_size=3).map(tuple))
@example(("7\x1f",))
def test_any_texts_are_octets_or_an_unexpected_value(texts: tuple[str, ...]) -> None:
    try:
        assert isinstance(parse_octets(texts), bytes)
    except UnexpectedValue:
        assert texts
