"""What a person must know is said once, wherever they look, and taken back by itself."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.defect_log import UnexpectedError
from testkit.client.driver import Refused
from testkit.steps import PREMIUM, TOTAL, accept_cover, sealed_elsewhere, sell_with_cover

from .waits import let_waits_pass

QUARTER = timedelta(minutes=16)
"""A little more than a paid cover is waited for."""


class Told:
    """The alarm events in the log, as (what, code, subject)."""

    def __init__(self, caplog):
        self._caplog = caplog

    def __call__(self, what="raised"):
        return [
            (record.code, record.subject)
            for record in self._caplog.records
            if record.getMessage() == f"xcover.alarm.{what}"
        ]


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, logger="saleor_xcover_plugin")
    return Told(caplog)


def status(*arguments):
    """Run ``xcover_status`` and return what it prints and its exit code."""
    from django.core.management import call_command

    printed = io.StringIO()
    try:
        call_command("xcover_status", *arguments, stdout=printed)
    except SystemExit as end:
        return printed.getvalue(), end.code
    return printed.getvalue(), 0


def report():
    """Return ``xcover_status --json``, read."""
    return json.loads(status("--json")[0])


def raised():
    """Return the open alarms' codes and subjects."""
    from saleor_xcover_plugin.models import Alarm

    return sorted(Alarm.objects.filter(cleared_at=None).values_list("code", "subject"))


def alarms_ever():
    from saleor_xcover_plugin.models import Alarm

    return Alarm.objects.count()


def let_time_pass(by=QUARTER):
    """Make covers older, as if they had been placed and paid earlier."""
    from django.db.models import F

    from saleor_xcover_plugin.models import Cover

    Cover.objects.update(created_at=F("created_at") - by, paid_at=F("paid_at") - by)


def account():
    """The first characters of the account row's name, as alarms and status show them."""
    from saleor_xcover_plugin.models import XCoverAccount

    return XCoverAccount.objects.get().name[:8]


@pytest.fixture
def unpaid(store, shopper):
    """Return a function that places an unpaid order with cover."""

    def place(event=None):
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({event or store.concert: 2})
        ada.accept(ada.offer())
        return ada.complete()

    return place


@pytest.fixture
def waiting(unpaid, staff, simulator):
    """Return a function that sells a cover while XCover answers 503, for 16 minutes."""

    def sell():
        order = unpaid()
        staff.mark_as_paid(order.id)
        let_time_pass()
        return order

    simulator.fault("confirm", "status", times=None, status=503)
    return sell


# Healthy -----------------------------------------------------------------------------------------


def test_a_healthy_store_raises_nothing(store, shopper, staff, payments, work, simulator, told):
    # given a sale with cover and one refunded in time, one without, an unpaid one, a visitor
    sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    simulator.reset()
    refunded = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    payments.refund(refunded.payment, TOTAL)
    plain = shopper(store.usd_unpaid)
    plain.create_checkout({store.concert: 2})
    plain.offer()
    plain.complete()
    unpaid, _ = shopper(store.usd_unpaid), accept_cover(shopper(store.usd), store)
    accept_cover(unpaid, store)
    unpaid.complete()
    # when
    let_time_pass()
    for _ in range(3):
        work()
    # then
    printed, code = status()
    assert code == 0
    assert printed.startswith("Nothing needs a person.")
    assert "Alarms" not in printed
    assert alarms_ever() == 0
    assert told() == told("cleared") == []
    assert (report()["is_fine"], report()["alarms"], report()["not_looked_at"]) == (True, [], [])


# Covers ------------------------------------------------------------------------------------------


def test_a_paid_cover_without_a_policy_is_told_once_and_taken_back(
    waiting, staff, work, simulator, told
):
    # given
    order = waiting()
    # when
    for _ in range(3):
        work()
    # then
    key = ("paid_unprotected", order.number)
    assert raised() == told() == [key]
    assert len(staff.order(order.id).notes) == 1
    assert staff.order(order.id).has_note("paid more than 15 minutes ago", "not confirmed")
    printed, code = status()
    assert code == 1
    (line,) = [line for line in printed.splitlines() if line.startswith("paid_unprotected")]
    assert order.number in line

    # when XCover is back
    simulator.clear_faults()
    let_waits_pass()
    work()
    work()
    # then
    assert raised() == []
    assert told("cleared") == told() == [key]
    assert status()[1] == 0


