"""Modify a booking, preview a modification, apply a previewed one."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from .answers import amounts, booking_answer
from .bookings import booking_of
from .jsontext import Json
from .offers import price, price_drift, problem_with
from .operation import Answer, Incoming
from .payloads import REQUIRED, EventChangesIn, PolicyholderIn, by_field, read, read_policyholder
from .refusals import business_rule, field_errors, not_found, unexpected_fields
from .store import CANCELLED, BookedQuote, Booking, Store, Update


def modify(world: Store, incoming: Incoming) -> Answer:
    """Change a booking at once (XCover partner docs, Modify booking)."""
    booking = booking_of(world, incoming)
    changed = _changed(world, booking, incoming.body, price_drift(incoming))
    return Answer(200, _apply(world, booking, changed), ("BOOKING_UPDATED", booking.id))


def preview_modification(world: Store, incoming: Incoming) -> Answer:
    """Say what a change would cost; the booking stays as it is (recorded)."""
    booking = booking_of(world, incoming)
    changed = _changed(world, booking, incoming.body, price_drift(incoming))
    update = Update(
        world.ids.update(), booking.id, incoming.body, world.now(), _difference(booking, changed)
    )
    world.updates[update.id] = update
    return Answer(200, {**_answer(world, booking, changed), "update_id": update.id})


def confirm_modification(world: Store, incoming: Incoming) -> Answer:
    """Apply a previewed change (recorded: 201). That twice is 422 is inferred."""
    booking = booking_of(world, incoming)
    update = world.updates.get(incoming.path["update_id"])
    if update is None or update.booking_id != booking.id:
        raise not_found("Update does not exist")
    if errors := unexpected_fields(incoming.body, set()):
        raise field_errors(errors)
    if update.applied_at:
        raise business_rule(f"Update {update.id} was already confirmed")
    changed = _changed(world, booking, update.body, price_drift(incoming))
    update.applied_at = world.now()
    return Answer(201, _apply(world, booking, changed), ("BOOKING_UPDATED", booking.id))


def _changed(world: Store, booking: Booking, body: Json, drift: Decimal) -> Booking:
    """Return a changed copy of ``booking`` or raise why it cannot be changed.

    ``drift`` is what the price drift fault adds to the first quote's price.
    """
    if errors := unexpected_fields(body, {"policyholder", "quotes"}):
        raise field_errors(errors)
    if booking.status == CANCELLED:
        raise business_rule(f"Update not allowed for QuotePackage in status {CANCELLED}")
    if not body:
        raise field_errors({"non_field_errors": ["Nothing to update"]})
    quotes = [replace(quote, updated_at=world.now()) for quote in booking.quotes]
    changed = replace(booking, quotes=quotes, updated_at=world.now())
    if "policyholder" in body:
        changed.policyholder = _policyholder(world, booking, body["policyholder"])
    if "quotes" in body:
        _change_quotes(world, changed, body["quotes"])
    if drift:
        drifting = quotes[0].premium.total + drift
        quotes[0].premium = price(world, [], booking.currency, drifting)
    if _difference(booking, changed) and not world.settings.financial_modifications:
        raise business_rule("Only non-financial modifications are allowed for this policy")
    return changed


def _policyholder(world: Store, booking: Booking, fields: Any) -> Json:
    if not isinstance(fields, dict) or not fields:
        raise field_errors({"policyholder": [REQUIRED]})
    if errors := unexpected_fields(fields, set(PolicyholderIn.model_fields)):
        raise field_errors({"policyholder": errors})
    settings = world.settings
    if refused := [name for name in fields if name in settings.fields_refused_on_update]:
        sentence = "This field cannot be updated."
        raise field_errors({"policyholder": {name: [sentence] for name in refused}})
    ignored = settings.fields_ignored_on_update
    fields = {name: value for name, value in fields.items() if name not in ignored}
    return read_policyholder({**booking.policyholder, **fields}).model_dump(mode="json")


def _change_quotes(world: Store, changed: Booking, listed: Any) -> None:
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
        _change_event(world, quote, changed.currency, _event_fields(item["update_fields"]))


def _event_fields(update_fields: Json) -> EventChangesIn:
    """Read ``tickets`` (recorded) and ``events`` with dates or tickets (documented by name).

    One quote covers one event here, so ``events`` holds one entry or is that entry.
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


def _change_event(world: Store, quote: BookedQuote, currency: str, fields: EventChangesIn) -> None:
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
        quote.premium = price(world, tickets, currency)


def _difference(booking: Booking, changed: Booking) -> Decimal:
    return sum(
        (
            new.premium.total - old.premium.total
            for old, new in zip(booking.quotes, changed.quotes, strict=True)
        ),
        Decimal(0),
    )


def _answer(world: Store, booking: Booking, changed: Booking) -> Json:
    """Return the booking with `price_diff` and `total_price_diff` (recorded)."""
    answer = booking_answer(world, changed)
    currency = booking.currency
    for shown, old, new in zip(answer["quotes"], booking.quotes, changed.quotes, strict=True):
        shown |= amounts(currency, price_diff=new.premium.total - old.premium.total)
    return answer | amounts(currency, total_price_diff=_difference(booking, changed))


def _apply(world: Store, booking: Booking, changed: Booking) -> Json:
    answer = _answer(world, booking, changed)
    world.bookings[booking.id] = changed
    return answer
