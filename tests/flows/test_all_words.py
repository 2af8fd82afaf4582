"""A shopper is given every word XCover sends, whichever shape its answer has."""

import pytest

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


def _fields(value):
    """Return what a value of the driver holds, values within it included."""
    if isinstance(value, tuple):
        return [_fields(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return [_fields(getattr(value, name)) for name in value.__dataclass_fields__]
    return dict(value) if hasattr(value, "items") else value
