"""What may be removed when: one closed table. What is open is never removed, however old.

A case is all we hold about one checkout and the order it became: it goes whole or not at all, since
what is left of half a case would mean something else (an older offer would seem the one to opt out
of, a sold line would seem to be without its cover).
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
"""Many ends are unknown, so an event counts as over a week after its last known moment."""


class Kind(StrEnum):
    UNSEEN = "unseen_offers"
    UNANSWERED = "unanswered_offers"
    ANSWERED = "answers_without_order"
    UNCOVERED = "orders_without_cover"
    COVERED = "covers"
    HASHES = "buyer_hashes"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Period:
    """How long a kind is kept, and the least a store may choose."""

    option: str
    days: int
    least: int
    meaning: str


_EVIDENCE = Period("evidence", 3_653, 365, "answers, orders and covers after their end")

PERIODS: Mapping[Kind, Period] = {
    Kind.UNSEEN: Period("unseen", 90, 7, "offers nobody saw, of checkouts that are gone"),
    # As far back as xcover_report counts what was shown.
    Kind.UNANSWERED: Period("unanswered", 1_100, 7, "offers seen and never answered, no order"),
    Kind.ANSWERED: _EVIDENCE,
    Kind.UNCOVERED: _EVIDENCE,
    Kind.COVERED: _EVIDENCE,
    Kind.HASHES: Period("hashes", 30, 7, "keyed hashes of the buyer after the event is over"),
    Kind.WEBHOOKS: Period("webhooks", 90, 7, "journaled webhooks that were looked after"),
}
OPTIONS: Mapping[str, Period] = {period.option: period for period in PERIODS.values()}

Days = Mapping[Kind, int]
"""How many days each kind is kept."""


def days_of(chosen: Mapping[str, int | None]) -> dict[Kind, int]:
    """Return the days of every kind: what was chosen by option, else what is usual."""
    return {kind: chosen.get(p.option) or p.days for kind, p in PERIODS.items()}


MAX_DAYS = 36_525
"""A century: no period may be longer."""

OFF = "off"


def read_periods(text: str) -> dict[Kind, int] | None:
    """Read periods such as ``evidence=4018 hashes=60``; what is not named is as usual.

    Return None for ``off``. Raise ``ValueError`` for an unknown name or a number that is not in its
    range: nothing may be removed by a period somebody mistyped.
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
    """Why something past its period stays."""

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
        """Whether it stays for ever unless somebody acts; the others end by themselves."""
        return self not in (Obstacle.LIVE_OFFER, Obstacle.CHECKOUT)


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
"""Nothing is under way. A confirmed cover ends with its event."""

FINAL_REASONS = NOTHING_BOUGHT | {ReasonCode.EVENT_OVER}
"""A cover put aside for one of these is final too: nobody can do more than pay what is due."""


@dataclass(frozen=True, slots=True)
class Case:
    """The facts that decide about one checkout and its order."""

    offers: frozenset[OfferStatus]
    touched_at: datetime
    """When anything of it changed last."""
    is_shown: bool = False
    is_answered: bool = False
    has_checkout: bool = False
    became_order: bool = False
    order_is_there: bool = False
    """Saleor still has the order."""
    has_cover_line: bool = False
    """The order that is there holds a protection line."""
    cover: CoverStatus | None = None
    parked_for: str = ""
    """The reason code of a parked cover."""
    last_end: datetime | None = None
    """The last known end, else start, of the insured events."""
    claim: ClaimState = ClaimState.UNKNOWN
    is_due_back: bool = False
    has_open_decision: bool = False
    """A cancellation waits for somebody, or a change of the buyer's details is under way."""
    has_parked_change: bool = False
    """A change of the buyer's details waits for a person."""
    has_pending_message: bool = False
    has_parked_message: bool = False

    @property
    def kind(self) -> Kind:
        if self.cover is not None or self.has_cover_line:
            return Kind.COVERED
        if self.became_order:
            return Kind.UNCOVERED
        if self.is_answered:
            return Kind.ANSWERED
        return Kind.UNANSWERED if self.is_shown else Kind.UNSEEN

    @property
    def ended_at(self) -> datetime:
        """When its period begins: after the last change, and after the event of a policy.

        A policy that was not made yet may still be, until its event is over.
        """
        is_over = self.cover in (None, CoverStatus.CANCELLED, CoverStatus.VOID)
        if is_over or self.last_end is None:
            return self.touched_at
        return max(self.touched_at, self.last_end + EVENT_LASTS)

    @property
    def is_order_gone(self) -> bool:
        """Saleor deleted the order: nobody can pay, cancel or refund it any more."""
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
        """Say what keeps it, whatever its age."""
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
        """Say why the buyer's details are still compared or sent, whatever their age.

        What was put aside does not count: once its event is over it ends with the hashes.
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
        return self.ended_at + timedelta(days=days) <= now

    @property
    def may_vanish(self) -> bool:
        """Whether all of it may go. Of a sold line Saleor still has the cover must stay.

        ``sync_order`` would take the line for one nobody quoted: park it, note it, find money due.
        """
        return not (self.order_is_there and (self.has_cover_line or self.cover is not None))


def _first(found: Mapping[Obstacle, bool]) -> Obstacle | None:
    return next((obstacle for obstacle, is_there in found.items() if is_there), None)