def test_a_cover_paid_just_now_is_no_alarm(unpaid, staff, work, simulator, told):
    simulator.fault("confirm", "status", times=None, status=503)
    staff.mark_as_paid(unpaid().id)

    work()

    assert raised() == told() == []


def test_a_paid_order_nobody_aligned_is_told_too(store, unpaid, staff, work, told, monkeypatch):
    # given a defect that keeps every hook and sweep from moving a cover, and an event tomorrow
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import Cover

    soon = datetime.now(UTC) + timedelta(hours=20)
    order = unpaid(store.new_event(price="100.00", starts_at=soon))
    let_time_pass()
    with monkeypatch.context() as broken:
        for module in ("plugin", "operations.sweep"):
            broken.setattr(f"saleor_xcover_plugin.{module}.sync_order", lambda *_: None)
        staff.mark_as_paid(order.id)
        work()
        assert raised() == []
        Order.objects.filter(number=order.number).update(updated_at=datetime.now(UTC) - QUARTER)
        # when
        work()
        # then it is told as what it is: paid
        assert Cover.objects.get().status == "placed"
        assert raised() == [("paid_unprotected", order.number)]
    # when it is mended
    Order.objects.filter(number=order.number).update(updated_at=datetime.now(UTC))
    work()
    # then
    assert Cover.objects.get().status == "confirmed"
    assert raised() == []
    assert len(told()) == 1


def test_an_authorised_cover_near_its_event_is_told_once(
    store, unpaid, staff, payments, work, told
):
    # given an order of yesterday, its money only set aside, for an event tomorrow
    soon = store.new_event(price="100.00", starts_at=datetime.now(UTC) + timedelta(hours=20))
    order = unpaid(soon)
    held = payments.authorize(order.id, order.total)
    let_time_pass()
    # when
    for _ in range(3):
        work()
    # then
    key = ("unpaid_near_event", order.number)
    assert raised() == told() == [key]
    assert len(staff.order(order.id).notes) == 1
    assert staff.order(order.id).has_note("not paid in full", "capture the payment")
    # when
    payments.capture(held, order.total)
    work()
    # then
    assert raised() == []
    assert told("cleared") == [key]


@pytest.mark.parametrize(
    ("_case", "hours", "is_old"),
    [("far away", 60 * 24, True), ("ordered just now", 20, False)],
)
def test_an_unpaid_cover_with_time_left_is_no_alarm(
    store, unpaid, work, told, _case, hours, is_old
):
    unpaid(store.new_event(price="100.00", starts_at=datetime.now(UTC) + timedelta(hours=hours)))
    if is_old:
        let_time_pass()

    work()

    assert raised() == told() == []


def kill_workers():
    """Have all that is pending seem to have killed every worker that sent it."""
    from saleor_xcover_plugin.models import OutboxMessage
    from saleor_xcover_plugin.outbox.message_queue import MAX_CRASHES

    OutboxMessage.objects.filter(status="pending").update(
        crash_count=MAX_CRASHES - 1, leased_until=datetime.now(UTC)
    )


# Parked ------------------------------------------------------------------------------------------


def test_every_order_with_parked_work_is_told_by_itself(
    unpaid, staff, work, simulator, told, store
):
    # given a refused policy: its cover and its message are parked
    simulator.fault("confirm", "status", times=1, status=422)
    first = unpaid()
    staff.mark_as_paid(first.id)
    work()
    work()
    notes = staff.order(first.id).notes
    assert raised() == told() == [("parked", first.number)]
    # when another order is parked while nobody looks after the first
    second = unpaid()
    staff.mark_as_paid(second.id)
    kill_workers()
    work()
    work()
    # then it is told, too; parking wrote the notes, so the alarm writes none
    assert told() == [("parked", first.number), ("parked", second.number)]
    assert staff.order(first.id).notes == notes
    assert len([n for n in staff.order(second.id).notes if "workers in a row died" in n]) == 1
    printed, code = status()
    assert code == 1
    assert "Alarms:" not in printed
    assert printed.count(f"  {first.number}  ") == 2  # cover and message
    assert [row["order"] for row in report()["parked"]] == [first.number] * 2 + [second.number] * 2
    # when
    store.command("xcover_replay", "--all")
    work()
    # then
    assert raised() == []
    assert len(told("cleared")) == 2
    assert status()[1] == 0


