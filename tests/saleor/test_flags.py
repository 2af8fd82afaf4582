"""What our one query says of a checkout is what Saleor's own code says of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store

if TYPE_CHECKING:
    from saleor_xcover_plugin.host.values import CheckoutSnapshot

SendShopper = Callable[[Channel], Shopper]
NO_ROW = "no row"


def read(token: uuid.UUID) -> CheckoutSnapshot:
    """Read a checkout as the hooks do, with the mapping a new channel has."""
    from saleor_xcover_plugin.config.settings import default_configuration
    from saleor_xcover_plugin.domain.event_data import EventMapping, Sources
    from saleor_xcover_plugin.host import checkouts

    (mapping,) = [f["value"] for f in default_configuration() if f["name"] == "event_mapping"]
    state = checkouts.read(token, Sources(EventMapping.parse(mapping).names))
    assert state is not None
    return state


@pytest.fixture
def token(store: Store, shopper: SendShopper) -> str:
    from saleor.checkout.models import Checkout

    shopper(store.usd_unpaid).create_checkout({store.concert: 2}, billing=NEW_YORK)
    return str(Checkout.objects.latest("created_at").pk)


@pytest.fixture
def taxes(store: Store) -> Iterator[Callable[[str | None, str | None], None]]:
    """Set how taxes are calculated in the channel and, unless there is no row, in its country."""
    from saleor.tax.models import TaxConfiguration

    configuration = TaxConfiguration.objects.get(channel__slug=store.usd_unpaid.slug)
    usual = configuration.tax_calculation_strategy

    def choose(channel: str | None, country: str | None) -> None:
        configuration.tax_calculation_strategy = channel
        configuration.save(update_fields=["tax_calculation_strategy"])
        configuration.country_exceptions.all().delete()
        if country != NO_ROW:
            configuration.country_exceptions.create(country="US", tax_calculation_strategy=country)

    yield choose
    choose(usual, NO_ROW)


@pytest.mark.parametrize("country", [NO_ROW, None, "", "FLAT_RATES", "TAX_APP"])
@pytest.mark.parametrize("channel", [None, "", "FLAT_RATES", "TAX_APP"])
def test_an_app_calculates_taxes_where_saleor_says_so(
    token: str,
    taxes: Callable[[str | None, str | None], None],
    channel: str | None,
    country: str | None,
) -> None:
    from saleor.checkout.models import Checkout
    from saleor.tax.utils import get_tax_calculation_strategy

    taxes(channel, country)

    checkout = Checkout.objects.get(pk=token)
    state = read(checkout.pk)

    configuration = checkout.channel.tax_configuration
    theirs = get_tax_calculation_strategy(
        configuration, configuration.country_exceptions.filter(country="US").first()
    )
    assert state.facts.is_taxed_by_app is (theirs == "TAX_APP")


@pytest.mark.parametrize(
    ("_case", "override", "discounted", "expected"),
    [
        ("as listed", None, "100.00", "100.00"),
        ("in a sale", None, "80.00", "80.00"),
        ("a listing Saleor has not discounted yet", None, None, "100.00"),
        ("a price of its own", "55.00", "80.00", "55.00"),
    ],
)
def test_a_ticket_costs_what_its_line_says(
    store: Store,
    token: str,
    _case: str,
    override: str | None,
    discounted: str | None,
    expected: str,
) -> None:
    from decimal import Decimal

    from saleor.checkout.models import CheckoutLine
    from saleor.product.models import ProductVariantChannelListing

    (line,) = CheckoutLine.objects.filter(checkout_id=token)
    listing = ProductVariantChannelListing.objects.filter(
        variant_id=line.variant_id, channel__slug=store.usd_unpaid.slug
    )
    before = listing.values("price_amount", "discounted_price_amount").get()
    try:
        listing.update(price_amount=Decimal("100.00"), discounted_price_amount=discounted)
        CheckoutLine.objects.filter(pk=line.pk).update(price_override=override)

        state = read(line.checkout_id)
    finally:
        listing.update(**before)

    assert [each.unit_price for each in state.facts.lines] == [Decimal(expected)]
