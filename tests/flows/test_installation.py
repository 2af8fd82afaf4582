"""A database that is copied, restored or moved: policies are made once, by their own store."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import (
    PREMIUM,
    TOTAL,
    accept_cover,
    asked,
    bookings,
    buy_with_cover,
    sell_with_cover,
)
from testkit.work import Work

from .test_alarms import raised, report
from .waits import let_waits_pass

ROOT = Path(__file__).resolve().parents[2]
SOLD = {"create_offer": 1, "confirm": 1}


@pytest.fixture
def run_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that gives every process of the store a name, from its environment."""
    return lambda name: monkeypatch.setenv("XCOVER_INSTANCE", name)


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


def messages() -> list[tuple[str, str, int]]:
    from saleor_xcover_plugin.models import OutboxMessage

    rows = OutboxMessage.objects.order_by("pk")
    return list(rows.values_list("kind", "status", "attempts"))


def key_of(kind: str) -> str:
    from saleor_xcover_plugin.models import OutboxMessage

    return str(OutboxMessage.objects.get(kind=kind).idempotency_key)


def status_of(buyer: Shopper) -> str:
    cover = buyer.cover()
    assert cover is not None
    return cover.status


def let_overdue() -> None:
    """Have everything be due for so long that it would be an alarm elsewhere."""
    from datetime import timedelta

    from saleor_xcover_plugin.models import Cover, OutboxMessage

    past = datetime.now(UTC) - timedelta(minutes=30)
    OutboxMessage.objects.update(next_attempt_at=past)
    Cover.objects.update(paid_at=past)


def test_a_copy_of_the_database_acts_on_nothing_until_somebody_decides(
    buyer: Shopper,
    shopper: Callable[[Channel], Shopper],
    store: Store,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    run_as: Callable[[str], None],
) -> None:
    # given a store with a paid order whose policy is not made yet
    run_as("production")
    store.command("xcover_setup")
    order, _ = buy_with_cover(buyer, payments, {store.concert: 2})
    # when its database runs in a staging environment
    run_as("staging")
    for _ in range(2):
        let_overdue()
        work()
    # then nothing is sent, and the message waits as it was
    assert asked(simulator) == {"create_offer": 1}
    assert messages() == [("confirm", "pending", 0)]
    assert status_of(buyer) == "confirming"
    # and nobody is offered anything
    eve = shopper(store.usd)
    eve.create_checkout({store.concert: 2})
    with pytest.raises(Refused) as refused:
        eve.offer()
    assert refused.value.codes == ("xcover_unavailable",)
    assert asked(simulator) == {"create_offer": 1}
    # and one alarm says so, with both ways out; the order hears nothing of it
    assert raised() == [("wrong_store", "")]
    (alarm,) = report()["alarms"]
    assert "belongs to production, and staging runs here" in alarm["sentence"]
    assert "manage.py xcover_adopt." in alarm["sentence"]
    assert "manage.py xcover_adopt --as-new-store" in alarm["sentence"]
    assert not staff.order(order.id).has_note("policy")
    # when the setup runs there as well, it binds nothing again
    assert "bound to production: see xcover_adopt" in store.command("xcover_setup")
    work()
    assert asked(simulator) == {"create_offer": 1}
    # when it was the same store, under a new name
    store.command("xcover_adopt")
    let_waits_pass()
    work()
    # then it goes on where it was, with the same key
    assert asked(simulator) == SOLD
    assert status_of(buyer) == "confirmed"
    assert raised() == []


def test_a_copy_that_becomes_a_store_ends_what_was_the_others(
    buyer: Shopper,
    shopper: Callable[[Channel], Shopper],
    store: Store,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    run_as: Callable[[str], None],
) -> None:
    from saleor_xcover_plugin.models import Installation

    # given a policy, and a paid order without one yet
    run_as("production")
    store.command("xcover_setup")
    made = sell_with_cover(buyer, store, payments, work, simulator)
    bob = shopper(store.usd)
    buy_with_cover(bob, payments, {store.concert: 2})
    before = Installation.objects.get()
    dan, eve = shopper(store.usd), shopper(store.usd)
    for one in (dan, eve):
        one.create_checkout({store.concert: 2})
        one.accept(one.offer())
    payments.authorize(eve.checkout_id, Decimal("1.00"))
    sent = asked(simulator)
    # when a copy becomes a store of its own
    run_as("staging")
    printed = store.command("xcover_adopt", "--as-new-store")
    # then it says what it ended, and has an id of its own
    assert "messages       1" in printed
    assert "covers         1" in printed
    assert "offers         1" in printed
    after = Installation.objects.get()
    assert (after.installation_id != before.installation_id, after.bound_to) == (True, "staging")
    assert after.copied_at is not None
    # and nothing is sent, however often it is looked at
    for _ in range(3):
        let_waits_pass()
        work()
    assert asked(simulator) == sent
    assert messages() == [("confirm", "settled", 1), ("confirm", "dropped", 0)]
    assert (status_of(buyer), status_of(bob)) == ("confirmed", "void")
    # and what was open in a checkout ended: the next offer is this store's own
    assert dan.checkout().total == Decimal("200.00")
    dan.offer()
    sent["create_offer"] += 1
    # while of a payment that had begun the order says what to refund, for it is made here
    payments.charge(eve.checkout_id, TOTAL)
    bought = eve.complete()
    work()
    cover = eve.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", PREMIUM)
    assert staff.order(bought.id).has_note("no policy is made: refund what was paid for it")
    # and no policy of the other store is taken over for it
    with pytest.raises(CommandError, match=r"other_policy.*copied here"):
        store.command("xcover_policy", bought.number, "--take-over", made.booking_id)
    # when somebody plays with the copied order
    payments.refund(made.payment, TOTAL)
    for _ in range(3):
        let_waits_pass()
        work()
    # then the policy of the other store is left alone, and a person reads why
    assert asked(simulator) == sent
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    assert staff.order(made.order.id).has_note("nothing about it is sent from this store")
    # when the new store sells, it sells
    cem = shopper(store.usd)
    buy_with_cover(cem, payments, {store.concert: 2})
    work()
    assert status_of(cem) == "confirmed"
    assert len(bookings(simulator)) == 2