def test_a_parked_opt_out_and_cancellation_show_their_order(
    store, shopper, staff, payments, work, simulator
):
    # given a refund and a purchase without cover, both sent by workers that died
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    plain = shopper(store.usd_unpaid)
    plain.create_checkout({store.concert: 2})
    plain.offer()
    declined = plain.complete()
    kill_workers()
    # when
    work()
    # then
    shown = {row["kind"]: row["order"] for row in report()["parked"]}
    assert shown == {
        "cancellation": sale.order.number,
        "message preview_cancellation": sale.order.number,
        "message opt_out": declined.number,
    }
    assert raised() == sorted([("parked", sale.order.number), ("parked", declined.number)])


def test_too_many_to_tell_one_by_one_are_not_taken_back_unseen(
    unpaid, staff, work, simulator, told, store, monkeypatch
):
    from saleor_xcover_plugin.models import OutboxMessage

    # given as many parked orders as are told one by one
    monkeypatch.setattr("saleor_xcover_plugin.operations.alarm_rules.LIMIT", 2)
    orders = [unpaid() for _ in range(3)]
    for order in orders:
        staff.mark_as_paid(order.id)
    kill_workers()
    work()
    assert len(told()) == 2
    assert report()["not_looked_at"] == ["parked"]
    # when the first is helped, and the third comes into view
    store.command("xcover_replay", str(OutboxMessage.objects.earliest("updated_at").pk))
    work()
    # then nothing is taken back before all can be seen
    assert len(told()) == 3
    assert told("cleared") == []
    store.command("xcover_replay", "--all")
    work()
    assert len(told("cleared")) == 3
    assert raised() == []


# XCover ------------------------------------------------------------------------------------------


def ask_for_offers(shopper, store, count):
    """Ask as so many shoppers would, whatever comes of it."""
    for _ in range(count):
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({store.concert: 1})
        with suppress(Refused):
            ada.offer()


def test_an_open_breaker_is_told_and_told_again_when_it_comes_back(
    store, shopper, work, simulator, told
):
    from saleor_xcover_plugin.models import XCoverAccount

    for times in (1, 2):
        # given
        simulator.fault("create_offer", "status", times=None, status=503)
        ask_for_offers(shopper, store, 6)
        # when
        for _ in range(3):
            work()
        # then
        key = ("breaker_open", account())
        assert raised() == [key]
        assert told() == [key] * times
        (reached,) = report()["accounts"]
        assert (reached["breaker"], reached["account"], reached["rate"]) == (
            "open",
            account(),
            "50/s",
        )
        # when XCover is back and the breaker's rest is over
        simulator.clear_faults()
        XCoverAccount.objects.update(open_until=datetime.now(UTC))
        ask_for_offers(shopper, store, 1)
        work()
        # then
        assert raised() == []
        assert told("cleared") == [key] * times
    assert alarms_ever() == 2


def test_a_breaker_nobody_tried_for_an_hour_is_no_alarm(store, shopper, work, simulator, told):
    from saleor_xcover_plugin.models import XCoverAccount

    simulator.fault("create_offer", "status", times=None, status=503)
    ask_for_offers(shopper, store, 6)
    XCoverAccount.objects.update(updated_at=datetime.now(UTC) - timedelta(minutes=61))

    work()

    assert raised() == told() == []


@pytest.mark.parametrize(
    ("skew", "words"), [(600, "600 seconds ahead of"), (-90, "90 seconds behind")]
)
def test_a_clock_that_is_off_is_told_with_its_seconds(
    store, shopper, payments, work, simulator, told, skew, words
):
    from saleor_xcover_plugin.models import XCoverAccount

    sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    XCoverAccount.objects.update(clock_skew=skew)

    work()
    work()

    assert raised() == told() == [("clock_off", account())]
    (line,) = [line for line in status()[0].splitlines() if line.startswith("clock_off")]
    assert words in line
    assert report()["accounts"][0]["clock_ahead_seconds"] == skew
    # when the next answer of XCover agrees with our clock
    ask_for_offers(shopper, store, 1)
    work()
    assert raised() == []


def test_refused_credentials_are_one_alarm_for_all_that_waits_for_them(
    store, unpaid, staff, work, simulator, told
):
    # given
    simulator.fault("confirm", "status", times=None, status=403)
    for _ in range(2):
        staff.mark_as_paid(unpaid().id)
    # when
    for _ in range(3):
        work()
    # then
    key = ("credentials_refused", account())
    assert raised() == told() == [key]
    assert status()[1] == 1
    # when working ones are saved
    simulator.clear_faults()
    staff.configure_plugin(store.usd_unpaid, {"partner_code": "ABCDE"})
    work()
    # then
    assert raised() == []
    assert told("cleared") == [key]


