"""Record that staff gave a buyer back what was due for the protection."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from ..domain.money import Money
from ..domain.states import CoverStatus
from ..models import Cover
from ..policies import effects
from ..policies.line_defects import settled_sentence
from ..policies.locks import lock_cover
from .decisions import DecisionCode, DecisionRefused


def mark_given_back(order_id: uuid.UUID, shown: Money, now: datetime) -> Cover:
    """Record that the amount due for an order's cover went back to its buyer in another way.

    For money that Saleor does not know of, such as a bank transfer; refunds in Saleor are noticed
    without it. No money is moved. ``shown`` is the amount staff saw. Raise ``DecisionRefused`` if
    nothing is due, or another amount, or while it is not decided whether the order is insured.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None:
            raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
        due = Money(cover.amount_due_back, cover.currency)
        if not due.amount:
            raise DecisionRefused(
                DecisionCode.NOT_WAITING, "Nothing is due for the protection of this order."
            )
        if due != shown:
            raise DecisionRefused(
                DecisionCode.DUE_CHANGED, f"{due} is due by now, not {shown}. Look again."
            )
        _require_decided(cover)
        cover.save_fields(
            now,
            amount_due_back=Decimal(0),
            given_back=cover.back_elsewhere + due.amount,
            given_back_at=now,
            reason=settled_sentence(cover),
        )
        effects.add_note(
            order_id,
            f"staff gave {due} back to the buyer without a refund in Saleor; nothing is due any "
            "more.",
        )
        return cover


DECIDED = (CoverStatus.CONFIRMED, CoverStatus.CANCELLED, CoverStatus.VOID)
"""States in which it is decided whether an order is insured, so that what is due is final."""
_UNDER_WAY = (CoverStatus.CONFIRMING, CoverStatus.CANCELLING)


def _require_decided(cover: Cover) -> None:
    """Raise ``DecisionRefused`` while a policy may still come or end: the amount may change."""
    if cover.status in DECIDED:
        return
    if cover.status in _UNDER_WAY:
        raise DecisionRefused(
            DecisionCode.UNDER_WAY, "XCover is being asked already. Look again in a minute."
        )
    raise DecisionRefused(
        DecisionCode.UNDECIDED,
        "It is not decided whether this order gets a policy, so more or less may be due. Decide "
        "that no policy is made, or have it made; then say what went back.",
    )
