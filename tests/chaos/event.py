"""A cancelled event with many policies: the run is killed again and again, and begun again."""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.models import Cover, OutboxMessage
from saleor_xcover_plugin.outbox.dispatcher import deliver_due
from saleor_xcover_plugin.policies.order_sync import sync_order
from testkit.load import sales
from testkit.load.crew import share_nothing
from testkit.load.outage import OTHER, SELLING
from testkit.load.witness import Finding, sole
from testkit.simulator import SimulatorProcess

_FORK = multiprocessing.get_context("fork")
_POLL_INTERVAL = 0.01
"""Seconds."""

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class EventRun:
    """What the runs came to. Times are real seconds."""

    policies: int
    runs: int = 0
    kills: int = 0
    seconds: float = 0.0
    calls: dict[str, int] = field(default_factory=dict)
    due: Decimal = Decimal(0)
    finding: Finding = field(default_factory=Finding)


class CancelledEvent:
    """Sells ``policies`` policies of one event; ``play`` cancels it, killed every few policies."""

    def __init__(
        self, simulator: SimulatorProcess, covered: sales.Template, policies: int, *, tell: Tell
    ) -> None:
        self._simulator = simulator
        self._tell = tell
        self._run = EventRun(policies)
        tickets = set(covered.offer.request["tickets"])
        (line,) = [line for line in covered.lines if str(line.variant_id) in tickets]
        self._product = str(line.variant.product.slug)
        placed = sales.Sales(simulator, utc_now)
        self._orders: list[Any] = []
        while len(self._orders) < policies:
            tell("placing orders", len(self._orders), policies)
            self._orders += placed.place_many(covered, min(250, policies - len(self._orders)))
        self._confirm()

    def play(
        self, *, kill_after: Callable[[], int], kills: int, minute_passes: bool = False
    ) -> EventRun:
        """Begin run after run, kill the first ``kills``, and let the last come to its end.

        ``kill_after`` says how many more policies a run may cancel: by the clock, a quick machine
        would be done before it is killed, and a slow one killed before it has begun.
        ``minute_passes`` lets the leases of the dead end at once, for those who cannot wait.
        """
        self._simulator.settings(selling_per_second=SELLING, other_per_second=OTHER)
        begun = time.monotonic()
        while True:
            self._run.runs += 1
            is_to_be_killed = self._run.kills < kills
            process = self._started()
            if is_to_be_killed:
                self._let_it_cancel(kill_after(), process)
            else:
                process.join()
            if process.is_alive():
                process.kill()
                process.join()
                self._run.kills += 1
                if minute_passes:
                    OutboxMessage.objects.filter(status="pending").update(leased_until=utc_now())
            elif process.exitcode == 0:
                break
            elif self._run.runs > kills + 20:
                self._run.finding.wrong.append(f"exit code {process.exitcode} after every run")
                break
            self._tell("cancelling", self._cancelled(), self._run.policies)
        self._run.seconds = time.monotonic() - begun
        self._look_back()
        return self._run

    def _let_it_cancel(self, more: int, process: multiprocessing.process.BaseProcess) -> None:
        """Return once ``more`` policies are cancelled, or the process has ended."""
        wanted = self._cancelled() + more
        while process.is_alive() and self._cancelled() < wanted:
            process.join(_POLL_INTERVAL)

    def _started(self) -> multiprocessing.process.BaseProcess:
        share_nothing()
        process = _FORK.Process(target=_command, args=(self._product,), daemon=True)
        process.start()
        return process

    def _confirm(self) -> None:
        """Take the money and make the policies."""
        sales.pay_all(self._orders, utc_now())
        for order in self._orders:
            sync_order(order.pk, utc_now())
        while done := deliver_due(utc_now, limit=100):
            confirmed = Cover.objects.filter(status="confirmed").count()
            self._tell("making policies", confirmed, len(self._orders))
            if done < 100:
                break
        assert Cover.objects.filter(status="confirmed").count() == len(self._orders)

    def _cancelled(self) -> int:
        return Cover.objects.filter(status="cancelled").count()

    def _look_back(self) -> None:
        run, state = self._run, self._simulator.state()
        covers = {cover.order_id: cover for cover in Cover.objects.all()}
        done = Counter(c["booking_id"] for c in state["cancellations"] if c["done_at"])
        for order in self._orders:
            cover = covers[order.pk]
            sole(run.finding, order, "cancellation", done[cover.booking_id or ""])
            if cover.status != "cancelled" or cover.amount_due_back != cover.premium:
                run.finding.wrong.append(
                    f"order {order.number}: {cover}, due {cover.amount_due_back}"
                )
            told = [note for note in sales.notes_of(order) if "cancelled, XCover refunds" in note]
            sole(run.finding, order, "note of it", len(told))
        run.due = sum((cover.amount_due_back for cover in covers.values()), Decimal(0))
        run.calls = dict(Counter(call["operation"] for call in state["calls"]))
        left = OutboxMessage.objects.exclude(status__in=["settled", "dropped"])
        run.finding.wrong += [f"message {message.pk} {message}" for message in left]


def _command(product: str) -> None:
    """Run the command until nothing is left, confirming the number of policies in force."""
    from django.core.management import call_command

    in_force = 0
    for _ in range(2):
        out = io.StringIO()
        try:
            call_command(
                "xcover_event", product, "--cancelled", "--confirm", str(in_force),
                "--json", "--no-progress", stdout=out, stderr=io.StringIO(),
            )  # fmt: skip
        except SystemExit:
            pass
        else:
            return
        outcomes = json.loads(out.getvalue())["outcomes"]
        in_force = sum(
            row["policies"]
            for row in outcomes
            if row["what"] != "cancelled" and not row["what"].startswith("no policy")
        )
    raise SystemExit(1)


def every_few_policies(seed: int, most: int) -> Callable[[], int]:
    """Return how many policies are cancelled until the next kill: 1 to ``most``."""
    dice = random.Random(seed)  # noqa: S311 (dice)
    return lambda: dice.randint(1, most)
