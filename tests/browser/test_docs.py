"""What docs/storefront.md prints works as it stands, on a storefront of another origin."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.process import ROOT

from .conftest import Place

STOREFRONT = "https://shop.example/checkout"
SALEOR = "https://saleor.example"
PAGE = (ROOT / "docs" / "storefront.md").read_text()


def block(language: str, holding: str = "") -> str:
    """Return the page's first example in ``language`` that holds a text."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(next(example for example in found if holding in example))


@pytest.fixture
def page(context: BrowserContext, place: Place, shopper: Shopper) -> Page:
    """A browser for which the addresses of the examples exist; CORS is answered as Saleor does."""
    opened = context.new_page()

    def answer_as_saleor(route: Route) -> None:
        url = place.shop_url + urlsplit(route.request.url).path
        answer = route.fetch(url=url)
        allowed = {
            "access-control-allow-origin": "https://shop.example",
            "access-control-allow-headers": "authorization, content-type",
            "vary": "Origin",
        }
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


def test_a_form_is_sent_once_the_offer_is_answered(page: Page, shopper: Shopper) -> None:
    paid: list[str] = []

    def pay(route: Route) -> None:
        paid.append(str(route.request.post_data))
        route.fulfill(body="Paid")

    page.route("https://shop.example/pay", pay)
    html = block("html", "<form").replace("Q2hlY2tvdXQ6...", shopper.checkout_id)
    show(page, f"<!doctype html><html lang=en><body>{html}</body></html>")
    expect(page.locator("xcover-offer")).to_have_attribute("state", "offer")

    page.get_by_role("button", name="Pay").click()
    assert paid == []
    page.locator("xcover-offer #declined").click()
    expect(page.locator("xcover-offer #declined")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Pay").click()

    expect(page.get_by_text("Paid")).to_be_visible()
    assert paid == ["protection=declined"]


def test_a_page_without_a_form_asks_what_paying_waits_for(page: Page, shopper: Shopper) -> None:
    html = block("html", "<form").replace("Q2hlY2tvdXQ6...", shopper.checkout_id)
    show(page, f"<!doctype html><html lang=en><body>{html}</body></html>")
    expect(page.locator("xcover-offer")).to_have_attribute("state", "offer")
    page.evaluate(
        """(example) => {
            window.paid = 0;
            const payButton = document.createElement("button");
            payButton.id = "other";
            document.body.append(payButton);
            const offer = document.querySelector("xcover-offer");
            new Function("payButton", "offer", "pay", example)(payButton, offer, () => paid++);
        }""",
        block("js", "waitsFor"),
    )

    page.locator("#other").click()
    assert page.evaluate("paid") == 0
    page.locator("xcover-offer #accepted").click()
    expect(page.locator("xcover-offer #accepted")).to_have_attribute("aria-pressed", "true")
    page.locator("#other").click()

    assert page.evaluate("paid") == 1


def test_a_store_says_it_in_its_own_words(page: Page, shopper: Shopper) -> None:
    module = block("html").splitlines()[0]
    html = block("html", "application/json").replace("Q2hlY2tvdXQ6...", shopper.checkout_id)
    show(page, f"<!doctype html><html lang=en><body>{module}{html}</body></html>")

    expect(page.locator("xcover-offer").get_by_role("link")).to_have_text("Read the policy")


def test_the_page_of_the_order_tells_of_the_policy(
    page: Page, shopper: Shopper, place: Place
) -> None:
    shopper.accept(shopper.offer())
    payments = PaymentApp(place.driver, place.store.payment_app_token())
    payments.charge(shopper.checkout_id, shopper.checkout().total)
    html = block("html", "xcover-policy").replace("T3JkZXI6...", shopper.complete().id)

    show(page, f"<!doctype html><html lang=en><body>{html}</body></html>")

    expect(page.locator("xcover-policy")).to_have_attribute("state", "confirmed")
    # and who may open the policy gets its links
    page.evaluate(
        "([example, accessToken]) => new Function('session', example)({accessToken})",
        [block("js", "accessToken"), place.store.staff_token()],
    )
    expect(page.locator("xcover-policy").get_by_role("link", name="Make a claim")).to_be_visible()


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
