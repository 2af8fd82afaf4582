"""A buyer who may say yes, and a twin who does all the same and never hears of a cover.

What the twin pays is what the tickets alone cost: measured, not computed. Only the gift card stays
in the twin's pocket: it is money, not a discount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from saleor_xcover_plugin.checkout.offers import chosen_premium
from saleor_xcover_plugin.errors import SENTENCES, Code
from saleor_xcover_plugin.models import Cover
from saleor_xcover_plugin.models import Offer as OfferRow
from testkit.client.driver import GraphQLFailed, Refused
from testkit.client.shopper import Shopper
from testkit.client.store import Channel
from testkit.client.values import COVER_SKU, Checkout, Line, Offer, PlacedOrder, Transaction

from ...flows.together import together
from ..pricing.shop import key
from .world import CARD, Act, World, spent_from

NOTHING = Decimal(0)
CODES = {code.value for code in Code} - {Code.INTERNAL.value, Code.BAD_REQUEST.value}
"""What the plugin may answer a shopper who does nothing malformed."""
HELD = {SENTENCES[code].shopper for code in (Code.COVER_CHANGED, Code.OFFER_EXPIRED)}
"""What a shopper is told once before an order is made."""


class Pair:
    """One story: what buyer and twin do, and what must be true after every step of it."""

    def __init__(self, world: World, channel: Channel, basket: Mapping[str, int]) -> None:
        world.simulator.reset()
        self.world = world
        self.buyer = Shopper(world.driver, channel)
        self.twin = Shopper(world.driver, channel)
        wanted = {world.variant(name): count for name, count in basket.items()}
        self.seen = self.buyer.create_checkout(wanted)
        self.answered: Checkout | None = None
        self.alone = self.twin.create_checkout(wanted)
        self.offer: Offer | None = None
        self.card: str | None = None
        self.payment: Transaction | None = None
        self.was_shown = False
        self.has_slipped = False
        self.is_exempt = False
        self.outcome = ""

    @property
    def is_unpaid_channel(self) -> bool:
        return self.buyer.channel == self.world.store.usd_unpaid

    @property
    def is_open_to_a_yes(self) -> bool:
        return self.payment is None and self.cover_line is None

    @property
    def cover_line(self) -> Line | None:
        return self.seen.cover_lines[0] if self.seen.cover_lines else None

    # What they do ---------------------------------------------------------------------------

    def both(self, act: Act) -> None:
        """Do the same on both checkouts; a cover never takes a right from its buyer."""
        theirs = _outcome(lambda: act(self.buyer))
        twins = _outcome(lambda: act(self.twin))
        # Saleor itself fails, for one, when the last line goes beside a voucher once per order.
        failures = (Refused, GraphQLFailed)
        refused = isinstance(theirs, failures) and not isinstance(twins, failures)
        assert not refused, f"with cover {theirs}, without it allowed"
        self.answered = theirs if isinstance(theirs, Checkout) else None
        self.alone = twins if isinstance(twins, Checkout) else self.twin.checkout()

    def ask(self, act: Callable[[Shopper], Offer]) -> Offer | None:
        """Ask the plugin something; return None when it refused with one of its codes."""
        self.answered = None
        try:
            offer = act(self.buyer)
        except Refused as refused:
            require_codes(refused)
            return None
        self.was_shown = True
        self.offer = offer
        return offer

    def say_yes(self) -> None:
        """Look at the offer and accept it."""
        self.ask(Shopper.offer)
        self.accept_what_was_seen()

    def accept_what_was_seen(self) -> None:
        """Accept the offer of the last look, however old it is."""
        offer = self.offer
        if offer is not None:
            self.ask(lambda buyer: buyer.accept(offer))

    def tamper(self, act: Act) -> tuple[str, ...]:
        """Do something only to the buyer's checkout; return the codes of a refusal."""
        result = _outcome(lambda: act(self.buyer))
        assert not isinstance(result, GraphQLFailed), str(result)
        self.answered = result if isinstance(result, Checkout) else None
        return result.codes if isinstance(result, Refused) else ()

    def begin_payment(self) -> None:
        """Have a part of the sum set aside: from now on the plugin touches nothing."""
        if self.payment is None and self.seen.total > 1:
            self.payment = self.world.payments.authorize(self.seen.id, Decimal("1.00"))

    def at_once(self, *acts: Callable[[Shopper], Any]) -> list[Any]:
        """Do things at once, each in a tab of its own; refusals are results."""

        def in_tab(act: Callable[[Shopper], Any]) -> Callable[[], Any]:
            tab = self.world.tab(self.buyer)
            return lambda: act(tab)

        results = together(*[in_tab(act) for act in acts])
        for result in results:
            assert not isinstance(result, GraphQLFailed), str(result)
        return results

    # What must be true ----------------------------------------------------------------------

    def check(self) -> None:
        """Look at the buyer's checkout and compare it with the twin's."""
        answered, self.answered = self.answered, None
        self.seen = self.buyer.checkout()
        assert answered is None or answered == self.seen, (
            f"answered {_shown(answered)}, then seen {_shown(self.seen)}"
        )
        if self.payment is None:
            self._require_exact()
        elif not self.has_slipped:
            try:
                self._require_exact()
            except AssertionError:
                self.has_slipped = True  # nothing may be touched: judged when the order is made

    def premium(self) -> Decimal:
        """Return the premium of the yes that stands behind the buyer's cover line."""
        token = key(self.buyer.checkout_id)
        offer = OfferRow.objects.filter(checkout_token=token, status="selected").first()
        assert offer is not None, f"a cover line without a yes: {_shown(self.seen)}"
        tickets = {
            key(self.world.variant(name).id): count
            for name, count in _counts(self.seen, self.world).items()
            if name != "shirt"
        }
        assert offer.request["tickets"] == tickets, "the yes is for other tickets"
        return chosen_premium(offer)

    def _require_exact(self) -> None:
        now, alone = self.seen, self.alone
        said = f"buyer {_shown(now)}; twin {_shown(alone)}"
        assert _basket(now) == _basket(alone), f"other goods: {said}"
        assert now.voucher_code == alone.voucher_code, f"other voucher: {said}"
        premium = NOTHING
        if now.cover_lines:
            assert len(now.cover_lines) == 1, f"more than one cover line: {said}"
            premium = self.premium()
            (line,) = now.cover_lines
            prices = (line.unit_price, line.undiscounted_unit_price, line.total)
            assert (line.quantity, prices) == (1, (premium,) * 3), f"premium {premium}: {said}"
        assert now.total == self.after_card(alone.total + premium), f"premium {premium}: {said}"

    def after_card(self, total: Decimal) -> Decimal:
        return max(total - CARD, NOTHING) if self.card else total

    # How it ends ----------------------------------------------------------------------------

    def finish(self) -> None:
        """Pay exactly what the checkout says, order, let the plugin work, and compare."""
        if not self.alone.lines:
            return  # an empty checkout becomes nothing
        if self.payment is None and self.is_unpaid_channel:
            self.settle(self._order_before_paying())
            return
        if self.payment is not None and self.seen.total:
            self.world.payments.capture(self.payment, self.seen.total)
        elif self.seen.total:
            self.world.payments.charge(self.seen.id, self.seen.total)
        self.settle(self.buyer.complete())

    def _order_before_paying(self) -> PlacedOrder:
        try:
            return self.buyer.complete()
        except Refused as refused:
            require_held(refused)
        self.check()
        return self.buyer.complete()

    def settle(self, order: PlacedOrder) -> None:
        """Take what is still owed for an order, do the plugin's work, and judge the sale."""
        placed = self.world.staff.order(order.id)
        if placed.charge_status == "NONE" and placed.total:
            self.world.staff.mark_as_paid(order.id)
        self.world.simulator.clear_faults()
        self.world.work()
        self.outcome = Judgement(self, order, self._twins_total()).pronounce()

    def _twins_total(self) -> Decimal:
        if self.alone.total and not self.is_unpaid_channel:
            self.world.payments.charge(self.alone.id, self.alone.total)
        return self.twin.complete().total


