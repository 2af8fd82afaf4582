"""Operations that read bookings and send their e-mails again."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .booking_responses import booking_response
from .operation import Incoming, OperationResponse
from .refusals import business_rule, field_errors, not_found, unexpected_fields
from .store import CANCELLED, Booking, Email, Store

PAGE = 20
"""Bookings per page when the request names no ``limit``."""
MAX_PAGE_LENGTH = 100
"""Largest ``limit``; larger ones are reduced to it."""


def booking_of(store: Store, incoming: Incoming) -> Booking:
    """Return the booking named in the path; raise the 404 refusal when it is unknown."""
    booking = store.bookings.get(incoming.path["booking_id"])
    if booking is None:
        raise not_found("Booking does not exist")
    return booking


def get_booking(store: Store, incoming: Incoming) -> OperationResponse:
    """Return a booking, with ``partner`` and ``customer_language`` (recorded)."""
    return OperationResponse(
        200, booking_response(store, booking_of(store, incoming), read_back=True)
    )


def send_email(store: Store, incoming: Incoming) -> OperationResponse:
    """Record an e-mail as sent and return 202 without a body (recorded).

    BOOKING_CANCELLED is refused with 422 unless the booking is cancelled (recorded). Event names
    other than BOOKING_CREATED and BOOKING_CANCELLED are refused with 422 (inferred).
    """
    booking = booking_of(store, incoming)
    if errors := unexpected_fields(incoming.body, {"event"}):
        raise field_errors(errors)
    event = incoming.body.get("event", "BOOKING_CREATED")
    if event not in ("BOOKING_CREATED", "BOOKING_CANCELLED"):
        raise field_errors({"event": [f"{event!r} is not a valid choice."]})
    if event == "BOOKING_CANCELLED" and booking.status != CANCELLED:
        raise business_rule("BOOKING_CANCELLED email can be only triggered for CANCELLED bookings.")
    store.emails.append(Email(booking.id, event, booking.policyholder["email"], store.now()))
    return OperationResponse(202)


def list_bookings(store: Store, incoming: Incoming) -> OperationResponse:
    """Return a page of bookings, oldest first.

    ``next`` and ``previous`` name another host than the one called (recorded).
    """
    limit = _number(incoming.query, "limit", PAGE, at_least=1, at_most=MAX_PAGE_LENGTH)
    offset = _number(incoming.query, "offset", 0, at_least=0, at_most=10**9)
    bookings = list(store.bookings.values())
    previous = None if offset == 0 else _link(store, limit, max(0, offset - limit))
    following = _link(store, limit, offset + limit) if offset + limit < len(bookings) else None
    page: list[Any] = [
        booking_response(store, booking) for booking in bookings[offset : offset + limit]
    ]
    return OperationResponse(
        200,
        {"count": len(bookings), "next": following, "previous": previous, "results": page},
    )


def _link(store: Store, limit: int, offset: int) -> str:
    query = urlencode({"limit": limit} | ({"offset": offset} if offset else {}))
    settings = store.settings
    return f"{settings.list_host}/xcover/partners/{settings.partner_code}/bookings/?{query}"


def _number(
    query: Mapping[str, str], name: str, default: int, *, at_least: int, at_most: int
) -> int:
    text = query.get(name, "")
    if not text.isascii() or not text.isdigit():
        return default
    return min(max(int(text[:12]), at_least), at_most)
