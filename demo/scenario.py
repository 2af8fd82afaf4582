"""The means of a scene: shoppers, staff, payments, XCover's state, and checks that must hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from saleor_xcover_plugin.domain.money import Money
from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.values import Cover, Offer, Order, PlacedOrder, Transaction
from testkit.seed import SYMPHONY, DemoStore
from testkit.stack import Stack

MAX_WAIT = 20
"""Seconds to wait for something that should happen soon."""

T = TypeVar("T")


class DidNotHold(Exception):
    """A check of the story failed. The message says which."""


def check(holds: bool, sentence: str) -> None:
    """Raise ``DidNotHold`` with ``sentence`` unless ``holds`` is true."""
    if not holds:
        raise DidNotHold(sentence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a scene: a sentence for a store owner, and the policy if there is one."""

    sentence: str
    booking_id: str = ""


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order, with the parts of its total."""

    shopper: Shopper
    order: PlacedOrder
    payment: Transaction
    tickets: Money
    premium: Money

    @property
    def total(self) -> Money:
        """The sum that was paid."""
        return self.tickets + self.premium


WAITS_WHILE_PENDING = (0.4, 0.8, 1.6, 3.2)
"""Seconds between requests for a pending offer, as docs/storefront.md recommends."""


class Stage:
    """The clients that a scene uses, and the steps that several scenes share.

    Steps raise ``DidNotHold`` when something is not as it should be.
    """

    def __init__(self, stack: Stack, store: DemoStore, driver: Driver) -> None:
        self.stack = stack
        self.store = store
        self.driver = driver
        self.xcover = stack.simulator
        self.payments = PaymentApp(driver, store.payment_app_token())
        self.staff = Staff(driver, store)

    def visitor(self, tickets: int = 2) -> Shopper:
        """Return a new shopper with a checkout of tickets for one event."""
        shopper = Shopper(self.driver, self.store.channel)
        shopper.create_checkout({self.store.events[SYMPHONY]: tickets})
        return shopper

    def offer_for(self, shopper: Shopper) -> Offer:
        """Return the offer, requested again while it is pending, as a storefront does."""
        for wait in WAITS_WHILE_PENDING:
            try:
                return shopper.offer()
            except Refused as refused:
                if refused.codes != ("offer_pending",):
                    raise
            time.sleep(wait)
        return shopper.offer()

    def pay(self, shopper: Shopper) -> Sale:
        """Pay the total of the checkout and complete it."""
        checkout = shopper.checkout()
        total = Money(checkout.total, checkout.currency)
        covers = sum((line.total for line in checkout.cover_lines), Decimal(0))
        premium = Money(covers, checkout.currency)
        payment = self.payments.charge(checkout.id, checkout.total, checkout.currency)
        order = shopper.complete()
        check(order.total == checkout.total, f"paid {total}, ordered {order.total}")
        return Sale(shopper, order, payment, total - premium, premium)

    def sell_with_cover(self) -> Sale:
        """Sell two tickets with cover, up to the paid order."""
        shopper = self.visitor()
        shopper.accept(self.offer_for(shopper))
        return self.pay(shopper)

    def policy_of(self, sale: Sale) -> str:
        """Wait for the policy, compare it with the sale and return its number."""
        cover = self.wait_for_cover(sale, "confirmed")
        booking = self.booking_of(sale)
        check(booking["status"] == "CONFIRMED", f"XCover says {booking['status']}")
        check(cover.policy_number == booking["id"], "the shopper sees another policy number")
        booked = Money(Decimal(booking["total_price"]), booking["currency"])
        check(booked == sale.premium, f"charged {sale.premium} for the cover, booked {booked}")
        return str(booking["id"])

    def booking_of(self, sale: Sale) -> dict[str, Any]:
        """Return the only booking of the order at XCover."""
        found = self.bookings_of(sale)
        check(len(found) == 1, f"XCover holds {len(found)} bookings of this order")
        return found[0]

    def bookings_of(self, sale: Sale) -> list[dict[str, Any]]:
        """Return all bookings of the order at XCover."""
        return [
            booking
            for booking in self.xcover.state()["bookings"]
            if booking["partner_transaction_id"] == sale.order.number
        ]

    def calls_for(self, sale: Sale, operation: str) -> list[dict[str, Any]]:
        """Return the calls of one operation about this order, oldest first."""
        own = {booking["id"] for booking in self.bookings_of(sale)}
        return [
            call
            for call in self.xcover.calls(operation)
            if own & set(call["path"].split("/")) or _names(call["body"], sale.order.number)
        ]

    def refunds_of(self, booking_id: str) -> list[Money]:
        """Return the refunds of a policy, one amount per completed cancellation."""
        state = self.xcover.state()
        currency = {booking["id"]: booking["currency"] for booking in state["bookings"]}
        return [
            Money(sum(map(Decimal, asked["refunds"].values()), Decimal(0)), currency[booking_id])
            for asked in state["cancellations"]
            if asked["booking_id"] == booking_id and asked["done_at"]
        ]

    def order(self, sale: Sale) -> Order:
        """Return the order as staff see it."""
        return self.staff.order(sale.order.id)

    def wait_for_cover(self, sale: Sale, status: str, seconds: float = MAX_WAIT) -> Cover:
        """Wait until the shopper sees the cover in ``status``, and return it."""

        def in_status() -> Cover | None:
            cover = sale.shopper.cover()
            return cover if cover and cover.status == status else None

        return wait(in_status, f"the cover did not become {status}", seconds)

    def wait_for_note(self, sale: Sale, *parts: str) -> str:
        """Wait for a note of the order that contains all ``parts``, and return it."""

        def note() -> str | None:
            found = [n for n in self.order(sale).notes if all(part in n for part in parts)]
            return found[0] if found else None

        return wait(note, f"no note says {' ... '.join(parts)}")


def _names(body: Any, order_number: str) -> bool:
    """Return True if the body of a confirmation names this order."""
    transaction = body.get("partner_transaction_id") if isinstance(body, dict) else None
    return bool(transaction == order_number)


def wait(find: Callable[[], T | None], otherwise: str, seconds: float = MAX_WAIT) -> T:
    """Call ``find`` until it returns something true, and return that.

    Raises ``DidNotHold`` with the sentence ``otherwise`` after ``seconds``.
    """
    until = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > until:
            raise DidNotHold(f"{otherwise} within {seconds:.0f} s")
        time.sleep(0.2)
