"""Size of the desk's page, and the time until its first list is there, with few and many covers.

On the demo's stack in a real browser. For comparison: the shop's own list of fifty orders, which
asks the host for them and for nothing else.
"""

from __future__ import annotations

import gzip
import os
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from testkit.chromium import CHROMIUM, why_not
from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.transports import over_http
from testkit.process import ReadyProcess
from testkit.seed import SYMPHONY, DemoStore
from testkit.shop import PAYMENT_TOKEN, READY, STAFF_KEY, STAFF_TOKEN, shop_command
from testkit.stack import Stack

from . import command
from .measures import Spread

COVERS = (100, 10_000)
"""Covers in the tables; one in ten waits for a person, and one in ten of the rest has money due."""
SECONDS = 60


def measure(rounds: int, sizes: tuple[int, ...] = COVERS) -> dict[str, Any]:
    """Return the sizes in bytes, and the spreads in seconds since the page was asked for."""
    if reason := why_not():
        raise SystemExit(reason)
    found: dict[str, Any] = _sizes()
    with _stage() as (open_page, template):
        made = 0
        for size in sizes:
            _copy(template, size - made)
            made = size
            spread = Spread.of([_seconds(open_page, "desk") for _ in range(rounds)])
            found[f"first list, {size:,} covers"] = asdict(spread)
        spread = Spread.of([_seconds(open_page, "orders") for _ in range(rounds)])
        found["the shop's list of orders"] = asdict(spread)
    return found


def _sizes() -> dict[str, int]:
    root = files("saleor_xcover_plugin") / "static/saleor_xcover_plugin/desk"
    contents = {part.name: part.read_bytes() for part in (root / "assets").iterdir()}
    page = (root / "index.html").read_bytes()
    first = [content for name, content in contents.items() if name.encode() in page]
    return {
        "bytes": sum(map(len, [page, *contents.values()])),
        "gzip": _packed([page, *contents.values()]),
        "gzip of the first page": _packed([page, *first]),
    }


def _packed(contents: Iterable[bytes]) -> int:
    return sum(len(gzip.compress(content, 9)) for content in contents)


OpenPage = Callable[[str], Page]


@contextmanager
def _stage() -> Iterator[tuple[OpenPage, Any]]:
    """Yield what opens a page of the shop in a new browser context, and a cover to copy."""
    # Playwright keeps an event loop in this thread; Django would refuse the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with Stack("xcover_bench_desk", lambda _: None) as stack:
        store, driver = DemoStore(), Driver(over_http(stack.host_url))
        store.open(driver, stack.simulator.base_url)
        key = secrets.token_urlsafe()
        tokens = {
            STAFF_TOKEN: store.staff_token(),
            PAYMENT_TOKEN: store.payment_app_token(),
            STAFF_KEY: key,
        }
        shop = ReadyProcess("the shop", READY)
        url = shop.start(
            shop_command(stack.host_url, store.channel.slug, 0), env={**os.environ, **tokens}
        )
        template = _template(driver, store)
        # Nothing else is to use the processors: the copies have no orders to be looked at.
        stack.kill_worker()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            yield lambda name: _opened(browser, f"{url}/#/{_PATHS[name]}?key={key}"), template
            browser.close()
        shop.stop()


_PATHS = {"desk": "staff/desk", "orders": "staff"}
_SEEN = {
    "desk": "document.querySelector('iframe')?.contentDocument?.querySelector('article') != null",
    "orders": "document.querySelector('main table tbody tr') != null",
}


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(bypass_csp=True).new_page()  # to look at it from outside
    page.goto(address)
    return page


def _seconds(open_page: OpenPage, name: str) -> float:
    page = open_page(name)
    page.wait_for_function(_SEEN[name], polling="raf", timeout=SECONDS * 1000)
    seconds = float(page.evaluate("performance.now()")) / 1000
    page.context.close()
    return seconds


def _template(driver: Driver, store: DemoStore) -> Any:
    """Sell two tickets with cover, unpaid, and return the cover with its offer."""
    from saleor_xcover_plugin.models import Cover

    with store.taking_unpaid_orders():
        buyer = Shopper(driver, store.channel)
        buyer.create_checkout({store.events[SYMPHONY]: 2})
        buyer.accept(buyer.offer())
        placed = buyer.complete()
    return Cover.objects.select_related("offer").get(order_number=placed.number)


def _copy(template: Any, count: int) -> None:
    """Copy a cover with its offer so many times, each for an order of its own."""
    from saleor_xcover_plugin.models import Cover, Offer

    now = datetime.now(UTC)
    offers = []
    for _ in range(count):
        offer = Offer.objects.model(**_values(template.offer))
        offer.checkout_token = uuid.uuid4()
        offers.append(offer)
    Offer.objects.bulk_create(offers)
    covers = []
    for number, offer in enumerate(offers):
        cover = Cover(**_values(template))
        cover.offer, cover.order_id = offer, uuid.uuid4()
        cover.updated_at = now - timedelta(minutes=number)
        cover.status, cover.amount_due_back = _state(number), 5 if number % 10 == 1 else 0
        cover.reason = "XCover does not know the offer any more."
        cover.booking_id = str(uuid.uuid4()) if cover.status == "confirmed" else None
        covers.append(cover)
    Cover.objects.bulk_create(covers)


def _state(number: int) -> str:
    return "parked" if number % 10 == 0 else "confirmed"


def _values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields[1:]}


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    if options.quick:
        return command.write(options, measure(2, (20, 200)))
    return command.write(options, measure(20))


if __name__ == "__main__":
    raise SystemExit(main())
