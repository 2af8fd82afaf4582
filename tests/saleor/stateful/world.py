"""The shop the random shoppers walk into: two channels, some vouchers, made once per session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from saleor.giftcard.models import GiftCard

from saleor_xcover_plugin.models import Offer
from testkit.client import documents as docs
from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.client.transports import in_process
from testkit.simulator import SimulatorProcess
from testkit.work import Work

from ..pricing.shop import TAX_EXEMPTION_MANAGE, key, make_app

VOUCHERS: Mapping[str, Mapping[str, Any]] = {
    "P10": {"value": Decimal(10)},
    "P15": {"value": Decimal(15)},
    "P33": {"value": Decimal(33)},
    "FIXED50": {"value": Decimal(50), "value_type": "FIXED"},
    "ONCE50": {"value": Decimal(50), "applyOncePerOrder": True},
    "CONCERT10": {"value": Decimal(10), "kind": "SPECIFIC_PRODUCT"},
    "FROM205": {"value": Decimal(10), "minimum": Decimal(205)},
    "EMPTY10": {"value": Decimal(10), "kind": "SPECIFIC_PRODUCT"},
}
"""By name; CONCERT10 is for the concert, EMPTY10 has an empty catalogue."""

CARD = Decimal(50)
"""What a new gift card holds."""

GOODS = ("concert", "festival", "shirt")


@dataclass(frozen=True, slots=True)
class World:
    """Everybody and everything a story needs."""

    driver: Driver
    store: Store
    staff: Staff
    payments: PaymentApp
    work: Work
    simulator: SimulatorProcess
    codes: Mapping[str, str]
    back_office: str

    def variant(self, name: str) -> Variant:
        found: Variant = getattr(self.store, name)
        return found

    def channel(self, *, is_unpaid: bool) -> Channel:
        return self.store.usd_unpaid if is_unpaid else self.store.usd

    def forget(self) -> None:
        """Leave all earlier business behind, here and at XCover."""
        self.store.forget()
        self.simulator.reset()

    def tab(self, buyer: Shopper) -> Shopper:
        """Open the same checkout in another tab, on a client of its own."""
        other = Shopper(Driver(in_process()), buyer.channel)
        other.checkout_id = buyer.checkout_id
        return other

    def price_by_app(self, buyer: Shopper, line_id: str, price: str) -> None:
        """Have the store's app set its own price on a line, as it may."""
        self.driver.mutate(
            docs.CHECKOUT_LINES_UPDATE,
            {"id": buyer.checkout_id, "lines": [{"lineId": line_id, "price": price}]},
            token=self.store.store_app_token(),
        )

    def exempt(self, buyer: Shopper, *, is_exempt: bool) -> None:
        """Change the tax exemption: Saleor recalculates discounts and calls no hook."""
        self.driver.mutate(
            TAX_EXEMPTION_MANAGE,
            {"id": buyer.checkout_id, "exempt": is_exempt},
            token=self.back_office,
        )

    def new_gift_card(self) -> str:
        return self.staff.create_gift_card(CARD)


def open_world(
    driver: Driver, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> World:
    """Make the vouchers in both channels of the stories."""
    staff = Staff(driver, store)
    codes = {}
    for name, fields in VOUCHERS.items():
        codes[name] = f"{name}-{store.usd.slug}"
        further = {"variants": [store.concert.id]} if name == "CONCERT10" else {}
        staff.create_voucher(codes[name], [store.usd, store.usd_unpaid], **fields, **further)
    return World(driver, store, staff, payments, work, simulator, codes, make_app())


def let_the_offer_expire(buyer: Shopper) -> None:
    """Let the validity of the live offer pass, and the rest after a failed request."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    offers = Offer.objects.filter(checkout_token=key(buyer.checkout_id))
    offers.exclude(valid_until=None).update(valid_until=past)
    offers.exclude(leased_until=None).update(leased_until=past)


def spent_from(code: str | None) -> Decimal:
    """Return what a gift card has paid so far."""
    if code is None:
        return Decimal(0)
    return CARD - GiftCard.objects.get(code=code).current_balance_amount


Act = Callable[[Shopper], object]
