"""Take the shopper's answer: a yes adds the cover line, a no removes it; both leave evidence."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..config.settings import PluginSettings
from ..domain.answer_sequence import AnswerTurn
from ..domain.line_tax import NOT_REPRESENTABLE
from ..domain.money import Money
from ..domain.product_rules import check_selection
from ..domain.reasons import ReasonCode
from ..domain.states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus
from ..errors import Code, Refusal
from ..host import (
    announced_payments,
    checkouts,
    cover_line,
    cover_product,
    orders,
    tax_apps,
    telemetry,
)
from ..host.values import CheckoutSnapshot
from ..models import Consent, Cover, Offer, Quote
from . import taxed_line
from .answer_sequence import in_turn
from .line_pricing import Price, put_exactly
from .offers import (
    chosen_premium,
    clear_lines,
    groups_of,
    insures_nothing,
    is_fresh,
    live_offer,
    price_to_enter,
    put_summary_right,
    refuse_while_waiting,
    summarise,
    summarise_yes,
    take_notice,
)
from .quoting import quotable, require_insured_persons, require_offers_on
from .withholding import is_objection, note_trial


@tax_apps.called()
def accept(
    token: uuid.UUID,
    channel_id: int,
    settings: PluginSettings,
    *,
    quote_ids: Sequence[str],
    content_hash: str,
    now: datetime,
    turn: AnswerTurn | None = None,
    source: str = "storefront",
) -> Offer:
    """Record a yes and add one line at the exact premium of the chosen quotes to the checkout.

    ``quote_ids`` are XCover's ids, ``content_hash`` is the hash of the content that was shown, and
    ``source`` is stored as evidence. Nothing changes if the checkout has this very choice already,
    or if the ``turn`` is late: its page has answered later. The offer is returned then as well.

    Raise ``Refusal`` when the offer cannot be accepted: it has expired or changed, the choice
    breaks the product rules, data of the policyholder are missing, no price of the line fits, or
    payment has begun. Nothing changes then but the turn of the page; with ``OFFER_STALE`` an offer
    whose yes an order holds is ended as well.
    """

    def say_yes(checkout: Any) -> Offer:
        state = _readable(checkout, token, channel_id, settings)
        offer = _answerable(state, settings, now)
        require_offers_on(offer, settings)
        if content_hash != offer.content_hash:
            raise Refusal(Code.TERMS_CHANGED)
        chosen = _chosen(offer, quote_ids)
        _check_policyholder(state, offer)
        require_insured_persons(state, settings, now)
        premium = sum((quote.premium for quote in chosen), Decimal(0))
        if _is_placed(offer, state, chosen):
            put_summary_right(token)
            return offer
        if is_held_by_order(offer):
            raise Refusal(Code.OFFER_STALE)
        clear_lines(checkout)
        price, line_tax = _put_line(checkout, offer, state, chosen, settings)
        cover_line.recalculate(checkout)  # Saleor must price the checkout again with the line
        announced_payments.follow_total(checkout)
        chosen_ids = [quote.pk for quote in chosen]
        offer.quotes.update(is_chosen=False)
        offer.quotes.filter(pk__in=chosen_ids).update(is_chosen=True)
        if offer.status != OfferStatus.SELECTED:
            offer.transition_to(OfferStatus.SELECTED, now, shown_at=offer.shown_at or now)
        offer.save_fields(
            now,
            line_price=price.line,
            absorbed=price.absorbed,
            line_tax=line_tax,
            cost=None,
            effect=None,
            reason_code="",
            tried_at=now,
            tried_change=checkout.last_change,
        )
        _record(offer, "accepted", [q.quote_id for q in chosen], premium, now, source)
        summarise_yes(offer)
        return offer

    def take_in_refusal(refusal: Refusal) -> None:
        """Keep the offer from being shown again, where the refusal tells that it cannot be sold.

        One whose yes an order holds is ended, so that a new offer can take other quotes.
        """
        if refusal.code == Code.OFFER_STALE:
            _end_held_yes(token, now)
        if is_objection(refusal.code):
            _withhold(token, refusal.code, now)

    return in_turn(
        token,
        turn,
        say_yes,
        insures=True,
        present=lambda: _present(token, channel_id),
        now=now,
        refused=take_in_refusal,
    )


def _put_line(
    checkout: Any,
    offer: Offer,
    state: CheckoutSnapshot,
    chosen: Sequence[Quote],
    settings: PluginSettings,
) -> tuple[Price, Mapping[str, Any] | None]:
    """Insert the cover line; return its price, and what ``Offer.line_tax`` stores of its tax."""
    premium = Money(sum((quote.premium for quote in chosen), Decimal(0)), offer.currency)
    if is_tax_wanted := taxed_line.is_wanted(settings, chosen):
        if (tax := taxed_line.put(checkout, offer, chosen)) is not None:
            return Price(premium.amount, Decimal(0)), tax.as_json()
        if settings.tax_on_line_only:
            raise Refusal(Code.TAX_NOT_REPRESENTABLE)
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    if variant_id is None:
        raise Refusal(Code.NOT_SET_UP)
    price = put_exactly(
        checkout,
        offer_id=offer.pk,
        variant_id=variant_id,
        premium=premium,
        may_absorb=settings.rules.may_absorb,
        is_taxed_by_app=state.facts.is_taxed_by_app,
    )
    return price, NOT_REPRESENTABLE if is_tax_wanted else None


def decline(
    token: uuid.UUID,
    channel_id: int,
    settings: PluginSettings,
    *,
    now: datetime,
    turn: AnswerTurn | None = None,
    source: str = "storefront",
) -> Offer:
    """Record a no, and remove the line of an earlier yes.

    If an app made an order and kept its checkout, the order keeps its yes: the no is for later
    orders of the checkout (docs/adr/0017-after-the-payment-began.md). Nothing changes if the
    ``turn`` is late. Raise ``Refusal`` when there is no offer to decline, or when a yes is being
    paid; with ``OFFER_STALE``, a yes that a change had ended is not carried over to the next offer.
    """

    def say_no(checkout: Any) -> Offer:
        _readable(checkout, token, channel_id, settings)
        offer = live_offer(token, lock=True)
        if offer is None and (left := _left_to_order(token)) is not None:
            return left
        if offer is None or offer.status in (OfferStatus.REQUESTED, OfferStatus.UNAVAILABLE):
            raise Refusal(Code.OFFER_STALE)
        if offer.status == OfferStatus.DECLINED:
            put_summary_right(token)
            return offer
        if offer.status == OfferStatus.SELECTED and checkouts.has_money(token):
            raise Refusal(Code.PAYMENT_STARTED)
        clear_lines(checkout)
        if offer.status == OfferStatus.SELECTED:
            announced_payments.follow_total(checkout)
        if was_held := is_held_by_order(offer):
            offer.transition_to(OfferStatus.SUPERSEDED, now)
        else:
            offer.quotes.update(is_chosen=False)
            offer.transition_to(OfferStatus.DECLINED, now, shown_at=offer.shown_at or now)
        _record(offer, "declined", [], Decimal(0), now, AFTER_ORDER if was_held else source)
        summarise(token, "declined")
        return _as_declined(offer) if was_held else offer

    def end_what_would_be_kept(refusal: Refusal) -> None:
        """Keep a yes that a change had ended from being carried over to the next offer."""
        if refusal.code == Code.OFFER_STALE:
            take_notice(token)

    return in_turn(
        token,
        turn,
        say_no,
        insures=False,
        present=lambda: _present(token, channel_id),
        now=now,
        refused=end_what_would_be_kept,
    )


def _withhold(token: uuid.UUID, objection: Code, now: datetime) -> None:
    """Withhold an unanswered offer, as a trial would do."""
    with checkouts.locked(token) as checkout:
        offer = live_offer(token, lock=True)
        if checkout is not None and offer is not None and offer.status == OfferStatus.AVAILABLE:
            note_trial(offer, objection, checkout.last_change, now)


def _end_held_yes(token: uuid.UUID, now: datetime) -> None:
    """End the live offer of a checkout whose order holds the yes, so that a new one is requested.

    The yes is carried over to the next offer if its terms are the same.
    """
    with checkouts.locked(token) as checkout:
        offer = live_offer(token, lock=True)
        if checkout is None or offer is None or checkouts.has_money(token):
            return
        if offer.status == OfferStatus.SELECTED and is_held_by_order(offer):
            end_offer(checkout, offer, OfferStatus.SUPERSEDED, now, reason=Code.OFFER_STALE)


AFTER_ORDER = "after_order"
"""Source of a no in a checkout whose order holds the yes."""


def _as_declined(offer: Offer) -> Offer:
    """Return a copy of an offer, declined as its checkout has it; it must not be saved.

    The stored offer belongs to the order that holds its yes.
    """
    told: Offer = Offer.objects.prefetch_related("quotes").get(pk=offer.pk)
    told.status = OfferStatus.DECLINED.value
    for quote in told.quotes.all():
        quote.is_chosen = False
    return told


def _left_to_order(token: uuid.UUID) -> Offer | None:
    """Return the checkout's last offer, if it was declined while an order holds its yes.

    Return None for any other last offer.
    """
    offer = Offer.objects.filter(checkout_token=token).order_by("-pk").first()
    if offer is None or offer.status != OfferStatus.SUPERSEDED:
        return None
    last = offer.consents.last()
    return _as_declined(offer) if last is not None and last.source == AFTER_ORDER else None


def _present(token: uuid.UUID, channel_id: int) -> Offer:
    """Return the offer to show after a late answer. Raise ``Refusal`` if there is none."""
    if live_offer(token) is None:
        left = _left_to_order(token)
        if left is None or left.channel_id != channel_id:
            raise Refusal(Code.OFFER_STALE)
        return left
    return _visible(token, channel_id)


def _visible(token: uuid.UUID, channel_id: int) -> Offer:
    """Return the live offer if a storefront may show it. Raise ``Refusal`` if not."""
    offer = live_offer(token)
    if offer is None:
        raise Refusal(Code.OFFER_STALE)
    if offer.channel_id != channel_id:
        raise Refusal(Code.CHECKOUT_IN_OTHER_CHANNEL)
    if offer.status not in _SHOWN:
        raise Refusal(Code.OFFER_STALE)
    if insures_nothing(offer):
        raise Refusal(Code.NOT_INSURED)
    return offer


def show(offer: Offer, *, now: datetime) -> Offer:
    """Return the live offer, which ``ensure_offer`` has just found or made, and count it as shown.

    Raise ``Refusal`` if another process has ended it since.
    """
    is_first = offer.shown_at is None and offer.status in _SHOWN and not insures_nothing(offer)
    same = Offer.objects.filter(
        pk=offer.pk, status=offer.status, reason_code=offer.reason_code, shown_at=None
    )
    if is_first and same.update(shown_at=now, updated_at=now):
        offer.shown_at = now
        return offer
    return _counted(_visible(offer.checkout_token, offer.channel_id), now)


_SHOWN = (OfferStatus.AVAILABLE, OfferStatus.SELECTED, OfferStatus.DECLINED)
"""Statuses of offers that a storefront may show."""


def report_shown(
    token: uuid.UUID, channel_id: int, settings: PluginSettings, *, now: datetime
) -> Offer:
    """Count the live offer as shown because a storefront says so, and return it.

    It counts as long as it holds, also once payment has begun: the shopper may have seen it before.
    Raise ``Refusal`` with the reason where it does not, as ``accept`` would, and while XCover is
    asked (``OFFER_PENDING``) or could not be asked.
    """
    state = readable(token, channel_id, settings)
    offer = live_offer(token)
    if offer is not None:
        refuse_while_waiting(offer, now)
        if insures_nothing(offer):
            raise Refusal(Code.NOT_INSURED)
    return _counted(_valid(offer, state, settings, now), now)


def _counted(offer: Offer, now: datetime) -> Offer:
    """Store when the shopper first saw an offer; XCover gets opt-outs only for those."""
    if offer.shown_at is None:
        Offer.objects.filter(pk=offer.pk, shown_at=None).update(shown_at=now, updated_at=now)
        offer.shown_at = now
    return offer


def withdraw(checkout: Any, offer: Offer, now: datetime, *, source: str, reason: str = "") -> None:
    """Withdraw a yes because the shopper deleted the line; the offer can be accepted again.

    Also updates announced payments and the summary. The caller holds the locks of checkout and
    offer. ``source`` is stored as evidence, ``reason`` in the offer.
    """
    take_back(offer, now, source=source, reason=reason)
    announced_payments.follow_total(checkout)
    summarise(offer.checkout_token, "withdrawn")


def take_back(offer: Offer, now: datetime, *, source: str, reason: str = "") -> None:
    """Withdraw a yes whose line is gone, and record it as evidence.

    The offer can be accepted again, or ends if an order holds it. The checkout may have become an
    order already. The caller holds the lock of the offer.
    """
    premium = chosen_premium(offer)
    if is_held_by_order(offer):
        offer.transition_to(OfferStatus.SUPERSEDED, now, reason_code=reason)
    else:
        offer.quotes.update(is_chosen=False)
        offer.transition_to(OfferStatus.AVAILABLE, now, reason_code=reason)
    _record(offer, "withdrawn", [], premium, now, source)


def end_offer(
    checkout: Any, offer: Offer, status: OfferStatus, now: datetime, *, reason: str
) -> None:
    """End the live offer of a locked checkout with ``status``; remove the line of a yes to it.

    The caller holds the offer's lock. A yes whose line the shopper deleted is withdrawn first, so
    that it is not carried over to a later offer. An offer that was unavailable keeps its own reason
    instead of ``reason``, because allowances and the alarm about refused offers depend on it.
    """
    if offer.status == OfferStatus.SELECTED and not _has_line(checkout, offer):
        clear_lines(checkout)
        withdraw(checkout, offer, now, source=ReasonCode.LINE_REMOVED)
        if offer.state not in LIVE_OFFER_STATUSES:
            return
    was_selected = offer.status == OfferStatus.SELECTED
    if offer.status == OfferStatus.UNAVAILABLE:
        reason = offer.reason_code
    offer.transition_to(
        status, now, reason_code=reason, leased_until=None, is_notice_due=was_selected
    )
    if was_selected:
        clear_lines(checkout)
        summarise(offer.checkout_token, "withdrawn", code=reason)


def _has_line(checkout: Any, offer: Offer) -> bool:
    return any(line.offer_id == offer.pk for line in cover_line.lines_of(checkout))


def is_held_by_order(offer: Offer) -> bool:
    """Return True if an order was made with this yes although its checkout was kept.

    The choice belongs to that order then. The order's lines are read as well as its cover, because
    there may be no cover of this offer yet: the hook was lost, or another order holds the offer.
    """
    held = Cover.objects.filter(offer=offer, status__in=[s.value for s in _HOLDING])
    return held.exists() or offer.pk in orders.offers_in_lines(offer.checkout_token)


_HOLDING = (CoverStatus.PLACED, CoverStatus.CONFIRMING, CoverStatus.PARKED)


def _readable(
    checkout: Any, token: uuid.UUID, channel_id: int, settings: PluginSettings
) -> CheckoutSnapshot:
    if checkout is None:
        raise Refusal(Code.CHECKOUT_NOT_FOUND)
    return readable(token, channel_id, settings)


def readable(token: uuid.UUID, channel_id: int, settings: PluginSettings) -> CheckoutSnapshot:
    """Read a checkout of this channel.

    Raise ``Refusal`` when it is gone (``CHECKOUT_NOT_FOUND``) or belongs to another channel
    (``CHECKOUT_IN_OTHER_CHANNEL``).
    """
    state = checkouts.read(token, settings.rules.sources)
    if state is None:
        raise Refusal(Code.CHECKOUT_NOT_FOUND)
    if state.channel_id != channel_id:
        raise Refusal(Code.CHECKOUT_IN_OTHER_CHANNEL)
    return state


def _answerable(state: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> Offer:
    """Lock and return the live offer. Raise ``Refusal`` if it may not be accepted now."""
    if checkouts.has_money(state.token):
        raise Refusal(Code.PAYMENT_STARTED)
    return _valid(live_offer(state.token, lock=True), state, settings, now)


def _valid(
    offer: Offer | None, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Return the live offer of a checkout as it was read. Raise ``Refusal`` if it does not hold.

    It holds while it can be sold, was made for this checkout and has not expired.
    """
    wanted = quotable(state, settings, now)
    answered = (OfferStatus.AVAILABLE, OfferStatus.SELECTED, OfferStatus.DECLINED)
    if offer is None or offer.status not in answered:
        raise Refusal(Code.OFFER_STALE)
    if offer.fingerprint != wanted.fingerprint:
        raise Refusal(Code.OFFER_STALE)
    if not is_fresh(offer, now):
        raise Refusal(Code.OFFER_EXPIRED)
    return offer


