"""The tax in the premium is on the cover's line where it comes out to the cent, and only there.

The premium of two tickets is 6.66. At 12 % XCover names 0.71 of it as tax, and Saleor computes the
same from one rate; at 10 % XCover names 0.60 and Saleor 0.61.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import COVER_SKU, TAXED_COVER_SKU
from testkit.factories import unique
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, bookings
from testkit.work import Work

NET = Decimal("5.95")


@pytest.fixture(params=[True, False], ids=["included", "on top"])
def channel(
    request: pytest.FixtureRequest,
    bare_store: Store,
    sell_insurance: Callable[[Channel], Channel],
    staff: Staff,
) -> Channel:
    """A channel with the tax on the line, set up for it; prices are entered with tax or without."""
    from saleor.tax.models import TaxConfiguration

    found = sell_insurance(bare_store.new_channel(allow_unpaid_orders=True))
    TaxConfiguration.objects.filter(channel_id=key(found.id)).update(
        charge_taxes=True, prices_entered_with_tax=request.param
    )
    staff.configure_plugin(found, {"tax_on_line": "true"})
    call_command("xcover_setup", "--channel", found.slug, stdout=StringIO())
    return found


@pytest.fixture
def rate(channel: Channel) -> Iterator[Callable[[int], None]]:
    """Enter the rate of the premium's tax class in the buyer's country, as the store would."""
    from saleor.tax.models import TaxClass, TaxClassCountryRate

    (taxed,) = TaxClass.objects.filter(name="Insurance premium (tax on the line)")

    def enter(percent: int) -> None:
        rates = TaxClassCountryRate.objects
        rates.update_or_create(tax_class=taxed, country="US", defaults={"rate": percent})

    enter(12)
    yield enter
    TaxClassCountryRate.objects.filter(tax_class=taxed).delete()


@pytest.fixture
def buyer(
    shopper: Callable[[Channel], Shopper], store: Store, channel: Channel, rate: Any
) -> Shopper:
    ada = shopper(channel)
    ada.create_checkout({store.concert: 2})
    return ada


def row_of(order_id: str) -> Any:
    """Return the order's cover line as Saleor stored it."""
    from saleor.order.models import OrderLine

    (line,) = OrderLine.objects.filter(order_id=key(order_id), product_sku__startswith=COVER_SKU)
    return line


def report(channel: Channel) -> dict[str, Any]:
    out = StringIO()
    call_command("xcover_report", "--channel", channel.slug, "--json", stdout=out)
    (total,) = json.loads(out.getvalue())["totals"]
    return dict(total)


def doctor(channel: Channel) -> list[tuple[str, str]]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("xcover_doctor", "--channel", channel.slug, "--no-call", "--json", stdout=out)
    found = json.loads(out.getvalue())["findings"]
    return [(f["outcome"], f["sentence"]) for f in found if f["check"] == "tax on the line"]


def buy(buyer: Shopper, payments: Any) -> Any:
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete()


def test_the_line_carries_the_tax_that_xcover_names(
    simulator: SimulatorProcess, channel: Channel, buyer: Shopper, payments: Any, work: Work
) -> None:
    # when the shopper says yes
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    # then the buyer pays tickets and premium, and the line is that of the taxed product
    assert checkout.total == Decimal("200.00") + PREMIUM
    assert [(line.sku, line.total) for line in checkout.cover_lines] == [(TAXED_COVER_SKU, PREMIUM)]
    # when it is bought
    order = buy(buyer, payments)
    work()
    # then the order shows XCover's net, tax and gross, and the policy is made
    line = row_of(order.id)
    assert (line.unit_price_net_amount, line.unit_price_gross_amount) == (NET, PREMIUM)
    assert (line.tax_rate, line.tax_class_name) == (
        Decimal("0.12"),
        "Insurance premium (tax on the line)",
    )
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert report(channel)["tax_not_on_line"] == 0
    assert doctor(channel) == [("fine", "Rates in US.")]


