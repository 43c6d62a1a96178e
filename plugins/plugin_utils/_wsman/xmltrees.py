# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XML from outside as a tree that is safe to read."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

from .xmltext import brief

# A chain of associations whose keys are references is the deepest that a node has reason to send: some 30 levels.
# Readers recurse, so that a deeper tree would end in a RecursionError.
_DEEPEST = 100


class UnreadableXml(ValueError):
    """A text is no XML, or XML of a kind that no node has reason to send."""


def read_xml(text: str | bytes) -> ET.Element:
    """Return the root of a document that has no document type declaration and not too many levels.

    Raises UnreadableXml.
    """
    # Refused before any entity can grow. In UTF-16, which the parser would take as well, a zero byte stands beside each
    # of these letters.
    if "<!DOCTYPE" in text if isinstance(text, str) else b"<!DOCTYPE" in text.replace(b"\0", b""):
        raise UnreadableXml("it holds a document type declaration")
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise UnreadableXml(f"it is no well-formed XML ({brief(str(error))})") from error
    # Of each level only what holds elements: nearly all elements of a list hold a text.
    level = [root]
    for _unused in range(_DEEPEST - 1):
        level = list(filter(len, itertools.chain.from_iterable(level)))
        if not level:
            return root
    raise UnreadableXml(f"its elements are nested more than {_DEEPEST} deep")
