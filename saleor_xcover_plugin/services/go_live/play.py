"""Play the cases one after the other, write down what came, and leave no policy behind."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ...conf import PluginSettings
from ...xcover.answers import Booking, CancellationPreview, Offer
from ...xcover.client import XCoverClient
from ...xcover.errors import XCoverError
from ...xcover.payloads import cancellation_preview_body
from ..clients import Skew
from ..clock import Clock
from ..gate import HeldBack
from .cases import REASON, Case, Failed, Market, Skipped

DEADLINE_SECONDS = 20.0
_LONGEST_REST = 5.0


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Ended:
    """One case and what came of it. Holds ids of XCover, no secrets and no person."""

    case: str
    expected: str
    outcome: Outcome
    found: str
    at: datetime
    seconds: float


@dataclass(slots=True)
class Play:
    """What the cases share: clients, the market they play in, and what earlier ones made."""

    settings: PluginSettings
    client: XCoverClient
    stranger: XCoverClient
    """The same account with a secret nobody gave it."""
    skew: Skew
    market: Market
    markets: Sequence[Market]
    clock: Clock
    offer: Offer | None = None
    booking: Booking | None = None
    preview: CancellationPreview | None = None
    confirmed_with: tuple[bytes, str] | None = None
    bound: dict[str, list[str]] = field(default_factory=dict)
    """Policies made and not yet cancelled: booking to its quotes."""

    def new_key(self) -> str:
        return str(uuid.uuid4())


def play(cases: Sequence[Case], shared: Play, *, may_bind: bool) -> Iterator[Ended]:
    """Play ``cases`` in order and yield each as it ends.

    With ``may_bind`` false the cases that make policies are skipped. The caller sees to it that
    ``clean_up`` follows, whatever happens.
    """
    passed: set[str] = set()
    for case in cases:
        ended = _play(case, shared, passed, may_bind=may_bind)
        if ended.outcome == Outcome.PASSED:
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
        outcome, found = Outcome.PASSED, _patiently(lambda: case.play(shared), shared.clock)
    except Skipped as skipped:
        outcome, found = Outcome.SKIPPED, str(skipped)
    except Failed as failed:
        outcome, found = Outcome.FAILED, str(failed)
    except XCoverError as error:
        outcome, found = Outcome.FAILED, f"{error}."
    return Ended(case.name, case.expected, outcome, found, at, time.monotonic() - started)


def _patiently(work: Callable[[], str], clock: Clock) -> str:
    """Wait where only the allowed rate stands in the way; test keys have 2 calls per second."""
    while True:
        try:
            return work()
        except HeldBack as held:
            if not held.is_busy:
                raise
            rest = (held.until - clock()).total_seconds()
            time.sleep(min(max(rest, 0.1), _LONGEST_REST))


def clean_up(shared: Play) -> Ended:
    """Cancel every policy the cases left, and name those that could not be."""
    at, started = shared.clock(), time.monotonic()
    made = list(shared.bound)
    for booking_id, quote_ids in list(shared.bound.items()):
        try:
            _patiently(lambda: _cancel(shared, booking_id, quote_ids), shared.clock)  # noqa: B023
        except XCoverError:
            continue
        del shared.bound[booking_id]
    left = sorted(shared.bound)
    if left:
        outcome = Outcome.FAILED
        found = f"Still in force: {', '.join(left)}. Have Cover Genius cancel them."
    else:
        outcome, found = Outcome.PASSED, f"Cancelled: {', '.join(made)}."
    expected = "No policy of these cases is left in force."
    return Ended("clean up", expected, outcome, found, at, time.monotonic() - started)


def _cancel(shared: Play, booking_id: str, quote_ids: Sequence[str]) -> str:
    if shared.client.get_booking(booking_id, deadline=DEADLINE_SECONDS).is_cancelled:
        return booking_id
    preview = shared.client.preview_cancellation(
        booking_id,
        cancellation_preview_body(quote_ids, REASON),
        idempotency_key=shared.new_key(),
        deadline=DEADLINE_SECONDS,
    )
    shared.client.confirm_cancellation(
        booking_id,
        preview.cancellation_id,
        idempotency_key=shared.new_key(),
        deadline=DEADLINE_SECONDS,
    )
    return booking_id
