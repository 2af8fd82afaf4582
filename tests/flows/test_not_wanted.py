"""Staff say that no policy is made; a request that cannot be opened leads nowhere no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError

from testkit.client.driver import Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.partner import Partner
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, asked, bookings, buy_with_cover
from testkit.work import Work

from .test_sent_or_not import begin_event, held_back, messages
from .waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]
Paid = tuple[Shopper, PlacedOrder, Transaction]


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


@pytest.fixture
def paid(shopper: SendShopper, store: Store, payments: PaymentApp) -> Paid:
    """Sell two tickets with cover, paid; XCover was not asked for the policy yet."""
    buyer = shopper(store.usd)
    order, payment = buy_with_cover(buyer, payments, {store.concert: 2})
    return buyer, order, payment


def row() -> Any:
    from saleor_xcover_plugin.models import Cover

    return Cover.objects.get()


def lose_key() -> None:
    """Seal what is stored with a SECRET_KEY nobody has any more."""
    from django.test import override_settings

    from saleor_xcover_plugin.crypto import encrypt
    from saleor_xcover_plugin.outbox.message_queue import sent_body

    sealed = [(one.pk, sent_body(one)) for one in messages().exclude(sealed_body=None)]
    with override_settings(SECRET_KEY="gone", SECRET_KEY_FALLBACKS=[]):
        for pk, body in sealed:
            messages(pk=pk).update(sealed_body=encrypt(body or b"{}"))


def be_stuck(simulator: SimulatorProcess, work: Work, *, fault: str) -> None:
    """Have the answer for the policy be lost, then the key, and nothing be searchable."""
    simulator.fault("confirm", fault, times=1)
    work()
    lose_key()
    simulator.fault("list_bookings", "status", times=None, status=404)
    let_waits_pass()
    work()
    assert (row().status, row().reason_code) == ("parked", "seal_broken")


def work_on(work: Work) -> None:
    for _ in range(3):
        let_waits_pass()
        work()


def refuse(simulator: SimulatorProcess, work: Work) -> None:
    """Have XCover refuse the policy."""
    simulator.fault("confirm", "status", times=1, status=422)
    work()
    assert (row().status, row().reason_code) == ("parked", "refused")


def test_a_refused_policy_is_not_made_and_its_premium_is_due(
    paid: Paid,
    desk: InsuranceDesk,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer, order, payment = paid
    refuse(simulator, work)
    # when
    cover = desk.do_not_make(order.id)["cover"]
    # then it is void, what was paid for it is due, and staff read so
    assert (cover["status"], cover["reasonCode"]) == ("void", "not_wanted")
    assert cover["amountDueBack"]["amount"] == "6.66"
    assert staff.order(order.id).has_note("no policy is made for this order", "Refund 6.66 USD")
    assert desk.covers(needsDecision=True)["covers"] == []
    assert messages(status__in=["pending", "parked"]).count() == 0
    # when work goes on
    work()
    let_waits_pass()
    work()
    # then it stays so, although the order is paid
    assert asked(simulator)["confirm"] == 1
    assert (row().status, row().reason_code) == ("void", "not_wanted")
    # when the premium goes back
    payments.refund(payment, PREMIUM)
    work()
    shown = buyer.cover()
    assert shown is not None
    assert (shown.status, shown.amount_due_back) == ("void", 0)
    # and nothing is left to decide
    with pytest.raises(Refused) as twice:
        desk.do_not_make(order.id)
    assert twice.value.codes == ("not_waiting",)


def test_what_waits_for_credentials_can_be_given_up(
    paid: Paid,
    desk: InsuranceDesk,
    staff: Staff,
    store: Store,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    _, order, _ = paid
    simulator.fault("confirm", "status", times=1, status=403)
    work()
    assert row().status == "confirming"

    desk.do_not_make(order.id)
    staff.configure_plugin(store.usd, {"partner_code": "ABCDE"})
    work()

    assert (row().status, row().amount_due_back) == ("void", PREMIUM)
    assert asked(simulator)["confirm"] == 1
    assert bookings(simulator) == []


def test_what_is_under_way_or_done_is_not_given_up(
    paid: Paid, desk: InsuranceDesk, work: Work, simulator: SimulatorProcess
) -> None:
    _, order, _ = paid
    with held_back():
        work()
        with pytest.raises(Refused) as busy:
            desk.do_not_make(order.id)
    work()
    with pytest.raises(Refused) as done:
        desk.do_not_make(order.id)

    assert busy.value.codes == ("under_way",)
    assert done.value.codes == ("policy_exists",)
    assert row().status == "confirmed"


def test_a_policy_that_may_exist_is_searched_for_first(
    paid: Paid, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given XCover made the policy, and nobody could read its answers for a day
    buyer, order, _ = paid
    give_up(simulator, work, fault="reset_after")
    (booking,) = bookings(simulator)
    # when
    said = store.command("xcover_policy", order.number, "--do-not-make")
    assert "its bookings are searched first" in said
    work()
    # then the policy is found, and staff are told how to end it
    assert asked(simulator)["list_bookings"] == 1
    assert asked(simulator)["confirm"] == 1
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
    assert staff.order(order.id).has_note('"What would cancelling refund?" begins to cancel it')


def test_a_policy_that_was_not_made_is_not_made_after_the_search(
    paid: Paid, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    _, order, _ = paid
    give_up(simulator, work, fault="reset")

    store.command("xcover_policy", order.number, "--do-not-make")
    work()

    assert asked(simulator)["list_bookings"] == 1
    assert bookings(simulator) == []
    assert (row().status, row().reason_code) == ("void", "not_wanted")
    assert row().amount_due_back == PREMIUM


def test_where_nothing_can_be_searched_cover_genius_is_asked(
    paid: Paid, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    # given a list of bookings XCover does not offer
    _, order, _ = paid
    give_up(simulator, work, fault="reset")
    simulator.fault("list_bookings", "status", times=None, status=404)
    # when
    store.command("xcover_policy", order.number, "--do-not-make")
    work()
    # then a person is told what to do, and nothing was sent
    assert (row().status, row().reason_code) == ("parked", "not_wanted")
    assert '"Make no policy", saying that Cover Genius was asked.' in row().reason
    assert asked(simulator)["confirm"] == 1
    # when they did
    store.command("xcover_policy", order.number, "--do-not-make", "--asked-xcover")
    work()
    # then
    assert (row().status, row().amount_due_back) == ("void", PREMIUM)
    assert asked(simulator)["confirm"] == 1


@pytest.mark.parametrize("times", [1, None])
def test_a_replay_of_everything_makes_no_policy_staff_do_not_want(
    paid: Paid, store: Store, work: Work, simulator: SimulatorProcess, times: int | None
) -> None:
    """Whether its search goes wrong once or always: what staff decided stands."""
    # given a policy that was not made, and a search that told nothing
    _, order, _ = paid
    give_up(simulator, work, fault="reset")
    simulator.fault("list_bookings", "status", times=times, status=404)
    store.command("xcover_policy", order.number, "--do-not-make")
    work()
    assert (row().status, row().reason_code) == ("parked", "not_wanted")
    # when
    store.command("xcover_replay", "--all")
    work()
    # then it was searched once more, and never asked for
    assert asked(simulator)["list_bookings"] == 2
    assert asked(simulator)["confirm"] == 1
    assert bookings(simulator) == []
    status = "parked" if times is None else "void"
    assert (row().status, row().reason_code) == (status, "not_wanted")


def test_a_policy_cover_genius_knows_of_is_found_after_all(
    paid: Paid,
    desk: InsuranceDesk,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy whose answers were lost, and bookings that cannot be searched
    buyer, order, _ = paid
    give_up(simulator, work, fault="reset_after")
    simulator.fault("list_bookings", "status", times=None, status=404)
    with pytest.raises(Refused) as nothing:
        desk.make_after_all(order.id)
    desk.do_not_make(order.id)
    work()
    assert '"Make it after all", which sends the request once more' in row().reason
    # when Cover Genius says that there is a policy
    desk.make_after_all(order.id)
    work()
    # then it is found, and none is made beside it
    (booking,) = bookings(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
    assert staff.order(order.id).has_note("Staff took back that no policy is made")
    # and there is nothing to take back any more
    with pytest.raises(CommandError, match="not_waiting"):
        store.command("xcover_policy", order.number, "--make-after-all")
    assert nothing.value.codes == ("not_waiting",)


@pytest.mark.parametrize("meanwhile", ["refunded", "begun"])
def test_a_policy_is_found_after_all_whatever_became_of_its_order(
    paid: Paid,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    meanwhile: str,
) -> None:
    """What was sent is kept for it: its old key names the policy, and can make no second one."""
    # given a policy whose answer was lost, bookings that cannot be searched, and an order no policy
    # would be asked for any more
    buyer, order, payment = paid
    give_up(simulator, work, fault="reset_after")
    simulator.fault("list_bookings", "status", times=None, status=404)
    desk.do_not_make(order.id)
    work()
    if meanwhile == "refunded":
        payments.refund(payment, TOTAL)
    else:
        begin_event(order)
    work()
    assert (row().status, row().reason_code) == ("parked", "not_wanted")
    # when Cover Genius says that there is one
    desk.make_after_all(order.id)
    work_on(work)
    # then it is found, and the refund ends it
    (booking,) = bookings(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert cover.policy_number == booking["id"]
    ended = meanwhile == "refunded"
    assert (cover.status, booking["status"]) == (
        ("cancelled", "CANCELLED") if ended else ("confirmed", "CONFIRMED")
    )
    assert len({call["idempotency_key"] for call in simulator.calls("confirm")}) == 1
    assert cover.amount_due_back == 0


@pytest.mark.parametrize("is_wanted", [True, False])
@pytest.mark.parametrize("meanwhile", ["paid", "refunded", "begun"])
def test_staff_name_the_policy_nobody_else_could_find(
    paid: Paid,
    desk: InsuranceDesk,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    meanwhile: str,
    is_wanted: bool,
) -> None:
    # given a policy, a lost answer, a lost key, and no list of bookings
    buyer, order, payment = paid
    be_stuck(simulator, work, fault="reset_after")
    if meanwhile == "refunded":
        payments.refund(payment, TOTAL)
    elif meanwhile == "begun":
        begin_event(order)
    if not is_wanted:
        desk.do_not_make(order.id)
    work()
    assert row().status == "parked"
    assert '"Take over a policy", with its number' in row().reason
    # when Cover Genius names it, and staff do
    (booking,) = bookings(simulator)
    if is_wanted:
        taken = desk.take_over(order.id, booking["id"])["cover"]
        assert taken["policyNumber"] == booking["id"]
    else:
        said = store.command("xcover_policy", order.number, "--take-over", booking["id"])
        assert f"holds policy {booking['id']}" in said
    work_on(work)
    # then the order holds it, nothing was sent again, and what became of the order follows
    cover = buyer.cover()
    assert cover is not None
    assert cover.policy_number == booking["id"]
    assert cover.status == ("cancelled" if meanwhile == "refunded" else "confirmed")
    assert cover.amount_due_back == 0
    assert asked(simulator)["confirm"] == 1
    assert messages(status__in=["pending", "parked"]).count() == 0
    assert messages(kind="confirm").get().sealed_body is None
    is_told = staff.order(order.id).has_note('"What would cancelling refund?" begins to cancel it')
    assert is_told != is_wanted


def test_staff_say_that_there_is_no_policy_of_a_refunded_order(
    paid: Paid, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    _, order, payment = paid
    be_stuck(simulator, work, fault="reset")
    payments.refund(payment, TOTAL)
    work()
    assert '"Make no policy", saying that Cover Genius was asked.' in row().reason

    store.command("xcover_policy", order.number, "--do-not-make", "--asked-xcover")
    work_on(work)

    assert (row().status, row().amount_due_back) == ("void", 0)
    assert asked(simulator)["confirm"] == 1
    assert messages(kind="confirm").get().sealed_body is None


def test_only_the_policy_of_just_this_order_is_taken_over(
    paid: Paid,
    shopper: SendShopper,
    desk: InsuranceDesk,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given an order whose policy nobody found, and another order with its policy
    _, order, _ = paid
    be_stuck(simulator, work, fault="reset_after")
    (own,) = bookings(simulator)
    other, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    (foreign,) = [one for one in bookings(simulator) if one["id"] != own["id"]]
    # when staff name a policy that is another's, one nobody knows, or what is no number
    for policy, code in (
        (foreign["id"], "other_policy"),
        ("NOBODY-KNOWS", "other_policy"),
        ("../offers", "bad_input"),
    ):
        with pytest.raises(Refused) as refused:
            desk.take_over(order.id, policy)
        assert refused.value.codes == (code,)
    # or XCover cannot be asked
    simulator.fault("get_booking", "status", times=1, status=503)
    with pytest.raises(Refused) as silent:
        desk.take_over(order.id, own["id"])
    assert silent.value.codes == ("xcover_unavailable",)
    # or the order has its policy
    with pytest.raises(Refused) as done:
        desk.take_over(other.id, foreign["id"])
    assert done.value.codes == ("policy_exists",)
    # then nothing was changed
    cover = Cover.objects.get(order_number=order.number)
    assert (cover.status, cover.reason_code, cover.booking_id) == ("parked", "seal_broken", None)
    assert messages(status="parked").get().sending == "outcome_unknown"


def test_a_policy_cover_genius_has_cancelled_is_not_taken_over(
    paid: Paid, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    _, order, _ = paid
    be_stuck(simulator, work, fault="reset_after")
    (booking,) = bookings(simulator)
    Partner(simulator.base_url).send("POST", f"/bookings/{booking['id']}/cancel", "{}")
    assert bookings(simulator)[0]["status"] == "CANCELLED"

    with pytest.raises(CommandError, match=r'nothing is in force.*"Make no policy", saying'):
        store.command("xcover_policy", order.number, "--take-over", booking["id"])

    store.command("xcover_policy", order.number, "--do-not-make", "--asked-xcover")
    assert (row().status, row().amount_due_back) == ("void", PREMIUM)


@pytest.mark.parametrize("is_replayed_before", [True, False])
@pytest.mark.parametrize("meanwhile", ["paid", "refunded"])
def test_a_key_that_comes_back_opens_what_was_sent(
    paid: Paid,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    meanwhile: str,
    is_replayed_before: bool,
) -> None:
    """It is kept as long as nobody knows what became of it, whatever was tried since."""
    from django.test import override_settings

    buyer, _, payment = paid
    be_stuck(simulator, work, fault="reset_after")
    if meanwhile == "refunded":
        payments.refund(payment, TOTAL)
    if is_replayed_before:
        simulator.fault("confirm", "status", times=1, status=429, retry_after=1)
        with held_back():
            store.command("xcover_replay", "--all")
            work()
        let_waits_pass()
        work()
    assert 'SECRET_KEY_FALLBACKS, "Try again" is enough' in row().reason or meanwhile == "paid"
    # when the key is back
    with override_settings(SECRET_KEY_FALLBACKS=["gone"]):
        store.command("xcover_replay", "--all")
        work_on(work)
    # then
    (booking,) = bookings(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == (
        "cancelled" if meanwhile == "refunded" else "confirmed",
        booking["id"],
    )
    assert not messages().exclude(sealed_body=None).exists()
    if meanwhile == "refunded":  # a paid order may have asked for it again already
        assert len({call["idempotency_key"] for call in simulator.calls("confirm")}) == 1


@pytest.mark.parametrize("meanwhile", ["refunded", "begun"])
@pytest.mark.parametrize("is_searchable", [True, False])
def test_a_new_request_for_what_nobody_can_open_is_judged_before_it_leaves(
    paid: Paid,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    meanwhile: str,
    is_searchable: bool,
) -> None:
    """A body that has not left binds nobody; that the earlier one may have is remembered."""
    # given a request that was lost with its key, and a replay that is deferred
    _, order, payment = paid
    be_stuck(simulator, work, fault="reset")
    with held_back():
        store.command("xcover_replay", "--all")
        work()
        again = messages(kind="confirm", status="pending").get()
        assert (again.sending, again.sealed_body) == ("earlier_unknown", None)
        # when the order asks for no policy any more
        if meanwhile == "refunded":
            payments.refund(payment, TOTAL)
        else:
            begin_event(order)
        work()
    if is_searchable:
        simulator.clear_faults()
    work_on(work)
    # then nothing is made for it
    assert asked(simulator)["confirm"] == 1
    assert bookings(simulator) == []
    if is_searchable:
        status = "void" if meanwhile == "refunded" else "parked"
        due = 0 if meanwhile == "refunded" else PREMIUM
        assert (row().status, row().amount_due_back) == (status, due)
        assert not any(message.is_unknown for message in messages(kind="confirm"))
    else:
        # and nobody says that there is none
        assert (row().status, row().reason_code) == ("parked", "seal_broken")
        assert f"Ask Cover Genius whether order {order.number} has one" in row().reason
        assert messages(status="parked").get().is_unknown


def test_an_order_without_cover_has_nothing_to_give_up(store: Store) -> None:
    with pytest.raises(CommandError, match="has no protection"):
        store.command("xcover_policy", "987654321", "--do-not-make")


def give_up(simulator: SimulatorProcess, work: Work, *, fault: str) -> None:
    """Have the last attempt of the confirmation go wrong, so that it is parked."""
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind

    messages(kind="confirm").update(attempts=DELIVERY[MessageKind.CONFIRM].max_attempts - 1)
    simulator.fault("confirm", fault, times=1)
    work()
    assert (row().status, row().reason_code) == ("parked", "gave_up")
    assert messages(kind="confirm").get().sending == "outcome_unknown"


@pytest.mark.parametrize("fault", ["reset", "reset_after"])
def test_a_request_nobody_can_open_is_no_dead_end(
    paid: Paid, work: Work, simulator: SimulatorProcess, fault: str
) -> None:
    """The booking is looked up, and if there is none a new request is built."""
    # given a lost answer, and a lost key
    buyer, _, _ = paid
    simulator.fault("confirm", fault, times=1)
    work()
    lose_key()
    # when
    let_waits_pass()
    work()
    # then there is one policy
    (booking,) = bookings(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
    assert asked(simulator)["list_bookings"] == 1


@pytest.mark.parametrize(("fault", "statuses"), [("reset", []), ("reset_after", ["CANCELLED"])])
def test_a_request_nobody_can_open_makes_no_policy_for_a_refunded_order(
    paid: Paid,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    fault: str,
    statuses: list[str],
) -> None:
    _, _, payment = paid
    simulator.fault("confirm", fault, times=1)
    work()
    lose_key()
    payments.refund(payment, TOTAL)

    for _ in range(3):
        let_waits_pass()
        work()

    assert [booking["status"] for booking in bookings(simulator)] == statuses
    assert asked(simulator)["confirm"] == 1
    assert row().status == ("cancelled" if statuses else "void")


def test_where_nothing_can_be_searched_a_person_replays_what_nobody_can_open(
    paid: Paid, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a policy whose answer was lost, a lost key, and no list of bookings
    buyer, order, _ = paid
    simulator.fault("confirm", "reset_after", times=1)
    work()
    lose_key()
    simulator.fault("list_bookings", "status", times=None, status=404)
    let_waits_pass()
    work()
    assert (row().status, row().reason_code) == ("parked", "seal_broken")
    assert staff.order(order.id).has_note("Ask Cover Genius whether order")
    # when a person has asked and replays
    store.command("xcover_replay", "--all")
    work()
    # then XCover names the policy
    (booking,) = bookings(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])


def test_what_nobody_can_open_is_not_asked_for_once_the_order_was_refunded(
    paid: Paid, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    """Nobody knows whether there is a policy: another request could make one, or none be missed."""
    # given
    _, order, payment = paid
    simulator.fault("confirm", "reset", times=1)
    work()
    lose_key()
    simulator.fault("list_bookings", "status", times=None, status=404)
    let_waits_pass()
    work()
    payments.refund(payment, TOTAL)
    work()
    # when
    store.command("xcover_replay", "--all")
    work()
    # then it waits for Cover Genius, as before
    assert asked(simulator)["confirm"] == 1
    assert bookings(simulator) == []
    assert (row().status, row().reason_code) == ("parked", "seal_broken")
    assert f"Ask Cover Genius whether order {order.number} has one" in row().reason


@pytest.mark.parametrize("step", ["cancel", "confirm_cancellation"])
def test_a_cancellation_nobody_can_open_goes_on(
    paid: Paid, payments: PaymentApp, work: Work, simulator: SimulatorProcess, step: str
) -> None:
    _, _, payment = paid
    work()
    payments.refund(payment, TOTAL)
    simulator.fault(step, "reset_after", times=1)
    work()
    work()
    lose_key()

    for _ in range(2):
        let_waits_pass()
        work()

    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    assert row().status == "cancelled"


def test_an_answer_with_errors_binds_its_replay(
    paid: Paid, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    """XCover booked and named errors: after a refund the policy must be found, not forgotten."""
    _, _, payment = paid
    simulator.fault("confirm", "errors_in_2xx", times=1)
    work()
    assert row().reason_code == "unclear"
    payments.refund(payment, TOTAL)

    store.command("xcover_replay", "--all")
    for _ in range(3):
        let_waits_pass()
        work()

    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    assert row().status == "cancelled"
