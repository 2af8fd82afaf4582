"""End a cover for which no policy was made, because staff decided against it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..domain.messages import MessageKind
from ..domain.money import Money
from ..domain.reasons import NEVER_BOUGHT, ReasonCode
from ..domain.states import OfferStatus, may_transition
from ..host.values import OrderSnapshot
from ..models import Cover
from . import effects
from .charges import charged_for_cover
from .messages import ended
from .refunds_due import settle_refund_due

_IS_OWED_ALREADY = NEVER_BOUGHT | {ReasonCode.EVENT_OVER}
"""Reasons with which the amount due was recorded when the cover was parked."""

ENDED = "Staff decided that no policy is made for this order. XCover is not asked for it any more."
"""Sentence for staff, stored with the cover and its message."""
_RECKONED_NOW = {"refunded_when_due": None, "for_cover_when_due": Decimal(0)}


def end_unmade(cover: Cover, order: OrderSnapshot | None, now: datetime) -> None:
    """Void a cover and record what is due to the buyer for it.

    ``order`` is None if the order no longer exists. The caller is in a transaction, holds the locks
    of offer and cover, and has ended the cover's message.
    """
    due = _due(cover, order)
    sentence = f"{ENDED} {_what_is_due(due)}"
    if cover.offer is not None and may_transition(cover.offer.state, OfferStatus.ABANDONED):
        cover.offer.transition_to(OfferStatus.ABANDONED, now)
    effects.apply(
        cover,
        effects.COVER_NOT_WANTED,
        now,
        sentence,
        reason_code=ReasonCode.NOT_WANTED,
        amount_due_back=due.amount,
        **({} if due.amount == cover.amount_due_back else _RECKONED_NOW),
    )
    if order is not None:
        settle_refund_due(cover, order, now)


def _due(cover: Cover, order: OrderSnapshot | None) -> Money:
    """Return the whole amount due for the cover, including any part that was refunded already."""
    known: Decimal = cover.amount_due_back
    if cover.reason_code in _IS_OWED_ALREADY and not went_unknown(cover):
        return Money(known, cover.currency)
    if order is None:
        paid = cover.premium if cover.paid_at is not None else Decimal(0)
    else:
        paid = charged_for_cover(order, cover.offer)
    return Money(max(known, paid - cover.back_elsewhere), cover.currency)


def went_unknown(cover: Cover) -> bool:
    """Return True if the confirmation was dropped before its outcome was known.

    A policy may exist then, so nothing is due yet.
    """
    if cover.reason_code != ReasonCode.EVENT_OVER:
        return False
    gone = ended([], [cover.pk]).filter(kind=MessageKind.CONFIRM).order_by("-pk").first()
    return gone is not None and gone.is_unknown


def _what_is_due(due: Money) -> str:
    return f"Refund {due} to the buyer." if due.amount else "Nothing is due back."
