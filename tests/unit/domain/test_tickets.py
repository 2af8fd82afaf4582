"""What is insured and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.tickets import Basket, Event, Policyholder, Tickets, is_phone

START = datetime(2027, 3, 5, 19, 0, tzinfo=UTC)
CONCERT = Event("Evening Concert", START, "DE")


def tickets(event: Event, reference: str) -> Tickets:
    return Tickets(event, 2, Decimal(100), reference)


def test_an_event_at_no_known_moment_is_none():
    with pytest.raises(ValueError, match=r"^event times need an offset$"):
        replace(CONCERT, starts_at=START.replace(tzinfo=None))
    with pytest.raises(ValueError, match=r"^event times need an offset$"):
        replace(CONCERT, ends_at=(START + timedelta(hours=2)).replace(tzinfo=None))
    assert replace(CONCERT, ends_at=START + timedelta(hours=2)).ends_at is not None


def test_what_a_store_did_not_say_is_not_made_up():
    bare = tickets(CONCERT, "1")

    assert (CONCERT.ends_at, CONCERT.venue, CONCERT.city) == (None, None, None)
    assert (bare.is_resale, bare.product) == (False, "")


def test_a_basket_begins_with_its_first_event():
    later = replace(CONCERT, starts_at=START + timedelta(days=1))

    basket = Basket((tickets(later, "1"), tickets(CONCERT, "2")), "EUR", "DE", "de")

    assert basket.earliest_start == START


HOLDER = Policyholder("Ada", "Byron", "ada@example.com", "+4915112345678", "DE")


def test_a_policyholder_without_an_address_is_complete():
    assert HOLDER.missing_fields() == ()
    assert (HOLDER.city, HOLDER.postcode, HOLDER.region) == ("", "", "")


def test_of_a_policyholder_a_log_shows_the_country_only():
    full = replace(HOLDER, city="Berlin", postcode="10115", region="BE")

    assert repr(full) == "Policyholder(country='DE')"


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "phone", "country"])
def test_each_detail_xcover_demands_is_named_when_it_lacks(field):
    assert replace(HOLDER, **{field: " "}).missing_fields() == (field,)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("+4915112345678", True),
        ("+123456", True),
        ("+123456789012345", True),
        ("+12345", False),
        ("+1234567890123456", False),
        ("+0123456789", False),
        ("4915112345678", False),
        ("+49 151 12345678", False),
        ("+4915112345678\n", False),
        ("", False),
    ],
)
def test_a_phone_number_is_one_from_plus_to_its_last_digit(text, is_one):
    assert is_phone(text) is is_one
