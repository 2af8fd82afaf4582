"""Steps that many tests and demo scenes share, and queries on the simulator's state."""

from collections import Counter
from collections.abc import Iterator, Mapping
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
"""Price of two tickets at 100.00, in the channel's currency."""
PREMIUM = Decimal("6.66")
"""Premium of their cover at the simulator's default rate."""
TOTAL = TICKETS + PREMIUM
"""Total of an order of two tickets with cover."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order with its policy."""

    order: PlacedOrder
    payment: Transaction
    booking_id: str
    """XCover's id of the policy."""


def accept_cover(buyer: Shopper, store: Store, tickets: int = 2) -> tuple[Checkout, Offer]:
    """Create a checkout with tickets and accept its offer; return checkout and offer."""
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
    """Sell two tickets with cover, paid before the order, and let the plugin make the policy."""
    order, payment = buy_with_cover(buyer, payments, {store.concert: 2})
    work()
    (booking,) = bookings(simulator)
    return Sale(order, payment, booking["id"])


def buy_with_cover(
    buyer: Shopper, payments: PaymentApp, wanted: dict[Variant, int]
) -> tuple[PlacedOrder, Transaction]:
    """Accept the offer, pay and complete the checkout; no background work is done yet."""
    buyer.create_checkout(wanted)
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), payment


def end_the_offer(buyer: Shopper) -> None:
    """End the live offer by adding and removing a ticket; the next offer has the same terms."""
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, line.quantity + 1)
    buyer.set_quantity(line, line.quantity)


def change_the_buyer_twice(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    """Change the buyer's phone number twice: XCover applies the first and refuses the second."""
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    work()
    simulator.fault("preview_modification", "status", times=1, status=422)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550188"})
    work()


def bookings(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """Return the bookings of the simulator."""
    found: list[dict[str, Any]] = simulator.state()["bookings"]
    return found


def opt_outs(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """Return the opt-outs that the simulator received."""
    found: list[dict[str, Any]] = simulator.state()["opt_outs"]
    return found


class CallCounts(dict[str, int]):
    """The number of calls by operation. Asking for a name that no call can have fails."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        super().__init__(Counter(call["operation"] for call in state["calls"]))
        self._names = frozenset(state["operations"])

    def __contains__(self, name: object) -> bool:
        if name not in self._names:
            raise ValueError(f"no operation is called {name}")
        return super().__contains__(name)


def asked(simulator: SimulatorProcess) -> CallCounts:
    """Return the number of calls by operation. A cancellation preview counts as ``cancel``."""
    return CallCounts(simulator.state())


@contextmanager
def sealed_elsewhere(channel: Channel, *fields: str) -> Iterator[None]:
    """Seal secrets of a channel with another SECRET_KEY inside the block.

    ``fields`` are the names of the secret settings. The configuration is restored afterwards.
    """
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
