"""The list of an account's bookings, used only to find a booking's id.

The list is not documented. It is known from recorded traffic of Cover Genius's own client
(https://github.com/CoverGenius/xcover-python): ``count``, ``results``, and links to other pages,
which name another host and are not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from pydantic import Field, NonNegativeInt

from .errors import XCoverBadResponse
from .values import Identifier, Moment, ResponseModel, SoftIdentifier

PER_PAGE = 100
"""Bookings requested per page."""
MAX_PAGES = 50
"""Largest number of pages that are read."""

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class ListedBooking(ResponseModel):
    """One entry of the list."""

    id: Identifier
    partner_transaction_id: SoftIdentifier = None
    created_at: Moment = None

    def is_made_since(self, moment: datetime) -> bool:
        """Return True if it was made at or after a time, or its time is not known."""
        return self.created_at is None or self.created_at >= moment


class BookingPage(ResponseModel):
    """One page of the list."""

    count: NonNegativeInt
    """Number of bookings on all pages."""
    bookings: tuple[ListedBooking, ...] = Field(alias="results")

    @property
    def newest(self) -> datetime:
        """Time of the newest booking on the page."""
        return max(_times(self.bookings), default=_LONG_AGO)

    def reaches_before(self, moment: datetime) -> bool:
        """Return True if a booking on the page was made before a time."""
        return any(made < moment for made in _times(self.bookings))


def walk(read: Callable[[int], BookingPage], since: datetime) -> Iterator[ListedBooking]:
    """Yield the bookings made at or after a time (UTC), beginning with the newest page.

    ``read`` returns the page that begins at an offset. The order of the list is not documented, so
    it is found by comparing the first page with the last. Raise ``XCoverBadResponse`` if
    ``MAX_PAGES`` pages do not reach back to that time.
    """
    first = read(0)
    offsets: Sequence[int] = range(0, max(first.count, 1), PER_PAGE)
    pages = {0: first}
    if len(offsets) > 1:
        last = read(offsets[-1])
        pages[offsets[-1]] = last
        if last.newest > first.newest:
            offsets = offsets[::-1]
    for offset in offsets[:MAX_PAGES]:
        page = pages.get(offset) or read(offset)
        yield from (booking for booking in page.bookings if booking.is_made_since(since))
        if page.reaches_before(since):
            return
    if len(offsets) > MAX_PAGES:
        raise XCoverBadResponse(f"list_bookings: more than {MAX_PAGES * PER_PAGE} bookings since")


def _times(bookings: Sequence[ListedBooking]) -> list[datetime]:
    return [booking.created_at for booking in bookings if booking.created_at is not None]
