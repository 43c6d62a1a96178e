# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trees that are safe to read: how deep one may be."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.xmltrees import UnreadableXml, read_xml


@pytest.mark.parametrize("innermost", ["", "text", "<b/><b/>"])
def test_elements_may_be_nested_a_hundred_deep_and_no_deeper(innermost: str) -> None:
    def nested(levels: int) -> str:
        outer = levels - 1 if "<" in innermost else levels
        return f"<r><c>1</c>{'<a>' * (outer - 1)}{innermost}{'</a>' * (outer - 1)}</r>"

    assert read_xml(nested(100)).tag == "r"
    with pytest.raises(UnreadableXml, match="more than 100 deep"):
        read_xml(nested(101))
