"""Paying waits for an answer while an offer is there, and never for what has failed."""

import pytest
from playwright.sync_api import expect

from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.simulator import SimulatorProcess

from .conftest import Place
from .storefront import GRAPHQL, Storefront, cover_prices, forget

WAITS_FOR = "(element) => element.waitsFor"
UNANSWERED = "Please answer: with or without ticket protection."


@pytest.fixture
def form(storefront: Storefront) -> Storefront:
    """A checkout as a plain form, in which the offer is to be answered."""
    storefront.is_in_form = True
    storefront.attributes = 'answer-required name="protection"'
    return storefront


def await_ready(storefront: Storefront) -> None:
    """Let the page await ``ready``; ``became_ready`` reads what came of it."""
    storefront.offer.evaluate(
        """(element) => {
            window.became = [];
            element.ready.then((answer) => window.became.push(answer));
        }"""
    )


def became_ready(storefront: Storefront) -> list[str | None]:
    found: list[str | None] = storefront.page.evaluate("window.became")
    return found


def test_a_plain_form_is_sent_once_the_offer_is_answered(form: Storefront) -> None:
    form.answer_with(lambda root: root["offer"].update(requiredMessage=""))
    form.open()
    form.wait_for("offer")
    # when nothing was answered
    assert form.pay() is None
    # then that is said where the answers are, and the shopper is there
    expect(form.hint).to_have_text(UNANSWERED)
    expect(form.status).to_have_text(UNANSWERED)
    expect(form.offer).to_be_focused()
    assert form.offer.evaluate("(e) => e.validity.valueMissing && !e.checkValidity()")
    assert form.offer.evaluate("(e) => e.validationMessage") == UNANSWERED
    form.expect_answer(None)
    # and a no is as good an answer as a yes
    form.no.click()
    form.expect_answer("declined")
    assert form.pay() == [["protection", "declined"]]


@pytest.mark.parametrize("attribute", ["required", "answer-required"])
def test_either_attribute_asks_for_an_answer(storefront: Storefront, attribute: str) -> None:
    storefront.is_in_form = True
    storefront.attributes = attribute
    storefront.open()
    storefront.wait_for("offer")
    assert storefront.pay() is None

    storefront.yes.click()

    storefront.expect_answer("accepted")
    assert storefront.pay() == []  # without a name there is no value


def test_what_xcover_says_to_who_has_not_answered_comes_first(form: Storefront) -> None:
    form.answer_with(lambda root: root["offer"].update(requiredMessage="Yes or no?"))
    form.open()
    form.wait_for("offer")

    assert form.offer.evaluate("(e) => e.validationMessage") == "Yes or no?"


def test_no_answer_is_needed_where_none_is_asked_for(storefront: Storefront) -> None:
    storefront.is_in_form = True
    storefront.open()
    storefront.wait_for("offer")

    await_ready(storefront)

    assert storefront.pay() == []
    assert became_ready(storefront) == [None]


