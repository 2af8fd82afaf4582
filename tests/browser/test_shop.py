"""The demo shop sells with the element, under its strict content security policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from testkit.process import ROOT

from .conftest import Place

IMAGES = ROOT / "docs" / "images"


@pytest.fixture
def page(context: BrowserContext, place: Place) -> Iterator[Page]:
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(place.shop_url)
    yield opened
    assert [text for text in said if "Content Security Policy" in text] == []


def fill_basket(page: Page, event: str) -> None:
    page.get_by_role("button", name=f"Add ticket: {event}").click()
    expect(page.locator("#count")).to_have_text("1")
    page.get_by_role("link", name="Go to basket").click()
    page.get_by_role("button", name="One more:").click()


def say_yes(page: Page, price: str) -> None:
    yes = page.locator("xcover-offer #accepted")
    expect(yes).to_contain_text(price)
    yes.click()


def test_tickets_and_protection_are_bought_together(page: Page, place: Place) -> None:
    fill_basket(page, "Example Symphony")
    total = page.locator(".total")
    expect(total).to_contain_text("$200.00")

    say_yes(page, "$6.66")
    expect(total).to_contain_text("$206.66")
    page.get_by_role("button", name="Pay now").click()

    expect(page.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    assert len(place.simulator.calls("confirm")) == 1


def test_add_ons_are_bought_and_told_apart_on_the_order(page: Page, place: Place) -> None:
    # given two things to take for one event, at 6.66 and 9.99
    place.simulator.settings(products="add_ons")
    fill_basket(page, "Example Symphony")
    expect(page.locator("xcover-offer")).to_contain_text("$9.99")
    for tick in (page.locator("xcover-offer [type=checkbox]").nth(at) for at in (0, 1)):
        tick.check()
    # when
    say_yes(page, "$16.65")
    expect(page.locator(".total")).to_contain_text("$216.65")
    # then both are one line of the basket
    expect(page.locator(".total dt")).to_have_count(2)
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    expect(page.locator(".ticket li")).to_have_count(2)
    expect(page.locator(".ticket li").filter(has_text="$16.65")).to_have_count(1)
    # and its parts are named with their prices
    cover = page.locator("xcover-policy [part=facts]")
    for text in ("Ticket protection for Example Symphony", "$6.66", "Ticket and travel", "$9.99"):
        expect(cover).to_contain_text(text)


def test_nobody_pays_while_an_answer_is_being_saved(page: Page, place: Place) -> None:
    fill_basket(page, "Example Symphony")
    say_yes(page, "$6.66")
    expect(page.locator(".total")).to_contain_text("$206.66")
    # given a no that takes its time
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "insuranceDecline" in str(route.request.post_data):
            held.append(route)
        else:
            route.fallback()

    page.route("**/covergenius.xcover/graphql", hold)
    page.locator("xcover-offer #declined").click()
    expect(page.locator("xcover-offer[pending]")).to_be_visible()
    # when
    page.get_by_role("button", name="Pay now").click()
    # then
    expect(page.get_by_text("is being saved. One moment")).to_be_visible()
    held.pop().continue_()
    expect(page.locator(".total .sum")).to_contain_text("$200.00")
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", name="No ticket protection")).to_be_visible()


def test_another_ticket_asks_again_and_the_total_is_right(page: Page) -> None:
    fill_basket(page, "Example Symphony")
    say_yes(page, "$6.66")
    expect(page.locator(".total")).to_contain_text("$206.66")

    page.get_by_role("button", name="One more:").click()

    expect(page.locator("xcover-offer [part=notice]")).to_be_visible()
    expect(page.locator("xcover-offer #accepted")).to_contain_text("$9.99")
    expect(page.locator(".total")).to_contain_text("$300.00")


@pytest.mark.parametrize("status", [None, "FROZEN"], ids=["null", "unknown"])
def test_a_cover_of_another_version_is_neither_a_promise_nor_an_error(
    page: Page, status: str | None
) -> None:
    def from_another_version(route: Route) -> None:
        if "insuranceCover" not in str(route.request.post_data):
            return route.continue_()
        told = route.fetch().json()
        if cover := told["data"]["insuranceCover"]["cover"]:
            cover["status"] = status
        return route.fulfill(json=told)

    # given tickets bought with protection, the state of which this shop cannot know
    page.route("**/covergenius.xcover/graphql", from_another_version)
    fill_basket(page, "Example Symphony")
    say_yes(page, "$6.66")
    expect(page.locator(".total")).to_contain_text("$206.66")
    # when
    page.get_by_role("button", name="Pay now").click()
    # then
    policy = page.locator("xcover-policy")
    expect(policy).to_have_attribute("state", "unknown")
    expect(policy).to_contain_text("We cannot say just now how far your protection is.")
    expect(policy).to_contain_text("$6.66")
    expect(policy).not_to_contain_text("protected")


def test_without_the_element_tickets_sell_all_the_same(page: Page) -> None:
    page.route("**/element.js", lambda route: route.abort())
    page.reload()
    fill_basket(page, "City Derby")
    expect(page.locator(".total")).to_contain_text("$164.00")

    page.get_by_role("button", name="Pay now").click()

    expect(page.get_by_role("heading", name="Order")).to_be_visible()


def pay(page: Page) -> None:
    page.get_by_role("button", name="Pay now").click()


def test_paying_waits_for_an_answer_and_a_no_is_one(page: Page, place: Place) -> None:
    fill_basket(page, "Example Symphony")
    expect(page.locator("xcover-offer #accepted")).to_contain_text("$6.66")
    # when nothing was answered
    pay(page)
    # then it is asked for, and nothing was paid
    expect(page.get_by_text("Please say yes or no to ticket protection")).to_be_visible()
    expect(page.locator("xcover-offer")).to_be_focused()
    expect(page.locator(".total .sum")).to_contain_text("$200.00")
    # until it is
    page.locator("xcover-offer #declined").click()
    expect(page.locator("xcover-offer #declined")).to_have_attribute("aria-pressed", "true")
    pay(page)
    expect(page.get_by_role("heading", name="No ticket protection")).to_be_visible()
    assert place.simulator.calls("confirm") == []


def test_paying_waits_for_nothing_when_xcover_is_down(page: Page, place: Place) -> None:
    place.simulator.fault("create_offer", "reset", times=None)
    fill_basket(page, "City Derby")
    expect(page.locator("xcover-offer[state=failed]")).to_be_visible()

    pay(page)

    expect(page.get_by_role("heading", name="Order")).to_be_visible()


def test_of_two_products_for_an_event_one_is_taken(page: Page, place: Place) -> None:
    # given the event that the open store has two products for
    festival = "Northern Lights Festival"
    place.simulator.settings(products_by_event={festival: "alternatives"})
    fill_basket(page, festival)
    offer = page.locator("xcover-offer")
    expect(offer).to_contain_text("$13.49")
    expect(offer.get_by_role("radio")).to_have_count(2)
    expect(offer.get_by_role("radio", checked=True)).to_have_count(0)
    # when
    offer.get_by_role("radio", name="Ticket and travel protection").check()
    say_yes(page, "$13.49")
    expect(page.locator(".total .sum")).to_contain_text("$283.49")
    pay(page)
    # then
    expect(page.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    expect(page.locator("xcover-policy [part=facts]")).to_contain_text("$13.49")


def test_of_two_events_in_a_basket_each_is_chosen_by_itself(page: Page, place: Place) -> None:
    page.get_by_role("button", name="Add ticket: City Derby").click()
    expect(page.locator("#count")).to_have_text("1")
    page.get_by_role("button", name="Add ticket: Example Symphony").click()
    expect(page.locator("#count")).to_have_text("2")
    page.get_by_role("link", name="Go to basket").click()
    offer = page.locator("xcover-offer")
    expect(offer.get_by_role("checkbox")).to_have_count(2)
    # when one of them is taken
    offer.get_by_role("checkbox", name="City Derby").check()
    say_yes(page, "$2.73")
    # then the other is not insured
    expect(page.locator(".total .sum")).to_contain_text("$184.73")
    pay(page)
    expect(page.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    (call,) = place.simulator.calls("confirm")
    assert call["status"] == 201 or call["status"] == 200


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_two_events_move_nothing_in_the_shop(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("button", name="Add ticket: City Derby").click()
    expect(page.locator("#count")).to_have_text("1")
    page.get_by_role("button", name="Add ticket: Example Symphony").click()
    expect(page.locator("#count")).to_have_text("2")
    held: list[Route] = []
    is_held = True

    def hold(route: Route) -> None:
        if is_held:
            held.append(route)
        else:  # a busy plugin is asked once more
            route.continue_()

    page.route("**/covergenius.xcover/graphql", hold)
    page.get_by_role("link", name="Go to basket").click()
    expect(page.locator("xcover-offer[state=loading]")).to_be_visible()
    page.wait_for_timeout(500)
    page.evaluate(
        """() => {
            window.shifted = 0;
            new PerformanceObserver((list) => {
                for (const { value } of list.getEntries()) window.shifted += value;
            }).observe({ type: "layout-shift" });
        }"""
    )

    is_held = False
    while held:
        held.pop().continue_()

    expect(page.locator("xcover-offer").get_by_role("checkbox")).to_have_count(2)
    page.wait_for_timeout(200)
    assert page.evaluate("window.shifted") == 0


@pytest.mark.picture
def test_a_picture_of_the_shop(page: Page) -> None:
    fill_basket(page, "Example Symphony")
    expect(page.locator("xcover-offer #accepted")).to_contain_text("$6.66")
    page.screenshot(path=IMAGES / "shop-offer.png", full_page=True)
    say_yes(page, "$6.66")
    expect(page.locator(".total")).to_contain_text("$206.66")
    pay(page)
    expect(page.locator("xcover-policy[state=confirmed]")).to_be_visible()
    page.screenshot(path=IMAGES / "shop-order.png", full_page=True)


def test_the_policy_wording_opens_before_and_after_buying(page: Page) -> None:
    fill_basket(page, "Example Symphony")
    # The offer for both tickets, not the one for the first.
    expect(page.locator("xcover-offer #accepted")).to_contain_text("$6.66")
    with page.expect_popup() as before:
        page.locator("xcover-offer [part=wording]").click()
    expect(before.value.get_by_text("no insurer stands behind it")).to_be_visible()
    expect(before.value.get_by_text("2 tickets of US$100.00 each")).to_be_visible()
    expect(before.value.get_by_text("For an offer that was not bought yet.")).to_be_visible()

    say_yes(page, "$6.66")
    expect(page.locator(".total")).to_contain_text("$206.66")
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", name="Your tickets are protected")).to_be_visible()
    number = page.locator("xcover-policy [part=number]").inner_text()
    with page.expect_popup() as after:
        page.get_by_role("link", name="Policy wording").click()
    expect(after.value.get_by_text(f"Policy {number}, confirmed.")).to_be_visible()
    expect(after.value.get_by_text("Example Symphony, Example Hall")).to_be_visible()
