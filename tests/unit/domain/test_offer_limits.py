"""A basket beyond the offer limits of a store gets no offer, for a reason with a name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.config.limits import read_limits
from saleor_xcover_plugin.domain.eligibility import (
    CheckoutFacts,
    EligibilityRules,
    ProductLine,
    insurable_basket,
)
from saleor_xcover_plugin.domain.event_data import EventMapping
from saleor_xcover_plugin.domain.offer_limits import OfferLimits
from saleor_xcover_plugin.domain.tickets import TicketFacts
from saleor_xcover_plugin.errors import Refusal
from saleor_xcover_plugin.payload.documents import TemplateError

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MAPPING = EventMapping.parse(
    "name = product.name\nstart = product.metadata.start\ncountry = text:US\n"
)


def line(
    reference: str = "1",
    price: str = "50.00",
    *,
    count: int = 2,
    starts_in: timedelta = timedelta(days=60),
    event: str = "Concert",
    **facts: str,
) -> ProductLine:
    named = {name.replace("__", "."): text for name, text in facts.items()}
    values = {
        "product.name": event,
        "product.slug": event.lower(),
        "product.type": "tickets",
        "variant.sku": f"SKU-{reference}",
        "product.metadata.start": (NOW + starts_in).isoformat(),
        **named,
    }
    return ProductLine(reference, "tickets", count, Decimal(price), TicketFacts(values))


def insured(limits: str, *lines: ProductLine, region: str = "") -> list[str]:
    """Return the references of the insured lines, or the code of the refusal with its fields."""
    facts = CheckoutFacts(
        currency="USD", country="US", language="en", lines=lines or [line()], region=region
    )
    rules = EligibilityRules(MAPPING, limits=read_limits(limits))
    try:
        return [each.reference for each in insurable_basket(facts, rules, NOW).tickets]
    except Refusal as refusal:
        return [refusal.code.value, *refusal.fields]


def test_nothing_is_limited_by_default() -> None:
    assert read_limits("") == read_limits("# nothing yet") == OfferLimits()
    assert read_limits("exclude:\nregions:\nstarts:\n") == OfferLimits()
    assert insured("") == ["1"]


@pytest.mark.parametrize(
    "limits",
    [
        "exclude: {products: [opera]}",
        "exclude: {products: [SKU-2]}",
        "exclude: {categories: [music]}",
        "ticket_price: {minimum: 10.01}",
        "only_non_refundable: true",
    ],
)
def test_a_ticket_that_is_switched_off_is_left_out(limits: str) -> None:
    opera = line(
        "2",
        "10.00",
        event="Opera",
        product__categories="classical\nmusic",
        product__metadata__is_refundable="yes",
    )

    assert insured(limits, line(), opera) == ["1"]
    assert insured("", line(), opera) == ["1", "2"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("exclude: {product_types: [tickets]}", "tickets_excluded"),
        ("exclude: {products: [concert]}", "tickets_excluded"),
        ("ticket_price: {minimum: 50.01}", "ticket_price_too_low"),
        ("ticket_price: {maximum: 49.99}", "ticket_price_too_high"),
        ("insured_value: {per_order: 99.99}", "insured_value_too_high per_order"),
        ("insured_value: {per_person: 49.99}", "insured_value_too_high per_person"),
        ("starts: {after: 60d}", "event_too_soon"),
        ("starts: {within: 59d}", "event_too_far"),
        ("regions: {without: [US-NY]}", "region_without_offer"),
        ("regions: {only: [US-CA]}", "region_without_offer"),
    ],
)
def test_a_sale_beyond_a_limit_gets_no_offer(limits: str, code: str) -> None:
    assert insured(limits, region="NY") == code.split()


@pytest.mark.parametrize(
    "limits",
    [
        "ticket_price: {minimum: 50, maximum: 50}",
        "insured_value: {per_person: 50, per_order: 100}",
        "starts: {after: 1439h, within: 60d}",
        "regions: {without: [US-CA, CA-ON]}",
        "regions: {only: [US-NY]}",
        "regions: {only: [CA-ON]}",
        "exclude: {products: [opera], product_types: [shirts], categories: [sport]}",
    ],
)
def test_a_sale_at_its_limits_gets_an_offer(limits: str) -> None:
    assert insured(limits, region="ny") == ["1"]


def test_one_person_goes_to_every_event_once() -> None:
    lines = [
        line("1", "40.00"),
        line("2", "60.00"),
        line("3", "30.00", event="Opera", starts_in=timedelta(days=61)),
    ]

    assert insured("insured_value: {per_person: 90}", *lines) == ["1", "2", "3"]
    assert insured("insured_value: {per_person: 89.99}", *lines) == [
        "insured_value_too_high",
        "per_person",
    ]


@pytest.mark.parametrize("word", ["no", "false", "0", "perhaps"])
def test_a_product_is_switched_off_by_its_own_metadata(word: str) -> None:
    assert insured("", line(product__metadata__xcover_insurable=word)) == ["tickets_excluded"]
    assert insured("", line(variant__metadata__xcover_insurable=word)) == ["tickets_excluded"]
    assert insured("", line(variant__metadata__xcover_insurable="yes")) == ["1"]


def test_a_moved_event_counts_with_its_new_start() -> None:
    moved = replace(line(), moved_to=NOW + timedelta(days=100))

    assert insured("starts: {within: 90d}", moved) == ["event_too_far"]
    assert insured("starts: {after: 70d}", moved) == ["1"]


def test_refundable_says_yes_or_no() -> None:
    odd = line(product__metadata__is_refundable="until 14 days before")

    assert insured("only_non_refundable: true", odd) == ["event_data_missing", "refundable"]
    # nobody who does not ask is bothered
    assert insured("", odd) == ["1"]


def test_a_variant_is_insured_as_a_whole_or_not_at_all() -> None:
    # given a ticket that is sold at two prices, as an app may do
    cheap, other = line("1", "3.00", count=1), line("2", "60.00")

    assert insured("ticket_price: {minimum: 5}", line("1"), cheap) == ["tickets_excluded"]
    assert insured("ticket_price: {minimum: 5}", line("1"), cheap, other) == ["2"]
    assert insured("", line("1"), replace(cheap, unit_price=Decimal(0)), other) == ["2"]


def test_a_text_that_is_no_region_has_no_offer_where_some_have_none() -> None:
    assert insured("regions: {without: [US-NY]}", region="Gotham") == ["region_without_offer"]
    assert insured("regions: {without: [CA-ON]}", region="Gotham") == ["1"]


def test_limits_take_regions_by_name() -> None:
    assert insured("regions: {without: [us-new york]}", region="NY") == ["region_without_offer"]


def test_no_region_is_no_region_with_an_offer_where_some_have_none() -> None:
    assert insured("regions: {without: [US-NY]}", region="") == ["region_without_offer"]
    assert insured("regions: {without: [CA-ON]}", region="") == ["1"]


def test_blanks_in_a_list_exclude_nothing() -> None:
    assert read_limits("exclude: {products: ['', ' '], categories: ['']}") == OfferLimits()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "it has the wrong type"),
        ("price: 5", "price: there is no limit of this name"),
        ("ticket_price: {min: 5}", "ticket_price.min: there is no limit of this name"),
        ("ticket_price: {minimum: five}", "ticket_price.minimum: an amount is wanted here, such"),
        ("ticket_price: {minimum: -1}", "ticket_price.minimum: an amount is wanted here, such"),
        ("ticket_price: {minimum: true}", "ticket_price.minimum: an amount is wanted here, such"),
        ("ticket_price: {minimum: 9, maximum: 5}", "ticket_price: the minimum is above the"),
        ("starts: {after: 2}", "starts.after: a time is wanted here, such as 30m, 2h or 730d"),
        ("starts: {after: 2h, within: 1h}", "starts: no event would begin in time"),
        ("regions: {without: [NY]}", "regions.without: write regions as country and region"),
        ("regions: {without: US-NY}", "regions.without: a list of texts is wanted here"),
        ("regions: {without: [US-ZZ]}", "regions.without: US has no region ZZ"),
        ("regions: {without: [XX-NY]}", "regions.without: write regions as country and region"),
        ("regions: {without: [GB-NIR]}", "regions.without: addresses in GB do not tell the region"),
        ("exclude: {products: [1]}", "exclude.products: a list of texts is wanted here"),
        ("only_non_refundable: yes", "only_non_refundable: it has the wrong type"),
        ("a: &x 1", "line 1: anchors and aliases are not read"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_limits(text)

    assert str(error.value).startswith(sentence)
