"""The desk as staff use it: in a frame that speaks as Saleor's dashboard does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Request, expect

from saleor_xcover_plugin.domain.states import CancellationStatus, CoverStatus
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.values import PlacedOrder, Transaction
from testkit.process import ROOT
from testkit.seed import EVENTS, SYMPHONY
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings

from . import axe
from .conftest import Place, wait_for_offer

SOON = 30_000  # ms, for what workers do
IMAGES = ROOT / "docs" / "images"

Sell = Callable[[], tuple[PlacedOrder, Transaction]]


class Desk:
    """The shop's page with the desk in a frame, and everything its scripts complained of."""

    def __init__(self, page: Page, place: Place) -> None:
        self.page = page
        self._url = place.shop_url
        self._key = place.staff_key
        self.failures: list[str] = []
        self.operations: list[str] = []
        """Names of the operations that were sent to the API, in their order."""
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.failures.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: object) -> None:
        text = str(getattr(message, "text", message))
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.failures.append(text)

    def _note_request(self, request: Request) -> None:
        if request.url.endswith("/desk/graphql"):
            self.operations += re.findall(r"^\s*(?:query|mutation) (\w+)", _query_of(request), re.M)

    def count(self, operation: str) -> int:
        """Return how many operations of this name were sent."""
        return self.operations.count(operation)

    def reach(self, wanted: Locator) -> None:
        """Press Tab until something has the focus."""
        expect(wanted).to_be_visible()
        self.page.locator("iframe").focus()
        passed = []
        for _ in range(60):
            if _is_focused(wanted):
                return
            self.page.keyboard.press("Tab")
            passed.append(self.frame.locator("body").evaluate(_FOCUSED))
        raise AssertionError(f"Tab does not lead to {wanted}, but to {passed}")

    def open(self) -> FrameLocator:
        self.page.goto(f"{self._url}/#/staff/desk?key={self._key}")
        return self.frame

    def open_order(self, order_id: str) -> FrameLocator:
        self.page.goto(f"{self._url}/#/staff/order/{order_id}?key={self._key}")
        return self.frame

    def listen(self) -> Callable[[], list[dict[str, object]]]:
        """Return what returns the actions that the desk asked the dashboard for from now on."""
        self.page.evaluate(
            """() => {
                window.told = [];
                addEventListener("message", ({ data }) => {
                    const { actionId, ...rest } = data.payload ?? {};
                    if (data.type) window.told.push({ type: data.type, ...rest });
                });
            }"""
        )
        return lambda: list(self.page.evaluate("window.told"))

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title='Ticket protection']")

    def tab(self, name: str) -> None:
        self.frame.get_by_role("link", name=name, exact=True).click()
        expect(self.frame.get_by_role("heading", level=1)).to_be_visible()

    def check(self) -> None:
        """Have axe look at the page inside the frame."""
        (inner,) = [each for each in self.page.frames if "/covergenius.xcover/desk" in each.url]
        assert axe.violations(inner) == []  # type: ignore[arg-type]


_FOCUSED = "() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`"


def _query_of(request: Request) -> str:
    return str((request.post_data_json or {}).get("query", ""))


def _is_focused(wanted: Locator) -> bool:
    return bool(wanted.evaluate("(element) => element === document.activeElement"))


@pytest.fixture
def desk(context: BrowserContext, place: Place) -> Iterator[Desk]:
    opened = Desk(context.new_page(), place)
    yield opened
    assert opened.failures == []


@pytest.fixture
def staff(place: Place) -> Staff:
    return Staff(place.driver, place.store)


@pytest.fixture
def payments(place: Place) -> PaymentApp:
    return PaymentApp(place.driver, place.store.payment_app_token())


@pytest.fixture
def sell(
    context: BrowserContext, place: Place, payments: PaymentApp, simulator: SimulatorProcess
) -> Sell:
    """Return what sells two tickets with cover and waits for the policy."""

    def sold() -> tuple[PlacedOrder, Transaction]:
        before = len(bookings(simulator))
        buyer = Shopper(place.driver, place.store.channel)
        buyer.create_checkout({place.store.events[SYMPHONY]: 2})
        wait_for_offer(buyer)
        made = buy_with_cover(buyer, payments)
        wait_until(lambda: len(bookings(simulator)) > before)
        return made

    return sold