def test_it_stays_through_changes_that_do_not_concern_it(
    store: Store, buyer: Shopper, payments: Any, work: Work, simulator: SimulatorProcess
) -> None:
    buyer.accept(buyer.offer())
    # when a T-shirt and an address line change, and the page asks for the offer again
    buyer.add(store.shirt)
    buyer.set_email("ada@example.org")
    assert buyer.offer().answer == "accepted"
    # then the order is as agreed
    order = buy(buyer, payments)
    work()
    assert order.total == Decimal("225.00") + PREMIUM
    assert row_of(order.id).unit_price_net_amount == NET
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_a_tax_that_does_not_come_out_is_on_the_papers_alone(
    simulator: SimulatorProcess,
    channel: Channel,
    rate: Callable[[int], None],
    buyer: Shopper,
    payments: Any,
    work: Work,
    staff: Staff,
) -> None:
    # given a tax that XCover truncates and Saleor rounds
    simulator.settings(tax_rate="0.10")
    rate(10)
    # when it is bought
    buyer.accept(buyer.offer())
    order = buy(buyer, payments)
    work()
    # then the protection is sold all the same, as a line at 0 %
    line = row_of(order.id)
    assert line.product_sku == COVER_SKU
    assert (line.unit_price_net_amount, line.unit_price_gross_amount) == (PREMIUM, PREMIUM)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    # and the papers have the tax, and report and doctor say so
    assert staff.order(order.id).metadata["xcover_taxes"] == "IPT 0.60"
    assert report(channel)["tax_not_on_line"] == 1
    ((outcome, sentence),) = doctor(channel)
    assert outcome == "warning"
    assert "1 cover in 30 days at 0 %" in sentence
    assert "tax_not_representable" in sentence


def test_a_store_may_sell_no_protection_then(
    simulator: SimulatorProcess,
    channel: Channel,
    rate: Callable[[int], None],
    buyer: Shopper,
    staff: Staff,
) -> None:
    staff.configure_plugin(channel, {"tax_on_line_only": "true"})
    simulator.settings(tax_rate="0.10")
    rate(10)

    with pytest.raises(Refused) as refused:
        buyer.offer()

    assert refused.value.codes == ("tax_not_representable",)
    assert buyer.checkout().cover_lines == ()
    # and where it comes out, it is sold
    rate(12)
    simulator.settings(tax_rate="0.12")
    buyer.set_email("ada@example.org")
    buyer.set_quantity(buyer.checkout().ticket_lines[0], 4)
    buyer.set_quantity(buyer.checkout().ticket_lines[0], 2)
    buyer.accept(buyer.offer())
    assert [line.sku for line in buyer.checkout().cover_lines] == [TAXED_COVER_SKU]


def test_a_discount_that_comes_later_takes_the_tax_off_the_line_and_not_the_cover(
    simulator: SimulatorProcess,
    channel: Channel,
    buyer: Shopper,
    staff: Staff,
    payments: Any,
    work: Work,
) -> None:
    code = unique("TEN")
    staff.create_voucher(code, [channel], Decimal(10))
    buyer.accept(buyer.offer())
    # when a percentage off the order comes after the yes
    buyer.add_promo_code(code)
    # then it takes nothing from the premium, whose line is at 0 % now
    checkout = buyer.checkout()
    assert checkout.total == Decimal("180.00") + PREMIUM
    assert [(line.sku, line.total) for line in checkout.cover_lines] == [(COVER_SKU, PREMIUM)]
    order = buy(buyer, payments)
    work()
    assert row_of(order.id).unit_price_net_amount == PREMIUM
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_a_rate_that_changes_meanwhile_overcharges_nobody(
    rate: Callable[[int], None], buyer: Shopper
) -> None:
    buyer.accept(buyer.offer())
    # when the store enters another rate, and the buyer an address
    rate(20)
    buyer.set_email("ada@example.org")
    # then the total is as agreed, and the line at 0 %
    checkout = buyer.checkout()
    assert checkout.total == Decimal("200.00") + PREMIUM
    assert [line.sku for line in checkout.cover_lines] == [COVER_SKU]


def test_an_order_completed_right_after_a_change_of_the_rate_is_held_up_once(
    rate: Callable[[int], None], buyer: Shopper
) -> None:
    buyer.accept(buyer.offer())
    rate(20)

    with pytest.raises(Refused):
        buyer.complete()

    assert buyer.complete().total == Decimal("200.00") + PREMIUM


