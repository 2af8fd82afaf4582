"""Operations that modify a booking, preview a modification and confirm a preview."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from .booking_responses import amounts, booking_response
from .bookings import booking_of
from .jsontext import Json
from .offers import price, price_drift, problem_with
from .operation import Incoming, OperationResponse
from .payloads import REQUIRED, EventChangesIn, PolicyholderIn, by_field, read, read_policyholder
from .refusals import business_rule, field_errors, not_found, unexpected_fields
from .store import CANCELLED, BookedQuote, Booking, Store, Update


def modify(store: Store, incoming: Incoming) -> OperationResponse:
    """Change a booking at once.

    Source:
    https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets/modify-booking
    """
    booking = booking_of(store, incoming)
    changed = _changed(store, booking, incoming.body, price_drift(incoming))
    return OperationResponse(200, _apply(store, booking, changed), ("BOOKING_UPDATED", booking.id))


def preview_modification(store: Store, incoming: Incoming) -> OperationResponse:
    """Return the price difference of a change without applying it (recorded)."""
    booking = booking_of(store, incoming)
    changed = _changed(store, booking, incoming.body, price_drift(incoming))
    update = Update(
        store.ids.update(), booking.id, incoming.body, store.now(), _difference(booking, changed)
    )
    store.updates[update.id] = update
    return OperationResponse(200, {**_answer(store, booking, changed), "update_id": update.id})


def confirm_modification(store: Store, incoming: Incoming) -> OperationResponse:
    """Apply a previewed change and return 201 (recorded).

    An unknown preview is refused with 404, one already applied with 422 (inferred).
    """
    booking = booking_of(store, incoming)
    update = store.updates.get(incoming.path["update_id"])
    if update is None or update.booking_id != booking.id:
        raise not_found("Update does not exist")
    if errors := unexpected_fields(incoming.body, set()):
        raise field_errors(errors)
    if update.applied_at:
        raise business_rule(f"Update {update.id} was already confirmed")
    changed = _changed(store, booking, update.body, price_drift(incoming))
    update.applied_at = store.now()
    return OperationResponse(201, _apply(store, booking, changed), ("BOOKING_UPDATED", booking.id))


def _changed(store: Store, booking: Booking, body: Json, drift: Decimal) -> Booking:
    """Return a changed copy of ``booking``; raise a refusal if the change is not allowed.

    ``drift`` is the amount that the price drift fault adds to the first quote's price, in the
    booking's currency.
    """
    if errors := unexpected_fields(body, {"policyholder", "quotes"}):
        raise field_errors(errors)
    if booking.status == CANCELLED:
        raise business_rule(f"Update not allowed for QuotePackage in status {CANCELLED}")
    if not body:
        raise field_errors({"non_field_errors": ["Nothing to update"]})
    quotes = [replace(quote, updated_at=store.now()) for quote in booking.quotes]
    changed = replace(booking, quotes=quotes, updated_at=store.now())
    if "policyholder" in body:
        changed.policyholder = _policyholder(store, booking, body["policyholder"])
    if "quotes" in body:
        _change_quotes(store, changed, body["quotes"])
    if drift:
        drifting = quotes[0].premium.total + drift
        quotes[0].premium = price(store, [], booking.currency, drifting)
    if _difference(booking, changed) and not store.settings.financial_modifications:
        raise business_rule("Only non-financial modifications are allowed for this policy")
    return changed


def _policyholder(store: Store, booking: Booking, fields: Any) -> Json:
    if not isinstance(fields, dict) or not fields:
        raise field_errors({"policyholder": [REQUIRED]})
    if errors := unexpected_fields(fields, set(PolicyholderIn.model_fields)):
        raise field_errors({"policyholder": errors})
    settings = store.settings
    if refused := [name for name in fields if name in settings.fields_refused_on_update]:
        sentence = "This field cannot be updated."
        raise field_errors({"policyholder": {name: [sentence] for name in refused}})
    ignored = settings.fields_ignored_on_update
    fields = {name: value for name, value in fields.items() if name not in ignored}
    return read_policyholder({**booking.policyholder, **fields}).model_dump(mode="json")


def _change_quotes(store: Store, changed: Booking, listed: Any) -> None:
    if not isinstance(listed, list) or not listed:
        raise field_errors({"quotes": [REQUIRED]})
    known = {quote.id: quote for quote in changed.quotes}
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("update_fields"), dict):
            raise field_errors({"quotes": [{"update_fields": [REQUIRED]}]})
        if errors := unexpected_fields(item, {"id", "update_fields"}):
            raise field_errors({"quotes": [errors]})
        quote = known.get(str(item.get("id")))
        if quote is None or quote.status == CANCELLED:
            raise business_rule(f"Quote {item.get('id')} can not be updated")
        _change_event(store, quote, changed.currency, _event_fields(item["update_fields"]))


def _event_fields(update_fields: Json) -> EventChangesIn:
    """Read ``tickets`` (recorded) and ``events`` with dates or tickets (documented by name).

    A quote of the simulator covers one event, so ``events`` is a list of one or the entry itself.
    """
    fields = dict(update_fields)
    events = fields.pop("events", {})
    if isinstance(events, list):
        if len(events) != 1:
            raise field_errors({"quotes": [{"events": ["exactly one event is covered"]}]})
        events = events[0]
    if not isinstance(events, dict):
        raise field_errors({"quotes": [{"events": ["must be an object"]}]})
    return read(
        EventChangesIn,
        {**events, **fields},
        lambda error: field_errors({"quotes": [{"update_fields": by_field(error)}]}),
    )


def _change_event(store: Store, quote: BookedQuote, currency: str, fields: EventChangesIn) -> None:
    start: datetime = fields.start_date or quote.event.start
    end = fields.end_date or quote.event.end
    if end is not None and end < start:
        raise business_rule("end_date lies before start_date")
    if quote.policy_start == quote.event.start:
        quote.policy_start = start
    quote.event = replace(quote.event, start=start, end=end)
    if fields.tickets is not None:
        tickets = [ticket.price for ticket in fields.tickets]
        if problem := problem_with(tickets, currency):
            raise business_rule(problem)
        quote.event = replace(quote.event, tickets=tickets)
        quote.premium = price(store, tickets, currency)


def _difference(booking: Booking, changed: Booking) -> Decimal:
    return sum(
        (
            new.premium.total - old.premium.total
            for old, new in zip(booking.quotes, changed.quotes, strict=True)
        ),
        Decimal(0),
    )


def _answer(store: Store, booking: Booking, changed: Booking) -> Json:
    """Return the changed booking with ``price_diff`` and ``total_price_diff`` (recorded)."""
    response = booking_response(store, changed)
    currency = booking.currency
    for shown, old, new in zip(response["quotes"], booking.quotes, changed.quotes, strict=True):
        shown |= amounts(currency, price_diff=new.premium.total - old.premium.total)
    return response | amounts(currency, total_price_diff=_difference(booking, changed))


def _apply(store: Store, booking: Booking, changed: Booking) -> Json:
    response = _answer(store, booking, changed)
    store.bookings[booking.id] = changed
    return response
