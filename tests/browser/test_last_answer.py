"""Of several answers the last one counts, and what is shown in the end is what the server holds."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from testkit.client.shopper import Shopper
from testkit.seed import SYMPHONY

from .conftest import Place
from .storefront import GRAPHQL, HeldAnswer, Storefront, cover_prices

LATENCY = 1500  # ms, each way


def expect_held(storefront: Storefront, answer: str | None, prices: list[str]) -> None:
    """Expect ``answer`` on the screen, in the property, and in the checkout on the server."""
    storefront.expect_answer(answer)
    storefront.wait_for("offer")
    assert storefront.offer.evaluate("(element) => element.answer") == answer
    assert cover_prices(storefront.shopper) == prices
    assert storefront.shopper.offer().answer == answer


def say_yes_and_hold_the_answer(storefront: Storefront, **held: Any) -> HeldAnswer:
    """Open the page and press yes; the plugin has given its answer, and the line keeps it back."""
    storefront.open()
    storefront.wait_for("offer")
    late = storefront.hold_answer("insuranceAccept", **held)
    storefront.yes.click()
    late.wait_until_given()
    return late


def test_a_no_pressed_while_the_yes_is_under_way_is_not_lost(storefront: Storefront) -> None:
    # given a yes that the plugin has taken, over a line that is slow to return the result
    late = say_yes_and_hold_the_answer(storefront)
    # when the shopper thinks again
    storefront.no.click()
    late.deliver()
    # then
    expect_held(storefront, "declined", [])
    assert storefront.asked == ["insuranceOffer", "insuranceAccept", "insuranceDecline"]
    assert storefront.events() == ["declined"]


def test_on_a_slow_line_the_last_of_three_answers_counts(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    slow_down(storefront.page)

    storefront.yes.click()
    storefront.no.click()
    storefront.yes.click()

    expect_held(storefront, "accepted", ["6.66"])
    assert storefront.events() == ["accepted"]


def slow_down(page: Page) -> None:
    """Make the line slow in both directions, without holding up the page itself."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        },
    )


def test_a_yes_that_arrives_after_the_later_no_changes_nothing(storefront: Storefront) -> None:
    # given a yes that is stuck on its way
    storefront.open()
    storefront.wait_for("offer")
    send_yes = storefront.hold("insuranceAccept")
    storefront.yes.click()
    # when the no overtakes it
    with storefront.page.expect_response(GRAPHQL):
        storefront.no.click()
    with storefront.page.expect_response(GRAPHQL):
        send_yes()
    # then
    expect_held(storefront, "declined", [])
    assert storefront.events() == ["declined"]


def test_a_no_that_arrives_after_the_later_yes_changes_nothing(storefront: Storefront) -> None:
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    send_no = storefront.hold("insuranceDecline")
    storefront.no.click()

    with storefront.page.expect_response(GRAPHQL):
        storefront.yes.click()
    with storefront.page.expect_response(GRAPHQL):
        send_no()

    expect_held(storefront, "accepted", ["6.66"])
    assert storefront.events() == ["accepted", "accepted"]


@pytest.mark.parametrize("has_arrived", [True, False], ids=["after the plugin", "before it"])
def test_a_no_counts_when_the_line_breaks_under_the_yes(
    storefront: Storefront, has_arrived: bool
) -> None:
    # given a yes whose answer never comes
    late = say_yes_and_hold_the_answer(storefront, is_sent=has_arrived)
    # when
    storefront.no.click()
    late.abort()
    # then
    expect_held(storefront, "declined", [])
    expect(storefront.notice).to_be_hidden()
    assert storefront.events() == ["declined"]


def test_a_no_counts_when_the_yes_is_refused(storefront: Storefront) -> None:
    def refuse(root: dict) -> None:
        root["offer"] = None
        root["errors"] = [{"code": "internal", "message": "Something went wrong.", "fields": []}]

    late = say_yes_and_hold_the_answer(storefront, change=refuse)

    storefront.no.click()
    late.deliver()

    expect_held(storefront, "declined", [])
    expect(storefront.notice).to_be_hidden()
    assert storefront.events() == ["declined"]


