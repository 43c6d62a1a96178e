# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many examples the tests draw, and what a run says of the tests that it left out."""

from __future__ import annotations

import collections
import os

import pytest
from hypothesis import settings

_WISHED = os.environ.get("FUZZ_EXAMPLES")

# A busy machine is no reason for a test to fail, and neither is luck: `make fuzz` looks for what nobody has seen.
settings.register_profile("test", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=int(_WISHED or 1), print_blob=True)
settings.load_profile("fuzz" if _WISHED else "test")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason for which tests were skipped, and how many they were: nothing is left out silently."""
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[told.removeprefix("Skipped: ")] += 1
    for reason, number in reasons.items():
        terminalreporter.write_line(f"Left out: {number} tests: {reason}", yellow=True)
