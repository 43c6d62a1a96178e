# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells ansible-core of passwords, so that it masks them in what it shows. It does so from 2.22 on.

There a plugin marks such an option with ``secret: true`` in its documentation. The sanity tests of ansible-core 2.16 to
2.20 refuse that key.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

Register = Callable[[str], object]


def find_register() -> Register | None:
    """Return what takes a secret to be masked from now on, None where ansible-core masks nothing."""
    try:
        register: Register = importlib.import_module("ansible.module_utils.secrets").register_secret
    except ImportError:
        return None
    return register
