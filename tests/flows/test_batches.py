"""Confirmations in batches: what is ordinary goes together, and everything else goes alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.load import sales
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings

from .holding import held
from .test_deliver import deliver

SendShopper = Callable[[Channel], Shopper]
Pay = Callable[[int], list[Any]]


def now() -> datetime:
    return datetime.now(UTC)


def paid_like(template: sales.Template, count: int, simulator: SimulatorProcess) -> list[Any]:
    """Make so many paid orders like the template's, and sync them."""
    from saleor_xcover_plugin.policies.order_sync import sync_order

    placed = sales.Sales(simulator, now).place_many(template, count)
    sales.pay_all(placed, now())
    for order in placed:
        sync_order(order.pk, now())
    return placed


@pytest.fixture
def paid(shopper: SendShopper, store: Store, simulator: SimulatorProcess) -> Pay:
    """Return a function that makes so many paid orders; no worker has been at them."""

    def pay(count: int) -> list[Any]:
        return paid_like(sales.covered(shopper, store, simulator), count, simulator)

    return pay


@pytest.fixture
def agree(staff: Staff, store: Store) -> Iterator[Callable[[int], None]]:
    """Return a function that agrees so many calls per second with XCover."""

    def enter(calls: int) -> None:
        staff.configure_plugin(store.usd_unpaid, {"calls_per_second": str(calls)})

    yield enter
    enter(50)


@pytest.fixture
def never_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a machine on which each call leaves at its turn."""
    from saleor_xcover_plugin.outbox import batches

    monkeypatch.setattr(batches, "LATE", timedelta(minutes=1))
    monkeypatch.setattr(batches, "JUDGED_FOR", timedelta(minutes=1))


@pytest.fixture
def after_judging(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function: the given thing happens once a batch was judged, before its calls."""
    from saleor_xcover_plugin.policies.confirm_batch import ConfirmBatch

    judge = ConfirmBatch.prepare

    def let_happen(act: Callable[[], object]) -> None:
        def then_act(*arguments: Any) -> Any:
            attempts = judge(*arguments)
            act()
            return attempts

        monkeypatch.setattr(ConfirmBatch, "prepare", then_act)

    return let_happen


def cover_of(order: Any) -> Any:
    from saleor_xcover_plugin.models import Cover

    return Cover.objects.get(order_id=order.pk)


def statuses(orders: list[Any]) -> Counter[str]:
    return Counter(cover_of(order).status for order in orders)


def notes(order: Any) -> list[str]:
    return sales.notes_of(order)


@pytest.mark.usefixtures("never_late")
def test_twenty_policies_take_four_statements_each(
    paid: Pay, simulator: SimulatorProcess, agree: Callable[[int], None]
) -> None:
    # given twenty paid orders, and an agreed rate at which a batch may leave at once
    agree(1000)
    orders = paid(20)
    # when a worker comes
    with CaptureQueriesContext(connection) as queries:
        assert deliver(limit=20) == 20
    # then each has one policy, one note and its facts
    assert statuses(orders) == {"confirmed": 20}
    assert len({cover_of(order).booking_id for order in orders}) == 20
    assert Counter(b["partner_transaction_id"] for b in bookings(simulator)) == {
        str(order.number): 1 for order in orders
    }
    for order in orders:
        (note,) = notes(order)
        assert note == f"XCover: policy {cover_of(order).booking_id} confirmed, premium 6.66 USD."
        order.refresh_from_db()
        assert order.private_metadata["xcover.status"] == "confirmed"
        assert order.private_metadata["xcover.policy"] == cover_of(order).booking_id
    # and that took few statements
    words = [query["sql"].split(None, 1)[0].upper() for query in queries]
    counted = [word for word in words if word not in ("BEGIN", "COMMIT")]
    assert len(counted) <= 4 * 20, Counter(words)


def test_what_is_not_ordinary_is_judged_alone(paid: Pay, simulator: SimulatorProcess) -> None:
    from saleor_xcover_plugin.models import EventChange

    # given three paid orders, of which one was refunded since, and the event of all is cancelled
    first, second, third = orders = paid(3)
    sales.refund(first, now())
    (variant,) = cover_of(second).offer.request["tickets"]
    EventChange.objects.create(variant=variant, told_at=now())
    # when a worker comes
    deliver()
    # then no policy is made, and each order says why
    assert bookings(simulator) == []
    assert statuses(orders) == {"void": 1, "parked": 2}
    assert {cover_of(order).reason_code for order in (second, third)} == {"event_cancelled"}


