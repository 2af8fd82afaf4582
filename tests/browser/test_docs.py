"""What docs/storefront.md prints works as it stands, on a storefront of another origin."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from testkit.client.shopper import Shopper
from testkit.process import ROOT

from .conftest import Place

STOREFRONT = "https://shop.example/checkout"
SALEOR = "https://saleor.example"
PAGE = (ROOT / "docs" / "storefront.md").read_text()


def block(language: str) -> str:
    """Return the page's first example in ``language``."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def page(context: BrowserContext, place: Place, shopper: Shopper) -> Page:
    """A browser for which the addresses of the examples exist; CORS is answered as Saleor does."""
    opened = context.new_page()

    def answer_as_saleor(route: Route) -> None:
        url = place.shop_url + urlsplit(route.request.url).path
        answer = route.fetch(url=url)
        allowed = {"access-control-allow-origin": "https://shop.example", "vary": "Origin"}
        route.fulfill(response=answer, headers={**answer.headers, **allowed})

    opened.route(f"{SALEOR}/**", answer_as_saleor)
    return opened


def show(page: Page, html: str, **headers: str) -> None:
    page.route(
        STOREFRONT,
        lambda route: route.fulfill(body=html, headers={"content-type": "text/html", **headers}),
    )
    page.goto(STOREFRONT)


def test_the_plain_page_sells_protection(page: Page, shopper: Shopper) -> None:
    html = block("html").replace("Q2hlY2tvdXQ6...", shopper.checkout_id)
    assert html.count(shopper.checkout_id) == 1
    show(page, f"<!doctype html><html lang=en><body>{html}</body></html>")

    page.locator("xcover-offer #accepted").click()

    expect(page.locator("#total")).to_have_text("accepted")
    assert len(shopper.checkout().lines) == 2


def test_the_printed_policy_is_enough(page: Page, shopper: Shopper) -> None:
    (policy,) = re.findall(r"`(script-src [^`]*connect-src [^`]*)`", PAGE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    element = f"{SALEOR}/plugins/channel/tickets/covergenius.xcover/element.js"
    html = (
        f'<!doctype html><script type="module" src="{element}"></script>'
        f'<xcover-offer channel="tickets" checkout="{shopper.checkout_id}"></xcover-offer>'
    )
    show(page, html, **{"content-security-policy": f"default-src 'none'; {policy}"})

    expect(page.locator("xcover-offer")).to_have_attribute("state", "offer")
    border = page.locator("xcover-offer [part=box]").evaluate("(e) => getComputedStyle(e).display")
    assert border == "grid"
    assert [text for text in said if "Content Security Policy" in text] == []
