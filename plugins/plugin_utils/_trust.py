# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Marks the texts of an inventory that Ansible may evaluate as templates, on every ansible-core.

Before ansible-core 2.19 every text is a template unless it is marked as unsafe. From then on none is unless it is
marked as trusted, and ``ansible-inventory --list`` prints a text without that mark as ``{"__ansible_unsafe": TEXT}``,
which AWX keeps as the value (porting guide of ansible-core 2.19, "Applying template trust in inventory and vars
plugins").
"""

from __future__ import annotations

import re
import typing as t

from ._text import each_text

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19; ansible.utils.unsafe_proxy is to be deprecated in 2.23
    from ansible.utils.unsafe_proxy import wrap_var as _untrusted

    def trust_as_template(value: str) -> str:  # type: ignore[misc]
        """Return the text: it needs no mark."""
        return value

else:

    def _untrusted(text: str) -> str:  # type: ignore[misc]
        """Return a text as one without any mark, whoever has marked it before."""
        return "".join(text)


# What begins a template, and the header that gives it other beginnings (jinja2 overrides of ansible-core).
_MARKERS = re.compile(r"\{[{%#]|\A#jinja2:")


def as_data(value: t.Any) -> t.Any:
    """Return what others say, texts in lists and mappings too, so that it is never evaluated.

    What could not be a template anyway is listed as plain text.
    """
    return each_text(value, lambda text: _untrusted(text) if _MARKERS.search(text) else trust_as_template(text))


def as_listed(value: t.Any) -> t.Any:
    """Return what an expression of the user came to so that it is listed as plain text; a template stays as it is."""
    return each_text(value, lambda text: text if _MARKERS.search(text) else trust_as_template(text))
