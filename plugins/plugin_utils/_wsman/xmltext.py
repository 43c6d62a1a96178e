# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text that XML 1.0 supports."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from .errors import UnsendableText

# What production [2] Char of XML 1.0 leaves out: every parser refuses it, so it is refused here by name.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def refuse_unsendable(text: str) -> str:
    """Return ``text``, or raise UnsendableText that names the first character XML 1.0 forbids."""
    found = _ILLEGAL.search(text)
    if found:
        raise UnsendableText(
            f"{brief(text)!r} holds the control character U+{ord(found.group()):04X} at position {found.start()}, "
            "which cannot be sent in XML. Remove it."
        )
    return text


def brief(text: str, longest: int = 200) -> str:
    """Return ``text`` for a message, cut where it is longer than a node has reason to make it."""
    return text if len(text) <= longest else f"{text[:longest]}\N{HORIZONTAL ELLIPSIS}"


def escaped(text: str) -> str:
    """Return ``text`` as XML element content or attribute value in double quotes.

    A carriage return becomes a character reference: a parser would turn it into a line feed.
    """
    return escape(refuse_unsendable(text), {"\r": "&#13;", '"': "&quot;"})
