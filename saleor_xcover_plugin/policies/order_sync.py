"""Bring the plugin's rows and the outbox in line with the present state of one order.

Called by Saleor's order hooks and by the sweep. Saleor calls a hook after the commit at most once,
repeats some and skips others, so a hook is only a reason to read the order; the database decides.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache

from django.db import transaction
from django.db.models import OuterRef, Subquery

from ..checkout.offers import accepted_premium, chosen_premium
from ..checkout.public_summary import right_in_order, withdrawn
from ..checkout.selection import take_back
from ..compiled_query import KEY, CompiledInstances
from ..domain.cases import ASK_ABOUT_POLICY
from ..domain.messages import MessageKind
from ..domain.money import Money
from ..domain.price_impact import PriceImpact
from ..domain.reasons import NOT_MADE_HERE, NOTHING_BOUGHT, ReasonCode
from ..domain.states import CoverStatus, OfferStatus, may_transition
from ..errors import Code
from ..host import checkouts, orders
from ..host.values import OrderSnapshot
from ..models import Consent, Cover, Offer
from ..outbox import message_queue as outbox
from ..outbox import new_messages
from . import effects, opt_out, policyholder_changes, refund_judgement, shared_consent
from .charges import charged_of, cost_of_cover
from .fulfillment_sync import sync_fulfillment
from .line_defects import (
    OF_EVENT,
    Defect,
    bought_already,
    defect_of,
    has_sentence,
    sentence_of,
)
from .refund_scope import is_paid_for_policy
from .refunds_due import settle_refund_due

log = logging.getLogger(__name__)


def sync_order(order_id: uuid.UUID, now: datetime) -> bool:
    """Create or advance the cover, opt-out and cancellation that the order calls for. Idempotent.

    ``now`` is in UTC. The order's offers and its cover are locked while their rows are written.
    Afterwards the cover line is fulfilled, unfulfilled or returned with the tickets, and orders
    that waited for an offer this one gave up are synced too. Return False if the order has no cover
    and no cover line: what its metadata says of one was copied from the checkout.
    """
    with transaction.atomic():
        order, cover, offers = _lock_and_read(order_id)
        waiting = _sync_rows(order, cover, offers, now) if order is not None else []
    if order is not None and order.cover_lines and order.is_partly_handed_out:
        sync_fulfillment(order.id)
    for other_id in waiting:
        sync_order(other_id, now)
    return cover is not None or (order is not None and bool(order.cover_lines))


def _lock_and_read(
    order_id: uuid.UUID,
) -> tuple[OrderSnapshot | None, Cover | None, Sequence[Offer]]:
    """Lock the order's offers and cover, then read the order.

    In this order, because what was read before waiting for a lock may be out of date.
    """
    offers = _offers_of_order().about(order_id)
    cover = _lock_cover(order_id) if offers else None
    order = orders.read(order_id)
    if offers or order is None or not order.cover_lines:
        return order, cover, offers
    # A cover line that was added by hand. This is rare, so most orders need no query for a cover.
    cover = _lock_cover(order_id)
    return orders.read(order_id), cover, offers


@cache
def _offers_of_order() -> CompiledInstances[Offer]:
    """Return the query that locks the offers of an order's checkout."""
    return CompiledInstances(
        Offer.objects.select_for_update(of=("self",))
        .filter(checkout_token=orders.checkout_token_of(KEY))
        .annotate(last_answer=_last_answer("answer"), answered_at=_last_answer("created_at"))
        .order_by("pk")
    )


def _lock_cover(order_id: uuid.UUID) -> Cover | None:
    found = _cover_of_order().about(order_id)
    return found[0] if found else None


@cache
def _cover_of_order() -> CompiledInstances[Cover]:
    return CompiledInstances(Cover.objects.select_for_update().filter(order_id=KEY))


