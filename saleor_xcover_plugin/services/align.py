"""Bring our rows and the outbox in line with one order. Idempotent; hooks and sweep call it.

Hooks are hints, the database is the truth: Saleor calls order hooks after commit, at most once,
repeats some and skips others.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from .. import outbox
from ..domain.effect import Effect
from ..domain.money import Money
from ..domain.states import (
    BOUGHT_ALREADY,
    LINE_REMOVED,
    NEVER_BOUGHT,
    NOT_OFFERED,
    NOTHING_BOUGHT,
    CoverStatus,
    OfferStatus,
    may_become,
)
from ..host import metadata, notes, orders, telemetry
from ..host.values import OrderState
from ..models import Cover, Offer
from . import judge_refunds, opt_out, shared_yes, watch_policyholder
from .events import insured_events
from .fulfillment_sync import sync_fulfillment
from .offers import chosen_premium, holds_quoted_tickets, state_in, summary, summary_of_yes
from .owed import charged_of, money_clause
from .place_cover import take_back
from .settle_due import settle_due
from .wake import append

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a cover line of an order buys nothing: a code and a sentence for staff."""

    code: str
    sentence: str


def align(order_id: uuid.UUID, now: datetime) -> None:
    """Make cover, opt-out and cancellation of an order what its present state asks for.

    Then its cover line goes where its tickets are: handed out, taken back or returned.
    """
    with transaction.atomic():
        order = orders.read(order_id)
        waiting = _align_rows(order, now) if order is not None else []
    if order is not None and order.cover_lines and order.is_partly_handed_out:
        sync_fulfillment(order.id)
    for other_id in waiting:
        align(other_id, now)


def _align_rows(order: OrderState, now: datetime) -> list[uuid.UUID]:
    """Align our rows; return the orders that waited for what this one may have let go."""
    if not order.is_from_checkout or order.checkout_token is None:
        return []  # replacements and bulk orders copy our metadata but sold nothing
    offers = list(
        Offer.objects.select_for_update().filter(checkout_token=order.checkout_token).order_by("pk")
    )
    if not offers and not order.cover_lines:
        return []
    unseen = [offer for offer in offers if offer.order_id is None]
    for offer in unseen:
        offer.write(now, order_id=order.id)
    cover = Cover.objects.select_for_update().filter(order_id=order.id).first()
    if cover is None and order.cover_lines:
        cover = _place(order, offers, now)
    if cover is None or _is_strangers(cover):
        free = shared_yes.held_by_none_but(order, offers)
        _follow_removal(order, [offer for offer in unseen if offer in free], now)
        opt_out.append_for(order, free, now)
    if cover is None:
        _correct_summary(order, None)
        return []
    _advance(cover, order, offers, now)
    settle_due(cover, order, now)
    _correct_summary(order, cover)
    may_let_go = cover.status in (CoverStatus.VOID, CoverStatus.PARKED) and cover.offer_id
    return shared_yes.waiting_orders(order) if may_let_go else []


def _is_strangers(cover: Cover) -> bool:
    """Whether its line was put in by hand: then nothing was bought, as without a line."""
    return cover.status == CoverStatus.PARKED and cover.reason_code == NOT_OFFERED


def _follow_removal(order: OrderState, unseen: Sequence[Offer], now: datetime) -> None:
    """Take back a yes whose line was gone when the order was made, and tell staff once.

    The checkout may have done so already, if its hook was heard. The buyer may have paid for the
    line.
    """
    for offer in unseen:
        if offer.status == OfferStatus.SELECTED:
            take_back(offer, now, source=LINE_REMOVED, reason=LINE_REMOVED)
        if offer.reason_code == LINE_REMOVED:
            too_much = Money(order.charged - order.total, order.currency)
            rest = (
                f"The buyer was charged {too_much} more than the order costs: refund it."
                if too_much.amount > 0
                else "It was not charged, so nothing is due; charge no more than the order's total "
                f"of {Money(order.total, order.currency)}."
            )
            notes.add(
                order.id,
                "The buyer took the ticket protection out of the checkout. Nothing is insured, "
                f"and XCover is told so. {rest}",
            )


def _correct_summary(order: OrderState, cover: Cover | None) -> None:
    """Have the order's metadata, which Saleor copied from the checkout, say what is in the order.

    It says whether the buyer's yes stands, not whether there is a policy yet.
    """
    state = state_in(order.cover_summary)
    reason = "" if cover is None else cover.reason_code
    is_out = cover is None or (
        cover.status in (CoverStatus.PARKED, CoverStatus.VOID) and reason in _OUT
    )
    if is_out and state == "accepted":
        code = {"code": reason} if reason not in ("", LINE_REMOVED) else {}
        metadata.write_order_summary(order.id, summary("withdrawn", **code))
    elif not is_out and order.cover_summary and state != "accepted" and cover and cover.offer:
        metadata.write_order_summary(order.id, summary_of_yes(cover.offer))


