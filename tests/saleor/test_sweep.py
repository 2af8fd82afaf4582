"""The sweep finds everything that lags, in pages, and steps past what is done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from testkit.client.driver import Driver
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess

from ..statements import without_limits
from .pricing.shop import make_app

SendShopper = Callable[[Channel], Shopper]


def sell(shopper: SendShopper, store: Store, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Place unpaid orders with cover whose hooks were all lost."""
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        for _ in range(count):
            ada = shopper(store.usd_unpaid)
            ada.create_checkout({store.concert: 2})
            ada.accept(ada.offer())
            ada.complete()


def sweep(limit: int, at: datetime | None = None) -> dict[str, int]:
    from dataclasses import asdict

    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.operations.sweep import sweep as sweep_all

    return asdict(sweep_all((lambda: at) if at else utc_now, limit=limit))


def test_a_page_smaller_than_the_rush_loses_nobody(
    store: Store,
    shopper: SendShopper,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.models import Cover

    sell(shopper, store, monkeypatch, 5)

    assert sweep(limit=2)["orders"] == 5
    assert Cover.objects.count() == 5


def test_many_orders_with_one_time_are_all_seen(
    store: Store,
    shopper: SendShopper,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import Cover, Offer

    sell(shopper, store, monkeypatch, 5)
    tokens = [str(token) for token in Offer.objects.values_list("checkout_token", flat=True)]
    Order.objects.filter(checkout_token__in=tokens).update(updated_at=datetime.now(UTC))

    sweep(limit=2)

    assert Cover.objects.count() == 5


def test_a_second_look_costs_no_writes(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)
    sweep(limit=100)

    with CaptureQueriesContext(connection) as captured:
        sweep(limit=100)

    sent = [without_limits(query["sql"]) for query in captured.captured_queries]
    writes = [sql for sql in sent if sql.startswith(("INS", "UPD"))]
    marks = ("watermark", "heartbeat")
    assert [sql for sql in writes if not any(mark in sql for mark in marks)] == []
    assert len(simulator.calls("confirm")) == 1


def test_offers_nobody_came_back_for_come_to_an_end(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor.checkout.models import Checkout

    from saleor_xcover_plugin.models import Offer

    # given one checkout that lives, one that Saleor deleted, and one with a yes
    for name in ("lives", "deleted", "accepted"):
        ada = shopper(store.usd_unpaid)
        checkout = ada.create_checkout({store.concert: 2})
        offer = ada.offer()
        if name == "accepted":
            ada.accept(offer)
        if name == "deleted":
            Checkout.objects.filter(pk=checkout.token).delete()
    # when two hours pass
    sweep(limit=100, at=datetime.now(UTC) + timedelta(hours=2))
    # then
    assert list(Offer.objects.order_by("pk").values_list("status", flat=True)) == [
        "expired",
        "abandoned",
        "selected",
    ]


def test_an_order_that_expires_unpaid_ends_its_cover(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import Cover

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    number = ada.complete().number
    Order.objects.filter(number=number).update(status="expired", updated_at=datetime.now(UTC))

    sweep(limit=100)

    cover = Cover.objects.select_related("offer").get()
    assert cover.offer is not None
    assert (cover.status, cover.offer.status) == ("void", "abandoned")
    assert simulator.calls("confirm") == []
    assert simulator.calls("opt_out") == []


CHANNEL_DELETE = """
mutation channelDelete($id: ID!, $target: ID!) {
  channelDelete(id: $id, input: {channelId: $target}) { errors { field message code } }
}"""
CHANNEL_UPDATE = """
mutation channelUpdate($id: ID!, $slug: String!) {
  channelUpdate(id: $id, input: {slug: $slug}) { errors { field message code } }
}"""


def sold(shopper: SendShopper, store: Store, staff: Staff, channel: Channel) -> Shopper:
    """Sell a cover in a channel and take the money; nothing is sent yet."""
    ada = shopper(channel)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)
    return ada


def confirmed(simulator: SimulatorProcess) -> int:
    return len(simulator.state()["bookings"])


def test_open_work_follows_the_orders_of_a_deleted_channel(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    driver: Driver,
    sell_insurance: Callable[[Channel], Channel],
) -> None:
    from saleor_xcover_plugin.models import Cover, OutboxMessage

    # given an order paid in a channel that is then merged into another
    gone = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    sold(shopper, store, staff, gone)
    token = make_app("manage_channels")
    driver.mutate(
        CHANNEL_DELETE,
        {"id": gone.id, "target": store.usd_unpaid.id},
        token=token,
    )
    # the store of the tests lists what it sells in all of its channels
    store._channels = [known for known in store._channels if known[1] != gone]
    # when
    sweep(limit=10)
    sweep(limit=10)
    # then
    assert confirmed(simulator) == 1
    assert list(Cover.objects.values_list("status", flat=True)) == ["confirmed"]
    assert list(OutboxMessage.objects.values_list("status", flat=True)) == ["settled"]


def test_a_channel_with_a_new_slug_is_the_same_channel(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    driver: Driver,
    sell_insurance: Callable[[Channel], Channel],
) -> None:
    renamed = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    ada = sold(shopper, store, staff, renamed)
    slug, token = f"{renamed.slug}-new", make_app("manage_channels")
    driver.mutate(CHANNEL_UPDATE, {"id": renamed.id, "slug": slug}, token=token)

    sweep(limit=10)

    assert confirmed(simulator) == 1
    ada.channel = replace(renamed, slug=slug)
    assert ada.cover() is not None


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_was_wrong_for_a_while_hides_nothing(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess, hours: int
) -> None:
    # given a sweep under a wrong clock, while XCover was down, in the middle of a call
    sold(shopper, store, staff, store.usd_unpaid)
    simulator.fault("confirm", "status", times=1, status=503)
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    sweep(limit=10, at=wrong)
    sold(shopper, store, staff, store.usd_unpaid)
    outbox_claimed_at(wrong)
    assert confirmed(simulator) <= 1
    # when the clock is right again, and a minute has passed
    for seconds in (0, 61):
        sweep(limit=10, at=datetime.now(UTC) + timedelta(seconds=seconds))
    # then
    assert confirmed(simulator) == 2
    assert 2 <= len(simulator.calls("confirm")) <= 3  # the first failed, or was never made


def outbox_claimed_at(at: datetime) -> None:
    """A worker took what was due and died."""
    from saleor_xcover_plugin.outbox import claims

    claims.claim(at, limit=10)


def test_a_plugin_off_and_on_again_has_missed_nothing(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given orders made while the plugin was off: no hook fires, but the yes was given before
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.configure_plugin(store.usd_unpaid, {}, is_active=False)
    staff.mark_as_paid(ada.complete().id)
    assert confirmed(simulator) == 0
    # when
    staff.configure_plugin(store.usd_unpaid, {}, is_active=True)
    sweep(limit=10)
    # then
    assert confirmed(simulator) == 1
