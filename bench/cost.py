"""Cost of one confirmation beside a day's work: a task that calls the vendor's client and saves.

Both confirm the same kind of paid order in turns: drained in this process, and through a Celery
worker as stores run it, with a new database session for each task. There, sales come one by one
(each is confirmed long before the next) or in a rush. Measured is the processor time of the worker
and of PostgreSQL together. XCover takes 0 and 100 ms.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from saleor_xcover_plugin.clock import utc_now
from testkit.load import sales
from testkit.saleor.broker import Worker, empty

from . import command
from .environment import BROKER, ON, Place, kinds_of, no_broker, opened
from .measures import Ratio, Spread
from .results import DAY, OURS
from .work import process_seconds, server_seconds

XCOVERS = {"0 ms": 0.0, "100 ms": 0.1}
"""Seconds that XCover takes for a response."""
PACES = {"one by one": 0.5, "rush": 0.05}
"""Seconds between two sales, by name."""
SESSIONS = {"": "0", ", sessions kept": "60"}
"""Seconds that a worker keeps a database session, as ``DB_CONN_MAX_AGE``; Saleor's default is 0."""
_POLL, _GIVE_UP, _HEAD_START = 0.5, 300.0, 1.0  # seconds

Orders = Sequence[Any]
Confirm = Callable[[str, Orders], float]
"""Confirms the orders as the named arm does; returns seconds of processor time."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The number of rounds and of confirmations in each."""

    rounds: int
    drained: int
    """Confirmations of each arm in a round, in this process."""
    tasks: int
    """Confirmations of each arm in a round, through Celery."""


def measure(sizes: Sizes) -> dict[str, Any]:
    """Return seconds of processor time per confirmation and the arms' ratio, by way and XCover."""
    with opened() as place:
        place.choose(ON)
        bench = _Bench(place)
        bench.compared(_drained, 1, 5)  # warm
        found: dict[str, Any] = {"statements": bench.statements(sizes.drained)}
        found["drained"] = bench.at_each(_drained, sizes.rounds, sizes.drained)
        for kept, seconds in SESSIONS.items():
            with _worker({"DB_CONN_MAX_AGE": seconds}) as pid:
                bench.slow(0)
                bench.compared(_through(pid, PACES["rush"]), 1, 5)  # warm
                for pace, between in PACES.items():
                    found[pace + kept] = bench.at_each(
                        _through(pid, between), sizes.rounds, sizes.tasks
                    )
    return found


class _Bench:
    """Makes the paid orders, and lets both arms confirm them in turns."""

    def __init__(self, place: Place) -> None:
        self._simulator = place.simulator
        place.store.forget()
        place.simulator.reset()
        self._template = sales.covered(place.shopper, place.store, place.simulator)
        self._sales = sales.Sales(place.simulator, utc_now)

    def slow(self, seconds: float) -> None:
        """Let XCover take so long for a confirmation."""
        self._simulator.clear_faults()
        if seconds:
            self._simulator.fault("confirm", "delay", times=None, seconds=seconds)

    def statements(self, count: int) -> dict[str, dict[str, float]]:
        """Return the statements per confirmation of each arm, by kind, in a batch of ``count``."""
        return {arm: self._statements(arm, count) for arm in (OURS, DAY)}

    def _statements(self, arm: str, count: int) -> dict[str, float]:
        orders = self._orders(arm, count)
        kinds = kinds_of(lambda: _confirm_here(arm, orders))
        self._require_made(orders)
        return {kind: round(number / count, 2) for kind, number in sorted(kinds.items())}

    def at_each(self, confirm: Confirm, rounds: int, count: int) -> dict[str, Any]:
        """Return what ``compared`` does with each XCover, by its name."""
        found = {}
        for name, seconds in XCOVERS.items():
            self.slow(seconds)
            found[name] = self.compared(confirm, rounds, count)
        return found

    def compared(self, confirm: Confirm, rounds: int, count: int) -> dict[str, Any]:
        """Return the spread of seconds per confirmation of each arm, and their ratio."""
        took: dict[str, list[float]] = {OURS: [], DAY: []}
        for _ in range(rounds):
            for arm, each in took.items():
                orders = self._orders(arm, count)
                each.append(confirm(arm, orders) / count)
                self._require_made(orders)
        ratio = Ratio.of(took[OURS], took[DAY])
        return {
            **{arm: asdict(Spread.of(each)) for arm, each in took.items()},
            "ratio": ratio.value,
            "ratio_low": ratio.low,
            "ratio_high": ratio.high,
        }

    def _orders(self, arm: str, count: int) -> Orders:
        """Return so many paid orders whose policy is still to be made; no task was sent."""
        from saleor_xcover_plugin.policies.order_sync import sync_order

        placed = self._sales.place_many(self._template, count)
        sales.pay_all(placed, utc_now())
        if arm == OURS:
            with no_broker():
                for order in placed:
                    sync_order(order.pk, utc_now())
        else:
            _name_offers(placed)
        return placed

    def _require_made(self, orders: Orders) -> None:
        """Exit with a sentence if XCover did not make one policy for each order."""
        bookings = self._simulator.state()["bookings"]
        made = Counter(booking["partner_transaction_id"] for booking in bookings)
        wrong = [order.number for order in orders if made[str(order.number)] != 1]
        if wrong:
            raise SystemExit(f"No policy, or several, for {len(wrong)} of {len(orders)} orders.")