_OUT = NEVER_BOUGHT | {LINE_REMOVED}
"""Reasons with which the yes of an order is over."""


def defect_of(order: OrderState, offer: Offer | None, now: datetime) -> Defect | None:
    """Say why the cover line may not be confirmed, or None when it is intact."""
    cost = _cost_of_cover(order, offer)
    if offer is None:
        clause = money_clause(order, cost, "it")
        return Defect(
            NOT_OFFERED,
            "The order holds a ticket protection line that no offer stands behind. It insures "
            f"nothing; {clause}.",
        )
    premium = chosen_premium(offer)
    clause = money_clause(order, cost, "the protection")
    if not _is_paid_for(order, offer, premium):
        return Defect(
            "line_changed",
            "The ticket protection line is not one piece at the offered premium of "
            f"{Money(premium, offer.currency)}. The policy was not confirmed; "
            f"{money_clause(order, cost, 'the line')}.",
        )
    if not holds_quoted_tickets(offer, order.ticket_counts):
        return Defect(
            "tickets_changed",
            "The tickets changed after the shopper accepted the offer. The policy was not "
            f"confirmed; {clause}.",
        )
    if order.policyholder.country != offer.country:
        return Defect(
            "country_changed",
            f"The buyer's country is no longer the quoted {offer.country}. The policy was not "
            f"confirmed; {clause}.",
        )
    events = insured_events(offer)
    if events.are_cancelled:
        return Defect(
            "event_cancelled",
            "The organiser cancelled the event before the policy was confirmed, so it was not: "
            f"{clause}.",
        )
    # Neither the quoted start nor one it was moved to may lie behind us.
    starts = [start for start in (offer.event_starts_at, events.first_start) if start is not None]
    if starts and now >= min(starts):
        return Defect(
            "event_started",
            f"The event had begun when the order was paid. The policy was not confirmed; {clause}.",
        )
    return None


def _is_paid_for(order: OrderState, offer: Offer, premium: Decimal) -> bool:
    """Whether the one line costs what was agreed, or more: what is too much is given back."""
    if len(order.cover_lines) != 1:
        return False
    (line,) = order.cover_lines
    if not line.carries(offer.pk, line.unit_price):
        return False
    is_absorbing = offer.line_price is not None and offer.line_price != premium
    if is_absorbing and offer.cost is not None:
        return offer.cost >= premium - offer.absorbed
    agreed = premium if offer.line_price is None else offer.line_price
    return (line.unit_price or Decimal(0)) >= agreed


def _place(order: OrderState, offers: Sequence[Offer], now: datetime) -> Cover:
    marked = offer = shared_yes.marked_offer(order, offers)
    bought_already = _bought_already(order, offer)
    defect = bought_already or defect_of(order, offer, now)
    if bought_already:
        offer = None  # it belongs to the other order's cover
    if defect is None and offer is not None and offer.status != OfferStatus.SELECTED:
        defect = Defect(
            "offer_ended",
            "The checkout changed after the shopper accepted the offer, and the protection line "
            "stayed because a payment had begun. The policy was not confirmed; "
            f"{money_clause(order, _cost_of_cover(order, offer), 'the protection')}.",
        )
    paid = _cost_of_cover(order, offer)
    premium = paid if defect or offer is None else chosen_premium(offer)
    overcharged = max(paid - premium, Decimal(0))
    cover = Cover.objects.create(
        order_id=order.id,
        order_number=order.number,
        channel_id=order.channel_id,
        offer=offer,
        status=(CoverStatus.PARKED if defect else CoverStatus.PLACED).value,
        premium=premium,
        currency=order.currency,
        reason_code=defect.code if defect else "",
        reason=defect.sentence if defect else "",
        amount_due_back=charged_of(order, paid if defect else overcharged),
        absorbed=_absorbed(offer, paid) if offer and not defect else Decimal(0),
        created_at=now,
        updated_at=now,
    )
    if defect:
        telemetry.count(telemetry.POLICIES, event="parked")
        log.error("xcover.cover.parked", extra={"order": order.number, "code": defect.code})
        notes.add(order.id, defect.sentence)
    elif overcharged:
        log.error("xcover.cover.overcharged", extra={"order": order.number})
        due = Money(overcharged, order.currency)
        notes.add(
            order.id,
            f"The ticket protection costs the buyer {due} more than the premium of "
            f"{cover.premium_money}. The policy is confirmed as usual; "
            f"{'refund' if cover.amount_due_back else 'charge that much less, or refund'} {due}.",
        )
    if marked is not None and marked.effect:
        _tell_effect(cover, marked, Effect.from_json(marked.effect))
    return cover


