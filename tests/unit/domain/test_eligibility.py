"""Which checkouts get an offer, and what makes two checkouts the same to XCover."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.eligibility import (
    CheckoutFacts,
    EligibilityRules,
    ProductLine,
    fingerprint,
    insurable_basket,
)
from saleor_xcover_plugin.domain.event_data import (
    DEFAULT_MAPPING,
    EventMapping,
    TicketFacts,
)
from saleor_xcover_plugin.domain.premium import OrderDiscount
from saleor_xcover_plugin.errors import Code, Refusal

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
RULES = EligibilityRules(mapping=EventMapping.parse(DEFAULT_MAPPING))
CONCERT = {
    "product.name": "Evening Concert",
    "product.metadata.event_start": "2027-03-05T20:00:00+01:00",
    "product.metadata.event_country": "de",
    "product.metadata.event_city": "Berlin",
}


def line(reference="1", quantity=2, price="100.00", facts=None, product_type="ticket"):
    values = CONCERT if facts is None else facts
    return ProductLine(reference, product_type, quantity, Decimal(price), TicketFacts(values))


def checkout(*lines, **changes):
    facts = CheckoutFacts(currency="USD", country="US", language="en", lines=lines or [line()])
    return replace(facts, **changes)


def refusal_of(facts, rules=RULES):
    with pytest.raises(Refusal) as caught:
        insurable_basket(facts, rules, NOW)
    return caught.value


def test_two_tickets_with_event_data_are_insurable():
    basket = insurable_basket(checkout(), RULES, NOW)

    assert [(t.count, t.unit_price, t.event.name) for t in basket.tickets] == [
        (2, Decimal("100.00"), "Evening Concert")
    ]
    assert basket.tickets[0].event.country == "DE"


def test_merchandise_beside_tickets_is_not_insured():
    mug = line("9", 1, "12.00", {"product.name": "Mug"}, "merchandise")

    assert [t.reference for t in insurable_basket(checkout(line(), mug), RULES, NOW).tickets] == [
        "1"
    ]


@pytest.mark.parametrize(
    ("_case", "facts", "code"),
    [
        ("no lines", checkout(lines=[]), Code.NO_TICKETS),
        ("only merchandise", checkout(line(facts={"product.name": "Mug"})), Code.NO_TICKETS),
        ("free tickets", checkout(line(price="0")), Code.NO_TICKETS),
        ("no address", checkout(country=""), Code.COUNTRY_MISSING),
        (
            "discounted order",
            checkout(order_discount=OrderDiscount.OTHER),
            Code.DISCOUNT_NOT_SUPPORTED,
        ),
        ("tax app", checkout(is_taxed_by_app=True), Code.TAXED_BY_APP),
        (
            "event over",
            checkout(line(facts=CONCERT | {"product.metadata.event_start": "2026-12-04T09:00Z"})),
            Code.EVENT_STARTED,
        ),
    ],
)
def test_a_checkout_without_offer_says_why(_case, facts, code):
    assert refusal_of(facts).code == code


@pytest.mark.parametrize(
    ("_case", "changes", "fields"),
    [
        ("no country", {"product.metadata.event_country": ""}, ("country",)),
        ("country spelt out", {"product.metadata.event_country": "Germany"}, ("country",)),
        ("start is prose", {"product.metadata.event_start": "next Friday"}, ("start",)),
        (
            "end before start",
            {"product.metadata.event_end": "2027-03-05T19:00:00+01:00"},
            ("end",),
        ),
    ],
)
def test_missing_event_data_is_named_for_staff(_case, changes, fields):
    refusal = refusal_of(checkout(line(facts=CONCERT | changes)))

    assert (refusal.code, refusal.fields) == (Code.EVENT_DATA_MISSING, fields)
    assert fields[0] in refusal.staff_sentence


def test_currencies_and_countries_outside_the_agreement_get_no_offer():
    rules = replace(RULES, currencies=frozenset({"EUR"}), countries=frozenset({"DE"}))

    assert refusal_of(checkout(), rules).code == Code.CURRENCY_WITHOUT_OFFER
    assert refusal_of(checkout(currency="EUR"), rules).code == Code.COUNTRY_WITHOUT_OFFER


def test_an_unlisted_language_gets_the_first_agreed_one():
    rules = replace(RULES, languages=frozenset({"de", "en"}), default_language="de")

    assert insurable_basket(checkout(language="fr"), rules, NOW).language == "de"
    assert insurable_basket(checkout(language="en-us"), rules, NOW).language == "en"


@given(st.permutations([line("1"), line("2", 1, "50.00"), line("3", 4, "10.50")]))
def test_the_order_of_lines_does_not_change_the_quote(lines):
    ordered = insurable_basket(
        checkout(line("1"), line("2", 1, "50.00"), line("3", 4, "10.50")), RULES, NOW
    )

    assert fingerprint(insurable_basket(checkout(*lines), RULES, NOW)) == fingerprint(ordered)


@pytest.mark.parametrize(
    ("_case", "changed"),
    [
        ("quantity", checkout(line(quantity=3))),
        ("price", checkout(line(price="100.01"))),
        ("variant", checkout(line("2"))),
        ("country", checkout(country="CA")),
        ("currency", checkout(currency="EUR")),
        ("language", checkout(language="fr")),
        (
            "date",
            checkout(line(facts=CONCERT | {"product.metadata.event_start": "2027-03-06T20:00Z"})),
        ),
    ],
)
def test_what_a_price_depends_on_changes_the_fingerprint(_case, changed):
    before = fingerprint(insurable_basket(checkout(), RULES, NOW), "ABCDE")

    assert fingerprint(insurable_basket(changed, RULES, NOW), "ABCDE") != before