def test_a_slow_call_delays_nobody(paid: Pay, simulator: SimulatorProcess) -> None:
    # given an XCover that takes eight seconds for one of five confirmations
    orders = paid(5)
    simulator.fault("confirm", "delay", times=1, seconds=8)
    # when a worker comes
    assert deliver() == 5
    # then the others were stored long before
    assert statuses(orders) == {"confirmed": 5}
    *others, last = sorted(cover_of(order).confirmed_at for order in orders)
    assert last - max(others) > timedelta(seconds=1)


def test_at_a_low_rate_a_call_does_not_wait_for_the_one_before(
    paid: Pay, simulator: SimulatorProcess, agree: Callable[[int], None]
) -> None:
    # given a rate at which one turn is taken at a time, and an XCover that takes three seconds
    agree(10)
    orders = paid(6)
    simulator.fault("confirm", "delay", times=None, seconds=3)
    # when a worker comes
    assert deliver() == 6
    # then all six were under way together: the last came within one call's time of the first
    assert statuses(orders) == {"confirmed": 6}
    first, *_, last = sorted(cover_of(order).confirmed_at for order in orders)
    assert last - first < timedelta(seconds=3)


@pytest.mark.usefixtures("never_late")
def test_orders_that_take_long_to_judge_are_judged_in_fewer(
    paid: Pay, agree: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.policies.confirm_batch import ConfirmBatch

    # given orders with so many lines that each takes 50 ms to judge
    agree(1000)
    orders = paid(16)
    together, prepare = [], ConfirmBatch.prepare

    def slow(self: Any, messages: Any, account: str, now: Any) -> Any:
        together.append(len(messages))
        time.sleep(0.05 * len(messages))
        return prepare(self, messages, account, now)

    monkeypatch.setattr(ConfirmBatch, "prepare", slow)
    # when a worker comes
    assert deliver(limit=16) == 16
    # then after the first ones it judges as few as it can in time
    assert statuses(orders) == {"confirmed": 16}
    assert together[0] == 10
    assert max(together[1:]) <= 3


@pytest.mark.usefixtures("never_late")
def test_a_refund_while_the_call_is_under_way_is_taken_in(
    paid: Pay, simulator: SimulatorProcess, after_judging: Callable[[Callable[[], object]], None]
) -> None:
    # given two paid orders, of which one is refunded after it was judged
    refunded, other = paid(2)
    after_judging(lambda: sales.refund(refunded, now()))
    # when a worker confirms both
    deliver(limit=2)
    # then the refund is judged, and only that one
    assert cover_of(other).status == "confirmed"
    assert cover_of(refunded).booking_id
    assert cover_of(refunded).cancellations.exists()
    assert not cover_of(other).cancellations.exists()


def test_an_error_of_one_call_is_its_own(paid: Pay, simulator: SimulatorProcess) -> None:
    # given an XCover that refuses one of three confirmations
    orders = paid(3)
    simulator.fault("confirm", "status", times=1, status=422)
    # when a worker comes
    deliver(limit=3)
    # then the others have their policy, and one waits for a person with its sentence
    assert statuses(orders) == {"confirmed": 2, "parked": 1}
    (parked,) = [order for order in orders if cover_of(order).status == "parked"]
    assert cover_of(parked).reason.startswith("XCover refused the policy")
    assert len(notes(parked)) == 1


def test_a_row_somebody_holds_is_not_waited_for(paid: Pay, simulator: SimulatorProcess) -> None:
    from saleor_xcover_plugin.models import Offer
    from saleor_xcover_plugin.time_limits import WORKER_AFTER_BUSY, time_limits

    # given three paid orders, and somebody who holds the offer of one
    orders = paid(3)
    with (
        held(Offer.objects.filter(pk=cover_of(orders[0]).offer_id)),
        time_limits(WORKER_AFTER_BUSY),
    ):
        # when a worker comes
        deliver(limit=3)
        # then the others have their policy
        assert statuses(orders[1:]) == {"confirmed": 2}
    assert cover_of(orders[0]).status == "confirming"
    assert len(bookings(simulator)) == 2


def test_a_call_that_missed_its_turn_leaves_later_and_once(
    paid: Pay, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.outbox import batches

    # given a machine on which every judgement of a batch is too old when its turn comes
    orders = paid(3)
    monkeypatch.setattr(batches, "JUDGED_FOR", timedelta(0))
    # when a worker comes
    deliver(limit=6)
    # then each is delivered alone, by one call, and nobody counts an attempt that was none
    assert statuses(orders) == {"confirmed": 3}
    assert len(simulator.calls("confirm")) == len(bookings(simulator)) == 3


@pytest.mark.usefixtures("never_late")
def test_staff_who_decide_meanwhile_are_heard(
    paid: Pay, simulator: SimulatorProcess, after_judging: Callable[[Callable[[], object]], None]
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given two paid orders; of one, staff say while it is being sent that no policy is wanted
    unwanted, other = paid(2)
    covers = Cover.objects.filter(order_id=unwanted.pk)
    after_judging(lambda: covers.update(reason_code="not_wanted"))
    # when a worker confirms both
    deliver(limit=2)
    # then the policy that was made is told of as one to be cancelled
    assert cover_of(other).status == "confirmed"
    told = notes(unwanted)
    assert any("had made policy" in note for note in told), told


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_hours_wrong_holds_up_no_worker(
    paid: Pay, simulator: SimulatorProcess, hours: int
) -> None:
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    # given two paid orders, and a server whose clock is hours wrong
    orders = paid(2)
    # when its worker comes, it ends
    deliver_due(lambda: now() + timedelta(hours=hours), limit=2)
    # then each order has one policy, now or after one with the right time has come
    deliver(limit=2)
    assert statuses(orders) == {"confirmed": 2}
    assert len(bookings(simulator)) == 2


@pytest.fixture
def declined(shopper: SendShopper, store: Store, simulator: SimulatorProcess) -> Pay:
    """Return a function that makes so many orders without cover; no worker has been at them."""

    def sell(count: int) -> list[Any]:
        return paid_like(sales.declined(shopper, store, simulator), count, simulator)

    return sell


def offers_of(orders: list[Any]) -> Any:
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.filter(checkout_token__in=[order.checkout_token for order in orders])


@pytest.mark.usefixtures("never_late")
def test_orders_without_cover_are_told_together(declined: Pay, simulator: SimulatorProcess) -> None:
    # given nine orders without cover
    orders = declined(9)
    # when a worker comes
    with CaptureQueriesContext(connection) as queries:
        assert deliver(limit=9) == 9
    # then XCover heard of each once
    told = Counter(str(one["offer_id"]) for one in simulator.state()["opt_outs"])
    assert told == {str(offer.xcover_offer_id): 1 for offer in offers_of(orders)}
    assert {offer.status for offer in offers_of(orders)} == {"opted_out"}
    # and that took few statements
    words = [query["sql"].split(None, 1)[0].upper() for query in queries]
    counted = [word for word in words if word not in ("BEGIN", "COMMIT")]
    assert len(counted) <= 4 * 9, Counter(words)


def test_a_yes_given_since_is_not_told_as_a_no(declined: Pay, simulator: SimulatorProcess) -> None:
    # given three orders without cover, and a shopper who said yes to the offer of one since
    orders = declined(3)
    offers_of(orders[:1]).update(status="selected")
    # when a worker comes
    deliver(limit=3)
    # then only the others are told
    told = {str(one["offer_id"]) for one in simulator.state()["opt_outs"]}
    assert told == {str(offer.xcover_offer_id) for offer in offers_of(orders[1:])}


@pytest.mark.usefixtures("never_late")
@pytest.mark.parametrize("is_refused", [False, True], ids=["told", "refused"])
def test_a_yes_given_while_xcover_is_told_of_a_no_is_not_lost_unseen(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    is_refused: bool,
) -> None:
    from django.db import transaction

    from saleor_xcover_plugin.models import Offer
    from saleor_xcover_plugin.outbox import new_messages
    from saleor_xcover_plugin.policies.opt_out_batch import OptOutBatch

    # given a no in a checkout of which an app made an order, and which it kept
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    shown = buyer.offer()
    buyer.decline()
    offer = Offer.objects.get()
    with transaction.atomic():
        new_messages.enqueue(
            "opt_out",
            str(offer.xcover_offer_id),
            subject_id=offer.pk,
            channel_id=offer.channel_id,
            now=now(),
        )
    # when the shopper says yes while XCover is told of the no
    judge = OptOutBatch.prepare

    def then_accept(*arguments: Any) -> Any:
        attempts = judge(*arguments)
        monkeypatch.setattr(OptOutBatch, "prepare", judge)
        assert buyer.accept(shown).answer == "accepted"
        return attempts

    monkeypatch.setattr(OptOutBatch, "prepare", then_accept)
    if is_refused:
        simulator.fault("opt_out", "status", times=1, status=422)
    deliver_all()
    # then, where XCover took the no, the yes has ended before the shopper's eyes
    assert len(buyer.checkout().cover_lines) == (1 if is_refused else 0)
    offer.refresh_from_db()
    assert offer.status == ("selected" if is_refused else "superseded")
    # and a new offer takes it over
    assert buyer.offer().answer == "accepted"
    assert len(buyer.checkout().cover_lines) == 1
    assert len(simulator.state()["offers"]) == (1 if is_refused else 2)


@pytest.mark.usefixtures("never_late")
def test_a_refused_opt_out_is_its_own(declined: Pay, simulator: SimulatorProcess) -> None:
    # given an XCover that refuses one of three
    orders = declined(3)
    simulator.fault("opt_out", "status", times=1, status=422)
    # when a worker comes
    deliver(limit=3)
    # then the others are told, and the one is given up
    statuses = Counter(offer.status for offer in offers_of(orders))
    assert statuses == {"opted_out": 2, "abandoned": 1}


# Policies to be cancelled, as after an event was cancelled -----------------------------------


@pytest.fixture
def refunded(paid: Pay) -> Pay:
    """Return a function that makes so many refunded orders with a policy, still to be cancelled."""
    from saleor_xcover_plugin.policies.order_sync import sync_order

    def refund(count: int) -> list[Any]:
        orders = paid(count)
        deliver(limit=count)
        assert statuses(orders) == {"confirmed": count}
        for order in orders:
            sales.refund(order, now())
            sync_order(order.pk, now())
        return orders

    return refund


def test_policies_are_cancelled_while_others_are(
    refunded: Pay, simulator: SimulatorProcess
) -> None:
    # given an XCover that takes eight seconds to end one of five policies
    orders = refunded(5)
    simulator.fault("confirm_cancellation", "delay", times=1, seconds=8)
    # when a worker comes
    deliver_all()
    # then each policy was cancelled once, the others long before that one
    assert statuses(orders) == {"cancelled": 5}
    assert len(simulator.calls("cancel")) == 5
    assert len(simulator.calls("confirm_cancellation")) == 5
    *others, last = sorted(cover_of(order).updated_at for order in orders)
    assert last - max(others) > timedelta(seconds=1)
    assert [len(notes(order)) for order in orders] == [3] * 5


def test_a_policy_somebody_holds_is_cancelled_later(
    refunded: Pay, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Offer
    from saleor_xcover_plugin.time_limits import WORKER_AFTER_BUSY, time_limits

    # given three policies to be cancelled, and somebody who holds one
    orders = refunded(3)
    with (
        held(Offer.objects.filter(pk=cover_of(orders[0]).offer_id)),
        time_limits(WORKER_AFTER_BUSY),
    ):
        deliver_all()
        # then the others are cancelled
        assert statuses(orders[1:]) == {"cancelled": 2}
    assert statuses(orders[:1]) == {"cancelling": 1}
    # and that one once it is free
    later(minutes=5)
    assert statuses(orders) == {"cancelled": 3}
    assert len(simulator.calls("confirm_cancellation")) == 3


def deliver_all() -> None:
    """Have a worker come as long as something is due: each preview is followed by another call."""
    while deliver():
        pass


def later(*, minutes: int) -> None:
    """Have a worker come so many minutes from now."""
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    while deliver_due(lambda: now() + timedelta(minutes=minutes), limit=50):
        pass


def test_a_judgement_that_fails_is_its_own(
    refunded: Pay, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.policies import cancel

    # given three policies to be cancelled, and a defect that one of them meets
    orders = refunded(3)
    unlucky = cover_of(orders[1]).cancellations.get().pk
    judge = cancel.PreviewCancellationHandler.prepare

    def prepare(self: Any, message: Any, at: datetime) -> Any:
        if message.subject_id == unlucky:
            raise RuntimeError("a defect")
        return judge(self, message, at)

    with monkeypatch.context() as broken:
        broken.setattr(cancel.PreviewCancellationHandler, "prepare", prepare)
        deliver_all()
    # then the others are cancelled, and nothing was sent for it
    assert [cover_of(order).status for order in orders] == ["cancelled", "cancelling", "cancelled"]
    assert len(simulator.calls("cancel")) == 2
    # and it is cancelled once the defect is mended
    later(minutes=5)
    assert statuses(orders) == {"cancelled": 3}


def test_a_refund_taken_back_in_time_keeps_the_policy(
    refunded: Pay, simulator: SimulatorProcess
) -> None:
    # given two policies to be cancelled, and a refund that is taken back before a worker comes
    kept, ended = refunded(2)
    sales.take_back(kept, now())
    # when a worker comes
    deliver_all()
    # then only the other one was asked about
    assert [cover_of(order).status for order in (kept, ended)] == ["confirmed", "cancelled"]
    assert len(simulator.calls("cancel")) == 1
