"""Changes of a person are seen by keyed hashes, also across a rotation of the SECRET_KEY."""

from dataclasses import replace

import pytest

from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.policies.policyholders import (
    changes,
    digests_of,
    is_contradicted,
    shows_all,
    summary_of,
    under_present_key,
)
from saleor_xcover_plugin.xcover.bookings import Booking

ANA = Policyholder("Ana", "Diaz", "ana@example.com", "+441134960000", "GB", "Leeds", "LS1 1AA")
MOVED = replace(ANA, phone="+441134960999", city="York")


def booking(**policyholder):
    body = {"id": "A-INS", "status": "CONFIRMED", "currency": "GBP", "total_price": 1, "quotes": []}
    return Booking.model_validate({**body, "policyholder": policyholder})


def test_names_what_changed_and_keeps_no_value():
    known = digests_of(ANA)

    assert set(changes(known, MOVED)) == {"phone", "city"}
    assert changes(known, ANA) == {}
    assert not {"Ana", "Diaz", "ana@example.com", "+441134960000"} & set(known.values())


def test_the_same_value_in_two_fields_has_two_hashes():
    known = digests_of(replace(ANA, city="Same", region="Same"))

    assert known["city"] != known["region"]


def test_a_field_nothing_is_known_of_counts_as_changed():
    known = {name: digest for name, digest in digests_of(ANA).items() if name != "phone"}

    assert set(changes(known, ANA)) == {"phone"}


def test_one_summary_per_fields_and_values():
    wanted = changes(digests_of(ANA), MOVED)

    assert summary_of(wanted) == summary_of(dict(reversed(wanted.items())))
    assert summary_of(wanted) != summary_of(changes(digests_of(MOVED), ANA))
    assert len(summary_of(wanted)) == 64


def test_a_rotated_key_changes_nobody(settings):
    # given
    known = digests_of(ANA)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    # then what is the same stays known under the new key, and a change is still seen
    assert under_present_key(known, ANA) == digests_of(ANA)
    assert set(changes(under_present_key(known, MOVED), MOVED)) == {"phone", "city"}


def test_a_lost_key_is_noticed(settings):
    known = digests_of(ANA)
    settings.SECRET_KEY = "another"

    assert under_present_key(known, ANA) is None


@pytest.mark.parametrize(
    ("shown", "held", "contradicted"),
    [
        ({"phone": MOVED.phone, "city": MOVED.city}, True, False),
        ({"phone": ANA.phone, "city": MOVED.city}, False, True),
        ({"phone": MOVED.phone}, False, False),
        ({"phone": MOVED.phone, "city": None}, False, False),
        ({}, False, False),
        ({"phone": "\ud800", "city": "York"}, False, True),
    ],
)
def test_xcovers_own_word_is_compared(shown, held, contradicted):
    wanted = changes(digests_of(ANA), MOVED)

    assert shows_all(booking(**shown), wanted) is held
    assert is_contradicted(booking(**shown), wanted) is contradicted


def test_a_city_taken_out_is_held_by_a_policy_without_one():
    wanted = changes(digests_of(ANA), replace(ANA, city=""))

    assert shows_all(booking(city=None), wanted)


def test_the_person_does_not_show_in_a_bookings_text():
    assert "York" not in repr(booking(city="York"))