def _tell_effect(cover: Cover, offer: Offer, effect: Effect) -> None:
    """Tell staff what the cover changed in an order that could not be repriced any more."""
    log.warning("xcover.cover.not_exact", extra={"order": cover.order_number, "code": effect.code})
    premium = Money(chosen_premium(offer), offer.currency)
    is_sold = cover.status != CoverStatus.PARKED
    if sentence := effect.sentence(premium, is_sold=is_sold):
        notes.add(cover.order_id, sentence)


def _bought_already(order: OrderState, offer: Offer | None) -> Defect | None:
    """Return the defect of an order whose offer another order of its checkout holds, or None."""
    holder = shared_yes.holder_of(offer, order)
    return None if holder is None else Defect(BOUGHT_ALREADY, shared_yes.sentence_of(holder, order))


def _cost_of_cover(order: OrderState, offer: Offer | None) -> Decimal:
    """What the buyer paid for the cover: its lines, or what was noted when money had begun.

    A line above the premium is too much, whatever was noted. A premium that made a discount reach
    the order may cost less than nothing: then nothing is due.
    """
    paid = order.cover_price
    if offer is None or offer.cost is None or not order.cover_lines:
        return paid
    return max(offer.cost, paid if paid > chosen_premium(offer) else Decimal(0))


def _absorbed(offer: Offer, paid: Decimal) -> Decimal:
    """What the store pays beyond what the buyer paid for the cover."""
    return min(offer.absorbed, max(chosen_premium(offer) - paid, Decimal(0)))


def _advance(cover: Cover, order: OrderState, offers: Sequence[Offer], now: datetime) -> None:
    is_revived = order.is_paid_in_full and order.charged > 0 and order.cover_lines
    if cover.status == CoverStatus.VOID and is_revived:
        cover.become(CoverStatus.PLACED, now, reason="", reason_code="")  # a refund taken back
    offer = shared_yes.marked_offer(order, offers)
    due = _due(cover, order)
    if offer is not None and due > 0 and shared_yes.is_free_for(cover, order, offer):
        _take_over(cover, order, offer, now)
    elif due > cover.amount_due_back:
        _owe(cover, due, now)
    if cover.status == CoverStatus.PLACED:
        _advance_placed(cover, order, offers, now)
    elif cover.status == CoverStatus.PARKED:
        is_void = order.is_over and order.charged <= 0
        if is_void and cover.reason_code in NOTHING_BOUGHT:
            cover.become(CoverStatus.VOID, now, amount_due_back=Decimal(0))
            outbox.drop_parked(("confirm",), cover.pk, _VOID, now)
    elif cover.status == CoverStatus.CONFIRMED:
        if not order.cover_lines:
            _tell_of_policy_without_line(cover, now)
        judge_refunds.judge(cover, order, now)
        if cover.status == CoverStatus.CONFIRMED:
            watch_policyholder.watch(cover, order, now)
    elif cover.status == CoverStatus.CANCELLED:
        judge_refunds.look_back(cover, order, now)
        watch_policyholder.end_with_policy(cover, now)


def _due(cover: Cover, order: OrderState) -> Decimal:
    """Return what is due back now: more may have been charged since it was written down.

    Once anything went back, what is left is a matter of what it was for (``settle_due``).
    """
    known: Decimal = cover.amount_due_back
    is_parked = cover.status == CoverStatus.PARKED and cover.reason_code in _INSURES_NOTHING
    if order.refunded or not (is_parked or cover.status == CoverStatus.PLACED):
        return known
    cost = _cost_of_cover(order, cover.offer)
    part = cost if is_parked else max(cost - cover.premium, Decimal(0))
    return max(known, charged_of(order, part))


_INSURES_NOTHING = frozenset(
    {
        NOT_OFFERED,
        BOUGHT_ALREADY,
        "line_changed",
        "tickets_changed",
        "country_changed",
        "event_cancelled",
        "event_started",
        "offer_ended",
    }
)
"""Reasons with which all that was paid for the cover is due back."""


def _owe(cover: Cover, due: Decimal, now: datetime) -> None:
    more = Money(due - cover.amount_due_back, cover.currency)
    cover.write(now, amount_due_back=due)
    notes.add(
        cover.order_id,
        f"{more} was charged for the ticket protection meanwhile, and is due back: refund "
        f"{Money(due, cover.currency)}.",
    )


