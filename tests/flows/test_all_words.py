"""A shopper is given every word XCover sends, whichever shape its answer has."""

import pytest

from testkit.client.driver import Refused

from .. import words

ANSWERS = words.answers()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_shopper_reads_all_of_it(shopper, store, simulator, name):
    # given XCover answers with these texts
    content = ANSWERS[name]["content"]
    products = content["products"]
    simulator.settings(
        products="bare_alternatives",
        content_changes={key: text for key, text in content.items() if key != "products"},
        product_content_changes=products,
    )
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # when
    offer = buyer.offer()
    # then
    given = [_fields(offer), *(_fields(quote) for quote in offer.quotes)]
    assert words.missing(content, given) == []
    assert not any("<" in text for text in words.strings_in(given))
    assert [quote.title for quote in offer.quotes] == [product["title"] for product in products]
    # and when it is accepted, the evidence holds all of it
    from saleor_xcover_plugin.models import Consent

    buyer.accept(offer)
    assert words.missing(content, Consent.objects.get().content) == []


def test_a_shopper_reads_texts_of_odd_shapes(shopper, store, simulator):
    # given
    from saleor_xcover_plugin.models import Consent

    simulator.settings(
        products="alternatives",
        content_changes=words.ODD,
        product_content_changes=[{}, words.ODD_OF_PRODUCT],
    )
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # when
    offer = buyer.offer()
    # then all of it is in the answer, as plain text
    given = [_fields(offer), *(_fields(quote) for quote in offer.quotes)]
    assert words.odd_words_in(given) == words.ODD_WORDS
    assert offer.heading == "7000001"
    assert offer.texts["description"] == "Zq1 is paid\nZq2: Zq3 < 6"
    assert offer.quotes[1].disclaimer.startswith("Zq8\nZq9")
    # and in the evidence
    buyer.accept(offer, offer.quotes[0].id)
    assert words.odd_words_in(Consent.objects.get().content) == words.ODD_WORDS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"heading": "w" * 200_000}, "text_too_long"),
        ({"extras": {str(number): "w" * 19_000 for number in range(6)}}, "text_too_long"),
        ({"disclaimer": {"Illness is covered": False}}, "text_unreadable"),
    ],
)
def test_no_offer_is_sold_without_a_part_of_its_terms(
    shopper, store, payments, simulator, changes, code
):
    # given
    simulator.settings(content_changes=changes)
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # when
    with pytest.raises(Refused) as caught:
        buyer.offer()
    # then nothing is offered, and the tickets sell
    assert list(caught.value.codes) == [code]
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    assert buyer.complete().cover_lines == ()


def _fields(value):
    """Return what a value of the driver holds, values within it included."""
    if isinstance(value, tuple):
        return [_fields(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return [_fields(getattr(value, name)) for name in value.__dataclass_fields__]
    return dict(value) if hasattr(value, "items") else value
