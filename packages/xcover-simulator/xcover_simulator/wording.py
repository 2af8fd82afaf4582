"""The policy wording pages, which state that they are simulated."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .answers import PDS_PATH
from .jsontext import Json
from .offer_answers import content_of, counted
from .pricing import Premium, formatted
from .settings import Settings
from .store import Booking, Event, Offer, Store

_STYLE = (
    "body{font:17px/1.55 system-ui,sans-serif;margin:2rem auto;max-width:42rem;padding:0 1rem;"
    "color:#222;background:#fff}strong.simulated{display:block;border:2px solid #b00;"
    "padding:.6rem .9rem}dt{font-weight:600}dd{margin:0 0 .6rem}section{border-top:1px solid #ccc;"
    "margin-top:2rem}"
)
_SIMULATED = (
    "This page is simulated. It is no insurance contract: no insurer stands behind it and nothing "
    "is insured."
)


def routes(store: Store) -> list[Route]:
    """Return the routes of the policy wording. They need no signature: shoppers open them."""

    async def general(_: Request) -> Response:
        return _page("Policy wording", "<p>Each offer and each policy has a page of its own.</p>")

    async def wording(request: Request) -> Response:
        found = _find(store, request.path_params["item_id"])
        if found is None:
            return _page(
                "Unknown policy wording",
                "<p>This simulator does not know the offer or policy. It forgets everything when "
                "it is started again or reset.</p>",
                status=404,
            )
        offer, booking = found
        wanted = request.query_params.get("quote_id")
        parts = [_about(booking), *_sections(store.settings, offer, booking, wanted)]
        return _page("Policy wording", "".join(parts))

    return [
        Route(PDS_PATH, general, methods=["GET"]),
        Route(f"{PDS_PATH}/{{item_id}}", wording, methods=["GET"]),
    ]


def _find(store: Store, item_id: str) -> tuple[Offer, Booking | None] | None:
    """Return the offer with this id, or the booking with this id and its offer."""
    booking = store.bookings.get(item_id)
    offer = store.offers.get(booking.offer_id if booking else item_id)
    return (offer, booking) if offer else None


def _about(booking: Booking | None) -> str:
    if booking is None:
        return "<p>For an offer that was not bought yet.</p>"
    state = escape(booking.status.lower())
    return f"<p>Policy {escape(booking.id)}, {state}.</p>"


def _sections(
    settings: Settings, offer: Offer, booking: Booking | None, wanted: str | None
) -> Iterable[str]:
    """Yield a section per product, or only the ``wanted`` one if it is known."""
    # A policy shows what was bought, with the tickets as modifications have left them.
    booked = {quote.id: quote for quote in booking.quotes} if booking else None
    products = [each for each in offer.products if booked is None or each.quote_id in booked]
    chosen = [each for each in products if each.quote_id == wanted] or products
    texts = {content["id"]: content for content in content_of(settings, offer)["products"]}
    for product in chosen:
        now = booked[product.quote_id] if booked is not None else product
        yield _section(offer.currency, texts[product.quote_id], now.event, now.premium)


def _section(currency: str, content: Json, event: Event, premium: Premium) -> str:
    price, tax = (formatted(amount, currency) for amount in (premium.total, premium.tax))
    facts = {
        "Product": str(content["title"]),
        "Event": _place(event),
        "Begins": _moment(event.start),
        "Tickets": in_words(event.tickets, currency),
        "Premium": f"{price}, of which {tax} tax",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return (
        f"<section><h2>{escape(str(content['title']))}</h2><dl>{listed}</dl>"
        + _points("What is covered", content.get("inclusions"))
        + _points("What you get", content.get("benefits"))
        + _points("What is not covered", content.get("exclusions"))
        + "</section>"
    )


def _points(title: str, points: object) -> str:
    if not isinstance(points, Mapping) or not points:
        return ""
    rows = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(text))}</dd>" for name, text in points.items()
    )
    return f"<h3>{title}</h3><dl>{rows}</dl>"


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


def _page(title: str, body: str, status: int = 200) -> Response:
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title} (simulated)</title><style>{_STYLE}</style>"
    )
    told = f'<h1>{title}</h1><p><strong class="simulated">{_SIMULATED}</strong></p>'
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{told}{body}</body></html>',
        status,
        {"Cache-Control": "no-store"},
    )
