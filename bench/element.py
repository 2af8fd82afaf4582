"""Size of the storefront elements, and the time until an offer is shown in a real browser.

For comparison, a page without the element sends the same query itself, from a script within the
page, and shows the response as text. The difference is the cost of the element: with nothing in the
browser's cache, and with its module there, as on a shop's second page.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from testkit.chromium import CHROMIUM, why_not
from testkit.client.documents import INSURANCE_OFFER_REQUEST
from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.transports import over_http
from testkit.seed import SYMPHONY, DemoStore
from testkit.stack import Stack

from . import command
from .measures import Spread

DEFINED = "element defined"
COLD = "offer shown by the element, nothing cached"
WARM = "offer shown by the element, its module cached"
OWN = "offer shown by a page of its own"

# The pages set window.seen, in milliseconds since their first line, when the offer is shown.
PAGE = """<!doctype html><html lang="en"><title>Checkout</title>
<script>window.began = performance.now();</script><body>
<main style="max-width: 42rem">{body}</main></body></html>"""
WITH_ELEMENT = """<script type="module"
  src="/plugins/channel/{channel}/covergenius.xcover/element.js"></script>
<xcover-offer channel="{channel}" checkout="{checkout}"></xcover-offer>
<script>
customElements.whenDefined("xcover-offer").then(() => {{
  window.defined = performance.now() - began;
}});
const seen = () => {{
  const shadow = document.querySelector("xcover-offer").shadowRoot;
  if (shadow && shadow.querySelector("[aria-pressed]")) window.seen = performance.now() - began;
  else requestAnimationFrame(seen);
}};
seen();
</script>"""
WITHOUT = """<p id="offer"></p><script>
fetch("/plugins/channel/{channel}/covergenius.xcover/graphql", {{
  method: "POST", headers: {{"Content-Type": "application/json"}},
  body: JSON.stringify({{query: {query}, variables: {{id: "{checkout}"}}}}),
}}).then((answer) => answer.json()).then(({{ data }}) => {{
  document.getElementById("offer").textContent = JSON.stringify(data);
  requestAnimationFrame(() => {{ window.seen = performance.now() - began; }});
}});
</script>"""
FOLDER = files("saleor_xcover_plugin") / "static/saleor_xcover_plugin"


def sizes() -> dict[str, int]:
    """Return the sizes in bytes of what is built, and packed as a server sends it."""
    code = (FOLDER / "element.js").read_bytes()
    policy = (FOLDER / "policy.js").read_bytes()
    languages = [file.read_bytes() for file in (FOLDER / "locales").iterdir()]
    return {
        "bytes": len(code),
        "gzip": _packed(code),
        "policy.js, gzip": _packed(policy),
        "largest language, gzip": max(map(_packed, languages)),
    }


def _packed(content: bytes) -> int:
    return len(gzip.compress(content, 9))


def measure(rounds: int) -> dict[str, Any]:
    """Return the sizes in bytes, and the spreads in seconds since the start of the page."""
    if reason := why_not():
        raise SystemExit(reason)
    times: dict[str, list[float]] = {name: [] for name in (DEFINED, COLD, WARM, OWN)}
    with _stage() as (stack, store, browser):
        driver = Driver(over_http(stack.host_url))
        for _ in range(rounds):
            with _page(browser, stack) as page:
                cold = _loaded(page, store, driver, WITH_ELEMENT)
                times[DEFINED].append(cold["defined"] / 1000)
                times[COLD].append(cold["seen"] / 1000)
                # The same browser again: the module is in its cache.
                warm = _loaded(page, store, driver, WITH_ELEMENT)
                times[WARM].append(warm["seen"] / 1000)
            with _page(browser, stack) as page:
                times[OWN].append(_loaded(page, store, driver, WITHOUT)["seen"] / 1000)
    return sizes() | {name: asdict(Spread.of(each)) for name, each in times.items()}


@contextmanager
def _stage() -> Iterator[tuple[Stack, DemoStore, Browser]]:
    with Stack("xcover_bench_element", lambda _: None) as stack:
        store = DemoStore()
        store.open(Driver(over_http(stack.host_url)), stack.simulator.base_url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            yield stack, store, browser
            browser.close()


@contextmanager
def _page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """Open a page of the host's origin in a browser context with an empty cache.

    No request is intercepted: that would switch the cache off.
    """
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.host_url}/nothing-here")
    yield page
    context.close()


def _loaded(page: Page, store: DemoStore, driver: Driver, body: str) -> dict[str, float]:
    """Write a checkout page into ``page``, and return its times.

    The offer is requested before, so that XCover is not part of the measurement.
    """
    ada = Shopper(driver, store.channel)
    ada.create_checkout({store.events[SYMPHONY]: 2})
    ada.offer()
    channel, checkout = store.channel.slug, ada.checkout_id
    query = json.dumps(INSURANCE_OFFER_REQUEST)
    text = PAGE.format(body=body.format(channel=channel, checkout=checkout, query=query))
    page.goto(page.url)  # a window of its own, in which no element is defined
    page.set_content(text, wait_until="commit")
    page.wait_for_function("window.seen !== undefined")
    found = page.evaluate("({defined: window.defined ?? 0, seen: window.seen})")
    return dict(found)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(2 if options.quick else 30))


if __name__ == "__main__":
    raise SystemExit(main())
