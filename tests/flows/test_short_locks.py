"""Whoever holds our tables or rows in PostgreSQL: tickets sell, in time, and nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from saleor_xcover_plugin.guard import guard
from saleor_xcover_plugin.models import Offer, OutboxMessage
from saleor_xcover_plugin.time_limits import DatabaseBusy
from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import (
    TICKETS,
    TOTAL,
    Sale,
    accept_cover,
    asked,
    bookings,
    buy_with_cover,
    sell_with_cover,
)
from testkit.work import Work

from .calling import CALLED, Scene
from .holding import held, held_rows, held_table, our_models

SendShopper = Callable[[Channel], Shopper]


def names(model: Any) -> str:
    return str(model.__name__)


@pytest.mark.parametrize("model", our_models(), ids=names)
def test_a_sale_with_cover_completes_while_a_table_is_held(
    model: Any,
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a yes
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    # when a table of ours is held from then on
    with held_table(model):
        ada.set_email("ada.lovelace@example.com")
        payments.charge(checkout.id, TOTAL)
        order = ada.complete()
    # then the order is made, with its cover, as it was paid
    assert order.total == TOTAL
    assert len(order.cover_lines) == 1
    # and once the table is free the policy is made, once
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert asked(simulator)["confirm"] == 1


@pytest.mark.parametrize("model", our_models(), ids=names)
def test_tickets_sell_without_an_offer_while_a_table_is_held(
    model: Any,
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    simulator: SimulatorProcess,
) -> None:
    # given a table of ours that is held all the time
    ada = shopper(store.usd)
    with held_table(model):
        # when somebody buys tickets, and asks for an offer
        checkout = ada.create_checkout({store.concert: 2})
        with suppress_pending():
            ada.offer()
        payments.charge(checkout.id, TICKETS)
        order = ada.complete()
    # and the tickets are sold at their price
    assert (order.total, order.cover_lines) == (TICKETS, ())


@contextmanager
def suppress_pending() -> Iterator[None]:
    """Allow the one refusal there may be: ask again in a moment."""
    with suppress(Refused):
        try:
            yield
        except Refused as refused:
            if refused.codes != ("offer_pending",):
                raise AssertionError(refused.codes) from refused
            raise


@pytest.mark.parametrize("is_inside", [False, True], ids=["by itself", "in a transaction"])
def test_every_hook_leaves_the_time_limits_as_they_were(
    is_inside: bool,
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a session, or a transaction of Saleor's with limits of its own
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    bob = shopper(store.usd)
    accept_cover(bob, store)
    scene = Scene(sale.order.id, bob.checkout_id, store.usd)
    before = ("7s", "9s") if is_inside else ("0", "0")
    found = {}
    for hook in CALLED:
        with transaction.atomic() if is_inside else nullcontext():
            if is_inside:
                run("SET LOCAL lock_timeout = 7000")
                run("SET LOCAL statement_timeout = 9000")
            # when a hook is called, and another fails
            scene.call(hook)
            after_success = shown()
            with guard(hook):
                list(Offer.objects.all())
                raise DatabaseBusy("somebody holds it")
            found[hook] = (after_success, shown())
    # then nothing of its limits is left
    assert found == dict.fromkeys(CALLED, (before, before))
    assert shown() == ("0", "0")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def shown() -> tuple[str, str]:
    found = []
    with connection.cursor() as cursor:
        for name in ("lock_timeout", "statement_timeout"):
            cursor.execute(f"SHOW {name}")
            found.append(cursor.fetchone()[0])
    return found[0], found[1]


def test_a_sale_and_its_refund_go_on_while_all_our_rows_are_held(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given one policy, and a yes of another shopper
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    bob = shopper(store.usd)
    checkout, _ = accept_cover(bob, store)
    # when all rows of ours are held while one is refunded and the other sold
    with held_rows(*our_models()):
        payments.refund(sale.payment, TOTAL)
        payments.charge(checkout.id, TOTAL)
        order = bob.complete()
    assert order.total == TOTAL
    # then the sweep does what the hooks left to it
    work()
    assert sorted(booking["status"] for booking in bookings(simulator)) == [
        "CANCELLED",
        "CONFIRMED",
    ]


def test_an_offer_waits_for_no_turn_somebody_holds(
    store: Store,
    shopper: SendShopper,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import XCoverAccount

    # given an account that was called before, whose row is held
    shopper(store.usd).create_checkout({store.concert: 1})
    first = shopper(store.usd)
    first.create_checkout({store.concert: 2})
    first.offer()
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    calls = asked(simulator)
    # when somebody asks for an offer
    with held_rows(XCoverAccount), pytest.raises(Refused) as caught:
        ada.offer()
    # then it is busy, nothing was sent, and a moment later there is an offer
    assert caught.value.codes == ("offer_pending",)
    assert asked(simulator) == calls
    let_pass(ada)
    assert ada.offer().quotes


def let_pass(buyer: Shopper) -> None:
    """Have the short rest after a busy moment be over."""
    assert Offer.objects.filter(status="unavailable").update(leased_until=None) == 1


@pytest.fixture
def slow_offers(store: Store) -> Iterator[None]:
    """Have PostgreSQL take a minute to write an offer down."""
    table = Offer._meta.db_table
    run(
        "CREATE FUNCTION xcover_test_sleep() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'"
    )
    run(
        f"CREATE TRIGGER xcover_test_sleep BEFORE INSERT ON {table} FOR EACH ROW "
        "EXECUTE FUNCTION xcover_test_sleep()"
    )
    yield
    run(f"DROP TRIGGER xcover_test_sleep ON {table}")
    run("DROP FUNCTION xcover_test_sleep()")


def test_a_question_waits_for_no_slow_statement(
    slow_offers: None, store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # when a statement of a question takes too long
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    with pytest.raises(Refused) as caught:
        ada.offer()
    # then it is cancelled, and the shopper may ask again
    assert caught.value.codes == ("offer_pending",)
    assert (Offer.objects.count(), asked(simulator)) == (0, {})
    # and the tickets sell
    assert ada.complete().total == TICKETS


@pytest.mark.parametrize("name", ["Cover", "Quote"])
def test_the_page_of_an_order_is_told_to_ask_again(
    name: str, sale: Sale, store: Store, shopper: SendShopper
) -> None:
    # given a buyer whose policy cannot be read
    ada = shopper(store.usd)
    ada.order_id = sale.order.id
    model = next(model for model in our_models() if model.__name__ == name)
    # when they look at their order
    with held_table(model), pytest.raises(Refused) as caught:
        ada.cover()
    # then they are told neither that there is no cover nor of a price
    (error,) = caught.value.errors
    assert (error["code"], error["message"]) == ("busy", "Please wait a moment, then try again.")
    cover = ada.cover()
    assert cover is not None
    assert cover.policy_number == sale.booking_id


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_to_a_held_offer_can_be_given_again(
    answer: str, store: Store, shopper: SendShopper
) -> None:
    from saleor_xcover_plugin.models import Consent

    # given an offer whose row is held
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    give = {"accept": lambda: ada.accept(offer), "decline": ada.decline}[answer]
    # when it is answered
    with held_rows(Offer), pytest.raises(Refused) as caught:
        give()
    # then nothing was written down, and giving the answer again works
    assert caught.value.codes == ("busy",)
    assert "asking for your price" not in str(caught.value)
    assert Consent.objects.count() == 0
    give()
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("model", our_models(), ids=names)
def test_a_held_table_stops_no_worker_for_ever(
    model: Any,
    sale: Sale,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given something to do, and workers that wait for half a second
    from saleor_xcover_plugin import time_limits

    monkeypatch.setattr("saleor_xcover_plugin.management.base.WORKER", time_limits.HOOK)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    # when a table is held while they work
    with held_table(model):
        said = ""
        try:
            call_command("xcover_work", "--json", stdout=io.StringIO())
        except CommandError as error:
            said = str(error)
    # then they end, with a sentence or with all the rest done
    assert said == "" or said.startswith("Another database session holds rows or tables")
    # and the work is done once the table is free
    let_failures_be_due()
    work()
    work()
    (booking,) = bookings(simulator)
    assert booking["policyholder"]["phone"] == "+12125550177"


def test_a_held_table_is_no_defect_of_all_the_orders_behind_it(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin import time_limits
    from saleor_xcover_plugin.models import Alarm, Cover, Failure, Watermark

    # given six policies, whose buyers all have another phone number
    monkeypatch.setattr("saleor_xcover_plugin.management.base.WORKER", time_limits.HOOK)
    sold = [
        buy_with_cover(shopper(store.usd), payments, {store.concert: 2})[0].id for _ in range(6)
    ]
    work()
    before = {order_id: staff.order(order_id).notes for order_id in sold}
    with held_table(Cover):
        for order_id in sold:
            staff.update_order(order_id, billing={**NEW_YORK, "phone": "+12125550177"})
        # when the sweep meets what the hooks met
        for _ in range(2):
            call_command("xcover_work", "--json", stdout=io.StringIO())
            # then it does not try one order after the other
            assert Failure.objects.filter(work="order").count() <= 3
        assert set(Failure.objects.values_list("error", flat=True)) == {"DatabaseBusy"}
    # and neither orders nor alarms call it a defect
    assert {order_id: staff.order(order_id).notes for order_id in sold} == before
    assert not Alarm.objects.filter(code__in=["work_failing", "database_busy"]).exists()
    # when it lasts, one alarm tells of all
    Failure.objects.update(first_at="2026-01-01T00:00:00Z")
    with held_table(Cover):
        call_command("xcover_work", "--json", stdout=io.StringIO())
    (alarm,) = Alarm.objects.filter(code="database_busy", cleared_at=None)
    assert "pg_blocking_pids" in alarm.sentence
    # when the table is free, nothing was passed by
    let_failures_be_due()
    for _ in range(3):
        work()
    phones = {booking["policyholder"]["phone"] for booking in bookings(simulator)}
    assert (len(bookings(simulator)), phones) == (6, {"+12125550177"})
    assert Failure.objects.count() == 0
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert Watermark.objects.exists()


def sweep(minutes: float) -> None:
    """Sweep as beat does some minutes from now, waiting for no lock longer than half a second."""
    from saleor_xcover_plugin.operations.sweep import sweep as sweep_all
    from saleor_xcover_plugin.time_limits import HOOK, time_limits

    with time_limits(HOOK):
        sweep_all(lambda: datetime.now(UTC) + timedelta(minutes=minutes))


def alarms() -> list[str]:
    from saleor_xcover_plugin.models import Alarm

    return list(Alarm.objects.filter(cleared_at=None).values_list("code", flat=True))


def failures(*columns: str) -> list[Any]:
    from saleor_xcover_plugin.models import Failure

    return list(Failure.objects.order_by("pk").values_list(*columns))


def changed_phones(simulator: SimulatorProcess) -> list[bool]:
    """Return for each policy, in the order they were sold, whether it has the new number.

    XCover made them in another order if two calls were under way at the same time.
    """
    sold = sorted(bookings(simulator), key=lambda one: int(one["partner_transaction_id"]))
    return [booking["policyholder"]["phone"] == NEW_PHONE for booking in sold]


NEW_PHONE = "+12125550177"


@pytest.fixture
def left_to_the_sweep(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    earlier_orders_are_long_ago: None,
) -> list[str]:
    """Six policies whose buyers have another phone number, of which no hook got to know.

    Return the numbers of their orders. Only the change leads to them: no policy is new.
    """
    from saleor_xcover_plugin.models import Cover, Failure

    sold = [buy_with_cover(shopper(store.usd), payments, {store.concert: 2})[0] for _ in range(6)]
    work()
    with held_rows(Cover):
        for order in sold:
            staff.update_order(order.id, billing={**NEW_YORK, "phone": NEW_PHONE})
    Cover.objects.update(confirmed_at=datetime.now(UTC) - timedelta(hours=3))
    Failure.objects.all().delete()
    return [order.number for order in sold]


def test_held_rows_stop_no_order_behind_them(
    left_to_the_sweep: list[str], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cover

    first = left_to_the_sweep[:3]
    # given that another session holds the rows of the first three
    with held(Cover.objects.filter(order_number__in=first)):
        # when
        sweep(10)
        # then the others are done in the same sweep
        assert changed_phones(simulator) == [False] * 3 + [True] * 3
        # and those three are remembered, each once, with no word of a defect
        assert failures("label", "error", "times") == [(n, "DatabaseBusy", 1) for n in first]
        assert alarms() == []
        # and are tried again after a minute, not with each sweep
        sweep(10.5)
        assert failures("label", "times") == [(number, 1) for number in first]
        sweep(11.5)
        assert failures("label", "times") == [(number, 2) for number in first]
    # when they are let go
    sweep(16)
    # then nothing was lost
    assert changed_phones(simulator) == [True] * 6
    assert failures("label") == []


def test_held_rows_between_others_stop_nobody(
    left_to_the_sweep: list[str], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cover

    with held(Cover.objects.filter(order_number__in=left_to_the_sweep[::2])):
        sweep(10)
        assert changed_phones(simulator) == [False, True] * 3
    sweep(12)
    assert changed_phones(simulator) == [True] * 6


def test_an_order_that_could_not_be_written_down_is_not_passed_by(
    left_to_the_sweep: list[str], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cover, Failure

    first = Cover.objects.filter(order_number=left_to_the_sweep[0])
    # given that the rows of an order are held, and the table that would remember it
    with held(first), held_table(Failure):
        sweep(10)
        # then the others are done
        assert changed_phones(simulator) == [False] + [True] * 5
    # and the next sweep does the first
    sweep(11)
    assert changed_phones(simulator) == [True] * 6


def test_a_held_cover_stops_no_resting_cover_behind_it(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    earlier_orders_are_long_ago: None,
) -> None:
    from saleor_xcover_plugin.models import Cover, Watermark

    # given two policies that were refunded while nobody heard, and a mark past both
    sold = [buy_with_cover(shopper(store.usd), payments, {store.concert: 2}) for _ in range(2)]
    work()
    with held_rows(*our_models()):
        for _, payment in sold:
            payments.refund(payment, TOTAL)
    Watermark.objects.update(reached_at=datetime.now(UTC) + timedelta(hours=1))
    # when the older cover is held
    with held(Cover.objects.filter(order_number=sold[0][0].number)):
        sweep(20)
        # then the other is looked at, and no step failed
        assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED", "CANCELLED"]
        assert "covers" not in [work for (work,) in failures("work")]
    # and the first one afterwards
    sweep(22)
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED", "CANCELLED"]


def test_the_more_locks_a_run_meets_the_less_it_waits() -> None:
    from saleor_xcover_plugin.failures import Failures
    from saleor_xcover_plugin.time_limits import WORKER, time_limits

    run_of_many = Failures(datetime.now(UTC), remembers=False)
    waits = []
    with time_limits(WORKER):
        for number in range(30):
            # given work that meets no lock between work that does
            with run_of_many.contain("free"):
                waits.append(shown()[0])
            with run_of_many.contain("held", number):
                raise DatabaseBusy("somebody holds it")
    # then all the waits together are a matter of seconds
    assert waits == ["5s"] + 20 * ["200ms"] + 9 * ["10ms"]


def test_a_lock_is_no_defect_of_news_about_a_policy(
    sale: Sale, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.models import Cover, ReceivedNotification
    from saleor_xcover_plugin.operations.webhook_inbox import (
        MAX_ATTEMPTS,
        WebhookNotification,
        journal,
    )

    # given a notification about a policy, handled as often as a defect would be
    cover = Cover.objects.get()
    news = WebhookNotification("BOOKING_UPDATED", cover.booking_id or "", "CONFIRMED", ())
    journal(news, cover.channel_id, datetime.now(UTC))
    ReceivedNotification.objects.update(attempts=MAX_ATTEMPTS)
    # when the policy's rows are held
    with held_rows(Cover), caplog.at_level("WARNING", logger="saleor_xcover_plugin"):
        sweep(0)
    # then it waits, and nothing is called a defect
    assert ReceivedNotification.objects.get().handled_at is None
    said = [record.message for record in caplog.records]
    assert ("xcover.notification.failed" in said, said.count("xcover.notification.busy")) == (
        False,
        1,
    )
    # and is looked at once they are let go
    sweep(6)
    assert ReceivedNotification.objects.get().outcome == "nothing to do"


def broken(*_: object) -> None:
    raise ValueError


def test_a_busy_moment_hides_no_defect(
    left_to_the_sweep: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.models import Alarm, Cover, Failure

    number = left_to_the_sweep[0]
    # given a defect that was met three times
    with monkeypatch.context() as defect:
        defect.setattr("saleor_xcover_plugin.operations.sweep.sync_order", broken)
        for minute in (10, 12, 17):
            sweep(minute)
    columns = ("error", "times", "first_at", "last_at")
    before = Failure.objects.filter(label=number).values_list(*columns).get()
    assert before[:2] == ("ValueError", 3)
    told = list(Alarm.objects.filter(cleared_at=None).values_list("code", "sentence"))
    assert {code for code, _ in told} == {"work_failing"}
    # when its rows are held for once
    with held_rows(Cover):
        sweep(26)
    # then all is told as before
    assert Failure.objects.filter(label=number).values_list(*columns).get() == before
    assert list(Alarm.objects.filter(cleared_at=None).values_list("code", "sentence")) == told
    # and it is over as soon as it succeeds, which is tried within minutes
    sweep(31)
    assert (failures("label"), alarms()) == ([], [])


def test_a_defect_is_told_since_it_is_one(
    left_to_the_sweep: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given orders that met a lock at first
    with held_rows(Cover):
        sweep(10)
        sweep(12)
    (busy_since,) = set(failures("first_at"))
    # when they meet a defect
    monkeypatch.setattr("saleor_xcover_plugin.operations.sweep.sync_order", broken)
    sweep(20)
    # then it has happened once, since then
    assert set(failures("error", "times")) == {("ValueError", 1)}
    assert all(since - busy_since[0] >= timedelta(minutes=9) for (since,) in failures("first_at"))
    assert set(alarms()) == {"work_failing"}


def test_a_lock_is_told_while_it_lasts_and_waited_for_no_longer(
    left_to_the_sweep: list[str], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Alarm, Cover

    first = Cover.objects.filter(order_number=left_to_the_sweep[0])
    # given rows that are held for an hour
    with held(first):
        for minute in range(10, 19):
            sweep(minute)
            # then nobody is told before ten minutes are over
            assert alarms() == []
        for minute in range(19, 71, 3):
            sweep(minute)
        # and then once
        (alarm,) = Alarm.objects.all()
        assert (alarm.code, alarm.cleared_at) == ("database_busy", None)
        assert "1 piece of work wait" in alarm.sentence
    # when they are let go, it is over within minutes, although nobody looked for so long
    for minute in range(71, 77):
        sweep(minute)
    assert changed_phones(simulator) == [True] * 6
    assert (failures("label"), alarms()) == ([], [])


def let_failures_be_due() -> None:
    from saleor_xcover_plugin.models import Failure

    Failure.objects.update(next_attempt_at="2026-01-01T00:00:00Z")
    OutboxMessage.objects.update(next_attempt_at="2026-01-01T00:00:00Z", leased_until=None)


def test_saving_settings_says_who_is_in_its_way(store: Store, staff: Staff) -> None:
    # given that what waits for credentials cannot be looked at
    with held_table(OutboxMessage), pytest.raises(Refused, match="Another database session"):
        staff.configure_plugin(store.usd)
    # then saving them again works
    staff.configure_plugin(store.usd)


@pytest.mark.parametrize(
    "arguments",
    [
        ("xcover_cancellation", "ask", "{number}"),
        ("xcover_cancellation", "claim", "{number}", "open"),
        ("xcover_policy", "{number}", "--do-not-make"),
        ("xcover_erase", "--order", "{number}", "--confirm"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_command_says_who_is_in_its_way(
    arguments: tuple[str, ...], sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin import time_limits
    from saleor_xcover_plugin.models import Cover

    monkeypatch.setattr("saleor_xcover_plugin.management.base.WORKER", time_limits.HOOK)
    # given a policy whose rows are held
    number = Cover.objects.get().order_number
    before = Cover.objects.values().get()
    with held_rows(Cover), pytest.raises(CommandError) as caught:
        call_command(*(part.format(number=number) for part in arguments), stdout=io.StringIO())
    # then the command says so, and what to do
    assert "Another database session holds rows or tables this needs" in str(caught.value)
    assert "pg_blocking_pids" in str(caught.value)
    assert Cover.objects.values().get() == before
