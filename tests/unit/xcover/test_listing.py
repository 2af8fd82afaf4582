"""The list of bookings is walked from its newest end, whichever that is, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.xcover import listing
from saleor_xcover_plugin.xcover.errors import XCoverBadResponse
from saleor_xcover_plugin.xcover.listing import BookingPage, walk
from saleor_xcover_plugin.xcover.parsing import parse

START = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


class Account:
    """Bookings made one a minute, listed in an order."""

    def __init__(self, count: int, *, newest_first: bool) -> None:
        numbers = range(count)
        self.listed = list(reversed(numbers)) if newest_first else list(numbers)
        self.asked: list[int] = []

    def read(self, offset: int) -> BookingPage:
        self.asked.append(offset)
        page = self.listed[offset : offset + listing.PER_PAGE]
        return parse(
            BookingPage,
            {"count": len(self.listed), "results": [self._booking(number) for number in page]},
        )

    def _booking(self, number: int) -> dict[str, str]:
        made = START + timedelta(minutes=number)
        return {
            "id": f"N{number}-X-INS",
            "partner_transaction_id": str(number),
            "created_at": made.isoformat(),
        }


def found(account: Account, since: datetime) -> set[str]:
    return {booking.id for booking in walk(account.read, since)}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 1000])
def test_all_since_a_time_are_found(count: int, newest_first: bool) -> None:
    account = Account(count, newest_first=newest_first)
    since = START + timedelta(minutes=max(count - 150, 0))

    assert found(account, since) == {f"N{n}-X-INS" for n in range(max(count - 150, 0), count)}


@pytest.mark.parametrize("newest_first", [True, False])
def test_older_pages_are_not_read(newest_first: bool) -> None:
    account = Account(100_000, newest_first=newest_first)

    found(account, START + timedelta(minutes=99_950))

    # both ends, and on the newest side as far as it takes
    assert len(account.asked) <= 3
    assert len(set(account.asked)) == len(account.asked)


def test_a_list_that_does_not_reach_back_is_given_up() -> None:
    account = Account(100_000, newest_first=True)

    with pytest.raises(XCoverBadResponse, match="more than 5000 bookings"):
        found(account, START)

    assert len(account.asked) == listing.MAX_PAGES + 1


def test_a_booking_without_a_time_is_not_left_out() -> None:
    page = parse(BookingPage, {"count": 1, "results": [{"id": "A-B-INS"}]})

    assert [booking.id for booking in walk(lambda _: page, START)] == ["A-B-INS"]


@pytest.mark.parametrize(
    "answer", [{}, {"count": 1}, {"count": -1, "results": []}, {"count": 1, "results": [{}]}]
)
def test_what_is_no_list_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(XCoverBadResponse):
        parse(BookingPage, answer)