def _sync_rows(
    order: OrderSnapshot, cover: Cover | None, offers: Sequence[Offer], now: datetime
) -> list[uuid.UUID]:
    """Sync the rows of one order; return orders that wait for an offer this one may give up."""
    if not order.is_from_checkout or order.checkout_token is None:
        _correct_summary(order, None)
        return []  # replacements and bulk orders only copy the plugin's metadata
    if not offers and not order.cover_lines:
        _correct_summary(order, None)
        return []
    ended_since = _ended_since(order, offers)
    for offer in offers:
        if offer.order_id is None:
            offer.save_fields(now, order_id=order.id)
    if cover is None and order.cover_lines:
        cover = _place(order, offers, ended_since, now)
        order = replace(order, papers=None)
    if cover is None or _is_strangers(cover):
        free = _said_before(order, shared_consent.free_offers(order, offers))
        cover = _follow_removal(order, cover, free, now)
        opt_out.opt_out_of(order, free, now)
    if cover is None:
        _correct_summary(order, None, offers)
        return []
    _advance(cover, order, offers, now)
    settle_refund_due(cover, order, now)
    _correct_summary(order, cover)
    may_let_go = cover.status in (CoverStatus.VOID, CoverStatus.PARKED) and cover.offer_id
    return shared_consent.waiting_orders(order) if may_let_go else []


def _ended_since(order: OrderSnapshot, offers: Sequence[Offer]) -> set[int]:
    """Return keys of offers that ended in the checkout after this order was made from it."""
    ended = (OfferStatus.SUPERSEDED, OfferStatus.EXPIRED)
    return {
        offer.pk
        for offer in offers
        if offer.status in ended and offer.updated_at > order.created_at
    }


def _is_strangers(cover: Cover) -> bool:
    """Return True if the cover line was added by hand: nothing was bought, as without a line."""
    return cover.status == CoverStatus.PARKED and cover.reason_code == ReasonCode.NOT_OFFERED


def _follow_removal(
    order: OrderSnapshot, cover: Cover | None, free: Sequence[Offer], now: datetime
) -> Cover | None:
    """Withdraw a yes whose line was gone when the order was made, and tell staff once.

    The hook of the checkout may have withdrawn it already. The buyer may have paid for the line, or
    may still do so: a void cover records what is due. Return the order's cover.
    """
    for offer in free:
        if offer.status == OfferStatus.SELECTED:
            take_back(offer, now, source=ReasonCode.LINE_REMOVED, reason=ReasonCode.LINE_REMOVED)
    if not free or free[-1].reason_code != ReasonCode.LINE_REMOVED:
        return cover
    back = cover.back_elsewhere if cover is not None else Decimal(0)
    due = max(order.charged - order.cost - back, Decimal(0))
    sentence = _removed_sentence(order, due)
    if cover is not None:  # its line was added by hand afterwards
        if due > cover.amount_due_back and not order.refunded:
            cover.save_fields(now, amount_due_back=due)
            effects.add_note(order.id, sentence)
        return cover
    effects.add_note(order.id, sentence)
    return _cover_of(
        order,
        now,
        status=CoverStatus.VOID.value,
        premium=accepted_premium(free[-1]),
        reason_code=ReasonCode.LINE_REMOVED,
        reason=sentence,
        amount_due_back=due,
    )


def _cover_of(order: OrderSnapshot, now: datetime, **what: object) -> Cover:
    """Create the cover of an order with the given columns."""
    cover = Cover(
        order_id=order.id,
        order_number=order.number,
        channel_id=order.channel_id,
        currency=order.currency,
        created_at=now,
        updated_at=now,
        **what,
    )
    cover.waits_since = now if cover.waits_for else None
    cover.save(force_insert=True)
    return cover


def _removed_sentence(order: OrderSnapshot, due: Decimal) -> str:
    rest = (
        f"The buyer was charged {Money(due, order.currency)} more than the order costs: refund it."
        if due > 0
        else "It was not charged, so nothing is due; charge no more than "
        f"{Money(order.cost, order.currency)}, which is what the order costs."
    )
    return (
        "The buyer took the ticket protection out of the checkout. Nothing is insured, and XCover "
        f"is told so. {rest}"
    )


def _last_answer(column: str) -> Subquery:
    """Return a column of the shopper's last answer to an offer, for a query over offers."""
    said = Consent.objects.filter(offer_id=OuterRef("pk")).order_by("-created_at", "-pk")
    return Subquery(said.values(column)[:1])


def _said_before(order: OrderSnapshot, offers: Sequence[Offer]) -> list[Offer]:
    """Leave out offers made or answered after the order, if its checkout still exists.

    They belong to the next order of the checkout.
    """
    later = {offer.pk for offer in offers if _last_touched(offer) > order.created_at}
    if later and order.checkout_token and checkouts.exists(order.checkout_token):
        return [offer for offer in offers if offer.pk not in later]
    return list(offers)


