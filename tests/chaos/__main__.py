"""``make chaos``: kill workers at random, take XCover away for an hour, measure the drain.

Exit code 1 when anything was lost, doubled or refused with 429.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("XCOVER_FLOWS_DATABASE", "xcover_chaos")

from testkit import hosts, shutdown
from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.transports import in_process
from testkit.process import ROOT
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess

from ..deep.counts import COUNTS

FOLDER = ROOT / ".cache" / "chaos"
CREWS = (2, 4, 8)
FRESH = 20
RATE = 50
"""Calls per second for offers and confirmations, unless the store has agreed others."""


class _Progress:
    """A progress line that is rewritten on every change, without a thread because the run forks.

    Outside a terminal, a line is printed at every tenth.
    """

    def __init__(self) -> None:
        self._is_watched = sys.stderr.isatty()
        self._last = ("", -1)

    def __call__(self, what: str, done: int, total: int, extra: str = "") -> None:
        share = done / max(total, 1)
        bar = ("#" * round(30 * share)).ljust(30, ".")
        line = f"{what:<16} {bar} {done} of {total} {extra}"
        if self._is_watched:
            sys.stderr.write(f"\r\x1b[K{line}")
        elif (what, int(10 * share)) != self._last:
            self._last = (what, int(10 * share))
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def main() -> int:
    options = _options()
    shutdown.listen()
    if hosts.HOST is None:
        raise SystemExit(hosts.NO_HOST)
    hosts.HOST.configure()
    store = hosts.HOST.open_store()
    driver = Driver(in_process())
    with SimulatorProcess() as simulator:
        staff = Staff(driver, store)
        agreed = {"calls_per_second": str(options.rate)}
        for channel in store.channels:
            store.command("xcover_setup", "--channel", channel.slug)
            staff.configure_plugin(channel, {"api_url": simulator.base_url, **PARTNER, **agreed})
        return _run(options, store, simulator, lambda channel: Shopper(driver, channel))


def _run(
    options: argparse.Namespace,
    store: Store,
    simulator: SimulatorProcess,
    shopper: Callable[[Channel], Shopper],
) -> int:
    # Not before Django is set up.
    from testkit.load import sales
    from testkit.load.outage import Drain, Outage

    from .event import CancelledEvent, every_few_policies
    from .in_between import InBetween
    from .random_kills import RandomKills
    from .report import Report

    progress, report = _Progress(), Report()

    def covered() -> sales.Template:
        store.forget()
        simulator.reset()
        return sales.covered(shopper, store, simulator)

    def drained(backlog: int, workers: int, outage: timedelta, fresh: int) -> Drain:
        template = covered()
        run = Outage(
            simulator,
            template,
            backlog=backlog,
            fresh=fresh,
            workers=workers,
            tell=progress,
            allowed=options.rate,
        )
        return run.run(outage)

    if options.orders:
        report.note_load("before the random kills")
        report.chaos = RandomKills(
            simulator,
            covered(),
            sales.declined(shopper, store, simulator),
            orders=options.orders,
            workers=options.workers,
            seed=options.seed,
            tell=lambda done, total, kills: progress("orders done", done, total, f"{kills} kills"),
        ).run()
        report.write(options.report)
    if options.between:
        report.note_load("before the orders that change")
        report.between = InBetween(
            simulator,
            covered(),
            orders=options.between,
            workers=options.workers,
            seed=options.seed,
            tell=progress,
        ).run()
        report.write(options.report)
    if options.throughput:
        for workers in CREWS:
            report.note_load(f"before {workers} workers")
            report.throughput.append(drained(options.throughput, workers, timedelta(0), 0))
            report.write(options.report)
    if options.outage:
        report.note_load("before the hour without XCover")
        report.outage = drained(options.outage, max(CREWS), timedelta(hours=1), FRESH)
    if options.event:
        report.note_load("before the cancelled event")
        event = CancelledEvent(simulator, covered(), options.event, tell=progress)
        few = every_few_policies(options.seed, most=max(options.event // 20, 1))
        report.event = event.play(kill_after=few, kills=20)
    report.note_load("at the end")
    report.write(options.report)
    if options.json:
        print(report.json())
    else:
        print(f"\n{report.text()}\nWritten to {options.report}/report.md and report.json.")
    return 0 if report.is_clean else 1


def _many(name: str) -> int:
    return COUNTS[name].many


def _options() -> argparse.Namespace:
    orders, outage = _many("orders under random kills"), _many("covers in an outage")
    event = _many("policies of a cancelled event")
    between = _many("orders that change before they are sent")
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--orders",
        type=int,
        default=orders,
        help="of the random kills; 0: none",
    )
    parser.add_argument(
        "--between",
        type=int,
        default=between,
        help="orders refunded or begun while no call gets through; 0: none",
    )
    parser.add_argument("--workers", type=int, default=4, help="of the random kills")
    parser.add_argument("--seed", type=int, default=1, help="of kills and faults")
    parser.add_argument("--outage", type=int, default=outage, help="covers that wait; 0: none")
    parser.add_argument(
        "--event",
        type=int,
        default=event,
        help="policies of a cancelled event; 0: none",
    )
    parser.add_argument(
        "--throughput", type=int, default=400, help="covers each crew of 2, 4, 8 drains; 0: none"
    )
    parser.add_argument(
        "--rate", type=int, default=RATE, help="calls per second agreed with Cover Genius"
    )
    parser.add_argument("--json", action="store_true", help="print the report for machines")
    parser.add_argument("--report", type=Path, default=FOLDER, help="folder of the report")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except shutdown.ToldToEnd as told:
        sys.exit(told.exit_code)
    finally:
        # PostgreSQL is stopped while the interpreter ends.
        shutdown.no_more()
