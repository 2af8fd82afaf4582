"""A storefront of one page with the element in it, and the shopper's checkout behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import APIResponse, BrowserContext, Locator, Page, Route, expect

from testkit.client.shopper import Shopper
from testkit.client.values import COVER_SKU

GRAPHQL = "**/covergenius.xcover/graphql"
PAGE = "/a-storefront-of-one-page"

_HTML = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Checkout</title>
  <style>
    body {{ font: 16px/1.5 sans-serif; margin: 0; }}
    main {{ max-width: 42rem; padding: 1rem; }}
  </style>
  <script>
    window.heard = [];
    for (const name of ["accepted", "declined", "changed", "unavailable"]) {{
      document.addEventListener(`xcover:${{name}}`, ({{ detail }}) => heard.push([name, detail]));
    }}
    new PerformanceObserver((list) => {{
      for (const {{ value }} of list.getEntries()) window.shifted = (window.shifted ?? 0) + value;
    }}).observe({{ type: "layout-shift", buffered: true }});
  </script>
  <script type="module" src="/plugins/channel/{channel}/covergenius.xcover/element.js"></script>
</head>
<body>
  <main>
    <h1>Checkout</h1>
    <h2>Protection</h2>
    {before}
    <xcover-offer channel="{channel}" checkout="{checkout}"{locale}{attributes}>
      {inside}
    </xcover-offer>
    {after}
    <p id="below">What follows the offer</p>
  </main>
</body>
</html>"""


_FORM = """<form id="form"><script>
  document.getElementById("form").addEventListener("submit", (event) => {
    event.preventDefault();
    window.paid = [...new FormData(event.target)];
  });
</script>"""


