"""Each row of the table from refund to cancellation, on a real sale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_xcover_plugin.domain.cancellations import RULES, ClaimState, Verdict
from saleor_xcover_plugin.domain.money import Money
from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, Sale, asked, bookings, sell_with_cover
from testkit.work import Work

ASKED = {
    Verdict.REQUEST: {"cancel": 1, "confirm_cancellation": 1},
    Verdict.PREVIEW: {"cancel": 1},
    Verdict.REVIEW: {},
    Verdict.KEEP: {},
}


def cover_row() -> Any:
    from saleor_xcover_plugin.models import Cover

    return Cover.objects.get()


def judgements() -> Any:
    from saleor_xcover_plugin.models import Cancellation

    return Cancellation.objects.order_by("pk")


@dataclass
class Shop:
    """One policy, and what may happen to its order and event."""

    sale: Sale
    payments: PaymentApp
    staff: Staff
    work: Work

    def refund(self, amount: Decimal) -> None:
        self.payments.refund(self.sale.payment, amount)

    def refund_lines(self, *, tickets: int = 0, cover: bool = False) -> None:
        """Grant a refund of pieces, then have the payment app report that much."""
        order = self.sale.order
        pieces = {order.ticket_lines[0].id: tickets} if tickets else {}
        if cover:
            pieces[order.cover_lines[0].id] = 1
        self.staff.grant_refund(order.id, self.sale.payment, lines=pieces)
        self.refund(Decimal(100) * tickets + (PREMIUM if cover else 0))

    def charge_back(self) -> None:
        self.payments.report(self.sale.payment, "CHARGE_BACK", TOTAL)

    def cancel_order(self) -> None:
        self.staff.cancel(self.sale.order.id)

    def begin_event(self) -> None:
        from saleor_xcover_plugin.staff.event_changes import tell_moved

        now = datetime.now(UTC)
        tell_moved(self._variants(), now - timedelta(minutes=1), now)

    def cancel_event(self) -> None:
        from saleor_xcover_plugin.staff.event_changes import tell_cancelled

        tell_cancelled(self._variants(), datetime.now(UTC))

    def end_cooling_off(self) -> None:
        from saleor_xcover_plugin.models import Cover

        Cover.objects.update(cooling_off_until=datetime.now(UTC) - timedelta(minutes=1))

    def note_claim(self, claim: ClaimState) -> None:
        from saleor_xcover_plugin.staff.decisions import note_claim

        note_claim(cover_row().order_id, claim, datetime.now(UTC))

    def finish(self) -> None:
        for _ in range(3):
            self.work()

    def _variants(self) -> list[str]:
        return list(cover_row().offer.request["tickets"])


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


@pytest.fixture
def shop(
    buyer: Shopper,
    store: Store,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> Shop:
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    assert sale.order.total == TOTAL == TICKETS + PREMIUM
    return Shop(sale, payments, staff, work)


Act = Callable[[Shop], None]


def whole(shop: Shop) -> None:
    shop.refund(TOTAL)


def some(shop: Shop) -> None:
    shop.refund_lines(tickets=1)


def tickets(shop: Shop) -> None:
    shop.refund_lines(tickets=2)


def cover(shop: Shop) -> None:
    shop.refund_lines(cover=True)


def less(shop: Shop) -> None:
    """Name everything, and type an own amount."""
    order = shop.sale.order
    pieces = {order.ticket_lines[0].id: 2, order.cover_lines[0].id: 1}
    shop.staff.grant_refund(order.id, shop.sale.payment, lines=pieces, amount=Decimal(10))
    shop.refund(Decimal(10))


def money(shop: Shop) -> None:
    shop.refund(Decimal(50))


def claim(state: ClaimState) -> Act:
    return lambda shop: shop.note_claim(state)


# The row of the table, and what leads to it.
HOW: dict[str, tuple[Act, ...]] = {
    "claim_open": (claim(ClaimState.OPEN), whole),
    "claim_paid": (claim(ClaimState.PAID), whole),
    "chargeback": (Shop.charge_back,),
    "short": (less,),
    "event_cancelled_refunded": (Shop.cancel_event, whole),
    "event_cancelled": (Shop.cancel_event, tickets),
    "everything": (whole,),
    "everything_late": (Shop.end_cooling_off, whole),
    "everything_after": (Shop.begin_event, whole),
    "cover": (cover,),
    "cover_late": (Shop.end_cooling_off, cover),
    "cover_after": (Shop.begin_event, cover),
    "tickets": (tickets,),
    "tickets_after": (Shop.begin_event, tickets),
    "some_tickets": (some,),
    "some_tickets_after": (Shop.begin_event, some),
    "money": (money,),
    "money_after": (Shop.begin_event, money),
    "order_cancelled": (Shop.cancel_order,),
    "order_cancelled_after": (Shop.begin_event, Shop.cancel_order),
}


ELSEWHERE = {"some_events_cancelled"}
"""Needs a policy for several events: test_series.py."""


def test_every_row_has_a_story() -> None:
    assert [*HOW] == [rule.name for rule in RULES if rule.name not in ELSEWHERE]


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.name in HOW], ids=lambda rule: rule.name
)
def test_a_row_of_the_table(
    rule: Any, shop: Shop, buyer: Shopper, simulator: SimulatorProcess
) -> None:
    # given
    before = asked(simulator)
    # when
    for act in HOW[rule.name]:
        act(shop)
    shop.finish()
    # then the row decided, once
    assert [row.rule for row in judgements()] == [rule.name]
    assert asked(simulator) == {**before, **ASKED[rule.verdict]}
    is_cancelled = rule.verdict == Verdict.REQUEST
    (booking,) = bookings(simulator)
    assert booking["status"] == ("CANCELLED" if is_cancelled else "CONFIRMED")
    shown = buyer.cover()
    assert shown is not None
    assert shown.status == ("cancelled" if is_cancelled else "confirmed")
    assert shown.amount_due_back == 0
    # and staff read why, once
    notes = shop.staff.order(shop.sale.order.id).notes
    sentence = rule.sentence.format(cost="206.66 USD", back="10.00 USD")
    assert len([note for note in notes if sentence in note]) == 1
    expected = {Verdict.REQUEST: "cancelled", Verdict.KEEP: "kept"}.get(rule.verdict, "parked")
    assert judgements().get().status == expected


def refund_seen() -> Money:
    refund = judgements().get(status="parked").refund_money
    assert refund is not None
    return refund


def test_staff_approve_what_xcover_would_refund_and_the_buyer_is_owed_it(
    shop: Shop, buyer: Shopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.staff.decisions import DecisionRefused, approve

    # given all tickets are refunded, the cover is not
    tickets(shop)
    shop.finish()
    waiting = judgements().get()
    assert refund_seen() == Money(PREMIUM, "USD")
    # when staff approve another refund than they were shown
    with pytest.raises(DecisionRefused, match=r"would refund 6\.66 USD, not 6\.65 USD"):
        approve(waiting.pk, Money(Decimal("6.65"), "USD"), datetime.now(UTC))
    assert "confirm_cancellation" not in asked(simulator)
    # when they approve that refund, twice
    approve(waiting.pk, refund_seen(), datetime.now(UTC))
    with pytest.raises(DecisionRefused, match="Nothing waits for a decision"):
        approve(waiting.pk, Money(PREMIUM, "USD"), datetime.now(UTC))
    shop.finish()
    # then the policy is cancelled once and the premium is due
    assert asked(simulator)["confirm_cancellation"] == 1
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("cancelled", PREMIUM)
    assert shop.staff.order(shop.sale.order.id).has_note("Refund 6.66 USD to the buyer")
    # when that money goes back
    shop.refund(PREMIUM)
    shop.finish()
    # then nothing is due any more, said once
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("cancelled", 0)
    notes = shop.staff.order(shop.sale.order.id).notes
    assert len([note for note in notes if "nothing is due any more" in note]) == 1


def test_where_xcover_refunds_the_buyer_itself_staff_refund_nothing(
    shop: Shop, buyer: Shopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.staff.decisions import approve

    # given all tickets are refunded, and XCover pays this partner's buyers itself
    simulator.settings(xpay_refund_enabled=True)
    tickets(shop)
    shop.finish()
    waiting = judgements().get()
    assert waiting.xcover_refunds_buyer is True
    assert "XCover says it refunds 6.66 USD to the buyer itself" in waiting.sentence
    # when staff approve
    approve(waiting.pk, refund_seen(), datetime.now(UTC))
    shop.finish()
    # then the policy is cancelled once, and the buyer's money is said once
    assert asked(simulator)["confirm_cancellation"] == 1
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("cancelled", 0)
    order = shop.staff.order(shop.sale.order.id)
    assert order.has_note(
        "cancelled. XCover refunds 6.66 USD to the buyer itself: the store owes nothing"
    )
    assert not order.has_note("Refund 6.66 USD to the buyer")
    assert not order.has_note("to the store")


def test_where_the_store_refunded_first_staff_are_told_of_both(
    shop: Shop, buyer: Shopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.staff.decisions import approve

    # given the store gave everything back, and XCover pays the buyer too
    simulator.settings(automatic_refund_by_xcore=True)
    whole(shop)
    shop.finish()
    # then nobody but a person goes on
    assert "confirm_cancellation" not in asked(simulator)
    approve(judgements().get().pk, refund_seen(), datetime.now(UTC))
    shop.finish()
    assert shop.staff.order(shop.sale.order.id).has_note(
        "The store has refunded 6.66 USD for it as well: settle that with Cover Genius."
    )
    # when the store's refund is taken back
    shop.payments.reverse_refund(shop.sale.payment, TOTAL)
    shop.finish()
    # then the premium is not due: XCover pays it
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("cancelled", 0)
    assert not shop.staff.order(shop.sale.order.id).has_note("Refund the premium")


def test_an_approval_does_not_hold_once_xcover_pays_the_buyer_itself(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cancellation
    from saleor_xcover_plugin.staff.decisions import approve

    # given staff saw that the store pays, and the preview lapsed
    tickets(shop)
    shop.finish()
    Cancellation.objects.update(confirm_before=datetime.now(UTC) - timedelta(minutes=1))
    simulator.settings(xpay_refund_enabled=True)
    # when
    approve(judgements().get().pk, refund_seen(), datetime.now(UTC))
    shop.finish()
    # then
    assert "confirm_cancellation" not in asked(simulator)
    row = judgements().get()
    assert (row.status, row.xcover_refunds_buyer) == ("parked", True)


def test_what_the_cancellation_itself_says_of_the_payer_counts(
    shop: Shop, buyer: Shopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.staff.decisions import approve

    # given a preview without the flags, which are set before the cancellation
    tickets(shop)
    shop.finish()
    assert judgements().get().xcover_refunds_buyer is False
    simulator.settings(automatic_refund_by_xcore=True)
    # when
    approve(judgements().get().pk, refund_seen(), datetime.now(UTC))
    shop.finish()
    # then
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("cancelled", 0)
    assert judgements().get().xcover_refunds_buyer is True


def test_part_of_what_is_due_settles_nothing(shop: Shop, buyer: Shopper) -> None:
    from saleor_xcover_plugin.staff.decisions import approve

    money(shop)  # 50 went back before anything was due
    shop.finish()
    from saleor_xcover_plugin.staff.decisions import ask

    ask(cover_row().order_id, datetime.now(UTC))
    shop.finish()
    approve(judgements().get(status="parked").pk, Money(PREMIUM, "USD"), datetime.now(UTC))
    shop.finish()
    shop.refund(Decimal("6.65"))
    shop.finish()
    shown = buyer.cover()
    assert shown is not None
    assert shown.amount_due_back == PREMIUM
    shop.refund(Decimal("0.01"))
    shop.finish()
    shown = buyer.cover()
    assert shown is not None
    assert shown.amount_due_back == 0


def test_staff_keep_a_policy_and_nothing_waits_any_more(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.staff.decisions import keep

    shop.cancel_order()
    shop.finish()
    keep(judgements().get().pk, datetime.now(UTC))
    shop.finish()

    assert judgements().get().status == "kept"
    assert bookings(simulator)[0]["status"] == "CONFIRMED"
    assert "confirm_cancellation" not in asked(simulator)
    assert shop.staff.order(shop.sale.order.id).has_note("decided to keep the policy")


def test_a_lapsed_preview_is_renewed_before_it_is_confirmed(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cancellation
    from saleor_xcover_plugin.staff.decisions import approve

    # given a preview staff looked at too late
    tickets(shop)
    shop.finish()
    Cancellation.objects.update(confirm_before=datetime.now(UTC) - timedelta(minutes=1))
    # when
    approve(judgements().get().pk, refund_seen(), datetime.now(UTC))
    shop.finish()
    # then it was asked for again, and confirmed at the approved refund
    assert asked(simulator)["cancel"] == 2
    assert asked(simulator)["confirm_cancellation"] == 1
    assert judgements().get().status == "cancelled"


def test_a_renewed_preview_with_another_refund_waits_again(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cancellation
    from saleor_xcover_plugin.staff.decisions import approve

    tickets(shop)
    shop.finish()
    Cancellation.objects.update(confirm_before=datetime.now(UTC) - timedelta(minutes=1))
    simulator.settings(refund_rule="zero")

    approve(judgements().get().pk, refund_seen(), datetime.now(UTC))
    shop.finish()

    assert "confirm_cancellation" not in asked(simulator)
    row = judgements().get()
    assert (row.status, row.refund) == ("parked", 0)
    assert bookings(simulator)[0]["status"] == "CONFIRMED"


def test_a_preview_that_lapses_before_the_worker_comes_is_renewed_by_itself(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cancellation, OutboxMessage
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    # given a preview is there and nobody confirmed it for a day
    whole(shop)
    deliver_due(lambda: datetime.now(UTC), limit=1)
    assert OutboxMessage.objects.filter(kind="confirm_cancellation", status="pending").exists()
    Cancellation.objects.update(confirm_before=datetime.now(UTC) - timedelta(minutes=1))
    # when
    shop.finish()
    # then
    assert asked(simulator)["cancel"] == 2
    assert asked(simulator)["confirm_cancellation"] == 1
    assert bookings(simulator)[0]["status"] == "CANCELLED"


def test_a_claim_that_is_over_lets_the_refund_be_judged_anew(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    shop.note_claim(ClaimState.OPEN)
    whole(shop)
    shop.finish()
    assert "cancel" not in asked(simulator)

    shop.note_claim(ClaimState.NONE)
    shop.finish()

    assert [row.rule for row in judgements()] == ["claim_open", "everything"]
    assert bookings(simulator)[0]["status"] == "CANCELLED"


def test_a_refund_taken_back_ends_what_waited_for_a_person(
    shop: Shop, simulator: SimulatorProcess
) -> None:
    money(shop)
    shop.finish()
    assert [row.status for row in judgements()] == ["parked"]

    shop.payments.reverse_refund(shop.sale.payment, Decimal(50))
    shop.finish()
    assert [row.status for row in judgements()] == ["kept"]

    money(shop)
    shop.finish()
    assert [row.status for row in judgements()] == ["kept", "parked"]
    assert "cancel" not in asked(simulator)


def test_a_further_refund_replaces_what_waited(shop: Shop, simulator: SimulatorProcess) -> None:
    some(shop)
    shop.finish()
    shop.refund_lines(tickets=1, cover=True)
    shop.finish()

    assert [(row.rule, row.status) for row in judgements()] == [
        ("some_tickets", "kept"),
        ("everything", "cancelled"),
    ]
    assert bookings(simulator)[0]["status"] == "CANCELLED"


def test_a_grant_without_money_is_no_refund(shop: Shop, simulator: SimulatorProcess) -> None:
    order = shop.sale.order
    pieces = {order.ticket_lines[0].id: 2, order.cover_lines[0].id: 1}

    shop.staff.grant_refund(order.id, shop.sale.payment, lines=pieces)
    shop.finish()

    assert judgements().count() == 0
    assert "cancel" not in asked(simulator)


@pytest.mark.parametrize(
    ("setting", "rule"), [("", "everything"), ("14", "everything"), ("1", "everything_late")]
)
def test_where_xcover_names_no_cooling_off_the_channels_setting_counts(
    shop: Shop, store: Store, simulator: SimulatorProcess, setting: str, rule: str
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a policy of two days ago whose cooling-off XCover did not name
    two_days_ago = datetime.now(UTC) - timedelta(days=2)
    Cover.objects.update(cooling_off_until=None, confirmed_at=two_days_ago)
    shop.staff.configure_plugin(store.usd, {"cooling_off_days": setting})
    try:
        # when
        whole(shop)
        shop.finish()
    finally:
        shop.staff.configure_plugin(store.usd, {"cooling_off_days": ""})
    # then
    assert [row.rule for row in judgements()] == [rule]


@pytest.mark.parametrize("setting", ["0", "-1", "soon", "3651"])
def test_a_cooling_off_period_that_is_none_is_refused(
    store: Store, staff: Staff, simulator: SimulatorProcess, setting: str
) -> None:
    with pytest.raises(Refused):
        staff.configure_plugin(store.usd, {"cooling_off_days": setting})


def test_the_tickets_refund_does_not_settle_what_is_due_for_the_cover(
    shop: Shop, buyer: Shopper
) -> None:
    from saleor_xcover_plugin.staff.decisions import approve, ask

    # given a policy staff cancelled before any money went back
    ask(cover_row().order_id, datetime.now(UTC))
    shop.finish()
    approve(judgements().get().pk, Money(PREMIUM, "USD"), datetime.now(UTC))
    shop.finish()
    due = buyer.cover()
    assert due is not None
    assert (due.status, due.amount_due_back) == ("cancelled", PREMIUM)
    # when the tickets are refunded, which is more money than is due
    tickets(shop)
    shop.finish()
    # then the premium is still due
    due = buyer.cover()
    assert due is not None
    assert due.amount_due_back == PREMIUM
    # until the cover's line is refunded, too
    cover(shop)
    shop.finish()
    due = buyer.cover()
    assert due is not None
    assert due.amount_due_back == 0


def test_an_order_that_is_looked_at_again_is_not_written_again(shop: Shop, buyer: Shopper) -> None:
    from saleor_xcover_plugin.models import Cancellation, Cover, OutboxMessage
    from saleor_xcover_plugin.policies.order_sync import sync_order

    whole(shop)
    shop.finish()

    def rows() -> list[Any]:
        tables = (Cover, Cancellation, OutboxMessage)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before, notes = rows(), shop.staff.order(shop.sale.order.id).notes
    for minutes in (1, 2):
        sync_order(cover_row().order_id, datetime.now(UTC) + timedelta(minutes=minutes))

    assert rows() == before
    assert shop.staff.order(shop.sale.order.id).notes == notes
