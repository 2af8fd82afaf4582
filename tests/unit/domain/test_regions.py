"""Regions by code and by name, as buyers write them."""

import pytest

from saleor_xcover_plugin.domain.regions import code_of, is_known


@pytest.mark.parametrize(
    "written", ["NY", "ny", " New York ", "NEW YORK", "N.Y.", "US-NY", "us-new york"]
)
def test_a_region_has_one_code_however_it_is_written(written):
    assert code_of("US", written) == "NY"
    assert is_known("US", written)


def test_what_is_no_region_stays_as_it_was_written():
    assert code_of("US", " Gotham ") == "Gotham"
    assert not is_known("US", "Gotham")


def test_a_country_without_a_list_takes_any_text():
    assert code_of("GB", "Leeds") == "Leeds"
    assert is_known("GB", "Leeds")


@pytest.mark.parametrize("country", ["", "XX", "us", "\x00", "../US"])
def test_no_country_is_no_error(country):
    assert code_of(country, "NY") in ("NY",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Andaman and Nicobar Islands", "Andaman & Nicobar"),
        ("Jammu and Kashmir", "Jammu & Kashmir"),
        ("Jammu and Kashmir", "जम्मू और कश्मीर"),
        ("Dadra and Nagar Haveli and Daman and Diu", "Dadra & Nagar Haveli & Daman & Diu"),
    ],
)
def test_a_region_with_two_codes_in_the_list_has_one(one, other):
    assert code_of("IN", one) == code_of("IN", other)
