"""Whatever XCover does, tickets sell at the right price and nothing is lost."""

import time
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.reasons import NOTHING_BOUGHT
from testkit.client.driver import Refused
from testkit.steps import PREMIUM

from .waits import let_waits_pass

ANSWERS_IN = Decimal(3)
"""Seconds an offer request may take while XCover is dead or dripping (docs/performance.md)."""

FAULTS = [
    ("dead", "reset", {}),
    ("silent", "hang", {}),
    ("slow", "delay", {"seconds": 6}),
    ("dripping", "drip", {}),
    ("talking HTML", "html", {}),
    ("talking HTML with 200", "html_ok", {}),
    ("broken", "status", {"status": 500}),
    ("throttling", "status", {"status": 429, "retry_after": 1}),
]
LONG_WAITS = {"hang", "delay", "drip"}


def faults(*, with_long_waits: bool):
    """Parametrize over what XCover may do to a call."""
    chosen = [row for row in FAULTS if with_long_waits or row[1] not in LONG_WAITS]
    return pytest.mark.parametrize(
        ("kind", "parameters"), [pytest.param(kind, given, id=name) for name, kind, given in chosen]
    )


def insured(shopper, store):
    """Accept an offer for two tickets of 100.00."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    return ada


@faults(with_long_waits=True)
def test_tickets_sell_without_an_offer(store, shopper, simulator, kind, parameters):
    # given
    simulator.fault("create_offer", kind, times=1, **parameters)
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})

    # when
    started = time.monotonic()
    with pytest.raises(Refused) as caught:
        ada.offer()
    took = Decimal(time.monotonic() - started)

    # then: a clear code in time, and the second page view does not ask XCover again
    assert caught.value.codes == ("xcover_unavailable",)
    assert took < ANSWERS_IN
    with pytest.raises(Refused):
        ada.offer()
    assert ada.complete().total == Decimal("200.00")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("errors_in_2xx", "product_failed"),
        ("null_product", "product_failed"),
        ("missing_content", "xcover_unavailable"),
        ("malformed", "xcover_unavailable"),
    ],
)
def test_an_offer_that_may_not_be_shown_is_no_offer(store, shopper, simulator, kind, code):
    simulator.fault("create_offer", kind, times=1)
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})

    with pytest.raises(Refused) as caught:
        ada.offer()

    assert caught.value.codes == (code,)
    assert ada.complete().total == Decimal("200.00")


@faults(with_long_waits=False)
def test_a_paid_cover_is_confirmed_once_after_the_fault(
    store, shopper, staff, work, simulator, kind, parameters
):
    # given a paid order while XCover is in trouble
    ada = insured(shopper, store)
    order = ada.complete()
    assert order.total == Decimal("206.66")
    simulator.fault("confirm", kind, times=1, **parameters)
    staff.mark_as_paid(order.id)

    # when the first attempt fails
    work()
    assert simulator.state()["bookings"] == []
    assert ada.cover().status == "confirming"
    let_waits_pass()
    work()

    # then there is one policy, sent with one key
    assert [b["status"] for b in simulator.state()["bookings"]] == ["CONFIRMED"]
    keys = {call["idempotency_key"] for call in simulator.calls("confirm")}
    assert len(keys) == 1
    assert ada.cover().status == "confirmed"
    assert ada.cover().amount_due_back == 0


def test_a_lost_answer_does_not_make_a_second_policy(store, shopper, staff, work, simulator):
    # given XCover books and the answer never arrives
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "reset_after", times=1)
    staff.mark_as_paid(order.id)
    work()
    assert ada.cover().status == "confirming"

    # when the same key is asked again
    let_waits_pass()
    work()

    # then the stored booking is adopted
    (booking,) = simulator.state()["bookings"]
    assert ada.cover().policy_number == booking["id"]
    assert [call["status"] for call in simulator.calls("confirm")][-1] == 409


@pytest.fixture
def impatient(monkeypatch):
    """Shorten the background deadlines, which are 10 to 15 seconds, so that tests need not wait."""
    for module in ("confirm", "cancel", "opt_out"):
        monkeypatch.setattr(f"saleor_xcover_plugin.policies.{module}.DEADLINE_SECONDS", 0.7)


def strike(simulator, operation, kind):
    """Let one call of an operation go wrong; a delay is longer than the impatient wait."""
    simulator.fault(operation, kind, times=1, **({"seconds": 3} if kind == "delay" else {}))


def keep_trying(store, work):
    """Work until nothing is pending; XCover answers 423 while the first call still runs."""
    from saleor_xcover_plugin.models import OutboxMessage

    for _ in range(12):
        let_waits_pass()
        work()
        if not OutboxMessage.objects.filter(status="pending").exists():
            return
        time.sleep(0.4)
    raise AssertionError("messages are still pending")


BACKGROUND_FAULTS = ["reset", "reset_after", "html", "html_ok", "malformed", *sorted(LONG_WAITS)]


@pytest.mark.parametrize("kind", sorted(LONG_WAITS))
def test_a_confirmation_that_takes_too_long_is_cut_off_and_sent_again(
    store, shopper, staff, work, simulator, kind, impatient
):
    ada = insured(shopper, store)
    order = ada.complete()
    strike(simulator, "confirm", kind)
    staff.mark_as_paid(order.id)

    started = time.monotonic()
    work()
    assert time.monotonic() - started < 5
    assert ada.cover().status == "confirming"
    keep_trying(store, work)

    assert len(simulator.state()["bookings"]) == 1
    assert ada.cover().status == "confirmed"


def test_a_booking_at_another_price_is_kept_and_shown_to_staff(
    store, shopper, staff, work, simulator
):
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "price_drift", times=1)
    staff.mark_as_paid(order.id)

    work()
    let_waits_pass()
    work()

    assert len(simulator.calls("confirm")) == 1
    assert ada.cover().status == "parked"
    (booking,) = simulator.state()["bookings"]
    assert staff.order(order.id).has_note(booking["id"], "differs from what was sold")


@pytest.mark.parametrize("kind", BACKGROUND_FAULTS)
def test_a_cancellation_survives_the_fault_at_every_step(
    store, shopper, staff, payments, work, simulator, kind, impatient
):
    # given a confirmed cover, refunded while XCover is in trouble
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    transaction = payments.charge(ada.checkout_id, Decimal("206.66"))
    order = ada.complete()
    work()
    strike(simulator, "cancel", kind)
    strike(simulator, "confirm_cancellation", kind)
    payments.refund(transaction, Decimal("206.66"))

    # when every step is tried again
    keep_trying(store, work)

    # then the policy is cancelled once, and staff know
    assert ada.cover().status == "cancelled"
    (booking,) = simulator.state()["bookings"]
    assert booking["status"] == "CANCELLED"
    notes = [n for n in staff.order(order.id).notes if "cancelled, XCover refunds" in n]
    assert len(notes) == 1
    for operation in ("cancel", "confirm_cancellation"):
        assert len({call["idempotency_key"] for call in simulator.calls(operation)}) == 1


@pytest.mark.parametrize("kind", [k for k in BACKGROUND_FAULTS if k != "malformed"])
def test_an_opt_out_is_told_once_after_the_fault(store, shopper, work, simulator, kind, impatient):
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.offer()
    ada.complete()
    strike(simulator, "opt_out", kind)

    keep_trying(store, work)
    work()

    assert len(simulator.state()["opt_outs"]) == 1
    assert len({call["idempotency_key"] for call in simulator.calls("opt_out")}) == 1


@faults(with_long_waits=True)
def test_settings_are_not_saved_on_the_word_of_a_broken_xcover(
    store, staff, simulator, kind, parameters
):
    simulator.fault("get_booking", kind, times=1, **parameters)

    with pytest.raises(Refused) as caught:
        staff.configure_plugin(store.usd, {"api_key": "demo-key ", "api_secret": "other"})

    assert caught.value.codes == ("plugin_misconfigured",)
    assert "Nothing was saved" in str(caught.value)
    staff.configure_plugin(store.usd, {"api_key": "demo-key", "api_secret": "demo-secret-0001"})


def test_credentials_refused_at_confirmation_wait_for_working_ones(
    store, shopper, staff, work, simulator
):
    # given the store's secret is changed at XCover while an order is paid
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=403)
    staff.mark_as_paid(order.id)
    work()
    work()
    assert len(simulator.calls("confirm")) == 1  # nobody hammers XCover

    # when working credentials are saved
    staff.configure_plugin(store.usd_unpaid, {"partner_code": "ABCDE"})
    work()

    # then the waiting cover is confirmed
    assert ada.cover().status == "confirmed"
    assert len(simulator.state()["bookings"]) == 1


def test_an_offer_gone_at_confirmation_is_parked_with_the_amount_due_back(
    store, shopper, staff, work, simulator
):
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(order.id)

    work()

    assert ada.cover().status == "parked"
    assert ada.cover().amount_due_back == Decimal("6.66")
    assert staff.order(order.id).has_note("Refund the premium of 6.66 USD")


def test_an_offer_that_was_gone_and_is_booked_after_all_owes_no_premium_twice(
    store, shopper, staff, work, simulator
):
    # given XCover did not know the offer, so that the premium is due back
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(order.id)
    work()
    assert ada.cover().amount_due_back == PREMIUM
    # when it knows it again
    store.command("xcover_replay", "--all")
    work()
    # then the buyer has the policy and nothing is due
    assert (ada.cover().status, ada.cover().amount_due_back) == ("confirmed", 0)
    assert staff.order(order.id).has_note("confirmed, premium 6.66 USD", "Refund nothing for")
    # when staff have the policy cancelled
    store.command("xcover_cancellation", "ask", order.number)
    work()
    store.command("xcover_cancellation", "approve", waiting_cancellation(), "6.66", "USD")
    work()
    # then the premium is due once
    assert (ada.cover().status, ada.cover().amount_due_back) == ("cancelled", PREMIUM)
    assert staff.order(order.id).has_note("Refund 6.66 USD to the buyer")
    assert not staff.order(order.id).has_note("13.32")


def waiting_cancellation():
    from saleor_xcover_plugin.models import Cancellation

    return str(Cancellation.objects.get(status="parked").pk)


REASONS = sorted(NOTHING_BOUGHT | {"gave_up", "refused", "other_store"})


@pytest.mark.parametrize(
    ("reason", "way", "too_much"),
    [
        *((reason, "made", Decimal("1.00")) for reason in REASONS),
        ("offer_gone", "made", Decimal("0.00")),
        ("offer_gone", "differs", Decimal("1.00")),
    ],
)
def test_whatever_was_due_without_a_policy_a_booking_leaves_due_what_was_charged_beyond_it(
    store, shopper, staff, work, simulator, reason, way, too_much
):
    """For every reason to be parked: the way back to a policy takes back what stood for none."""
    from saleor_xcover_plugin.models import Cover, Offer

    # given a paid cover that is parked, and all that was charged for it is due
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(order.id)
    work()
    Offer.objects.filter(cover__order_number=order.number).update(cost=PREMIUM + too_much)
    Cover.objects.update(reason_code=reason, amount_due_back=PREMIUM + too_much)
    # when its policy is made after all
    if way == "differs":
        simulator.fault("confirm", "price_drift", times=1)
    store.command("xcover_replay", "--all")
    work()
    # then
    cover = Cover.objects.get()
    assert cover.booking_id
    assert cover.status == ("confirmed" if way == "made" else "parked")
    assert cover.amount_due_back == too_much


def test_what_went_back_before_the_policy_was_made_after_all_is_not_due_again(
    store, shopper, staff, work, simulator
):
    from saleor_xcover_plugin.models import Cover, Offer

    # given one dollar too much, all of it due since there was no policy, and one dollar given back
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    Offer.objects.filter(cover__order_number=order.number).update(cost=PREMIUM + 1)
    staff.mark_as_paid(order.id)
    work()
    assert ada.cover().amount_due_back == PREMIUM + 1
    Cover.objects.update(amount_due_back=0, reason="settled")

    store.command("xcover_replay", "--all")
    work()

    assert (ada.cover().status, ada.cover().amount_due_back) == ("confirmed", 0)


def test_a_confirmation_with_errors_in_a_success_hides_no_policy(
    store, shopper, staff, work, simulator
):
    # given XCover books, and names errors in its success
    ada = insured(shopper, store)
    order = ada.complete()
    simulator.fault("confirm", "errors_in_2xx", times=1)
    staff.mark_as_paid(order.id)
    work()
    # then nobody is told that it was refused
    (booking,) = simulator.state()["bookings"]
    assert ada.cover().status == "parked"
    assert staff.order(order.id).has_note("it is unknown whether a policy exists")
    assert not staff.order(order.id).has_note("XCover refused the policy")
    # when a person replays it
    store.command("xcover_replay", "--all")
    work()
    # then the one policy is found
    assert ada.cover().status == "confirmed"
    assert ada.cover().policy_number == booking["id"]
    assert len(simulator.state()["bookings"]) == 1


def test_answers_nobody_can_read_leave_the_outcome_unknown(
    store, shopper, staff, work, simulator, monkeypatch
):
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind
    from saleor_xcover_plugin.models import OutboxMessage
    from saleor_xcover_plugin.xcover.client import XCoverClient
    from saleor_xcover_plugin.xcover.errors import XCoverBadResponse

    def shapeless(*_args, **_options):
        raise XCoverBadResponse("confirm_offer: not the documented shape")

    # given a paid order whose last attempt is answered by what is no booking
    ada = insured(shopper, store)
    order = ada.complete()
    staff.mark_as_paid(order.id)
    OutboxMessage.objects.update(attempts=DELIVERY[MessageKind.CONFIRM].max_attempts - 1)
    monkeypatch.setattr(XCoverClient, "confirm_offer", shapeless)

    work()

    assert ada.cover().status == "parked"
    assert staff.order(order.id).has_note("it is unknown whether a policy exists")
    assert not staff.order(order.id).has_note("XCover refused the policy")
