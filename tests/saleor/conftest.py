"""Tests that need a real Saleor; most fixtures are those of the flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testkit import hosts
from testkit.client.driver import Driver
from testkit.client.store import Channel

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

    from .box_office import Premises


def pytest_addoption(parser: pytest.Parser) -> None:
    hosts.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    hosts.start(config)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)


@pytest.fixture
def premises(
    driver: Driver, store: SaleorStore, sell_insurance: Callable[[Channel], Channel]
) -> Callable[..., Premises]:
    """Open a channel with its own warehouses and sell protection in it."""
    # Its factories want Django's models, which are there only after pytest_configure.
    from .box_office import Premises

    def opened(**settings: object) -> Premises:
        channel = store.new_channel(**settings)
        return Premises(driver, store, sell_insurance(channel))

    return opened


@pytest.fixture
def no_objection_is_missed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have Saleor price on trial also what the plugin does not: no such trial may object."""
    from saleor_xcover_plugin.checkout import offer_request
    from saleor_xcover_plugin.host import trial_pricing

    found: list[str] = []
    check_new = offer_request.check_new

    def check(offer: Any, state: Any, settings: Any, now: Any) -> None:
        if not trial_pricing.is_needed(state):
            found.extend(_objections(offer))
        check_new(offer, state, settings, now)

    monkeypatch.setattr(offer_request, "check_new", check)
    yield
    assert found == []


def _objections(offer: Any) -> list[str]:
    from saleor_xcover_plugin.checkout.line_pricing import objection
    from saleor_xcover_plugin.checkout.offers import groups_of, premiums_of
    from saleor_xcover_plugin.domain.money import Money
    from saleor_xcover_plugin.domain.product_rules import sums_to_prove
    from saleor_xcover_plugin.host import checkouts, cover_product

    sums = sums_to_prove(groups_of(offer), premiums_of(offer))
    with checkouts.locked(offer.checkout_token) as checkout:
        if checkout is None:
            return []
        code = objection(
            checkout,
            offer_id=offer.pk,
            variant_id=cover_product.listed_variant_id(offer.channel_id) or 0,
            premiums=[Money(amount, offer.currency) for amount in sums],
            may_absorb=False,
        )
    return [f"{code} for offer {offer.pk}"] if code else []