def test_settings_of_another_secret_key_are_told_and_what_waits_goes_on_with_the_right_one(
    store, unpaid, staff, work, simulator, told
):
    from saleor_xcover_plugin.models import OutboxMessage

    # given a paid cover, and a worker that was started with another SECRET_KEY
    order = unpaid()
    staff.mark_as_paid(order.id)
    subject = f"channel {store.usd_unpaid.slug}"
    with sealed_elsewhere(store.usd_unpaid, "api_key", "api_secret"):
        # when
        for _ in range(2):
            work()
        # then it is told once, in words, and nothing is parked or given up
        assert raised() == told() == [("settings_unusable", subject)]
        (alarm,) = report()["alarms"]
        assert "API key cannot be opened: it was saved under another" in alarm["sentence"]
        assert "is missing" not in alarm["sentence"]
        message = OutboxMessage.objects.get(kind="confirm")
        assert (message.status, message.attempts) == ("pending", 0)
        assert simulator.calls("confirm") == []
    # when a worker with the right one is there
    OutboxMessage.objects.update(next_attempt_at=datetime.now(UTC))
    work()
    # then
    assert len(simulator.calls("confirm")) == 1
    assert raised() == []
    assert told("cleared") == [("settings_unusable", subject)]


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        (
            {"products": "alternatives", "rule_changes": {"preselected": True}},
            "rule_unreadable",
            "hold something this version does not know",
        ),
        (
            {"content_changes": {"description": {"Illness": True}}},
            "text_unreadable",
            "cannot read completely",
        ),
        (
            {"content_changes": {"heading": "w" * 20_001}},
            "text_too_long",
            "longer than any terms should be",
        ),
    ],
)
def test_offers_that_may_not_be_sold_are_told_at_once(
    store, shopper, payments, work, simulator, told, changes, code, why
):
    # given XCover answers with something new, and one shopper asks
    simulator.settings(**changes)
    ada, subject = shopper(store.usd), f"{code} {store.usd.slug}"
    ada.create_checkout({store.concert: 2})
    with pytest.raises(Refused) as caught:
        ada.offer()
    assert list(caught.value.codes) == [code]
    # when
    for _ in range(2):
        work()
    # then one alarm says what happened, what it means and what to do
    assert raised() == told() == [("offers_refused", subject)]
    assert status()[1] == 1
    (alarm,) = report()["alarms"]
    asked = f"1 of 1 checkout that asked in {store.usd.slug} at "
    assert alarm["sentence"].startswith(asked)
    for said in (f"got no offer ({code})", "could not buy protection", "tickets sell on", why):
        assert said in alarm["sentence"]
    assert "ask Cover Genius" in alarm["sentence"]
    # and tickets sell
    payments.charge(ada.checkout().id, ada.checkout().total, "USD")
    assert ada.complete().cover_lines == ()


def test_offers_refused_to_who_bought_at_once_are_told_too(
    store, shopper, payments, work, simulator, told
):
    # given a shopper who is refused an offer and has an order before anything periodic ran
    simulator.settings(content_changes={"description": {"Illness": True}})
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    with suppress(Refused):
        ada.offer()
    payments.charge(ada.checkout().id, ada.checkout().total, "USD")
    ada.complete()
    # when
    work()
    # then
    assert raised() == told() == [("offers_refused", f"text_unreadable {store.usd.slug}")]


def test_refused_offers_are_over_with_an_offer_that_is_shown(store, shopper, work, simulator, told):
    from saleor_xcover_plugin.models import Alarm, Offer

    # given offers were refused
    simulator.settings(content_changes={"description": {"Illness": True}})
    ada, key = shopper(store.usd), ("offers_refused", f"text_unreadable {store.usd.slug}")
    ada.create_checkout({store.concert: 2})
    with suppress(Refused):
        ada.offer()
    work()
    assert raised() == [key]
    # when nobody asks for longer than an hour
    hours = timedelta(hours=2)
    for model, name in ((Offer, "created_at"), (Alarm, "raised_at")):
        model.objects.update(**{name: datetime.now(UTC) - hours})
    work()
    # then it is not over: nothing shows that it is
    assert raised() == told() == [key]
    # when XCover's texts can be read again and somebody is shown an offer
    simulator.settings(content_changes={})
    shopper(store.usd).create_checkout({store.concert: 1})
    bob = shopper(store.usd)
    bob.create_checkout({store.concert: 1})
    bob.offer()
    work()
    # then
    assert raised() == []
    assert told("cleared") == [key]


