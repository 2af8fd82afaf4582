"""``xcover_evidence``: what shoppers were shown and answered, for whoever asks later."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_xcover_plugin.defect_log import UnexpectedError
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.steps import Sale

SendShopper = Callable[[Channel], Shopper]


@dataclass
class Written:
    """What one run of the command wrote."""

    text: str
    said: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def run(*arguments: str) -> Written:
    out, said = io.StringIO(), io.StringIO()
    call_command("xcover_evidence", *arguments, stdout=out, stderr=said)
    return Written(out.getvalue(), said.getvalue())


def today() -> str:
    return str(datetime.now(UTC).date())


@pytest.fixture
def undecided(store: Store, shopper: SendShopper) -> Shopper:
    """A shopper who said yes, then no, and ordered without a cover."""
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    buyer.decline()
    buyer.complete()
    return buyer


def number_of(staff: Staff, buyer: Shopper) -> str:
    return staff.order(buyer.order_id).number


def test_the_yes_behind_a_policy(sale: Sale, store: Store) -> None:
    from saleor_xcover_plugin.models import Consent, Cover

    (record,) = run("--order", sale.order.number).records

    consent, cover = Consent.objects.get(), Cover.objects.get()
    content = record.pop("content")
    assert record == {
        "answered_at": consent.created_at.isoformat(),
        "shown_at": consent.offer.shown_at.isoformat(),
        "order_number": sale.order.number,
        "order_id": str(cover.order_id),
        "cover_status": "confirmed",
        "booking_id": sale.booking_id,
        "channel": store.usd.slug,
        "offer_id": consent.offer_id,
        "xcover_offer_id": consent.offer.xcover_offer_id,
        "answer": "accepted",
        "source": "storefront",
        "premium": "6.66",
        "currency": "USD",
        "language": consent.language,
        "quotes": [
            {
                "id": consent.quote_ids[0],
                "title": content["quotes"][0]["title"],
                "premium": "6.66",
                "is_chosen": True,
            }
        ],
        "content_hash": consent.content_hash,
        "is_intact": True,
    }
    # the whole text that was shown
    assert content == consent.content
    assert content["disclaimer"]
    assert content["quotes"][0]["pds_url"]


def test_every_answer_before_an_order_without_cover(undecided: Shopper, staff: Staff) -> None:
    number = number_of(staff, undecided)

    yes, no = run("--order", number).records

    assert [(r["answer"], r["premium"]) for r in (yes, no)] == [
        ("accepted", "6.66"),
        ("declined", "0.00"),
    ]
    assert [r["quotes"][0]["is_chosen"] for r in (yes, no)] == [True, False]
    assert no["quotes"][0]["premium"] == "6.66"  # what was declined
    assert {r["order_number"] for r in (yes, no)} == {number}
    assert {(r["cover_status"], r["booking_id"]) for r in (yes, no)} == {(None, None)}
    assert yes["answered_at"] < no["answered_at"]


def test_an_order_whose_hook_was_lost_is_found_all_the_same(
    undecided: Shopper, staff: Staff
) -> None:
    from saleor_xcover_plugin.models import Offer

    Offer.objects.update(order_id=None)
    number = number_of(staff, undecided)

    assert [r["order_number"] for r in run("--order", number).records] == [number] * 2
    assert [r["order_number"] for r in run("--from", today()).records] == [number] * 2


def test_a_cover_outlives_its_order(sale: Sale) -> None:
    from django.apps import apps

    from saleor_xcover_plugin.models import Cover

    # given an order Saleor no longer knows by its number or its checkout
    Cover.objects.update(order_number="gone-1")
    order = apps.get_model("order", "Order").objects.filter(number=sale.order.number)
    order.update(checkout_token="", number=-int(sale.order.number))

    (record,) = run("--order", "gone-1").records

    assert (record["order_number"], record["booking_id"]) == ("gone-1", sale.booking_id)


@pytest.mark.parametrize(
    "change", [{"heading": "Another heading"}, {"disclaimer": "Something milder."}]
)
def test_a_text_changed_afterwards_is_not_intact(sale: Sale, change: dict[str, str]) -> None:
    from saleor_xcover_plugin.models import Consent

    consent = Consent.objects.get()
    Consent.objects.update(content={**consent.content, **change})

    (record,) = run("--order", sale.order.number).records

    assert record["is_intact"] is False
    assert record["content_hash"] == consent.content_hash


def test_orders_nobody_answered_before_are_told(
    store: Store, shopper: SendShopper, staff: Staff, sale: Sale
) -> None:
    # given an order after an offer was only looked at, and one without any offer
    looker, other = shopper(store.usd_unpaid), shopper(store.usd_unpaid)
    for buyer in (looker, other):
        buyer.create_checkout({store.concert: 2})
    looker.offer()
    for buyer in (looker, other):
        buyer.complete()
    looked, bare = number_of(staff, looker), number_of(staff, other)
    # when
    written = run("--order", looked, "--order", sale.order.number, "--order", bare)
    # then
    assert [r["order_number"] for r in written.records] == [sale.order.number]
    assert written.said == (
        f"Order {looked}: an offer was shown, and nobody answered it.\n"
        f"Order {bare}: no offer was shown.\n"
    )


def test_an_unknown_order_stops_everything(sale: Sale, tmp_path: Path) -> None:
    out = tmp_path / "evidence.jsonl"

    for unknown in ("987654321", "x-1", "²", "9" * 40):
        with pytest.raises(CommandError) as refused:
            run("--order", sale.order.number, "--order", unknown, "--out", str(out))
        assert str(refused.value) == f"No such order: {unknown}. Nothing was written."
        assert refused.value.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_period_oldest_first(sale: Sale, undecided: Shopper, staff: Staff, store: Store) -> None:
    from saleor_xcover_plugin.models import Consent

    # given a yes of three days ago
    first = Consent.objects.earliest("pk")
    moment = datetime.now(UTC) - timedelta(days=3)
    Consent.objects.filter(pk=first.pk).update(created_at=moment)
    day = str(moment.date())
    number = number_of(staff, undecided)

    def told(*arguments: str) -> list[tuple[str, str]]:
        return [(r["order_number"], r["answer"]) for r in run(*arguments).records]

    old, new = [(sale.order.number, "accepted")], [(number, "accepted"), (number, "declined")]
    assert told("--from", day) == old + new
    assert told("--from", day, "--to", day) == old
    assert told("--from", today(), "--to", today()) == new
    assert told("--from", day, "--channel", store.usd.slug) == old
    assert told("--from", day, "--channel", store.eur.slug) == []


def test_an_empty_period_is_a_sentence(store: Store) -> None:
    written = run("--from", "2020-01-01", "--to", "2020-12-31")

    assert (written.text, written.said) == ("", "Nobody answered an offer in this period.\n")


def test_csv_holds_the_same(sale: Sale, tmp_path: Path) -> None:
    out = tmp_path / "evidence.csv"

    written = run("--order", sale.order.number, "--csv", "--out", str(out))

    (row,) = csv.DictReader(io.StringIO(out.read_text()))
    (record,) = run("--order", sale.order.number).records
    assert list(row) == list(record)
    assert (row["order_number"], row["is_intact"]) == (sale.order.number, "True")
    assert json.loads(row["content"]) == record["content"]
    assert json.loads(row["quotes"]) == record["quotes"]
    assert row["answered_at"] == record["answered_at"]
    assert written.said == f"Written: {out}, records: 1.\n"


def test_nobody_is_named(sale: Sale, undecided: Shopper) -> None:
    text = run("--from", today()).text

    assert len(text.splitlines()) == 3
    for part in ("Ada", "ada@example.com", "+12125550123", "Example Street", "10001"):
        assert part not in text


def test_many_answers_are_read_in_chunks(sale: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from saleor_xcover_plugin.models import Consent
    from saleor_xcover_plugin.staff import evidence

    consent = Consent.objects.get()
    for _ in range(9):
        consent.pk = None
        consent.save(force_insert=True)

    def cost(chunk: int) -> int:
        monkeypatch.setattr(evidence, "CHUNK", chunk)
        with CaptureQueriesContext(connection) as captured:
            assert len(run("--from", today()).records) == 10
        return len(captured)

    # each further chunk costs the same few questions, however many answers it holds
    assert cost(2) - cost(5) == (5 - 2) * (cost(5) - cost(10))


def test_a_channel_that_is_gone_is_named_so(sale: Sale) -> None:
    from saleor_xcover_plugin.models import Offer

    Offer.objects.update(channel_id=2**31 - 1)

    assert run("--from", today()).records[0]["channel"] == f"channel {2**31 - 1}, deleted"


def test_premiums_have_the_digits_of_their_currency(sale: Sale) -> None:
    from saleor_xcover_plugin.models import Consent

    Consent.objects.update(currency="JPY", premium=Decimal(7))

    assert run("--order", sale.order.number).records[0]["premium"] == "7"


@pytest.mark.parametrize(
    ("_case", "arguments", "sentence"),
    [
        ("of nothing", (), "Say of what: --order NUMBER, or --from"),
        ("a channel alone", ("--channel", "x"), "Say of what: "),
        ("until only", ("--to", "2026-01-01"), "Say of what: "),
        ("both", ("--order", "1", "--from", "2026-01-01"), "not both"),
        ("both", ("--order", "1", "--channel", "x"), "not both"),
        ("reversed", ("--from", "2026-02-02", "--to", "2026-02-01"), "--from is after --to."),
        ("no day", ("--from", "0"), "Not a day: 0."),
        ("no channel", ("--from", "2026-01-01", "--channel", "x y"), "No such channel: x y."),
    ],
)
def test_bad_arguments_are_named(
    _case: str, arguments: tuple[str, ...], sentence: str, store: Store
) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert sentence in str(refused.value)
    assert refused.value.returncode == 2


def test_a_path_that_cannot_be_written_is_named(sale: Sale, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "evidence.jsonl"

    with pytest.raises(CommandError, match=f"Cannot write {path}: No such file or directory"):
        run("--from", today(), "--out", str(path))


def test_a_run_that_fails_leaves_an_earlier_file_as_it_was(
    sale: Sale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.staff import evidence

    out = tmp_path / "evidence.jsonl"
    out.write_text("earlier\n")

    def break_down(content: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(evidence, "hash_of", break_down)
    with pytest.raises(UnexpectedError, match="RuntimeError"):
        run("--from", today(), "--out", str(out))

    assert [path.name for path in tmp_path.iterdir()] == ["evidence.jsonl"]
    assert out.read_text() == "earlier\n"