def test_a_premium_without_tax_is_an_ordinary_line(
    simulator: SimulatorProcess, channel: Channel, buyer: Shopper, payments: Any
) -> None:
    simulator.settings(tax_rate="0")

    buyer.accept(buyer.offer())

    assert [line.sku for line in buyer.checkout().cover_lines] == [COVER_SKU]
    buy(buyer, payments)
    assert report(channel)["tax_not_on_line"] == 0


def test_without_a_rate_it_is_sold_at_0_percent_and_the_doctor_tells(
    channel: Channel, rate: Callable[[int], None], buyer: Shopper
) -> None:
    rate(0)

    buyer.accept(buyer.offer())

    assert [line.sku for line in buyer.checkout().cover_lines] == [COVER_SKU]
    ((outcome, sentence),) = doctor(channel)
    assert (outcome, "has no rate in any country" in sentence) == ("problem", True)


def test_a_second_yes_and_a_no_leave_nothing_of_it(buyer: Shopper) -> None:
    for _ in range(2):
        buyer.accept(buyer.offer())
        assert [line.sku for line in buyer.checkout().cover_lines] == [TAXED_COVER_SKU]
        buyer.decline()
        assert buyer.checkout().cover_lines == ()
    assert buyer.checkout().total == Decimal("200.00")


def test_staff_hand_out_the_line_with_the_tickets(
    buyer: Shopper, store: Store, staff: Staff, payments: Any, work: Work
) -> None:
    buyer.accept(buyer.offer())
    order = buy(buyer, payments)
    work()

    staff.fulfill(order.id, {line.id: line.quantity for line in order.lines}, store.warehouse)

    assert staff.order(order.id).status == "FULFILLED"


def test_the_second_setting_needs_the_first(channel: Channel, staff: Staff) -> None:
    with pytest.raises(Refused) as refused:
        staff.configure_plugin(channel, {"tax_on_line": "false", "tax_on_line_only": "true"})

    assert "needs Tax on the line" in str(refused.value)


def test_a_buyer_who_is_exempt_later_pays_the_premium_all_the_same(
    channel: Channel, buyer: Shopper
) -> None:
    # given a yes, and then an exemption, of which Saleor tells no plugin
    buyer.accept(buyer.offer())
    before = buyer.checkout().total
    exempt(buyer.checkout_id)
    # when it is bought, the order is held up once: the line has to change
    with pytest.raises(Refused):
        buyer.complete()
    order = buyer.complete()
    # then the buyer pays tickets and premium, and the line is at 0 %
    assert order.total == before
    line = row_of(order.id)
    assert (line.unit_price_net_amount, line.unit_price_gross_amount) == (PREMIUM, PREMIUM)


@pytest.mark.parametrize("change", ["exemption", "rate"])
def test_the_page_that_asks_before_the_payment_puts_the_line_right(
    rate: Callable[[int], None],
    buyer: Shopper,
    payments: Any,
    work: Work,
    simulator: SimulatorProcess,
    change: str,
) -> None:
    # given a yes, and then a change of which Saleor tells no plugin, and Saleor's new prices
    buyer.accept(buyer.offer())
    total = buyer.checkout().total
    if change == "rate":
        rate(20)
        expire(buyer.checkout_id)
    else:
        exempt(buyer.checkout_id)
    buyer.checkout()
    # when the page asks
    assert buyer.offer().answer == "accepted"
    # then the buyer pays what was agreed, and is insured
    assert buyer.checkout().total == total
    order = buy(buyer, payments)
    work()
    line = row_of(order.id)
    assert (line.unit_price_net_amount, line.unit_price_gross_amount) == (PREMIUM, PREMIUM)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def expire(checkout_id: str) -> None:
    """Let Saleor's prices of a checkout expire, as they do after an hour."""
    from django.utils import timezone
    from saleor.checkout.models import Checkout

    Checkout.objects.filter(pk=key(checkout_id)).update(price_expiration=timezone.now())


def exempt(checkout_id: str) -> None:
    """Free a checkout from taxes, as taxExemptionManage does."""
    from django.utils import timezone
    from saleor.checkout.models import Checkout

    now = timezone.now()
    Checkout.objects.filter(pk=key(checkout_id)).update(
        tax_exemption=True, price_expiration=now, last_change=now
    )
