"""Steps many stories begin with, and questions they end with."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.client.values import Checkout, Offer, PlacedOrder, Transaction
from testkit.simulator import SimulatorProcess

from .work import Work

TICKETS = Decimal("200.00")
PREMIUM = Decimal("6.66")
TOTAL = TICKETS + PREMIUM
"""Two tickets at 100.00 and their cover."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order with its policy."""

    order: PlacedOrder
    payment: Transaction
    booking_id: str


def accept_cover(buyer: Shopper, store: Store, tickets: int = 2) -> tuple[Checkout, Offer]:
    """Put tickets into a checkout, look at the offer and say yes; return the checkout after it."""
    buyer.create_checkout({store.concert: tickets})
    offer = buyer.accept(buyer.offer())
    return buyer.checkout(), offer


def sell_with_cover(
    buyer: Shopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> Sale:
    """Sell two tickets with cover, paid before the order, up to the booking at XCover."""
    order, payment = buy_with_cover(buyer, payments, {store.concert: 2})
    work()
    (booking,) = bookings(simulator)
    return Sale(order, payment, booking["id"])


def buy_with_cover(
    buyer: Shopper, payments: PaymentApp, wanted: dict[Variant, int]
) -> tuple[PlacedOrder, Transaction]:
    """Accept the offer, pay and order; nobody has worked on it yet."""
    buyer.create_checkout(wanted)
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), payment


def end_the_offer(buyer: Shopper) -> None:
    """Have a third ticket come and go: the live offer ends, and the next one has its terms."""
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, line.quantity + 1)
    buyer.set_quantity(line, line.quantity)


def change_the_buyer_twice(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    """Correct the buyer's phone in the order: one change is applied, one XCover refuses."""
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    work()
    simulator.fault("preview_modification", "status", times=1, status=422)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550188"})
    work()


def bookings(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """Return what is booked at XCover."""
    found: list[dict[str, Any]] = simulator.state()["bookings"]
    return found


def opt_outs(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """Return the opt-outs XCover was told."""
    found: list[dict[str, Any]] = simulator.state()["opt_outs"]
    return found


def asked(simulator: SimulatorProcess) -> dict[str, int]:
    """Count the calls XCover received, by operation; a preview is a ``cancel``."""
    return dict(Counter(call["operation"] for call in simulator.calls()))


@contextmanager
def sealed_elsewhere(channel: Channel, *fields: str) -> Iterator[None]:
    """Have these secrets of a channel sealed by a process with another SECRET_KEY meanwhile."""
    from django.test import override_settings
    from saleor.plugins.models import PluginConfiguration

    from saleor_xcover_plugin.crypto import seal

    rows = PluginConfiguration.objects.filter(
        identifier="covergenius.xcover", channel__slug=channel.slug
    )
    row = rows.get()
    before = [dict(item) for item in row.configuration]
    with override_settings(SECRET_KEY="of another process", SECRET_KEY_FALLBACKS=[]):
        for item in row.configuration:
            if item["name"] in fields:
                item["value"] = seal(f"the {item['name']}")
    row.save()
    try:
        yield
    finally:
        rows.update(configuration=before, active=True)
