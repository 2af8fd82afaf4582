"""Random stories of an order whose money goes back as staff like it.

Own amounts beside lines, grants nobody sends, other goods, edited and deleted products, a series of
which an evening is cancelled and takes place after all. What counts is the money: no policy ends by
itself unless the premium went back, and the amount due to the buyer is exactly what is owed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.client.values import PlacedOrder, Transaction
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings
from testkit.work import Work

from ..deep.counts import count, seed
from .waits import let_waits_pass

if TYPE_CHECKING:
    from testkit.rows import RowStore

STORIES = count("money stories")
SEED = seed("money stories")
STEPS = 10
TICKET, SHIRT = Decimal(100), Decimal(25)
PREMIUM = Decimal("13.32")
"""Of four tickets, two for each evening."""
TOTAL = 4 * TICKET + PREMIUM + 2 * SHIRT
BAD_DATA = [
    {"event_timezone": "US"},
    {"event_end": "9999-12-31T23:59:59"},
    {"event_country": "UK"},
    {"event_start": "soon"},
]


@dataclass
class Grant:
    """A refund staff wrote down."""

    amount: Decimal
    cost: Decimal
    names_cover: bool
    names_tickets: bool
    is_paid: bool = False

    @property
    def is_for_shirts(self) -> bool:
        return not (self.names_cover or self.names_tickets) and self.amount <= self.cost


class World:
    """What all stories share."""

    store: RowStore
    shopper: Callable[[Channel], Shopper]
    staff: Staff
    payments: PaymentApp
    work: Work
    simulator: SimulatorProcess
    played: ClassVar[dict[str, int]] = {}


class Stories(RuleBasedStateMachine):
    """Two evenings of a series with one policy, and two shirts."""

    world: World
    order: PlacedOrder
    payment: Transaction

    @initialize(is_confirmed=st.booleans())
    def sell(self, is_confirmed: bool) -> None:
        world = self.world
        world.store.forget()
        world.simulator.reset()
        start = (datetime.now(UTC) + timedelta(days=60)).replace(microsecond=0)
        starts = [start, start + timedelta(days=1)]
        self.evenings = world.store.new_series(price=str(TICKET), starts=starts)
        self.shirt = world.store.new_merchandise(price=str(SHIRT))
        self.buyer = world.shopper(world.store.usd)
        self.buyer.create_checkout(dict.fromkeys(self.evenings, 2))
        self.buyer.accept(self.buyer.offer())
        self.buyer.add(self.shirt, 2)
        self.payment = world.payments.charge(self.buyer.checkout_id, TOTAL)
        self.order = self.buyer.complete()
        assert self.order.total == TOTAL
        self.grants: list[Grant] = []
        self.left = {line.id: line.quantity for line in self.order.lines}
        self.refunded = self.unnamed = Decimal(0)
        self.was_told_cancelled = self.is_cancelled = False
        if is_confirmed:
            world.work()

    def _note(self, what: str) -> None:
        self.world.played[what] = self.world.played.get(what, 0) + 1

    # Money ---------------------------------------------------------------------------------

    @rule(
        tickets=st.integers(0, 2),
        cover=st.booleans(),
        shirts=st.integers(0, 2),
        own=st.sampled_from([None, Decimal("2.00"), Decimal("10.00"), Decimal("77.77")]),
        is_paid=st.booleans(),
    )
    def grant(
        self, tickets: int, cover: bool, shirts: int, own: Decimal | None, is_paid: bool
    ) -> None:
        wanted = {
            self._line(self.evenings[0]): tickets,
            self.order.cover_lines[0].id: int(cover),
            self._line(self.shirt): shirts,
        }
        pieces = {line: n for line, n in wanted.items() if n and n <= self.left[line]}
        cost = sum((self._price(line) * n for line, n in pieces.items()), Decimal(0))
        amount = cost if own is None else own
        if not pieces or amount > TOTAL - self.refunded:
            return
        self.world.staff.grant_refund(self.order.id, self.payment, lines=pieces, amount=own)
        for line, n in pieces.items():
            self.left[line] -= n
        names_cover = self.order.cover_lines[0].id in pieces
        names_tickets = self._line(self.evenings[0]) in pieces
        self.grants.append(Grant(amount, cost, names_cover, names_tickets))
        self._note("own amount" if own else "grant")
        if is_paid:
            self._pay(self.grants[-1])

    @precondition(lambda self: any(not grant.is_paid for grant in self.grants))
    @rule(data=st.data())
    def pay_a_grant(self, data: st.DataObject) -> None:
        waiting = [grant for grant in self.grants if not grant.is_paid]
        self._pay(data.draw(st.sampled_from(waiting)))

    def _pay(self, grant: Grant) -> None:
        if grant.amount <= TOTAL - self.refunded:
            grant.is_paid = True
            self._refund(grant.amount)
            self._note("grant paid")

    @rule(amount=st.sampled_from([Decimal("1.00"), SHIRT, PREMIUM, TICKET]))
    def give_back_money(self, amount: Decimal) -> None:
        if amount <= TOTAL - self.refunded:
            self.unnamed += amount
            self._refund(amount)
            self._note("money back")

    def _refund(self, amount: Decimal) -> None:
        """A refund is never held up: the payment app's report goes through."""
        after = self.world.payments.refund(self.payment, amount)
        self.refunded += amount
        assert after.refunded == self.refunded

    # Catalogue -----------------------------------------------------------------------------

    @rule(changed=st.sampled_from(BAD_DATA))
    def edit_the_product(self, changed: dict[str, str]) -> None:
        products = apps.get_model("product", "Product").objects
        variants = apps.get_model("product", "ProductVariant").objects
        sku = self.evenings[1].sku
        for product in products.filter(pk__in=variants.filter(sku=sku).values("product_id")):
            product.metadata = {**product.metadata, **changed}
            product.save(update_fields=["metadata"])
        self._note("product edited")

    @rule(which=st.integers(0, 2))
    def delete_a_variant(self, which: int) -> None:
        sku = [*self.evenings, self.shirt][which].sku
        variants = apps.get_model("product", "ProductVariant").objects
        variants.filter(sku=sku).delete()
        self._note("variant deleted")

    # Events --------------------------------------------------------------------------------

    @rule(evenings=st.sampled_from([(0,), (1,), (0, 1)]))
    def event_is_cancelled(self, evenings: tuple[int, ...]) -> None:
        from saleor_xcover_plugin.staff import event_changes

        variants = [key(self.evenings[n].id) for n in evenings]
        now = datetime.now(UTC)
        event_changes.tell_cancelled(variants, now)
        for _ in event_changes.ask_all(event_changes.covers_of(variants), now):
            self._note("policy of a cancelled event")
        self.was_told_cancelled = True

    @precondition(lambda self: self.was_told_cancelled)
    @rule()
    def event_takes_place(self) -> None:
        from saleor_xcover_plugin.staff import event_changes

        variants = [key(evening.id) for evening in self.evenings]
        event_changes.tell_takes_place(variants)
        event_changes.take_back(event_changes.covers_of(variants), datetime.now(UTC))
        self.was_told_cancelled = False
        waiting = self._judgements().filter(status="parked", refund_key__contains="event-cancelled")
        assert not waiting.exclude(refund_key__contains=":void:").exists()
        self._note("takes place")

    # Work ------------------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.world.work()

    # What must hold ----------------------------------------------------------------------------

    @invariant()
    def nothing_ends_or_is_owed_by_guess(self) -> None:
        if not hasattr(self, "order"):
            return
        from saleor_xcover_plugin.models import Cover, Failure

        assert not Failure.objects.exists()
        cover = Cover.objects.filter(order_id__isnull=False).first()
        if cover is None:
            return
        assert 0 <= cover.amount_due_back <= PREMIUM
        if cover.status == "cancelled":
            # Nobody approves anything here: the premium went back, named or with everything.
            named = [grant for grant in self.grants if grant.names_cover]
            is_named = any(grant.amount >= grant.cost for grant in named)
            assert self.refunded == TOTAL or (is_named and self.refunded >= PREMIUM)
            assert cover.amount_due_back == 0

    def teardown(self) -> None:
        """In the end everything comes to rest, and other goods were nobody's business."""
        if not hasattr(self, "order"):
            return
        for _ in range(4):
            let_waits_pass()
            self.world.work()
        from saleor_xcover_plugin.models import Cover, OutboxMessage

        assert not OutboxMessage.objects.filter(status="pending").exists()
        self.nothing_ends_or_is_owed_by_guess()
        cover = Cover.objects.get()
        paid = [grant for grant in self.grants if grant.is_paid]
        is_ours_untouched = not self.unnamed and all(grant.is_for_shirts for grant in paid)
        has_plans = any(not grant.is_paid for grant in self.grants)
        if is_ours_untouched and not has_plans and not self.was_told_cancelled:
            self._note("other goods only")
            states = [booking["status"] for booking in bookings(self.world.simulator)]
            assert (cover.status, states) == ("confirmed", ["CONFIRMED"])
            assert not self._judgements().filter(status="parked").exists()

    def _line(self, variant: Variant) -> str:
        (line,) = (line for line in self.order.lines if line.sku == variant.sku)
        return line.id

    def _price(self, line_id: str) -> Decimal:
        (line,) = (line for line in self.order.lines if line.id == line_id)
        return line.unit_price

    def _judgements(self) -> Any:
        from saleor_xcover_plugin.models import Cancellation

        return Cancellation.objects.order_by("pk")


def test_random_stories_of_money_that_goes_back(
    store: RowStore,
    shopper: Callable[[Channel], Shopper],
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    world = World()
    world.store, world.shopper, world.staff = store, shopper, staff
    world.payments, world.work, world.simulator = payments, work, simulator
    Stories.world = world
    print(f"\n{STORIES} stories, seed {SEED}")
    run_state_machine_as_test(
        with_seed(SEED)(Stories),
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"played: {dict(sorted(World.played.items()))}")
    for what in ("grant", "own amount", "grant paid", "money back", "variant deleted"):
        assert World.played.get(what, 0) > 0, what
