"""A real Saleor in this process, its ticket store, a simulated XCover, and a choice of plugins."""

from __future__ import annotations

import logging
import os
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
OFF, ON, PLAIN, PRICING = "off", "on", "plain", "pricing"
GENEROUS = 1000
"""Calls per second agreed, where XCover's rate is not what is measured."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a benchmark shops."""

    store: Store
    driver: Driver
    staff: Staff
    simulator: SimulatorProcess

    def shopper(self, channel: Channel | None = None) -> Shopper:
        return Shopper(self.driver, channel or self.store.usd_unpaid)

    def agree(self, calls_per_second: int) -> None:
        """Set the plugin up for a rate agreed with XCover, in all channels."""
        agreed = {
            "api_url": self.simulator.base_url,
            **PARTNER,
            "calls_per_second": str(calls_per_second),
        }
        for channel in self.store.channels:
            self.staff.configure_plugin(channel, agreed)

    def choose(self, plugin: str) -> None:
        """Have exactly this plugin work in the channel without payment."""
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
    """Open the store, set the plugin up in all its channels, and let Celery use a real broker.

    Without a worker tasks wait in the broker, as they do for a worker on another machine.
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


def counted(act: Callable[[], Any]) -> int:
    """Do something and return how many SQL statements it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
