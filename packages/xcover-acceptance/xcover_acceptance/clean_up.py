"""Cancel every policy that the cases made or may have made."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from saleor_xcover_plugin.xcover.errors import XCoverAlreadyBooked, XCoverError, XCoverRejected
from saleor_xcover_plugin.xcover.payloads import cancellation_preview_body

from .cases import DEADLINE_SECONDS, REASON, Play

RESTS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts. The last wait is longer than a circuit breaker stays open at first."""


def clean_up(shared: Play, *, rest: Callable[[float], None] = time.sleep) -> str:
    """Cancel all policies of the play; return a sentence about those left, or an empty string.

    Each call is tried again after the waits of ``RESTS``; ``rest`` sleeps for that many seconds.
    """
    unknown = [] if shared.attempt is None else _find(shared, rest)
    for booking_id, quote_ids in list(shared.bound.items()):
        if _again_and_again(lambda: _cancel(shared, booking_id, quote_ids), rest):  # noqa: B023
            del shared.bound[booking_id]
    said = []
    if shared.bound:
        said.append(f"Still in force: {', '.join(sorted(shared.bound))}.")
    if unknown:
        said.append(f"Perhaps a policy was made of: {', '.join(unknown)}.")
    return " ".join([*said, "Have Cover Genius cancel them."]) if said else ""


def _find(shared: Play, rest: Callable[[float], None]) -> list[str]:
    """Repeat the confirmation whose response was lost, with its key, to learn its booking.

    Return the offer if it stays unknown whether a policy was made of it.
    """
    attempt = shared.attempt
    assert attempt is not None  # noqa: S101 the caller checked
    offer_id = attempt.offer_id

    def ask() -> None:
        try:
            found = shared.client.confirm_offer(
                offer_id, attempt.body, idempotency_key=attempt.key, deadline=DEADLINE_SECONDS
            ).id
        except XCoverAlreadyBooked as error:
            found = error.booking_id
        except XCoverRejected:
            return  # XCover refused it, so there is no policy
        shared.bound[found] = attempt.quote_ids

    if not _again_and_again(ask, rest):
        return [f"offer {offer_id}"]
    shared.attempt = None
    return []


def _cancel(shared: Play, booking_id: str, quote_ids: Sequence[str]) -> None:
    if shared.client.get_booking(booking_id, deadline=DEADLINE_SECONDS).is_cancelled:
        return  # an earlier attempt succeeded although its response was lost
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


def _again_and_again(work: Callable[[], None], rest: Callable[[float], None]) -> bool:
    """Call ``work`` until it succeeds; return False if every attempt failed."""
    for wait in (*RESTS, None):
        try:
            work()
        except XCoverError:
            if wait is not None:
                rest(wait)
        else:
            return True
    return False