def _chosen(offer: Offer, quote_ids: Sequence[str]) -> list[Any]:
    """Return the quotes of a yes. Raise ``Refusal`` when the product rules forbid it."""
    wanted = set(quote_ids)
    check_selection(groups_of(offer), wanted)
    return [quote for quote in offer.quotes.all() if quote.quote_id in wanted]


def _check_policyholder(state: CheckoutSnapshot, offer: Offer) -> None:
    """Raise ``Refusal`` if data is missing that XCover needs to confirm the offer after payment."""
    missing = state.policyholder.missing_fields()
    if missing:
        raise Refusal(Code.POLICYHOLDER_INCOMPLETE, missing)
    if state.policyholder.country != offer.country:
        raise Refusal(Code.POLICYHOLDER_COUNTRY_DIFFERS)


def _is_placed(offer: Offer, state: CheckoutSnapshot, chosen: Sequence[Any]) -> bool:
    return (
        offer.status == OfferStatus.SELECTED
        and not insures_nothing(offer)
        and {q.pk for q in offer.quotes.all() if q.is_chosen} == {q.pk for q in chosen}
        and len(state.cover_lines) == 1
        and state.cover_lines[0].carries(offer.pk, price_to_enter(offer))
    )


def _record(
    offer: Offer,
    answer: str,
    quote_ids: list[str],
    premium: Decimal,
    now: datetime,
    source: str,
) -> None:
    take_notice(offer.checkout_token)  # a shopper who answers has seen the offer
    telemetry.count(telemetry.ANSWERS, answer=answer)
    Consent.objects.create(
        offer=offer,
        answer=answer,
        quote_ids=quote_ids,
        premium=premium,
        currency=offer.currency,
        language=offer.language,
        content_hash=offer.content_hash,
        content=offer.content,
        source=source,
        created_at=now,
    )
