"""More than one thing to choose: nothing is ticked beforehand, and only what is allowed is sent."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from testkit.seed import SYMPHONY

from .conftest import Place, wait_for_offer
from .storefront import Storefront, cover_prices

DERBY = "City Derby"
QUARTET = "Midnight Quartet"


@pytest.fixture
def two_events(storefront: Storefront, place: Place) -> Storefront:
    """A shopper with two tickets for the symphony (6.66) and one for the derby (2.73)."""
    events = place.store.events
    storefront.shopper.create_checkout({events[SYMPHONY]: 2, events[DERBY]: 1})
    wait_for_offer(storefront.shopper)
    storefront.open()
    storefront.wait_for("offer")
    return storefront


def box(storefront: Storefront, event: str) -> Locator:
    return storefront.offer.get_by_role("checkbox", name=event)


def expect_ticked(storefront: Storefront, **wanted: bool) -> None:
    for event, is_ticked in ((SYMPHONY, wanted["symphony"]), (DERBY, wanted["derby"])):
        expect(box(storefront, event)).to_be_checked(checked=is_ticked)


def test_two_events_are_two_boxes_and_neither_is_ticked(two_events: Storefront) -> None:
    expect(two_events.offer.get_by_role("checkbox")).to_have_count(2)
    expect_ticked(two_events, symphony=False, derby=False)
    expect(box(two_events, SYMPHONY)).to_have_accessible_name(
        "Ticket protection for Example Symphony $6.66 with tax"
    )
    expect(box(two_events, DERBY)).to_have_accessible_name(
        "Ticket protection for City Derby $2.73 with tax"
    )
    two_events.expect_answer(None)


def test_a_yes_to_nothing_is_not_sent_and_that_is_said(two_events: Storefront) -> None:
    expect(two_events.yes).to_have_attribute("aria-disabled", "true")
    expect(two_events.no).to_have_attribute("aria-disabled", "false")
    expect(two_events.hint).to_have_text("Please choose")

    two_events.yes.click(force=True)

    expect(two_events.status).to_have_text("Please choose")
    two_events.expect_answer(None)
    assert two_events.asked == ["insuranceOffer"]
    assert cover_prices(two_events.shopper) == []


def test_only_what_is_ticked_is_bought_and_it_can_be_changed(two_events: Storefront) -> None:
    # when one of two is ticked
    box(two_events, DERBY).check()
    expect(two_events.yes).to_contain_text("+ $2.73")
    two_events.yes.click()
    # then that one is bought, and shown as chosen
    two_events.expect_answer("accepted")
    expect_ticked(two_events, symphony=False, derby=True)
    assert cover_prices(two_events.shopper) == ["2.73"]
    # when the other is ticked as well
    box(two_events, SYMPHONY).check()
    # then nothing is bought yet, and it says so
    expect(two_events.yes).to_contain_text("+ $9.39")
    expect(two_events.hint).to_have_text("Answer again to save your choice.")
    two_events.expect_answer(None)
    assert cover_prices(two_events.shopper) == ["2.73"]
    # until it is answered
    two_events.yes.click()
    two_events.expect_answer("accepted")
    expect(two_events.hint).to_have_text("")
    expect_ticked(two_events, symphony=True, derby=True)
    assert cover_prices(two_events.shopper) == ["9.39"]
    assert two_events.heard() == [
        ("accepted", {"premium": {"amount": "2.73", "currency": "USD"}}),
        ("accepted", {"premium": {"amount": "9.39", "currency": "USD"}}),
    ]


def test_a_no_takes_all_of_it_out_and_nothing_stays_ticked(two_events: Storefront) -> None:
    box(two_events, SYMPHONY).check()
    box(two_events, DERBY).check()
    two_events.yes.click()
    two_events.expect_answer("accepted")

    two_events.no.click()

    two_events.expect_answer("declined")
    expect_ticked(two_events, symphony=False, derby=False)
    assert cover_prices(two_events.shopper) == []


def test_another_choice_while_the_first_is_under_way_is_the_last_answer(
    two_events: Storefront,
) -> None:
    late = two_events.hold_answer("insuranceAccept")
    box(two_events, SYMPHONY).check()
    two_events.yes.click()
    late.wait_until_given()

    box(two_events, SYMPHONY).uncheck()
    box(two_events, DERBY).check()
    two_events.yes.click()
    late.deliver()

    two_events.expect_answer("accepted")
    expect_ticked(two_events, symphony=False, derby=True)
    assert cover_prices(two_events.shopper) == ["2.73"]


def test_what_was_chosen_is_ticked_again_after_a_reload(two_events: Storefront) -> None:
    box(two_events, DERBY).check()
    two_events.yes.click()
    two_events.expect_answer("accepted")

    two_events.page.reload()

    two_events.expect_answer("accepted")
    expect_ticked(two_events, symphony=False, derby=True)


def test_looking_again_leaves_what_is_being_ticked_alone(two_events: Storefront) -> None:
    box(two_events, DERBY).check()

    with two_events.page.expect_response("**/graphql"):
        two_events.refresh()

    two_events.wait_for("offer")
    expect_ticked(two_events, symphony=False, derby=True)
    expect(box(two_events, DERBY)).to_be_focused()


def test_a_choice_is_made_by_keyboard(two_events: Storefront) -> None:
    press = two_events.page.keyboard.press

    box(two_events, SYMPHONY).focus()
    press("Space")
    expect(two_events.status).to_have_text("Add protection + $6.66")
    two_events.yes.focus()
    press("Enter")

    two_events.expect_answer("accepted")
    assert cover_prices(two_events.shopper) == ["6.66"]


@pytest.mark.parametrize(
    ("amounts", "currency", "shown"),
    [
        (("0.10", "0.20"), "USD", "+ $0.30"),
        (("90071992547409.93", "0.06"), "USD", "+ $90,071,992,547,409.99"),
        (("333", "334"), "JPY", "+ ¥667"),
        (("1.234", "0.766"), "KWD", "+ KWD\xa02.000"),
    ],
)
def test_a_sum_is_exact(
    storefront: Storefront, place: Place, amounts: tuple[str, str], currency: str, shown: str
) -> None:
    def reprice(root: dict[str, Any]) -> None:
        for quote, amount in zip(root["offer"]["quotes"], amounts, strict=True):
            quote["premium"] = {"amount": amount, "currency": currency}

    events = place.store.events
    storefront.shopper.create_checkout({events[SYMPHONY]: 2, events[DERBY]: 1})
    wait_for_offer(storefront.shopper)
    storefront.answer_with(reprice)
    storefront.open()
    storefront.wait_for("offer")

    box(storefront, SYMPHONY).check()
    box(storefront, DERBY).check()

    expect(storefront.yes).to_contain_text(shown)


def offer_by(storefront: Storefront, place: Place, products: str, *events: str) -> None:
    """Open a checkout with two tickets per event, whose ``products`` go together so."""
    place.simulator.settings(products=products)
    wanted = {place.store.events[event]: 2 for event in events or (SYMPHONY,)}
    storefront.shopper.create_checkout(wanted)
    wait_for_offer(storefront.shopper)
    storefront.open()
    storefront.wait_for("offer")


def radio(storefront: Storefront, name: str) -> Locator:
    return storefront.offer.get_by_role("radio", name=name)


def test_of_alternatives_one_is_bought_and_only_that(storefront: Storefront, place: Place) -> None:
    # given two plans for one event, at 6.66 and 9.99
    offer_by(storefront, place, "alternatives")
    expect(storefront.offer.get_by_role("radio")).to_have_count(2)
    expect(storefront.offer.get_by_role("radio", checked=True)).to_have_count(0)
    expect(storefront.offer.get_by_role("group", name="Please choose 1")).to_be_visible()
    expect(storefront.yes).to_have_attribute("aria-disabled", "true")
    # when
    radio(storefront, "Ticket and travel protection").check()
    expect(storefront.yes).to_contain_text("+ $9.99")
    storefront.yes.click()
    # then
    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["9.99"]
    # and when the shopper takes the other instead
    radio(storefront, "Ticket protection for").check()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["6.66"]
    expect(radio(storefront, "Ticket protection for")).to_be_checked()
    (chosen,) = storefront.shopper.offer().chosen_ids
    expect(radio(storefront, "Ticket protection for")).to_have_attribute("value", chosen)


def test_alternatives_are_chosen_with_the_arrow_keys(storefront: Storefront, place: Place) -> None:
    offer_by(storefront, place, "alternatives")
    press = storefront.page.keyboard.press

    radio(storefront, "Ticket protection for").focus()
    press("ArrowDown")

    expect(radio(storefront, "Ticket and travel protection")).to_be_checked()
    expect(radio(storefront, "Ticket and travel protection")).to_be_focused()
    expect(storefront.status).to_have_text("Add protection + $9.99")


def test_of_two_events_one_may_be_left_out_after_all(storefront: Storefront, place: Place) -> None:
    # given alternatives for each of two events
    offer_by(storefront, place, "alternatives", SYMPHONY, QUARTET)
    radio(storefront, f"Ticket protection for {SYMPHONY}").check()
    radio(storefront, f"Ticket protection for {QUARTET}").check()
    expect(storefront.yes).to_contain_text("+ $10.92")
    # when one is taken back
    group = storefront.offer.get_by_role("group").filter(has_text=QUARTET)
    group.get_by_role("radio", name="None of these").check()
    expect(storefront.yes).to_contain_text("+ $6.66")
    storefront.yes.click()
    # then
    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["6.66"]


def test_where_something_must_be_taken_a_yes_waits_for_it(
    storefront: Storefront, place: Place
) -> None:
    # given two events, and one plan to take for each
    place.simulator.settings(content_changes={"required_message": ""})
    offer_by(storefront, place, "required_alternatives", SYMPHONY, QUARTET)
    expect(storefront.offer.get_by_role("radio", name="None of these")).to_have_count(0)
    # when only one is taken
    radio(storefront, f"Ticket protection for {SYMPHONY}").check()
    # then
    expect(storefront.yes).to_have_attribute("aria-disabled", "true")
    expect(storefront.hint).to_have_text("Please choose 1")
    storefront.yes.click(force=True)
    assert storefront.asked == ["insuranceOffer"]
    # until the other is
    radio(storefront, f"Ticket protection for {QUARTET}").check()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["10.92"]


def test_a_no_is_always_there(storefront: Storefront, place: Place) -> None:
    offer_by(storefront, place, "required_alternatives")

    storefront.no.click()

    storefront.expect_answer("declined")
    assert storefront.shopper.offer().answer == "declined"


def test_both_add_ons_of_one_event_may_be_taken(storefront: Storefront, place: Place) -> None:
    offer_by(storefront, place, "add_ons")

    for tick in storefront.offer.get_by_role("checkbox").all():
        tick.check()
    storefront.yes.click()

    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["16.65"]


@pytest.mark.parametrize("products", ["hidden", "second_chance"])
def test_what_is_hidden_is_not_shown_and_the_rest_is_a_plain_question(
    storefront: Storefront, place: Place, products: str
) -> None:
    offer_by(storefront, place, products)

    expect(storefront.offer.get_by_role("radio")).to_have_count(0)
    expect(storefront.offer.get_by_role("checkbox")).to_have_count(0)
    expect(storefront.offer).not_to_contain_text("travel")
    storefront.yes.click()

    storefront.expect_answer("accepted")
    assert cover_prices(storefront.shopper) == ["6.66"]


def test_what_is_disabled_is_shown_and_cannot_be_taken(
    storefront: Storefront, place: Place
) -> None:
    offer_by(storefront, place, "disabled")

    extra = storefront.offer.get_by_role("checkbox", name="Ticket and travel protection")
    expect(extra).to_be_disabled()
    expect(storefront.offer.get_by_role("group", name="Cannot be chosen")).to_be_visible()
    storefront.yes.click()

    storefront.expect_answer("accepted")
    expect(extra).not_to_be_checked()
    assert cover_prices(storefront.shopper) == ["6.66"]


def test_more_than_allowed_is_not_sent(storefront: Storefront, place: Place) -> None:
    # given a group of four of which two may be taken
    def join(root: dict[str, Any]) -> None:
        ids = [quote["id"] for quote in root["offer"]["quotes"]]
        group = {**root["offer"]["groups"][0], "minSelect": 1, "maxSelect": 2, "quoteIds": ids}
        root["offer"]["groups"] = [group]

    storefront.answer_with(join)
    offer_by(storefront, place, "add_ons", SYMPHONY, QUARTET)
    rule = "Please choose 1\N{EN DASH}2"
    expect(storefront.offer.get_by_role("group", name=rule)).to_be_visible()
    boxes = storefront.offer.get_by_role("checkbox").all()
    assert len(boxes) == 4
    # when a third is ticked
    for tick in boxes[:3]:
        tick.check()
    # then
    expect(storefront.yes).to_have_attribute("aria-disabled", "true")
    expect(storefront.hint).to_have_text(rule)
    storefront.yes.click(force=True)
    assert storefront.asked == ["insuranceOffer"]
    # until it is taken back
    boxes[0].uncheck()
    expect(storefront.yes).to_have_attribute("aria-disabled", "false")


def test_what_several_products_have_in_common_is_told_once(two_events: Storefront) -> None:
    shown = two_events.offer.locator("[part=box]").inner_text()

    for text in (
        "Your public transport to the venue breaks down or is late.",
        "Up to the full price of your tickets.",
        "Events that the organiser cancels or moves.",
        "I have read the policy wording",
    ):
        assert shown.count(text) == 1
    shared = two_events.offer.locator("[part=shared]")
    expect(shared.get_by_role("heading", name="The same for all of these")).to_be_visible()
    for part in ("inclusions", "benefits", "exclusions"):
        expect(shared.locator(f"[part={part}]")).to_be_visible()
    # What is said of one event stays with it.
    cards = two_events.offer.locator("[part=quote]")
    expect(cards).to_have_count(2)
    for event, price in ((SYMPHONY, "US$6.66 for 2 tickets."), (DERBY, "US$2.73 for 1 ticket.")):
        card = cards.filter(has_text=event)
        expect(card).to_contain_text(price)
        expect(card.get_by_role("link", name="Policy wording")).to_be_visible()


def test_a_card_folds_what_else_is_covered_but_nothing_that_must_be_seen(
    storefront: Storefront, place: Place
) -> None:
    # given two plans with three times when each pays, two things it pays, and limits of their own
    own = [
        {
            "inclusions": {f"When {number}{plan}": "It pays." for number in (1, 2, 3)},
            "benefits": {f"What {number}{plan}": "It is paid." for number in (1, 2)},
            "exclusions": {f"Limit {number}{plan}": "It does not." for number in (1, 2, 3)},
            "disclaimer": f"Agreed to {plan}.",
        }
        for plan in ("A", "B")
    ]
    place.simulator.settings(product_content_changes=own)
    offer_by(storefront, place, "alternatives")
    card = storefront.offer.locator("[part=quote]").first
    # then two of what is covered are there, and all that limits it, its terms and its price
    for text in ("When 1A", "When 2A", "Limit 1A", "Limit 2A", "Limit 3A", "$6.66"):
        expect(card.get_by_text(text, exact=True)).to_be_visible()
    expect(card.locator("[part=disclaimer]")).to_contain_text("Agreed to A.")
    expect(card.get_by_role("link", name="Policy wording")).to_be_visible()
    folded = ("When 3A", "What 1A", "What 2A")
    for text in folded:
        expect(card.get_by_text(text, exact=True)).to_be_hidden()
    # and the rest is one key away, and says of which plan it is
    summary = card.locator("summary")
    expect(summary).to_have_text(re.compile("^More .*Ticket protection for"))
    summary.focus()
    storefront.page.keyboard.press("Enter")
    for text in folded:
        expect(card.get_by_text(text, exact=True)).to_be_visible()
    # and stays open while another is chosen
    radio(storefront, "Ticket and travel protection").check()
    expect(card.get_by_text("What 2A", exact=True)).to_be_visible()
    storefront.expect_answer(None)


def test_answers_are_of_one_size_also_while_nothing_is_chosen(two_events: Storefront) -> None:
    for width in (390, 1000):
        two_events.page.set_viewport_size({"width": width, "height": 900})
        sizes = [button.bounding_box() for button in (two_events.yes, two_events.no)]
        first, second = ((size["width"], size["height"]) for size in sizes if size)
        assert first == second
