"""Which changes of the buyer's details XCover may be asked about, and which may be applied."""

from dataclasses import fields
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.cancellations import Verdict
from saleor_xcover_plugin.domain.modifications import in_words, judge_change, judge_price
from saleor_xcover_plugin.domain.money import Money
from saleor_xcover_plugin.domain.tickets import Policyholder

NAMES = [field.name for field in fields(Policyholder)]


def test_every_field_of_the_policyholder_has_a_word():
    assert len(in_words(NAMES).replace(" and ", ", ").split(", ")) == len(NAMES)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (["phone"], "phone"),
        (["phone", "email"], "e-mail and phone"),
        (["region", "first_name", "postcode"], "first name, postcode and region"),
    ],
)
def test_fields_are_named_in_a_fixed_order(changed, words):
    assert in_words(changed) == words


@pytest.mark.parametrize("name", [name for name in NAMES if name != "country"])
def test_xcover_is_asked_about_a_detail_that_costs_nothing(name):
    assert judge_change([name], []).verdict == Verdict.REQUEST


def test_xcover_is_asked_about_all_of_them_at_once():
    everything = [name for name in NAMES if name != "country"]

    assert judge_change(everything, []).verdict == Verdict.REQUEST


@pytest.mark.parametrize("changed", [["country"], ["country", "phone"], ["shoe_size"]])
def test_the_country_and_what_nobody_listed_is_a_persons_business(changed):
    assert judge_change(changed, []).verdict == Verdict.REVIEW


def test_what_a_policy_needs_is_named():
    judgement = judge_change(["phone", "city"], ["phone"])

    assert judgement.verdict == Verdict.REVIEW
    assert judgement.sentence.startswith("The buyer's phone and city changed in the order, but")
    assert "the policy needs the buyer's phone." in judgement.sentence


@pytest.mark.parametrize(
    ("difference", "is_free", "verdict"),
    [
        ("0", True, Verdict.CONFIRM),
        ("0.00", True, Verdict.CONFIRM),
        ("0.01", False, Verdict.REVIEW),
        ("0.01", True, Verdict.REVIEW),
        ("-0.01", False, Verdict.REVIEW),
        ("0.00", False, Verdict.REVIEW),
    ],
)
def test_only_what_is_free_is_applied(difference, is_free, verdict):
    judgement = judge_price(["phone"], Money(Decimal(difference), "GBP"), is_free=is_free)

    assert judgement.verdict == verdict


def test_staff_read_which_detail_changed():
    assert in_words(NAMES) == (
        "first name, last name, e-mail, phone, country, city, postcode and region"
    )
    assert in_words([]) == ""


def test_staff_read_what_became_of_a_change():
    country = judge_change(["country"], [])
    asked = judge_change(["phone"], [])
    dear = judge_price(["phone", "email"], Money(Decimal("0.50"), "GBP"), is_free=False)
    free = judge_price(["phone"], Money(Decimal(0), "GBP"), is_free=True)

    assert country.sentence.startswith("The buyer's country changed in the order. The country")
    assert asked.sentence == (
        "The buyer's phone changed in the order; XCover is asked what that costs."
    )
    assert dear.sentence.startswith(
        "XCover would change the price, in all by 0.50 GBP, for the buyer's changed "
        "e-mail and phone. The policy was not changed"
    )
    assert free.sentence == "The change costs nothing."
