"""The environment of the benchmarks: a real Saleor, its store, the simulator and the plugins."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("XCOVER_FLOWS_DATABASE", "xcover_bench")

from testkit import hosts
from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.transports import in_process
from testkit.saleor.broker import empty
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess

from .account import URL

BROKER = os.environ.get("BENCH_BROKER", "redis://localhost:6379/5")
"""Address of the Celery broker."""
OFF, ON, PLAIN, PRICING = "off", "on", "plain", "pricing"
"""The choices of ``Place.choose``: no plugin, this one, or one of the peers."""
GENEROUS = 1000
"""Agreed calls per second for benchmarks in which the rate must not matter."""


@dataclass(frozen=True, slots=True)
class Place:
    """The store in which a benchmark shops, with its clients."""

    store: Store
    driver: Driver
    staff: Staff
    simulator: SimulatorProcess

    def shopper(self, channel: Channel | None = None) -> Shopper:
        """Return a new shopper, by default of the channel that accepts unpaid orders."""
        return Shopper(self.driver, channel or self.store.usd_unpaid)

    def agree(self, calls_per_second: int) -> None:
        """Configure the plugin in all channels for an agreed rate of calls to XCover."""
        agreed = {
            "api_url": self.simulator.base_url,
            **PARTNER,
            "calls_per_second": str(calls_per_second),
        }
        for channel in self.store.channels:
            self.staff.configure_plugin(channel, agreed)

    def choose(self, plugin: str) -> None:
        """Activate exactly this plugin in the channel that accepts unpaid orders."""
        from django.apps import apps

        from .peers.plain import Plain
        from .peers.pricing import Pricing

        channel = {"channel__slug": self.store.usd_unpaid.slug}
        apps.get_model("plugins", "PluginConfiguration").objects.filter(
            identifier="covergenius.xcover", **channel
        ).update(active=plugin == ON)
        Plain.DEFAULT_ACTIVE = plugin == PLAIN
        Pricing.DEFAULT_ACTIVE = plugin == PRICING
        apps.get_model("tax", "TaxConfiguration").objects.filter(**channel).update(
            charge_taxes=plugin == PRICING,
            tax_calculation_strategy="TAX_APP" if plugin == PRICING else "FLAT_RATES",
            tax_app_id="plugin:bench.pricing" if plugin == PRICING else None,
        )


@contextmanager
def opened() -> Iterator[Place]:
    """Open the store, set the plugin up in all channels, and make Celery use ``BROKER``.

    No worker is started, so tasks wait in the broker as for a worker on another machine. Exits with
    a sentence if there is no host.
    """
    host = hosts.HOST
    if host is None:
        raise SystemExit(hosts.NO_HOST)
    host.configure()
    logging.disable(logging.WARNING)
    from django.conf import settings

    settings.PLUGINS += ["bench.peers.plain.Plain", "bench.peers.pricing.Pricing"]
    store = host.open_store()
    driver = Driver(in_process())
    staff = Staff(driver, store)
    simulator = SimulatorProcess()
    simulator.start(hosts.python())
    os.environ[URL] = simulator.base_url
    place = Place(store, driver, staff, simulator)
    for channel in store.channels:
        store.command("xcover_setup", "--channel", channel.slug)
    place.agree(GENEROUS)
    store.forget()
    settings.CELERY_TASK_ALWAYS_EAGER, settings.CELERY_BROKER_URL = False, BROKER
    try:
        yield place
    finally:
        simulator.stop()
        empty(BROKER)


def wait_for_worker(place: Place) -> None:
    """Wait until a worker has requested an offer, for which the plugin must be active."""
    place.simulator.reset()
    deadline = time.monotonic() + 120
    while not place.simulator.calls("create_offer"):
        if time.monotonic() > deadline:
            raise SystemExit("no worker came within two minutes")
        # A task of its own each time: a worker that starts throws outdated ones away.
        place.shopper().create_checkout({place.store.concert: 2})
        time.sleep(2)


def counted(act: Callable[[], Any]) -> int:
    """Call ``act`` and return the number of SQL statements that it executed."""
    return kinds_of(act).total()


@contextmanager
def no_broker() -> Iterator[None]:
    """Have the plugin send no tasks meanwhile."""
    from django.conf import settings

    before, settings.CELERY_TASK_ALWAYS_EAGER = settings.CELERY_TASK_ALWAYS_EAGER, True
    try:
        yield
    finally:
        settings.CELERY_TASK_ALWAYS_EAGER = before


def kinds_of(act: Callable[[], Any]) -> Counter[str]:
    """Call ``act`` and return the number of its SQL statements by kind.

    The kinds are transactions (begin or end), savepoints, and all other statements.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    return Counter(_kind_of(each["sql"]) for each in captured)


def _kind_of(sql: str) -> str:
    word = sql.split(None, 1)[0].strip(";").upper()
    if word in ("BEGIN", "COMMIT", "ROLLBACK"):
        return "transaction"
    return "savepoint" if word in ("SAVEPOINT", "RELEASE") else "statement"
