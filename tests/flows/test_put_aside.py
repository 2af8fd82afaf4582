"""A message nobody can send is put aside with what it is about, and staff are told.

Nobody's sale waits for it; a replay goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, accept_cover, asked, bookings, opt_outs, sell_with_cover
from testkit.work import Work

from .waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]
DIED = "workers in a row died while they called XCover"


def messages(**which: Any) -> Any:
    from saleor_xcover_plugin.models import OutboxMessage

    return OutboxMessage.objects.filter(**which)


def kill_workers() -> None:
    """Have what is pending seem to have killed every worker that sent it."""
    from saleor_xcover_plugin.outbox.message_queue import MAX_CRASHES

    messages(status="pending").update(crash_count=MAX_CRASHES - 1, leased_until=datetime.now(UTC))


def place_with_cover(shopper: SendShopper, store: Store) -> tuple[Shopper, PlacedOrder]:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    return buyer, buyer.complete()


def test_a_policy_that_kills_its_workers_waits_for_a_person(
    shopper: SendShopper, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a paid order whose message has killed worker after worker, and another paid order
    buyer, order = place_with_cover(shopper, store)
    staff.mark_as_paid(order.id)
    kill_workers()
    other, other_order = place_with_cover(shopper, store)
    staff.mark_as_paid(other_order.id)
    # when
    work()
    # then its cover says so, the order too, once; the other sale has its policy
    cover, other_cover = buyer.cover(), other.cover()
    assert cover is not None
    assert other_cover is not None
    assert (cover.status, other_cover.status) == ("parked", "confirmed")
    assert len([note for note in staff.order(order.id).notes if DIED in note]) == 1
    assert asked(simulator)["confirm"] == 1
    # when nothing is done, nothing happens
    let_waits_pass()
    work()
    assert asked(simulator)["confirm"] == 1
    # when a person replays it
    store.command("xcover_replay", "--all")
    work()
    # then there is one policy for each
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert len(bookings(simulator)) == 2
    assert messages(status="parked").count() == 0


def test_a_cancellation_that_kills_its_workers_leaves_the_policy_in_force(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy and a refund nobody lives to preview
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    kill_workers()
    # when
    work()
    # then
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert len([note for note in staff.order(sale.order.id).notes if DIED in note]) == 1
    assert "cancel" not in asked(simulator)
    # when a person replays it
    store.command("xcover_replay", "--all")
    work()
    work()
    # then
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]


def test_an_opt_out_that_kills_its_workers_touches_no_order(
    shopper: SendShopper, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    order = buyer.complete()
    kill_workers()

    work()
    assert opt_outs(simulator) == []
    assert not [note for note in staff.order(order.id).notes if DIED in note]

    store.command("xcover_replay", "--all")
    work()
    assert len(opt_outs(simulator)) == 1


def test_a_defect_of_ours_parks_the_cover_when_its_attempts_are_used_up(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind
    from saleor_xcover_plugin.policies.confirm import ConfirmHandler
    from saleor_xcover_plugin.policies.confirm_batch import ConfirmBatch

    # given a policy our code fails to prepare, at its last attempt
    buyer, order = place_with_cover(shopper, store)
    staff.mark_as_paid(order.id)
    messages(status="pending").update(attempts=DELIVERY[MessageKind.CONFIRM].max_attempts - 1)
    with monkeypatch.context() as broken:
        broken.setattr(ConfirmHandler, "prepare", _fail)
        broken.setattr(ConfirmBatch, "prepare", _fail)
        # when
        work()
    # then
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "parked"
    assert len([note for note in staff.order(order.id).notes if "unexpected error" in note]) == 1
    # when the defect is mended
    store.command("xcover_replay", "--all")
    work()
    # then
    assert len(bookings(simulator)) == 1


def test_what_cannot_even_be_parked_blocks_nobody(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.policies.confirm import ConfirmHandler

    _, order = place_with_cover(shopper, store)
    staff.mark_as_paid(order.id)
    kill_workers()
    with monkeypatch.context() as broken:
        broken.setattr(ConfirmHandler, "park", _fail)
        work()

    assert messages().get().status == "parked"
    store.command("xcover_replay", "--all")
    work()
    assert len(bookings(simulator)) == 1


def _fail(*_arguments: Any) -> None:
    raise KeyError("a defect of ours")


def test_while_one_worker_tries_whether_xcover_is_back_the_backlog_stays_due(
    shopper: SendShopper, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import XCoverAccount

    # given three paid orders, and another worker's call that tries just now
    orders = [place_with_cover(shopper, store)[1] for _ in range(3)]
    for order in orders:
        staff.mark_as_paid(order.id)
    now = datetime.now(UTC)
    XCoverAccount.objects.update(
        is_trying=True, opened_at=now, open_until=now + timedelta(seconds=20)
    )
    # when
    work()
    # then one message has looked and waits a moment; the others are due as soon as it is answered
    assert "confirm" not in asked(simulator)
    assert messages(next_attempt_at__lte=datetime.now(UTC)).count() == 2
    XCoverAccount.objects.update(is_trying=False, opened_at=None, open_until=None)
    work()
    assert len(bookings(simulator)) == 2
