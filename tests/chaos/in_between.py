"""Orders that change while their calls are deferred or refused, and workers that are killed.

Nothing XCover did not carry out binds the plugin: an order that is refunded, or whose event begins,
before anything was sent gets no policy, and a refund taken back before its cancellation was carried
out leaves the policy in force.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from saleor_xcover_plugin.models import Cover, Offer, OutboxMessage, XCoverAccount
from saleor_xcover_plugin.outbox import message_queue as outbox
from saleor_xcover_plugin.staff.replay import replay
from testkit.load import sales
from testkit.load.crew import POLL_INTERVAL, Crew
from testkit.load.plugin_time import PluginClock
from testkit.load.witness import Finding, sole
from testkit.simulator import SimulatorProcess

Tell = Callable[[str, int, int], None]

SHUT_FOR = timedelta(minutes=4)
"""Of the plugin's time: long enough for several attempts of each message."""

_GIVE_UP = 900.0
"""Real seconds until a phase that does not end is left."""
_CHANGE_EVERY = 0.4
"""Real seconds between two ways of not letting a call through."""
_KILL_EVERY = 6
"""Mean number of claims between two kills."""

_TURNED_AWAY: tuple[dict[str, Any], ...] = (
    {"status": 401},
    {"status": 403},
    {"status": 429, "retry_after": 1},
)


class Change(StrEnum):
    """What happens to an order while no call gets through."""

    NOTHING = "nothing"
    REFUNDED = "refunded"
    BEGUN = "its event began"
    TAKEN_BACK = "refunded after its policy, and taken back"
    CANCELLED = "refunded after its policy"


SHARES = {
    Change.NOTHING: 0.2,
    Change.REFUNDED: 0.2,
    Change.BEGUN: 0.2,
    Change.TAKEN_BACK: 0.2,
    Change.CANCELLED: 0.2,
}
_BEFORE = (Change.REFUNDED, Change.BEGUN)
_AFTER = (Change.TAKEN_BACK, Change.CANCELLED)


@dataclass(slots=True)
class Between:
    """What a run was and what it found."""

    orders: int
    seed: int
    changes: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    unknown: int = 0
    """Orders that changed when a dead worker had left it open whether their call was sent."""
    policies_too_many: int = 0
    """Policies of orders that were refunded, or whose event had begun, before anything was sent."""
    turned_away: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    finding: Finding = field(default_factory=Finding)


