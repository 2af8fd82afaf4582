"""Channels with different accounts at XCover, in different currencies, beside each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from testkit import hosts
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]

OTHER = {"partner_code": "OTHER", "api_key": "other-key", "api_secret": "other-secret-0002"}


@pytest.fixture(scope="module")
def other_process() -> Iterator[SimulatorProcess]:
    """The XCover account of the second channel: another partner, key and secret."""
    process = SimulatorProcess()
    process.start(
        os.environ.get("XCOVER_SIMULATOR_PYTHON", hosts.python()),
        *("--partner", OTHER["partner_code"]),
        *("--api-key", OTHER["api_key"], "--api-secret", OTHER["api_secret"]),
        timeout=120,
    )
    yield process
    process.stop()


@pytest.fixture(scope="module")
def euros(bare_store: Store, sell_insurance: Callable[[Channel], Channel]) -> Channel:
    return sell_insurance(bare_store.new_channel("EUR", allow_unpaid_orders=True))


@pytest.fixture
def other(euros: Channel, staff: Staff, other_process: SimulatorProcess) -> SimulatorProcess:
    """The second account, which the second channel uses with a template and limits of its own."""
    other_process.reset()
    other_process.settings(rate="0.10")
    staff.configure_plugin(
        euros,
        {
            "api_url": other_process.base_url,
            **OTHER,
            "currencies": "EUR",
            "limits": "ticket_price: {maximum: 500}",
        },
    )
    return other_process


def sell(buyer: Shopper, store: Store, payments: Any) -> Any:
    """Buy two tickets with protection; return order and transaction."""
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    transaction = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), transaction


def test_each_channel_sells_confirms_and_cancels_with_its_own_account(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
) -> None:
    # given a sale in each channel
    in_dollars, dollars = sell(shopper(store.usd), store, payments)
    in_euros, paid_in_euros = sell(shopper(euros), store, payments)
    # when one worker confirms both
    work()
    # then each account has its own policy, in its currency and at its price
    (first,), (second,) = bookings(simulator), bookings(other)
    assert (first["partner_transaction_id"], first["currency"]) == (in_dollars.number, "USD")
    assert (second["partner_transaction_id"], second["currency"]) == (in_euros.number, "EUR")
    assert in_dollars.total == Decimal("206.66")
    assert in_euros.total == Decimal("220.00")
    # when both are refunded
    payments.refund(dollars, in_dollars.total)
    payments.refund(paid_in_euros, in_euros.total)
    work()
    # then each account cancelled its own
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    assert [booking["status"] for booking in bookings(other)] == ["CANCELLED"]


def test_an_account_that_is_down_holds_up_no_other(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage, XCoverAccount

    # given a paid order in each channel, and an account that does not answer
    sell(shopper(euros), store, payments)
    sell(shopper(store.usd), store, payments)
    other.fault("confirm", "reset", times=None)
    # when a worker comes
    work()
    # then the other one has its policy
    assert len(bookings(simulator)) == 1
    assert bookings(other) == []
    # and once it is back, it has its own
    other.clear_faults()
    XCoverAccount.objects.update(open_until=None, failures=0)
    OutboxMessage.objects.filter(status="pending").update(next_attempt_at="2026-01-01T00:00:00Z")
    work()
    assert len(bookings(other)) == 1


def test_a_decline_is_told_to_the_account_that_made_the_offer(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    work: Work,
) -> None:
    buyer = shopper(euros)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.complete()
    work()

    assert len(opt_outs(other)) == 1
    assert opt_outs(simulator) == []


def test_credentials_of_one_account_are_no_use_at_the_other(
    staff: Staff, euros: Channel, other: SimulatorProcess
) -> None:
    from testkit.client.driver import Refused
    from testkit.seed import PARTNER

    with pytest.raises(Refused):
        staff.configure_plugin(euros, {"api_url": other.base_url, **PARTNER})
