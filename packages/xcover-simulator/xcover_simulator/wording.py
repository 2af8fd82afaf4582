"""The page a policy wording link opens: what it is about, and that it is simulated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .booking_responses import PDS_PATH
from .jsontext import Json
from .offer_responses import content_of, counted
from .pricing import Premium, formatted
from .rendering import render
from .settings import Settings
from .store import Booking, Event, Offer, Store

_POINTS = {
    "What is covered": "inclusions",
    "What you get": "benefits",
    "What is not covered": "exclusions",
}


@dataclass(frozen=True, slots=True)
class _ProductTerms:
    """Content of a page about one product: facts, and points below a heading each."""

    title: str
    facts: Sequence[tuple[str, str]]
    points: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def routes(world: Store) -> list[Route]:
    """Return the pages of the policy wording, which need no signature: shoppers open them."""

    async def general(_: Request) -> Response:
        return _page("Policy wording", "Each offer and each policy has a page of its own.")

    async def wording(request: Request) -> Response:
        found = _find(world, request.path_params["item_id"])
        if found is None:
            return _page(
                "Unknown policy wording",
                "This simulator does not know the offer or policy. It forgets everything when it "
                "is started again or reset.",
                status=404,
            )
        offer, booking = found
        wanted = request.query_params.get("quote_id")
        products = list(_products(world.settings, offer, booking, wanted))
        return _page("Policy wording", _about(booking), products)

    return [
        Route(PDS_PATH, general, methods=["GET"]),
        Route(f"{PDS_PATH}/{{item_id}}", wording, methods=["GET"]),
    ]


def _find(world: Store, item_id: str) -> tuple[Offer, Booking | None] | None:
    """Return the offer of this id, or the booking of this id with the offer it was made from."""
    booking = world.bookings.get(item_id)
    offer = world.offers.get(booking.offer_id if booking else item_id)
    return (offer, booking) if offer else None


def _about(booking: Booking | None) -> str:
    if booking is None:
        return "For an offer that was not bought yet."
    return f"Policy {booking.id}, {booking.status.lower()}."


def _products(
    settings: Settings, offer: Offer, booking: Booking | None, wanted: str | None
) -> Iterable[_ProductTerms]:
    """Yield every product, or only the one that was asked for where it is known."""
    # A policy holds what was bought, with tickets as modifications have left them.
    booked = {quote.id: quote for quote in booking.quotes} if booking else None
    products = [each for each in offer.products if booked is None or each.quote_id in booked]
    chosen = [each for each in products if each.quote_id == wanted] or products
    texts = {content["id"]: content for content in content_of(settings, offer)["products"]}
    for product in chosen:
        now = booked[product.quote_id] if booked is not None else product
        yield _terms(offer.currency, texts[product.quote_id], now.event, now.premium)


def _terms(currency: str, content: Json, event: Event, premium: Premium) -> _ProductTerms:
    price, tax = (formatted(amount, currency) for amount in (premium.total, premium.tax))
    title = str(content["title"])
    facts = [
        ("Product", title),
        ("Event", _place(event)),
        ("Begins", _moment(event.start)),
        ("Tickets", in_words(event.tickets, currency)),
        ("Premium", f"{price}, of which {tax} tax"),
    ]
    told = [(heading, _points(content.get(name))) for heading, name in _POINTS.items()]
    return _ProductTerms(title, facts, [(heading, points) for heading, points in told if points])


def _points(points: object) -> list[tuple[str, str]]:
    if not isinstance(points, Mapping):
        return []
    return [(str(name), str(text)) for name, text in points.items()]


def in_words(tickets: list[Decimal], currency: str) -> str:
    """Return ``1 ticket of US$100.00`` or ``2 tickets: US$100.00 and US$80.00``."""
    prices = [formatted(price, currency) for price in tickets]
    count = counted(prices)
    if len(set(prices)) == 1:
        return f"{count} of {prices[0]}{'' if len(prices) == 1 else ' each'}"
    return f"{count}: {', '.join(prices[:-1])} and {prices[-1]}"


def _place(event: Event) -> str:
    return ", ".join(part for part in (event.name, event.venue, event.city, event.country) if part)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %B %Y, %H:%M} UTC"


def _page(
    title: str, said: str, products: Sequence[_ProductTerms] = (), status: int = 200
) -> Response:
    content = render("wording.html", title=title, said=said, products=products)
    return HTMLResponse(content, status, {"Cache-Control": "no-store"})