def refuse(buyer, event, simulator, **content_changes):
    """Have XCover answer with a text nobody may sell for one checkout, and mend it at once."""
    simulator.settings(content_changes=content_changes or {"heading": "w" * 20_001})
    buyer.create_checkout({event: 1})
    with pytest.raises(Refused):
        buyer.offer()
    simulator.settings(content_changes={})


def show(buyer, event):
    buyer.create_checkout({event: 1})
    buyer.offer()


def let_an_hour_pass():
    from django.db.models import F

    from saleor_xcover_plugin.models import Alarm, Offer

    by = timedelta(minutes=61)
    Offer.objects.update(created_at=F("created_at") - by, shown_at=F("shown_at") - by)
    Alarm.objects.update(raised_at=F("raised_at") - by, cleared_at=F("cleared_at") - by)


def test_what_is_said_of_refused_offers_is_true_and_over_when_they_are_mended(
    store, shopper, work, simulator, told
):
    from saleor_xcover_plugin.models import Alarm

    key = ("offers_refused", f"text_too_long {store.usd.slug}")
    # given two checkouts that were refused between others that were shown an offer
    show(shopper(store.usd), store.concert)
    refuse(shopper(store.usd), store.concert, simulator, heading="w" * 200_000)
    refuse(shopper(store.usd), store.concert, simulator, description=["many words"] * 8_000)
    show(shopper(store.usd), store.concert)
    # when the sweep sees them only now
    work()
    # then they are told all the same, with who asked while offers were refused
    assert raised() == told() == [key]
    sentence = Alarm.objects.get().sentence
    assert sentence.startswith(f"2 of 2 checkouts that asked in {store.usd.slug} ")
    assert "Nobody was shown an offer there in that time" in sentence
    assert "No protection is shown" not in sentence
    # and with the next sweep it is over, for good
    for _ in range(3):
        work()
    assert raised() == report()["alarms"] == []
    assert told() == told("cleared") == [key]


def test_refused_offers_are_over_with_the_next_sweep_after_they_are_mended(
    store, shopper, work, simulator, told
):
    key = ("offers_refused", f"text_too_long {store.usd.slug}")
    # given refusals that a sweep saw before anybody was shown an offer again
    refuse(shopper(store.usd), store.concert, simulator, heading="w" * 200_000)
    refuse(shopper(store.usd), store.concert, simulator, description=["many words"] * 8_000)
    work()
    assert [row["code"] for row in report()["alarms"]] == ["offers_refused"]
    # when one is shown
    show(shopper(store.usd), store.concert)
    # then
    assert (report()["alarms"], status()[1]) == ([], 0)
    work()
    assert raised() == []
    assert told() == told("cleared") == [key]


def test_what_was_said_of_refused_offers_stays_true_while_nobody_asks(
    store, shopper, work, simulator, told
):
    # given an alarm about one checkout, and more that were refused after it was raised
    refuse(shopper(store.usd), store.concert, simulator)
    work()
    refuse(shopper(store.usd), store.concert, simulator)
    refuse(shopper(store.usd), store.concert, simulator)
    work()
    (before,) = report()["alarms"]
    # when nobody asks for an hour
    let_an_hour_pass()
    work()
    # then it says what it said: how many, and when
    (alarm,) = report()["alarms"]
    assert alarm["sentence"] == before["sentence"]
    assert alarm["sentence"].startswith("3 of 3 checkouts that asked ")
    assert len(told()) == 1
    assert told("cleared") == []


def test_refusals_beside_shown_offers_stay_told_until_an_hour_has_none(
    store, shopper, work, simulator, told
):
    from saleor_xcover_plugin.models import Alarm

    key = ("offers_refused", f"text_too_long {store.usd.slug}")
    # given the terms of one event are too long, and many ask for others
    refuse(shopper(store.usd), store.concert, simulator)
    show(shopper(store.usd), store.concert)
    refuse(shopper(store.usd), store.concert, simulator)
    for _ in range(2):
        show(shopper(store.usd), store.concert)
    # when
    for _ in range(3):
        work()
    # then one alarm stays, and does not say that nobody is offered anything
    assert raised() == told() == [key]
    assert told("cleared") == []
    (alarm,) = report()["alarms"]
    assert alarm["sentence"].startswith(f"2 of 3 checkouts that asked in {store.usd.slug} ")
    assert "Offers were shown in between" in alarm["sentence"]
    # and what is kept of it follows
    refuse(shopper(store.usd), store.concert, simulator)
    work()
    assert Alarm.objects.get().sentence.startswith("3 of 6 checkouts ")
    # when an hour has no refusal
    let_an_hour_pass()
    show(shopper(store.usd), store.concert)
    work()
    # then
    assert raised() == []
    assert told() == told("cleared") == [key]


