"""Reading bookings and sending their e-mails again."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .answers import booking_answer
from .operation import Answer, Incoming
from .refusals import business_rule, field_errors, not_found, unexpected_fields
from .store import CANCELLED, Booking, Email, Store

PAGE = 20
MAX_PAGE_LENGTH = 100


def booking_of(world: Store, incoming: Incoming) -> Booking:
    """Return the booking the path names or raise 404."""
    booking = world.bookings.get(incoming.path["booking_id"])
    if booking is None:
        raise not_found("Booking does not exist")
    return booking


def get_booking(world: Store, incoming: Incoming) -> Answer:
    """Return a booking (recorded: GET adds partner and customer_language)."""
    return Answer(200, booking_answer(world, booking_of(world, incoming), read_back=True))


def send_email(world: Store, incoming: Incoming) -> Answer:
    """Note an e-mail as sent (recorded: 202; BOOKING_CANCELLED only once cancelled).

    Other event names are unknown and refused (inferred).
    """
    booking = booking_of(world, incoming)
    if errors := unexpected_fields(incoming.body, {"event"}):
        raise field_errors(errors)
    event = incoming.body.get("event", "BOOKING_CREATED")
    if event not in ("BOOKING_CREATED", "BOOKING_CANCELLED"):
        raise field_errors({"event": [f"{event!r} is not a valid choice."]})
    if event == "BOOKING_CANCELLED" and booking.status != CANCELLED:
        raise business_rule("BOOKING_CANCELLED email can be only triggered for CANCELLED bookings.")
    world.emails.append(Email(booking.id, event, booking.policyholder["email"], world.now()))
    return Answer(202)


def list_bookings(world: Store, incoming: Incoming) -> Answer:
    """Return a page of bookings, oldest first; the links name another host, as recorded."""
    limit = _number(incoming.query, "limit", PAGE, at_least=1, at_most=MAX_PAGE_LENGTH)
    offset = _number(incoming.query, "offset", 0, at_least=0, at_most=10**9)
    bookings = list(world.bookings.values())
    previous = None if offset == 0 else _link(world, limit, max(0, offset - limit))
    following = _link(world, limit, offset + limit) if offset + limit < len(bookings) else None
    page: list[Any] = [
        booking_answer(world, booking) for booking in bookings[offset : offset + limit]
    ]
    return Answer(
        200,
        {"count": len(bookings), "next": following, "previous": previous, "results": page},
    )


def _link(world: Store, limit: int, offset: int) -> str:
    query = urlencode({"limit": limit} | ({"offset": offset} if offset else {}))
    settings = world.settings
    return f"{settings.list_host}/xcover/partners/{settings.partner_code}/bookings/?{query}"


def _number(
    query: Mapping[str, str], name: str, default: int, *, at_least: int, at_most: int
) -> int:
    text = query.get(name, "")
    if not text.isascii() or not text.isdigit():
        return default
    return min(max(int(text[:12]), at_least), at_most)