def _last_touched(offer: Offer) -> datetime:
    """Return the time of the shopper's last answer, or of the offer if there is none."""
    answered_at: datetime | None = offer.answered_at  # type: ignore[attr-defined]
    return answered_at or offer.created_at


def _correct_summary(
    order: OrderSnapshot, cover: Cover | None, offers: Sequence[Offer] = ()
) -> None:
    """Correct the summary in the order's metadata, which Saleor copied from the checkout.

    A storefront may also pass metadata of its own when it completes a checkout.
    """
    answers = [answer for offer in offers if (answer := offer.last_answer)]  # type: ignore[attr-defined]
    right = right_in_order(cover, answers[-1] if answers else None, order.cover_summary)
    if right is not None and right != order.cover_summary:
        effects.show(order.id, right)
    effects.correct_papers(cover, order.id, order.papers)


def _place(
    order: OrderSnapshot, offers: Sequence[Offer], ended_since: Set[int], now: datetime
) -> Cover:
    marked = offer = shared_consent.marked_offer(order, offers)
    elsewhere = bought_already(order, offer)
    defect = elsewhere or defect_of(order, offer, now)
    if elsewhere:
        offer = None  # it belongs to the other order's cover
    is_live = offer is not None and (
        offer.status == OfferStatus.SELECTED or offer.pk in ended_since
    )
    if defect is None and offer is not None and not is_live:
        defect = Defect.of(ReasonCode.OFFER_ENDED, order, offer)
    if defect is None and offer is not None and offer.reason_code == Code.CHECK_FAILED:
        defect = Defect.of(Code.CHECK_FAILED.value, order, offer)
    paid = cost_of_cover(order, offer)
    premium = paid if defect or offer is None else chosen_premium(offer)
    overcharged = max(paid - premium, Decimal(0))
    cover = _cover_of(
        order,
        now,
        offer=offer,
        status=(CoverStatus.PARKED if defect else CoverStatus.PLACED).value,
        premium=premium,
        reason_code=defect.code if defect else "",
        reason=defect.sentence if defect else "",
        amount_due_back=charged_of(order, paid if defect else overcharged),
        absorbed=_absorbed(offer, paid) if offer and not defect else Decimal(0),
    )
    if defect:
        effects.tell(cover, effects.COVER_SOLD_PARKED, defect.sentence)
    elif overcharged:
        log.error("xcover.cover.overcharged", extra={"order": order.number})
        due = Money(overcharged, order.currency)
        effects.add_note(
            order.id,
            f"The ticket protection costs the buyer {due} more than the premium of "
            f"{cover.premium_money}. The policy is confirmed as usual; "
            f"{'refund' if cover.amount_due_back else 'charge that much less, or refund'} {due}.",
        )
    if marked is not None and marked.effect:
        _tell_effect(cover, marked, PriceImpact.from_json(marked.effect))
    return cover


def _tell_effect(cover: Cover, offer: Offer, effect: PriceImpact) -> None:
    """Tell staff how the cover line affects the price of an order that could not be repriced."""
    log.warning("xcover.cover.not_exact", extra={"order": cover.order_number, "code": effect.code})
    premium = Money(chosen_premium(offer), offer.currency)
    is_sold = cover.status != CoverStatus.PARKED
    effects.add_note(cover.order_id, effect.sentence(premium, is_sold=is_sold))


def _absorbed(offer: Offer, paid: Decimal) -> Decimal:
    """Return the part of the premium that the store pays itself, in the order's currency."""
    return min(offer.absorbed, max(chosen_premium(offer) - paid, Decimal(0)))


