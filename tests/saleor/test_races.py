"""Two tabs, double clicks, two workers: one winner, and never a line without its offer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from demo.client.driver import DriverError, Refused
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess

from ..flows.work import Work

SendShopper = Callable[[Channel], Shopper]


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions at once, each on a database connection of its own; errors are results."""
    from threading import Barrier

    from django.db import connections

    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return action()
        except DriverError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def consents() -> list[str]:
    from saleor_xcover_plugin.models import Consent

    return list(Consent.objects.order_by("pk").values_list("answer", flat=True))


def test_two_tabs_asking_at_once_make_one_request(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    simulator.fault("create_offer", "delay", times=1, seconds=1)

    results = together(ada.offer, ada.offer, ada.offer)

    assert len(simulator.calls("create_offer")) == 1
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 2
    assert {code for r in refused for code in r.codes} == {"offer_pending"}
    assert ada.offer().premium == Decimal("6.66")


def test_a_double_click_puts_one_line_in_and_records_one_yes(
    store: Store, shopper: SendShopper
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    results = together(*[lambda: ada.accept(offer)] * 4)

    assert [result.answer for result in results] == ["accepted"] * 4
    assert ada.checkout().total == Decimal("206.66")
    assert len(ada.checkout().cover_lines) == 1
    assert consents() == ["accepted"]


@pytest.mark.parametrize("attempt", range(4))
def test_yes_in_one_tab_and_no_in_the_other_have_one_winner(
    store: Store, shopper: SendShopper, attempt: int
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    together(lambda: ada.accept(offer), ada.decline)

    answer = ada.offer().answer
    assert consents()[-1] == answer
    assert len(ada.checkout().cover_lines) == (1 if answer == "accepted" else 0)


@pytest.mark.parametrize("attempt", range(6))
def test_accepting_while_completing_sells_a_cover_or_none_but_never_half_of_one(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    attempt: int,
) -> None:
    # given
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    # when
    accepted, completed = together(lambda: ada.accept(offer), ada.complete)
    order = staff.order(
        (completed if not isinstance(completed, DriverError) else ada.complete()).id
    )
    staff.mark_as_paid(order.id)
    work()
    # then what was paid for is what XCover has
    covered = len(order.cover_lines) == 1
    assert order.total == (Decimal("206.66") if covered else Decimal("200.00"))
    assert len(simulator.state()["bookings"]) == (1 if covered else 0)
    assert len(simulator.state()["opt_outs"]) == (0 if covered else 1)
    if isinstance(accepted, DriverError):
        assert not covered


def test_two_workers_never_send_the_same_confirmation(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.services.clock import utc_now
    from saleor_xcover_plugin.services.deliver import deliver_due

    for _ in range(5):
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({store.concert: 2})
        ada.accept(ada.offer())
        staff.mark_as_paid(ada.complete().id)

    together(*[lambda: deliver_due(utc_now, limit=20)] * 3)

    assert len(simulator.calls("confirm")) == 5
    assert len(simulator.state()["bookings"]) == 5


def test_hook_and_sweep_aligning_one_order_at_once_make_one_cover(
    store: Store, shopper: SendShopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uuid

    from graphql_relay import from_global_id

    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.services.align import align
    from saleor_xcover_plugin.services.clock import utc_now

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.align", lambda *_: None)
        order = ada.complete()
    order_id = uuid.UUID(from_global_id(order.id)[1])

    together(*[lambda: align(order_id, utc_now())] * 4)

    assert Cover.objects.filter(order_id=order_id).count() == 1
