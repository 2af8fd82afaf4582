"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    FINE = "fine"
    WARNING = "warning"
    """Sales go on; something is worth a person's look."""
    PROBLEM = "problem"
    """Something a shopper or an order needs does not work."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the report: what was looked at, how it is, and what to do."""

    check: str
    subject: str
    outcome: Severity
    sentence: str


def fine(check: str, subject: str, sentence: str) -> Finding:
    return Finding(check, subject, Severity.FINE, sentence)


def warning(check: str, subject: str, sentence: str) -> Finding:
    return Finding(check, subject, Severity.WARNING, sentence)


def problem(check: str, subject: str, sentence: str) -> Finding:
    return Finding(check, subject, Severity.PROBLEM, sentence)


def skipped(check: str, subject: str, sentence: str) -> Finding:
    return Finding(check, subject, Severity.SKIPPED, sentence)
