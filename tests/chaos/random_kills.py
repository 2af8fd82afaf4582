"""Paid orders by the thousand, workers killed at random, and an XCover full of faults.

Every hook is lost: payments and refunds are written into the host's tables, and what is due is
found by the sweep alone.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from testkit.load import sales
from testkit.load.crew import Crew
from testkit.load.plugin_time import PluginClock
from testkit.load.witness import Fate, Finding, compare
from testkit.simulator import SimulatorProcess

SHARES = {Fate.CONFIRM: 0.4, Fate.CANCEL: 0.3, Fate.OPT_OUT: 0.3}
PAID_PER_MINUTE = 20
"""Orders that are paid in one minute of the plugin's time."""

KILL_EVERY = 4
"""Mean number of claims between two kills: a slow machine kills no more often."""

KILL_WITHIN = 0.1
"""A kill comes up to so many real seconds after its claim."""

SWEEPER_SHARE = 0.1
"""The share of kills that hit the sweeper. A sweeper that is killed starts its page of changed
orders again, so with a share like that of the others it would hardly make progress."""

FAULT_EVERY = 0.5
"""Mean real seconds between two faults; one that nobody met gives way to the next."""

_LOOK_EVERY = 0.3
_GIVE_UP = 1800.0

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("reset_after", {}),
    ("reset_after", {}),
    ("reset", {}),
    ("status", {"status": 502}),
    ("status", {"status": 500, "after_work": True}),
    ("status", {"status": 429, "retry_after": 1}),
    ("html", {}),
    ("malformed", {}),
    ("delay", {"seconds": 0.4}),
    ("locked", {}),
)

Tell = Callable[[int, int, int], None]
"""Hears how many orders are done, how many there are, and how many kills there were."""


@dataclass(slots=True)
class Chaos:
    """What a run was and what it found. Times are seconds of the plugin's time."""

    orders: int
    workers: int
    seed: int
    kills: int = 0
    replays: int = 0
    """Messages that killed so many workers in a row that a person had to send them again."""
    in_flight: int = 0
    recoveries: list[float] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    throttled: dict[str, int] = field(default_factory=dict)
    real_seconds: float = 0.0
    plugin_seconds: float = 0.0
    finding: Finding = field(default_factory=Finding)


