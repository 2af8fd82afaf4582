"""Pytest fixtures of the flow tests: driver, store, simulated XCover and the plugin's work.

``hosts.start`` registers them, so that tests/flows and tests/saleor share one store per session.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from testkit import hosts
from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.transports import in_process
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, sell_with_cover
from testkit.work import Work


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    """The simulator of the session, in a process of its own."""
    python = os.environ.get("XCOVER_SIMULATOR_PYTHON", hosts.python())
    process = SimulatorProcess()
    process.start(python, timeout=120)  # generous, for busy machines
    yield process
    process.stop()


@pytest.fixture(scope="session")
def driver() -> Driver:
    """A driver that calls the host inside this process."""
    assert hosts.HOST
    return Driver(in_process())


@pytest.fixture(scope="session")
def bare_store() -> Store:
    """The store before the plugin is set up."""
    assert hosts.HOST
    return hosts.HOST.open_store()


@pytest.fixture(scope="session")
def sell_insurance(
    bare_store: Store, driver: Driver, simulator_process: SimulatorProcess
) -> Callable[[Channel], Channel]:
    """A function that sets the plugin up in a channel: the setup command, then its settings."""

    def sell(channel: Channel) -> Channel:
        bare_store.command("xcover_setup", "--channel", channel.slug)
        Staff(driver, bare_store).configure_plugin(
            channel, {"api_url": simulator_process.base_url, **PARTNER}
        )
        return channel

    return sell


@pytest.fixture(scope="session")
def open_store(bare_store: Store, sell_insurance: Callable[[Channel], Channel]) -> Store:
    """The store with the plugin set up in every channel."""
    for channel in bare_store.channels:
        sell_insurance(channel)
    return bare_store


@pytest.fixture
def store(open_store: Store, driver: Driver) -> Store:
    """The open store, with the plugin's tables empty."""
    driver.listeners.clear()
    open_store.forget()
    return open_store


@pytest.fixture
def earlier_orders_are_long_ago(store: Store) -> None:
    """Move all orders 100 days into the past, out of the range of a reconciliation.

    The plugin's tables do not know the orders of earlier tests.
    """
    from django.apps import apps

    past = datetime.now(UTC) - timedelta(days=100)
    apps.get_model("order", "Order").objects.update(created_at=past, updated_at=past)


@pytest.fixture
def simulator(simulator_process: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """The simulated XCover, reset to its initial state.

    It is reset afterwards, too: channels of the next module are set up before its first test.
    """
    simulator_process.reset()
    yield simulator_process
    simulator_process.reset()


@pytest.fixture
def shopper(
    store: Store, simulator: SimulatorProcess, driver: Driver
) -> Callable[[Channel], Shopper]:
    """A function that returns a new shopper of a channel."""
    return lambda channel: Shopper(driver, channel)


@pytest.fixture
def staff(store: Store, simulator: SimulatorProcess, driver: Driver) -> Staff:
    """Staff with every permission a flow needs."""
    return Staff(driver, store)


@pytest.fixture
def payments(store: Store, driver: Driver) -> PaymentApp:
    """A payment app of the store."""
    return PaymentApp(driver, store.payment_app_token())


@pytest.fixture
def work(store: Store, simulator: SimulatorProcess) -> Work:
    """A function that does all due work of the plugin, as cron does without Celery workers."""
    return Work(store)


@pytest.fixture
def sale(
    shopper: Callable[[Channel], Shopper],
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> Sale:
    """A paid sale of two tickets with cover, whose policy is confirmed."""
    return sell_with_cover(shopper(store.usd), store, payments, work, simulator)
