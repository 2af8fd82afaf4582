"""<xcover-policy> on the page of an order: what became of the protection, and its papers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.process import ROOT

from . import axe
from .conftest import Place
from .storefront import GRAPHQL
from .test_looks import check_that_axe_is_there, fits

IMAGES = ROOT / "docs" / "images"
ADDRESS = "/a-page-of-an-order"
_HTML = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Your order</title>
  <style>
    body {{ font: 16px/1.5 sans-serif; margin: 0; }}
    main {{ max-width: 42rem; padding: 1rem; }}
  </style>
  <script>
    window.heard = [];
    document.addEventListener("xcover:policy", ({{ detail }}) => heard.push(detail.status));
  </script>
  <script type="module" src="/plugins/channel/{channel}/covergenius.xcover/policy.js"></script>
</head>
<body><main><h1>Your order</h1><h2>Protection</h2>
<xcover-policy channel="{channel}" order="{order}"{locale}></xcover-policy></main></body></html>"""
COVER = {
    "status": "CONFIRMED",
    "policyNumber": "P-1",
    "pdsUrl": "https://xcover.example/wording",
    "premium": {"amount": "6.66", "currency": "USD"},
    "products": [],
    "amountDueBack": {"amount": "0.00", "currency": "USD"},
    "links": None,
}


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    opened.unroute_all(behavior="ignoreErrors")
    assert failures == []


def open_order(page: Page, place: Place, order_id: str, locale: str = "") -> Locator:
    html = _HTML.format(
        channel=place.store.channel.slug,
        order=order_id,
        locale=f' locale="{locale}"' if locale else "",
    )
    page.route(f"**{ADDRESS}", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(place.shop_url + ADDRESS)
    return page.locator("xcover-policy")


def show(page: Page, place: Place, locale: str = "", **changes: Any) -> Locator:
    """Open the page of an order whose cover is this one."""
    root = {"cover": {**COVER, **changes}, "errors": []}
    page.route(GRAPHQL, lambda route: route.fulfill(json={"data": {"insuranceCover": root}}))
    return open_order(page, place, "T3JkZXI6MQ==", locale)


def buy(shopper: Shopper, place: Place, *, with_cover: bool = True) -> str:
    """Buy the tickets and return the id of the order."""
    offer = shopper.offer()
    shopper.accept(offer) if with_cover else shopper.decline()
    payments = PaymentApp(place.driver, place.store.payment_app_token())
    payments.charge(shopper.checkout_id, shopper.checkout().total)
    return shopper.complete().id


def test_a_policy_is_told_with_its_papers(page: Page, place: Place, shopper: Shopper) -> None:
    # given an order whose policy is being made
    order = buy(shopper, place)
    # when
    policy = open_order(page, place, order)
    # then it is followed until it is there
    expect(policy).to_have_attribute("state", "confirmed")
    expect(policy.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    cover = shopper.cover()
    assert cover
    expect(policy.locator("[part=number]")).to_have_text(str(cover.policy_number))
    expect(policy.locator("[part=price]")).to_have_text("$6.66")
    expect(policy.get_by_role("link", name="Policy wording")).to_have_attribute(
        "href", str(cover.pds_url)
    )
    expect(policy.locator("[part=claims]")).to_contain_text("Keep the policy number")
    # and what opens the policy without a login is for nobody who only knows the order
    expect(policy.get_by_role("link")).to_have_count(1)
    assert page.evaluate("heard")[-1] == "confirmed"


def test_who_may_open_the_policy_gets_its_links(page: Page, place: Place, shopper: Shopper) -> None:
    policy = open_order(page, place, buy(shopper, place))
    expect(policy).to_have_attribute("state", "confirmed")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("authorization", "")))

    policy.evaluate(
        "(e, token) => { e.accessToken = async () => token; }", place.store.staff_token()
    )

    expect(policy.get_by_role("link", name="Certificate", exact=True)).to_be_visible()
    expect(policy.get_by_role("link", name="Make a claim")).to_be_visible()
    for link in policy.get_by_role("link").all():
        assert str(link.get_attribute("rel")) == "noopener noreferrer"
    assert asked == [f"Bearer {place.store.staff_token()}"]
    assert place.store.staff_token() not in page.content()


