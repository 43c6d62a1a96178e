# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts of failed logins, as MIT Kerberos gave them before a domain controller of Samba 4.17, and what cures them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.kerberos_failures import (
    is_about_a_long_token,
    with_cure,
)

CALLED = "ansible_winrm_kerberos_hostname_override"
KINIT = "Kerberos auth failure for principal operator@corp.example: kinit: "
WITHOUT_CREDENTIALS = "No credentials were supplied, or the credentials were unavailable or inaccessible"
RECORDED = {
    f"{KINIT}KDC reply did not match expectations while getting initial credentials": r"@REALM\.EXAMPLE.* in capitals",
    f"{KINIT}Cannot read password while getting initial credentials": "asked for a new password: .*expired: change it",
    f"{KINIT}Client's credentials have been revoked while getting initial credentials": "disabled, locked or expired",
    f"{KINIT}Client 'jo@CORP.EXAMPLE' not found in Kerberos database": "does not know this user",
    f'{KINIT}Cannot find KDC for realm "other.example" while getting initial credentials': r"krb5\.conf",
    f"{KINIT}Cannot contact any KDC for realm 'CORP.EXAMPLE' while getting initial credentials": r"krb5\.conf",
    f"{KINIT}Clock skew too great while getting initial credentials": "set the clocks",
    "Password has expired -1765328361": "has expired: change it",
    "Client's credentials have been revoked -1765328366": "disabled, locked or expired",
    f"{WITHOUT_CREDENTIALS}', 458752), (\"Can't find client principal jo@corp.example in cache collection\"": "klist",
    f"{WITHOUT_CREDENTIALS}, Minor (2529639053): No Kerberos credentials available": "there is no ticket: run kinit",
    "(('Unspecified GSS failure.', 851968), ('Ticket expired', -1765328352))": "run kinit again",
    "SpnegoError (11): Major (720896): The referenced credential has expired, Minor (100002)": "kinit again",
    "Server WSMAN/node1.corp.example@CORP.EXAMPLE not found in Kerberos database": (
        f"{CALLED}.*ansible_psrp_negotiate_service to HTTP"
    ),
    "Server HTTP/node1.corp.example@CORP.EXAMPLE not found in Kerberos database": f"or {CALLED}$",
}


@pytest.mark.parametrize(("text", "cure"), RECORDED.items())
def test_a_text_that_is_known_is_told_with_its_cure(text: str, cure: str) -> None:
    told = with_cure(text, "operator@corp.example", CALLED)
    assert told.startswith(text)
    assert re.search(cure, told.removeprefix(text))


def test_a_text_that_is_not_known_is_told_as_it_is() -> None:
    assert with_cure("the moon is in the way.", "operator", CALLED) == "the moon is in the way."


@pytest.mark.parametrize(
    "text",
    [
        "Client 'CORPoperator@CORP.EXAMPLE' not found in Kerberos database",
        "Can't find client principal CORPoperator@CORP.EXAMPLE in cache collection",
    ],
)
def test_a_user_with_a_backslash_is_told_to_go_without(text: str) -> None:
    assert with_cure(text, "CORP\\operator", CALLED).endswith("write ansible_user as operator@REALM.EXAMPLE")


@pytest.mark.parametrize(
    ("status", "page", "too_long"),
    [
        (400, b"<h2>Bad Request - Request Too Long</h2>", True),
        (400, b"<h2>Bad Request - Invalid Hostname</h2>", False),
        (500, b"the name is too long", False),
    ],
)
def test_only_the_page_of_headers_that_are_too_long_is_about_a_long_token(
    status: int, page: bytes, too_long: bool
) -> None:
    assert is_about_a_long_token(status, page) == too_long
