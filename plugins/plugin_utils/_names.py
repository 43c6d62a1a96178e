# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of VMs, roles, networks and other things as Windows compares them. Those of hosts are in ``_hostnames``.

A comparison without regard to case looks each UTF-16 unit up in one table of capitals ([MS-UCODEREF] 3.1.5.3.1 and
3.1.5.5). That table has a letter for a letter, none above U+FFFF, and no capital for a letter whose capital is that of
another one already: dotless i (U+0131), long s (U+017F), the micro sign (U+00B5), titlecase letters, and variants of
Greek letters such as the final sigma. So says the table that ntfs-3g writes to a new volume (unistr.c,
ntfs_upcase_table_build), which is that of Windows 7, and of the long s dotnet/runtime, issue 32247, which was seen on
Windows. The rule here comes to the same for every letter of that table. Which capitals a newer Windows knows of letters
that Unicode added since is doubt 50 of the guide "Requests and decisions".
"""

from __future__ import annotations


def same_name(one: str, other: str) -> bool:
    """Tell whether two texts name the same thing: Windows has no regard to case, and nothing in a name is a wildcard.

    Letters are compared one by one, as Windows does: "Straße" and "STRASSE" are two names.
    """
    return in_capitals(one) == in_capitals(other)


def in_capitals(name: str) -> str:
    """Return what two spellings of a name have in common."""
    return name.upper() if name.isascii() else "".join(map(_capital, name))


def _capital(letter: str) -> str:
    """Return the capital that Windows has for a letter, the letter itself where there is none."""
    # The capital of a Greek letter with iota subscript is two letters to Unicode, and one in titles.
    capital = letter.upper() if len(letter.upper()) == 1 else letter.title()
    return capital if len(capital) == 1 and capital.lower() == letter and letter <= "\uffff" else letter