def _take_over(cover: Cover, order: OrderState, offer: Offer, now: datetime) -> None:
    """Insure a paid order with the yes that another order of its checkout got and did not pay."""
    left_id = shared_yes.let_go(offer, order, now)
    if left_id is not None:
        metadata.write_order_summary(left_id, summary("withdrawn", code=BOUGHT_ALREADY))
    paid, premium = _cost_of_cover(order, offer), chosen_premium(offer)
    cover.become(
        CoverStatus.PLACED,
        now,
        offer=offer,
        premium=premium,
        absorbed=_absorbed(offer, paid),
        reason="",
        reason_code="",
        amount_due_back=max(paid - premium, Decimal(0)),
        refunded_when_due=None,
    )
    notes.add(
        order.id,
        "The other order of the same checkout was not paid, and this one is: it is insured after "
        "all. Do not refund the ticket protection.",
    )


def _advance_placed(
    cover: Cover, order: OrderState, offers: Sequence[Offer], now: datetime
) -> None:
    if order.is_over:
        cover.become(CoverStatus.VOID, now, reason_code="not_paid", reason=_VOID)
        if cover.offer is not None and may_become(cover.offer.state, OfferStatus.ABANDONED):
            cover.offer.become(OfferStatus.ABANDONED, now)
        return
    if not order.cover_lines:
        _end_without_line(cover, order, offers, now)
        return
    defect = None
    if order.is_paid_in_full:
        other = None if cover.offer else shared_yes.marked_offer(order, offers)
        defect = _bought_already(order, other) or defect_of(order, cover.offer, now)
    elif order.is_refunded_in_part and order.charged + order.refunded >= order.total:
        defect = Defect(
            "refunded_in_part",
            "Part of the order was refunded before the policy was confirmed, so it was not. "
            f"Refund the premium of {cover.premium_money} too, or take the refund back.",
        )
    else:
        return
    if defect is not None:
        due_back = _cost_of_cover(order, cover.offer)
        park_cover(cover, defect.code, defect.sentence, now, due_back=due_back)
        return
    cover.become(CoverStatus.CONFIRMING, now, paid_at=now)
    append(
        "confirm",
        f"{order.id}:{cover.offer_id}",
        subject_id=cover.pk,
        channel_id=cover.channel_id,
        now=now,
    )


def _end_without_line(
    cover: Cover, order: OrderState, offers: Sequence[Offer], now: datetime
) -> None:
    """Staff took the cover line out of an order that was not paid: that is an answer too."""
    cover.become(
        CoverStatus.VOID,
        now,
        reason_code=LINE_REMOVED,
        reason=_TAKEN_OUT,
        amount_due_back=Decimal(0),
    )
    # The cover is void by now and holds its offer no more.
    for offer in offers:
        if offer.pk == cover.offer_id and offer.status == OfferStatus.SELECTED:
            take_back(offer, now, source=LINE_REMOVED)
    opt_out.append_for(order, shared_yes.held_by_none_but(order, offers), now)
    notes.add(order.id, _TAKEN_OUT)


def _tell_of_policy_without_line(cover: Cover, now: datetime) -> None:
    """Tell staff once that they took out the line of a policy; what it costs is their decision."""
    if cover.reason_code == LINE_REMOVED:
        return
    sentence = (
        f"The ticket protection was taken out of the order, but policy {cover.booking_id} is in "
        f"force and its premium of {cover.premium_money} is owed to XCover. Keep it, or have it "
        f"cancelled: manage.py xcover_cancellation ask {cover.order_number}"
    )
    cover.write(now, reason_code=LINE_REMOVED, reason=sentence)
    notes.add(cover.order_id, sentence)


_TAKEN_OUT = (
    "The ticket protection was taken out of the order before its policy was made. Nothing is "
    "insured, and XCover is told so."
)
_VOID = "The order was cancelled, expired or fully refunded before its policy was confirmed."


def park_cover(
    cover: Cover,
    code: str,
    sentence: str,
    now: datetime,
    *,
    due_back: Decimal = Decimal(0),
    booking_id: str | None = None,
) -> None:
    """Stop and ask a person: state, log event and order note say the same."""
    changes = {"booking_id": booking_id} if booking_id else {}
    cover.become(
        CoverStatus.PARKED,
        now,
        reason_code=code,
        reason=sentence,
        amount_due_back=due_back,
        **changes,
    )
    telemetry.count(telemetry.POLICIES, event="parked")
    log.error("xcover.cover.parked", extra={"order": cover.order_number, "code": code})
    notes.add(cover.order_id, sentence)
