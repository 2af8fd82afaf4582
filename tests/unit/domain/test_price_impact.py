"""Staff read, to the cent, what a cover changed in an order nobody may reprice."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from saleor_xcover_plugin.domain.money import Money
from saleor_xcover_plugin.domain.premium import TaxedPrice, Totals
from saleor_xcover_plugin.domain.price_impact import PriceImpact

PREMIUM = Money(Decimal("6.66"), "USD")


def price(net: str, gross: str, rate: str = "0.23") -> TaxedPrice:
    return TaxedPrice(Decimal(net), Decimal(gross), Decimal(rate))


ALONE = Totals(
    total=Decimal("210.00"),
    cover=price("0", "0"),
    others=(price("162.60", "200.00"),),
    shipping=price("8.13", "10.00"),
    shipping_methods=frozenset({1}),
)
WITH_COVER = replace(ALONE, total=Decimal("216.66"), cover=price("6.66", "6.66", "0"))


def effect(checkout: Totals, *, absorbed: str = "0") -> PriceImpact:
    return PriceImpact.of(checkout, ALONE, premium=PREMIUM.amount, absorbed=Decimal(absorbed))


def test_tickets_plus_premium_is_nothing_to_tell():
    exact = effect(WITH_COVER)

    assert exact.code == ""
    assert exact.sentence(PREMIUM) == ""


def test_a_tax_the_line_was_agreed_to_carry_is_nothing_to_tell():
    taxed = replace(WITH_COVER, cover=price("5.95", "6.66"))
    agreed = {"premium": PREMIUM.amount, "absorbed": Decimal(0), "tax": Decimal("0.71")}

    assert PriceImpact.of(taxed, ALONE, **agreed).code == ""
    # and without it, or with another one, it is
    untaxed = PriceImpact.of(WITH_COVER, ALONE, **agreed)
    assert untaxed.code == "price_not_exact"
    assert "0.71 USD less of it as tax than XCover named" in untaxed.sentence(PREMIUM)


def test_another_tax_in_the_same_shipping_price_is_told_as_just_that():
    weighted = effect(replace(WITH_COVER, shipping=price("8.18", "10.00", "0.2225")))

    assert weighted.code == "shipping_tax_not_exact"
    said = weighted.sentence(PREMIUM)
    assert " The protection cost the buyer exactly the premium of 6.66 USD. The tax on" in said
    assert "tax on shipping is 1.82 USD instead of 1.87 USD" in said
    assert "8.18 USD instead of 8.13 USD" in said


def test_tax_on_top_that_falls_is_told_with_what_the_store_bears():
    shipping = price("8.13", "9.93", "0.2214")
    weighted = effect(replace(WITH_COVER, total=Decimal("216.59"), shipping=shipping))

    assert weighted.code == "shipping_tax_not_exact"
    said = weighted.sentence(PREMIUM)
    assert "cost the buyer 6.59 USD, 0.07 USD less than the premium of 6.66 USD" in said
    assert "bears the 0.07 USD; nothing is due to the buyer" in said


def test_a_premium_that_earned_more_than_it_cost_is_told_as_less():
    earned = effect(replace(WITH_COVER, total=Decimal("206.66"), shipping=price("0", "0")))

    assert earned.code == "price_not_exact"
    assert earned.sentence(PREMIUM) == (
        "The checkout changed after a payment had begun, when nothing may be repriced any more, "
        "and there the ticket protection changed more than it should. The order costs the buyer no "
        "more than without the protection: 10.00 USD less than the premium of 6.66 USD. The store "
        "bears the 10.00 USD; nothing is due to the buyer. Shipping costs 0.00 USD instead of "
        "10.00 USD."
    )


def test_too_much_alone_is_left_to_who_says_what_is_due_back():
    dear = effect(replace(WITH_COVER, total=Decimal("217.40")))

    assert dear.code == "price_not_exact"
    assert dear.sentence(PREMIUM) == ""


def test_what_the_store_agreed_to_bear_is_no_news():
    absorbed = replace(WITH_COVER, total=Decimal("211.33"), cover=price("1.33", "1.33", "0"))

    assert effect(absorbed, absorbed="5.33").code == ""
    assert effect(absorbed).code == "price_not_exact"


@pytest.mark.parametrize(
    ("checkout", "said"),
    [
        (replace(WITH_COVER, others=(price("162.61", "200.00"),)), "another price or tax"),
        (replace(WITH_COVER, others=(*ALONE.others, price("0", "0"))), "came with it"),
        (replace(WITH_COVER, shipping_methods=frozenset({1, 2})), "other ways of shipping"),
        (replace(WITH_COVER, cover=price("5.41", "6.66")), "1.25 USD of it as tax"),
    ],
)
def test_each_difference_has_its_own_words(checkout: Totals, said: str):
    found = effect(checkout)

    assert found.code == "price_not_exact"
    assert said in found.sentence(PREMIUM)


def test_of_a_cover_that_is_not_sold_only_the_rest_is_told():
    shipping = price("8.13", "9.93", "0.2214")
    weighted = effect(replace(WITH_COVER, total=Decimal("216.59"), shipping=shipping))
    cheap = effect(replace(WITH_COVER, total=Decimal("216.59")))

    said = weighted.sentence(PREMIUM, is_sold=False)
    assert "tax on shipping is" in said
    assert "6.66" not in said
    assert cheap.sentence(PREMIUM, is_sold=False) == ""
    assert "6.59 USD, 0.07 USD less than the premium of 6.66 USD" in cheap.sentence(PREMIUM)


@pytest.mark.parametrize("checkout", [WITH_COVER, replace(WITH_COVER, total=Decimal("216.59"))])
def test_what_is_kept_is_what_is_read(checkout: Totals):
    kept = effect(checkout)

    assert PriceImpact.from_json(kept.as_json()).as_json() == kept.as_json()


def test_rows_keep_an_effect_under_these_names():
    kept = effect(replace(WITH_COVER, shipping=price("8.18", "10.00", "0.2225"))).as_json()

    assert kept == {
        "code": "shipping_tax_not_exact",
        "cost": "6.66",
        "line": "6.66",
        "premium_tax": "0.00",
        "shipping_net": "8.18",
        "shipping_gross": "10.00",
        "shipping_alone_net": "8.13",
        "shipping_alone_gross": "10.00",
        "has_other_lines": False,
        "has_other_ways": False,
    }


def test_each_difference_is_kept_and_read_as_its_own():
    lines = effect(replace(WITH_COVER, others=(price("162.61", "200.00"),)))
    ways = effect(replace(WITH_COVER, pick_up_points=frozenset({UUID(int=1)})))

    assert (lines.has_other_lines, lines.has_other_ways) == (True, False)
    assert (ways.has_other_lines, ways.has_other_ways) == (False, True)
    for one in (lines, ways):
        read = PriceImpact.from_json(one.as_json())
        assert (read.has_other_lines, read.has_other_ways) == (
            one.has_other_lines,
            one.has_other_ways,
        )
        assert (read.cost, read.line, read.premium_tax) == (one.cost, one.line, one.premium_tax)
        assert (read.shipping.gross, read.shipping_alone.net) == (Decimal(10), Decimal("8.13"))


@pytest.mark.parametrize(
    ("total", "said"),
    [
        ("216.67", "6.67 USD, 0.01 USD more than 6.66 USD."),
        (
            "216.65",
            "6.65 USD, 0.01 USD less than the premium of 6.66 USD. The store bears the 0.01",
        ),
        ("210.01", "cost the buyer 0.01 USD, 6.65 USD less than the premium"),
        ("210.00", "no more than without the protection: 6.66 USD less than the premium"),
        ("209.99", "no more than without the protection: 6.67 USD less than the premium"),
    ],
)
def test_what_the_buyer_paid_for_it_is_told_to_the_cent(total, said):
    shipping = price("8.18", "10.00", "0.2225")
    told = effect(replace(WITH_COVER, total=Decimal(total), shipping=shipping))

    assert said in told.sentence(PREMIUM)


def test_shipping_at_the_same_price_is_no_other_shipping():
    assert not effect(WITH_COVER).has_other_shipping
    assert effect(replace(WITH_COVER, shipping=price("8.14", "10.00"))).has_other_shipping
    assert effect(replace(WITH_COVER, shipping=price("8.13", "10.01"))).has_other_shipping


def test_a_discount_the_store_bears_reaches_other_lines_too():
    """The store agreed to that when the yes was said, so staff are not notified."""
    absorbed = replace(
        WITH_COVER,
        total=Decimal("211.33"),
        cover=price("1.33", "1.33", "0"),
        others=(price("162.59", "200.00"),),
    )

    assert effect(absorbed, absorbed="5.33").code == ""
