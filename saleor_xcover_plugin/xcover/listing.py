"""The list of an account's bookings: read to find one, never to learn its terms.

The list is no part of the public documentation. It is known from recorded traffic of Cover Genius's
own client (github.com/CoverGenius/xcover-python): ``count``, ``results``, and links to other pages
that name another host and are not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from pydantic import Field, NonNegativeInt

from .errors import XCoverBadAnswer
from .values import AnswerModel, Identifier, Moment, SoftIdentifier

PER_PAGE = 100
MAX_PAGES = 50

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class ListedBooking(AnswerModel):
    """What tells one booking from another."""

    id: Identifier
    partner_transaction_id: SoftIdentifier = None
    created_at: Moment = None

    def is_made_since(self, moment: datetime) -> bool:
        """Return True for one made at or after a time, or at a time that is not named."""
        return self.created_at is None or self.created_at >= moment


class BookingPage(AnswerModel):
    """Some bookings of the list, and how many there are in all."""

    count: NonNegativeInt
    bookings: tuple[ListedBooking, ...] = Field(alias="results")

    @property
    def newest(self) -> datetime:
        """When the last of them was made."""
        return max(_times(self.bookings), default=_LONG_AGO)

    def reaches_before(self, moment: datetime) -> bool:
        """Return True when some of them were made before a time."""
        return any(made < moment for made in _times(self.bookings))


def walk(read: Callable[[int], BookingPage], since: datetime) -> Iterator[ListedBooking]:
    """Yield the bookings made at or after a time (UTC), beginning with the newest page.

    ``read`` returns the page that begins at an offset. Whether the list begins with the oldest or
    with the newest is read off the list. Raise ``XCoverBadAnswer`` when ``MAX_PAGES`` pages do not
    reach back to that time.
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
        raise XCoverBadAnswer(f"list_bookings: more than {MAX_PAGES * PER_PAGE} bookings since")


def _times(bookings: Sequence[ListedBooking]) -> list[datetime]:
    return [booking.created_at for booking in bookings if booking.created_at is not None]
