# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans and ledgers in the form in which they are passed on, without templates.

Ansible templates what comes as extra vars (``-e @file``, ansible-runner, variables of a job template), and whoever may
rename a VM chooses the texts in a plan. ansible-core takes a text for a template where it holds ``{{``, ``{%`` or
``{#``, or begins with ``#jinja2:``, by which it may name other marks (ansible/template/__init__.py, JINJA2_OVERRIDE and
is_possibly_template of 2.16; ansible/_internal/_templating of later versions).

So such texts are handed on as JSON may write them: ``\\u007b`` for a brace, ``\\u0023`` for the number sign at the
beginning, ``\\u005c`` for a backslash beside them. All other texts are as they are. The key MARK says that this was
done; what has no such key was written by hand or by an earlier version, and is taken as it stands.
"""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping

from ..._text import each_text

MARK = "escaped"
_HEADER = "#jinja2:"
_BEGINNING = "\\u00"  # of every escape: a text that holds it is escaped too, so that it comes back as it was
_ESCAPE = re.compile(r"\\u00(5c|7b|23)")


def to_artifact(data: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return data to be handed on, with MARK as its first key; an artifact stays as it is."""
    if data.get(MARK) is True:
        return dict(data)
    return {MARK: True, **each_text(data, _escape)}


def from_artifact(data: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
    """Return what was handed on with its texts as they are in truth, and without MARK."""
    if data.get(MARK) is not True:
        return data
    return {key: each_text(value, _unescape) for key, value in data.items() if key != MARK}


def artifact_text(data: Mapping[str, t.Any]) -> str:
    """Return the content of a file that holds an artifact, as JSON."""
    return json.dumps(to_artifact(data), indent=2, ensure_ascii=False) + "\n"


def artifact_suffix(host: str) -> str:
    """Return what tells the artifacts of a host from those of others, for the end of a variable's name.

    A variable's name has letters of ASCII, digits and underscores only. Each other character becomes its code between
    underscores, and so does the underscore, so that no two hosts have the same suffix: ``_hvc_2d_1`` for ``hvc-1``.
    """
    return "_" + re.sub("[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", host)


def _escape(text: str) -> str:
    if "{" not in text and _BEGINNING not in text and not text.startswith(_HEADER):
        return text
    escaped = text.replace("\\", "\\u005c").replace("{", "\\u007b")
    return "\\u0023" + escaped[1:] if escaped.startswith(_HEADER) else escaped


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
