# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which return values say that something else goes on."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.codes import RETURN_CODES, return_code


def test_these_codes_say_that_the_vm_or_its_host_is_busy_and_may_pass() -> None:
    busy = {value for value, code in RETURN_CODES.items() if code.busy}
    assert busy == {5, 32774, 32775}
    assert all(return_code(value).transient for value in busy)
