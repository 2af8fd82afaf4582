"""A request for an offer that was paused, while the shopper went on, asks for what is there now."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


@pytest.fixture
def pause(buyer: Shopper, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], str]:
    """Return a function: a worker has read the checkout, then the given things happen to it.

    It returns the code with which the worker's request ends, or "offer".
    """
    from saleor_xcover_plugin.checkout import offer_request as module
    from saleor_xcover_plugin.errors import Refusal
    from saleor_xcover_plugin.host import configuration

    draw, pauses = module.allowances.draw_for_offer, []

    def paused(meanwhile: Callable[[], None]) -> str:
        def before_it_asks(*arguments: object, is_ahead: bool, **named: object) -> object:
            if is_ahead and not pauses:
                pauses.append(meanwhile)
                meanwhile()
            return draw(*arguments, is_ahead=is_ahead, **named)

        monkeypatch.setattr(module.allowances, "draw_for_offer", before_it_asks)
        channel = int(key(buyer.channel.id))
        try:
            module.ensure_offer(
                uuid.UUID(key(buyer.checkout_id)),
                channel,
                configuration.settings_of(channel),
                lambda: datetime.now(UTC),
                is_ahead=True,
            )
        except Refusal as refusal:
            return refusal.code.value
        finally:
            assert len(pauses) == 1
        return "offer"

    return paused


def take_a_third(buyer: Shopper) -> None:
    (tickets,) = buyer.checkout().ticket_lines
    buyer.set_quantity(tickets, 3)


def tickets_asked_for(simulator: SimulatorProcess) -> list[int]:
    """Return the number of tickets in each request for an offer."""
    requests = [call["body"]["context"] for call in simulator.calls("create_offer")]
    return [len(event["tickets"]) for each in requests for event in each["events"]]


def test_a_yes_given_meanwhile_stays(
    buyer: Shopper,
    store: Store,
    simulator: SimulatorProcess,
    pause: Callable[[Callable[[], None]], str],
) -> None:
    # given a checkout of two tickets, and a worker about to request its offer
    buyer.create_checkout({store.concert: 2})

    def go_on() -> None:
        take_a_third(buyer)
        buyer.accept(buyer.offer())

    # when the shopper takes a third ticket and says yes before the worker goes on
    code = pause(go_on)
    # then their yes stands, and XCover was asked for three tickets only
    assert code == "offer_pending"
    assert buyer.offer().answer == "accepted"
    (cover,) = buyer.checkout().cover_lines
    assert cover.total == PREMIUM / 2 * 3
    assert tickets_asked_for(simulator) == [3]


def test_tickets_taken_meanwhile_are_in_the_request(
    buyer: Shopper,
    store: Store,
    simulator: SimulatorProcess,
    pause: Callable[[Callable[[], None]], str],
) -> None:
    # given a checkout of two tickets, and a worker about to request its offer
    buyer.create_checkout({store.concert: 2})

    # when the shopper takes a third ticket before the worker goes on
    assert pause(lambda: take_a_third(buyer)) == "offer"
    # then it is three that are quoted, once, and the page reads that offer
    assert buyer.offer().quotes[0].premium == PREMIUM / 2 * 3
    assert tickets_asked_for(simulator) == [3]
