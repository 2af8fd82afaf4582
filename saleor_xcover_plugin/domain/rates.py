"""Space calls to XCover evenly, in one lane per kind of call.

Cover Genius allows 50 calls per second for offers and confirmations together, 20 for everything
else and 2 with test keys, and more by agreement. Source:
https://partner-docs.covergenius.com/offers/api/rate-limits, as reported by
https://github.com/api-evangelist/cover-genius
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

DEFAULT_RATE = Decimal(50)
"""Offers and confirmations per second with live keys."""
OTHER_RATE = Decimal(20)
"""Other calls per second with live keys."""
TEST_RATE = Decimal(2)
"""Calls of all kinds per second with test keys."""

MARGIN = Decimal("0.94")
"""The part of an allowed rate that is used, because calls sent evenly may arrive unevenly."""

OFFER_SHARE = Decimal("0.6")
"""The part of the selling rate that offers may use; the rest is left for confirmations."""

AHEAD = timedelta(seconds=6)
"""The longest time ahead for which a turn is given; a later one was set by a wrong clock."""

FIRST_OFFERS_WAITING = 4
"""First offers that wait for their turns at a time, each in a process of the store's website."""

_FIRST_OFFER_WAITS = timedelta(milliseconds=150), timedelta(seconds=1)
"""Bounds of the longest wait of a checkout's first offer.

It is longer than that of repeated ones, which find no turn free while it waits. With test keys
there is one turn for an offer every 0.9 seconds.
"""

LATE = timedelta(milliseconds=30)
"""Delay after which a turn is lost and another one is taken, so that calls never bunch up."""


class Lane(StrEnum):
    """The kind of a call. Calls wait only for calls of their own lane."""

    OFFER = "offer"
    CONFIRM = "confirm"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rates:
    """Allowed calls per second."""

    selling: Decimal = DEFAULT_RATE
    """For offers and confirmations together."""
    other: Decimal = OTHER_RATE
    """For everything else."""

    @classmethod
    def agreed(cls, selling: Decimal) -> Rates:
        """Return the rates for the calls for offers and confirmations that a store agreed."""
        return cls(selling=selling, other=min(selling, OTHER_RATE))

    @property
    def is_one_for_all(self) -> bool:
        """True if all calls share one rate, as with test keys."""
        return self.selling <= TEST_RATE

    @property
    def first_offer_wait(self) -> timedelta:
        """The longest wait of a checkout's first offer for its turn.

        Where all wait for a second in a rush, they keep the processes of the store's website.
        """
        least, most = _FIRST_OFFER_WAITS
        return min(max(least, FIRST_OFFERS_WAITING * _gap(self.selling * OFFER_SHARE)), most)

    def queues_of(self, lane: Lane) -> Mapping[str, timedelta]:
        """Return the time between two calls in each queue that a call of the lane must pass."""
        if lane == Lane.OTHER and not self.is_one_for_all:
            return {"other": _gap(self.other)}
        queues = {"selling": _gap(self.selling)}
        if lane == Lane.OFFER:
            queues["offers"] = _gap(self.selling * OFFER_SHARE)
        return queues


def turn(next_free: datetime | None, now: datetime) -> datetime:
    """Return when the next call of a queue may be sent.

    ``next_free`` is the queue's next free turn as stored, or None.
    """
    if next_free is None or next_free > now + AHEAD:
        return now
    return max(next_free, now)


def _gap(rate: Decimal) -> timedelta:
    return timedelta(seconds=float(1 / (rate * MARGIN)))
