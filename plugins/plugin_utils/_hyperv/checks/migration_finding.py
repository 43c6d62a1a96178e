# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A finding about migrations, with the direction that it stops."""

from __future__ import annotations

import dataclasses

from ..failure.finding import ERROR, WARNING, Finding, Severity, SubjectKind


@dataclasses.dataclass(frozen=True)
class MigrationFinding(Finding):
    """Something that makes migrations fail, or may.

    Attributes:
        stops_source: a move away from the node fails as things stand.
        stops_destination: a move to the node fails as things stand.
    """

    stops_source: bool = False
    stops_destination: bool = False

    @classmethod
    def about(
        cls,
        subject: str,
        kind: SubjectKind,
        code: str,
        message: str,
        remedy: str,
        *,
        stops_source: bool = False,
        stops_destination: bool = False,
    ) -> MigrationFinding:
        """Return the finding: an error where moves fail as things stand, a warning where they may."""
        severity: Severity = ERROR if stops_source or stops_destination else WARNING
        return cls(
            code=code,
            severity=severity,
            subject=subject,
            subject_kind=kind,
            message=message,
            remedy=remedy,
            stops_source=stops_source,
            stops_destination=stops_destination,
        )
