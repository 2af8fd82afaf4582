"""A browser before the demo's real stack: PostgreSQL, miniature, worker, simulated XCover, shop.

Without a Chromium the tests are skipped and say so; XCOVER_BROWSER=required makes that a failure.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from testkit import pytest_events
from testkit.chromium import CHROMIUM, why_not
from testkit.client.driver import Driver, Refused
from testkit.client.shopper import Shopper
from testkit.client.transports import over_http
from testkit.process import ReadyProcess
from testkit.seed import SYMPHONY, DemoStore
from testkit.shop import PAYMENT_TOKEN, READY, STAFF_KEY, STAFF_TOKEN, shop_command
from testkit.simulator import SimulatorProcess
from testkit.stack import Stack

from .storefront import Storefront, end_checkouts, end_orders, forget

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

DATABASE = os.environ.get("XCOVER_BROWSER_DATABASE", "xcover_browser")
IS_REQUIRED = os.environ.get("XCOVER_BROWSER") == "required"
MAX_WAIT = 15_000  # ms; two cores are shared


# Playwright keeps an event loop in this thread; Django would refuse the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    pytest_events.tell(config)
    config.addinivalue_line("markers", "picture: takes a picture for docs/images")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="take docs/images/element-*.png anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave pictures out unless they are asked for: they prove nothing."""
    if config.getoption("--pictures"):
        return
    pictures = [item for item in items if item.get_closest_marker("picture")]
    config.hook.pytest_deselected(items=pictures)
    items[:] = [item for item in items if item not in pictures]


def pytest_report_header() -> str:
    return f"browser: {why_not() or CHROMIUM}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    reason = why_not()
    if reason and IS_REQUIRED:
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@dataclass(frozen=True)
class Place:
    """The running demo: where its shop is, and the store behind it."""

    shop_url: str
    store: DemoStore
    driver: Driver
    stack: Stack
    staff_key: str
    """Opens the shop's pages for staff."""

    @property
    def simulator(self) -> SimulatorProcess:
        return self.stack.simulator


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    with Stack(DATABASE, lambda _: None) as stack:
        driver = Driver(over_http(stack.host_url))
        store = DemoStore()
        store.open(driver, stack.simulator.base_url)
        key = secrets.token_urlsafe()
        tokens = {
            STAFF_TOKEN: store.staff_token(),
            PAYMENT_TOKEN: store.payment_app_token(),
            STAFF_KEY: key,
        }
        shop = ReadyProcess("the shop", READY)
        command = shop_command(stack.host_url, store.channel.slug, 0)
        url = shop.start(command, env={**os.environ, **tokens})
        yield Place(url, store, driver, stack, key)
        shop.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=MAX_WAIT)
    # Chromium's own sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser, place: Place) -> Iterator[BrowserContext]:
    """A browser of its own, with everything forgotten by the plugin and the simulator."""
    end_checkouts()
    end_orders()
    place.simulator.reset()
    forget()
    opened = browser.new_context(viewport={"width": 1000, "height": 900})
    opened.set_default_timeout(MAX_WAIT)
    yield opened
    opened.close()


@pytest.fixture
def simulator(place: Place) -> SimulatorProcess:
    return place.simulator


@pytest.fixture
def shopper(place: Place, context: BrowserContext) -> Shopper:
    """A shopper with two tickets for one night in the checkout."""
    new = Shopper(place.driver, place.store.channel)
    new.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(new)
    return new


def wait_for_offer(shopper: Shopper) -> None:
    """The worker asks XCover by itself; wait, so that a test knows who asks when.

    Any refusal is waited out: a machine that stood still for a moment is no finding here.
    """
    until = time.monotonic() + MAX_WAIT / 1000
    while True:
        try:
            shopper.offer()
            return
        except Refused:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


@pytest.fixture
def no_worker(place: Place, shopper: Shopper) -> Iterator[None]:
    """Nobody but the page asks for offers: what the worker still had to do waits for the end."""
    place.stack.kill_worker()
    yield
    place.stack.start_worker()


@pytest.fixture
def tab(
    context: BrowserContext, place: Place, shopper: Shopper
) -> Iterator[Callable[[], Storefront]]:
    """Open further tabs on the same checkout; a script error in any of them fails the test."""
    opened: list[Storefront] = []

    def open_() -> Storefront:
        opened.append(Storefront(context, place.shop_url, shopper))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()
    assert [failure for each in opened for failure in each.failures] == []


@pytest.fixture
def storefront(tab: Callable[[], Storefront]) -> Storefront:
    return tab()