class HeldAnswer:
    """A request to the plugin whose answer is slow to arrive, or lost."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.route: Route | None = None
        self.is_given = False
        self.answer: APIResponse | None = None
        self.body: Any = None

    def wait_until_given(self) -> None:
        """Wait until the plugin has answered, or would have if it had been asked."""
        while not self.is_given:
            self._page.wait_for_timeout(20)

    def deliver(self) -> None:
        assert self.route
        assert self.answer
        self.route.fulfill(response=self.answer, json=self.body)

    def abort(self) -> None:
        """Break the line: the page gets no answer."""
        assert self.route
        self.route.abort()

    def send_unseen(self) -> None:
        """Let the plugin have a request after all that the page has given up."""
        assert self.route
        request = self.route.request
        self._page.request.post(
            request.url, data=request.post_data, headers={"content-type": "application/json"}
        )


class Storefront:
    """One tab. ``asked`` holds the operations it sent to the plugin, oldest first.

    Of an offer it holds ``insuranceOffer`` for each look, whether it was read or requested;
    ``sent`` tells them apart.
    """

    def __init__(self, context: BrowserContext, url: str, shopper: Shopper) -> None:
        self.page: Page = context.new_page()
        self.shopper = shopper
        self.asked: list[str] = []
        self.sent: list[str] = []
        self._url = url
        self._releases: list[Callable[[], None]] = []
        self.page.on("request", self._note)
        self.locale: str | None = None
        self.attributes = ""
        """Further attributes of the element, and what stands ``inside`` it."""
        self.inside = ""
        self.is_in_form = False
        """The element stands in a form with a button, whose data is ``window.paid``."""
        self.failures: list[str] = []
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))

    def open(self, locale: str | None = None) -> None:
        """Open the page with the shopper's checkout in the element; ``locale`` is its attribute."""
        locale = locale or self.locale
        html = _HTML.format(
            channel=self.shopper.channel.slug,
            checkout=self.shopper.checkout_id,
            locale=f' locale="{locale}"' if locale else "",
            attributes=f" {self.attributes}" if self.attributes else "",
            inside=self.inside,
            before=_FORM if self.is_in_form else "",
            after="<button>Pay</button></form>" if self.is_in_form else "",
        )
        self.page.route(
            f"**{PAGE}", lambda route: route.fulfill(body=html, content_type="text/html")
        )
        self.page.goto(self._url + PAGE)

    @property
    def offer(self) -> Locator:
        return self.page.locator("xcover-offer")

    @property
    def yes(self) -> Locator:
        return self.offer.locator("#accepted")

    @property
    def no(self) -> Locator:
        return self.offer.locator("#declined")

    @property
    def notice(self) -> Locator:
        return self.offer.locator("[part=notice]")

    @property
    def hint(self) -> Locator:
        """What is said right above the answers: what is pending, or still to be chosen."""
        return self.offer.locator("[part=hint]")

    @property
    def status(self) -> Locator:
        """What a screen reader is told politely."""
        return self.offer.get_by_role("status")

    def wait_for(self, state: str) -> None:
        expect(self.offer).to_have_attribute("state", state)
        expect(self.offer.locator("[part=box]")).to_have_attribute(
            "aria-busy", str(state == "loading").lower()
        )

    def expect_answer(self, answer: str | None) -> None:
        """Expect this answer to be the pressed one; None: neither."""
        for button, means in ((self.yes, "accepted"), (self.no, "declined")):
            expect(button).to_have_attribute("aria-pressed", str(answer == means).lower())

    def pay(self) -> Any:
        """Press the form's button; return the data it was sent with, None if it was not sent."""
        self.page.get_by_role("button", name="Pay").click()
        return self.page.evaluate("window.paid ?? null")

    def unfold(self) -> None:
        """Open whatever is folded."""
        for summary in self.offer.locator("details:not([open]) > summary").all():
            summary.click()

    def heard(self) -> list[tuple[str, Any]]:
        """Return the element's events as the page heard them, with their details."""
        return [(name, detail) for name, detail in self.page.evaluate("heard")]

    def events(self) -> list[str]:
        return [name for name, _ in self.heard()]

    def refresh(self) -> None:
        """Call the element's method without waiting for what comes of it."""
        self.offer.evaluate("(element) => { element.refresh(); }")

    def hold(self, operation: str) -> Callable[[], None]:
        """Keep the next request of ``operation`` back; what is returned sends it."""
        seen: list[Route] = []
        held: list[Route] = []

        def handle(route: Route) -> None:
            if operation in _query(route.request.post_data) and not seen:
                seen.append(route)
                held.append(route)
            else:
                route.fallback()

        self.page.route(GRAPHQL, handle)

        def release() -> None:
            while held:
                held.pop().continue_()

        self._releases.append(release)
        return release

    def close(self) -> None:
        """Let go of what is still held, so that nothing waits for it."""
        for release in self._releases:
            release()
        self.page.unroute_all(behavior="ignoreErrors")

    def hold_answer(
        self,
        operation: str,
        *,
        is_sent: bool = True,
        change: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> HeldAnswer:
        """Let the next ``operation`` do its work but keep its answer back until told.

        Without ``is_sent`` the plugin does not get it either; ``change`` alters the answer.
        """
        held = HeldAnswer(self.page)

        def handle(route: Route) -> None:
            if operation not in _query(route.request.post_data) or held.route is not None:
                route.fallback()
                return
            held.route = route
            if is_sent:
                held.answer = route.fetch()
                held.body = held.answer.json()
                _change(held.body, change)
            held.is_given = True

        self.page.route(GRAPHQL, handle)
        return held

    def cut_off_after(self, operation: str) -> None:
        """Let the next ``operation`` do its work and lose the answer."""
        lost: list[Route] = []

        def handle(route: Route) -> None:
            if operation in _query(route.request.post_data) and not lost:
                lost.append(route)
                route.fetch()
                route.abort()
            else:
                route.fallback()

        self.page.route(GRAPHQL, handle)

    def answer_with(
        self, change: Callable[[dict[str, Any]], None], *, operation: str = "insuranceOffer"
    ) -> None:
        """Let ``change`` alter what the plugin answers to ``operation``."""

        def handle(route: Route) -> None:
            if operation not in _query(route.request.post_data):
                route.fallback()
                return
            body = route.fetch().json()
            _change(body, change)
            route.fulfill(json=body)

        self.page.route(GRAPHQL, handle)

    def _note(self, request: Any) -> None:
        if request.url.endswith("/covergenius.xcover/graphql"):
            query = _query(request.post_data)
            names = ("insuranceOffer", "insuranceAccept", "insuranceDecline")
            name = next(name for name in names if name in query)
            is_request = "insuranceOfferRequest" in query
            self.sent.append("insuranceOfferRequest" if is_request else name)
            self.asked.append(name)


def cover_prices(shopper: Shopper) -> list[str]:
    """Return the price of every cover line in the checkout."""
    return [f"{line.total:.2f}" for line in shopper.checkout().lines if line.sku == COVER_SKU]


def let_offers_expire() -> None:
    """Make every offer older than it may be accepted."""
    from saleor_xcover_plugin.models import Offer

    Offer.objects.update(valid_until=datetime.now(UTC) - timedelta(seconds=1))


def use_up_answers() -> None:
    """Have every checkout that has answered wait for half an hour."""
    from saleor_xcover_plugin.models import Usage

    later = datetime.now(UTC) + timedelta(minutes=30)
    Usage.objects.filter(key__startswith="answers:").update(used_until=later)


def end_checkouts() -> None:
    """Delete all checkouts and wait until no offer is being requested for one.

    The page and the worker of the test before may be behind; what they still do finds no checkout,
    so that XCover hears of none once this returns.
    """
    from django.apps import apps
    from django.db import IntegrityError, OperationalError, transaction

    from saleor_xcover_plugin.models import Offer

    for _ in range(_GIVE_WAY):
        with suppress(OperationalError, IntegrityError), transaction.atomic():
            apps.get_model("checkout", "Checkout").objects.all().delete()
            break
    else:
        raise AssertionError("the page before is still being answered")
    until = time.monotonic() + _MOST_SECONDS_OF_A_REQUEST
    while Offer.objects.filter(status="requested").exists() and time.monotonic() < until:
        time.sleep(0.02)


def end_orders() -> None:
    """Delete all orders with their money: a sweep would find cover lines that nobody knows."""
    from django.apps import apps
    from django.db import IntegrityError, OperationalError, transaction

    named = ("payment.Transaction", "payment.Payment", "payment.TransactionItem", "order.Order")
    for _ in range(_GIVE_WAY):
        with suppress(OperationalError, IntegrityError), transaction.atomic():
            for name in named:
                apps.get_model(name).objects.all().delete()
            return
    raise AssertionError("the orders before are still being worked on")


_MOST_SECONDS_OF_A_REQUEST = 5
"""A request that is not answered by then was of a process that was killed."""


def forget() -> None:
    """Empty the plugin's tables: offers, open breakers, used-up rates.

    Ids go on counting: an answer to the test before must find no row of this one's. A request of
    the page before may still be answered: where the two lock each other out, it is given way to.
    """
    from django.apps import apps
    from django.db import OperationalError, connection

    models = apps.get_app_config("saleor_xcover_plugin").get_models()
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    for _ in range(_GIVE_WAY):
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables}")
            return
    raise AssertionError("the page before is still being answered")


_GIVE_WAY = 5
"""Deadlocks in a row; PostgreSQL takes a second to find each."""


def _change(body: Any, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter what the plugin said of an offer; that there is none to read is left as it is."""
    (root,) = body["data"].values()
    if root["offer"] or root["errors"]:
        change(root)


def _query(body: str | None) -> str:
    return str(json.loads(body or "{}").get("query", ""))