class Judgement:
    """What was ordered, paid, booked and written down."""

    def __init__(self, pair: Pair, order: PlacedOrder, alone: Decimal) -> None:
        state = pair.world.simulator.state()
        self.pair, self.order, self.alone = pair, order, alone
        self.booked = [booking["total_price"] for booking in state["bookings"]]
        self.opt_outs = len(state["opt_outs"])
        self.cover = Cover.objects.filter(order_id=key(order.id)).first()
        self.paid = order.total + spent_from(pair.card)

    def pronounce(self) -> str:
        """Raise AssertionError when somebody is overcharged; name how the sale ended."""
        if self.cover is None:
            self._of_tickets_alone()
            return "uninsured"
        if self.cover.status == "parked":
            self._of_a_parked_cover(self.cover)
            return f"parked ({self.cover.reason_code})"
        self._of_a_policy(self.cover)
        return "insured, overcharge due back" if self.cover.amount_due_back else "insured"

    def _of_tickets_alone(self) -> None:
        assert self.order.cover_lines == (), self
        assert self.booked == [], self
        assert self.opt_outs == (1 if self.pair.was_shown else 0), self
        if self.pair.has_slipped:
            assert self.paid <= self.alone, self
        else:
            assert self.order.total == self.pair.after_card(self.alone), self

    def _of_a_parked_cover(self, cover: Cover) -> None:
        assert all((cover.reason_code, cover.reason)), self
        assert self.booked == [], self
        if cover.reason_code == "policyholder_incomplete":  # staff fill the gap, then it is booked
            assert self.order.total == self.pair.after_card(self.alone + cover.premium), self
            return
        assert self.pair.has_slipped, self
        assert self.paid - cover.amount_due_back <= self.alone, self

    def _of_a_policy(self, cover: Cover) -> None:
        assert cover.status == "confirmed", self
        assert (self.booked, self.opt_outs) == ([cover.premium], 0), self
        assert cover.offer is not None, self
        assert chosen_premium(cover.offer) == cover.premium, self
        if self.pair.has_slipped:
            assert self.paid - cover.amount_due_back <= self.alone + cover.premium, self
            return
        lines = [(ln.quantity, ln.unit_price, ln.total) for ln in self.order.cover_lines]
        assert lines == [(1, cover.premium, cover.premium)], self
        assert self.order.total == self.pair.after_card(self.alone + cover.premium), self
        assert cover.amount_due_back == 0, self

    def __str__(self) -> str:
        cover = self.cover
        written = (
            f"{cover.status} {cover.reason_code} premium {cover.premium}, "
            f"due back {cover.amount_due_back}"
            if cover
            else "none"
        )
        return (
            f"order {_shown(self.order)}; tickets alone {self.alone}; paid {self.paid} with the "
            f"card; cover {written}; booked {self.booked}; opt-outs {self.opt_outs}; shown "
            f"{self.pair.was_shown}; slipped {self.pair.has_slipped}"
        )


def require_codes(refused: Refused) -> None:
    assert set(refused.codes) <= CODES, f"no code of the plugin: {refused}"


def require_held(refused: Refused) -> None:
    messages = {error["message"] for error in refused.errors}
    assert messages <= HELD, f"not held by the plugin: {refused}"


def _outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except (Refused, GraphQLFailed) as failed:
        return failed


def _basket(checkout: Checkout) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in checkout.ticket_lines:
        counts[line.sku] += line.quantity
    return counts


def _counts(checkout: Checkout, world: World) -> dict[str, int]:
    skus = {world.variant(name).sku: name for name in ("concert", "festival", "shirt")}
    return {skus[sku]: count for sku, count in _basket(checkout).items()}


def _shown(bought: Checkout | PlacedOrder) -> str:
    lines = ", ".join(
        f"{line.quantity} x {'COVER' if line.sku == COVER_SKU else line.sku[-4:]} "
        f"{line.unit_price} (before {line.undiscounted_unit_price}) = {line.total}"
        for line in bought.lines
    )
    voucher = f", voucher {bought.voucher_code}" if isinstance(bought, Checkout) else ""
    return f"{bought.total} [{lines}]{voucher}"