class InBetween:
    """One run: pay, let nothing through, change, let all through; the same with cancellations."""

    def __init__(
        self,
        simulator: SimulatorProcess,
        covered: sales.Template,
        *,
        orders: int,
        workers: int,
        seed: int,
        tell: Tell,
    ) -> None:
        self._simulator = simulator
        self._clock = PluginClock()
        self._random = random.Random(seed)  # noqa: S311 (dice)
        self._tell = tell
        self._run = Between(orders, seed)
        counts = {change: round(orders * share) for change, share in SHARES.items()}
        counts[Change.NOTHING] += orders - sum(counts.values())
        self._run.changes = {change.value: count for change, count in counts.items()}
        placed = sales.Sales(simulator, self._clock)
        self._orders = {
            change: placed.place_many(covered, count) for change, count in counts.items()
        }
        self._all = [order for orders in self._orders.values() for order in orders]
        sales.touch_all(self._all, self._clock() - timedelta(days=2))
        self._unknown: set[Any] = set()
        self._workers = workers
        self._is_cancelling = False
        self._kill_at = 0.0

    def run(self) -> Between:
        """Return when every order is where it should be, or nothing moves any more."""
        begun = time.monotonic()
        crew = Crew(self._workers, self._clock)
        try:
            self._before_anything_was_sent(crew)
            self._before_the_cancellation(crew)
        finally:
            crew.end()
        self._run.seconds = time.monotonic() - begun
        self._look_back()
        return self._run

    def _before_anything_was_sent(self, crew: Crew) -> None:
        self._shut(("confirm",))
        sales.pay_all(self._all, self._clock())
        self._let_nothing_through(crew, ("confirm",))
        for order in self._orders[Change.REFUNDED]:
            sales.refund(order, self._clock())
        tokens = [order.checkout_token for order in self._orders[Change.BEGUN]]
        began_at = self._clock() - timedelta(hours=2)
        Offer.objects.filter(checkout_token__in=tokens).update(event_starts_at=began_at)
        self._let_those_under_way_end(crew)
        self._note_unknown("confirm", [o for change in _BEFORE for o in self._orders[change]])
        self._let_all_through(crew, "making policies")

    def _before_the_cancellation(self, crew: Crew) -> None:
        operations = ("confirm_cancellation", "cancel")
        self._is_cancelling = True
        self._shut(operations)
        for order in [o for change in _AFTER for o in self._orders[change]]:
            sales.refund(order, self._clock())
        self._let_nothing_through(crew, operations)
        taken_back = self._orders[Change.TAKEN_BACK]
        for order in taken_back:
            sales.take_back(order, self._clock())
        self._let_those_under_way_end(crew)
        self._note_unknown("confirm_cancellation", taken_back)
        self._let_all_through(crew, "cancelling")

    def _shut(self, operations: Sequence[str]) -> None:
        """Let no call through: each is refused, and at times the rate limit defers all of them.

        The confirmation of a cancellation is always refused, its preview at times.
        """
        first, *others = operations
        shut = [first, *(o for o in others if self._random.random() < 0.5)]
        self._simulator.replace_faults(
            [
                {
                    "operation": operation,
                    "kind": "status",
                    "times": None,
                    **self._random.choice(_TURNED_AWAY),
                }
                for operation in shut
            ]
        )
        now = self._clock()
        if self._random.random() < 0.4:
            XCoverAccount.objects.update(
                failures=5, opened_at=now, open_until=now + timedelta(seconds=90), is_trying=False
            )
        else:
            XCoverAccount.objects.update(
                failures=0, opened_at=None, open_until=None, is_trying=False, throttled_until={}
            )
            self._send_again()

    def _send_again(self) -> None:
        """Do what saving working credentials does, and what staff do with poison messages."""
        parked = OutboxMessage.objects.filter(status="parked")
        for channel_id in set(parked.values_list("channel_id", flat=True)):
            outbox.replay_refused(channel_id, self._clock())
        for message in parked.filter(reason_code="poison").values_list("pk", flat=True):
            replay(message, self._clock())

    def _let_nothing_through(self, crew: Crew, operations: Sequence[str]) -> None:
        until, change_at = self._clock() + SHUT_FOR, 0.0
        give_up = time.monotonic() + _GIVE_UP
        while self._clock() < until and time.monotonic() < give_up:
            if time.monotonic() >= change_at:
                self._shut(operations)
                change_at = time.monotonic() + _CHANGE_EVERY
            self._go_on(crew)

    def _let_those_under_way_end(self, crew: Crew) -> None:
        """Turn away also the calls that were judged before the orders changed."""
        give_up = time.monotonic() + _GIVE_UP
        while not crew.is_idle() and time.monotonic() < give_up:
            time.sleep(POLL_INTERVAL)

    def _let_all_through(self, crew: Crew, what: str) -> None:
        self._simulator.clear_faults()
        XCoverAccount.objects.update(
            failures=0, opened_at=None, open_until=None, is_trying=False, throttled_until={}
        )
        give_up = time.monotonic() + _GIVE_UP
        look_at = 0.0
        while time.monotonic() < give_up:
            if time.monotonic() >= look_at:
                self._send_again()
                open_ = self._open()
                self._tell(what, len(self._all) - open_, len(self._all))
                if not open_:
                    return
                look_at = time.monotonic() + _CHANGE_EVERY
            self._go_on(crew)

    def _go_on(self, crew: Crew) -> None:
        """Let the workers work, and kill one now and then."""
        if crew.is_idle():
            crew.skip_wait()
            self._simulator.settings(now_offset_seconds=self._clock.ahead)
        elif crew.claims >= self._kill_at:
            crew.kill(self._random.randrange(1, crew.size))
            self._run.kills += 1
            self._kill_at = crew.claims + self._random.expovariate(1 / _KILL_EVERY)
        time.sleep(POLL_INTERVAL)

    def _open(self) -> int:
        """Count the orders that are not where they should be, and not parked."""
        wanted = {
            Change.NOTHING: ("confirmed",),
            Change.REFUNDED: ("void", "cancelled"),
            Change.BEGUN: ("parked", "confirmed"),
        }
        # A policy made before the refund was known, by a call of which a dead worker left open
        # whether it was carried out, is cancelled earlier.
        for change in _AFTER:
            ended = "cancelled" if change is Change.CANCELLED else "confirmed"
            wanted[change] = (ended,) if self._is_cancelling else ("confirmed",)
        statuses = dict(Cover.objects.values_list("order_id", "status"))
        pending = set(OutboxMessage.objects.filter(status="pending").values_list("pk", flat=True))
        there = sum(
            statuses.get(order.pk) in wanted[change]
            for change, orders in self._orders.items()
            for order in orders
        )
        return max(len(self._all) - there, len(pending))

    def _note_unknown(self, kind: str, orders: Sequence[Any]) -> None:
        """Remember of which orders a dead worker left open whether their call was carried out."""
        subject = "pk" if kind == "confirm" else "cancellations__pk"
        covers = Cover.objects.filter(order_id__in=[order.pk for order in orders])
        by_subject = dict(covers.values_list(subject, "order_id"))
        unknown = OutboxMessage.objects.filter(
            kind=kind, subject_id__in=list(by_subject), sending="outcome_unknown"
        ).exclude(status="settled")
        self._unknown |= {by_subject[pk] for pk in unknown.values_list("subject_id", flat=True)}

    def _look_back(self) -> None:
        run, state = self._run, self._simulator.state()
        run.unknown = len(self._unknown)
        run.calls = dict(Counter(call["operation"] for call in state["calls"]))
        run.turned_away = sum(call["status"] in (401, 403, 429) for call in state["calls"])
        covers = {cover.order_id: cover for cover in Cover.objects.all()}
        booked: dict[str, list[str]] = {}
        for booking in state["bookings"]:
            booked.setdefault(booking["partner_transaction_id"], []).append(booking["status"])
        done = Counter(c["booking_id"] for c in state["cancellations"] if c["done_at"])
        for change, orders in self._orders.items():
            for order in orders:
                self._judge(change, order, covers.get(order.pk), booked.get(str(order.number), []))
        for booking_id, count in done.items():
            if count > 1:
                run.finding.doubled.append(f"policy {booking_id} was cancelled {count} times")
        for message in OutboxMessage.objects.filter(status="pending"):
            run.finding.wrong.append(f"message {message.pk} {message}: {message.last_error}")

    def _judge(self, change: Change, order: Any, cover: Cover | None, booked: list[str]) -> None:
        finding = self._run.finding
        status = cover.status if cover else "nothing"
        if change in _BEFORE and order.pk not in self._unknown:
            if booked:
                self._run.policies_too_many += 1
                finding.wrong.append(f"order {order.number} ({change.value}): {booked}")
            wanted = "void" if change is Change.REFUNDED else "parked"
            if status != wanted:
                finding.wrong.append(f"order {order.number} ({change.value}): {status}")
            return
        if change is Change.REFUNDED:  # it was unknown whether its call had been sent
            if booked not in ([], ["CANCELLED"]):
                finding.wrong.append(f"order {order.number} ({change.value}): {booked}")
            return
        if change is Change.BEGUN:
            return
        sole(finding, order, "policy", len(booked))
        is_kept = change is not Change.CANCELLED and order.pk not in self._unknown
        if change is Change.CANCELLED and booked != ["CANCELLED"]:
            finding.lost.append(f"order {order.number}: its policy is {booked}, {status} here")
        if is_kept and (booked != ["CONFIRMED"] or status != "confirmed"):
            finding.wrong.append(f"order {order.number} ({change.value}): {booked}, {status} here")