def test_when_the_last_answer_is_lost_the_server_is_asked_what_holds(
    storefront: Storefront,
) -> None:
    # given a yes that was taken, and a no that never got there
    late = say_yes_and_hold_the_answer(storefront)
    lost = storefront.hold_answer("insuranceDecline", is_sent=False)
    storefront.no.click()
    lost.wait_until_given()
    # when
    lost.abort()
    late.deliver()
    # then the shopper sees what holds, and that the no did not get through
    expect_held(storefront, "accepted", ["6.66"])
    expect(storefront.notice).to_have_text("That did not get through. Please try again.")
    # and can say it again
    storefront.no.click()
    expect_held(storefront, "declined", [])
    expect(storefront.notice).to_be_hidden()


def test_what_arrives_long_after_its_answer_was_given_up_is_shown(storefront: Storefront) -> None:
    # given a yes that the browser gave up, and the server has not seen yet
    storefront.open()
    storefront.wait_for("offer")
    storefront.page.clock.install()
    lost = storefront.hold_answer("insuranceAccept", is_sent=False)
    storefront.yes.click()
    lost.wait_until_given()
    with storefront.page.expect_response(GRAPHQL):
        lost.abort()
    expect(storefront.notice).to_be_visible()
    storefront.expect_answer(None)
    # when it arrives after all
    lost.send_unseen()
    storefront.page.clock.run_for(6000)
    # then
    expect_held(storefront, "accepted", ["6.66"])


