"""The scenes of the story. Each shows one behaviour and checks it in the store and at XCover."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from testkit.client.driver import Refused

from .scenario import Outcome, Sale, Stage, check, wait
from .tampering import tamper_with_the_line

COOLING_OFF_OVER = 20 * 24 * 3600
"""Seconds after which the simulated XCover refunds nothing; its cooling-off period is 14 days."""
A_SWEEP = 2.5
"""Seconds in which the demo's beat runs at least one sweep; it runs one every two seconds."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene of the story.

    ``play`` returns its outcome, or raises ``DidNotHold`` if a check fails.
    """

    title: str
    play: Callable[[Stage], Outcome]


def buy_with_cover(stage: Stage) -> Outcome:
    """Sell tickets with cover: the policy is made at exactly the premium paid."""
    sale = stage.sell_with_cover()
    booking = stage.policy_of(sale)
    check(stage.order(sale).has_note(booking, "confirmed"), "staff cannot see the policy")
    return Outcome(
        f"Paid {sale.total}: tickets {sale.tickets} and premium {sale.premium}. "
        "Policy confirmed at exactly that premium.",
        booking,
    )


def buy_without_cover(stage: Stage) -> Outcome:
    """Sell tickets whose offer was declined: XCover gets one opt-out and makes no policy."""
    shopper = stage.visitor()
    stage.offer_for(shopper)
    shopper.decline()
    before = len(stage.xcover.calls("opt_out"))

    def told() -> int:
        return len(stage.xcover.calls("opt_out")) - before

    sale = stage.pay(shopper)
    check(sale.premium.amount == 0, f"charged {sale.premium} for a cover nobody wanted")
    wait(told, "XCover never heard of the no")
    # Enough time for a sweep that would wrongly send a second one.
    time.sleep(A_SWEEP)
    check(told() == 1, f"XCover was told {told()} times")
    check(stage.bookings_of(sale) == [], "XCover booked a policy")
    return Outcome(f"Paid {sale.total} for the tickets, nothing else. XCover was told once.")


def refund_in_time(stage: Stage) -> Outcome:
    """Refund an order within the cooling-off period: the policy is cancelled and refunded."""
    sale = stage.sell_with_cover()
    booking = stage.policy_of(sale)
    stage.payments.refund(sale.payment, sale.order.total)
    cover = stage.wait_for_cover(sale, "cancelled")
    check(stage.booking_of(sale)["status"] == "CANCELLED", "XCover still holds the policy")
    check(cover.amount_due_back == 0, f"{cover.amount_due_back} is still due to the buyer")
    back = stage.refunds_of(booking)
    check(back == [sale.premium], f"XCover returned {back}, the premium was {sale.premium}")
    return Outcome(
        f"Refunded {sale.total}. Policy cancelled, XCover returns the premium of {back[0]}.",
        booking,
    )


def refund_too_late(stage: Stage) -> Outcome:
    """Refund an order after the cooling-off period: the policy stays and staff must decide."""
    sale = stage.sell_with_cover()
    booking = stage.policy_of(sale)
    stage.xcover.settings(now_offset_seconds=COOLING_OFF_OVER)
    try:
        stage.payments.refund(sale.payment, sale.order.total)
        # Checked before XCover has answered: the refund must not wait for it.
        check(stage.order(sale).refunded == sale.order.total, "the ticket refund was held up")
        stage.wait_for_note(sale, "without any refund")
        asked = stage.calls_for(sale, "cancel")
        check(asked != [], "XCover was never asked what it would refund")
        check(all(call["body"].get("preview") is True for call in asked), "it was cancelled")
    finally:
        stage.xcover.settings(now_offset_seconds=0)
    check(stage.booking_of(sale)["status"] == "CONFIRMED", "the policy was cancelled for nothing")
    check(stage.calls_for(sale, "confirm_cancellation") == [], "a cancellation was confirmed")
    check(stage.refunds_of(booking) == [], "XCover paid a refund")
    return Outcome(
        f"Refunded {sale.total} at once. XCover would return nothing any more, so the "
        "policy stays and staff are asked to decide.",
        booking,
    )


def xcover_down_and_back(stage: Stage) -> Outcome:
    """Sell while XCover is down: tickets sell without an offer, and a paid cover is confirmed
    later."""
    insured = stage.visitor()
    insured.accept(stage.offer_for(insured))
    stage.xcover.fault("*", "status", times=None, status=503)
    try:
        uninsured = _buy_while_down(stage)
        sale = stage.pay(insured)
        wait(
            lambda: any(call["status"] == 503 for call in stage.calls_for(sale, "confirm")),
            "XCover was never asked",
        )
        cover = sale.shopper.cover()
        check(cover is not None and cover.status == "confirming", "the sale was lost")
    finally:
        stage.xcover.clear_faults()
    booking = stage.policy_of(sale)
    return Outcome(
        f"Tickets sold for {uninsured.total} without an offer while XCover was down. A cover "
        "bought before was paid, waited, and was confirmed once XCover was back.",
        booking,
    )


def _buy_while_down(stage: Stage) -> Sale:
    """Sell tickets although no offer can be made."""
    shopper = stage.visitor()
    try:
        stage.offer_for(shopper)
    except Refused as refused:
        check(refused.codes == ("xcover_unavailable",), f"refused with {refused.codes}")
    else:
        check(False, "an offer was shown although XCover is down")
    sale = stage.pay(shopper)
    check(sale.premium.amount == 0, f"charged {sale.premium} without an offer")
    order = stage.order(sale)
    check(order.charged == sale.order.total == sale.tickets.amount, f"paid {order.charged}")
    return sale


def kill_the_worker(stage: Stage) -> Outcome:
    """Kill the worker between the booking and its response: one policy is made, not two."""
    # This module needs a configured Django, which the stack has by now.
    from saleor_xcover_plugin.outbox.claims import LEASE, SAFE_LEASE

    # XCover books at once and responds slowly, so that the worker can be killed in between.
    stage.xcover.fault("confirm", "drip", times=1)
    sale = stage.sell_with_cover()
    wait(lambda: stage.bookings_of(sale), "the worker never asked XCover")
    stage.stack.kill_worker()
    cover = sale.shopper.cover()
    check(cover is not None and cover.status == "confirming", "the policy is already known")
    stage.stack.start_worker()
    stage.wait_for_cover(sale, "confirmed", seconds=LEASE.total_seconds() + 30)
    booking = stage.policy_of(sale)
    keys = [call["idempotency_key"] for call in stage.calls_for(sale, "confirm")]
    check(len(keys) == 2, f"XCover was asked {len(keys)} times")
    check(keys[0] == keys[1], "the second attempt used another key")
    lease, usual = (int(each.total_seconds()) for each in (LEASE, SAFE_LEASE))
    return Outcome(
        "Killed with SIGKILL after XCover had booked and before it answered. The next worker "
        f"waited until the claim was over ({lease} s here, {usual} s in a store) and asked again "
        "with the same key: one policy, not two.",
        booking,
    )


# In the order of playing.
STORY = (
    Scene("Buy with protection", buy_with_cover),
    Scene("Buy without protection", buy_without_cover),
    Scene("Refund in time", refund_in_time),
    Scene("Refund too late", refund_too_late),
    Scene("Tamper with the cover line", tamper_with_the_line),
    Scene("XCover down and back", xcover_down_and_back),
    Scene("Worker killed and restarted", kill_the_worker),
)
