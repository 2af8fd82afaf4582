"""An on-sale rush: more checkouts than Cover Genius takes calls for.

20,000 checkouts in two minutes against an agreed 50 calls per second, both divided by the same
number so that this machine can play all parts: web processes, a Celery worker, PostgreSQL, the
simulated XCover. For each checkout, a task is sent as the hook does, and half a second later its
page asks for the offer, up to five times. Meanwhile orders are paid, as many as the part of the
rate carries that is kept for confirmations, and one shopper creates checkouts with the plugin off
and on in turns.
"""

from __future__ import annotations

import heapq
import multiprocessing
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.domain.rates import MARGIN, OFFER_SHARE
from testkit.load import sales
from testkit.saleor.broker import Worker, empty, waiting

from . import command
from .environment import BROKER, GENEROUS, OFF, ON, Place, opened, wait_for_worker
from .measures import Ratio, Spread, Stopwatch

CHECKOUTS, LASTS, AGREED = 20_000, 120.0, 50
"""Checkouts of the whole rush, its seconds, and the agreed calls per second."""
SHARE = 0.3
"""Part of the offers that the machine can make per second when it does nothing else."""
PAGES = 8
"""Web processes: some wait for their turn to ask, while the others go on."""
CORES = 2
"""Processes that make offers as fast as the machine can."""
PAGE_TAKES = 0.5
"""Seconds from the checkout to the first request of its page."""
AGAIN = (0.4, 0.8, 1.6, 3.2)
"""Seconds after which the element asks again."""
SEED = 22
"""Seed of the moments at which checkouts are made."""
_FORK = multiprocessing.get_context("fork")
_GIVE_UP, _SOON_AFTER = 120.0, 20.0  # seconds


def measure(seconds: float) -> dict[str, Any]:
    """Return what became of checkouts and paid orders in a rush of so many seconds."""
    with opened() as place:
        place.choose(ON)
        capacity = _capacity(place, 60 if seconds < LASTS else 300)
        scale = CHECKOUTS / LASTS / (capacity * SHARE)
        agreed = max(round(AGREED / scale), 3)
        count = round(CHECKOUTS / scale * seconds / LASTS)
        quiet = _probe(place, lambda turns: turns < 20)
        empty(BROKER)
        worker = Worker(BROKER, environment={"DJANGO_SETTINGS_MODULE": "bench.worker_settings"})
        worker.start()
        try:
            wait_for_worker(place)
            found = _rush(place, count, agreed, seconds)
        finally:
            worker.kill()
            empty(BROKER)
    return {
        "scale": round(scale, 2),
        "capacity": round(capacity, 1),
        "agreed": agreed,
        "checkouts": count,
        "seconds": seconds,
        "quiet": quiet,
        **found,
    }


def _capacity(place: Place, count: int) -> float:
    """Return how many offers per second the machine can make."""
    place.store.forget()
    place.simulator.reset()
    tokens = _checkouts(place, count)
    began = time.monotonic()
    told = _in_processes([(_pages, (tokens[n::CORES], [0.0] * count)) for n in range(CORES)])
    took = time.monotonic() - began
    made = sum(one["code"] == "offered" for part in told for one in part)
    if made < count / 2:
        raise SystemExit(f"only {made} of {count} offers were made")
    return made / took


def _rush(place: Place, count: int, agreed: int, seconds: float) -> dict[str, Any]:
    place.store.forget()
    place.simulator.reset()
    place.agree(GENEROUS)
    reserve = float(agreed * MARGIN * (1 - OFFER_SHARE))
    template = sales.covered(place.shopper, place.store, place.simulator)
    orders = sales.Sales(place.simulator, utc_now).place_many(template, int(reserve * seconds))
    tokens = _checkouts(place, count)
    place.agree(agreed)
    time.sleep(1)  # so that the calls so far leave the rate limit's window of one second
    before = len(place.simulator.calls("create_offer"))
    chance = random.Random(SEED)  # noqa: S311 (nothing is secret here)
    moments = sorted(chance.uniform(0.0, seconds) for _ in tokens)
    parts: list[_Part] = [(_pages, (tokens[n::PAGES], moments[n::PAGES])) for n in range(PAGES)]
    parts.append((_payments, (orders, seconds)))
    ends_at = time.monotonic() + seconds
    pipes = _started(parts)
    probe = _probe(place, lambda _: time.monotonic() < ends_at, pause=0.5)
    *pages, paid = [pipe.recv() for pipe in pipes]
    asked = len(place.simulator.calls("create_offer")) - before
    return {
        "probe": probe,
        "offers": _of_pages([one for part in pages for one in part]) | {"asked": asked},
        "confirmations": _of_payments(orders, paid, seconds, reserve),
        "throttled": sum(call["status"] == 429 for call in place.simulator.calls()),
        "left": _left(),
    }


