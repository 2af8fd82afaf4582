"""Two tabs, double clicks, two workers: one winner, and never a line without its offer."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client.driver import DriverError, Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import end_the_offer
from testkit.work import Work

from .together import together

SendShopper = Callable[[Channel], Shopper]


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
@pytest.mark.parametrize("last", ["accepted", "declined"])
def test_of_two_answers_of_one_page_at_once_the_later_one_wins(
    store: Store, shopper: SendShopper, last: str, attempt: int
) -> None:
    """The lost "No": pressed while the "Yes" was under way, and the buyer ended insured."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    yes, no = (2, 1) if last == "accepted" else (1, 2)

    together(
        lambda: ada.accept(offer, page="one", turn=yes), lambda: ada.decline(page="one", turn=no)
    )

    assert ada.offer().answer == last
    assert consents()[-1] == last
    assert ada.checkout().total == Decimal("206.66" if last == "accepted" else "200.00")


@pytest.mark.parametrize("attempt", range(2))
def test_of_many_answers_at_once_the_last_turn_wins(
    store: Store, shopper: SendShopper, attempt: int
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    yes = [lambda turn=turn: ada.accept(offer, page="one", turn=turn) for turn in (1, 3, 5)]
    no = [lambda turn=turn: ada.decline(page="one", turn=turn) for turn in (2, 4, 6)]

    together(*yes, *no)

    assert ada.offer().answer == "declined"
    assert ada.checkout().total == Decimal("200.00")
    assert ada.checkout().cover_lines == ()


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.3, 0.6])
def test_a_no_beside_the_look_that_would_keep_a_yes_wins(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, seconds: float
) -> None:
    """Before the offer, while it is asked for, or after the yes was kept: nobody is insured."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer(), page="one", turn=1)
    end_the_offer(ada)
    simulator.fault("create_offer", "delay", times=1, seconds=seconds)

    together(ada.offer, lambda: ada.decline(page="one", turn=2))

    assert ada.offer().answer in (None, "declined")
    assert ada.checkout().total == Decimal("200.00")
    assert ada.checkout().cover_lines == ()


@pytest.mark.parametrize("attempt", range(3))
def test_two_alternatives_taken_at_once_are_one(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, attempt: int
) -> None:
    simulator.settings(products="alternatives")
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()

    together(*[lambda quote=quote: ada.accept(offer, quote.id) for quote in offer.quotes])

    now = ada.offer()
    assert len(now.chosen_ids) == 1
    assert ada.checkout().total == Decimal("200.00") + (now.chosen_premium or Decimal(0))
    assert [line.total for line in ada.checkout().cover_lines] == [now.chosen_premium]


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
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

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

    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.policies.order_sync import sync_order

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        order = ada.complete()
    order_id = uuid.UUID(from_global_id(order.id)[1])

    together(*[lambda: sync_order(order_id, utc_now())] * 4)

    assert Cover.objects.filter(order_id=order_id).count() == 1
