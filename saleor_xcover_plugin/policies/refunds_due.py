"""Track which part of the money due to a buyer was refunded. The plugin itself moves no money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.money import Money
from ..host.values import OrderSnapshot
from ..models import Cover
from . import effects
from .charges import charged_for_cover, cost_of_cover
from .line_defects import settled_sentence


def settle_refund_due(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Reduce the amount due to the buyer by what was refunded since it became due.

    Refunds of the cover line count, and refunds without lines if they equal the amount due; a
    larger one was for something else, such as the tickets. The caller holds the cover's lock.
    """
    due: Decimal = cover.amount_due_back
    if due <= 0:
        return
    back = _newly_back(cover, order, now)
    if not back:
        return
    cover.save_fields(
        now,
        amount_due_back=due - back,
        refunded_when_due=order.given.plain_money,
        for_cover_when_due=back_for_cover(order),
        reason=settled_sentence(cover) if back == due else cover.reason,
    )
    rest = Money(due - back, cover.currency)
    still = f"{rest} is still due" if rest.amount else "nothing is due any more"
    effects.add_note(
        cover.order_id, f"{Money(back, cover.currency)} went back to the buyer; {still}."
    )


def due_with_policy(cover: Cover, order: OrderSnapshot | None) -> dict[str, Any]:
    """Return the columns of ``Cover`` to save when a policy was made, for the amount due.

    Only an amount charged beyond the premium stays due. Refunds for the cover settle that amount
    first. Empty if nothing changes. The caller holds the cover's lock.
    """
    known: Decimal = cover.amount_due_back
    if known <= 0:
        return {}
    back = back_for_cover(order) if order is not None else Decimal(0)
    due = min(known, max(charged_too_much(cover, order) - back, Decimal(0)))
    if due == known:
        return {}
    return {"amount_due_back": due, "refunded_when_due": None, "for_cover_when_due": back}


def charged_too_much(cover: Cover, order: OrderSnapshot | None) -> Decimal:
    """Return the amount charged for the cover beyond its premium, in the order's currency."""
    if order is None:
        return Decimal(0)
    charged = charged_for_cover(order, cover.offer)
    return max(charged - cover.premium, Decimal(0))


def back_for_cover(order: OrderSnapshot) -> Decimal:
    """Return the amount refunded for the cover line, alone or with the whole order."""
    if _is_everything_back(order):
        return max(order.cover_price, order.given.for_cover)
    return order.given.for_cover


def _newly_back(cover: Cover, order: OrderSnapshot, now: datetime) -> Decimal:
    """Return how much of the amount due was refunded since it became due."""
    due: Decimal = cover.amount_due_back
    if _is_everything_back(order) or _is_rest_paid(cover, order):
        return due
    more = back_for_cover(order) - (cover.for_cover_when_due or Decimal(0))
    if more > 0:
        return min(more, due)
    return due if _is_money_back(cover, order, now) else Decimal(0)


def _is_everything_back(order: OrderSnapshot) -> bool:
    return order.is_refunded_in_full and not order.has_gift_card


def _is_rest_paid(cover: Cover, order: OrderSnapshot) -> bool:
    """Return True if refunds without lines left exactly the price of the other goods charged.

    The refund may then have been made in one sum with another. Refunds that name other goods do not
    count.
    """
    cost = cost_of_cover(order, cover.offer)
    is_all_due = 0 < cost <= cover.amount_due_back <= order.given.plain_money
    return is_all_due and order.charged == order.total - cost


def _is_money_back(cover: Cover, order: OrderSnapshot, now: datetime) -> bool:
    plain = order.given.plain_money
    since = plain - (plain if cover.refunded_when_due is None else cover.refunded_when_due)
    if cover.refunded_when_due is None or not 0 <= since <= cover.amount_due_back:
        cover.save_fields(now, refunded_when_due=plain)
        return False
    return since == cover.amount_due_back
