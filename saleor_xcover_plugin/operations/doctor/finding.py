"""The findings of the doctor's checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity of a finding."""

    FINE = "fine"
    WARNING = "warning"
    """Sales go on, but staff should look at it."""
    PROBLEM = "problem"
    """Something that a shopper or an order needs does not work."""
    SKIPPED = "skipped"
    """It was not checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the doctor's report."""

    check: str
    """Name of the check, such as ``credentials``."""
    subject: str
    """The thing that was checked, such as a channel; empty if there is only one."""
    outcome: Severity
    sentence: str
    """Plain words for staff: the state, and what to do."""


def fine(check: str, subject: str, sentence: str) -> Finding:
    """Return a finding that everything is as it should be."""
    return Finding(check, subject, Severity.FINE, sentence)


def warning(check: str, subject: str, sentence: str) -> Finding:
    """Return a finding that staff should look at."""
    return Finding(check, subject, Severity.WARNING, sentence)


def problem(check: str, subject: str, sentence: str) -> Finding:
    """Return a finding that something needed does not work."""
    return Finding(check, subject, Severity.PROBLEM, sentence)


def skipped(check: str, subject: str, sentence: str) -> Finding:
    """Return a finding that something was not checked."""
    return Finding(check, subject, Severity.SKIPPED, sentence)