def test_refusals_that_come_back_do_not_raise_an_alarm_each_minute(
    store, shopper, work, simulator, told
):
    from saleor_xcover_plugin.models import Offer

    key = ("offers_refused", f"text_too_long {store.usd.slug}")
    # given a refusal of which nothing is left: the buyer asked again and was shown an offer
    ada = shopper(store.usd)
    refuse(ada, store.concert, simulator)
    work()
    Offer.objects.update(leased_until=None)
    ada.offer()
    assert not Offer.objects.filter(reason_code="text_too_long").exists()
    work()
    assert told() == told("cleared") == [key]
    # when others are refused between offers that are shown, minute after minute
    for _ in range(4):
        bob = shopper(store.usd)
        refuse(bob, store.concert, simulator)
        work()
        Offer.objects.update(leased_until=None)
        bob.offer()
        work()
    # then the alarm came back once, and stays
    assert raised() == [key]
    assert told() == [key] * 2
    assert told("cleared") == [key]
    # and is over when an hour has no refusal
    let_an_hour_pass()
    work()
    assert raised() == []


def test_a_checkout_that_asks_again_and_again_is_one_checkout(store, shopper, work, simulator):
    from saleor_xcover_plugin.models import Offer

    simulator.settings(content_changes={"heading": "w" * 20_001})
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    for _ in range(3):
        with pytest.raises(Refused):
            ada.offer()
        Offer.objects.update(leased_until=None)
    work()

    assert report()["alarms"][0]["sentence"].startswith("1 of 1 checkout that asked ")


def test_a_refused_offer_is_told_of_although_its_basket_has_changed_since(
    store, shopper, work, simulator, told
):
    # given an offer that may not be sold, which ended with a change before anybody looked
    simulator.settings(content_changes={"heading": "w" * 20_001})
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    with pytest.raises(Refused):
        ada.offer()
    (line,) = ada.checkout().ticket_lines
    ada.set_quantity(line, 2)
    # when
    work()
    # then
    assert raised() == told() == [("offers_refused", f"text_too_long {store.usd.slug}")]


def test_no_offer_for_anybody_is_told_and_for_some_tickets_it_is_not(
    store, shopper, work, simulator, told
):
    from saleor_xcover_plugin.models import Offer

    # given XCover makes no offer
    simulator.fault("create_offer", "status", times=None, status=422)

    def ask():
        buyer = shopper(store.usd)
        buyer.create_checkout({store.concert: 1})
        return buyer.offer()

    for _ in range(3):
        with suppress(Refused):
            ask()
    assert list(Offer.objects.values_list("reason_code", flat=True)) == ["no_offer"] * 3
    # when
    work()
    # then it may be right for these tickets
    assert raised() == []
    # and when it is so for everybody
    for _ in range(17):
        with suppress(Refused):
            ask()
    work()
    key = ("offers_refused", f"no_offer {store.usd.slug}")
    assert raised() == told() == [key]
    # and when somebody is shown one
    simulator.clear_faults()
    ask()
    work()
    assert raised() == []


def test_an_account_no_channel_uses_any_more_raises_no_alarm(
    store, shopper, payments, work, simulator, told
):
    from saleor_xcover_plugin.models import XCoverAccount

    sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    now = datetime.now(UTC)
    XCoverAccount.objects.create(
        name="0" * 64, clock_skew=600, refused_since=now, open_until=now, updated_at=now
    )

    work()

    assert raised() == told() == []
    assert [account["account"] for account in report()["accounts"]] == [
        XCoverAccount.objects.exclude(name="0" * 64).get().name[:8]
    ]


# The work itself ---------------------------------------------------------------------------------


