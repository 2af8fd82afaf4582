"""Size of the storefront element, and the time until it shows an offer in a real browser.

For comparison, a page without the element sends the same query itself and shows the response as
text; the difference is the cost of the element.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from testkit.chromium import CHROMIUM, why_not
from testkit.client.documents import INSURANCE_OFFER_REQUEST
from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.transports import over_http
from testkit.seed import SYMPHONY, DemoStore
from testkit.stack import Stack

from . import command
from .measures import Spread

# The pages set window.seen, in milliseconds since their start, when the offer is shown.
PAGE = """<!doctype html><html lang="en"><title>Checkout</title><body>
<main style="max-width: 42rem">{body}</main></body></html>"""
WITH_ELEMENT = """<script type="module"
  src="/plugins/channel/{channel}/covergenius.xcover/element.js"></script>
<xcover-offer channel="{channel}" checkout="{checkout}"></xcover-offer>
<script>
customElements.whenDefined("xcover-offer").then(() => {{ window.defined = performance.now(); }});
const seen = () => {{
  const shadow = document.querySelector("xcover-offer").shadowRoot;
  if (shadow && shadow.querySelector("[aria-pressed]")) window.seen = performance.now();
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
  requestAnimationFrame(() => {{ window.seen = performance.now(); }});
}});
</script>"""


def measure(rounds: int) -> dict[str, Any]:
    """Return the sizes in bytes, and the spreads in seconds since the start of the page."""
    if reason := why_not():
        raise SystemExit(reason)
    code = (files("saleor_xcover_plugin") / "static/saleor_xcover_plugin/element.js").read_bytes()
    sizes = {"bytes": len(code), "gzip": len(gzip.compress(code, 9))}
    defined, shown, plain = [], [], []
    with _stage() as (stack, store, browser):
        driver = Driver(over_http(stack.host_url))
        for _ in range(rounds):
            page = _loaded(stack, store, browser, driver, WITH_ELEMENT)
            defined.append(page["defined"] / 1000)
            shown.append(page["seen"] / 1000)
            plain.append(_loaded(stack, store, browser, driver, WITHOUT)["seen"] / 1000)
    return sizes | {
        "element defined": asdict(Spread.of(defined)),
        "offer shown by the element": asdict(Spread.of(shown)),
        "offer shown by a page of its own": asdict(Spread.of(plain)),
    }


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


def _loaded(
    stack: Stack, store: DemoStore, browser: Browser, driver: Driver, body: str
) -> dict[str, float]:
    """Open the page in a new browser context without a cache, and return its times.

    The offer is requested before, so that XCover is not part of the measurement.
    """
    import json

    ada = Shopper(driver, store.channel)
    ada.create_checkout({store.events[SYMPHONY]: 2})
    ada.offer()
    channel, checkout = store.channel.slug, ada.checkout_id
    query = json.dumps(INSURANCE_OFFER_REQUEST)
    text = PAGE.format(body=body.format(channel=channel, checkout=checkout, query=query))
    context = browser.new_context()
    page = context.new_page()
    page.route("**/a-page", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"{stack.host_url}/a-page")
    page.wait_for_function("window.seen !== undefined")
    found = page.evaluate("({defined: window.defined ?? 0, seen: window.seen})")
    context.close()
    return dict(found)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(2 if options.quick else 30))


if __name__ == "__main__":
    raise SystemExit(main())
