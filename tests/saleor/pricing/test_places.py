"""Random baskets beside a percentage: where the cover stands, and that no better place exists.

Eight baskets by default, ``XCOVER_PLACES=200`` for a deep run. Each comes from the
seed and its own number, so a printed number tells its basket again.
"""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.shopper import Shopper
from testkit.client.store import Channel
from testkit.client.values import Checkout
from testkit.simulator import SimulatorProcess

from ..pricings import counted_pricings
from .record import BEFORE_LAST, LAST, place_of_cover

if TYPE_CHECKING:  # Django is not ready when a test is collected
    from testkit.saleor.store import SaleorStore

    from .shop import Shelf, Shop

SEED = 18
BASKETS = int(os.environ.get("XCOVER_PLACES", "8"))
CENT = Decimal("0.01")
GOODS = ("concert", "taxed", "festival", "shirt")
PERCENTAGES = (5, 10, 12, 15, 20, 25, 30, 33, 40, 50, 60, 70)
TAXES = ("none", "included", "on top")


@dataclass(frozen=True, slots=True)
class Basket:
    """What one buyer wants, at what prices, beside which percentage off."""

    number: int
    counts: dict[str, int]
    prices: dict[str, Decimal]
    percentage: int
    taxes: str

    @classmethod
    def of(cls, number: int) -> Basket:
        dice = random.Random(f"{SEED}-{number}")  # noqa: S311
        names = ["concert", *dice.sample(GOODS[1:], number % len(GOODS))]
        return cls(
            number,
            {name: dice.randint(1, 4) for name in names},
            {name: Decimal(dice.randint(500, 20_000)) / 100 for name in names},
            dice.choice(PERCENTAGES),
            dice.choice(TAXES),
        )


@dataclass
class Tally:
    """Where the covers stood, by the number of other lines, and how often Saleor was asked."""

    places: dict[int, Counter[str]] = field(default_factory=dict)
    attempts: dict[str, Counter[int]] = field(default_factory=dict)
    only_first: int = 0

    def count(self, others: int, place: str, attempts: int) -> None:
        self.places.setdefault(others, Counter())[place] += 1
        self.attempts.setdefault(place, Counter())[attempts] += 1

    def __str__(self) -> str:
        places = [f"{n} other: {dict(self.places[n])}" for n in sorted(self.places)]
        asked = [f"{place}: {dict(sorted(c.items()))}" for place, c in self.attempts.items()]
        return "\n".join(
            [*places, "pricings of one yes: " + "; ".join(asked), f"first only: {self.only_first}"]
        )


@pytest.fixture(scope="module")
def channel(open_store: SaleorStore, sell_insurance: Callable[[Channel], Channel]) -> Channel:
    return sell_insurance(open_store.new_channel())


@pytest.fixture
def shop(
    driver: Driver,
    store: SaleorStore,
    shelf: Shelf,
    app_token: str,
    channel: Channel,
    simulator: SimulatorProcess,
) -> Iterator[Shop]:
    from .shop import Shop

    shop = Shop(driver, store, shelf, app_token, channel)
    yield shop
    shop.close()