def _advance(cover: Cover, order: OrderSnapshot, offers: Sequence[Offer], now: datetime) -> None:
    is_paid = is_paid_for_policy(order, cover) and order.charged > 0
    is_revived = (
        is_paid
        and order.cover_lines
        and cover.reason_code not in NOT_MADE_HERE
        and not cover.back_elsewhere
    )
    if cover.status == CoverStatus.VOID and is_revived:
        # A refund was undone, so the order is paid again.
        effects.apply(cover, effects.COVER_PLACED, now, reason="", reason_code="")
    offer = shared_consent.marked_offer(order, offers)
    due = _due(cover, order)
    if offer is not None and due > 0 and shared_consent.is_free_for(cover, order, offer):
        _take_over(cover, order, offer, now)
    elif due > cover.amount_due_back:
        _owe(cover, order, offer, due, now)
    if cover.status == CoverStatus.PLACED:
        _advance_placed(cover, order, offers, now)
    elif cover.status == CoverStatus.PARKED and _takes_place(cover, order, now):
        _begin_again(cover, order, now)
        _advance_placed(cover, order, offers, now)
        if cover.status == CoverStatus.CONFIRMING:
            effects.add_note(order.id, _AFTER_ALL)
    elif cover.status == CoverStatus.PARKED:
        is_void = order.is_over and order.charged <= 0
        if is_void and cover.reason_code in NOTHING_BOUGHT:
            effects.apply(cover, effects.COVER_VOID, now, amount_due_back=Decimal(0))
            outbox.drop_parked((MessageKind.CONFIRM,), cover.pk, _VOID, now)
    elif cover.status == CoverStatus.CONFIRMED:
        if not order.cover_lines:
            _tell_of_policy_without_line(cover, now)
        refund_judgement.judge(cover, order, now)
        if cover.status == CoverStatus.CONFIRMED:
            policyholder_changes.sync_policyholder(cover, order, now)
    elif cover.status == CoverStatus.CANCELLED:
        refund_judgement.review_judgements(cover, order, now)
        policyholder_changes.end_with_policy(cover, now)


def _due(cover: Cover, order: OrderSnapshot) -> Decimal:
    """Return what is due back now: more may have been charged since it was recorded.

    Once anything was refunded, ``settle_refund_due`` decides what is left. What staff gave back in
    another way, Saleor still counts as charged.
    """
    known: Decimal = cover.amount_due_back
    is_parked = cover.status == CoverStatus.PARKED and (
        cover.reason_code == ReasonCode.BOUGHT_ALREADY or has_sentence(cover.reason_code)
    )
    if order.refunded:
        return known
    if cover.was_removed:
        return max(known, order.charged - order.cost - cover.back_elsewhere)
    if not (is_parked or cover.status == CoverStatus.PLACED):
        return known
    cost = cost_of_cover(order, cover.offer)
    part = cost if is_parked else max(cost - cover.premium, Decimal(0))
    return max(known, charged_of(order, part) - cover.back_elsewhere)


def _owe(
    cover: Cover, order: OrderSnapshot, offer: Offer | None, due: Decimal, now: datetime
) -> None:
    more = Money(due - cover.amount_due_back, cover.currency)
    cover.save_fields(now, amount_due_back=due, reason=_present_reason(cover, order, offer))
    effects.add_note(
        cover.order_id,
        f"{more} was charged for the ticket protection meanwhile, and is due back: refund "
        f"{Money(due, cover.currency)}.",
    )


def _present_reason(cover: Cover, order: OrderSnapshot, offer: Offer | None) -> str:
    """Return the reason of a cover, written for the amounts charged by now if it is parked."""
    if cover.status == CoverStatus.PARKED and has_sentence(cover.reason_code):
        return sentence_of(cover.reason_code, order, cover.offer)
    elsewhere = (
        bought_already(order, offer) if cover.reason_code == ReasonCode.BOUGHT_ALREADY else None
    )
    return elsewhere.sentence if elsewhere else str(cover.reason)


def _take_over(cover: Cover, order: OrderSnapshot, offer: Offer, now: datetime) -> None:
    """Insure a paid order with the offer that an unpaid order of its checkout has."""
    left_id = shared_consent.let_go(offer, order, now)
    if left_id is not None:
        effects.show(left_id, withdrawn(ReasonCode.BOUGHT_ALREADY))
    paid, premium = cost_of_cover(order, offer), chosen_premium(offer)
    effects.apply(
        cover,
        effects.COVER_PLACED,
        now,
        _INSURED_AFTER_ALL,
        offer=offer,
        premium=premium,
        absorbed=_absorbed(offer, paid),
        reason="",
        reason_code="",
        amount_due_back=max(paid - premium, Decimal(0)),
        refunded_when_due=None,
    )


_INSURED_AFTER_ALL = (
    "The other order of the same checkout was not paid, and this one is: it is insured after all. "
    "Do not refund the ticket protection."
)