def test_a_store_whose_cron_is_dead_learns_it_from_the_status(unpaid, staff, work, told):
    from saleor_xcover_plugin.models import OutboxMessage

    # given a paid order, due for ten minutes, and nobody who works
    staff.mark_as_paid(unpaid().id)
    OutboxMessage.objects.update(next_attempt_at=datetime.now(UTC) - timedelta(minutes=10))
    # when monitoring asks three times
    printed = [status() for _ in range(3)]
    # then
    assert {code for _, code in printed} == {1}
    alarms = {row["code"]: row["sentence"] for row in report()["alarms"]}
    assert set(alarms) == {"beat_not_running", "messages_overdue"}
    assert "cron must run manage.py xcover_work" in alarms["beat_not_running"]
    assert alarms["messages_overdue"].startswith("1 message is due for more than 5 minutes")
    # what a dead sweep cannot tell is told once by who looked; the rest is the sweep's
    assert told() == [("beat_not_running", "")]
    # when somebody works
    work()
    # then
    assert told("cleared") == told()
    assert report()["alarms"] == []
    assert status()[1] == 0


@contextmanager
def broker() -> Iterator[None]:
    """Have Celery believe in a broker; it reads Django's settings live."""
    from celery import current_app
    from django.conf import settings

    before = settings.CELERY_TASK_ALWAYS_EAGER
    settings.CELERY_TASK_ALWAYS_EAGER = False
    try:
        assert not current_app.conf.task_always_eager
        yield
    finally:
        settings.CELERY_TASK_ALWAYS_EAGER = before


def test_with_a_broker_a_dead_beat_is_told_from_missing_workers(store, simulator, told):
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    from saleor_xcover_plugin.apps import BEAT_ENTRY

    # given nobody ever swept
    PeriodicTask.objects.filter(name=BEAT_ENTRY).delete()
    with broker():
        assert [row["code"] for row in report()["alarms"]] == ["beat_not_running"]
        assert "Start Celery beat" in report()["alarms"][0]["sentence"]
        # when beat runs, and no worker does
        minute, _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
        entry = PeriodicTask.objects.create(
            name=BEAT_ENTRY, task="sweep", interval=minute, last_run_at=datetime.now(UTC)
        )
        assert [row["code"] for row in report()["alarms"]] == ["no_worker"]
    # then each was told once, and the first taken back
    assert told() == [("beat_not_running", ""), ("no_worker", "")]
    assert told("cleared") == [("beat_not_running", "")]
    entry.delete()


def test_a_sweep_that_fails_every_time_is_told_and_still_watches(
    store, simulator, work, told, monkeypatch
):
    # given
    with monkeypatch.context() as broken:
        broken.setattr("saleor_xcover_plugin.operations.sweep._do_all", _fail)
        for _ in range(3):
            assert told() == []
            with pytest.raises(UnexpectedError, match="RuntimeError"):
                work()
    # then
    assert told() == [("sweep_failing", "")]
    assert "3 in a row" in report()["alarms"][0]["sentence"]
    # when it works again
    work()
    # then
    assert raised() == []
    assert told("cleared") == told()


def test_a_step_of_the_sweep_that_fails_is_told_at_once_and_stops_no_other(
    store, simulator, work, told, monkeypatch
):
    # given
    with monkeypatch.context() as broken:
        broken.setattr("saleor_xcover_plugin.operations.sweep.deliver_due", _fail)
        # when
        done = work()
    # then
    assert told() == [("work_failing", "messages")]
    assert "RuntimeError" in report()["alarms"][0]["sentence"]
    assert (done["messages"], done["events"]) == (0, 0)
    # when it works again
    work()
    # then
    assert raised() == []


def _fail(*_args, **_kwargs):
    raise RuntimeError


# Reconciliation ----------------------------------------------------------------------------------


def test_findings_of_the_nightly_comparison_are_told_until_one_finds_none(
    store, simulator, work, told
):
    from saleor_xcover_plugin.operations import heartbeats

    def compare(findings, by_code):
        details = {"findings": findings, "by_code": by_code, "compared": 7, "not_compared": 0}
        heartbeats.beat(heartbeats.RECONCILE, datetime.now(UTC), details)

    compare(0, {})
    work()
    assert raised() == []

    compare(3, {"other_price": 1, "missing": 2})
    work()
    work()

    assert raised() == told() == [("reconcile_findings", "")]
    (alarm,) = report()["alarms"]
    assert "found 3 differences (missing: 2, other_price: 1)" in alarm["sentence"]
    (beat,) = [row for row in report()["heartbeats"] if row["name"] == "reconcile"]
    assert beat["found"]["compared"] == 7
    compare(0, {})
    work()
    assert raised() == []