def test_an_answer_can_be_asked_for_later(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    assert storefront.offer.evaluate(WAITS_FOR) is None

    storefront.offer.evaluate("(e) => e.setAttribute('answer-required', '')")

    assert storefront.offer.evaluate(WAITS_FOR) == "answer"


def test_paying_waits_for_an_answer_under_way(form: Storefront) -> None:
    form.open()
    form.wait_for("offer")
    send = form.hold("insuranceDecline")
    form.no.click()

    await_ready(form)

    assert form.pay() is None
    assert became_ready(form) == []
    assert form.offer.evaluate(WAITS_FOR) == "pending"
    send()
    form.expect_answer("declined")
    assert became_ready(form) == ["declined"]
    assert form.pay() == [["protection", "declined"]]


def test_whoever_awaits_ready_goes_on_with_the_answer(form: Storefront) -> None:
    form.open()
    form.wait_for("offer")
    form.page.evaluate(
        "document.addEventListener('xcover:ready', ({ detail }) => { window.told = detail; })"
    )
    await_ready(form)
    assert became_ready(form) == []

    form.yes.click()
    form.expect_answer("accepted")

    assert became_ready(form) == ["accepted"]
    assert form.page.evaluate("window.told") == {"answer": "accepted"}


def test_another_offer_is_another_question(form: Storefront, shopper: Shopper) -> None:
    form.open()
    form.yes.click()
    form.expect_answer("accepted")
    (tickets,) = shopper.checkout().ticket_lines
    shopper.set_quantity(tickets, 3)

    form.refresh()

    expect(form.yes).to_contain_text("$9.99")
    assert form.pay() is None


def test_an_xcover_that_is_down_holds_up_nobody(
    form: Storefront, simulator: SimulatorProcess
) -> None:
    simulator.fault("create_offer", "reset", times=None)
    forget()
    form.open()
    form.wait_for("failed")

    await_ready(form)

    assert form.pay() == []
    assert became_ready(form) == [None]


def test_a_checkout_without_an_offer_holds_up_nobody(form: Storefront, place: Place) -> None:
    form.shopper.create_checkout({place.store.shirt: 1})
    form.open()
    form.wait_for("unavailable")

    assert form.pay() == []


def test_a_script_that_does_not_come_holds_up_nobody(form: Storefront) -> None:
    form.page.route("**/element.js", lambda route: route.abort())
    form.open()

    assert form.pay() == []
    assert form.offer.evaluate("async (e) => [await e.ready, e.waitsFor]") == [None, None]


def test_an_offer_that_takes_too_long_holds_up_nobody(form: Storefront) -> None:
    form.page.clock.install()
    form.hold("insuranceOffer")
    form.open()
    form.wait_for("loading")
    # A form is not kept at all; a page that awaits the element is, for five seconds.
    await_ready(form)
    assert form.pay() == []
    assert form.offer.evaluate(WAITS_FOR) == "loading"
    form.page.clock.run_for(2000)
    assert became_ready(form) == []

    form.page.clock.run_for(3000)

    assert became_ready(form) == [None]
    assert form.offer.evaluate(WAITS_FOR) is None


def test_an_answer_that_does_not_get_through_holds_up_nobody(form: Storefront) -> None:
    form.open()
    form.wait_for("offer")
    form.page.route(
        GRAPHQL,
        lambda route: (
            route.abort()
            if "insuranceDecline" in str(route.request.post_data)
            else route.fallback()
        ),
    )
    form.no.click()
    expect(form.notice).to_be_visible()
    form.wait_for("offer")

    assert form.pay() == []


def test_a_defect_of_the_element_holds_up_nobody(form: Storefront) -> None:
    form.answer_with(lambda root: root["offer"].update(groups=None))
    form.open()

    expect(form.offer).to_have_attribute("state", "failed")

    assert form.pay() == []
    assert len(form.failures) == 1
    form.failures.clear()


def test_a_refusal_the_shopper_can_mend_leaves_the_question_open(
    form: Storefront, shopper: Shopper
) -> None:
    shopper.set_billing({**NEW_YORK, "phone": ""})
    form.open()
    form.yes.click()
    expect(form.notice).to_have_text("Please add: phone number.")

    assert form.pay() is None

    form.no.click()
    form.expect_answer("declined")
    assert form.pay() == [["protection", "declined"]]


def test_once_payment_has_started_nobody_is_asked(
    form: Storefront, shopper: Shopper, place: Place
) -> None:
    # given a payment that began without an answer
    form.open()
    form.wait_for("offer")
    payments = PaymentApp(place.driver, place.store.payment_app_token())
    payments.authorize(shopper.checkout_id, shopper.checkout().total)
    # when no answer is taken any more
    form.yes.click()
    expect(form.notice).to_contain_text("Your payment has started")
    # then paying goes on
    form.wait_for("offer")
    assert form.pay() == []
    assert cover_prices(shopper) == []


def test_an_element_off_the_page_holds_up_nobody(form: Storefront) -> None:
    form.open()
    form.wait_for("offer")
    await_ready(form)

    form.offer.evaluate("(e) => e.remove()")

    assert became_ready(form) == [None]


def test_a_disabled_fieldset_disables_it(form: Storefront) -> None:
    form.open()
    form.wait_for("offer")
    form.offer.evaluate(
        """(element) => {
            const fieldset = document.createElement("fieldset");
            fieldset.disabled = true;
            element.replaceWith(fieldset);
            fieldset.append(element);
        }"""
    )
    form.wait_for("offer")

    assert form.offer.locator("[part=box]").evaluate("(e) => e.inert")
    assert form.pay() == []
