"""Random shoppers with twins.

Every rule draws from fixed choices and asks no state before it runs, so that a story can be told
again even where two tabs raced.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from testkit.client.driver import Refused
from testkit.client.people import BERLIN, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.values import PlacedOrder

from ..pricing.shop import let_prices_expire
from .pair import Pair, require_codes, require_held
from .world import GOODS, VOUCHERS, World, let_the_offer_expire

WITHOUT_PHONE = {name: value for name, value in NEW_YORK.items() if name != "phone"}
ADDRESSES = {"New York": NEW_YORK, "Berlin": BERLIN, "no phone": WITHOUT_PHONE}
MOST = 4
"""Pieces of one thing a shopper buys."""

goods = st.sampled_from(GOODS)
# Half of them percentages off the order: beside the others hardly a yes lives.
vouchers = st.sampled_from(["P10", "P15", "P33"]) | st.sampled_from(sorted(VOUCHERS))


@dataclass(frozen=True, slots=True)
class Start:
    """How a shopper begins."""

    basket: Mapping[str, int]
    is_unpaid: bool
    voucher: str | None
    says_yes: bool


starts = st.builds(
    Start,
    basket=st.sampled_from(
        [{"concert": 2}, {"concert": 1, "festival": 1}, {"festival": 1}, {"concert": 3, "shirt": 1}]
    ),
    is_unpaid=st.booleans(),
    voucher=st.none() | vouchers,
    says_yes=st.booleans(),
)


@dataclass
class Tally:
    """What has been played so far, over all stories."""

    steps: int = 0
    steps_with_yes: int = 0
    discounted_with_yes: int = 0
    stories: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def count(self, pair: Pair) -> None:
        self.steps += 1
        if pair.cover_line is not None:
            self.steps_with_yes += 1
            self.discounted_with_yes += pair.seen.voucher_code is not None

    def __str__(self) -> str:
        endings = ", ".join(f"{count} {name}" for name, count in self.endings.most_common())
        return (
            f"{self.steps:,} steps ({self.steps_with_yes:,} with a yes, "
            f"{self.discounted_with_yes:,} of them beside a voucher) in {self.stories} stories; "
            f"orders: {endings or 'none'}"
        )


def step(**choices: st.SearchStrategy[Any]) -> Callable[[Callable[..., bool | None]], Any]:
    """Make a rule of what a shopper does, and perhaps a yes after it.

    Counted when it did something (it returns False when not); then everything is compared.
    """

    def decorate(act: Callable[..., bool | None]) -> Any:
        @functools.wraps(act)
        def played(machine: Shoppers, then_yes: bool, **chosen: Any) -> None:
            machine.is_broken = True
            if act(machine, **chosen) is not False:
                machine.look()
            if then_yes and machine.pair.is_open_to_a_yes:
                machine.pair.say_yes()
                machine.look()
            machine.is_broken = False

        return rule(then_yes=st.booleans(), **choices)(played)

    return decorate


class Shoppers(RuleBasedStateMachine):
    """One shopper with a twin at a time; ``world`` and ``tally`` are set by a subclass."""

    world: World
    tally: Tally

    def __init__(self) -> None:
        super().__init__()
        self.world.forget()
        self.tally.stories += 1
        self.is_broken = False

    @initialize(start=starts)
    def come(self, start: Start) -> None:
        self.is_broken = True
        self._come(start)
        self.look()
        self.is_broken = False

    def look(self) -> None:
        """End a step: see what it did to the checkout."""
        self.pair.check()
        self.tally.count(self.pair)

    def _come(self, start: Start) -> None:
        self.pair = Pair(self.world, self.world.channel(is_unpaid=start.is_unpaid), start.basket)
        if start.voucher:
            code = self.world.codes[start.voucher]
            self.pair.both(lambda buyer: buyer.add_promo_code(code))
        if start.says_yes:
            self.pair.say_yes()

    def teardown(self) -> None:
        if not self.is_broken and hasattr(self, "pair"):
            self._finish()

    def _finish(self) -> None:
        self.pair.finish()
        self._note_the_end()

    def _note_the_end(self) -> None:
        if self.pair.outcome:
            self.tally.endings[self.pair.outcome] += 1

    # Tickets and other goods ----------------------------------------------------------------

    @step(name=goods, count=st.integers(1, 2))
    def add(self, name: str, count: int) -> bool:
        if self._count(name) + count > MOST:
            return False
        variant = self.world.variant(name)
        self.pair.both(lambda buyer: buyer.add(variant, count))
        return True

    @step(name=goods, count=st.integers(0, MOST))
    def set_quantity(self, name: str, count: int) -> bool:
        if self._count(name) in (0, count):
            return False
        self.pair.both(lambda buyer: buyer.set_quantity(self._line_of(buyer, name), count))
        return True

    @step(name=goods)
    def remove(self, name: str) -> bool:
        if not self._count(name):
            return False
        self.pair.both(lambda buyer: buyer.delete(self._line_of(buyer, name)))
        return True

    @step(name=goods, price=st.sampled_from(["33.33", "120.00", "0.01", "99.99"]))
    def price_by_app(self, name: str, price: str) -> bool:
        if not self._count(name):
            return False
        self.pair.both(
            lambda buyer: self.world.price_by_app(buyer, self._line_of(buyer, name).id, price)
        )
        return True

    # Insurance ------------------------------------------------------------------------------

    @step()
    def ask_for_an_offer(self) -> None:
        self.pair.ask(Shopper.offer)

    @step(looks_first=st.sampled_from([True, True, False]))
    def accept(self, looks_first: bool) -> bool:
        if looks_first:
            self.pair.say_yes()
            return True
        self.pair.accept_what_was_seen()
        return self.pair.offer is not None

    @step()
    def decline(self) -> None:
        self.pair.ask(Shopper.decline)

    @step()
    def delete_the_cover_line(self) -> bool:
        line = self.pair.cover_line
        if line is None:
            return False
        assert self.pair.tamper(lambda buyer: buyer.delete(line)) == ()
        return True

    @step()
    def want_five_covers(self) -> bool:
        line = self.pair.cover_line
        if line is None:
            return False
        refused = self.pair.tamper(lambda buyer: buyer.set_quantity(line, 5))
        assert refused == ("quantity_greater_than_limit",)
        return True

    @step(as_new_line=st.booleans())
    def add_the_cover_by_hand(self, as_new_line: bool) -> None:
        variant = self.world.store.cover_variant()
        fields = {"forceNewLine": True} if as_new_line else {}
        had_one = self.pair.cover_line is not None
        refused = self.pair.tamper(lambda buyer: buyer.add(variant, 1, **fields))
        assert refused == (("quantity_greater_than_limit",) if had_one else ())

    @step(price=st.sampled_from(["0.01", "66.60"]))
    def price_the_cover_by_app(self, price: str) -> bool:
        line = self.pair.cover_line
        if line is None:
            return False
        refused = self.pair.tamper(lambda buyer: self.world.price_by_app(buyer, line.id, price))
        assert refused == ()
        return True

    @step(on_the_line=st.booleans())
    def write_metadata(self, on_the_line: bool) -> bool:
        line = self.pair.cover_line
        if on_the_line and line is None:
            return False
        subject = line.id if on_the_line and line else None
        values = {"xcover": "accepted", "xcover.premium": "0.01", "xcover.offer": "1"}
        assert self.pair.tamper(lambda buyer: buyer.write_metadata(values, on=subject)) == ()
        return True

    @step()
    def wait_out_the_offer(self) -> None:
        let_the_offer_expire(self.pair.buyer)

    @step(kind=st.sampled_from(["reset", "status", "malformed"]))
    def xcover_goes_down(self, kind: str) -> None:
        more = {"status": 503} if kind == "status" else {}
        self.world.simulator.fault("create_offer", kind, times=None, **more)

    @step()
    def xcover_is_back(self) -> None:
        self.world.simulator.clear_faults()

    # Discounts and money --------------------------------------------------------------------

    @step(name=vouchers)
    def add_a_voucher(self, name: str) -> None:
        code, had_one = self.world.codes[name], self.pair.seen.voucher_code is not None
        self.pair.both(lambda buyer: buyer.add_promo_code(code))
        if had_one and self.pair.alone.lines:
            # Saleor takes the new code's amount from prices that still hold the old one's discount
            # (10 % of 180.00 are 18.00 off 200.00), until any line is touched.
            self.pair.both(self._touch_a_line)

    def _touch_a_line(self, buyer: Shopper) -> object:
        line = buyer.checkout().ticket_lines[0]
        return buyer.set_quantity(line, line.quantity)

    @step()
    def remove_the_voucher(self) -> bool:
        code = self.pair.seen.voucher_code
        if code is None:
            return False
        self.pair.both(lambda buyer: buyer.remove_promo_code(code))
        return True

    @step()
    def use_a_gift_card(self) -> bool:
        if self.pair.card is not None:
            return False
        card = self.world.new_gift_card()
        assert self.pair.tamper(lambda buyer: buyer.add_promo_code(card)) == ()
        self.pair.card = card
        return True

    @step()
    def put_the_gift_card_away(self) -> bool:
        card = self.pair.card
        if card is None:
            return False
        assert self.pair.tamper(lambda buyer: buyer.remove_promo_code(card)) == ()
        self.pair.card = None
        return True

    @step()
    def begin_to_pay(self) -> bool:
        if self.pair.payment is not None:
            return False
        self.pair.begin_payment()
        return self.pair.payment is not None

    @step()
    def an_hour_passes(self) -> None:
        for shopper in (self.pair.buyer, self.pair.twin):
            let_prices_expire(shopper)
        self.pair.alone = self.pair.twin.checkout()

    @step()
    def change_the_tax_exemption(self) -> None:
        self.pair.is_exempt = not self.pair.is_exempt
        self.pair.both(lambda buyer: self.world.exempt(buyer, is_exempt=self.pair.is_exempt))

    # The buyer ------------------------------------------------------------------------------

    @step(where=st.sampled_from(sorted(ADDRESSES)))
    def move(self, where: str) -> None:
        self.pair.both(lambda buyer: buyer.set_billing(ADDRESSES[where]))

    @step(code=st.sampled_from(["EN", "DE"]))
    def speak(self, code: str) -> None:
        self.pair.both(lambda buyer: buyer.set_language(code))

    @step(email=st.sampled_from(["ada@example.com", "grace@example.com"]))
    def change_the_email(self, email: str) -> None:
        self.pair.both(lambda buyer: buyer.set_email(email))

    # Two tabs and the end -------------------------------------------------------------------

    @step(answers=st.sampled_from(["yes yes", "yes no", "no no", "offer offer", "yes offer"]))
    def answer_in_two_tabs(self, answers: str) -> bool:
        offer = self.pair.offer
        if offer is None:
            return False
        acts: dict[str, Callable[[Shopper], Any]] = {
            "yes": lambda tab: tab.accept(offer),
            "no": Shopper.decline,
            "offer": Shopper.offer,
        }
        for result in self.pair.at_once(*[acts[answer] for answer in answers.split()]):
            if isinstance(result, Refused):
                require_codes(result)
        return True

    @step(name=goods)
    def accept_while_adding(self, name: str) -> bool:
        offer, variant = self.pair.offer, self.world.variant(name)
        if offer is None or self._count(name) >= MOST:
            return False
        accepted, added = self.pair.at_once(
            lambda tab: tab.accept(offer), lambda tab: tab.add(variant)
        )
        if isinstance(accepted, Refused):
            require_codes(accepted)
        assert not isinstance(added, Refused), str(added)
        self.pair.twin.add(variant)
        self.pair.alone = self.pair.twin.checkout()
        return True

    @step(start=starts)
    def accept_while_completing(self, start: Start) -> bool:
        pair, offer = self.pair, self.pair.offer
        can_order = pair.is_unpaid_channel and pair.payment is None and pair.alone.lines
        if offer is None or not can_order:
            return False
        accepted, order = pair.at_once(lambda tab: tab.accept(offer), lambda tab: tab.complete())
        if isinstance(accepted, Refused):
            require_codes(accepted)
        if not isinstance(order, PlacedOrder):
            require_held(order)
            return True
        pair.settle(order)
        self._note_the_end()
        self._come(start)
        return True

    @step(start=starts)
    def complete(self, start: Start) -> None:
        self._finish()
        self._come(start)

    @step(start=starts)
    def another_shopper_comes(self, start: Start) -> None:
        """Leave the checkout behind as it is."""
        self._come(start)

    # ----------------------------------------------------------------------------------------

    def _count(self, name: str) -> int:
        sku = self.world.variant(name).sku
        return sum(line.quantity for line in self.pair.seen.lines if line.sku == sku)

    def _line_of(self, buyer: Shopper, name: str) -> Any:
        sku = self.world.variant(name).sku
        seen = self.pair.seen if buyer is self.pair.buyer else self.pair.alone
        return next(line for line in seen.lines if line.sku == sku)