def buy_with_cover(buyer: Shopper, payments: PaymentApp) -> tuple[PlacedOrder, Transaction]:
    """Accept the offer of the buyer's checkout, pay and complete it."""
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), payment


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON / 1000
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.fixture
def refunded(sell: Sell, staff: Staff, payments: PaymentApp) -> PlacedOrder:
    """An order whose tickets went back, but not their cover."""
    order, payment = sell()
    (line,) = order.ticket_lines
    staff.grant_refund(order.id, payment, lines={line.id: 2})
    payments.refund(payment, line.total)
    return order


def wait_until_asked(order: PlacedOrder) -> None:
    """Wait until what XCover would refund waits for a person: the desk reads its list once."""
    from saleor_xcover_plugin.models import Cancellation

    asked = Cancellation.objects.filter(cover__order_number=order.number)
    wait_until(asked.filter(status=CancellationStatus.PARKED.value).exists)


def case_of(frame: FrameLocator, order: PlacedOrder) -> Locator:
    return frame.get_by_role("article", name=re.compile(rf"order {order.number}$"))


def test_a_person_approves_a_cancellation_and_the_policy_is_cancelled(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    # given a refund that waits for a person
    wait_until_asked(refunded)
    case = desk.open().get_by_role("article", name=f"Refund to judge, order {refunded.number}")
    expect(case).to_contain_text("XCover would refund 6.66 USD to the store")
    # when the button is pressed
    case.get_by_role("button", name="Cancel the policy").click()
    # then it says what it will do, and nothing happens yet
    form = case.get_by_role("form", name="Cancel the policy")
    expect(form).to_contain_text("refunds 6.66 USD to the store. It cannot be undone.")
    assert simulator.calls("confirm_cancellation") == []
    desk.check()
    # when it is pressed again
    form.get_by_role("button", name="Cancel the policy").click()
    # then the policy is cancelled, and the page says so
    wait_until(lambda: [b["status"] for b in bookings(simulator)] == ["CANCELLED"])
    expect(case).to_contain_text("Done: it waits no longer.", timeout=SOON)
    # and the money due is the next case, and the decided one is still there
    due = desk.frame.get_by_role("article", name=f"Money due back, order {refunded.number}")
    expect(due).to_contain_text("Due back to the buyer: 6.66 USD", timeout=SOON)
    expect(case).to_be_visible()


def test_an_approval_that_xcover_refuses_is_not_called_done(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    wait_until_asked(refunded)
    simulator.fault("confirm_cancellation", "status", status=422)
    case = case_of(desk.open(), refunded)
    case.get_by_role("button", name="Cancel the policy").click()

    case.get_by_role("form").get_by_role("button", name="Cancel the policy").click()

    expect(case).to_contain_text("XCover did not cancel the policy", timeout=SOON)
    expect(case).to_contain_text("Sent. This is how it stands now.")
    expect(case).not_to_contain_text("Done")
    assert len(simulator.calls("confirm_cancellation")) == 1


def test_a_policy_that_is_refused_again_waits_again(
    desk: Desk, place: Place, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given an order whose policy XCover refused
    simulator.fault("confirm", "status", times=2, status=422)
    buyer = Shopper(place.driver, place.store.channel)
    buyer.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(buyer)
    order, _ = buy_with_cover(buyer, payments)
    refused = Cover.objects.filter(order_number=order.number, status=CoverStatus.PARKED.value)
    wait_until(refused.exists)
    case = case_of(desk.open(), order)
    # when a person has it tried again, and XCover refuses it again
    case.get_by_role("button", name="Try again").click()
    case.get_by_role("form").get_by_role("button", name="Try again").click()
    wait_until(lambda: len(simulator.calls("confirm")) == 2)
    # then it waits, and can be tried again
    expect(case).to_contain_text("Sent. This is how it stands now.", timeout=SOON)
    expect(case).not_to_contain_text("Done")
    case.get_by_role("button", name="Try again").click()
    case.get_by_role("form").get_by_role("button", name="Try again").click()
    # and once XCover made the policy, it is done
    expect(case).to_contain_text("Done: it waits no longer.", timeout=SOON)
    assert len(bookings(simulator)) == 1


def test_the_same_by_keyboard_alone(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    wait_until_asked(refunded)
    case = case_of(desk.open(), refunded)
    button = case.get_by_role("button", name="Keep the policy")
    keys = desk.page.keyboard
    # when the button is pressed, and then "Back"
    desk.reach(button)
    keys.press("Enter")
    form = case.get_by_role("form", name="Keep the policy")
    expect(form).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    expect(form.get_by_role("button", name="Back")).to_be_focused()
    keys.press("Enter")
    # then the button has the focus again, and nothing was done
    expect(button).to_be_focused()
    assert desk.count("Keep") == 0
    # when it is done
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    # then the outcome has the focus
    outcome = case.get_by_text("Done: it waits no longer.")
    expect(outcome.locator("..")).to_be_focused(timeout=SOON)
    assert desk.count("Keep") == 1
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_the_second_of_two_people_is_told(
    desk: Desk,
    context: BrowserContext,
    place: Place,
    refunded: PlacedOrder,
    simulator: SimulatorProcess,
) -> None:
    wait_until_asked(refunded)
    other = Desk(context.new_page(), place)
    mine, theirs = case_of(desk.open(), refunded), case_of(other.open(), refunded)
    for case in (mine, theirs):
        case.get_by_role("button", name="Keep the policy").click()

    mine.get_by_role("form").get_by_role("button", name="Keep the policy").click()
    expect(mine).to_contain_text("Done", timeout=SOON)
    theirs.get_by_role("form").get_by_role("button", name="Keep the policy").click()

    expect(theirs.get_by_role("alert")).to_contain_text("Nothing waits for a decision")


def test_what_became_of_a_case_is_looked_at_for_a_minute_while_the_page_is_seen(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    # given a case that waits on after it was acted on
    wait_until_asked(refunded)
    desk.page.clock.install()
    case = case_of(desk.open(), refunded)
    case.get_by_role("button", name="Ask XCover again").click()
    case.get_by_role("form").get_by_role("button", name="Ask XCover again").click()
    expect(case).to_contain_text("Sent. This is how it stands now.", timeout=SOON)
    # when the page is hidden, then nothing is asked
    _show(desk, "hidden")
    desk.page.wait_for_timeout(1_000)  # for what was asked before
    asked = desk.count("Case")
    desk.page.clock.run_for(10_000)
    assert desk.count("Case") == asked
    # when it is seen again, then it looks on
    _show(desk, "visible")
    desk.page.clock.run_for(2_000)
    wait_until(lambda: desk.count("Case") > asked)
    # when the minute is over, then a person has to look
    again = case.get_by_role("button", name="Look again")
    expect(again).to_have_count(0)
    desk.page.clock.run_for(60_000)
    expect(again).to_be_visible()
    desk.page.wait_for_timeout(1_000)
    asked = desk.count("Case")
    desk.page.clock.run_for(20_000)
    assert desk.count("Case") == asked
    again.click()
    wait_until(lambda: desk.count("Case") > asked)
    expect(again).to_have_count(0)
    expect(case.get_by_text("Sent. This is how it stands now.").locator("..")).to_be_focused()


def _show(desk: Desk, state: str) -> None:
    """Let the desk believe that its tab was hidden or is seen again."""
    desk.frame.locator("body").evaluate(
        """(_, state) => {
            Object.defineProperty(document, "visibilityState", {
                configurable: true, get: () => state,
            });
            document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        }""",
        state,
    )


def test_beside_an_order_a_decided_case_stays_with_its_outcome(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    wait_until_asked(refunded)
    widget = desk.open_order(refunded.id)
    case = case_of(widget, refunded)
    case.get_by_role("button", name="Keep the policy").click()

    case.get_by_role("form").get_by_role("button", name="Keep the policy").click()

    # then it is there once, although the order was read again and has no case any more
    expect(widget.get_by_text("Staff decided to keep the policy.")).to_be_visible(timeout=SOON)
    expect(case).to_have_count(1)
    expect(case).to_contain_text("Done: it waits no longer.")
    expect(case.get_by_role("button", name="Keep the policy")).to_have_count(0)
    # and it is gone once the page is opened anew
    desk.page.reload()
    expect(widget.get_by_text("Staff decided to keep the policy.")).to_be_visible(timeout=SOON)
    expect(case).to_have_count(0)


def test_beside_an_order_everything_is_read_again_after_an_approval(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess
) -> None:
    wait_until_asked(refunded)
    widget = desk.open_order(refunded.id)
    case = widget.get_by_role("article", name=f"Refund to judge, order {refunded.number}")
    expect(widget.get_by_text("Refundable until")).to_be_visible(timeout=SOON)
    # it is the order that is open already
    expect(case).to_contain_text(f"Order {refunded.number}")
    expect(case.get_by_role("button", name=f"Order {refunded.number}")).to_have_count(0)
    told = desk.listen()
    case.get_by_role("button", name="Cancel the policy").click()

    case.get_by_role("form").get_by_role("button", name="Cancel the policy").click()

    # then heading and cases agree, and nothing can be refunded any more
    due = widget.get_by_role("article", name=f"Money due back, order {refunded.number}")
    expect(due).to_be_visible(timeout=SOON)
    assert widget.get_by_role("heading", level=1).inner_text() == "The policy was cancelled"
    expect(widget.get_by_text("Refundable until")).to_have_count(0)
    expect(case).to_contain_text("Done: it waits no longer.", timeout=SOON)
    # and the page around it is told
    wait_until(lambda: {"type": "refreshEntity"} in told())


def test_an_order_that_staff_may_not_see_is_a_sentence_and_no_alarm(desk: Desk) -> None:
    widget = desk.open_order("00000000-0000-4000-8000-000000000000")

    sentence = widget.get_by_text("There is no such order in the channels you may manage.")
    expect(sentence).to_be_visible(timeout=SOON)
    expect(widget.get_by_role("alert")).to_have_count(0)
    expect(widget.get_by_role("button")).to_have_count(0)
    assert desk.count("Order") == 1
    desk.check()


def test_the_wording_is_opened_by_the_dashboard(desk: Desk, sell: Sell) -> None:
    """In a tab that a sandboxed frame opens, Chromium shows no PDF."""
    order, _ = sell()
    link = desk.open_order(order.id).get_by_role("link", name="Policy wording")
    expect(link).to_be_visible(timeout=SOON)
    address = link.get_attribute("href")
    told = desk.listen()

    with desk.page.context.expect_page():
        link.press("Enter")

    assert {"type": "redirect", "to": address, "newContext": True} in told()


def test_in_a_narrow_widget_nothing_overflows(desk: Desk, sell: Sell) -> None:
    order, _ = sell()
    widget = desk.open_order(order.id)
    button = widget.get_by_role("button", name="What would cancelling refund?")
    expect(button).to_be_visible(timeout=SOON)

    desk.page.locator("iframe").evaluate("(frame) => { frame.style.width = '200px'; }")

    assert button.evaluate("(e) => e.scrollWidth <= e.clientWidth && e.offsetWidth <= 200")
    assert button.evaluate("(e) => e.scrollHeight <= e.clientHeight")
    assert widget.locator("html").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    # a time stands closer to its text than to the step before
    step = widget.locator(".desk-timeline li").first
    gap, around = step.evaluate(
        """(e) => {
            const [time, text] = [...e.children].map((child) => child.getBoundingClientRect());
            return [text.top - time.bottom, time.top - e.getBoundingClientRect().top];
        }"""
    )
    assert gap < around


def test_xcover_is_asked_what_cancelling_would_refund_after_a_second_press(
    desk: Desk, sell: Sell, simulator: SimulatorProcess
) -> None:
    # given a policy, and a person at a keyboard
    order, _ = sell()
    widget = desk.open_order(order.id)
    button = widget.get_by_role("button", name="What would cancelling refund?")
    question = widget.get_by_role("group", name="What would cancelling refund?")
    keys = desk.page.keyboard
    # when the button is pressed, then it says what it will do
    desk.reach(button)
    keys.press("Enter")
    expect(question).to_be_focused()
    expect(question).to_have_accessible_description(
        "XCover is asked what cancelling the policy would refund. Nothing is cancelled, but the "
        "answer waits for a decision."
    )
    desk.check()
    # when it is left again, then nothing was asked
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(button).to_be_focused()
    assert desk.count("Ask") == 0
    # when yes is said, then XCover is asked, and the state of the policy has the focus
    keys.press("Enter")
    keys.press("Tab")
    expect(question.get_by_role("button", name="Yes, ask XCover")).to_be_focused()
    keys.press("Enter")
    expect(widget.get_by_role("heading", level=1)).to_be_focused(timeout=SOON)
    assert desk.count("Ask") == 1
    wait_until(lambda: len(simulator.calls("cancel")) == 1)
    expect(case_of(widget, order)).to_contain_text(
        "XCover would refund 6.66 USD to the store", timeout=SOON
    )
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_a_claim_is_chosen_first_and_noted_by_a_button(desk: Desk, sell: Sell) -> None:
    order, _ = sell()
    widget = desk.open_order(order.id)
    claim = widget.get_by_label("Insurance claim")
    note = widget.get_by_role("button", name="Note claim")
    expect(note).to_be_disabled(timeout=SOON)
    keys = desk.page.keyboard
    # when a person goes through the values by keyboard, then none is stored
    desk.reach(claim)
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(claim).to_have_value("OPEN")
    keys.press("Tab")
    expect(note).to_be_focused()
    assert desk.count("SetClaim") == 0
    # when the button is pressed, then one is, and it is said
    keys.press("Enter")
    said = widget.get_by_text("Noted: a claim is open.")
    expect(said).to_be_visible(timeout=SOON)
    expect(said).to_have_attribute("aria-live", "polite")
    expect(note).to_be_disabled()
    expect(claim).to_be_focused()
    assert desk.count("SetClaim") == 1
    desk.check()
    desk.page.reload()
    expect(claim).to_have_value("OPEN", timeout=SOON)


def test_beside_an_order_stand_its_policy_and_what_the_buyer_saw(
    desk: Desk, sell: Sell, simulator: SimulatorProcess
) -> None:
    order, _ = sell()
    (booking,) = bookings(simulator)

    widget = desk.open_order(order.id)

    expect(widget.get_by_role("heading", name="Insured", exact=True)).to_be_visible(timeout=SOON)
    expect(widget.locator("body")).to_contain_text(booking["id"])
    expect(widget.locator("body")).to_contain_text("of which tax 0.71 USD")
    expect(widget.get_by_role("link", name="Policy wording")).to_have_attribute(
        "href", re.compile("^http")
    )
    expect(widget.get_by_role("heading", name="What the buyer saw and said")).to_be_visible()
    expect(widget.locator("body")).to_contain_text("accepted at 6.66 USD")
    height = desk.page.locator("iframe").evaluate("(e) => e.getBoundingClientRect().height")
    inner = widget.locator("#macaw-ui-root").evaluate("(e) => e.getBoundingClientRect().height")
    assert height >= inner
    desk.check()


def choose_event(desk: Desk) -> FrameLocator:
    """Open the page of events and choose the performance that was sold."""
    frame = desk.open()
    desk.tab("Events")
    frame.get_by_label("Name, slug or SKU").fill("symphony")
    frame.get_by_role("button", name="Search").click()
    frame.get_by_role("button", name=SYMPHONY).click()
    frame.get_by_role("checkbox", name=re.compile(SYMPHONY)).click()
    return frame


def test_a_cancelled_event_is_taken_back_after_a_second_press(
    desk: Desk, sell: Sell, simulator: SimulatorProcess
) -> None:
    # given an event that was said to be cancelled, and a person at a keyboard
    sell()
    frame = choose_event(desk)
    frame.get_by_label("Type 1 to confirm").fill("1")
    frame.get_by_role("button", name="Begin").click()
    expect(frame.locator("body")).to_contain_text("XCover would refund the store", timeout=SOON)
    button = frame.get_by_role("button", name="Take it back")
    question = frame.get_by_role("group", name="Take it back")
    keys = desk.page.keyboard
    # when the button is pressed, then it says what it will do
    desk.reach(button)
    keys.press("Enter")
    expect(question).to_be_focused()
    expect(question).to_contain_text("No policy is cancelled.")
    desk.check()
    # when it is left again, then nothing was done
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(button).to_be_focused()
    assert desk.count("WithdrawRun") == 0
    # when yes is said, then it is taken back, and its state has the focus
    keys.press("Enter")
    question.get_by_role("button", name="Yes, take it back").press("Enter")
    state = frame.get_by_text("Taken back: no policy was cancelled.")
    expect(state).to_be_focused(timeout=SOON)
    assert desk.count("WithdrawRun") == 1
    assert simulator.calls("confirm_cancellation") == []


def test_what_was_begun_is_closed_and_opened_by_its_button(desk: Desk, sell: Sell) -> None:
    # given an event that was said to be cancelled: what was begun is open
    sell()
    frame = choose_event(desk)
    frame.get_by_label("Type 1 to confirm").fill("1")
    frame.get_by_role("button", name="Begin").click()
    withdrawal = frame.get_by_role("button", name="Take it back")
    expect(withdrawal).to_be_visible(timeout=SOON)
    run = frame.get_by_role("button", name=re.compile(rf": .*{SYMPHONY}"))
    expect(run).to_have_attribute("aria-expanded", "true")
    # when its button is pressed, then it is closed
    desk.reach(run)
    desk.page.keyboard.press("Enter")
    expect(run).to_have_attribute("aria-expanded", "false")
    expect(withdrawal).to_have_count(0)
    expect(run).to_be_focused()
    # when it is pressed again, then it is open
    desk.page.keyboard.press("Enter")
    expect(run).to_have_attribute("aria-expanded", "true")
    expect(withdrawal).to_be_visible()


def test_a_case_names_the_run_it_belongs_to(
    desk: Desk, sell: Sell, simulator: SimulatorProcess
) -> None:
    # given an event that was said to be cancelled
    order, _ = sell()
    frame = choose_event(desk)
    frame.get_by_label("Type 1 to confirm").fill("1")
    frame.get_by_role("button", name="Begin").click()
    expect(frame.get_by_label("Type 1 to cancel them")).to_be_visible(timeout=SOON)
    # then the case of its policy leads to it
    desk.tab("Needs a person")
    case = case_of(frame, order)
    belongs = re.compile(
        rf"Belongs to the cancelled event .*{SYMPHONY}.*: approve it with the others under Events\."
    )
    expect(case).to_contain_text(belongs, timeout=SOON)
    desk.check()
    case.get_by_role("link", name="Events").click()
    expect(frame.get_by_role("heading", name="Events", level=1)).to_be_visible()
    # and beside the order, where there is no such page, it is only said
    case = case_of(desk.open_order(order.id), order)
    expect(case).to_contain_text(belongs, timeout=SOON)
    expect(case.get_by_role("link")).to_have_count(0)


def test_the_open_page_stays_open_when_the_dashboard_is_loaded_again(desk: Desk) -> None:
    frame = desk.open()
    last = frame.get_by_role("link", name="Payload", exact=True)
    expect(last).to_be_visible()
    place_before = last.bounding_box()

    desk.tab("Sales")

    expect(frame.get_by_role("heading", name="Sales", level=1)).to_be_visible()
    assert last.bounding_box() == place_before  # no tab moves when another becomes bold
    desk.page.reload()
    expect(desk.frame.get_by_role("heading", name="Sales", level=1)).to_be_visible()
    desk.tab("Needs a person")
    desk.page.reload()
    expect(desk.frame.get_by_role("heading", name="Needs a person", level=1)).to_be_visible()


def test_the_new_start_of_a_moved_event_names_the_time_zone(desk: Desk, sell: Sell) -> None:
    sell()
    frame = choose_event(desk)
    zone = frame.locator("body").evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")

    frame.get_by_role("radio", name="It was moved").click()

    expect(frame.get_by_label(f"New start (in your time zone: {zone})")).to_be_visible()


def test_a_page_whose_file_is_gone_says_so_and_can_be_loaded_again(desk: Desk) -> None:
    # given a store that was upgraded while the desk is open
    frame = desk.open()
    expect(frame.get_by_role("heading", name="Needs a person")).to_be_visible()
    gone = re.compile(r"/assets/Sales-[\w-]+\.js$")
    desk.page.route(gone, lambda route: route.fulfill(status=404))
    # when another page is opened
    frame.get_by_role("link", name="Sales", exact=True).click()
    # then it is said, and the other pages are there
    expect(frame.get_by_role("alert")).to_contain_text("This page could not be loaded.")
    desk.check()
    desk.tab("Health")
    expect(frame.get_by_role("alert")).to_have_count(0)
    # when it is loaded again, then it is there
    frame.get_by_role("link", name="Sales", exact=True).click()
    desk.page.unroute(gone)
    frame.get_by_role("button", name="Load again").click()
    expect(frame.get_by_role("heading", name="Sales")).to_be_visible(timeout=SOON)


def test_a_cancelled_event_goes_on_while_the_page_is_closed(
    desk: Desk, context: BrowserContext, place: Place, sell: Sell, simulator: SimulatorProcess
) -> None:
    # given two policies of one event
    for _ in range(2):
        sell()
    # when a person says that it was cancelled
    frame = choose_event(desk)
    begin = frame.get_by_role("button", name="Begin")
    expect(begin).to_be_disabled()
    frame.get_by_label("Type 2 to confirm").fill("2")
    desk.check()
    begin.click()
    # then XCover is asked, and nothing is cancelled
    expect(frame.locator("body")).to_contain_text("XCover would refund 13.32 USD", timeout=SOON)
    assert simulator.calls("confirm_cancellation") == []
    desk.check()
    # when the sum is approved and the page is closed at once
    frame.get_by_label("Type 2 to cancel them").fill("2")
    frame.get_by_role("button", name="Cancel the policies").click()
    expect(frame.get_by_label("Type 2 to cancel them")).to_have_count(0, timeout=SOON)
    desk.page.close()
    # then the policies are cancelled all the same, and another page shows it
    wait_until(lambda: {b["status"] for b in bookings(simulator)} == {"CANCELLED"})
    again = Desk(context.new_page(), place)
    frame = again.open()
    again.tab("Events")
    expect(frame.locator("body")).to_contain_text("cancelled", timeout=SOON)
    expect(frame.locator("body")).to_contain_text("Done.", timeout=SOON)
    assert again.failures == []


def test_a_policy_of_two_chosen_performances_counts_once(
    desk: Desk, place: Place, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    # given one policy for two performances of an event
    event = EVENTS[1]
    buyer = Shopper(place.driver, place.store.channel)
    second = place.store.add_performance(event, days_later=7)
    buyer.create_checkout({place.store.events[event.name]: 1, second: 1})
    wait_for_offer(buyer)
    buy_with_cover(buyer, payments)
    wait_until(lambda: len(bookings(simulator)) == 1)
    # when a person chooses both
    frame = desk.open()
    desk.tab("Events")
    frame.get_by_label("Name, slug or SKU").fill(event.name)
    frame.get_by_role("button", name="Search").click()
    frame.get_by_role("button", name=event.name).click()
    performances = frame.get_by_role("checkbox", name=re.compile(event.name))
    expect(performances).to_have_count(2)
    for each in performances.all():
        each.click()
    # then one policy is to be typed, and the run begins
    expect(
        frame.get_by_role("row", name=re.compile(r"^In force; XCover was not asked 1 \u2013$"))
    ).to_be_visible()
    frame.get_by_label("Type 1 to confirm").fill("1")
    desk.check()
    frame.get_by_role("button", name="Begin").click()
    expect(frame.get_by_label("Type 1 to cancel them")).to_be_visible(timeout=SOON)


def test_sales_are_plotted_and_kept_as_a_file_and_the_period_is_remembered(
    desk: Desk, sell: Sell, tmp_path: Path
) -> None:
    sell()
    frame = desk.open()
    desk.tab("Sales")
    expect(frame.locator("canvas").first).to_be_visible()
    protected = frame.get_by_text(re.compile(r"^\d+ of \d+, attach rate 100\.0 %$"))
    sold = int(protected.inner_text().split()[0])
    desk.check()
    # when another order is protected, it counts one more
    sell()
    desk.page.reload()
    desk.tab("Sales")
    expect(protected).to_have_text(f"{sold + 1} of {sold + 1}, attach rate 100.0 %")
    with desk.page.expect_download() as download:
        frame.get_by_role("button", name="Download CSV").click()
    path = tmp_path / "sales.csv"
    download.value.save_as(path)
    heading, row = path.read_text().splitlines()
    assert heading.startswith("day,channel,currency,shown")
    assert ",tickets,USD," in row
    # when another first day is chosen and the page is opened again
    frame.get_by_label("First day").fill("2026-01-05")
    desk.page.reload()
    desk.tab("Sales")
    # then it is still chosen
    expect(desk.frame.get_by_label("First day")).to_have_value("2026-01-05")


def test_health_and_payload_are_pages_of_it(desk: Desk) -> None:
    frame = desk.open()
    desk.tab("Health")
    expect(frame.get_by_role("heading", name="Alarms")).to_be_visible()
    expect(frame.locator("body")).to_contain_text("credentials")
    desk.check()
    desk.tab("Payload")
    frame.get_by_label("Which one").fill("example-symphony")
    frame.get_by_role("button", name="Show").click()
    expect(frame.locator("pre").first).to_contain_text('"context"')
    desk.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_passes_axe_in_both_themes_and_at_twice_the_size(
    desk: Desk, refunded: PlacedOrder, simulator: SimulatorProcess, theme: str
) -> None:
    wait_until_asked(refunded)
    desk.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    desk.page.set_viewport_size({"width": 640, "height": 700})  # 1280 at 200 %
    frame = desk.open()
    expect(case_of(frame, refunded)).to_be_visible()
    for name in ("Needs a person", "Events", "Sales", "Health", "Payload"):
        desk.tab(name)
        desk.check()
        root = frame.locator("html")
        assert root.evaluate("(e) => e.scrollWidth <= e.clientWidth"), name
    back = frame.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (theme == "light")
    assert root.evaluate("(e) => getComputedStyle(e).colorScheme") == theme


def test_a_dark_page_is_dark_before_its_scripts_run(desk: Desk) -> None:
    desk.page.emulate_media(color_scheme="dark")
    desk.page.route(re.compile(r"/desk/assets/.*\.js$"), lambda route: route.abort())

    body = desk.open().locator("body")

    expect(body).to_have_css("background-color", "rgb(38, 40, 54)")


def test_a_forged_token_shows_a_sentence_and_nothing_else(desk: Desk) -> None:
    desk.page.route(
        "**/api/staff/desk",
        lambda route: route.fulfill(
            json={
                "id": "QXBwOjE=",
                "token": "e30.e30.x",
                "path": "/plugins/covergenius.xcover/desk/",
            }
        ),
    )

    frame = desk.open()

    expect(frame.get_by_role("alert").first).to_contain_text("the sign-in has ended")
    expect(frame.get_by_role("article")).to_have_count(0)


def test_outside_of_a_dashboard_the_page_says_where_to_open_it(desk: Desk, place: Place) -> None:
    desk.page.goto(f"{place.shop_url}/plugins/covergenius.xcover/desk/")

    expect(desk.page.locator("body")).to_contain_text(
        "Open this page from the Saleor dashboard: Fulfillment, then Ticket protection."
    )


def test_a_widget_that_a_dashboard_opens_by_post_works_without_messages(
    desk: Desk, context: BrowserContext, place: Place, sell: Sell
) -> None:
    order, _ = sell()
    keys = {"x-staff-key": place.staff_key}
    token = context.request.get(f"{place.shop_url}/api/staff/desk", headers=keys).json()["token"]
    fields = {"accessToken": token, "orderId": order.id, "saleorApiUrl": "http://localhost/"}
    inputs = "".join(f'<input name="{name}" value="{text}">' for name, text in fields.items())
    address = f"{place.stack.host_url}/plugins/covergenius.xcover/desk/order"

    desk.page.set_content(f'<form method="post" action="{address}">{inputs}<button>Open</button>')
    desk.page.get_by_role("button", name="Open").click()

    expect(desk.page.get_by_role("heading", name="Insured", exact=True)).to_be_visible(timeout=SOON)
    assert token not in desk.page.url


@pytest.mark.picture
def test_pictures_for_the_documentation(
    desk: Desk,
    sell: Sell,
    refunded: PlacedOrder,
    simulator: SimulatorProcess,
) -> None:
    wait_until_asked(refunded)
    order, _ = sell()
    frame = desk.open()
    case_of(frame, refunded).get_by_role("button", name="Cancel the policy").click()
    _take(desk, "desk-cases")
    desk.tab("Sales")
    expect(frame.locator("canvas").first).to_be_visible()
    _take(desk, "desk-sales")
    choose_event(desk)
    _take(desk, "desk-events")
    widget = desk.open_order(order.id)
    expect(widget.get_by_role("heading", name="Insured", exact=True)).to_be_visible(timeout=SOON)
    _take(desk, "desk-order")


def _take(desk: Desk, name: str) -> None:
    desk.page.wait_for_timeout(700)  # plots and fonts
    desk.page.locator("iframe").screenshot(path=IMAGES / f"{name}.png")
