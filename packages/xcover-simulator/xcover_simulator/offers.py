"""Create offer and opt out."""

from decimal import Decimal

from pydantic import ValidationError

from .faults import Kind
from .jsontext import Json
from .offer_answers import OFFER_CONFIG_ID, offer_answer, product_config_id
from .operation import Answer, Incoming
from .payloads import CustomerIn, EventIn, by_field, in_words, read
from .pricing import Premium, digits, premium_for
from .product_rules import rules_for
from .refusals import Refusal, field_errors, generation_failed, not_found, unexpected_fields
from .store import Event, Offer, OptOut, Product, Store

UNKNOWN_OFFER = "Quote package does not exist"


def create_offer(world: Store, incoming: Incoming) -> Answer:
    """Price the quotes of each event (XCover partner docs, Create offer); new ids every time."""
    body, settings = incoming.body, world.settings
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
    customer = read(
        CustomerIn, body["customer"], lambda error: field_errors({"customer": by_field(error)})
    )
    if customer.currency in settings.no_offer_currencies:
        raise _no_offer(world, {"0": f"no product is sold in {customer.currency}"})
    if customer.country in settings.no_offer_countries:
        raise _no_offer(world, {"0": f"no product is sold in {customer.country}"})
    events = _events(world, body["context"], customer.currency)
    drift = price_drift(incoming)
    offer = Offer(
        id=world.ids.uuid(),
        session_id=world.ids.uuid(),
        schema=str(body.get("schema") or "simulated-events"),
        currency=customer.currency,
        language=customer.language,
        created_at=world.now(),
        products=[
            Product(
                world.ids.uuid(),
                product_config_id(index * 2 + plan - 1),
                event,
                price(world, event.tickets, customer.currency, drift, plan=plan),
                plan,
            )
            for index, event in enumerate(events)
            for plan in ((1,) if settings.products == "one" else (1, 2))
        ],
    )
    offer.rules = rules_for(settings, [product.quote_id for product in offer.products])
    world.offers[offer.id] = offer
    return Answer(200, offer_answer(settings, offer, incoming.query))


def opt_out(world: Store, incoming: Incoming) -> Answer:
    """Record that an offer was declined (XCover partner docs, Opt out).

    After a confirmation 204 is captured too; that it changes nothing is inferred. So is
    that an offer opted out of can be repeated and even confirmed.
    """
    offer = world.offers.get(incoming.path["offer_id"])
    if offer is None:
        raise not_found(UNKNOWN_OFFER)
    if errors := unexpected_fields(incoming.body, {"partner_metadata"}):
        raise field_errors(errors)
    if earlier := world.opt_outs.get(offer.id):
        earlier.times += 1
    elif offer.booking_id is None:
        world.opt_outs[offer.id] = OptOut(offer.id, world.now())
    return Answer(204)


def price(
    world: Store,
    tickets: list[Decimal],
    currency: str,
    extra: Decimal = Decimal(0),
    *,
    plan: int = 1,
) -> Premium:
    """Price tickets at today's settings."""
    settings = world.settings
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
    """Return why these ticket prices cannot be insured, or None (inferred)."""
    if sum(tickets, Decimal(0)) <= 0:
        return "the tickets have no price"
    if any(ticket != round(ticket, digits(currency)) for ticket in tickets):
        return f"a ticket price has more decimals than {currency}"
    return None


def _events(world: Store, context: Json, currency: str) -> list[Event]:
    listed = context.get("events")
    if not isinstance(listed, list) or not listed:
        raise _no_offer(world, {"0": "context.events must list at least one event"})
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
        raise _no_offer(world, problems)
    return events


def _no_offer(world: Store, reasons: dict[str, str]) -> Refusal:
    error_id = world.ids.uuid()
    return generation_failed(reasons, error_id=error_id, offer_config_id=OFFER_CONFIG_ID)


def price_drift(incoming: Incoming) -> Decimal:
    """Return what the price drift fault adds; it grows with every call it strikes."""
    fault = incoming.fault
    if fault is None or fault.kind is not Kind.PRICE_DRIFT:
        return Decimal(0)
    return fault.order.amount * fault.hits
