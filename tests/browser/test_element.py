"""What a shopper can do with the element, and what a storefront hears of it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.values import COVER_SKU
from testkit.seed import SYMPHONY
from testkit.simulator import SimulatorProcess

from ..flows.holding import held_rows
from .conftest import Place, wait_for_offer
from .storefront import GRAPHQL, Storefront, cover_prices, forget, let_offers_expire, use_up_answers

PREMIUM = {"amount": "6.66", "currency": "USD"}


def test_an_offer_shows_all_the_law_wants_and_no_answer_is_chosen(storefront: Storefront) -> None:
    storefront.open()

    storefront.wait_for("offer")
    storefront.expect_answer(None)
    for part, text in {
        "heading": "Protect your tickets",
        "price": "$6.66 with tax ($3.33 per ticket)",
        "inclusions": "Your public transport to the venue breaks down or is late.",
        "benefits": "Up to the full price of your tickets.",
        "exclusions": "Events that the organiser cancels or moves.",
        "disclaimer": "I have read the policy wording",
        "wording": "Policy wording",
    }.items():
        expect(storefront.offer.locator(f"[part={part}]").first).to_contain_text(text)
    link = storefront.offer.get_by_role("link")
    expect(link).to_have_attribute("rel", "noopener")
    (quote,) = storefront.shopper.offer().quotes
    expect(link).to_have_attribute("href", quote.pds_url)
    assert storefront.events() == []


LISTS = ("inclusions", "benefits", "exclusions")


def test_every_word_of_the_insurer_is_shown_once(storefront: Storefront) -> None:
    # given an offer in which each text is another
    words = []

    def new(kind: str) -> str:
        words.append(f"{kind} {len(words)}.")
        return words[-1]

    def points(kind: str) -> list[dict[str, str]]:
        return [
            {"label": new("label"), "text": new(kind)},
            {"label": "", "text": new(kind)},
        ]

    def fill(root: dict[str, Any]) -> None:
        words.clear()
        offer = root["offer"]
        for name in (
            *("heading", "title", "subHeading", "description", "disclaimer", "priceUnit"),
            *("credibilityMessage", "acceptLabel", "declineLabel", "declineWarning"),
            "requiredMessage",
        ):
            offer[name] = new(name)
        offer["extras"] = points("extras")
        for quote in offer["quotes"]:
            for name in ("title", "description", "badge", "terms", "disclaimer"):
                quote[name] = new(name)
            quote.update({name: points(name) for name in LISTS})

    storefront.answer_with(fill)
    # when
    storefront.open()
    storefront.wait_for("offer")
    # then
    assert len(words) == 11 + 5 + 4 * 4 - 4
    shown = storefront.offer.locator("[part=box]").inner_text()
    assert {word: shown.count(word) for word in words} == dict.fromkeys(words, 1)


def test_what_the_insurer_says_twice_is_shown_once(storefront: Storefront) -> None:
    def repeat(root: dict[str, Any]) -> None:
        root["offer"].update(title="Two years", subHeading="Two years", heading="")
        root["offer"]["quotes"][0].update(title="A plan", description="A plan", terms="A plan")

    storefront.answer_with(repeat)
    storefront.open()
    storefront.wait_for("offer")

    shown = storefront.offer.locator("[part=box]").inner_text()
    assert (shown.count("Two years"), shown.count("A plan")) == (1, 1)
    expect(storefront.offer.get_by_role("heading", name="Two years")).to_be_visible()


def test_the_warning_of_a_no_is_a_sentence_and_no_second_question(
    storefront: Storefront, shopper: Shopper
) -> None:
    def warn(root: dict[str, Any]) -> None:
        root["offer"]["declineWarning"] = "You would pay yourself."

    storefront.answer_with(warn)
    storefront.open()
    warning = storefront.offer.locator("[part=warning]")
    expect(warning).to_have_text("You would pay yourself.")

    storefront.no.click()

    storefront.expect_answer("declined")
    assert shopper.offer().answer == "declined"
    weight = "(e) => getComputedStyle(e).fontWeight + getComputedStyle(e).fontSize"
    assert warning.evaluate(weight) == storefront.offer.locator("[part=disclaimer]").evaluate(
        weight
    )


def test_yes_puts_the_cover_into_the_checkout(storefront: Storefront, shopper: Shopper) -> None:
    storefront.open()

    storefront.yes.click()

    storefront.expect_answer("accepted")
    storefront.wait_for("offer")
    assert storefront.heard() == [("accepted", {"premium": PREMIUM})]
    assert cover_prices(shopper) == ["6.66"]
    assert storefront.asked == ["insuranceOffer", "insuranceAccept"]


def test_no_after_yes_takes_it_out_again(storefront: Storefront, shopper: Shopper) -> None:
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")

    storefront.no.click()

    storefront.expect_answer("declined")
    assert storefront.events() == ["accepted", "declined"]
    assert cover_prices(shopper) == []


def test_an_answer_given_before_is_there_again_after_a_reload(storefront: Storefront) -> None:
    storefront.open()
    storefront.no.click()
    storefront.expect_answer("declined")

    storefront.page.reload()

    storefront.expect_answer("declined")
    assert storefront.offer.evaluate("(element) => element.answer") == "declined"
    assert storefront.events() == []


@pytest.mark.usefixtures("no_worker")
def test_an_offer_that_ran_out_is_replaced_and_said_so(
    storefront: Storefront, shopper: Shopper, simulator: SimulatorProcess
) -> None:
    # given an offer that ran out on the screen, and a new price
    storefront.open()
    storefront.wait_for("offer")
    let_offers_expire()
    simulator.settings(rate=0.05)
    # when
    storefront.yes.click()
    # then the yes to the old price counts for nothing
    expect(storefront.notice).to_have_text(
        "The offer is no longer valid. Please look at the new offer."
    )
    expect(storefront.status).to_have_text(
        "The offer is no longer valid. Please look at the new offer."
    )
    expect(storefront.yes).to_contain_text("$10.00")
    storefront.expect_answer(None)
    assert cover_prices(shopper) == []
    assert storefront.heard() == [
        ("unavailable", {"codes": ["offer_expired"], "fields": []}),
        ("changed", {"codes": ["offer_expired"], "answer": None, "premium": None}),
    ]
    # and when the new one is accepted
    storefront.yes.click()
    storefront.expect_answer("accepted")
    expect(storefront.notice).to_be_hidden()
    assert cover_prices(shopper) == ["10.00"]


def test_a_yes_to_what_was_quoted_anew_meanwhile_counts_for_nothing(
    storefront: Storefront, shopper: Shopper, simulator: SimulatorProcess
) -> None:
    # given an offer on the screen that the worker has replaced behind it
    storefront.open()
    storefront.wait_for("offer")
    let_offers_expire()
    simulator.settings(rate=0.05)
    wait_for_offer(shopper)
    # when
    storefront.yes.click()
    # then
    expect(storefront.notice).to_have_text("The terms have changed. Please read them again.")
    expect(storefront.yes).to_contain_text("$10.00")
    storefront.expect_answer(None)
    assert cover_prices(shopper) == []
    assert storefront.heard() == [
        ("unavailable", {"codes": ["terms_changed"], "fields": []}),
        ("changed", {"codes": ["terms_changed"], "answer": None, "premium": None}),
    ]


def test_another_ticket_ends_a_yes_and_the_shopper_is_told(
    storefront: Storefront, shopper: Shopper
) -> None:
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    (tickets,) = [line for line in shopper.checkout().lines if line.sku != COVER_SKU]
    shopper.set_quantity(tickets, 3)

    storefront.refresh()

    expect(storefront.notice).to_have_text("The offer has changed. Please answer again.")
    expect(storefront.yes).to_contain_text("$9.99")
    storefront.expect_answer(None)
    assert storefront.events() == ["accepted", "changed"]
    assert storefront.heard()[1][1] == {
        "codes": ["offer_stale"],
        "answer": None,
        "premium": None,
    }


def test_another_checkout_is_another_question(
    storefront: Storefront, shopper: Shopper, place: Place
) -> None:
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    shopper.create_checkout({place.store.events[SYMPHONY]: 1})

    storefront.offer.evaluate(
        "(element, id) => element.setAttribute('checkout', id)", shopper.checkout_id
    )

    expect(storefront.yes).to_contain_text("$3.33")
    storefront.expect_answer(None)
    expect(storefront.notice).to_be_hidden()
    assert storefront.events() == ["accepted"]


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Please add: phone number."),
        ("de", "Bitte ergänzen: Telefonnummer."),
        ("fr", "Veuillez ajouter : numéro de téléphone."),
        ("ar", "أضف: رقم الهاتف."),
    ],
)
def test_a_missing_phone_is_named(
    storefront: Storefront, shopper: Shopper, locale: str, sentence: str
) -> None:
    shopper.set_billing({**NEW_YORK, "phone": ""})
    storefront.open(locale)

    storefront.yes.click()

    expect(storefront.notice).to_have_text(sentence)
    expect(storefront.status).to_have_text(sentence)
    storefront.expect_answer(None)
    assert storefront.heard() == [
        ("unavailable", {"codes": ["policyholder_incomplete"], "fields": ["phone"]})
    ]
    assert cover_prices(shopper) == []


def test_all_that_is_missing_is_named(storefront: Storefront, shopper: Shopper) -> None:
    shopper.set_billing({**NEW_YORK, "phone": "", "lastName": ""})
    storefront.open()

    storefront.yes.click()

    expect(storefront.notice).to_have_text("Please add: last name, phone number.")


def test_once_payment_has_started_a_yes_stays_and_that_is_said(
    storefront: Storefront, shopper: Shopper, place: Place
) -> None:
    # given
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    payments = PaymentApp(place.driver, place.store.payment_app_token())
    payments.authorize(shopper.checkout_id, shopper.checkout().total)
    # when
    storefront.no.click()
    # then
    expect(storefront.notice).to_contain_text("Your payment has started")
    storefront.wait_for("offer")
    expect(storefront.notice).to_contain_text("Your payment has started")
    storefront.expect_answer("accepted")
    assert storefront.events() == ["accepted", "unavailable"]
    assert cover_prices(shopper) == ["6.66"]


def test_a_yes_that_a_change_after_the_payment_left_without_cover_is_not_shown_as_bought(
    storefront: Storefront, shopper: Shopper, place: Place
) -> None:
    # given a yes that is being paid
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    payments = PaymentApp(place.driver, place.store.payment_app_token())
    payments.authorize(shopper.checkout_id, shopper.checkout().total)
    # when the tickets become others
    (line,) = shopper.checkout().ticket_lines
    shopper.set_quantity(line, line.quantity + 1)
    storefront.refresh()
    # then nothing looks bought, and it is said
    storefront.wait_for("unavailable")
    expect(storefront.offer).to_contain_text("your tickets are not protected")
    expect(storefront.offer).not_to_contain_text("answer again")  # nobody can
    assert storefront.offer.evaluate("(element) => element.answer") is None
    assert storefront.events() == ["accepted", "changed", "unavailable"]
    # when they are what they were
    shopper.set_quantity(line, line.quantity)
    storefront.refresh()
    # then it is bought again
    storefront.expect_answer("accepted")


def test_attributes_set_together_are_one_question(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")

    storefront.offer.evaluate(
        """(element) => {
            for (const [name, value] of [["locale", "de"], ["endpoint", location.origin + "/"]]) {
                element.setAttribute(name, value);
            }
        }"""
    )

    expect(storefront.offer.get_by_role("link")).to_have_text("Bedingungen")
    assert storefront.asked == ["insuranceOffer", "insuranceOffer"]


def test_an_element_taken_off_the_page_is_silent(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    late = storefront.hold_answer("insuranceOffer")
    storefront.refresh()
    late.wait_until_given()

    storefront.page.evaluate(
        "window.taken = document.querySelector('xcover-offer'); taken.remove()"
    )
    with storefront.page.expect_response(GRAPHQL):
        late.deliver()
    storefront.page.evaluate("dispatchEvent(new Event('online'))")
    storefront.page.evaluate("new Promise((done) => setTimeout(done, 200))")

    assert storefront.asked == ["insuranceOffer", "insuranceOffer"]
    assert storefront.page.evaluate("taken.getAttribute('state')") == "offer"
    assert storefront.events() == []


def test_an_outage_leaves_a_sentence_and_a_way_back(
    storefront: Storefront, simulator: SimulatorProcess
) -> None:
    simulator.fault("create_offer", "reset", times=None)
    forget()
    storefront.open()
    storefront.wait_for("failed")
    assert storefront.heard() == [("unavailable", {"codes": ["xcover_unavailable"]})]
    expect(storefront.yes).to_be_hidden()
    # when XCover is back and half a minute has passed
    simulator.clear_faults()
    forget()
    storefront.offer.get_by_role("button", name="Try again").click()
    # then
    storefront.wait_for("offer")
    assert storefront.events() == ["unavailable"]


def test_a_checkout_without_tickets_gets_no_offer(storefront: Storefront, place: Place) -> None:
    storefront.shopper.create_checkout({place.store.shirt: 1})
    storefront.open()

    storefront.wait_for("unavailable")

    expect(storefront.offer.get_by_role("button")).to_have_count(0)
    assert storefront.heard() == [("unavailable", {"codes": ["no_tickets"]})]


def test_a_late_answer_never_replaces_a_newer_one(storefront: Storefront, shopper: Shopper) -> None:
    # given an answer that is on its way for long
    storefront.open()
    storefront.wait_for("offer")
    late = storefront.hold_answer("insuranceOffer")
    storefront.refresh()
    late.wait_until_given()
    # when the tickets change and are asked for again
    (tickets,) = shopper.checkout().lines
    shopper.set_quantity(tickets, 3)
    storefront.refresh()
    expect(storefront.yes).to_contain_text("$9.99")
    with storefront.page.expect_response(GRAPHQL):
        late.deliver()
    # then the old one is not shown
    storefront.wait_for("offer")
    expect(storefront.yes).to_contain_text("$9.99")


def test_an_answer_that_was_lost_on_its_way_is_looked_up(
    storefront: Storefront, shopper: Shopper
) -> None:
    storefront.open()
    storefront.wait_for("offer")
    storefront.cut_off_after("insuranceAccept")

    storefront.yes.click()

    storefront.expect_answer("accepted")
    expect(storefront.notice).to_be_hidden()
    assert storefront.events() == ["unavailable", "changed"]
    assert storefront.asked == ["insuranceOffer", "insuranceAccept", "insuranceOffer"]
    assert cover_prices(shopper) == ["6.66"]


def test_offline_is_said_and_ends_by_itself(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    storefront.page.context.set_offline(True)
    storefront.refresh()
    storefront.wait_for("offline")
    expect(storefront.offer).to_contain_text("You are offline.")

    storefront.page.context.set_offline(False)

    storefront.wait_for("offer")


def test_a_tab_left_open_learns_what_the_other_one_said(
    tab: Callable[[], Storefront], shopper: Shopper
) -> None:
    first, second = tab(), tab()
    first.open()
    second.open()
    first.yes.click()
    first.expect_answer("accepted")
    second.expect_answer(None)
    # when the shopper comes back to it
    second.page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    # then
    second.expect_answer("accepted")
    assert second.events() == ["changed"]
    # and what it says itself counts
    second.no.click()
    second.expect_answer("declined")
    assert cover_prices(shopper) == []


def test_what_xcover_says_never_becomes_markup(storefront: Storefront) -> None:
    def poison(root: dict) -> None:
        root["offer"]["heading"] = "<img src=x onerror=alert(1)>"
        root["offer"]["acceptLabel"] = "<b>yes</b>"
        point = {"label": "<i>label</i>", "text": "<script>alert(1)</script>"}
        root["offer"]["quotes"][0]["benefits"] = [point]

    storefront.answer_with(poison)
    storefront.open()

    storefront.wait_for("offer")
    expect(storefront.offer.locator("[part=heading]")).to_have_text("<img src=x onerror=alert(1)>")
    expect(storefront.offer.locator("img, script, i")).to_have_count(0)
    expect(storefront.yes).to_contain_text("<b>yes</b>")


def test_an_offer_whose_wording_is_no_web_address_is_not_shown(storefront: Storefront) -> None:
    def poison(root: dict) -> None:
        root["offer"]["quotes"][0]["pdsUrl"] = "javascript:alert(1)"

    storefront.answer_with(poison)
    storefront.open()

    storefront.wait_for("unavailable")
    expect(storefront.offer.get_by_role("link")).to_have_count(0)


def test_the_first_look_requests_and_later_ones_only_read(
    storefront: Storefront, shopper: Shopper, simulator: SimulatorProcess
) -> None:
    storefront.open()
    storefront.wait_for("offer")
    storefront.yes.click()
    storefront.expect_answer("accepted")
    assert storefront.sent == ["insuranceOfferRequest", "insuranceAccept"]
    # when the page looks again
    with storefront.page.expect_response(GRAPHQL):
        storefront.page.evaluate(
            "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
        )
    # then it only reads
    storefront.expect_answer("accepted")
    assert storefront.sent[2:] == ["insuranceOffer"]
    # when the offer does not hold any more
    (tickets,) = shopper.checkout().ticket_lines
    shopper.set_quantity(tickets, 3)
    storefront.refresh()
    # then another one is requested
    expect(storefront.yes).to_contain_text("$9.99")
    assert (storefront.sent[3], storefront.sent[-1]) == ("insuranceOffer", "insuranceOfferRequest")
    assert len(simulator.calls("create_offer")) == 2


def test_an_offer_that_a_worker_fetched_behind_the_page_counts_as_shown_when_it_is(
    storefront: Storefront, shopper: Shopper
) -> None:
    from saleor_xcover_plugin.models import Offer

    storefront.open()
    storefront.wait_for("offer")
    Offer.objects.update(shown_at=None)

    with storefront.page.expect_response(lambda answer: 'isShown": true' in answer.text()):
        storefront.refresh()

    assert storefront.sent == ["insuranceOfferRequest", "insuranceOffer", "insuranceOfferRequest"]
    assert Offer.objects.get().shown_at is not None
    assert storefront.events() == []


def test_a_checkout_that_asked_too_often_asks_again_when_it_is_told_to(
    storefront: Storefront,
) -> None:
    # given
    refused: list[float] = []

    def refuse_once(root: dict[str, Any]) -> None:
        if not refused:
            refused.append(time.monotonic())
            root.update(offer=None, errors=[_too_many(retry_after=2)])

    storefront.answer_with(refuse_once)
    # when
    storefront.open()
    # then its room is kept, and nothing is said of it
    storefront.wait_for("offer")
    assert time.monotonic() - refused[0] >= 2
    assert storefront.asked == ["insuranceOffer"] * 2
    assert storefront.heard() == []


def test_an_answer_too_many_is_said_and_changes_nothing(
    storefront: Storefront, shopper: Shopper
) -> None:
    # given
    storefront.open()
    storefront.wait_for("offer")
    storefront.yes.click()
    storefront.expect_answer("accepted")
    # when no more answers are taken for a while
    use_up_answers()
    storefront.no.click()
    # then
    expect(storefront.notice).to_have_text("Please wait a moment, then try again.")
    storefront.expect_answer("accepted")
    assert storefront.heard()[-1] == (
        "unavailable",
        {"codes": ["too_many_requests"], "fields": []},
    )
    assert cover_prices(shopper) == ["6.66"]


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Please wait a moment, then try again."),
        ("de", "Bitte warten Sie einen Moment und versuchen Sie es erneut."),
    ],
)
def test_an_answer_to_a_busy_store_is_said_and_can_be_given_again(
    storefront: Storefront, shopper: Shopper, locale: str, sentence: str
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given
    storefront.open(locale)
    storefront.wait_for("offer")
    # when the yes meets rows that another session holds
    with held_rows(Offer):
        storefront.yes.click()
        expect(storefront.notice).to_have_text(sentence)
    # then nothing is bought or looks chosen
    assert storefront.events() == ["unavailable"]
    assert cover_prices(shopper) == []
    # and the next one is taken
    storefront.yes.click()
    storefront.expect_answer("accepted")
    assert cover_prices(shopper) == ["6.66"]


def _too_many(*, retry_after: int) -> dict[str, Any]:
    return {
        "code": "too_many_requests",
        "message": "Please wait a moment, then try again.",
        "fields": [],
        "retryAfter": retry_after,
    }
