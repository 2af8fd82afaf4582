"""Work of a kind that is switched off waits, is reported, and continues when it is on again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, bookings, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Switch = Callable[..., None]

SWITCHES = (
    *("make_offers", "send_confirmations", "send_opt_outs"),
    *("send_cancellations", "send_modifications"),
)


@pytest.fixture
def switch(staff: Staff, store: Store) -> Iterator[Switch]:
    """A function that switches something on or off: ``switch(send_opt_outs=False)``."""

    def save(**wanted: bool) -> None:
        values = {name: "true" if is_on else "false" for name, is_on in wanted.items()}
        staff.configure_plugin(store.usd, values)

    yield save
    save(**dict.fromkeys(SWITCHES, True))


@pytest.fixture
def buyer(shopper: SendShopper, store: Store) -> Shopper:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    return ada


def pay(buyer: Shopper, payments: Any) -> Any:
    return paid(buyer, payments)[0]


def paid(buyer: Shopper, payments: Any) -> tuple[Any, Any]:
    """Pay and place the order; return it and its transaction."""
    checkout = buyer.checkout()
    transaction = payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete(), transaction


def doctor(channel: Channel) -> list[str]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("xcover_doctor", "--channel", channel.slug, "--no-call", "--json", stdout=out)
    return [each["sentence"] for each in json.loads(out.getvalue())["findings"]]


def codes(call: Callable[[], Any]) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.codes


def test_offers_are_switched_off_and_a_yes_that_was_given_is_sold(
    shopper: SendShopper,
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    switch: Switch,
    buyer: Shopper,
) -> None:
    # given one yes, and one offer without an answer
    buyer.accept(buyer.offer())
    undecided = shopper(store.usd)
    undecided.create_checkout({store.concert: 1})
    offer = undecided.offer()
    asked = len(simulator.calls("create_offer"))
    # when offers are switched off
    switch(make_offers=False)
    # then there is no new offer and no new yes
    late = shopper(store.usd)
    late.create_checkout({store.concert: 2})
    assert codes(late.offer) == ("offers_off",)
    assert codes(undecided.offer) == ("offers_off",)
    assert codes(lambda: undecided.accept(offer)) == ("offers_off",)
    assert undecided.checkout().cover_lines == ()
    assert len(simulator.calls("create_offer")) == asked
    # and the yes is shown, sold and confirmed
    assert buyer.offer().answer == "accepted"
    order = pay(buyer, payments)
    work()
    assert order.total == TICKETS + PREMIUM
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_confirmations_wait_and_are_made_when_they_are_switched_on(
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    switch: Switch,
    buyer: Shopper,
) -> None:
    from saleor_xcover_plugin.models import Cover, OutboxMessage

    # given
    switch(send_confirmations=False)
    buyer.accept(buyer.offer())
    order = pay(buyer, payments)
    # when workers come, several times
    work()
    work()
    # then XCover was not asked, no attempt is used up, and the doctor says what waits
    message = OutboxMessage.objects.get(kind="confirm")
    assert (bookings(simulator), simulator.calls("confirm")) == ([], [])
    assert (message.status, message.attempts, message.sending) == ("pending", 0, "never_sent")
    assert "Make policies is switched off. 1 message waiting." in doctor(store.usd)
    # when they are switched on
    switch(send_confirmations=True)
    work()
    # then the policy is made, once
    cover = Cover.objects.get(order_number=order.number)
    assert cover.status == "confirmed"
    assert len(bookings(simulator)) == 1


def test_an_order_refunded_meanwhile_gets_no_policy(
    store: Store,
    staff: Staff,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    switch: Switch,
    buyer: Shopper,
) -> None:
    switch(send_confirmations=False)
    buyer.accept(buyer.offer())
    order, transaction = paid(buyer, payments)
    work()
    # when the order is cancelled and its money goes back before policies are made again
    payments.refund(transaction, order.total)
    switch(send_confirmations=True)
    work()
    assert bookings(simulator) == []


def test_declines_are_told_later(
    simulator: SimulatorProcess, payments: Any, work: Work, switch: Switch, buyer: Shopper
) -> None:
    switch(send_opt_outs=False)
    buyer.offer()
    pay(buyer, payments)
    work()
    assert opt_outs(simulator) == []
    # when
    switch(send_opt_outs=True)
    work()
    assert len(opt_outs(simulator)) == 1


def test_cancellations_wait_and_hold_up_no_refund(
    store: Store,
    simulator: SimulatorProcess,
    payments: Any,
    work: Work,
    switch: Switch,
    buyer: Shopper,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a policy, and cancellations switched off
    buyer.accept(buyer.offer())
    order, transaction = paid(buyer, payments)
    work()
    switch(send_cancellations=False)
    # when everything is refunded
    payments.refund(transaction, order.total)
    work()
    # then the money is back, and XCover was not asked
    cover = Cover.objects.get(order_number=order.number)
    assert (cover.status, simulator.calls("cancel")) == ("cancelling", [])
    # when they are switched on
    switch(send_cancellations=True)
    work()
    cover.refresh_from_db()
    assert cover.status == "cancelled"


def test_each_switch_holds_its_own_messages_only() -> None:
    from saleor_xcover_plugin.config.settings import default_configuration, read_settings

    known = {item["name"]: item["value"] for item in default_configuration()}
    known |= {"api_url": "https://x.example/x", "partner_code": "A", "api_key": "k"}

    def held(**wanted: str) -> set[str]:
        values = {**known, "api_secret": "s", **wanted}
        configuration = [{"name": name, "value": value} for name, value in values.items()]
        return set(read_settings(configuration).held_kinds)

    assert held() == set()
    assert held(send_confirmations="false") == {"confirm"}
    assert held(send_opt_outs="false") == {"opt_out"}
    assert held(send_cancellations="false") == {"preview_cancellation", "confirm_cancellation"}
    assert held(send_modifications="false") == {"preview_modification", "confirm_modification"}
    assert held(make_offers="false") == set()
