"""Find differences between covers and XCover's bookings, with one rate-limited GET per policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ...checkout.offers import chosen_ids
from ...clock import Clock
from ...config.settings import SettingsError
from ...domain.money import Money
from ...domain.reconciliation import Finding, FindingCode
from ...domain.states import CoverStatus
from ...host import configuration
from ...models import Cover
from ...outbox.clients import client_for
from ...outbox.rate_limit import CallDeferred, account_key
from ...xcover.bookings import Booking
from ...xcover.errors import XCoverError, XCoverMisconfigured, XCoverNotFound
from .local import Books

ASK = "ask Cover Genius before anything else"
"""The way to mend a difference that only Cover Genius can explain."""


class NotCompared(Exception):
    """XCover could not be asked about this policy."""


class Comparison:
    """Compare covers with XCover's bookings.

    Once a channel's account cannot be asked (refused credentials, open breaker, unusable settings),
    no more policies of that channel are compared. ``pause`` waits for a number of seconds when the
    rate limit requires it.
    """

    def __init__(self, clock: Clock, pause: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._pause = pause
        self._unavailable: set[int] = set()

    def compare(self, books: Books) -> Iterator[Finding]:
        """Yield the differences between a cover and its booking.

        Raise ``NotCompared`` if XCover could not be asked.
        """
        cover = books.cover
        if cover is None or not cover.booking_id:
            return
        try:
            booking = self._booking(cover)
        except XCoverNotFound:
            yield books.finding(FindingCode.UNKNOWN_AT_XCOVER, ASK)
            return
        # The price and quotes of a cancelled booking do not matter.
        difference = "" if booking.is_cancelled else _difference(booking, cover)
        if difference:
            yield books.finding(FindingCode.BOOKING_DIFFERS, ASK, detail=difference)
        if booking.is_cancelled and cover.status == CoverStatus.CONFIRMED:
            yield books.finding(FindingCode.CANCELLED_AT_XCOVER_ONLY, books.mend)
        if booking.is_confirmed and cover.status == CoverStatus.CANCELLED:
            yield books.finding(FindingCode.CANCELLED_HERE_ONLY, ASK)

    def _booking(self, cover: Cover) -> Booking:
        channel_id = cover.channel_id
        if channel_id in self._unavailable:
            raise NotCompared
        try:
            return self._ask(cover)
        except XCoverNotFound:
            raise
        except (CallDeferred, XCoverMisconfigured, SettingsError) as error:
            self._unavailable.add(channel_id)
            raise NotCompared from error
        except XCoverError as error:
            raise NotCompared from error

    def _ask(self, cover: Cover) -> Booking:
        settings = configuration.settings_of(cover.channel_id)
        if cover.account not in ("", account_key(settings)):
            raise NotCompared  # the account that is set now knows nothing of the policy
        client = client_for(settings)
        while True:
            try:
                return client.get_booking(str(cover.booking_id))
            except CallDeferred as deferred:
                if not deferred.is_busy:
                    raise
                self._pause(max((deferred.until - self._clock()).total_seconds(), 0.05))


def _difference(booking: Booking, cover: Cover) -> str:
    if (booking.total_price, booking.currency) != (cover.premium, cover.currency):
        return f"Booked: {Money(booking.total_price, booking.currency)}."
    wanted = chosen_ids(cover.offer) if cover.offer else []
    is_same = {quote.id for quote in booking.quotes} == set(wanted)
    return "" if is_same else "It holds other quotes."
