"""Whoever holds our tables or rows in PostgreSQL: tickets sell, in time, and nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from demo.client.driver import Refused
from demo.client.payment_app import PaymentApp
from demo.client.people import NEW_YORK
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess
from saleor_xcover_plugin.guard import guard
from saleor_xcover_plugin.models import Offer, OutboxMessage
from saleor_xcover_plugin.time_limits import DatabaseBusy

from .calling import CALLED, Scene
from .holding import held_rows, held_table, our_models
from .steps import (
    TICKETS,
    TOTAL,
    Sale,
    accept_cover,
    asked,
    bookings,
    buy_with_cover,
    sell_with_cover,
)
from .work import Work

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
    from saleor_xcover_plugin.models import Gate

    # given an account that was called before, whose row is held
    shopper(store.usd).create_checkout({store.concert: 1})
    first = shopper(store.usd)
    first.create_checkout({store.concert: 2})
    first.offer()
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    calls = asked(simulator)
    # when somebody asks for an offer
    with held_rows(Gate), pytest.raises(Refused) as caught:
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
    assert caught.value.codes == ("offer_pending",)
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
