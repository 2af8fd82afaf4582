"""A client of XCover's Offers API, with one method per operation.

Paths have the slashes at their end, or not, that XCover documents for each operation. Source:
https://partner-docs.covergenius.com/offers/api/reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import listing, parsing
from .bookings import Booking, CancellationPreview, CancelledBooking, Modification
from .errors import XCoverBadResponse, XCoverMisconfigured, XCoverNotFound, XCoverRejected
from .listing import BookingPage, ListedBooking
from .offers import Offer
from .responses import parse_response
from .signing import sign
from .transport import Request, Transport
from .values import is_path_segment

__all__ = ["Credentials", "XCoverClient", "parse_response"]

_PROBE_ID = "PROBE-00000-INS"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account of a store at XCover. Key and secret never show in ``repr``."""

    api_url: str
    """Host and base path, for example ``https://api.xcover.com/x``."""
    partner_code: str
    """The partner's code in the paths of the API."""
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    algorithm: str = "hmac-sha512"
    """A key of ``signing.ALGORITHMS``."""
    signed_headers: tuple[str, ...] = ("date",)
    """The headers the signature covers: ``date``, ``(request-target)`` or both."""


class XCoverClient:
    """Make calls to XCover on one account.

    Each method makes one attempt within ``deadline`` seconds and raises a subclass of
    ``XCoverError`` if it fails. Bodies come from ``payloads``. A caller that repeats a call must
    use the same idempotency key and body.
    """

    def __init__(self, credentials: Credentials, transport: Transport) -> None:
        self._credentials = credentials
        self._transport = transport

    def create_offer(
        self,
        body: bytes,
        *,
        idempotency_key: str | None = None,
        deadline: float = 3.0,
        query: Mapping[str, str] | None = None,
    ) -> Offer:
        """Request an offer. Raise ``XCoverNoOffer`` if XCover makes none for the basket.

        ``query`` holds query parameters of the operation.
        """
        path = "/offers/" + (f"?{urlencode(query)}" if query else "")
        data = self._call("create_offer", "POST", path, body, idempotency_key, deadline)
        return parsing.parse(Offer, data)

    def confirm_offer(
        self, offer_id: str, body: bytes, *, idempotency_key: str, deadline: float = 15.0
    ) -> Booking:
        """Make the offer a booking, and so a policy; call it only after the buyer has paid.

        The same key again returns the same booking. Raise ``XCoverAlreadyBooked`` if the offer was
        booked with another key, and ``XCoverNotFound`` if XCover does not know it.
        """
        path = f"/offers/{_checked(offer_id)}/confirm/"
        data = self._call("confirm_offer", "POST", path, body, idempotency_key, deadline)
        return parsing.parse(Booking, data)

    def opt_out(
        self, offer_id: str, body: bytes = b"{}", *, idempotency_key: str, deadline: float = 10.0
    ) -> None:
        """Report that the offer was shown and not accepted."""
        path = f"/offers/{_checked(offer_id)}/opt_out/"
        self._call("opt_out", "POST", path, body, idempotency_key, deadline)

    def get_booking(self, booking_id: str, *, deadline: float = 10.0) -> Booking:
        """Read a booking. Raise ``XCoverNotFound`` if XCover does not know it."""
        path = f"/bookings/{_checked(booking_id)}/"
        return parsing.parse(Booking, self._call("get_booking", "GET", path, None, None, deadline))

    def bookings_since(self, since: datetime, *, deadline: float = 10.0) -> Iterator[ListedBooking]:
        """Yield the account's bookings made at or after a time (UTC), the newest page first.

        Each page is a call of its own with ``deadline`` seconds. The operation is not documented:
        see ``listing``.
        """
        return listing.walk(partial(self._list_bookings, deadline), since)

    def _list_bookings(self, deadline: float, offset: int) -> BookingPage:
        query = urlencode({"limit": listing.PER_PAGE, "offset": offset})
        data = self._call("list_bookings", "GET", f"/bookings/?{query}", None, None, deadline)
        return parsing.parse(BookingPage, data)

    def modify_booking(
        self,
        booking_id: str,
        body: bytes,
        *,
        idempotency_key: str,
        preview: bool,
        deadline: float = 15.0,
    ) -> Modification:
        """Modify a booking or, with ``preview``, only return the price difference.

        A preview is applied by ``confirm_modification``.
        """
        tail = "quote_for_update" if preview else ""
        operation = "preview_modification" if preview else "modify_booking"
        path = f"/bookings/{_checked(booking_id)}/{tail}"
        return parsing.parse(
            Modification,
            self._call(operation, "PATCH", path, body, idempotency_key, deadline),
        )

    def confirm_modification(
        self, booking_id: str, update_id: str, *, idempotency_key: str, deadline: float = 15.0
    ) -> Modification:
        """Apply a previewed modification."""
        path = f"/bookings/{_checked(booking_id)}/confirm_update/{_checked(update_id)}/"
        return parsing.parse(
            Modification,
            self._call("confirm_modification", "POST", path, b"{}", idempotency_key, deadline),
        )

    def preview_cancellation(
        self, booking_id: str, body: bytes, *, idempotency_key: str, deadline: float = 15.0
    ) -> CancellationPreview:
        """Preview a cancellation and its refund, without cancelling anything.

        Raise ``XCoverStatusConflict`` if the booking is cancelled already.
        """
        path = f"/bookings/{_checked(booking_id)}/cancel"
        data = self._call("preview_cancellation", "POST", path, body, idempotency_key, deadline)
        return parsing.parse(CancellationPreview, data)

    def confirm_cancellation(
        self,
        booking_id: str,
        cancellation_id: str,
        *,
        idempotency_key: str,
        deadline: float = 15.0,
    ) -> CancelledBooking:
        """Carry out a previewed cancellation, which cannot be undone."""
        path = f"/bookings/{_checked(booking_id)}/confirm_cancellation/{_checked(cancellation_id)}/"
        data = self._call("confirm_cancellation", "POST", path, b"{}", idempotency_key, deadline)
        return parsing.parse(CancelledBooking, data)

    def probe(self, *, deadline: float = 5.0) -> None:
        """Check the credentials by reading a booking that cannot exist, which has no effect.

        Raise ``XCoverMisconfigured`` if they are refused, and ``XCoverBadResponse`` if the booking
        is found.
        """
        try:
            self._call("probe", "GET", f"/bookings/{_PROBE_ID}/", None, None, deadline)
        except XCoverNotFound:
            return
        raise XCoverBadResponse("probe: a booking that cannot exist was found; is this XCover?")

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        body: bytes | None,
        idempotency_key: str | None,
        deadline: float,
    ) -> Any:
        """Sign and send a request, and return the JSON of a success."""
        made = self._credentials
        if not is_path_segment(made.partner_code):
            raise XCoverMisconfigured(
                f"{operation}: no path can carry this partner code", never_left=True
            )
        url = f"{made.api_url.rstrip('/')}/partners/{made.partner_code}{path}"
        now = self._transport.clock()
        try:
            headers = sign(
                made.api_key,
                made.api_secret,
                now,
                algorithm=made.algorithm,
                headers=made.signed_headers,
                method=method,
                path=urlsplit(url).path,
            )
        except (KeyError, ValueError):  # an unknown algorithm or header, or a malformed address
            raise XCoverMisconfigured(
                f"{operation}: the request cannot be signed", never_left=True
            ) from None
        headers |= {"Accept": "application/json", "X-API-Error-Version": "v2"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key:
            headers["x-idempotency-key"] = idempotency_key
        response = self._transport.send(
            Request(operation, method, url, headers, body), deadline=deadline
        )
        return parse_response(operation, response, now=now)


def _checked(identifier: str) -> str:
    """Return an id that is one path segment without encoding. Raise ``XCoverRejected`` for others.

    An id such as ``..`` or ``a/b`` would name another resource.
    """
    if not is_path_segment(identifier):
        raise XCoverRejected("an id is empty or no path can carry it")
    return identifier