class RandomKills:
    """One run: place the orders, then conduct until all is settled."""

    def __init__(
        self,
        simulator: SimulatorProcess,
        covered: sales.Template,
        declined: sales.Template,
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
        self._chaos = Chaos(orders, workers, seed)
        placed = sales.Sales(simulator, self._clock)
        shares = {fate: round(orders * share) for fate, share in SHARES.items()}
        shares[Fate.CONFIRM] += orders - sum(shares.values())
        self._orders = [
            (order, fate)
            for fate, count in shares.items()
            for order in placed.place_many(declined if fate is Fate.OPT_OUT else covered, count)
        ]
        self._to_refund = {o.pk: o for o, fate in self._orders if fate is Fate.CANCEL}
        self._to_pay = [order for order, _ in self._orders]
        # Unpaid for long: each is a changed order only once it is paid.
        sales.touch_all(self._to_pay, self._clock() - timedelta(days=2))
        self._random.shuffle(self._to_pay)
        self._struck: list[tuple[int, datetime]] = []

    def run(self) -> Chaos:
        """Return when every order is where it should be, or nothing moves any more."""
        began, begun_at = time.monotonic(), self._clock()
        crew = Crew(self._chaos.workers, self._clock)
        try:
            self._conduct(crew)
        finally:
            crew.end()
        self._chaos.real_seconds = time.monotonic() - began
        self._chaos.plugin_seconds = (self._clock() - begun_at).total_seconds()
        self._look_back()
        return self._chaos

    def _conduct(self, crew: Crew) -> None:
        now = time.monotonic()
        give_up = now + _GIVE_UP
        fault_at = look_at = now
        kill_at = self._claims_to_next_kill()
        self._take_money()
        while now < give_up:
            if now >= look_at:
                done = self._look()
                self._tell(done, len(self._orders), self._chaos.kills)
                if done == len(self._orders):
                    return
                look_at = time.monotonic() + _LOOK_EVERY
            if now >= fault_at:
                self._break_something()
                fault_at = now + self._random.expovariate(1 / FAULT_EVERY)
            if crew.is_idle():
                crew.skip_wait()
                self._simulator.settings(now_offset_seconds=self._clock.ahead)
                self._take_money()
            elif crew.claims >= kill_at:
                time.sleep(self._random.uniform(0, KILL_WITHIN))
                self._kill(crew)
                kill_at = crew.claims + self._claims_to_next_kill()
            time.sleep(0.005)
            now = time.monotonic()

    def _claims_to_next_kill(self) -> float:
        return self._random.expovariate(1 / KILL_EVERY)

    def _take_money(self) -> None:
        """Pay some more orders, kinds mixed."""
        paid, self._to_pay = self._to_pay[:PAID_PER_MINUTE], self._to_pay[PAID_PER_MINUTE:]
        sales.pay_all(paid, self._clock())

    def _kill(self, crew: Crew) -> None:
        from saleor_xcover_plugin.models import OutboxMessage

        is_sweeper = self._random.random() < SWEEPER_SHARE
        message = crew.kill(0 if is_sweeper else self._random.randrange(1, crew.size))
        killed_at = self._clock()
        self._chaos.kills += 1
        if message and OutboxMessage.objects.filter(pk=message, status="pending").exists():
            self._struck.append((message, killed_at))

    def _break_something(self) -> None:
        """Let the next call misbehave, whichever it is: a run of a few orders has few of each."""
        kind, parameters = self._random.choice(FAULTS)
        self._simulator.replace_faults([{"operation": "*", "kind": kind, **parameters}])

    def _look(self) -> int:
        """Refund what has its policy and is to be refunded; return how many orders are done."""
        from saleor_xcover_plugin.models import Cover, Offer

        self._replay_what_killed_too_many()
        confirmed = Cover.objects.filter(order_id__in=self._to_refund, status="confirmed")
        for order_id in confirmed.values_list("order_id", flat=True):
            sales.refund(self._to_refund.pop(order_id), self._clock())
        covers = Counter(Cover.objects.values_list("status", flat=True))
        parked = covers["parked"]
        refunded = [o.pk for o, fate in self._orders if fate is Fate.CANCEL]
        kept = Cover.objects.filter(status="confirmed").exclude(order_id__in=refunded).count()
        told = Offer.objects.filter(status__in=["opted_out", "abandoned"]).count()
        return kept + covers["cancelled"] + parked + told

    def _replay_what_killed_too_many(self) -> None:
        """Do as the note in the order tells staff."""
        from saleor_xcover_plugin.models import OutboxMessage
        from saleor_xcover_plugin.staff.replay import replay

        poison = OutboxMessage.objects.filter(status="parked", reason_code="poison")
        for message in poison.values_list("pk", flat=True):
            self._chaos.replays += replay(message, self._clock())

    def _look_back(self) -> None:
        from saleor_xcover_plugin.models import OutboxMessage

        state = self._simulator.state()
        chaos = self._chaos
        chaos.in_flight = len(self._struck)
        settled = dict(OutboxMessage.objects.values_list("pk", "settled_at"))
        chaos.recoveries = sorted(
            (settled[pk] - killed_at).total_seconds()
            for pk, killed_at in self._struck
            if settled[pk] is not None
        )
        chaos.calls = dict(Counter(call["operation"] for call in state["calls"]))
        chaos.faults = dict(Counter(call["fault"] for call in state["calls"] if call["fault"]))
        chaos.throttled = state["throttled"]["refused"]
        chaos.finding = compare(self._orders, state)
