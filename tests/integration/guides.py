# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The examples of the guides: blocks of code, of which those with a caption are files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.running_cluster import ROOT

GUIDES = ROOT / "docs" / "docsite" / "rst"
_BLOCK = re.compile(
    r"^( *)\.\. code-block:: (?P<language>\w+)\n(?:\1   :caption: (?P<caption>\S+)\n)?\n(?P<body>(?:\1   .*\n|\n)+)",
    re.MULTILINE,
)


def blocks(guide: str) -> Iterator[tuple[str, str, str]]:
    """Yield language, caption and text of each block of a guide."""
    for found in _BLOCK.finditer((GUIDES / f"{guide}.rst").read_text(encoding="utf-8")):
        body = re.sub(rf"^{found[1]}   ", "", found["body"], flags=re.MULTILINE).strip() + "\n"
        yield found["language"], found["caption"] or "", body