def _takes_place(cover: Cover, order: OrderSnapshot, now: datetime) -> bool:
    """Return True if an event that was cancelled or over when its tickets were paid takes place.

    Staff withdrew the cancellation or corrected the start. False if the premium was refunded
    meanwhile.
    """
    if cover.reason_code not in OF_EVENT or order.is_over or not order.cover_lines:
        return False
    is_premium_back = cover.amount_due_back <= 0 < cost_of_cover(order, cover.offer)
    if is_premium_back:
        return False
    defect = defect_of(order, cover.offer, now)
    return defect is None or defect.code not in OF_EVENT


def _begin_again(cover: Cover, order: OrderSnapshot, now: datetime) -> None:
    """Reset a cover whose event takes place after all to the status it had when it was sold."""
    overcharged = max(cost_of_cover(order, cover.offer) - cover.premium, Decimal(0))
    effects.apply(
        cover,
        effects.COVER_PLACED,
        now,
        reason="",
        reason_code="",
        amount_due_back=overcharged,
        refunded_when_due=None,
    )
    outbox.drop_parked((MessageKind.CONFIRM,), cover.pk, _AFTER_ALL, now)


_AFTER_ALL = (
    "The event takes place after all: the policy is asked for. Do not refund the ticket protection."
)


def _advance_placed(
    cover: Cover, order: OrderSnapshot, offers: Sequence[Offer], now: datetime
) -> None:
    if order.is_over:
        effects.apply(cover, effects.COVER_VOID, now, _VOID, reason_code=ReasonCode.NOT_PAID)
        if cover.offer is not None and may_transition(cover.offer.state, OfferStatus.ABANDONED):
            cover.offer.transition_to(OfferStatus.ABANDONED, now)
        return
    if not order.cover_lines:
        _end_without_line(cover, order, offers, now)
        return
    defect = None
    if is_paid_for_policy(order, cover):
        other = None if cover.offer else shared_consent.marked_offer(order, offers)
        defect = bought_already(order, other) or defect_of(order, cover.offer, now)
    elif order.is_refunded_in_part and order.charged + order.refunded >= order.total:
        defect = Defect(
            ReasonCode.REFUNDED_IN_PART,
            "Part of the order was refunded before the policy was confirmed, so it was not. "
            f"Refund the premium of {cover.premium_money} too, or take the refund back.",
        )
    else:
        return
    if defect is not None:
        due_back = cost_of_cover(order, cover.offer)
        effects.park_cover(cover, defect.code, defect.sentence, now, due_back=due_back)
        return
    effects.apply(cover, effects.COVER_CONFIRMING, now, paid_at=now)
    new_messages.enqueue(
        MessageKind.CONFIRM,
        f"{order.id}:{cover.offer_id}",
        subject_id=cover.pk,
        channel_id=cover.channel_id,
        now=now,
        account=cover.account,
    )


def _end_without_line(
    cover: Cover, order: OrderSnapshot, offers: Sequence[Offer], now: datetime
) -> None:
    """Void the cover of an unpaid order from which staff took the line, and opt out."""
    effects.apply(
        cover,
        effects.COVER_VOID,
        now,
        reason_code=ReasonCode.LINE_REMOVED,
        reason=_TAKEN_OUT,
        amount_due_back=Decimal(0),
    )
    # The void cover no longer occupies its offer.
    for offer in offers:
        if offer.pk == cover.offer_id and offer.status == OfferStatus.SELECTED:
            take_back(offer, now, source=ReasonCode.LINE_REMOVED)
    opt_out.opt_out_of(order, shared_consent.free_offers(order, offers), now)
    effects.add_note(order.id, _TAKEN_OUT)


def _tell_of_policy_without_line(cover: Cover, now: datetime) -> None:
    """Tell staff once that the line they took out belongs to a policy that is in force."""
    if cover.reason_code == ReasonCode.LINE_REMOVED:
        return
    sentence = (
        f"The ticket protection was taken out of the order, but policy {cover.booking_id} is in "
        f"force and its premium of {cover.premium_money} is owed to XCover. Keep it, or have it "
        f'cancelled: in the ticket protection of this order, "{ASK_ABOUT_POLICY}" begins that.'
    )
    cover.save_fields(now, reason_code=ReasonCode.LINE_REMOVED, reason=sentence)
    effects.add_note(cover.order_id, sentence)


_TAKEN_OUT = (
    "The ticket protection was taken out of the order before its policy was made. Nothing is "
    "insured, and XCover is told so."
)
_VOID = "The order was cancelled, expired or fully refunded before its policy was confirmed."
