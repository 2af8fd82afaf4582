"""Beside a tax app, protection is sold where the app leaves the premium alone, and only there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import COVER_SKU
from testkit.factories import unique
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, bookings
from testkit.work import Work

from .apps import answering

CENT = Decimal("0.01")
EVENT = "checkout_calculate_taxes"


class Rates:
    """The rates of the tax app, in percent."""

    def __init__(self) -> None:
        self.tickets = Decimal(8)
        self.cover = Decimal(0)
        self.included = False
        self.is_down = False
        self.asked: list[Any] = []

    def answer(self, asked: Any) -> dict[str, Any]:
        if self.is_down:
            return {"error": "the tax service is down"}
        (taxed,) = asked
        lines = [self._line(line) for line in taxed["lines"]]
        shipping = str(Decimal(taxed["shipping_amount"]))
        return {
            "shipping_price_gross_amount": shipping,
            "shipping_price_net_amount": shipping,
            "shipping_tax_rate": "0",
            "lines": lines,
        }

    def _line(self, line: Any) -> dict[str, str]:
        rate = self.cover if line["sku"] == COVER_SKU else self.tickets
        amount, factor = Decimal(line["total_amount"]), 1 + rate / 100
        net, gross = (amount / factor, amount) if self.included else (amount, amount * factor)
        return {
            "total_net_amount": str(net.quantize(CENT, ROUND_HALF_UP)),
            "total_gross_amount": str(gross.quantize(CENT, ROUND_HALF_UP)),
            "tax_rate": str(rate),
        }


@pytest.fixture(scope="module")
def channel(bare_store: Store, sell_insurance: Callable[[Channel], Channel]) -> Channel:
    return sell_insurance(bare_store.new_channel(allow_unpaid_orders=True))


@contextmanager
def taxed(channel: Channel, *, included: bool) -> Iterator[Any]:
    """Have an app calculate the channel's taxes."""
    from saleor.app.models import App
    from saleor.permission.models import Permission
    from saleor.tax.models import TaxConfiguration

    app = App.objects.create(name="Taxes", identifier="test.taxes", is_active=True)
    app.permissions.add(Permission.objects.get(codename="handle_taxes"))
    taxes = TaxConfiguration.objects.filter(channel_id=key(channel.id))
    before = taxes.values(
        "tax_calculation_strategy", "tax_app_id", "charge_taxes", "prices_entered_with_tax"
    ).get()
    taxes.update(
        tax_calculation_strategy="TAX_APP",
        tax_app_id=app.identifier,
        charge_taxes=True,
        prices_entered_with_tax=included,
    )
    try:
        yield app
    finally:
        taxes.update(**before)
        app.delete()


@pytest.fixture(params=[False, True], ids=["on top", "included"])
def rates(request: pytest.FixtureRequest, channel: Channel) -> Iterator[Rates]:
    """Rates of a tax app that answers over HTTP; ``asked`` are its requests."""
    found = Rates()
    found.included = request.param
    with (
        taxed(channel, included=found.included) as app,
        answering(app, EVENT, found.answer) as asked,
    ):
        found.asked = asked
        yield found


@pytest.fixture
def buyer(shopper: Callable[[Channel], Shopper], store: Store, channel: Channel) -> Shopper:
    ada = shopper(channel)
    ada.create_checkout({store.concert: 2})
    return ada


def tickets_at(rates: Rates) -> Decimal:
    return Decimal("200.00") if rates.included else Decimal("216.00")


def refusal(call: Callable[[], Any]) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.codes


def test_a_premium_the_app_exempts_is_sold_to_the_cent(
    simulator: SimulatorProcess, rates: Rates, buyer: Shopper, payments: Any, work: Work
) -> None:
    assert buyer.checkout().total == tickets_at(rates)

    buyer.accept(buyer.offer())
    checkout = buyer.checkout()

    assert checkout.total == tickets_at(rates) + PREMIUM
    assert [line.total for line in checkout.cover_lines] == [PREMIUM]
    payments.charge(checkout.id, checkout.total, checkout.currency)
    assert buyer.complete().total == tickets_at(rates) + PREMIUM
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_a_premium_the_app_taxes_is_not_offered(rates: Rates, buyer: Shopper) -> None:
    rates.cover = Decimal(8)

    assert refusal(buyer.offer) == ("taxed_by_app",)
    assert buyer.checkout().total == tickets_at(rates)
    assert buyer.checkout().cover_lines == ()


