"""Channels with different accounts at XCover, in different currencies, beside each other."""

from __future__ import annotations

import json
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


@pytest.fixture
def to_dollars_account(
    euros: Channel, staff: Staff, simulator: SimulatorProcess
) -> Callable[[], None]:
    """Return what saves the first channel's account for the second one, too."""
    from testkit.seed import PARTNER

    return lambda: staff.configure_plugin(euros, {"api_url": simulator.base_url, **PARTNER})


@pytest.fixture
def back_again(
    euros: Channel, staff: Staff, other_process: SimulatorProcess
) -> Callable[..., None]:
    """Return what saves the second account again, by another address if one is given."""
    return lambda address=other_process.base_url: staff.configure_plugin(
        euros, {"api_url": address, **OTHER}
    )


def waiting() -> list[tuple[str, str]]:
    from saleor_xcover_plugin.models import OutboxMessage

    parked = OutboxMessage.objects.filter(status="parked").order_by("pk")
    return list(parked.values_list("kind", "reason_code"))


def test_a_paid_cover_waits_for_the_account_that_offered_it(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
    to_dollars_account: Callable[[], None],
    back_again: Callable[..., None],
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a paid order, and another account for its channel before a worker came
    order, _ = sell(shopper(euros), store, payments)
    to_dollars_account()
    # when a worker comes
    work()
    # then no account was called, nothing is due back, and the message tells what it waits for
    assert waiting() == [("confirm", "other_account")]
    assert simulator.calls("confirm") == []
    assert bookings(other) == []
    cover = Cover.objects.get(order_number=order.number)
    assert (cover.status, cover.reason_code, cover.amount_due_back) == (
        "parked",
        "other_account",
        Decimal(0),
    )
    assert "xcover_account" in cover.reason
    # when that account is set again
    back_again()
    work()
    # then the policy is made there
    (booking,) = bookings(other)
    assert booking["partner_transaction_id"] == order.number
    assert bookings(simulator) == []


def test_a_policy_is_cancelled_at_the_account_that_made_it_and_at_no_other(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
    to_dollars_account: Callable[[], None],
    back_again: Callable[..., None],
) -> None:
    # given a policy, and another account for its channel since
    order, transaction = sell(shopper(euros), store, payments)
    work()
    to_dollars_account()
    # when the order is refunded
    payments.refund(transaction, order.total)
    work()
    # then the new account is not asked to cancel, and the policy stays until the old one is set
    assert waiting() == [("preview_cancellation", "other_account")]
    assert simulator.calls("cancel") + simulator.calls("confirm_cancellation") == []
    assert [booking["status"] for booking in bookings(other)] == ["CONFIRMED"]
    back_again()
    work()
    assert [booking["status"] for booking in bookings(other)] == ["CANCELLED"]


def test_a_shopper_is_asked_anew_after_another_account_was_set(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    simulator: SimulatorProcess,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
    to_dollars_account: Callable[[], None],
) -> None:
    # given a yes to an offer of the one account
    buyer = shopper(euros)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    # when another one is set, and the page asks again
    to_dollars_account()
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    order = buyer.complete()
    work()
    # then the policy is the new account's
    assert [booking["partner_transaction_id"] for booking in bookings(simulator)] == [order.number]
    assert bookings(other) == []
    assert waiting() == []


def test_the_same_account_under_a_new_address_goes_on_once_staff_say_so(
    shopper: SendShopper,
    store: Store,
    euros: Channel,
    other: SimulatorProcess,
    payments: Any,
    work: Work,
    back_again: Callable[..., None],
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given a policy and a paid order that waits, both offered under the old address
    order, transaction = sell(shopper(euros), store, payments)
    work()
    late, _ = sell(shopper(euros), store, payments)
    old = Offer.objects.order_by("-pk").values_list("account", flat=True)[0][:8]
    # when the account has a new address
    back_again(other.base_url.replace("127.0.0.1", "localhost"))
    payments.refund(transaction, order.total)
    work()
    # then both wait, and a table names the account
    assert sorted(waiting()) == [
        ("confirm", "other_account"),
        ("preview_cancellation", "other_account"),
    ]
    with pytest.raises(SystemExit):
        store.command("xcover_account")
    # when staff look what saying so would change, nothing changes
    tried = store.command(
        "xcover_account", "--moved", old, "--to", euros.slug, "--dry-run", "--json"
    )
    assert json.loads(tried)["moved"]["replayed"] == 2
    assert len(waiting()) == 2
    # and when they say so, both go on
    told = store.command("xcover_account", "--moved", old, "--to", euros.slug, "--json")
    assert json.loads(told)["moved"]["replayed"] == 2
    work()
    assert waiting() == []
    assert {each["partner_transaction_id"]: each["status"] for each in bookings(other)} == {
        order.number: "CANCELLED",
        late.number: "CONFIRMED",
    }


def test_an_account_in_use_is_not_moved(
    shopper: SendShopper, store: Store, euros: Channel, other: SimulatorProcess
) -> None:
    from django.core.management.base import CommandError

    from saleor_xcover_plugin.models import Offer

    buyer = shopper(euros)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    in_use = Offer.objects.order_by("-pk").values_list("account", flat=True)[0][:8]

    for name, sentence in ((in_use, "is set in"), ("0" * 8, "none of the accounts"), ("3", "none")):
        with pytest.raises(CommandError, match=sentence):
            store.command("xcover_account", "--moved", name, "--to", euros.slug)
