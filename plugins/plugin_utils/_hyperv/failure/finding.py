# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One thing that a user should know, in the one form in which every result of this collection reports it."""

from __future__ import annotations

import dataclasses
import typing as t

Severity = t.Literal["error", "warning", "info"]
"""``error``: it fails as things stand. ``warning``: it may fail, or passes by itself. ``info``: good to know."""

ERROR: t.Final = "error"
WARNING: t.Final = "warning"
INFO: t.Final = "info"

SubjectKind = t.Literal["vm", "node", "cluster", "role", "network", "storage", "namespace", "host"]
"""What a subject is; ``host`` is an inventory host of which it is not known what it is, ``namespace`` one of CIM,
``storage`` a pool, virtual disk, disk or storage job."""


class FindingResult(t.TypedDict):
    """A finding in a task's result; the keys are the attributes of ``Finding``."""

    code: str
    severity: Severity
    subject: str
    subject_kind: SubjectKind
    message: str
    remedy: str
    transient: bool


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that a user should know.

    Attributes:
        code: short and stable, in snake_case, for programs: ``no_listener``.
        subject: the name of what it is about; empty where that is everything that was looked at.
        subject_kind: what the subject is.
        message: what is the matter, in whole sentences that do not say what to do.
        remedy: what to do about it, in whole sentences; empty for nothing.
        transient: it passes by itself.
    """

    code: str
    severity: Severity
    subject: str
    subject_kind: SubjectKind
    message: str
    remedy: str = ""
    transient: bool = False

    @property
    def text(self) -> str:
        """The whole of it for people."""
        return f"{self.message} {self.remedy}".rstrip()

    def as_result(self) -> FindingResult:
        """Return the finding for a task's result."""
        return {
            "code": self.code,
            "severity": self.severity,
            "subject": self.subject,
            "subject_kind": self.subject_kind,
            "message": self.message,
            "remedy": self.remedy,
            "transient": self.transient,
        }


def sentence(clause: str) -> str:
    """Return a clause that does not begin with a name as a sentence: a capital first, a full stop at the end."""
    text = full_stop(clause)
    return f"{text[:1].upper()}{text[1:]}"


def full_stop(text: str) -> str:
    """Return text that ends as a sentence does; nothing for nothing."""
    text = text.strip()
    return f"{text}." if text and not text.endswith((".", "!", "?")) else text