def test_what_is_pending_is_seen_and_heard(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    send = storefront.hold("insuranceAccept")

    storefront.yes.click()

    expect(storefront.offer.locator("[part=box]")).to_have_attribute("aria-busy", "true")
    expect(storefront.yes).to_have_attribute("aria-busy", "true")
    expect(storefront.no).to_have_attribute("aria-busy", "false")
    expect(storefront.offer).to_have_attribute("pending", "")
    expect(storefront.hint).to_have_text("Saving your answer…")
    expect(storefront.status).to_have_text("Saving your answer…")
    # Nothing is held yet, so nothing looks chosen.
    storefront.expect_answer(None)
    send()
    storefront.expect_answer("accepted")
    expect(storefront.yes).to_have_attribute("aria-busy", "false")
    expect(storefront.offer.locator("[part=box]")).to_have_attribute("aria-busy", "false")
    assert storefront.offer.get_attribute("pending") is None
    expect(storefront.hint).to_have_text("")


def test_a_double_click_is_one_answer(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    send = storefront.hold("insuranceAccept")

    storefront.yes.dblclick()
    send()

    expect_held(storefront, "accepted", ["6.66"])
    assert storefront.asked == ["insuranceOffer", "insuranceAccept"]
    assert storefront.events() == ["accepted"]


def test_a_press_is_not_lost_because_news_come_under_it(storefront: Storefront) -> None:
    # given a finger that is down on the no
    late = say_yes_and_hold_the_answer(storefront)
    storefront.no.hover()
    storefront.page.mouse.down()
    # when the yes comes through before it is up again
    late.deliver()
    storefront.expect_answer("accepted")
    storefront.page.mouse.up()
    # then
    expect_held(storefront, "declined", [])


def test_looking_again_between_two_answers_shows_the_last(
    storefront: Storefront, shopper: Shopper
) -> None:
    # given a yes under way, and the storefront's wish to look again
    late = say_yes_and_hold_the_answer(storefront)
    storefront.refresh()
    # when
    storefront.no.click()
    late.deliver()
    # then the wish is kept, after the last answer
    expect_held(storefront, "declined", [])
    assert storefront.asked == [
        "insuranceOffer",
        "insuranceAccept",
        "insuranceDecline",
        "insuranceOffer",
    ]
    assert storefront.events() == ["declined"]


def test_a_look_that_is_late_does_not_overwrite_an_answer(storefront: Storefront) -> None:
    # given a look from before the yes
    storefront.open()
    storefront.wait_for("offer")
    late = storefront.hold_answer("insuranceOffer")
    storefront.refresh()
    late.wait_until_given()
    # when
    storefront.yes.click()
    storefront.expect_answer("accepted")
    with storefront.page.expect_response(GRAPHQL):
        late.deliver()
    # then
    expect_held(storefront, "accepted", ["6.66"])
    assert storefront.events() == ["accepted"]


def test_another_language_between_two_answers_shows_the_last(storefront: Storefront) -> None:
    late = say_yes_and_hold_the_answer(storefront)
    storefront.offer.evaluate("(element) => element.setAttribute('locale', 'de')")

    storefront.no.click()
    late.deliver()

    expect_held(storefront, "declined", [])
    expect(storefront.offer.locator("[part=wording]")).to_contain_text("Bedingungen")
    assert storefront.events() == ["declined"]


def test_another_checkout_is_not_told_the_answer_of_the_one_before(
    storefront: Storefront, shopper: Shopper, place: Place
) -> None:
    # given a yes under way for one checkout
    late = say_yes_and_hold_the_answer(storefront)
    before = shopper.checkout_id
    # when the element is given another
    shopper.create_checkout({place.store.events[SYMPHONY]: 1})
    set_checkout(storefront, shopper.checkout_id)
    late.deliver()
    # then neither is taken for the other
    expect(storefront.yes).to_contain_text("$3.33")
    expect_held(storefront, None, [])
    assert storefront.events() == []
    # and going back shows what holds there
    shopper.checkout_id = before
    set_checkout(storefront, before)
    expect_held(storefront, "accepted", ["6.66"])


def set_checkout(storefront: Storefront, checkout: str) -> None:
    storefront.offer.evaluate("(element, id) => element.setAttribute('checkout', id)", checkout)


def test_an_element_that_is_moved_under_an_answer_shows_what_holds(storefront: Storefront) -> None:
    late = say_yes_and_hold_the_answer(storefront)

    storefront.offer.evaluate("(element) => document.querySelector('main').prepend(element)")
    late.deliver()

    expect_held(storefront, "accepted", ["6.66"])
    assert storefront.events() == ["accepted"]


def test_an_element_taken_off_under_an_answer_shows_what_holds_when_it_is_back(
    storefront: Storefront,
) -> None:
    late = say_yes_and_hold_the_answer(storefront)

    storefront.page.evaluate("window.taken = document.querySelector('xcover-offer')")
    storefront.page.evaluate("taken.remove()")
    with storefront.page.expect_response(GRAPHQL):
        late.deliver()
    storefront.page.evaluate("document.querySelector('main').prepend(taken)")

    expect_held(storefront, "accepted", ["6.66"])


def test_of_two_tabs_the_one_answered_last_counts(
    tab: Callable[[], Storefront], shopper: Shopper
) -> None:
    # given a first tab that has answered often
    first, second = tab(), tab()
    first.open()
    second.open()
    for button, answer in ((first.yes, "accepted"), (first.no, "declined")) * 2:
        button.click()
        first.expect_answer(answer)
    second.wait_for("offer")
    # when the other answers once
    second.yes.click()
    # then
    expect_held(second, "accepted", ["6.66"])


def test_a_yes_pressed_offline_is_no_answer_and_that_notice_goes(storefront: Storefront) -> None:
    # given
    storefront.open()
    storefront.wait_for("offer")
    storefront.page.context.set_offline(True)
    # when
    storefront.yes.click()
    # then
    storefront.wait_for("offline")
    expect(storefront.offer).to_contain_text("You are offline.")
    expect(storefront.notice).to_have_text("That did not get through. Please try again.")
    # and when the line is back
    storefront.page.context.set_offline(False)
    expect_held(storefront, None, [])
    expect(storefront.offer).not_to_contain_text("You are offline.")
    # and the shopper says it again
    storefront.yes.click()
    expect_held(storefront, "accepted", ["6.66"])
    expect(storefront.notice).to_be_hidden()