# Alarms that fail --------------------------------------------------------------------------------


def test_a_question_that_cannot_be_answered_hides_no_other_and_stops_nothing(
    unpaid, staff, work, simulator, told, caplog
):
    from saleor_xcover_plugin.models import Heartbeat

    # given a row somebody broke, a message nobody may send any more, and a sale
    Heartbeat.objects.create(
        name="reconcile", beat_at=datetime.now(UTC), details=["neither", "nor"]
    )
    simulator.fault("confirm", "status", times=1, status=422)
    parked = unpaid()
    staff.mark_as_paid(parked.id)
    work()
    sold = unpaid()
    staff.mark_as_paid(sold.id)
    # when
    work()
    # then the sale has its policy, the other alarm is raised, and the status says what is missing
    assert len(simulator.state()["bookings"]) == 1
    assert told() == [("parked", parked.number)]
    assert len([r for r in caplog.records if r.getMessage() == "xcover.alarm.failed"]) == 2
    assert report()["not_looked_at"] == ["reconcile_findings"]
    assert status()[1] == 1


def test_deliveries_go_on_when_no_alarm_can_be_written(waiting, work, simulator, told):
    from django.db import connection

    def rename(before, after):
        with connection.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE saleor_xcover_plugin_{before} RENAME TO saleor_xcover_plugin_{after}"
            )

    # given new code before its migration ran, and something to tell
    waiting()
    work()
    simulator.clear_faults()
    let_waits_pass()
    rename("alarm", "elsewhere")
    # when
    try:
        done = work()
    finally:
        rename("elsewhere", "alarm")
    # then
    assert done["messages"] == 1
    assert len(simulator.state()["bookings"]) == 1


def test_a_note_that_cannot_be_written_takes_no_alarm_with_it(
    waiting, work, told, staff, monkeypatch
):
    order = waiting()
    with monkeypatch.context() as broken:
        broken.setattr("saleor_xcover_plugin.host.metadata.order_note_added_event", _fail)
        work()

    assert raised() == told() == [("paid_unprotected", order.number)]
    assert staff.order(order.id).notes == ()


def test_workers_that_see_it_at_once_raise_it_once(waiting, staff, told, simulator):
    from django.db import connection

    from saleor_xcover_plugin.models import Alarm
    from saleor_xcover_plugin.operations.alarms import update_alarms

    # given
    order = waiting()
    barrier, failures = threading.Barrier(6), []

    def look():
        try:
            barrier.wait()
            update_alarms(datetime.now(UTC))
        except Exception as error:  # told by the test below
            failures.append(error)
        finally:
            connection.close()

    # when
    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # then
    assert failures == []
    assert Alarm.objects.filter(code="paid_unprotected").count() == 1
    assert told().count(("paid_unprotected", order.number)) == 1
    assert len(staff.order(order.id).notes) == 1


# What is said ------------------------------------------------------------------------------------


def test_nobody_is_named(waiting, work, told, caplog, store, shopper):
    from saleor_xcover_plugin.models import Alarm

    waiting()
    work()

    words = " ".join(Alarm.objects.values_list("sentence", flat=True)) + status()[0]
    words += "".join(str(vars(r)) for r in caplog.records if "xcover.alarm" in r.getMessage())
    for secret in ("ada", "lovelace", "@example.com", "demo-key", "demo-secret"):
        assert secret not in words.lower()
    assert told() != []


def test_the_status_says_alarms_first_then_parked_then_counts(
    waiting, unpaid, staff, work, simulator
):
    # given one that XCover refused, and one that waits for it
    simulator.clear_faults()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(unpaid().id)
    work()
    simulator.fault("confirm", "status", times=None, status=503)
    waiting()
    work()
    # when
    printed, code = status()
    # then
    titles = [line for line in printed.splitlines() if line.endswith(":") and " " not in line[:-1]]
    assert titles == ["Alarms:", "Open:", "Heartbeats:"]
    order = [printed.index(t) for t in ("Alarms:", "Waiting for a person:", "Open:", "Ways to")]
    assert order == sorted(order)
    assert code == 1
    assert f"{PREMIUM} USD" in printed
    whole = report()
    assert whole["counts"]["covers"] == {"confirming": 1, "parked": 1}
    assert [row["name"] for row in whole["heartbeats"]] == ["sweep", "sweep begun"]