_Part = tuple[Callable[..., Any], tuple[Any, ...]]


def _started(parts: Sequence[_Part]) -> list[Any]:
    """Run each function in a process of its own; return the pipes to their results."""
    from django.db import connections

    connections.close_all()
    pipes = []
    for act, arguments in parts:
        ours, theirs = _FORK.Pipe()
        _FORK.Process(target=_run, args=(theirs, act, arguments), daemon=True).start()
        pipes.append(ours)
    return pipes


def _in_processes(parts: Sequence[_Part]) -> list[Any]:
    return [pipe.recv() for pipe in _started(parts)]


def _run(pipe: Any, act: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send(act(*arguments))


def _pages(tokens: Sequence[uuid.UUID], moments: Sequence[float]) -> list[dict[str, Any]]:
    """Let each checkout's page ask for its offer, at its moment from now, in seconds."""
    from saleor.checkout.models import Checkout

    from saleor_xcover_plugin.checkout import selection
    from saleor_xcover_plugin.checkout.offer_request import ensure_offer
    from saleor_xcover_plugin.errors import Refusal
    from saleor_xcover_plugin.host import configuration
    from saleor_xcover_plugin.outbox.task_queue import request_offer_soon

    channel_id = Checkout.objects.values_list("channel_id", flat=True).get(pk=tokens[0])
    settings = configuration.settings_of(channel_id)
    began = time.monotonic()
    is_rush = any(moments)
    plan = [(moment, number, 0) for number, moment in enumerate(moments[: len(tokens)])]
    told = []
    while plan:
        due, number, asked = heapq.heappop(plan)
        time.sleep(max(began + due - time.monotonic(), 0.0))
        if is_rush and not asked:
            request_offer_soon(tokens[number], channel_id)
            heapq.heappush(plan, (due + PAGE_TAKES, number, 1))
            continue
        asks_at, code, answer = time.monotonic(), "offered", None
        try:
            offer = ensure_offer(tokens[number], channel_id, settings, utc_now)
            selection.show(offer, now=utc_now())
        except Refusal as refusal:
            code = refusal.code.value
        now = time.monotonic()
        answer = now - asks_at
        if code == "offer_pending" and 1 <= asked <= len(AGAIN):
            heapq.heappush(plan, (now - began + AGAIN[asked - 1], number, asked + 1))
            continue
        waited = now - began - moments[number] - PAGE_TAKES
        late = asks_at - began - due
        told.append(
            {"code": code, "asked": asked, "answer": answer, "waited": waited, "late": late}
        )
    return told


def _payments(orders: Sequence[Any], seconds: float) -> dict[str, float]:
    """Have the orders be paid evenly; return the moment of each payment, a Unix time."""
    from saleor_xcover_plugin.policies.order_sync import sync_order

    began, paid = time.monotonic(), {}
    for number, order in enumerate(orders):
        due = began + seconds * number / len(orders)
        time.sleep(max(due - time.monotonic(), 0.0))
        sales.pay(order, utc_now())
        paid[str(order.pk)] = time.time()
        sync_order(order.pk, utc_now())
    return paid


def _probe(place: Place, goes_on: Callable[[int], bool], *, pause: float = 0.0) -> dict[str, Any]:
    """Create checkouts with the plugin off and on in turns; return both times and their ratio."""
    watches = {OFF: Stopwatch(), ON: Stopwatch()}
    order = random.Random(SEED)  # noqa: S311 (nothing is secret here)
    off = next(one for one in place.store.channels if one.slug != place.store.usd_unpaid.slug)
    _switch_off(off)
    channels = {OFF: off, ON: place.store.usd_unpaid}
    turns = 0
    while goes_on(turns):
        turns += 1
        for name in order.sample((OFF, ON), 2):
            shopper = place.shopper(channels[name])
            with watches[name].lap():
                shopper.create_checkout({place.store.concert: 2})
        time.sleep(pause)
    ratio = Ratio.of(watches[ON].laps, watches[OFF].laps)
    return {
        **{name: asdict(watch.spread) for name, watch in watches.items()},
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
    }


def _switch_off(channel: Any) -> None:
    from saleor.plugins.models import PluginConfiguration

    PluginConfiguration.objects.filter(
        identifier="covergenius.xcover", channel__slug=channel.slug
    ).update(active=False)


def _of_pages(told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    offered = [one for one in told if one["code"] == "offered"]
    withheld = [one for one in told if one["code"] != "offered"]
    found: dict[str, Any] = {
        "offered": len(offered),
        "withheld": dict(Counter(one["code"] for one in withheld)),
        "late": asdict(Spread.of([one["late"] for one in told])),
    }
    if offered:
        found["until offered"] = asdict(Spread.of([one["waited"] for one in offered]))
    if withheld:
        found["answer without an offer"] = asdict(Spread.of([one["answer"] for one in withheld]))
    return found


def _of_payments(
    orders: Sequence[Any], paid: dict[str, float], seconds: float, reserve: float
) -> dict[str, Any]:
    """Wait until all policies are made; return how many were, and how long each took."""
    from saleor_xcover_plugin.models import Cover

    covers = Cover.objects.filter(order_id__in=[order.pk for order in orders], status="confirmed")
    gives_up_at = time.monotonic() + _GIVE_UP
    while covers.count() < len(orders) and time.monotonic() < gives_up_at:
        time.sleep(0.5)
    made = dict(covers.values_list("order_id", "confirmed_at"))
    waits = [at.timestamp() - paid[str(order_id)] for order_id, at in made.items()]
    ends_at = min(paid.values()) + seconds
    return {
        "paid": len(orders),
        "confirmed": len(made),
        "within the rush": sum(at.timestamp() <= ends_at for at in made.values()),
        "reserve per second": round(reserve, 2),
        "until confirmed": asdict(Spread.of(waits)) if waits else {},
    }


def _left() -> dict[str, int]:
    """Return what is left soon after: tasks, messages, and requests for offers nobody works at.

    A task whose page has asked by itself is thrown away when a worker takes it.
    """
    from saleor_xcover_plugin.models import Offer, OutboxMessage

    gives_up_at = time.monotonic() + _SOON_AFTER
    while waiting(BROKER) and time.monotonic() < gives_up_at:
        time.sleep(0.5)
    return {
        "tasks": waiting(BROKER),
        "messages": OutboxMessage.objects.filter(status="pending").count(),
        "requests": Offer.objects.filter(status="requested", leased_until__lt=utc_now()).count(),
    }


def _checkouts(place: Place, count: int) -> list[uuid.UUID]:
    """Return the tokens of so many checkouts of two tickets, copied without calling a hook."""
    from saleor.checkout.models import Checkout, CheckoutLine, CheckoutMetadata

    from testkit.rows import key  # it wants Django's models

    place.choose(OFF)
    buyer = place.shopper()
    buyer.create_checkout({place.store.concert: 2})
    place.choose(ON)
    original = Checkout.objects.get(pk=key(buyer.checkout_id))
    lines = list(CheckoutLine.objects.filter(checkout=original))
    stored: list[Any] = []
    with suppress(CheckoutMetadata.DoesNotExist):
        stored = [CheckoutMetadata.objects.get(checkout=original)]
    made = sales.store_all(sales.copy_of(original) for _ in range(count))
    for row in (*lines, *stored):
        sales.store_all(sales.copy_of(row, checkout_id=checkout.pk) for checkout in made)
    return [checkout.pk for checkout in made]


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(20.0 if options.quick else LASTS))


if __name__ == "__main__":
    raise SystemExit(main())
