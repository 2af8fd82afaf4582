"""Play the cases in order, record their results and cancel the policies they made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from saleor_xcover_plugin.xcover.errors import XCoverError

from .cases import Case, Failed, Play, Skipped
from .clean_up import clean_up


class CaseResult(StrEnum):
    """The outcome of a case."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of one case. Holds ids of XCover, but no secrets and no personal data."""

    case: str
    """Name of the case."""
    expected: str
    """Sentence that states the expected behaviour."""
    outcome: CaseResult
    found: str
    """Sentence that states the observed behaviour."""
    at: datetime
    """Start of the case, in UTC."""
    seconds: float
    """Duration of the case."""


def play(cases: Sequence[Case], shared: Play, *, may_bind: bool) -> Iterator[Ended]:
    """Play ``cases`` in order and yield the result of each as it ends.

    ``may_bind`` false skips the cases that make policies. A case is also skipped when a case it
    needs has not passed. Errors of XCover make a case fail; other exceptions propagate. The caller
    must call ``cleaned_up`` afterwards in any case.
    """
    passed: set[str] = set()
    for case in cases:
        ended = _play(case, shared, passed, may_bind=may_bind)
        if ended.outcome == CaseResult.PASSED:
            passed.add(case.name)
        yield ended


def _play(case: Case, shared: Play, passed: set[str], *, may_bind: bool) -> Ended:
    at, started = shared.clock(), time.monotonic()
    missing = [name for name in case.needs if name not in passed]
    try:
        if case.binds and not may_bind:
            raise Skipped("It makes a policy; give --bind to play it.")
        if missing:
            raise Skipped(f"It needs: {', '.join(missing)}.")
        outcome, found = CaseResult.PASSED, case.play(shared)
    except Skipped as skipped:
        outcome, found = CaseResult.SKIPPED, str(skipped)
    except Failed as failed:
        outcome, found = CaseResult.FAILED, str(failed)
    except XCoverError as error:
        outcome, found = CaseResult.FAILED, f"{error}."
    return Ended(case.name, case.expected, outcome, found, at, time.monotonic() - started)


def interrupted(shared: Play) -> Ended:
    """Return a failed result which states that the remaining cases were not played."""
    said = "The cases after this one were not played."
    return Ended(
        "interrupted", "Every case is played.", CaseResult.FAILED, said, shared.clock(), 0.0
    )


def cleaned_up(shared: Play) -> Ended:
    """Cancel the policies that the cases left, and return the result of doing so."""
    at, started = shared.clock(), time.monotonic()
    left = clean_up(shared)
    outcome, found = (CaseResult.FAILED, left) if left else (CaseResult.PASSED, "All cancelled.")
    expected = "No policy of these cases is left in force."
    return Ended("clean up", expected, outcome, found, at, time.monotonic() - started)
