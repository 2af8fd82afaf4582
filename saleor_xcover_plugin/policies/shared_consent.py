"""One yes, several orders: ``orderCreateFromCheckout(removeCheckout: false)`` copies its line.

One offer makes one policy, so one order holds it: the first that was made, until another one is
paid before it. An order that ended, or was never paid, lets go of it. What is answered afterwards
in the checkout is no matter of theirs: they keep what they were made with.
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
    """Return the cover of another order that holds the offer, or None."""
    if offer is None:
        return None
    return Cover.objects.filter(offer=offer).exclude(order_id=order.id).first()


def sentence_of(holder: Cover, order: OrderSnapshot) -> str:
    """Say to staff why an order whose offer ``holder`` has is not insured."""
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
    """Return the offer of its checkout that a cover line of the order names, the latest."""
    marked = {line.offer_id for line in order.cover_lines}
    return next((offer for offer in reversed(offers) if offer.pk in marked), None)


def held_by_none_but(order: OrderSnapshot, offers: Sequence[Offer]) -> list[Offer]:
    """Return the offers that cover no other order: what another one said yes to stays."""
    if not offers or order.checkout_token is None:
        return list(offers)
    covers = Cover.objects.filter(offer__in=offers).exclude(order_id=order.id)
    held = set(covers.values_list("offer_id", flat=True))
    if any(offer.status in _STILL_TO_BE_BOUGHT for offer in offers):
        # An order that waits for the yes of another names it only in its line.
        held |= orders.offers_in_lines(order.checkout_token, but=order.id)
    return [offer for offer in offers if offer.pk not in held]


def is_free_for(cover: Cover, order: OrderSnapshot, offer: Offer | None) -> bool:
    """Whether a paid order may have the offer that another order got first and did not pay.

    The caller holds the locks of the offers and of ``cover``.
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
"""A yes that its checkout has gone on from is still that of the orders made with it."""


def let_go(offer: Offer, paid: OrderSnapshot, now: datetime) -> uuid.UUID | None:
    """Take the offer from the order that holds it; return that order where it was not over yet.

    Staff are told in its history. The caller holds the lock of the offer and has asked
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
    """Return the other orders of its checkout that wait for the offer it may have let go."""
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
    """Whether its order is paid after all, and its policy about to be asked for."""
    if holder.status != CoverStatus.PLACED:
        return False
    order = orders.read(holder.order_id)
    return order is not None and is_paid_for_policy(order, holder)
