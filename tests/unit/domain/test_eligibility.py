"""Which checkouts get an offer, and what makes two checkouts the same to XCover."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
        (
            "event over",
            checkout(line(facts=CONCERT | {"product.metadata.event_start": "2026-12-04T09:00Z"})),
            Code.EVENT_STARTED,
        ),
    ],
)
def test_a_checkout_without_offer_says_why(_case, facts, code):
    assert refusal_of(facts).code == code


def test_a_tax_app_is_judged_by_saleors_prices_and_not_here():
    assert insurable_basket(checkout(is_taxed_by_app=True), RULES, NOW).tickets


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


def basket(*lines, **changes):
    return insurable_basket(checkout(*lines, **changes), RULES, NOW)


@pytest.mark.parametrize(
    ("_case", "facts"),
    [
        ("name", {"product.name": "Matinee"}),
        ("end", {"product.metadata.event_end": "2027-03-05T23:00:00+01:00"}),
        ("venue", {"product.metadata.event_venue": "Town Hall"}),
        ("city", {"product.metadata.event_city": "Hamburg"}),
        ("country", {"product.metadata.event_country": "at"}),
        ("resale", {"product.metadata.is_resale": "yes"}),
    ],
)
def test_what_is_said_of_an_event_changes_the_fingerprint(_case, facts):
    assert fingerprint(basket(line(facts=CONCERT | facts))) != fingerprint(basket())


def test_another_end_is_another_quote():
    ends = [
        fingerprint(basket(line(facts=CONCERT | {"product.metadata.event_end": end})))
        for end in ("2027-03-05T22:00+01:00", "2027-03-05T23:00+01:00")
    ]

    assert ends[0] != ends[1]


def test_other_terms_of_the_store_are_another_quote():
    assert fingerprint(basket(), "ABCDE") != fingerprint(basket(), "FGHIJ")


def test_the_same_price_written_otherwise_is_the_same_quote():
    # Saleor's columns hold three decimals, its answers two.
    assert fingerprint(basket(line(price="100.000"))) == fingerprint(basket())


def test_a_fingerprint_is_what_offers_of_yesterday_were_kept_under():
    """Another text for the same basket makes every open offer stale at once."""
    assert fingerprint(basket(), "ABCDE") == (
        "e20ed756226c05fbdc3f71e9527d0032ecd067bc4336162635e2187078fb1ba3"
    )


def test_pieces_of_a_variant_on_several_lines_are_counted_together():
    facts = checkout(line("1", 2), line("2", 1), line("1", 3))

    assert dict(facts.counts) == {"1": 5, "2": 1}


@pytest.mark.parametrize(("quantity", "price"), [(0, "100.00"), (2, "0"), (2, "-1"), (-1, "1")])
def test_what_costs_nothing_or_is_no_piece_is_no_ticket(quantity, price):
    facts = checkout(line("1", quantity, price), line("2", 1, "0.01"))

    found = insurable_basket(facts, RULES, NOW)

    assert [(one.reference, one.count) for one in found.tickets] == [("2", 1)]


def test_a_store_may_name_the_product_types_that_are_tickets():
    rules = replace(RULES, ticket_product_types=frozenset({"ticket"}))
    dated_mug = line("9", 1, "12.00", product_type="merchandise")

    found = insurable_basket(checkout(line(), dated_mug), rules, NOW)

    assert [one.reference for one in found.tickets] == ["1"]


def test_a_basket_tells_what_xcover_is_asked_about():
    sold_again = replace(
        line(facts=CONCERT | {"product.metadata.is_resale": "true"}), product="UHJvZHVjdDox"
    )

    found = basket(sold_again, currency="EUR", country="AT", language="de")

    assert (found.currency, found.country, found.language) == ("EUR", "AT", "de")
    (tickets,) = found.tickets
    assert (tickets.is_resale, tickets.product) == (True, "UHJvZHVjdDox")
    assert basket().tickets[0].is_resale is False


def test_a_store_that_bears_a_discount_sells_cover_beside_it():
    facts = checkout(order_discount=OrderDiscount.OTHER)

    assert insurable_basket(facts, replace(RULES, may_absorb=True), NOW).tickets


def test_a_percentage_off_the_order_is_no_reason_against_an_offer():
    assert basket(order_discount=OrderDiscount.PERCENTAGE).tickets


def test_what_the_agreement_names_gets_an_offer():
    rules = replace(RULES, currencies=frozenset({"USD"}), countries=frozenset({"US"}))

    assert insurable_basket(checkout(), rules, NOW).tickets


def test_one_cancelled_event_ends_the_offer_for_all():
    cancelled = replace(line("2"), is_event_cancelled=True)

    assert refusal_of(checkout(line(), cancelled)).code == Code.EVENT_CANCELLED


START = datetime(2027, 3, 5, 19, 0, tzinfo=UTC)


def test_an_event_is_insurable_until_the_moment_it_begins():
    assert insurable_basket(checkout(), RULES, START - timedelta(seconds=1)).tickets
    with pytest.raises(Refusal) as refused:
        insurable_basket(checkout(), RULES, START)
    assert refused.value.code == Code.EVENT_STARTED


def test_an_event_that_was_moved_forward_begins_then():
    moved = replace(line(), moved_to=NOW)
    later = replace(line(), moved_to=NOW + timedelta(seconds=1))

    assert refusal_of(checkout(moved)).code == Code.EVENT_STARTED
    assert basket(later).tickets


@pytest.mark.parametrize(
    ("agreed", "asked", "told"),
    [
        ((), "de-AT", "de-at"),
        ((), "EN_us", "en-us"),
        ((), "", "en"),
        (("de", "en"), "de-AT", "de"),
        (("de-at", "de"), "de_AT", "de-at"),
        (("de",), "fr", "en"),
        (("de",), "", "en"),
    ],
)
def test_the_language_is_the_shoppers_as_far_as_it_was_agreed(agreed, asked, told):
    rules = replace(RULES, languages=frozenset(agreed))

    assert insurable_basket(checkout(language=asked), rules, NOW).language == told


def test_lists_a_store_left_empty_allow_all():
    assert (RULES.ticket_product_types, RULES.languages) == (frozenset(), frozenset())
    assert (RULES.currencies, RULES.countries) == (frozenset(), frozenset())
    assert RULES.default_language == "en"


def test_two_evenings_of_one_variant_are_a_quote_though_one_names_no_end():
    ends = {"product.metadata.event_end": "2027-03-05T23:00:00+01:00"}
    lines = [line("1"), line("1", facts=CONCERT | ends)]

    assert fingerprint(basket(*lines)) == fingerprint(basket(*lines[::-1]))


def test_one_cheap_ticket_is_a_ticket():
    assert [one.count for one in basket(line("1", 1, "0.50")).tickets] == [1]
    assert basket().tickets[0].product == ""


def test_an_order_nobody_takes_anything_off_is_the_usual_one():
    usual = checkout()

    assert (usual.order_discount, usual.is_taxed_by_app) == (OrderDiscount.NONE, False)
    assert usual.lines[0].is_event_cancelled is False