def test_a_store_at_home_cannot_be_made_new(
    store: Store, run_as: Callable[[str], None], buyer: Shopper, payments: PaymentApp, work: Work
) -> None:
    run_as("production")
    store.command("xcover_setup")
    buy_with_cover(buyer, payments, {store.concert: 2})

    with pytest.raises(CommandError, match="would forget what it has to send"):
        call_command("xcover_adopt", "--as-new-store")

    work()
    assert status_of(buyer) == "confirmed"


def test_nothing_can_be_adopted_without_a_name(store: Store, run_as: Callable[[str], None]) -> None:
    run_as("")

    for arguments in ([], ["--as-new-store"]):
        with pytest.raises(CommandError, match="XCOVER_INSTANCE"):
            call_command("xcover_adopt", *arguments)


def test_a_dry_run_says_what_would_end_and_ends_nothing(
    store: Store, run_as: Callable[[str], None], buyer: Shopper, payments: PaymentApp, work: Work
) -> None:
    run_as("production")
    store.command("xcover_setup")
    buy_with_cover(buyer, payments, {store.concert: 2})
    run_as("staging")

    printed = store.command("xcover_adopt", "--as-new-store", "--dry-run")

    assert "messages       1" in printed
    assert "Dry run: nothing was changed." in printed
    assert messages() == [("confirm", "pending", 0)]
    work()
    assert raised() == [("wrong_store", "")]


def test_without_a_name_everything_goes_on_and_the_doctor_warns(
    store: Store,
    run_as: Callable[[str], None],
    buyer: Shopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from .test_doctor import run as examine
    from .test_doctor import said

    run_as("production")
    store.command("xcover_setup")
    run_as("")
    sell_with_cover(buyer, store, payments, work, simulator)

    ((outcome, sentence),) = said(examine("--no-call")[0], "store")
    assert outcome == "warning"
    assert "Set XCOVER_INSTANCE" in sentence
    assert "It is bound to production." in sentence
    assert raised() == []
    run_as("production")
    assert said(examine("--no-call")[0], "store") == [("fine", "The database is bound to it.")]


class Backup:
    """The database as pg_dump keeps it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "backup.dump"
        self._tools = _tools()

    def take(self) -> None:
        self._run("pg_dump", "--format=custom", f"--file={self._file}")

    def restore(self) -> None:
        """Put everything back as it was, as after a lost machine."""
        connections.close_all()
        self._run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--single-transaction",
            "--no-owner",
            f"--dbname={connection.settings_dict['NAME']}",
            str(self._file),
        )

    def _run(self, tool: str, *arguments: str) -> None:
        settings = connection.settings_dict
        names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
        address = {name: str(settings[key]) for name, key in names.items() if settings.get(key)}
        environment = {**os.environ, **address, "PGDATABASE": settings["NAME"]}
        subprocess.run([str(self._tools / tool), *arguments], env=environment, check=True)


def _tools() -> Path:
    """Return the folder of the client tools of the server's own version."""
    major = str(connection.pg_version // 10_000)
    found = [*ROOT.glob(".venv/lib/python*/site-packages/*/pginstall*/bin")]
    if system := shutil.which("pg_dump"):
        found.append(Path(system).parent)
    for folder in found:
        version = subprocess.run(
            [str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False
        )
        if f" {major}." in version.stdout and (folder / "pg_restore").exists():
            return folder
    pytest.skip(f"no pg_dump of PostgreSQL {major} here")


@pytest.mark.parametrize(
    ("is_paid_in_backup", "hours", "calls"),
    [
        (True, 0, {"confirm": 2}),
        (False, 0, {"confirm": 2}),
        # XCover forgets keys after two days, and names the booking all the same. The batch leaves
        # it to be delivered alone: the call is repeated under its key, and the booking read.
        (True, 49, {"confirm": 3, "get_booking": 1}),
    ],
)
def test_a_restored_backup_finds_the_policy_that_was_made_since(
    is_paid_in_backup: bool,
    hours: int,
    calls: dict[str, int],
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    shopper: Callable[[Channel], Shopper],
    staff: Staff,
    tmp_path: Path,
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    # given a backup from before the policy, taken before or after the order was paid
    backup = Backup(tmp_path)
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    order = buyer.complete()
    store.command("xcover_setup")  # a store has its id before it sells
    if is_paid_in_backup:
        staff.mark_as_paid(order.id)
    backup.take()
    if not is_paid_in_backup:
        staff.mark_as_paid(order.id)
    # when the policy is made, the machine is lost, and the backup restored
    work()
    (made,) = bookings(simulator)
    key = key_of("confirm")
    backup.restore()
    assert OutboxMessage.objects.filter(status="settled").count() == 0
    assert status_of(buyer) == ("confirming" if is_paid_in_backup else "placed")
    simulator.settings(now_offset_seconds=hours * 3600)
    # and the store goes on: the payment is entered again where it was lost
    if not is_paid_in_backup:
        staff.mark_as_paid(order.id)
    work()
    # then XCover was asked again with the same key, and the policy that exists was found
    assert key_of("confirm") == key
    assert [booking["id"] for booking in bookings(simulator)] == [made["id"]]
    assert asked(simulator) == {"create_offer": 1, **calls}
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", made["id"])
    assert cover.premium == PREMIUM
