"""What a scene of the story plays with: people, XCover's side of it, and checks that must hold."""

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
"""Seconds until something that should happen soon counts as not happening."""

T = TypeVar("T")


class DidNotHold(Exception):
    """Something the story promises is not so; the text says what."""


def check(holds: bool, sentence: str) -> None:
    if not holds:
        raise DidNotHold(sentence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a scene, in one sentence for a store owner."""

    sentence: str
    booking_id: str = ""


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order."""

    shopper: Shopper
    order: PlacedOrder
    payment: Transaction
    tickets: Money
    premium: Money

    @property
    def total(self) -> Money:
        return self.tickets + self.premium


WAITS_WHILE_PENDING = (0.4, 0.8, 1.6, 3.2)
"""Seconds, as docs/storefront.md has them."""


class Stage:
    """Everything a scene may touch."""

    def __init__(self, stack: Stack, store: DemoStore, driver: Driver) -> None:
        self.stack = stack
        self.store = store
        self.driver = driver
        self.xcover = stack.simulator
        self.payments = PaymentApp(driver, store.payment_app_token())
        self.staff = Staff(driver, store)

    def visitor(self, tickets: int = 2) -> Shopper:
        """Send a shopper who puts tickets for one event into a checkout."""
        shopper = Shopper(self.driver, self.store.channel)
        shopper.create_checkout({self.store.events[SYMPHONY]: tickets})
        return shopper

    def offer_for(self, shopper: Shopper) -> Offer:
        """Ask for the offer as a storefront does: again while a worker asks XCover for it."""
        for wait in WAITS_WHILE_PENDING:
            try:
                return shopper.offer()
            except Refused as refused:
                if refused.codes != ("offer_pending",):
                    raise
            time.sleep(wait)
        return shopper.offer()

    def pay(self, shopper: Shopper) -> Sale:
        """Pay what the checkout says, and order."""
        checkout = shopper.checkout()
        total = Money(checkout.total, checkout.currency)
        covers = sum((line.total for line in checkout.cover_lines), Decimal(0))
        premium = Money(covers, checkout.currency)
        payment = self.payments.charge(checkout.id, checkout.total, checkout.currency)
        order = shopper.complete()
        check(order.total == checkout.total, f"paid {total}, ordered {order.total}")
        return Sale(shopper, order, payment, total - premium, premium)

    def sell_with_cover(self) -> Sale:
        """Sell two protected tickets, up to the order."""
        shopper = self.visitor()
        shopper.accept(self.offer_for(shopper))
        return self.pay(shopper)

    def policy_of(self, sale: Sale) -> str:
        """Wait for the policy; return its number after comparing it with what was sold."""
        cover = self.wait_for_cover(sale, "confirmed")
        booking = self.booking_of(sale)
        check(booking["status"] == "CONFIRMED", f"XCover says {booking['status']}")
        check(cover.policy_number == booking["id"], "the shopper sees another policy number")
        booked = Money(Decimal(booking["total_price"]), booking["currency"])
        check(booked == sale.premium, f"charged {sale.premium} for the cover, booked {booked}")
        return str(booking["id"])

    def booking_of(self, sale: Sale) -> dict[str, Any]:
        """Return the order's one booking at XCover."""
        found = self.bookings_of(sale)
        check(len(found) == 1, f"XCover holds {len(found)} bookings of this order")
        return found[0]

    def bookings_of(self, sale: Sale) -> list[dict[str, Any]]:
        return [
            booking
            for booking in self.xcover.state()["bookings"]
            if booking["partner_transaction_id"] == sale.order.number
        ]

    def calls_for(self, sale: Sale, operation: str) -> list[dict[str, Any]]:
        """Return the calls about this order, of one operation, oldest first."""
        own = {booking["id"] for booking in self.bookings_of(sale)}
        return [
            call
            for call in self.xcover.calls(operation)
            if own & set(call["path"].split("/")) or _names(call["body"], sale.order.number)
        ]

    def refunds_of(self, booking_id: str) -> list[Money]:
        """Return what XCover refunded for a policy, one amount per cancellation carried out."""
        state = self.xcover.state()
        currency = {booking["id"]: booking["currency"] for booking in state["bookings"]}
        return [
            Money(sum(map(Decimal, asked["refunds"].values()), Decimal(0)), currency[booking_id])
            for asked in state["cancellations"]
            if asked["booking_id"] == booking_id and asked["done_at"]
        ]

    def order(self, sale: Sale) -> Order:
        return self.staff.order(sale.order.id)

    def wait_for_cover(self, sale: Sale, status: str, seconds: float = MAX_WAIT) -> Cover:
        def in_status() -> Cover | None:
            cover = sale.shopper.cover()
            return cover if cover and cover.status == status else None

        return wait(in_status, f"the cover did not become {status}", seconds)

    def wait_for_note(self, sale: Sale, *parts: str) -> str:
        """Wait for a note of the plugin in the order's history."""

        def note() -> str | None:
            found = [n for n in self.order(sale).notes if all(part in n for part in parts)]
            return found[0] if found else None

        return wait(note, f"no note says {' ... '.join(parts)}")


def _names(body: Any, order_number: str) -> bool:
    """Whether a confirm's body is about this order; there is no booking before the first."""
    transaction = body.get("partner_transaction_id") if isinstance(body, dict) else None
    return bool(transaction == order_number)


def wait(look: Callable[[], T | None], otherwise: str, seconds: float = MAX_WAIT) -> T:
    """Look again and again; raise ``DidNotHold`` when there is nothing in time."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise DidNotHold(f"{otherwise} within {seconds:.0f} s")
        time.sleep(0.2)
