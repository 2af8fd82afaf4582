"""Which parts of XCover's bookings are read, and what is so when one is not named."""

from decimal import Decimal

import pytest

from saleor_xcover_plugin.xcover.bookings import Booking, CancelledBooking
from saleor_xcover_plugin.xcover.errors import XCoverBadResponse
from saleor_xcover_plugin.xcover.parsing import parse

BOOKING = {
    "id": "A-B-INS",
    "status": "CONFIRMED",
    "currency": "USD",
    "total_price": Decimal("6.66"),
    "quotes": [{"id": "quote", "status": "CONFIRMED"}],
}


def test_what_a_booking_does_not_name_is_none():
    booking = parse(Booking, BOOKING)

    assert (booking.total_tax, booking.pds_url, booking.created_at) == (None, None, None)
    assert booking.partner_transaction_id is None
    assert set(booking.links.model_dump().values()) == {None}
    assert not booking.is_refunded_by_xcover
    quote = booking.quotes[0]
    assert (quote.price, quote.price_difference, quote.refund_value) == (None, None, None)


def test_every_link_for_a_buyer_is_read_and_none_is_shown():
    names = ("coi", "pdf", "account", "claim")
    urls = {name: f"https://xcover.example/{name}" for name in names}

    booking = parse(
        Booking,
        {
            **BOOKING,
            "coi": {"url": urls["coi"], "pdf": urls["pdf"]},
            "account_url": urls["account"],
            "fnol_link": urls["claim"],
        },
    )

    links = booking.links
    assert [
        links.certificate,
        links.certificate_pdf,
        links.account,
        links.insurance_claim,
    ] == list(urls.values())
    assert "xcover.example" not in repr(booking)
    assert "links" not in repr(booking)


@pytest.mark.parametrize("more", [{"status": "CONFIRMED"}, {"cancellation_id": "c-1"}])
def test_what_cancelled_nothing_is_no_cancelled_booking(more):
    cancelled = {**BOOKING, "status": "CANCELLED"}

    assert parse(CancelledBooking, cancelled).is_cancelled
    with pytest.raises(XCoverBadResponse, match="CancelledBooking lacks or garbles: the whole"):
        parse(CancelledBooking, cancelled | more)
