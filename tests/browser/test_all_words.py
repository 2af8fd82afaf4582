"""What XCover says is what the shopper sees, whichever shape its answer has."""

import pytest

from testkit.seed import SYMPHONY

from .. import words
from .conftest import Place, wait_for_offer
from .storefront import Storefront

ANSWERS = words.answers()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_shopper_sees_all_of_it(storefront: Storefront, place: Place, name: str) -> None:
    # given XCover answers with these texts, for two alternatives
    content = ANSWERS[name]["content"]
    place.simulator.settings(
        products="bare_alternatives",
        content_changes={key: text for key, text in content.items() if key != "products"},
        product_content_changes=content["products"],
    )
    storefront.shopper.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(storefront.shopper)
    # when
    storefront.open()
    storefront.wait_for("offer")
    # then
    storefront.unfold()
    seen = storefront.offer.locator("[part=box]").inner_text()
    assert words.missing(content, [seen]) == []
    assert "<" not in seen


def test_a_shopper_sees_texts_of_odd_shapes(storefront: Storefront, place: Place) -> None:
    # given lists, numbers and objects where texts should be, fields nobody knows, and tags
    place.simulator.settings(
        products="bare_alternatives",
        content_changes=words.ODD,
        product_content_changes=[{}, words.ODD_OF_PRODUCT],
    )
    storefront.shopper.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(storefront.shopper)
    # when
    storefront.open()
    storefront.wait_for("offer")
    # then
    storefront.unfold()
    seen = storefront.offer.locator("[part=box]").inner_text()
    assert words.odd_words_in(seen) == words.ODD_WORDS
    assert "Zq3 < 6" in seen
    assert "alert" not in seen
