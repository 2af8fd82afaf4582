"""What somebody wrote about an event, or a row nobody can read, stops nobody else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.models import Alarm, Cover, Failure, Offer
from saleor_xcover_plugin.operations.sweep import sweep
from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.work import Work

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=60)

BAD = {
    "a year nobody can store": (
        {"event_start": "9999-12-31T20:00", "event_timezone": "America/New_York"},
        ("start",),
    ),
    "an end nobody can store": ({"event_end": "9999-12-31T23:59:59"}, ("end",)),
    "a time before all times": (
        {"event_start": "0001-01-01T00:00", "event_timezone": "Asia/Tokyo"},
        ("start",),
    ),
    "a folder of time zones": ({"event_timezone": "US"}, ("timezone",)),
    "another folder": ({"event_timezone": "Mexico"}, ("timezone",)),
    "an endless time zone": ({"event_timezone": "A" * 300}, ("timezone",)),
    "a language for a country": ({"event_country": "EN"}, ("country",)),
    "no country at all": ({"event_country": "ZZ"}, ("country",)),
    "neither yes nor no": ({"is_resale": "perhaps"}, ("resale",)),
}


def status() -> tuple[dict[str, Any], int]:
    printed = io.StringIO()
    try:
        call_command("xcover_status", "--json", stdout=printed)
    except SystemExit as ended:
        return json.loads(printed.getvalue()), int(str(ended.code))
    return json.loads(printed.getvalue()), 0


def order_unpaid(ada: Shopper, store: Store) -> PlacedOrder:
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    return ada.complete()


@pytest.fixture
def spoilt() -> Iterator[Callable[[Offer], None]]:
    """Return a function that makes a row unreadable, as an earlier version could have left it."""
    spoilt_keys: list[int] = []

    def spoil(offer: Offer) -> None:
        spoilt_keys.append(offer.pk)
        _set_start(offer.pk, "10000-01-01T00:00:00Z")

    yield spoil
    for key in spoilt_keys:
        _set_start(key, SOON.isoformat())


def _set_start(key: int, moment: str) -> None:
    sql = "UPDATE saleor_xcover_plugin_offer SET event_starts_at = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [moment, key])


@pytest.mark.parametrize("case", BAD)
def test_a_text_that_stands_for_nothing_is_refused_by_field(
    store: SaleorStore, shopper: SendShopper, simulator: SimulatorProcess, case: str
) -> None:
    # given a product whose event data hold it
    metadata, fields = BAD[case]
    event = store.new_event(price="100.00", starts_at=SOON, **metadata)
    ada = shopper(store.usd)
    ada.create_checkout({event: 2})
    # when the page asks
    with pytest.raises(Refused) as caught:
        ada.offer()
    # then XCover is not, and the shopper's page reads the field
    assert caught.value.codes == ("event_data_missing",)
    assert caught.value.errors[0]["fields"] == list(fields)
    assert simulator.calls("create_offer") == []
    # and the sweep of the store goes on
    sweep(utc_now)
    assert Failure.objects.count() == 0


def test_a_shopper_cannot_write_a_time_that_stops_the_sweep(
    store: SaleorStore,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    sell_insurance: Callable[[Channel], Channel],
) -> None:
    # given a store that takes the start from the checkout's metadata, which shoppers may write
    channel = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    mapping = "name = product.name\nstart = checkout.metadata.start\ncountry = text:US"
    staff.configure_plugin(channel, {"event_mapping": mapping})
    mallory = shopper(channel)
    mallory.create_checkout({store.concert: 2})
    mallory.write_metadata({"start": "9999-12-31T20:00:00-05:00"})
    # when
    with pytest.raises(Refused) as caught:
        mallory.offer()
    # then
    assert caught.value.errors[0]["fields"] == ["start"]
    mallory.complete()
    # and somebody else is insured
    ada = shopper(store.usd_unpaid)
    staff.mark_as_paid(order_unpaid(ada, store).id)
    work()
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert Failure.objects.count() == 0


def test_a_row_nobody_can_read_is_named_at_once_and_stops_no_other(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    spoilt: Callable[[Offer], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given three orders whose hooks were lost, and an offer of the first that cannot be read
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)
    orders = [order_unpaid(shopper(store.usd_unpaid), store) for _ in range(3)]
    broken = Offer.objects.order_by("pk")[0]
    spoilt(broken)
    for order in orders:
        staff.mark_as_paid(order.id)
    # when
    sweep(utc_now)
    # then the others have their policies
    statuses = Cover.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["placed", "confirmed", "confirmed"]
    # and the first is named, with its first failure
    report, code = status()
    assert code == 1
    (alarm,) = [row for row in report["alarms"] if row["code"] == "work_failing"]
    assert alarm["subject"] == f"order {orders[0].number}"
    assert f"Looking at order {orders[0].number} ended with a defect" in alarm["sentence"]
    # when the row can be read again, the sweep comes back to it by itself
    _set_start(broken.pk, SOON.isoformat())
    sweep(lambda: utc_now() + timedelta(minutes=3))
    # then it is insured, and nothing is the matter any more
    assert Cover.objects.order_by("pk")[0].status == "confirmed"
    assert Failure.objects.count() == 0
    assert not Alarm.objects.filter(code="work_failing", cleared_at=None).exists()


def test_an_order_that_fails_again_waits_ever_longer(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    spoilt: Callable[[Offer], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)
    order = order_unpaid(shopper(store.usd_unpaid), store)
    spoilt(Offer.objects.get())
    staff.mark_as_paid(order.id)
    start = utc_now()
    waits = []
    # when it fails each time it is tried
    for hours in (0, 10, 20, 30):
        now = start + timedelta(hours=hours)
        sweep(lambda now=now: now)
        failure = Failure.objects.get(work="order")
        waits.append(failure.next_attempt_at - failure.last_at)
    # then
    assert failure.times == 4
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert timedelta(minutes=1) < waits[-1] <= timedelta(hours=6)


def test_the_purge_removes_what_stands_beside_a_row_nobody_can_read(
    store: Store,
    shopper: SendShopper,
    work: Work,
    simulator: SimulatorProcess,
    spoilt: Callable[[Offer], None],
) -> None:
    # given two declines of long ago, one of them unreadable
    for _ in range(2):
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({store.concert: 2})
        ada.offer()
        ada.decline()
        ada.complete()
    work()
    long_ago = utc_now() - timedelta(days=365 * 11)
    Offer.objects.update(created_at=long_ago, updated_at=long_ago, event_starts_at=long_ago)
    first, _ = Offer.objects.order_by("pk")
    spoilt(first)
    # when
    printed = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("xcover_purge", "--json", stdout=printed)
    # then
    assert (ended.value.code, json.loads(printed.getvalue())["failed"]) == (1, 1)
    assert list(Offer.objects.values_list("pk", flat=True)) == [first.pk]
    report, _ = status()
    (alarm,) = [row for row in report["alarms"] if row["code"] == "work_failing"]
    assert "Removing old data" in alarm["sentence"]


def test_a_run_over_an_event_goes_on_beside_a_row_nobody_can_read(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    spoilt: Callable[[Offer], None],
) -> None:
    # given three policies of one event, and an offer of the first that cannot be read
    for _ in range(3):
        staff.mark_as_paid(order_unpaid(shopper(store.usd_unpaid), store).id)
    work()
    spoilt(Offer.objects.order_by("pk")[0])
    # when the event is cancelled
    printed = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "xcover_event",
            *(store.concert.sku, "--cancelled", "--confirm", "3", "--json"),
            stdout=printed,
        )
    # then the others are, and it says that one is left
    outcomes = json.loads(printed.getvalue())["outcomes"]
    assert {row["what"]: row["policies"] for row in outcomes} == {
        "cancelled": 2,
        "not asked yet": 1,
    }
    assert ended.value.code == 1
    report, _ = status()
    (alarm,) = [row for row in report["alarms"] if row["code"] == "work_failing"]
    assert alarm["subject"].startswith("cancelled event")
    # and the evidence of all three can be given
    evidence = io.StringIO()
    call_command(
        "xcover_evidence", "--from", str(SOON.date() - timedelta(days=61)), stdout=evidence
    )
    assert len(evidence.getvalue().splitlines()) == 3
