"""Flows: one driver, one store, one simulated XCover, and a fresh plugin before every test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..simulator_process import ROOT, SimulatorProcess
from . import hosts
from .driver import Driver
from .payment_app import PaymentApp
from .recorder import Recorder
from .shopper import Shopper
from .staff import Staff
from .store import Channel, Store
from .work import Work

PARTNER = {"partner_code": "ABCDE", "api_key": "demo-key", "api_secret": "demo-secret-0001"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write traces instead of comparing them")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "trace: what the host does in this flow is recorded in fixtures/saleor"
    )
    if hosts.HOST:
        hosts.HOST.configure()


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    python = os.environ.get("XCOVER_SIMULATOR_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
    process = SimulatorProcess()
    process.start(python)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def driver() -> Driver:
    assert hosts.HOST
    return Driver()


@pytest.fixture(scope="session")
def bare_store() -> Store:
    """The store before anybody set the plugin up."""
    assert hosts.HOST
    return hosts.HOST.open_store()


@pytest.fixture(scope="session")
def sell_insurance(
    bare_store: Store, driver: Driver, simulator_process: SimulatorProcess
) -> Callable[[Channel], Channel]:
    """Set the plugin up in a channel, as an operator would: command, then configuration."""

    def sell(channel: Channel) -> Channel:
        bare_store.command("xcover_setup", "--channel", channel.slug)
        Staff(driver, bare_store).configure_plugin(
            channel, {"api_url": simulator_process.base_url, **PARTNER}
        )
        return channel

    return sell


@pytest.fixture(scope="session")
def open_store(bare_store: Store, sell_insurance: Callable[[Channel], Channel]) -> Store:
    for channel in bare_store.channels:
        sell_insurance(channel)
    return bare_store


@pytest.fixture
def store(open_store: Store, driver: Driver) -> Store:
    """The open store, without any insurance business done yet."""
    driver.listeners.clear()
    open_store.forget()
    return open_store


@pytest.fixture
def simulator(simulator_process: SimulatorProcess) -> SimulatorProcess:
    """The simulated XCover, which has forgotten everything."""
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def shopper(
    store: Store, simulator: SimulatorProcess, driver: Driver
) -> Callable[[Channel], Shopper]:
    """Send a new shopper into a channel."""
    return lambda channel: Shopper(driver, channel)


@pytest.fixture
def staff(store: Store, simulator: SimulatorProcess, driver: Driver) -> Staff:
    return Staff(driver, store)


@pytest.fixture
def payments(store: Store, driver: Driver) -> PaymentApp:
    return PaymentApp(driver, store.payment_app_token())


@pytest.fixture
def work(store: Store, simulator: SimulatorProcess) -> Work:
    """Do all due work of the plugin, as cron would in a store without Celery workers."""
    return Work(store)


@pytest.fixture(autouse=True)
def trace(request: pytest.FixtureRequest) -> Iterator[None]:
    """Record what the host does in tests marked ``trace``, and compare it with what is stored."""
    if request.node.get_closest_marker("trace") is None:
        yield
        return
    driver: Driver = request.getfixturevalue("driver")
    store: Store = request.getfixturevalue("store")
    recorder = Recorder(request.node.name.removeprefix("test_"), driver, store)
    work: Work = request.getfixturevalue("work")
    work.listeners.append(recorder.heard_work)
    with recorder:
        yield
    if request.config.getoption("--record"):
        recorder.write()
    else:
        recorder.compare()