def _name_offers(orders: Orders) -> None:
    """Write the offer of each order into its metadata, where the day's work reads it."""
    from saleor_xcover_plugin.models import Offer

    from .peers.day import OFFER

    tokens = {str(order.checkout_token): order for order in orders}
    for offer in Offer.objects.filter(checkout_token__in=tokens).prefetch_related("quotes"):
        order = tokens[str(offer.checkout_token)]
        quotes = [quote.quote_id for quote in offer.quotes.all() if quote.is_chosen]
        told = {"id": str(offer.xcover_offer_id), "quotes": quotes}
        order.metadata = {**order.metadata, OFFER: json.dumps(told)}
        order.save(update_fields=["metadata"])


def _confirm_here(arm: str, orders: Orders) -> None:
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    from .peers.day import confirm

    if arm == OURS:
        deliver_due(utc_now, limit=len(orders))
        return
    for order in orders:
        confirm(str(order.pk))


def _drained(arm: str, orders: Orders) -> float:
    """Confirm in this process, as a worker with a warm session does."""
    began = time.process_time() + server_seconds()
    _confirm_here(arm, orders)
    return time.process_time() + server_seconds() - began


def _through(worker: int, between: float) -> Confirm:
    """Return a way to confirm through the worker with this process id.

    ``between`` is the number of seconds between two sales.
    """

    def confirm(arm: str, orders: Orders) -> float:
        sell = _begin_sales(arm, orders, between)
        began = process_seconds(worker) + server_seconds()
        starts_at = time.monotonic()
        for number, order in enumerate(orders):
            time.sleep(max(starts_at + number * between - time.monotonic(), 0.0))
            sell(order)
        _wait_until_made(arm, orders)
        return process_seconds(worker) + server_seconds() - began

    return confirm


def _begin_sales(arm: str, orders: Orders, between: float) -> Callable[[Any], object]:
    """Have the orders' messages fall due one after the other.

    Return what wakes the worker for each.
    """
    from saleor_xcover_plugin.models import Cover, OutboxMessage
    from saleor_xcover_plugin.outbox import new_messages

    from .peers.day import confirm

    if arm == DAY:
        return lambda order: confirm.delay(str(order.pk))
    begins_at = utc_now() + timedelta(seconds=_HEAD_START)
    for number, order in enumerate(orders):
        falls_due_at = begins_at + timedelta(seconds=number * between)
        cover = Cover.objects.get(order_id=order.pk)
        OutboxMessage.objects.filter(kind="confirm", subject_id=cover.pk).update(
            next_attempt_at=falls_due_at, created_at=falls_due_at
        )
    time.sleep(max((begins_at - utc_now()).total_seconds(), 0.0))
    return lambda _: new_messages.request_drain()


def _wait_until_made(arm: str, orders: Orders) -> None:
    """Wait until each order's policy is stored. Asks PostgreSQL little, which is measured."""
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import Cover

    from .peers.day import POLICY

    ids = [order.pk for order in orders]
    made = (
        Cover.objects.filter(order_id__in=ids, status="confirmed")
        if arm == OURS
        else Order.objects.filter(pk__in=ids, metadata__has_key=POLICY)
    )
    ends_at = time.monotonic() + _GIVE_UP
    while made.count() < len(ids):
        if time.monotonic() > ends_at:
            raise SystemExit("The worker did not confirm all orders.")
        time.sleep(_POLL)


@contextmanager
def _worker(environment: Mapping[str, str]) -> Iterator[int]:
    """Start a Celery worker and return its process id."""
    empty(BROKER)
    worker = Worker(
        BROKER,
        include="bench.peers.day",
        environment={"DJANGO_SETTINGS_MODULE": "bench.worker_settings", **environment},
    )
    worker.start()
    try:
        yield worker.pid
    finally:
        worker.kill()
        empty(BROKER)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    sizes = Sizes(3, 20, 20) if options.quick else Sizes(6, 60, 20)
    return command.write(options, measure(sizes))


if __name__ == "__main__":
    raise SystemExit(main())
