"""``xcover_report``: a store's sales in figures, by channel, currency and UTC day."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.steps import TOTAL, buy_with_cover
from testkit.work import Work

APP = "saleor_xcover_plugin"
SendShopper = Callable[[Channel], Shopper]
NOTHING = {
    "shown": 0,
    "answered_no": 0,
    "sold": 0,
    "declined": 0,
    "attach_rate": None,
    "premium": "0.00",
    "tax": "0.00",
    "tax_unknown": 0,
    "tax_not_on_line": 0,
    "absorbed": "0.00",
    "confirmed": 0,
    "cancelled": 0,
    "void": 0,
    "waiting": 0,
    "due_back": "0.00",
}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("xcover_report", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def report(*arguments: str) -> Any:
    return json.loads(run("--json", *arguments))


def totals(*arguments: str) -> list[dict[str, Any]]:
    """Return the figures of each market, without those that are nothing."""
    rows = report(*arguments)["totals"]
    return [{k: v for k, v in row.items() if k not in NOTHING or NOTHING[k] != v} for row in rows]


def move(model: str, moment: str, *, days: int) -> None:
    """Let rows have happened days ago, such as ``order.Order``."""
    from django.apps import apps

    apps.get_model(model).objects.update(**{moment: datetime.now(UTC) - timedelta(days=days)})


def day(ago: int = 0) -> str:
    return str(datetime.now(UTC).date() - timedelta(days=ago))


@pytest.fixture
def buy(
    store: Store, shopper: SendShopper, payments: PaymentApp, work: Work
) -> Callable[[], tuple[PlacedOrder, Transaction]]:
    """Sell two tickets with cover in US dollars, up to the policy."""

    def buy() -> tuple[PlacedOrder, Transaction]:
        bought = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
        work()
        return bought

    return buy


def buy_without(buyer: Shopper, store: Store, *, sees: bool, says_no: bool = False) -> None:
    buyer.create_checkout({store.concert: 2})
    if sees:
        buyer.offer()
    if says_no:
        buyer.decline()
    buyer.complete()


def test_a_day_of_a_store(
    store: Store, shopper: SendShopper, payments: PaymentApp, staff: Staff, work: Work, buy: Any
) -> None:
    # given in dollars: two covers, one refunded with its tickets
    buy()
    _, payment = buy()
    payments.refund(payment, TOTAL)
    work()
    # and in a channel of unpaid orders: a no, an offer left unanswered, one nobody saw, a looker
    buy_without(shopper(store.usd_unpaid), store, sees=True, says_no=True)
    buy_without(shopper(store.usd_unpaid), store, sees=True)
    buy_without(shopper(store.usd_unpaid), store, sees=False)
    looker = shopper(store.usd_unpaid)
    looker.create_checkout({store.concert: 1})
    looker.offer()
    # and a cover whose order is cancelled before it was paid, and one that waits for its payment
    for is_cancelled in (True, False):
        unpaid = shopper(store.usd_unpaid)
        unpaid.create_checkout({store.concert: 2})
        unpaid.accept(unpaid.offer())
        placed = unpaid.complete()
        if is_cancelled:
            staff.cancel(placed.id)
    # and a cover in euro
    grace = shopper(store.eur)
    grace.create_checkout({store.concert: 2}, billing=BERLIN)
    grace.accept(grace.offer())
    checkout = grace.checkout()
    payments.charge(checkout.id, checkout.total, "EUR")
    grace.complete()
    work()
    # when
    found = totals()
    # then each market stands alone
    by_channel = {row.pop("channel"): row for row in found}
    assert by_channel == {
        store.usd.slug: {
            "currency": "USD",
            "shown": 2,
            "sold": 2,
            "attach_rate": "1.0000",
            "premium": "13.32",
            "tax": "1.42",
            "confirmed": 1,
            "cancelled": 1,
        },
        store.usd_unpaid.slug: {
            "currency": "USD",
            "shown": 5,
            "answered_no": 1,
            "sold": 2,
            "declined": 2,
            "attach_rate": "0.5000",
            "premium": "6.66",
            "tax": "0.71",
            "void": 1,
            "waiting": 1,
        },
        store.eur.slug: {
            "currency": "EUR",
            "shown": 1,
            "sold": 1,
            "attach_rate": "1.0000",
            "premium": "6.66",
            "tax": "0.71",
            "confirmed": 1,
        },
    }
    assert [row["day"] for row in report()["days"]] == [day()] * 3


def test_what_counts_on_which_day(store: Store, shopper: SendShopper, buy: Any) -> None:
    # given an offer seen four days ago, answered with no three days ago, ordered two days ago
    buy_without(shopper(store.usd_unpaid), store, sees=True, says_no=True)
    move(f"{APP}.Offer", "shown_at", days=4)
    move(f"{APP}.Consent", "created_at", days=3)
    move("order.Order", "created_at", days=2)
    # and a cover sold yesterday
    buy()
    move(f"{APP}.Cover", "created_at", days=1)
    # when
    days = report()["days"]
    # then
    said = {(row["day"], name) for row in days for name in NOTHING if row[name] != NOTHING[name]}
    assert said == {
        (day(4), "shown"),
        (day(3), "answered_no"),
        (day(2), "declined"),
        (day(2), "attach_rate"),
        (day(1), "sold"),
        (day(1), "attach_rate"),
        (day(1), "premium"),
        (day(1), "tax"),
        (day(1), "confirmed"),
        (day(), "shown"),
    }
    # and the ends of a period belong to it
    assert totals("--from", day(1), "--to", day(1))[0]["sold"] == 1
    both_days = totals("--from", day(2), "--to", day(1))
    assert sorted((row.get("sold", 0), row.get("declined", 0)) for row in both_days) == [
        (0, 1),
        (1, 0),
    ]
    assert totals("--from", day(9), "--to", day(5)) == []


def test_who_said_no_and_then_yes_is_no_decline(store: Store, shopper: SendShopper) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    ada.decline()
    ada.accept(offer)
    ada.decline()
    ada.accept(offer)
    ada.complete()

    (row,) = totals()

    assert (row["answered_no"], row["sold"], row["attach_rate"]) == (1, 1, "1.0000")
    assert "declined" not in row


def test_an_offer_that_could_not_be_bought_any_more_was_not_declined(
    store: Store, shopper: SendShopper
) -> None:
    from saleor_xcover_plugin.models import Offer

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.offer()
    Offer.objects.update(status="unavailable")
    ada.complete()

    (row,) = totals()

    assert row["shown"] == 1
    assert "declined" not in row


def test_a_tax_xcover_did_not_name_is_unknown_and_not_nothing(buy: Any) -> None:
    from saleor_xcover_plugin.models import Cover, Quote

    buy(), buy()
    named = Cover.objects.earliest("pk")
    Quote.objects.exclude(offer=named.offer).update(tax=None)

    (row,) = totals()
    assert (row["tax"], row["tax_unknown"]) == ("0.71", 1)
    Quote.objects.update(tax=None)
    (row,) = totals()
    assert (row["tax"], row["tax_unknown"]) == (None, 2)
    assert run("--csv", "-").splitlines()[1].count("unknown") == 1


def test_a_line_nobody_offered_is_sold_and_due_back(buy: Any) -> None:
    from saleor_xcover_plugin.models import Cover

    # given covers as a tampered line and an absorbed discount leave them
    buy(), buy()
    first, second = Cover.objects.order_by("pk")
    Cover.objects.filter(pk=first.pk).update(
        offer=None, status="parked", amount_due_back=Decimal("6.66")
    )
    Cover.objects.filter(pk=second.pk).update(absorbed=Decimal("0.74"))

    (row,) = totals()

    assert (row["sold"], row["waiting"], row["confirmed"]) == (2, 1, 1)
    assert (row["premium"], row["due_back"], row["absorbed"]) == ("13.32", "6.66", "0.74")
    assert (row["tax"], row["tax_unknown"]) == ("0.71", 1)


def test_a_policy_being_cancelled_is_still_in_force(buy: Any) -> None:
    from saleor_xcover_plugin.models import Cover

    buy()
    Cover.objects.update(status="cancelling")

    assert totals()[0]["confirmed"] == 1


def test_two_channels_of_one_currency_and_two_currencies_of_one_channel_stay_apart(
    store: Store, buy: Any
) -> None:
    from saleor_xcover_plugin.models import Cover, Offer

    buy(), buy()
    last = Cover.objects.latest("pk")
    Cover.objects.filter(pk=last.pk).update(currency="JPY", premium=Decimal(999))
    Offer.objects.filter(pk=last.offer_id).update(channel_id=2**31 - 1)

    rows = {(row["channel"], row["currency"]): row for row in totals()}

    assert rows[store.usd.slug, "USD"]["premium"] == "6.66"
    assert rows[store.usd.slug, "JPY"]["premium"] == "999"
    assert rows[f"channel {2**31 - 1}, deleted", "USD"]["shown"] == 1


def test_some_channels_only(store: Store, shopper: SendShopper, buy: Any) -> None:
    buy()
    buy_without(shopper(store.usd_unpaid), store, sees=True, says_no=True)

    def channels(*slugs: str) -> list[str]:
        return [row["channel"] for row in totals(*(x for s in slugs for x in ("--channel", s)))]

    assert channels(store.usd.slug) == [store.usd.slug]
    assert channels(store.usd_unpaid.slug) == [store.usd_unpaid.slug]
    assert channels(store.eur.slug) == []
    assert len(channels(store.usd.slug, store.usd_unpaid.slug)) == len(channels()) == 2


def test_more_sales_ask_no_more_of_the_database(buy: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        buy()
        with CaptureQueriesContext(connection) as captured:
            report()
        counts.append(len(captured))

    # channels, offers, answers, orders without cover, covers, taxes, refusals
    assert counts == [7, 7]


def test_people_get_days_and_a_sum(store: Store, buy: Any) -> None:
    buy()

    text = run()

    heading, of_day, _, in_all, _, of_period = text.splitlines()
    assert heading.split()[:4] == ["DAY", "CHANNEL", "CURRENCY", "SHOWN"]
    assert of_day.split()[:3] == [day(), store.usd.slug, "USD"]
    assert in_all == f"In all, {day(29)} to {day()}:"
    assert of_period.split() == of_day.split()[1:]


def test_an_empty_period_is_a_sentence(store: Store, tmp_path: Path) -> None:
    assert run() == f"Nothing was offered, sold or declined from {day(29)} to {day()}.\n"
    assert (report()["days"], report()["totals"]) == ([], [])
    assert run("--csv", "-").startswith("day,channel,currency,shown,")
    run("--html", str(tmp_path / "report.html"))
    assert "Nothing was offered" in (tmp_path / "report.html").read_text()


def test_files_hold_what_the_terminal_shows(store: Store, buy: Any, tmp_path: Path) -> None:
    buy()
    table, page = tmp_path / "report.csv", tmp_path / "report.html"
    page.write_text("an earlier report")

    said = run("--csv", str(table), "--html", str(page))

    (row,) = csv.DictReader(io.StringIO(table.read_text()))
    assert (row["channel"], row["premium"], row["sold"]) == (store.usd.slug, "6.66", "1")
    assert row["premium"] in said
    assert page.read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.csv", "report.html"]


def test_nobody_is_named(store: Store, buy: Any) -> None:
    buy()

    everything = run("--html", "-") + run("--json") + run("--csv", "-")

    assert store.usd.slug in everything
    for part in ("Ada", "ada@example.com", "+12125550123", "Example Street"):
        assert part not in everything


@pytest.mark.parametrize(
    ("_case", "arguments", "sentence"),
    [
        ("no day", ("--from", "yesterday"), "Not a day: yesterday. Write it as 2026-11-01."),
        ("reversed", ("--from", "2026-02-02", "--to", "2026-02-01"), "--from is after --to."),
        ("too long", ("--from", "2020-01-01", "--to", "2026-01-01"), "more than 1100 days"),
        ("no calendar", ("--to", "9999-12-31"), "--to is a day no calendar reaches."),
        ("before time", ("--to", "0001-01-01"), "a day no calendar reaches."),
        ("no channel", ("--channel", "x y"), "No such channel: x y. Known channels: "),
        ("two for one", ("--csv", "-", "--json"), "Only one of --json, --csv and --html"),
        ("two for one", ("--csv", "-", "--html", "-"), "Only one of --json, --csv and --html"),
    ],
)
def test_bad_arguments_are_named(
    _case: str, arguments: tuple[str, ...], sentence: str, store: Store
) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert sentence in str(refused.value)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_a_path_that_cannot_be_written_is_named(store: Store, tmp_path: Path, option: str) -> None:
    for path in (tmp_path / "missing" / "report", tmp_path):
        with pytest.raises(CommandError, match=f"Cannot write {path}: ") as refused:
            run(option, str(path))
        assert refused.value.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_written_to_and_stays(store: Store, buy: Any, tmp_path: Path) -> None:
    buy()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    run("--csv", str(pipe))

    assert os.read(reading, 10_000).startswith(b"day,channel,")
    os.close(reading)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
