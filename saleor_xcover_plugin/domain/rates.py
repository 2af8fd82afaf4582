"""How fast XCover may be called: one evenly spaced lane per kind of call.

Cover Genius allows 50 calls per second for offers and confirmations together, 20 for everything
else and 2 with test keys (reference 4.2, reported by a third party); more by agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

DEFAULT_RATE = Decimal(50)
OTHER_RATE = Decimal(20)
TEST_RATE = Decimal(2)

MARGIN = Decimal("0.94")
"""The part of an allowed rate that is used: calls that left evenly may arrive closer together."""

OFFER_SHARE = Decimal("0.6")
"""The part of the selling rate offers may take; the rest is confirmations' alone."""

AHEAD = timedelta(seconds=6)
"""No turn is ever given further ahead, so a later one is another machine's wrong clock."""

LATE = timedelta(milliseconds=30)
"""Who wakes up later than this after the turn asks for another: stalled calls never bunch up."""


class Lane(StrEnum):
    """What a call is for; each kind waits for its own kind only."""

    OFFER = "offer"
    CONFIRM = "confirm"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rates:
    """Allowed calls per second."""

    selling: Decimal = DEFAULT_RATE
    other: Decimal = OTHER_RATE

    @classmethod
    def agreed(cls, selling: Decimal) -> Rates:
        """Derive all from the rate for offers and confirmations the store has agreed."""
        return cls(selling=selling, other=min(selling, OTHER_RATE))

    @property
    def is_one_for_all(self) -> bool:
        """Test keys have one small rate for everything."""
        return self.selling <= TEST_RATE

    def queues_of(self, lane: Lane) -> Mapping[str, timedelta]:
        """Return the queues a call must pass, with the time between two calls in each."""
        if lane == Lane.OTHER and not self.is_one_for_all:
            return {"other": _gap(self.other)}
        queues = {"selling": _gap(self.selling)}
        if lane == Lane.OFFER:
            queues["offers"] = _gap(self.selling * OFFER_SHARE)
        return queues


def turn(next_free: datetime | None, now: datetime) -> datetime:
    """Return when the next call of a queue may leave."""
    if next_free is None or next_free > now + AHEAD:
        return now
    return max(next_free, now)


def _gap(rate: Decimal) -> timedelta:
    return timedelta(seconds=float(1 / (rate * MARGIN)))