def test_an_app_that_is_down_sells_the_tickets_without_an_offer(
    rates: Rates, buyer: Shopper
) -> None:
    rates.is_down = True

    assert refusal(buyer.offer) == ("taxed_by_app",)
    # when it is back, the changed checkout is offered protection again
    rates.is_down = False
    buyer.write_metadata({"note": "1"})
    buyer.set_email("ada@example.org")
    assert buyer.offer().quotes


def test_a_yes_the_app_taxes_later_ends_before_the_order(rates: Rates, buyer: Shopper) -> None:
    buyer.accept(buyer.offer())
    # when the app begins to tax the protection, and the checkout changes
    rates.cover = Decimal(8)
    buyer.set_email("ada@example.org")
    # then the order is held up once, and the next attempt is without protection
    with pytest.raises(Refused):
        buyer.complete()
    assert buyer.complete().total == tickets_at(rates)


def test_a_yes_follows_the_tickets_and_stays_exact(
    rates: Rates, buyer: Shopper, store: Store
) -> None:
    buyer.accept(buyer.offer())
    # when a T-shirt comes to it, which is no ticket
    buyer.add(store.shirt)
    # then the yes stands, and the checkout costs the rest plus the premium
    checkout = buyer.checkout()
    rest = sum((line.total for line in checkout.ticket_lines), Decimal(0))
    assert checkout.total == rest + PREMIUM
    assert buyer.offer().answer == "accepted"


def test_no_hook_asks_the_app(rates: Rates, buyer: Shopper, store: Store) -> None:
    from saleor_xcover_plugin.checkout.checkout_sync import checkout_changed
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.host import configuration

    buyer.accept(buyer.offer())
    buyer.add(store.shirt)
    token = uuid.UUID(key(buyer.checkout_id))
    settings = configuration.settings_of(int(key(buyer.channel.id)))
    before = len(rates.asked)

    checkout_changed(token, settings, utc_now())

    assert len(rates.asked) == before


def test_a_discount_on_the_order_gets_no_offer_beside_an_app(
    rates: Rates, buyer: Shopper, staff: Staff, channel: Channel
) -> None:
    code = unique("TEN")
    staff.create_voucher(code, [channel], Decimal(10))
    buyer.add_promo_code(code)

    assert refusal(buyer.offer) == ("discount_not_supported",)


def test_one_that_comes_after_the_yes_ends_it_at_once_and_asks_no_app_for_it(
    rates: Rates, buyer: Shopper, staff: Staff, channel: Channel
) -> None:
    code = unique("TEN")
    staff.create_voucher(code, [channel], Decimal(10))
    buyer.accept(buyer.offer())
    # when the voucher comes, the mutation's own answer has no cover any more
    checkout = buyer.add_promo_code(code)
    assert checkout.cover_lines == ()
    # and the order is held up once, so that the buyer notices
    with pytest.raises(Refused):
        buyer.complete()
    assert buyer.complete().total == checkout.total


def test_an_app_that_fails_once_takes_no_yes_away(
    rates: Rates, buyer: Shopper, store: Store
) -> None:
    buyer.accept(buyer.offer())
    # when the app is down while the checkout changes
    rates.is_down = True
    buyer.add(store.shirt)
    with suppress(Refused):
        buyer.offer()
    # and is back
    rates.is_down = False
    buyer.set_email("ada@example.org")
    # then the yes stands, to the cent
    assert buyer.offer().answer == "accepted"
    checkout = buyer.checkout()
    rest = sum((line.total for line in checkout.ticket_lines), Decimal(0))
    assert checkout.total == rest + PREMIUM


def test_a_yes_is_answered_without_another_call_to_the_app(rates: Rates, buyer: Shopper) -> None:
    buyer.accept(buyer.offer())
    buyer.checkout()  # Saleor's own price
    before = len(rates.asked)

    assert buyer.offer().answer == "accepted"
    held = buyer.held_offer()

    assert held is not None
    assert held.answer == "accepted"
    assert len(rates.asked) == before
