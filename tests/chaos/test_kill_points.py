"""SIGKILL at every step of confirming, opting out, cancelling and changing, in worker and web.

``make deep`` tries each step; ``make test`` every fifteenth, from 1 on.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.models import (
    Cancellation,
    Cover,
    Modification,
    Offer,
    OutboxMessage,
)
from saleor_xcover_plugin.operations.sweep import sweep
from saleor_xcover_plugin.outbox.dispatcher import deliver_due
from saleor_xcover_plugin.policies.order_sync import sync_order
from testkit.load import sales

from ..deep.counts import count as count_of
from .killing import in_a_child, killed_at

NEW_EMAIL = "new@example.com"
EVERY = count_of("steps between kills")


@pytest.fixture
def copies(simulator):
    return sales.Sales(simulator, utc_now)


@pytest.fixture
def with_cover(shopper, store, simulator):
    return sales.covered(shopper, store, simulator)


@pytest.fixture
def without_cover(shopper, store, simulator):
    return sales.declined(shopper, store, simulator)


def work():
    """Deliver as a worker does that received a task."""
    deliver_due(utc_now, limit=5)


def recover():
    """Sweep as beat does after the lease of the dead has passed, and once more."""
    for minutes in (2, 4):
        sweep(lambda ahead=minutes: datetime.now(UTC) + timedelta(minutes=ahead))


def paid(copies, template):
    order = copies.place(template)
    sales.pay(order, utc_now())
    sync_order(order.pk, utc_now())
    return order


def refunded(copies, template):
    """An order with a policy whose buyer got all money back."""
    order = paid(copies, template)
    work()
    sales.refund(order, utc_now())
    sync_order(order.pk, utc_now())
    return order


def corrected(copies, template):
    """An order with a policy whose buyer has another e-mail now."""
    order = paid(copies, template)
    work()
    sales.touch(order, utc_now(), user_email=NEW_EMAIL)
    sync_order(order.pk, utc_now())
    return order


def kill_at_every_step(simulator, prepare, act, require, *, only_in_hooks=False):
    """Kill further and further into ``act`` until it survives; return how often it died."""
    killed = Counter()
    for step in count(1, EVERY):
        simulator.reset()
        order = prepare()
        end = killed_at(step, partial(act, order), only_in_hooks=only_in_hooks)
        in_a_child(recover)
        try:
            require(order, simulator)
        except AssertionError as error:
            raise AssertionError(f"killed at step {step}, {end.step}: {error}") from error
        # The next sweep need not look at this order again.
        sales.touch(order, utc_now() - timedelta(days=2))
        if not end.killed:
            print(f"\nkilled {killed.total()} times (every {EVERY}. step), nothing lost or doubled")
            return killed.total()
        killed[end.step] += 1
    return 0


def require_all_settled(order, *kinds):
    cover = Cover.objects.filter(order_id=order.pk).first()
    subjects = {
        "confirm": cover and cover.pk,
        "opt_out": Offer.objects.get(order_id=order.pk).pk,
    }
    for kind in kinds:
        model = Modification if kind.endswith("_modification") else Cancellation
        subject = subjects.get(kind) or model.objects.get(cover=cover).pk
        (message,) = OutboxMessage.objects.filter(kind=kind, subject_id=subject)
        assert (message.status, message.sealed_body, message.leased_until) == (
            "settled",
            None,
            None,
        )
    assert not OutboxMessage.objects.exclude(status="settled").exists()
    assert not OutboxMessage.objects.exclude(sealed_body=None).exists()


def require_calls(simulator, operation, *, at_most=2):
    calls = simulator.calls(operation)
    assert 1 <= len(calls) <= at_most
    assert len({call["idempotency_key"] for call in calls}) == 1


def require_one_policy(order, simulator):
    (booking,) = simulator.state()["bookings"]
    assert booking["partner_transaction_id"] == str(order.number)
    assert booking["status"] == "CONFIRMED"
    cover = Cover.objects.get(order_id=order.pk)
    assert (cover.status, cover.booking_id) == ("confirmed", booking["id"])
    require_all_settled(order, "confirm")
    require_calls(simulator, "confirm")
    notes = [note for note in sales.notes_of(order) if "confirmed, premium" in note]
    assert len(notes) == len(sales.notes_of(order)) == 1


def require_one_opt_out(order, simulator):
    offer = Offer.objects.get(order_id=order.pk)
    (told,) = simulator.state()["opt_outs"]
    assert (told["offer_id"], told["times"]) == (offer.xcover_offer_id, 1)
    assert offer.status == "opted_out"
    assert simulator.state()["bookings"] == []
    require_all_settled(order, "opt_out")
    require_calls(simulator, "opt_out")
    assert sales.notes_of(order) == []


def require_one_cancellation(order, simulator):
    state = simulator.state()
    (booking,) = state["bookings"]
    assert booking["status"] == "CANCELLED"
    assert len([known for known in state["cancellations"] if known["done_at"]]) == 1
    cover = Cover.objects.get(order_id=order.pk)
    assert (cover.status, cover.booking_id) == ("cancelled", booking["id"])
    require_all_settled(order, "confirm", "preview_cancellation", "confirm_cancellation")
    for operation in ("confirm", "cancel", "confirm_cancellation"):
        require_calls(simulator, operation)
    notes = sales.notes_of(order)
    assert len([note for note in notes if "cancelled, XCover refunds" in note]) == 1
    assert len(notes) == len(set(notes))


def require_one_change(order, simulator):
    (booking,) = simulator.state()["bookings"]
    assert (booking["status"], booking["policyholder"]["email"]) == ("CONFIRMED", NEW_EMAIL)
    cover = Cover.objects.get(order_id=order.pk)
    assert cover.status == "confirmed"
    (modification,) = cover.modifications.all()
    assert modification.status == "applied"
    require_all_settled(order, "confirm", "preview_modification", "confirm_modification")
    for operation in ("confirm", "preview_modification", "confirm_modification"):
        require_calls(simulator, operation)
    notes = sales.notes_of(order)
    assert len([note for note in notes if "e-mail was changed" in note]) == 1
    assert len(notes) == 2


WORKER_STEPS = {"confirm": 20, "opt_out": 15, "cancel": 40, "change": 40}
"""Fewer would mean that steps are not counted any more."""


def test_a_worker_killed_while_confirming(copies, with_cover, simulator):
    died = kill_at_every_step(
        simulator,
        prepare=lambda: paid(copies, with_cover),
        act=lambda _: work(),
        require=require_one_policy,
    )
    assert died * EVERY >= WORKER_STEPS["confirm"]


def test_a_worker_killed_while_opting_out(copies, without_cover, simulator):
    died = kill_at_every_step(
        simulator,
        prepare=lambda: paid(copies, without_cover),
        act=lambda _: work(),
        require=require_one_opt_out,
    )
    assert died * EVERY >= WORKER_STEPS["opt_out"]


def test_a_worker_killed_while_cancelling(copies, with_cover, simulator):
    died = kill_at_every_step(
        simulator,
        prepare=lambda: refunded(copies, with_cover),
        act=lambda _: work(),
        require=require_one_cancellation,
    )
    assert died * EVERY >= WORKER_STEPS["cancel"]


def test_a_worker_killed_while_changing_the_buyers_details(copies, with_cover, simulator):
    died = kill_at_every_step(
        simulator,
        prepare=lambda: corrected(copies, with_cover),
        act=lambda _: work(),
        require=require_one_change,
    )
    assert died * EVERY >= WORKER_STEPS["change"]


def global_id(order):
    import base64

    return base64.b64encode(f"Order:{order.pk}".encode()).decode()


@pytest.mark.parametrize(
    ("kind", "require"),
    [("with_cover", require_one_policy), ("without_cover", require_one_opt_out)],
)
def test_a_web_process_killed_in_the_hook_of_a_payment(
    copies, payments, simulator, request, kind, require
):
    template = request.getfixturevalue(kind)
    died = kill_at_every_step(
        simulator,
        prepare=lambda: copies.place(template),
        act=lambda order: payments.charge(global_id(order), order.total_gross_amount),
        require=require,
        only_in_hooks=True,
    )
    assert died * EVERY >= 8


def test_a_web_process_killed_in_the_hook_of_a_refund(copies, payments, with_cover, simulator):
    charged = {}

    def prepare():
        order = copies.place(with_cover)
        charged[order.pk] = payments.charge(global_id(order), order.total_gross_amount)
        work()
        return order

    died = kill_at_every_step(
        simulator,
        prepare=prepare,
        act=lambda order: payments.refund(charged[order.pk], order.total_gross_amount),
        require=require_one_cancellation,
        only_in_hooks=True,
    )
    assert died * EVERY >= 8


def test_a_web_process_killed_in_the_hook_of_an_edited_order(copies, staff, with_cover, simulator):
    def prepare():
        order = paid(copies, with_cover)
        work()
        return order

    died = kill_at_every_step(
        simulator,
        prepare=prepare,
        act=lambda order: staff.update_order(global_id(order), email=NEW_EMAIL),
        require=require_one_change,
        only_in_hooks=True,
    )
    assert died * EVERY >= 8
