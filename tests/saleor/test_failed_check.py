"""The plugin's own check of a changed checkout fails: then a yes does not stand.

Its settings cannot be read here, as after an update of the plugin or with another SECRET_KEY in one
of the processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Break = Callable[[Channel], None]


@pytest.fixture
def break_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Break]:
    """Return a function that makes a channel's settings unreadable, until the test is over."""
    from graphql_relay import from_global_id
    from saleor.plugins.models import PluginConfiguration

    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)
    known: dict[int, Any] = {}

    def broken(channel: Channel) -> None:
        channel_id = from_global_id(channel.id)[1]
        row = PluginConfiguration.objects.get(
            identifier="covergenius.xcover", channel_id=channel_id
        )
        known[row.pk] = row.configuration
        changed = [
            {**item, "value": "start = nowhere"} if item["name"] == "event_mapping" else item
            for item in row.configuration
        ]
        PluginConfiguration.objects.filter(pk=row.pk).update(configuration=changed)

    yield broken
    for key, before in known.items():
        PluginConfiguration.objects.filter(pk=key).update(configuration=before)


def said(buyer: Shopper) -> dict[str, str]:
    found: dict[str, str] = json.loads(buyer.checkout().metadata["xcover"])
    return found


def test_without_money_the_line_goes_and_the_order_is_held_once(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    break_check: Break,
) -> None:
    # given a yes for two tickets
    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    break_check(store.usd_unpaid)
    # when three more are added, and the check of it fails
    (tickets,) = checkout.ticket_lines
    changed = ada.set_quantity(tickets, 5)
    # then nothing is sold for two of five
    assert changed.cover_lines == ()
    assert changed.total == Decimal(500)
    assert said(ada) == {"state": "withdrawn", "code": "check_failed"}
    # and the shopper is told before she pays, once
    with pytest.raises(Refused, match="Your ticket protection has changed"):
        ada.complete()
    payments.charge(checkout.id, Decimal(500))
    order = ada.complete()
    work()
    assert (order.total, order.cover_lines) == (Decimal(500), ())
    assert bookings(simulator) == []


def test_a_check_that_fails_right_before_the_order_holds_it_once(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    simulator: SimulatorProcess,
    break_check: Break,
) -> None:
    # given a yes, and nothing changed since
    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    break_check(store.usd_unpaid)
    # when she completes
    with pytest.raises(Refused, match="Your ticket protection has changed"):
        ada.complete()
    # then the line is gone, and the tickets can be bought
    assert ada.checkout().total == TICKETS
    payments.charge(checkout.id, TICKETS)
    assert ada.complete().total == TICKETS


def test_with_money_the_order_goes_through_and_the_premium_is_due(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    break_check: Break,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a yes that is paid
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    # when something changes and the check of it fails
    break_check(store.usd)
    ada.set_email("ada.lovelace@example.com")
    assert said(ada) == {"state": "withdrawn", "code": "check_failed"}
    # then her order is made as she paid it
    order = ada.complete()
    work()
    assert order.total == TOTAL
    # and nothing is sent before a person has looked
    cover = Cover.objects.get()
    assert (cover.status, cover.reason_code) == ("parked", "check_failed")
    assert cover.amount_due_back == PREMIUM
    assert bookings(simulator) == []
    (note,) = [note for note in staff.order(order.id).notes if "could not be checked" in note]
    assert "refund what was paid for the protection" in note


def test_a_later_check_that_succeeds_lets_the_yes_stand(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    break_check: Break,
) -> None:
    # given a yes that is paid, and a check that failed
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    break_check(store.usd)
    ada.set_email("ada.lovelace@example.com")
    # when the settings are mended and the checkout changes again
    staff.configure_plugin(store.usd, {"event_mapping": MAPPING})
    ada.set_email("ada@example.com")
    # then it is as if nothing had been
    assert said(ada)["state"] == "accepted"
    ada.complete()
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


MAPPING = """\
name = product.metadata.event_name, product.name
start = product.metadata.event_start
country = product.metadata.event_country
"""
