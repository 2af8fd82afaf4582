"""Play one case on the host, with and without the cover, and write down what everybody paid."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from saleor_xcover_plugin.errors import SENTENCES, Code
from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.values import Line, PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings
from testkit.work import Work

from .cases import Case
from .record import Record, place_of_cover

if TYPE_CHECKING:
    from .rest import Rest
    from .shop import Shop

COVER_CHANGED = SENTENCES[Code.COVER_CHANGED].shopper


@dataclass(frozen=True, slots=True)
class Player:
    """Sends two shoppers into a shop: one without cover, one who wants it."""

    send_shopper: Callable[[Shop], Shopper]
    payments: PaymentApp
    work: Work
    simulator: SimulatorProcess

    def play(self, case: Case, shop: Shop) -> Record:
        # Django is not ready when this module is imported.
        from .rest import rest_of_checkout
        from .shop import let_prices_expire

        case.prepare(shop)
        alone, rest = self._tickets_alone(case, shop)
        buyer = self._begin(case, shop)
        case.before(shop, buyer)
        premium, refusal = _say_yes(buyer)
        with _without(case, refusal):
            case.after(shop, buyer)
        checkout, rest_in_checkout = buyer.checkout(), rest_of_checkout(buyer.checkout_id)
        let_prices_expire(buyer)
        an_hour_later = buyer.checkout()
        assert (an_hour_later.total, _of(an_hour_later.cover_lines)) == (
            checkout.total,
            _of(checkout.cover_lines),
        )
        if not case.is_paid_later and checkout.total:
            self.payments.charge(checkout.id, checkout.total, checkout.currency)
        order = _complete(buyer)
        case.staff(shop, order.id)
        if case.is_paid_later:
            _take_payment(shop, order.id)
        self.work()
        placed = shop.staff.order(order.id)
        if case.has_cover:
            places = (place_of_cover(checkout), place_of_cover(placed))
            assert places == (case.place, case.order_place or case.place)
        if case.outcome == "exact":
            self._require_the_same_rest(case, rest, rest_in_checkout, order.id)
        booked = [Decimal(booking["total_price"]) for booking in bookings(self.simulator)]
        return Record.of(
            shop.channel.currency,
            tickets_alone=alone,
            premium=premium,
            refusal=refusal,
            reason=_reason_of_the_end(),
            checkout=checkout,
            order=placed,
            booked=booked,
            by_card=shop.spent_by_card(),
        )

    def _require_the_same_rest(self, case: Case, alone: Rest, with_cover: Rest, order: str) -> None:
        """Every other line and shipping cost and are taxed as they are without a cover."""
        from .rest import rest_of_order

        assert with_cover == alone
        if not case.is_changed_by_staff:
            assert rest_of_order(order) == alone

    def _tickets_alone(self, case: Case, shop: Shop) -> tuple[Decimal, Rest]:
        """Return what the same shopper pays who never hears of a cover, and for what.

        What Saleor refuses to the tickets alone, a voucher or a way of shipping, they do not get.
        A gift card is money, not a discount: it is left in the pocket here.
        """
        from .rest import rest_of_checkout

        twin = self._begin(case, shop)
        if shop.card:
            return twin.checkout().total, rest_of_checkout(twin.checkout_id)
        for act in (case.before, case.after):
            with _without(case, "no cover"):
                act(shop, twin)
        alone = twin.checkout().total
        rest = rest_of_checkout(twin.checkout_id)
        if not case.is_paid_later:
            return alone, rest
        order_id = twin.complete().id
        case.staff(shop, order_id)
        return shop.staff.order(order_id).total, rest

    def _begin(self, case: Case, shop: Shop) -> Shopper:
        buyer = self.send_shopper(shop)
        wanted = {shop.variant(name): count for name, count in case.basket.items()}
        buyer.create_checkout(wanted, shipping=NEW_YORK)
        return buyer


def _without(case: Case, reason: str) -> AbstractContextManager[None]:
    """Let Saleor refuse without a premium what only a premium reaches."""
    return suppress(Refused) if case.is_for_the_premium_only and reason else nullcontext()


def _complete(buyer: Shopper) -> PlacedOrder:
    """Order. When the cover changed and nothing is paid the buyer is told once, and tries again."""
    try:
        return buyer.complete()
    except Refused as refused:
        if COVER_CHANGED not in str(refused):
            raise
    return buyer.complete()


def _say_yes(buyer: Shopper) -> tuple[Decimal | None, str]:
    """Look at the offer and accept it; return the premium offered and the code of a refusal."""
    premium = None
    try:
        offer = buyer.offer()
        premium = offer.premium
        buyer.accept(offer)
    except Refused as refused:
        return premium, refused.codes[0]
    return premium, ""


def _take_payment(shop: Shop, order_id: str) -> None:
    if shop.staff.order(order_id).status == "UNCONFIRMED":
        shop.confirm_order(order_id)
    shop.staff.mark_as_paid(order_id)


def _reason_of_the_end() -> str:
    """Return why the yes ended; the tables hold one buyer's business only."""
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.order_by("pk").values_list("reason_code", flat=True).last() or ""


def _of(lines: tuple[Line, ...]) -> list[tuple[Decimal, ...]]:
    return [(line.unit_price, line.undiscounted_unit_price, line.total) for line in lines]
