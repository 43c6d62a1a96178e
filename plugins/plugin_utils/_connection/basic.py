# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Characters that HTTP's Basic login does not support."""

from __future__ import annotations

from .http_sender import Unusable


def hindrance_of_basic(user: str | None, password: str | None) -> None:
    """Raise Unusable for a user or a password beyond latin-1, in which requests writes both (``_basic_auth_str``).

    It is looked for before requests does, whose error holds the password.
    """
    beyond = [
        name
        for name, text in (("ansible_user", user), ("ansible_password", password))
        if any(ord(character) > 255 for character in str(text or ""))
    ]
    if beyond:
        raise Unusable(
            f"cannot be used: {' and '.join(beyond)} must hold no character outside of latin-1, for Basic carries no "
            "other. Use another login, which carries all of them"
        )
