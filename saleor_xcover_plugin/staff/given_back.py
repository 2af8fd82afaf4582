"""Record that staff gave a buyer back what was due for the protection."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from ..domain.money import Money
from ..models import Cover
from ..policies import effects
from ..policies.line_defects import settled_sentence
from ..policies.locks import lock_cover
from .decisions import DecisionCode, DecisionRefused


def mark_given_back(order_id: uuid.UUID, shown: Money, now: datetime) -> Cover:
    """Record that the amount due for an order's cover went back to its buyer in another way.

    For money that Saleor does not know of, such as a bank transfer; refunds in Saleor are noticed
    without it. No money is moved. ``shown`` is the amount staff saw. Raise ``DecisionRefused`` if
    nothing is due, or another amount.
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
        cover.save_fields(now, amount_due_back=Decimal(0), reason=settled_sentence(cover))
        effects.add_note(
            order_id,
            f"staff gave {due} back to the buyer without a refund in Saleor; nothing is due any "
            "more.",
        )
        return cover
