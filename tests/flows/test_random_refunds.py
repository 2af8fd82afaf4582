"""Random stories of one policy: refunds, reversals, cancellations, webhooks, decisions, outages.

Whatever happens: no ticket refund is held up, no policy is cancelled against the table or twice,
and no refund is recorded twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from saleor_xcover_plugin.domain.cancellations import RULES, ClaimState, Verdict
from saleor_xcover_plugin.domain.money import Money
from testkit.client.driver import DriverError
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.partner import Partner
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, Sale, bookings, sell_with_cover
from testkit.work import Work

from ..deep.counts import count, seed
from .waits import let_waits_pass

STORIES = count("refund stories")
SEED = seed("refund stories")
STEPS = 10
REQUESTS = {one.name for one in RULES if one.verdict == Verdict.REQUEST}


class World:
    """What all stories share."""

    store: Store
    shopper: Callable[[Channel], Shopper]
    staff: Staff
    payments: PaymentApp
    work: Work
    simulator: SimulatorProcess
    played: ClassVar[dict[str, int]] = {}


class Stories(RuleBasedStateMachine):
    """One sale with its policy; every rule may come at any time."""

    world: World
    sale: Sale
    buyer: Shopper

    @initialize()
    def sell(self) -> None:
        world = self.world
        world.store.forget()
        world.simulator.reset()
        self.buyer = world.shopper(world.store.usd)
        self.sale = sell_with_cover(
            self.buyer, world.store, world.payments, world.work, world.simulator
        )
        self.charged, self.refunded = TOTAL, Decimal(0)
        self.granted = {"tickets": 0, "cover": 0}
        self.approved: set[int] = set()
        self.is_cancelled_by_buyer = False

    def _note(self, what: str) -> None:
        self.world.played[what] = self.world.played.get(what, 0) + 1

    # Money ---------------------------------------------------------------------------------

    @rule(amount=st.sampled_from([Decimal(1), PREMIUM, Decimal(100), TICKETS, TOTAL]))
    def give_back_money(self, amount: Decimal) -> None:
        amount = min(amount, self.charged)
        if amount:
            self._refund(amount)
            self._note("money back")

    @rule(tickets=st.integers(0, 2), cover=st.booleans())
    def give_back_lines(self, tickets: int, cover: bool) -> None:
        order = self.sale.order
        amount = Decimal(100) * tickets + (PREMIUM if cover else 0)
        is_left = self.granted["tickets"] + tickets <= 2 and self.granted["cover"] + cover <= 1
        if not amount or amount > self.charged or not is_left:
            return
        pieces = {order.ticket_lines[0].id: tickets} if tickets else {}
        if cover:
            pieces[order.cover_lines[0].id] = 1
        self.granted["tickets"] += tickets
        self.granted["cover"] += cover
        self.world.staff.grant_refund(order.id, self.sale.payment, lines=pieces)
        self._refund(amount)
        self._note("lines back")

    def _refund(self, amount: Decimal) -> None:
        """A refund is never held up: the payment app's report goes through."""
        after = self.world.payments.refund(self.sale.payment, amount)
        self.charged -= amount
        self.refunded += amount
        assert (after.charged, after.refunded) == (self.charged, self.refunded)

    @rule(part=st.sampled_from([Decimal(1), Decimal("0.5")]))
    def take_refund_back(self, part: Decimal) -> None:
        amount = (self.refunded * part).quantize(Decimal("0.01"))
        if amount:
            self.world.payments.reverse_refund(self.sale.payment, amount)
            self.charged += amount
            self.refunded -= amount
            self._note("refund taken back")

    @rule()
    def cancel_order(self) -> None:
        try:
            self.world.staff.cancel(self.sale.order.id)
        except DriverError:
            return  # cancelled already
        self._note("order cancelled")

    # XCover and time -------------------------------------------------------------------------

    @rule()
    def buyer_cancels_at_xcover(self) -> None:
        if self._booking()["status"] != "CONFIRMED":
            return
        self.world.simulator.clear_faults()
        partner = Partner(self.world.simulator.base_url)
        partner.send("POST", f"/bookings/{self.sale.booking_id}/cancel", "{}")
        if self._booking()["status"] == "CANCELLED":  # its rules may forbid it
            self.is_cancelled_by_buyer = True
            self._note("cancelled at XCover")

    @rule(kind=st.sampled_from(["status", "reset_after", "html"]))
    def incident(self, kind: str) -> None:
        parameters = {"status": 503} if kind == "status" else {}
        for operation in ("cancel", "confirm_cancellation"):
            self.world.simulator.fault(operation, kind, times=1, **parameters)
        self._note("trouble")

    @rule(what=st.sampled_from(["zero", "full", "refuse"]))
    def xcover_changes_its_mind(self, what: str) -> None:
        self.world.simulator.settings(refund_rule=what)

    @rule()
    def cooling_off_ends(self) -> None:
        from saleor_xcover_plugin.models import Cover

        Cover.objects.update(cooling_off_until=datetime.now(UTC) - timedelta(minutes=1))

    @rule()
    def previews_lapse(self) -> None:
        from saleor_xcover_plugin.models import Cancellation

        lapsed = Cancellation.objects.exclude(confirm_before=None)
        lapsed.update(confirm_before=datetime.now(UTC) - timedelta(minutes=1))

    # Staff -----------------------------------------------------------------------------------

    @rule(claim=st.sampled_from(ClaimState))
    def learn_of_a_claim(self, claim: ClaimState) -> None:
        from saleor_xcover_plugin.staff.decisions import note_claim

        note_claim(self._cover().order_id, claim, datetime.now(UTC))
        self._note(f"claim {claim.value}")

    @rule(what=st.sampled_from(["ask", "approve", "keep"]))
    def decide(self, what: str) -> None:
        from saleor_xcover_plugin.staff import decisions

        now = datetime.now(UTC)
        waiting = self._judgements().filter(status="parked").last()
        try:
            if what == "ask":
                decisions.ask(self._cover().order_id, now)
            elif waiting is not None and what == "keep":
                decisions.keep(waiting.pk, now)
            elif waiting is not None:
                shown = waiting.refund_money or Money(PREMIUM, "USD")
                decisions.approve(waiting.pk, shown, now)
                self.approved.add(waiting.pk)
        except decisions.DecisionRefused:
            return
        self._note(f"staff {what}")

    @rule()
    def event_is_cancelled(self) -> None:
        from saleor_xcover_plugin.staff import event_changes

        now = datetime.now(UTC)
        variants = list(self._cover().offer.request["tickets"])
        event_changes.tell_cancelled(variants, now)
        for _ in event_changes.ask_all(event_changes.covers_of(variants), now):
            self._note("event cancelled")

    # Work ------------------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule()
    def wait_and_work(self) -> None:
        let_waits_pass()
        self.world.work()

    # What must hold ----------------------------------------------------------------------------

    @invariant()
    def nothing_is_cancelled_twice_or_against_the_table(self) -> None:
        if not hasattr(self, "sale"):
            return
        state = self.world.simulator.state()
        done = [one for one in state["cancellations"] if one["done_at"]]
        assert len(done) <= 1
        cover = self._cover()
        rows = list(self._judgements())
        ended = [row for row in rows if row.status == "cancelled"]
        assert len(ended) <= 1
        notes = self.world.staff.order(self.sale.order.id).notes
        assert sum("cancelled, XCover refunds" in note for note in notes) <= 1
        assert 0 <= cover.amount_due_back <= cover.premium
        if done and not self.is_cancelled_by_buyer:
            begun = [row for row in rows if row.status in ("cancelled", "confirming")]
            assert begun, [(row.rule, row.status) for row in rows]
            (row,) = begun
            by_table = row.rule in REQUESTS and row.refund == PREMIUM
            assert by_table or row.pk in self.approved, (row.rule, row.refund)
        if cover.status == "cancelled":
            assert done
        if cover.status == "confirmed" and not done:
            assert self._booking()["status"] == "CONFIRMED"

    def teardown(self) -> None:
        """In the end everything comes to rest, and both sides agree."""
        if not hasattr(self, "sale"):
            return
        self.world.simulator.clear_faults()
        for _ in range(4):
            let_waits_pass()
            self.world.work()
        from saleor_xcover_plugin.models import OutboxMessage

        assert not OutboxMessage.objects.filter(status="pending").exists()
        cover = self._cover()
        assert cover.status in ("confirmed", "cancelled")
        if cover.status == "cancelled":
            assert self._booking()["status"] == "CANCELLED"
            assert not self._judgements().filter(status="parked").exists()
        elif not self.is_cancelled_by_buyer:
            assert self._booking()["status"] == "CONFIRMED"
        self.nothing_is_cancelled_twice_or_against_the_table()

    def _cover(self) -> Any:
        from saleor_xcover_plugin.models import Cover

        return Cover.objects.select_related("offer").get()

    def _judgements(self) -> Any:
        from saleor_xcover_plugin.models import Cancellation

        return Cancellation.objects.order_by("pk")

    def _booking(self) -> dict[str, Any]:
        (booking,) = bookings(self.world.simulator)
        return booking


def test_random_stories_of_a_policy(
    store: Store,
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

    assert World.played.get("money back", 0) > 0
    assert World.played.get("lines back", 0) > 0