def test_the_cover_stands_last_wherever_a_price_fits_there(
    shop: Shop, driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally()
    for number in range(BASKETS):
        _play(Basket.of(number), shop, driver, tally)
    with capsys.disabled():
        print(f"\n{BASKETS} baskets, seed {SEED}\n{tally}")


def _play(basket: Basket, shop: Shop, driver: Driver, tally: Tally) -> None:
    from .rest import rest_of_checkout

    # given a shop with these prices and taxes, and a twin who never hears of a cover
    _prepare(shop, basket)
    twin, buyer = (_fill(Shopper(driver, shop.channel), basket, shop) for _ in range(2))
    alone = twin.checkout()
    # when
    with counted_pricings() as asked:
        premium, codes = _say_yes(buyer)
    # then
    assert codes in ((), ("price_not_exact",)), basket
    seen = buyer.checkout()
    assert rest_of_checkout(buyer.checkout_id) == rest_of_checkout(twin.checkout_id), basket
    if premium is not None:
        assert seen.total == alone.total + premium, basket
        assert [line.total for line in seen.cover_lines] == [premium], basket
    place = place_of_cover(seen) or "withheld"
    assert place in (LAST, BEFORE_LAST, "withheld"), basket
    tally.count(len(alone.lines), place, len(asked) // (2 if premium is not None else 1))
    _prove(basket, seen, place, tally)


def _say_yes(buyer: Shopper) -> tuple[Decimal | None, tuple[str, ...]]:
    """Return the premium of an accepted offer, or the codes of a refusal."""
    try:
        return buyer.accept(buyer.offer()).premium, ()
    except Refused as refused:
        return None, refused.codes


def _prove(basket: Basket, seen: Checkout, place: str, tally: Tally) -> None:
    """Ask Saleor about every price near the right one, at each better place."""
    others = len(basket.counts)
    if place == BEFORE_LAST:
        (line,) = seen.cover_lines
        assert not _fits_at([others], basket, seen, line.total), f"it could stand last: {basket}"
    if place == "withheld":
        better = [others] if others == 1 else [others, others - 1]
        without = [p for p in _premiums(seen) if not _fits_at(better, basket, seen, p)]
        assert without, f"a price fits every choice: {basket}"
        tally.only_first += all(_fits_at([0], basket, seen, premium) for premium in without)


def _premiums(seen: Checkout) -> list[Decimal]:
    """Return what each choice a buyer has would cost: an offer is made only if all of them fit."""
    from saleor_xcover_plugin.checkout.offers import groups_of, premiums_of
    from saleor_xcover_plugin.domain.product_rules import sums_to_prove
    from saleor_xcover_plugin.models import Offer

    offer = Offer.objects.filter(checkout_token=seen.token).latest("pk")
    return list(sums_to_prove(groups_of(offer), premiums_of(offer)))


def _fits_at(places: Sequence[int], basket: Basket, seen: Checkout, premium: Decimal) -> bool:
    """Say whether any correction makes a cover exact after so many of the other lines.

    Tries it in Saleor and takes all of it back.
    """
    from django.db import transaction
    from saleor.checkout.models import Checkout as Row

    from saleor_xcover_plugin.host import cover_line, cover_product
    from saleor_xcover_plugin.models import Offer

    checkout: Any = Row.objects.get(pk=seen.token)
    offer = Offer.objects.filter(checkout_token=checkout.pk).latest("pk")
    with transaction.atomic():
        cover_line.remove([line.id for line in cover_line.lines_of(checkout)])
        alone = cover_line.totals_without(checkout, [])
        variant_id = cover_product.listed_variant_id(checkout.channel_id)
        assert variant_id is not None
        line_id = cover_line.put(
            checkout, variant_id=variant_id, offer_id=offer.pk, premium=premium
        )
        found = any(
            _totals(checkout, line_id, place, correction).is_exact_beside(alone, premium)
            for place in places
            for correction in _all_near(premium, basket.percentage)
        )
        transaction.set_rollback(True)
    return found


def _all_near(premium: Decimal, percentage: int) -> list[Decimal]:
    """Return every correction that could leave the premium: more than rounding can move it."""
    rest = 1 - Decimal(percentage) / 100
    right = (premium / rest - premium).quantize(CENT)
    reach = int(2 / rest) + 2
    near = [right + step * CENT for step in range(-reach, reach + 1)]
    return [correction for correction in near if 0 <= correction <= 3 * premium]


def _totals(checkout: Any, line_id: uuid.UUID, place: int, correction: Decimal) -> Any:
    from saleor.checkout.models import CheckoutLine

    from saleor_xcover_plugin.host import cover_line

    others = CheckoutLine.objects.filter(checkout_id=checkout.pk).exclude(pk=line_id)
    dates = list(others.order_by("created_at", "id").values_list("created_at", flat=True))
    cover_line.stand_last(checkout, line_id)
    if place < len(dates):
        before = dates[place] - timedelta(microseconds=1)
        CheckoutLine.objects.filter(pk=line_id).update(created_at=before)
    cover_line.correct(line_id, correction, checkout.currency)
    cover_line.recalculate(checkout)
    return cover_line.totals(checkout)


def _prepare(shop: Shop, basket: Basket) -> None:
    for name, price in basket.prices.items():
        shop.price(name, str(price))
    shop.voucher(str(basket.percentage))
    shop.taxes_by_flat_rates()
    shop._configure_taxes(charge_taxes=basket.taxes != "none")
    if basket.taxes != "none":
        shop.flat_taxes(included=basket.taxes == "included")


def _fill(buyer: Shopper, basket: Basket, shop: Shop) -> Shopper:
    buyer.create_checkout({shop.variant(name): count for name, count in basket.counts.items()})
    buyer.add_promo_code(shop.code)
    return buyer
