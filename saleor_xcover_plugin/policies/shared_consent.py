"""Decide which of several orders made from one checkout its accepted offer insures.

Saleor's ``orderCreateFromCheckout(removeCheckout: false)`` can make several orders, each with a
copy of the cover line. One offer makes one policy, so one order has it: the first that was made,
until another one is paid before it. An order that ended or was not paid gives the offer up. Later
answers in the checkout do not change the orders made before.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from ..domain.reasons import NEVER_BOUGHT, ReasonCode
from ..domain.states import CoverStatus, OfferStatus
from ..host import orders
from ..host.values import OrderSnapshot
from ..models import Cover, Offer
from . import effects
from .charges import charged_of, money_clause
from .refund_scope import is_paid_for_policy


def holder_of(offer: Offer | None, order: OrderSnapshot) -> Cover | None:
    """Return the cover of another order that has the offer, or None."""
    if offer is None:
        return None
    return Cover.objects.filter(offer=offer).exclude(order_id=order.id).first()


def sentence_of(holder: Cover, order: OrderSnapshot) -> str:
    """Return the sentence for staff that explains why ``holder`` has the offer, not ``order``."""
    if _may_let_go(holder):
        return (
            f"Order {holder.order_number} was made from the same checkout. The ticket protection "
            "can be bought once, and the order that is paid first gets it. Only if both are paid "
            "is there something to do: refund what was paid for it in the one without a policy."
        )
    return (
        f"Order {holder.order_number} was made from the same checkout and holds the policy of this "
        "offer, which can be bought once. The ticket protection line of this order insures "
        f"nothing; {money_clause(order, order.cover_price, 'it')}."
    )


def marked_offer(order: OrderSnapshot, offers: Sequence[Offer]) -> Offer | None:
    """Return the latest of ``offers`` that a cover line of the order names, or None.

    ``offers`` are the offers of the order's checkout, oldest first.
    """
    marked = {line.offer_id for line in order.cover_lines}
    return next((offer for offer in reversed(offers) if offer.pk in marked), None)


def free_offers(order: OrderSnapshot, offers: Sequence[Offer]) -> list[Offer]:
    """Return those of ``offers`` that no other order of the checkout has or waits for."""
    if not offers or order.checkout_token is None:
        return list(offers)
    covers = Cover.objects.filter(offer__in=offers).exclude(order_id=order.id)
    taken = set(covers.values_list("offer_id", flat=True))
    if any(offer.status in _STILL_TO_BE_BOUGHT for offer in offers):
        # An order that waits for an offer of another order names it only in its line.
        taken |= orders.offers_in_lines(order.checkout_token, but=order.id)
    return [offer for offer in offers if offer.pk not in taken]


def is_free_for(cover: Cover, order: OrderSnapshot, offer: Offer | None) -> bool:
    """Return True if a paid order may take the offer from an order that has it and is not paid.

    ``cover`` is the cover of the paid order. The caller holds the locks of the offers and of
    ``cover``.
    """
    is_waiting = (
        cover.status == CoverStatus.PARKED and cover.reason_code == ReasonCode.BOUGHT_ALREADY
    )
    if not is_waiting or not is_paid_for_policy(order, cover):
        return False
    if offer is None or offer.status not in _STILL_TO_BE_BOUGHT:
        return False
    holder = holder_of(offer, order)
    return holder is None or (_may_let_go(holder) and not _is_paid(holder))


_STILL_TO_BE_BOUGHT = (
    OfferStatus.SELECTED,
    OfferStatus.ABANDONED,
    OfferStatus.SUPERSEDED,
    OfferStatus.EXPIRED,
)
"""Statuses in which an accepted offer can insure an order, even if its checkout went on since."""


def let_go(offer: Offer, paid: OrderSnapshot, now: datetime) -> uuid.UUID | None:
    """Take the offer from the order that has it, for the order ``paid``.

    Return the id of the order that gave it up if that order was still open, else None; staff are
    told in its history. The caller is in a transaction, holds the lock of the offer and has checked
    ``is_free_for``.
    """
    holder = Cover.objects.select_for_update().filter(offer=offer).exclude(order_id=paid.id).first()
    if holder is None:
        return None
    if holder.status != CoverStatus.PLACED:
        holder.save_fields(now, offer=None)
        return None
    own = orders.read(holder.order_id)
    sentence = (
        f"Order {paid.number} was made from the same checkout and paid first, so it is insured. "
        "This order is not: if it is paid too, refund what was paid for the ticket protection."
    )
    effects.apply(
        holder,
        effects.COVER_LET_GO,
        now,
        sentence,
        offer=None,
        reason_code=ReasonCode.BOUGHT_ALREADY,
        amount_due_back=charged_of(own, own.cover_price) if own else Decimal(0),
        for_cover_when_due=Decimal(0),
    )
    return holder.order_id


def waiting_orders(order: OrderSnapshot) -> list[uuid.UUID]:
    """Return the other orders of the checkout that wait for an offer which ``order`` had."""
    if order.checkout_token is None:
        return []
    others = orders.ids_of_checkout(order.checkout_token)
    waiting = Cover.objects.filter(
        order_id__in=others, status=CoverStatus.PARKED.value, reason_code=ReasonCode.BOUGHT_ALREADY
    ).exclude(order_id=order.id)
    return list(waiting.order_by("pk").values_list("order_id", flat=True))


def _may_let_go(holder: Cover) -> bool:
    if holder.status in (CoverStatus.PLACED, CoverStatus.VOID):
        return True
    return holder.status == CoverStatus.PARKED and holder.reason_code in NEVER_BOUGHT


def _is_paid(holder: Cover) -> bool:
    """Return True if the holder's order is paid, so that its policy is about to be asked for."""
    if holder.status != CoverStatus.PLACED:
        return False
    order = orders.read(holder.order_id)
    return order is not None and is_paid_for_policy(order, holder)
