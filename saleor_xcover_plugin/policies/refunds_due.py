"""Notice that the buyer got back what was due; the plugin itself never moves money."""

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
    """Take off what is due as much as went back for the cover's line, or plain money of just it.

    The caller holds the cover's lock. What had gone back before it was due does not count, nor does
    a larger sum of plain money: that was for something else, such as the tickets.
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
    """Return the columns of what is due with a policy: what was charged beyond its premium.

    What was due because there was none is taken back, and what went back for the cover paid what
    was too much first. The caller holds the cover's lock.
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
    """Return what was charged for the cover beyond its premium."""
    if order is None:
        return Decimal(0)
    charged = charged_for_cover(order, cover.offer)
    return max(charged - cover.premium, Decimal(0))


def back_for_cover(order: OrderSnapshot) -> Decimal:
    """Return the money that went back for the cover's line, alone or with everything."""
    if _is_everything_back(order):
        return max(order.cover_price, order.given.for_cover)
    return order.given.for_cover


def _newly_back(cover: Cover, order: OrderSnapshot, now: datetime) -> Decimal:
    """Return how much of what is due went back since that was reckoned."""
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
    """Whether just the rest of the order is paid since money went back, in one sum with other.

    Money that somebody named other goods for is none of it.
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
