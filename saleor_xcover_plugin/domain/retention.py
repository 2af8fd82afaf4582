"""Retention periods, and the conditions under which old data may be removed.

A case is everything stored about one checkout and the order it became. It is removed as a whole or
not at all, because the rest of a case would be misread: a sold line without its cover, for example,
would be taken for one that was never offered. An open case is never removed, however old it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .cancellations import ClaimState
from .numbers import whole_number
from .reasons import NOTHING_BOUGHT, ReasonCode
from .states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus

EVENT_LASTS = timedelta(days=7)
"""Time after an event's last known time at which it counts as over, as many ends are unknown."""


class Kind(StrEnum):
    """A kind of data with a retention period; ``PERIODS`` explains each."""

    UNSEEN = "unseen_offers"
    UNANSWERED = "unanswered_offers"
    ANSWERED = "answers_without_order"
    UNCOVERED = "orders_without_cover"
    COVERED = "covers"
    HASHES = "buyer_hashes"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Period:
    """The retention period of a kind of data."""

    option: str
    """Name in the ``XCOVER_PURGE`` setting; two kinds may share one."""
    days: int
    """Default, in days."""
    least: int
    """Shortest period a store may choose, in days."""
    meaning: str
    """The data it applies to, in words."""


_EVIDENCE = Period("evidence", 3_653, 365, "answers, orders and covers after their end")

# The period of each kind of data.
PERIODS: Mapping[Kind, Period] = {
    Kind.UNSEEN: Period("unseen", 90, 7, "offers nobody saw, of checkouts that are gone"),
    # As far back as xcover_report counts shown offers.
    Kind.UNANSWERED: Period("unanswered", 1_100, 7, "offers seen and never answered, no order"),
    Kind.ANSWERED: _EVIDENCE,
    Kind.UNCOVERED: _EVIDENCE,
    Kind.COVERED: _EVIDENCE,
    Kind.HASHES: Period("hashes", 30, 7, "keyed hashes of the buyer after the event is over"),
    Kind.WEBHOOKS: Period("webhooks", 90, 7, "journaled webhooks that were looked after"),
}
OPTIONS: Mapping[str, Period] = {period.option: period for period in PERIODS.values()}
"""The periods by their names in the setting."""

Days = Mapping[Kind, int]
"""Retention periods in days, by kind."""


def days_of(chosen: Mapping[str, int | None]) -> dict[Kind, int]:
    """Return the period of every kind in days: the chosen one by option, else the default."""
    return {kind: chosen.get(p.option) or p.days for kind, p in PERIODS.items()}


MAX_DAYS = 36_525
"""The longest period, a century."""

OFF = "off"
"""The setting that switches the nightly purge off."""


def read_periods(text: str) -> dict[Kind, int] | None:
    """Read periods such as ``evidence=4018 hashes=60``; others have their default.

    Return None for ``off``. Raise ``ValueError`` for an unknown or repeated name, or a number out
    of its range.
    """
    words = text.replace(",", " ").lower().split()
    if words == [OFF]:
        return None
    chosen: dict[str, int | None] = {}
    for word in words:
        name, _, number = word.partition("=")
        period, days = OPTIONS.get(name), whole_number(number, most=MAX_DAYS)
        if period is None or name in chosen:
            raise ValueError(f"{name[:20]}: give each once, of {', '.join(OPTIONS)}")
        if days is None or days < period.least:
            raise ValueError(f"{name}: {period.least} to {MAX_DAYS} days")
        chosen[name] = days
    return days_of(chosen)


class Obstacle(StrEnum):
    """The reason why a case stays although its period is over; ``SENTENCES`` explains each."""

    MESSAGE = "message"
    LIVE_OFFER = "live_offer"
    CHECKOUT = "checkout"
    COVER = "cover"
    NO_COVER = "no_cover"
    CLAIM = "claim"
    DUE_BACK = "due_back"
    DECISION = "decision"

    @property
    def needs_person(self) -> bool:
        """True if the case stays until a person acts; the others end by themselves."""
        return self not in (Obstacle.LIVE_OFFER, Obstacle.CHECKOUT)


# The obstacles in words, for staff.
SENTENCES: Mapping[Obstacle, str] = {
    Obstacle.MESSAGE: "A call to XCover waits: xcover_work sends it, xcover_status shows it.",
    Obstacle.LIVE_OFFER: "The offer is live; the sweep ends it.",
    Obstacle.CHECKOUT: "Saleor still has the checkout.",
    Obstacle.COVER: "The cover is not in a final state: see xcover_status.",
    Obstacle.NO_COVER: "The order has a protection line and no cover: run xcover_reconcile.",
    Obstacle.CLAIM: "An insurance claim is open: xcover_cancellation claim says how it ended.",
    Obstacle.DUE_BACK: "The buyer is owed money: refund it in Saleor.",
    Obstacle.DECISION: "A cancellation or a change waits for a decision: see xcover_status.",
}

