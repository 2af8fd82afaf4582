"""Operations that create an offer and opt out of one, and the pricing they share."""

from decimal import Decimal

from pydantic import ValidationError

from .agreed import events_in, require_agreed
from .faults import Kind
from .jsontext import Json
from .offer_responses import OFFER_CONFIG_ID, offer_response, product_config_id
from .operation import Incoming, OperationResponse
from .payloads import CustomerIn, EventIn, by_field, in_words, read
from .pricing import Premium, digits, premium_for
from .product_rules import rules_for
from .refusals import Refusal, field_errors, generation_failed, not_found, unexpected_fields
from .store import Event, Offer, OptOut, Product, Store

UNKNOWN_OFFER = "Quote package does not exist"
"""Message of the 404 for an unknown offer id (captured)."""


def create_offer(store: Store, incoming: Incoming) -> OperationResponse:
    """Price one or two products per event, under new ids on every call.

    Raises the 422 refusal when an object is missing or invalid, when nothing is sold in the
    currency or country, and when an event cannot be insured.

    Source:
    https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets/create-offer
    """
    body, settings = incoming.body, store.settings
    missing = [name for name in ("customer", "partner", "context") if name not in body]
    if missing:
        sentences = [f"'{name}' is a required property" for name in missing]
        raise field_errors({"non_field_errors": sentences})
    wrong = {
        name: ["must be an object"]
        for name in ("customer", "partner", "context")
        if not isinstance(body[name], dict)
    }
    if wrong:
        raise field_errors(wrong)
    for name in ("customer", "partner", "context"):
        require_agreed(settings.agreed_schemas, name, body[name])
    customer = read(
        CustomerIn, body["customer"], lambda error: field_errors({"customer": by_field(error)})
    )
    if customer.currency in settings.no_offer_currencies:
        raise _no_offer(store, {"0": f"no product is sold in {customer.currency}"})
    if customer.country in settings.no_offer_countries:
        raise _no_offer(store, {"0": f"no product is sold in {customer.country}"})
    events = _events(store, body["context"], customer.currency)
    drift = price_drift(incoming)
    offer = Offer(
        id=store.ids.uuid(),
        session_id=store.ids.uuid(),
        schema=str(body.get("schema") or "simulated-events"),
        currency=customer.currency,
        language=customer.language,
        created_at=store.now(),
        products=[
            Product(
                store.ids.uuid(),
                product_config_id(index * 2 + plan - 1),
                event,
                price(store, event.tickets, customer.currency, drift, plan=plan),
                plan,
            )
            for index, event in enumerate(events)
            for plan in ((1,) if settings.plan_for(event.name) == "one" else (1, 2))
        ],
    )
    offer.rules = rules_for(settings, offer.products)
    store.offers[offer.id] = offer
    return OperationResponse(200, offer_response(settings, offer, incoming.query))


def opt_out(store: Store, incoming: Incoming) -> OperationResponse:
    """Record that an offer was declined, and return 204.

    A confirmed offer also gets 204 (captured) and is not changed (inferred). An opt-out can be
    repeated, and the offer can still be confirmed afterwards (inferred).

    Source:
    https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets/opt-out-offer
    """
    offer = store.offers.get(incoming.path["offer_id"])
    if offer is None:
        raise not_found(UNKNOWN_OFFER)
    if errors := unexpected_fields(incoming.body, {"partner_metadata"}):
        raise field_errors(errors)
    if earlier := store.opt_outs.get(offer.id):
        earlier.times += 1
    elif offer.booking_id is None:
        store.opt_outs[offer.id] = OptOut(offer.id, store.now())
    return OperationResponse(204)


def price(
    store: Store,
    tickets: list[Decimal],
    currency: str,
    extra: Decimal = Decimal(0),
    *,
    plan: int = 1,
) -> Premium:
    """Return the premium for ``tickets`` under the current settings.

    ``tickets`` and ``extra`` are amounts in ``currency``; ``extra`` is added to the price, tax
    included. ``plan`` 2 is the dearer second product of an event.
    """
    settings = store.settings
    times = settings.second_price if plan == 2 else 1
    return premium_for(
        tickets,
        currency,
        rate=settings.rate * times,
        tax_rate=settings.tax_rate,
        commission_rate=settings.commission_rate,
        extra=extra,
    )


def problem_with(tickets: list[Decimal], currency: str) -> str | None:
    """Return the reason why tickets at these prices cannot be insured, or None (inferred)."""
    if sum(tickets, Decimal(0)) <= 0:
        return "the tickets have no price"
    if any(ticket != round(ticket, digits(currency)) for ticket in tickets):
        return f"a ticket price has more decimals than {currency}"
    return None


def _events(store: Store, context: Json, currency: str) -> list[Event]:
    is_agreed = "context" in store.settings.agreed_schemas
    listed = events_in(context) if is_agreed else context.get("events")
    if not isinstance(listed, list) or not listed:
        raise _no_offer(store, {"0": "context.events must list at least one event"})
    events: list[Event] = []
    problems: dict[str, str] = {}
    for index, item in enumerate(listed):
        try:
            known = EventIn.model_validate(item)
        except ValidationError as error:
            problems[str(index)] = in_words(error)
            continue
        tickets = [ticket.price for ticket in known.tickets]
        if problem := problem_with(tickets, currency):
            problems[str(index)] = problem
        events.append(
            Event(
                name=known.name,
                start=known.start_date,
                end=known.end_date,
                venue=known.venue,
                city=known.city,
                country=known.country,
                tickets=tickets,
            )
        )
    if problems:
        raise _no_offer(store, problems)
    return events


def _no_offer(store: Store, reasons: dict[str, str]) -> Refusal:
    error_id = store.ids.uuid()
    return generation_failed(reasons, error_id=error_id, offer_config_id=OFFER_CONFIG_ID)


def price_drift(incoming: Incoming) -> Decimal:
    """Return the amount that the price drift fault adds; it grows with every struck call.

    The amount is in the currency of the offer or booking; zero without that fault.
    """
    fault = incoming.fault
    if fault is None or fault.kind is not Kind.PRICE_DRIFT:
        return Decimal(0)
    return fault.order.amount * fault.hits