def test_a_token_that_was_there_before_the_element_counts(page: Page, place: Place) -> None:
    asked: list[str | None] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("authorization"))
        route.fulfill(json={"data": {"insuranceCover": {"cover": COVER, "errors": []}}})

    page.route(GRAPHQL, answer)
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {}, {once: true});
        new MutationObserver(() => {
            const policy = document.querySelector("xcover-policy");
            if (policy && !customElements.get("xcover-policy")) policy.accessToken ??= "early";
        }).observe(document, {childList: true, subtree: true});"""
    )
    policy = open_order(page, place, "T3JkZXI6MQ==")

    expect(policy).to_have_attribute("state", "confirmed")

    assert asked[-1] == "Bearer early"


def test_an_order_without_protection_says_so(page: Page, place: Place, shopper: Shopper) -> None:
    policy = open_order(page, place, buy(shopper, place, with_cover=False))

    expect(policy).to_have_attribute("state", "none")
    expect(policy.get_by_role("heading", name="No ticket protection")).to_be_visible()
    assert page.evaluate("heard") == ["none"]


def test_an_order_nobody_knows_is_not_asked_for_again(page: Page, place: Place) -> None:
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    policy = open_order(page, place, "T3JkZXI6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw")

    expect(policy).to_have_attribute("state", "unavailable")
    expect(policy).to_contain_text("We could not find this order.")
    page.clock.run_for(60_000)
    assert len([url for url in asked if url.endswith("graphql")]) == 1


SENTENCES = {
    "PLACED": "protected as soon as your order is paid",
    "CONFIRMING": "The insurer is making your policy.",
    "CONFIRMED": "The policy is in force.",
    "CANCELLING": "Its cancellation is being looked at.",
    "CANCELLED": "It is no longer in force.",
    "PARKED": "We are looking into your protection",
    "VOID": "Nothing is insured",
    "FROZEN": "We cannot say just now",
    None: "We cannot say just now",
}


@pytest.mark.parametrize("status", SENTENCES)
def test_each_status_is_told_and_only_a_policy_in_force_is_a_promise(
    page: Page, place: Place, status: str | None
) -> None:
    policy = show(page, place, status=status)

    expect(policy).to_contain_text(SENTENCES[status])
    is_in_force = status in ("CONFIRMED", "CANCELLING")
    expect(policy.locator("[part=number]")).to_have_count(int(is_in_force))
    expect(policy.locator("[part=claims]")).to_have_count(int(is_in_force))
    promise = policy.get_by_role("heading", name="Your tickets are protected")
    expect(promise).to_have_count(int(status == "CONFIRMED"))


def test_what_is_due_back_and_what_each_product_cost_is_told(page: Page, place: Place) -> None:
    products = [
        {"title": "Tickets", "premium": {"amount": "6.66", "currency": "USD"}},
        {"title": "Journey", "premium": {"amount": "9.99", "currency": "USD"}},
    ]
    due = {"amount": "16.65", "currency": "USD"}

    policy = show(page, place, status="CANCELLED", products=products, amountDueBack=due)

    facts = policy.locator("[part=facts]")
    for text in ("Tickets", "$6.66", "Journey", "$9.99", "Due back to you", "$16.65"):
        expect(facts).to_contain_text(text)


def test_it_looks_more_and_more_rarely_and_not_behind_the_shoppers_back(
    page: Page, place: Place
) -> None:
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def looks() -> int:
        return len([url for url in asked if url.endswith("graphql")])

    policy = show(page, place, status="CONFIRMING")
    expect(policy).to_have_attribute("state", "confirming")
    assert looks() == 1
    for wait in (1500, 2000, 3000, 5000):
        before = looks()
        # The clock runs by itself as well.
        page.clock.run_for(wait - 1000)
        assert looks() == before
        with page.expect_response(GRAPHQL):
            page.clock.run_for(1000)
        page.wait_for_timeout(50)
    # when nobody looks at the page
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    with page.expect_response(GRAPHQL):
        page.clock.run_for(8100)
    page.wait_for_timeout(50)
    before = looks()
    page.clock.run_for(600_000)
    # then nothing is asked until somebody does
    assert looks() == before
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with page.expect_response(GRAPHQL):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")


def test_a_line_that_breaks_leaves_a_way_back_and_takes_nothing_away(
    page: Page, place: Place
) -> None:
    page.route(GRAPHQL, lambda route: route.abort())
    policy = open_order(page, place, "T3JkZXI6MQ==")
    expect(policy).to_have_attribute("state", "failed")
    root = {"cover": COVER, "errors": []}
    page.route(GRAPHQL, lambda route: route.fulfill(json={"data": {"insuranceCover": root}}))

    policy.get_by_role("button", name="Try again").click()

    expect(policy).to_have_attribute("state", "confirmed")
    page.route(GRAPHQL, lambda route: route.abort())
    policy.evaluate("(e) => e.refresh()")
    expect(policy).to_have_attribute("state", "confirmed")


def test_a_link_is_of_the_web_and_a_text_is_no_markup(page: Page, place: Place) -> None:
    evil = "javascript:alert(1)"
    links = dict.fromkeys(("certificate", "certificatePdf", "account", "insuranceClaim"), evil)

    policy = show(page, place, pdsUrl=evil, links=links, policyNumber="<img src=x>")

    expect(policy.locator("[part=number]")).to_have_text("<img src=x>")
    expect(policy.get_by_role("link")).to_have_count(0)
    expect(policy.locator("img")).to_have_count(0)


LINKS = {
    "certificate": "https://xcover.example/c",
    "certificatePdf": "https://xcover.example/c.pdf",
    "account": "https://xcover.example/a",
    "insuranceClaim": "https://xcover.example/claim",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("status", ["CONFIRMING", "CONFIRMED", "PARKED", "VOID"])
def test_no_state_hinders_anybody(page: Page, place: Place, status: str, scheme: Any) -> None:
    check_that_axe_is_there()
    page.emulate_media(color_scheme=scheme)
    policy = show(page, place, status=status, links=LINKS)
    expect(policy).to_have_attribute("state", status.lower())

    assert axe.violations(page) == []


@pytest.mark.parametrize(
    ("locale", "heading", "wording"),
    [
        ("de", "Ihre Tickets sind geschützt", "Bedingungen"),
        ("fr", "Vos billets sont protégés", "Conditions"),
        ("es", "Sus entradas están protegidas", "Condiciones de la póliza"),
        ("it", "I suoi biglietti sono protetti", "Condizioni di polizza"),
        ("nl", "Uw tickets zijn beschermd", "Polisvoorwaarden"),
        ("pl", "Bilety są chronione", "Warunki ubezpieczenia"),
        ("ar", "تذاكرك محمية", "شروط الوثيقة"),
    ],
)
@pytest.mark.parametrize("width", [320, 768])
def test_it_speaks_the_language_of_the_page_at_every_width(
    page: Page, place: Place, locale: str, heading: str, wording: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})

    policy = show(page, place, locale, links=LINKS)

    expect(policy.get_by_role("heading", name=heading)).to_be_visible()
    expect(policy.get_by_role("link", name=wording, exact=True)).to_be_visible()
    assert fits(page)


Show = Callable[[Page, Place], Locator]


@pytest.mark.picture
@pytest.mark.parametrize(
    ("name", "locale", "scheme", "width"),
    [
        ("policy", "en", "light", 720),
        ("policy-narrow-dark", "de", "dark", 390),
        ("policy-rtl", "ar", "light", 720),
    ],
)
def test_pictures_of_the_order_page(
    page: Page, place: Place, name: str, locale: str, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    policy = show(page, place, locale, links=LINKS, policyNumber="S2CSW-QXTWF-INS")
    expect(policy).to_have_attribute("state", "confirmed")

    policy.screenshot(path=IMAGES / f"{name}.png")