FINAL = frozenset({CoverStatus.CONFIRMED, CoverStatus.CANCELLED, CoverStatus.VOID})
"""Cover statuses in which nothing is being carried out. A confirmed cover ends with its event."""

FINAL_REASONS = NOTHING_BOUGHT | {ReasonCode.EVENT_OVER}
"""Reasons for which a parked cover is final too, apart from money that is due back."""


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one checkout and its order that decide if its data may be removed."""

    offers: frozenset[OfferStatus]
    """The statuses of all offers of the checkout."""
    touched_at: datetime
    """Time of the last change to anything in it, in UTC."""
    is_shown: bool = False
    """True if a shopper saw an offer."""
    is_answered: bool = False
    """True if a shopper answered an offer."""
    has_checkout: bool = False
    """True if Saleor still has the checkout."""
    became_order: bool = False
    order_is_there: bool = False
    """True if Saleor still has the order."""
    has_cover_line: bool = False
    """True if Saleor still has the order and it holds a protection line."""
    cover: CoverStatus | None = None
    parked_for: str = ""
    """The reason code of a parked cover."""
    last_end: datetime | None = None
    """The last known end, else start, of the insured events."""
    claim: ClaimState = ClaimState.UNKNOWN
    is_due_back: bool = False
    """True if the buyer is owed money."""
    has_open_decision: bool = False
    """True if a cancellation is open, or a change of the buyer's details is being carried out."""
    has_parked_change: bool = False
    """True if a change of the buyer's details waits for a person."""
    has_pending_message: bool = False
    has_parked_message: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of data that decides the period."""
        if self.cover is not None or self.has_cover_line:
            return Kind.COVERED
        if self.became_order:
            return Kind.UNCOVERED
        if self.is_answered:
            return Kind.ANSWERED
        return Kind.UNANSWERED if self.is_shown else Kind.UNSEEN

    @property
    def ended_at(self) -> datetime:
        """The time at which its retention period begins, in UTC.

        It is the last change, or the end of the insured event if a policy exists or may still be
        made.
        """
        is_over = self.cover in (None, CoverStatus.CANCELLED, CoverStatus.VOID)
        if is_over or self.last_end is None:
            return self.touched_at
        return max(self.touched_at, self.last_end + EVENT_LASTS)

    @property
    def is_order_gone(self) -> bool:
        """True if Saleor deleted the order, so that it cannot be paid, cancelled or refunded."""
        return self.became_order and not self.order_is_there

    @property
    def _is_cover_open(self) -> bool:
        if self.cover is None or self.cover in FINAL:
            return False
        is_idle = self.cover in (CoverStatus.PLACED, CoverStatus.PARKED)
        if is_idle and self.is_order_gone:
            return False
        return self.cover != CoverStatus.PARKED or self.parked_for not in FINAL_REASONS

    @property
    def obstacle(self) -> Obstacle | None:
        """The first reason to keep the case whatever its age, or None."""
        found = {
            Obstacle.MESSAGE: self.has_pending_message or self.has_parked_message,
            Obstacle.NO_COVER: self.has_cover_line and self.cover is None,
            Obstacle.LIVE_OFFER: bool(self.offers & set(LIVE_OFFER_STATUSES)) and not self.cover,
            Obstacle.CHECKOUT: self.has_checkout and not self.became_order,
            Obstacle.COVER: self._is_cover_open,
            Obstacle.CLAIM: self.claim == ClaimState.OPEN,
            Obstacle.DUE_BACK: self.is_due_back and not self.is_order_gone,
            Obstacle.DECISION: self.has_open_decision or self.has_parked_change,
        }
        return _first(found)

    @property
    def hashes_obstacle(self) -> Obstacle | None:
        """The first reason to keep the hashes of the buyer's details whatever their age, or None.

        They are kept while they are still compared or sent. Parked covers, changes and their
        messages do not count: after the event they end with the hashes.
        """
        is_put_aside = (
            self.cover in (CoverStatus.PARKED, CoverStatus.VOID) or self.has_parked_change
        )
        is_stray = self.has_parked_message and not is_put_aside
        found = {
            Obstacle.MESSAGE: self.has_pending_message or is_stray,
            Obstacle.COVER: self._is_cover_open and self.cover != CoverStatus.PARKED,
            Obstacle.CLAIM: self.claim == ClaimState.OPEN,
            Obstacle.DECISION: self.has_open_decision,
        }
        return _first(found)

    def is_past(self, days: int, now: datetime) -> bool:
        """Return True if a period of ``days`` after ``ended_at`` is over."""
        return self.ended_at + timedelta(days=days) <= now

    @property
    def may_vanish(self) -> bool:
        """True if the whole case may be removed, the cover included.

        While Saleor has the order with its protection line the cover must stay: without it
        ``sync_order`` would treat the line as never offered, park it and note money due back.
        """
        return not (self.order_is_there and (self.has_cover_line or self.cover is not None))


def _first(found: Mapping[Obstacle, bool]) -> Obstacle | None:
    return next((obstacle for obstacle, is_there in found.items() if is_there), None)
