"""Operations that cancel a booking, preview a cancellation and confirm a preview."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from .booking_responses import (
    amounts,
    coi,
    commission,
    live_total,
    partner,
    pds_url,
    policy,
    policyholder,
    stamp,
)
from .bookings import booking_of
from .jsontext import Json
from .operation import Incoming, OperationResponse
from .payloads import REQUIRED
from .pricing import money
from .refunds import cooling_off_ends, refund_for
from .refusals import business_rule, field_errors, not_found, unexpected_fields
from .store import CANCELLED, CONFIRMED, BookedQuote, Booking, Cancellation, Email, Store

CONFIRM_WITHIN = timedelta(hours=24)
"""Time between a preview and its ``confirm_before`` (recorded and captured)."""
NOT_ALLOWED = f"Status change not allowed for QuotePackage in status {CANCELLED}"
"""Message of the 422 for a booking that is already cancelled (captured)."""


def cancel(store: Store, incoming: Incoming) -> OperationResponse:
    """Cancel at once or, with ``preview: true``, return the refund without cancelling.

    A preview carries status CANCELLED although nothing was cancelled (recorded); a client tells
    it by its non-null ``cancellation_id``. The reason belongs inside ``quotes[]``. At top level
    it is refused as an unexpected field (captured), against
    https://partner-docs.covergenius.com/offers/guides/purchase-workflow-overview/cancel-booking
    """
    booking = booking_of(store, incoming)
    body = incoming.body
    errors = unexpected_fields(body, {"preview", "quotes", "refund_required"})
    errors |= {
        name: ["Must be a valid boolean."]
        for name in ("preview", "refund_required")
        if not isinstance(body.get(name, False), bool)
    }
    if errors:
        raise field_errors(errors)
    if booking.status == CANCELLED:
        raise business_rule(NOT_ALLOWED)
    asked = _previewed(store, booking, _reasons(booking, body), preview=body.get("preview", False))
    store.cancellations[asked.id] = asked
    if asked.confirm_before is None:
        return _carry_out(store, booking, asked)
    return OperationResponse(200, _answer(store, booking, asked))


def confirm_cancellation(store: Store, incoming: Incoming) -> OperationResponse:
    """Carry out a previewed cancellation.

    An unknown preview is refused with 404, an expired or used one with 422 (inferred).
    """
    booking = booking_of(store, incoming)
    asked = store.cancellations.get(incoming.path["cancellation_id"])
    if asked is None or asked.booking_id != booking.id or asked.confirm_before is None:
        raise not_found("Cancellation does not exist")
    if errors := unexpected_fields(incoming.body, set()):
        raise field_errors(errors)
    if booking.status == CANCELLED:
        raise business_rule(NOT_ALLOWED)
    if asked.done_at or any(
        quote.id in asked.refunds and quote.status == CANCELLED for quote in booking.quotes
    ):
        raise business_rule(f"Cancellation {asked.id} was already confirmed")
    if store.now() > asked.confirm_before:
        raise business_rule(f"Cancellation {asked.id} has expired")
    return _carry_out(store, booking, asked)


def _reasons(booking: Booking, body: Json) -> dict[str, str]:
    """Return the reason for each quote to cancel, by quote id.

    Without ``quotes`` in the body, every confirmed quote is cancelled without a reason.
    """
    if "quotes" not in body:
        return {quote.id: "" for quote in booking.quotes if quote.status == CONFIRMED}
    listed = body["quotes"]
    if not isinstance(listed, list) or not listed:
        raise field_errors({"quotes": [REQUIRED]})
    known = {quote.id: quote for quote in booking.quotes}
    reasons: dict[str, str] = {}
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise field_errors({"quotes": [{"id": [REQUIRED]}]})
        if errors := unexpected_fields(item, {"id", "reason_for_cancellation"}):
            raise field_errors({"quotes": [errors]})
        quote = known.get(item["id"])
        if quote is None:
            raise business_rule(f"Quote {item['id']} does not exist in booking {booking.id}")
        if quote.status == CANCELLED:
            raise business_rule(f"Status change not allowed for Quote in status {CANCELLED}")
        reasons[quote.id] = str(item.get("reason_for_cancellation") or "")
    return reasons


def _previewed(
    store: Store, booking: Booking, reasons: dict[str, str], *, preview: bool
) -> Cancellation:
    now = store.now()
    chosen = [quote for quote in booking.quotes if quote.id in reasons]
    refunds: dict[str, Decimal] = {}
    for quote in chosen:
        refund = refund_for(store.settings, quote, now)
        if refund is None:
            raise business_rule("Policy can not be cancelled after the cooling-off period")
        refunds[quote.id] = refund
    # 24 hours are recorded. One recording of 2020 has the earlier policy start instead; that
    # the earlier of the two is the rule is inferred.
    starts = [quote.policy_start for quote in chosen if quote.policy_start > now]
    confirm_before = min([now + CONFIRM_WITHIN, *starts]) if preview else None
    return Cancellation(store.ids.cancellation(), booking.id, refunds, reasons, now, confirm_before)


def _carry_out(store: Store, booking: Booking, asked: Cancellation) -> OperationResponse:
    now = store.now()
    asked.done_at = booking.updated_at = now
    for quote in booking.quotes:
        if quote.id in asked.refunds:
            quote.status = CANCELLED
            # The time of the preview, not of its confirmation (recorded).
            quote.cancelled_at = quote.cancelled_from = asked.asked_at
            quote.reason = asked.reasons[quote.id]
            quote.updated_at = now
    store.emails.append(Email(booking.id, "BOOKING_CANCELLED", booking.policyholder["email"], now))
    body = _answer(store, booking, asked)
    return OperationResponse(200, body, ("BOOKING_CANCELLED", booking.id))


def _answer(store: Store, booking: Booking, asked: Cancellation) -> Json:
    """Return the body for a preview or a cancellation; both describe a cancelled booking."""
    currency = booking.currency
    preview = asked.done_at is None
    chosen = [quote for quote in booking.quotes if quote.id in asked.refunds]
    others_live = any(
        quote.status == CONFIRMED for quote in booking.quotes if quote.id not in asked.refunds
    )
    refund = sum(asked.refunds.values(), Decimal(0))

    def left(part: str) -> Decimal:
        going: Any = (getattr(q.premium, part) for q in chosen if q.status == CONFIRMED)
        return live_total(booking, part) - sum(going, Decimal(0))

    return {
        "id": booking.id,
        "status": CONFIRMED if others_live else CANCELLED,
        "quotes": [_quote(store, booking, quote, asked) for quote in chosen],
        "policyholder": policyholder(booking),
        "pds_url": pds_url(store.settings, booking.id),
        "coi": coi(booking),
        "created_at": stamp(booking.created_at),
        "updated_at": stamp(booking.updated_at),
        **amounts(currency, total_price=left("total")),
        **amounts(currency, total_refund=refund),
        **amounts(currency, total_tax=left("tax")),
        **amounts(currency, total_premium=left("net")),
        "currency": currency,
        "cancellation_id": asked.id if preview else None,
        "confirm_before": stamp(asked.confirm_before) if preview else None,
        "partner": partner(store.settings),
        **amounts(currency, refund_amount=refund),
        "cancellation_payout_url": None,
    }


def _quote(store: Store, booking: Booking, quote: BookedQuote, asked: Cancellation) -> Json:
    currency = booking.currency
    end = quote.event.end or quote.event.start
    return {
        "id": quote.id,
        "policy_start_date": stamp(quote.policy_start),
        "policy_end_date": stamp(end),
        "policy_cancellation_date": stamp(quote.cancelled_from),
        "policy_coolingoff_date": stamp(cooling_off_ends(store.settings, quote)),
        "status": CANCELLED,
        "price": quote.premium.total,
        "refund_value": money(asked.refunds[quote.id], currency),
        # Positive, but not deducted from refund_value (recorded).
        "adjustment_fee": quote.premium.adjustment_fee,
        "policy": policy(currency, quote.event),
        "insured": quote.insured,
        "created_at": stamp(quote.created_at),
        "confirmed_at": stamp(quote.confirmed_at),
        "updated_at": stamp(quote.updated_at),
        "cancelled_at": stamp(quote.cancelled_at),
        "cancelled_from": stamp(quote.cancelled_from),
        "commission": commission(currency, Decimal(0)),
    }
