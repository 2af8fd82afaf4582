"""An outage of XCover while paid covers pile up, and the drain under its rate limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from saleor_xcover_plugin.models import Cover, OutboxMessage
from saleor_xcover_plugin.outbox import claims
from saleor_xcover_plugin.policies.order_sync import sync_order
from testkit.simulator import SimulatorProcess

from . import sales
from .crew import POLL_INTERVAL, Crew, Drainers
from .plugin_time import PluginClock
from .witness import Fate, Finding, compare

SELLING, OTHER = 50, 20
"""Calls per second that XCover accepts for selling and for all other calls.

Reported by a third party, which names https://partner-docs.covergenius.com/offers/api/rate-limits;
other rates can be agreed.
"""

HOUR = timedelta(hours=1)
"""Default length of an outage."""
_FRESH_EVERY = 2.0  # seconds between two sales during the drain
_STEP = 5.0  # seconds by which the clock is advanced when nothing is due
_IDLE = 1.1
"""Seconds without work before the clock is set forward.

XCover counts real seconds: a turn that a leap makes due leaves beside those of the second before.
"""
_GIVE_UP = 1800.0  # real seconds after which a drain is abandoned

Tell = Callable[[str, int, int], None]
"""Called with the current activity, the number done and the total."""


@dataclass(slots=True)
class Drain:
    """The measurements of one drained outbox."""

    backlog: int
    """Number of covers that were waiting."""
    workers: int
    allowed: int = SELLING
    """Selling calls per second that the simulator accepts."""
    rate: float = 0.0
    """Policies made per second."""
    seconds: float = 0.0
    """Time over which ``rate`` was measured."""
    calls_in_outage: int = 0
    """Confirmations that were attempted during the outage."""
    backlog_waits: list[float] = field(default_factory=list)
    """Seconds from XCover's return to the policy, sorted."""
    fresh_waits: list[float] = field(default_factory=list)
    """Seconds from the payment to the policy for sales during the drain, sorted."""
    throttled: dict[str, int] = field(default_factory=dict)
    """Calls refused with 429, by lane."""
    busiest_second: dict[str, int] = field(default_factory=dict)
    """Largest number of calls accepted within one second, by lane."""
    finding: Finding = field(default_factory=Finding)

    @property
    def share(self) -> float:
        """Part of the allowed rate that was used, from 0 to 1."""
        return self.rate / self.allowed


class Outage:
    """One run, over orders that the constructor places. The simulator must be empty.

    ``backlog`` orders are paid before the outage, ``fresh`` ones during the drain.
    """

    def __init__(
        self,
        simulator: SimulatorProcess,
        covered: sales.Template,
        *,
        backlog: int,
        fresh: int,
        workers: int,
        tell: Tell,
        allowed: int = SELLING,
    ) -> None:
        self._simulator = simulator
        self._clock = PluginClock()
        self._tell = tell
        self._drain = Drain(backlog, workers, allowed)
        placed = sales.Sales(simulator, self._clock)
        self._backlog: list[Any] = []
        while len(self._backlog) < backlog:
            tell("placing orders", len(self._backlog), backlog)
            count = min(250, backlog - len(self._backlog))
            self._backlog += placed.place_many(covered, count)
        self._fresh = placed.place_many(covered, fresh)
        self._returned_at: datetime = self._clock()

    def run(self, outage: timedelta = HOUR) -> Drain:
        """Pay the backlog, play the outage, drain the outbox and return the measurements.

        Without an outage (a zero timedelta) the backlog is only drained.
        """
        sales.pay_all(self._backlog, self._clock())
        if outage:
            self._play_outage(outage)
        else:
            for order in self._backlog:
                sync_order(order.pk, self._clock())
        self._drain.calls_in_outage = len(self._simulator.calls("confirm"))
        self._simulator.settings(
            selling_per_second=self._drain.allowed, other_per_second=min(OTHER, self._drain.allowed)
        )
        self._returned_at = self._clock()
        drainers = Drainers(self._drain.workers, self._clock)
        try:
            self._empty(drainers)
        finally:
            drainers.end()
        self._evaluate()
        return self._drain

    def _play_outage(self, outage: timedelta) -> None:
        """Reset every connection for ``outage``, in the plugin's time."""
        self._simulator.fault("*", "reset", times=None)
        ends_at = self._clock() + outage
        crew = Crew(self._drain.workers, self._clock)
        try:
            while self._clock() < ends_at or self._waiting() < len(self._backlog):
                if crew.is_idle():
                    crew.skip_wait()
                    self._tell("XCover is dead", self._waiting(), len(self._backlog))
                time.sleep(POLL_INTERVAL)
        finally:
            crew.end()
        self._simulator.clear_faults()

    def _empty(self, drainers: Drainers) -> None:
        """Run the drain; measure from its first policies until nothing is due any more."""
        begun: tuple[float, int] | None = None
        to_sell = list(self._fresh)
        worked_at = time.monotonic()
        sell_at = give_up = worked_at + _GIVE_UP
        while (confirmed := self._confirmed()) < len(self._backlog) + len(self._fresh):
            now = time.monotonic()
            if now > give_up:
                return
            if begun is None and confirmed >= 5:
                begun, sell_at = (now, confirmed), now
            is_due = bool(claims.due_count(self._clock(), limit=1)) or self._leased()
            if begun and not is_due and not self._drain.rate:
                self._measure(begun, confirmed)
            if is_due:
                worked_at = now
            elif now - worked_at > _IDLE:
                self._clock.jump(_STEP)
            if to_sell and (now >= sell_at or self._drain.rate):
                drainers.enqueue(self._sell(to_sell.pop()))
                sell_at = now + _FRESH_EVERY
            self._tell("draining", confirmed, len(self._backlog) + len(self._fresh))
            time.sleep(0.2)
        if begun and not self._drain.rate:
            self._measure(begun, confirmed)

    def _measure(self, begun: tuple[float, int], confirmed: int) -> None:
        self._drain.seconds = time.monotonic() - begun[0]
        self._drain.rate = (confirmed - begun[1]) / self._drain.seconds

    def _sell(self, order: Any) -> int:
        """Pay an order and sync it; return the id of its confirm message."""
        sales.pay(order, self._clock())
        sync_order(order.pk, self._clock())
        cover = Cover.objects.get(order_id=order.pk)
        return int(OutboxMessage.objects.get(kind="confirm", subject_id=cover.pk).pk)

    def _waiting(self) -> int:
        return Cover.objects.filter(status="confirming").count()

    def _confirmed(self) -> int:
        return Cover.objects.filter(status="confirmed").count()

    def _leased(self) -> bool:
        """Return True if a call is in progress."""
        return OutboxMessage.objects.filter(
            status="pending", leased_until__gt=self._clock()
        ).exists()

    def _evaluate(self) -> None:
        drain = self._drain
        state = self._simulator.state()
        confirmed = {c.order_id: c for c in Cover.objects.exclude(confirmed_at=None)}
        drain.backlog_waits = sorted(
            (confirmed[o.pk].confirmed_at - self._returned_at).total_seconds()
            for o in self._backlog
            if o.pk in confirmed
        )
        drain.fresh_waits = sorted(
            (confirmed[o.pk].confirmed_at - confirmed[o.pk].paid_at).total_seconds()
            for o in self._fresh
            if o.pk in confirmed
        )
        drain.throttled = state["throttled"]["refused"]
        drain.busiest_second = state["throttled"]["busiest_second"]
        everything = [(order, Fate.CONFIRM) for order in (*self._backlog, *self._fresh)]
        drain.finding = compare(everything, state)
