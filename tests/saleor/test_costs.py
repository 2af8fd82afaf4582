"""A mutation of a checkout calls XCover never, and PostgreSQL once or twice if nothing changed."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.people import BERLIN, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.work import Work

from ..statements import without_limits
from .pricings import counted_pricings

SendShopper = Callable[[Channel], Shopper]
STATEMENTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


class Costs:
    """Messages with SQL the plugin's hooks sent, per hook call; one may hold several queries."""

    def __init__(self) -> None:
        self.per_hook: list[tuple[str, int]] = []

    def taken(self) -> list[tuple[str, int]]:
        taken, self.per_hook = self.per_hook, []
        return taken


@contextmanager
def counted(names: tuple[str, ...]) -> Iterator[Costs]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from saleor_xcover_plugin.plugin import XCoverPlugin

    costs, plain = Costs(), {name: getattr(XCoverPlugin, name) for name in names}

    def count(name: str, hook: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(hook)
        def counting(*arguments: object, **keywords: object) -> object:
            with CaptureQueriesContext(connection) as captured:
                result = hook(*arguments, **keywords)
            sent = [without_limits(query["sql"]) for query in captured.captured_queries]
            costs.per_hook.append((name, len([sql for sql in sent if sql.startswith(STATEMENTS)])))
            return result

        return counting

    for name, hook in plain.items():
        setattr(XCoverPlugin, name, count(name, hook))
    try:
        yield costs
    finally:
        for name, hook in plain.items():
            setattr(XCoverPlugin, name, hook)


@pytest.fixture
def costs() -> Iterator[Costs]:
    hooks = (
        "checkout_created",
        "checkout_updated",
        "checkout_metadata_updated",
        "preprocess_order_creation",
    )
    with counted(hooks) as found:
        yield found


def test_no_checkout_mutation_calls_xcover(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given a shopper who changes everything that can be changed, and never asks for an offer
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 2}, billing=None)
    code = f"TICKETS-{store.usd_unpaid.slug}"
    staff.create_voucher(code, [store.usd_unpaid], Decimal(5), value_type="FIXED")
    # when
    ada.set_email("ada@example.org")
    ada.set_billing(NEW_YORK)
    ada.set_billing(BERLIN)
    ada.set_language("DE")
    ada.add(store.festival)
    ada.set_quantity(checkout.ticket_lines[0], 3)
    ada.write_metadata({"note": "row 5"})
    ada.add_promo_code(code)
    ada.remove_promo_code(code)
    ada.delete(checkout.ticket_lines[0])
    ada.complete()
    # then
    assert simulator.calls() == []


def test_nothing_changed_beside_a_yes_costs_two_messages(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, costs: Costs
) -> None:
    # given a checkout with an accepted offer
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    costs.taken()
    # when it is touched without a change that concerns the cover
    ada.set_email("ada@example.org")
    ada.write_metadata({"note": "row 5"})
    # then
    taken = costs.taken()
    assert {hook for hook, _ in taken} == {"checkout_updated", "checkout_metadata_updated"}
    # checkout, lines and offer in one message, and whether the cover is taxed where the buyer is
    assert {count for _, count in taken} == {2}
    assert len(simulator.calls()) == 1


def test_a_checkout_without_tickets_costs_one_message_at_every_step(
    store: Store, shopper: SendShopper, costs: Costs, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.shirt: 1})
    ada.set_email("ada@example.org")
    ada.add(store.shirt)
    ada.complete()

    taken = costs.taken()
    assert [hook for hook, _ in taken] == [
        "checkout_created",
        "checkout_updated",
        "checkout_updated",
        "preprocess_order_creation",
    ]
    # completing also asks whether the shopper must learn something
    assert [count for _, count in taken] == [1, 1, 1, 2]
    assert simulator.calls() == []


def test_completing_with_an_accepted_offer_stays_cheap(
    store: Store, shopper: SendShopper, costs: Costs, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    costs.taken()

    ada.complete()

    assert costs.taken() == [("preprocess_order_creation", 3)]
    assert [call["operation"] for call in simulator.calls()] == ["create_offer"]


def test_saleor_prices_a_checkout_as_seldom_as_can_be(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    code = f"SELDOM-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(10))
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    # given no discount: the offer asks for no price, the yes for one without and one with the line
    with counted_pricings() as asked:
        ada.accept(ada.offer())
    assert len(asked) == 2
    # then a change that concerns no price asks Saleor nothing
    with counted_pricings() as asked:
        ada.set_email("ada@example.org")
    assert len(asked) == 0
    # when 10 % go off: alone, the premium as it is, and the first correction fits
    with counted_pricings() as asked:
        ada.add_promo_code(code)
    assert len(asked) == 3
    # then the correction is looked at again after each change, and it fits
    with counted_pricings() as asked:
        ada.set_email("ada@example.com")
    assert len(asked) == 2


def test_a_place_before_the_last_line_is_searched_for_once(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given 31 % off three lines, whose shares leave a cent over
    code = f"ONCE-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(31))
    in_sixty_days = datetime.now(UTC) + timedelta(days=60)
    ada = shopper(store.usd)
    ada.create_checkout({store.new_event(price="12.47", starts_at=in_sixty_days): 1})
    ada.add(store.new_event(price="19.99", starts_at=in_sixty_days))
    ada.add(store.shirt)
    ada.accept(ada.offer())
    # when: alone, as it is, last with the right total and one on either side, then before the last
    with counted_pricings() as asked:
        discounted = ada.add_promo_code(code)
    # then
    assert [line.is_cover for line in discounted.lines] == [False, False, True, False]
    assert len(asked) == 6
    # and as long as everything else costs the same, the place is kept
    with counted_pricings() as asked:
        assert ada.set_email("ada@example.com").lines == discounted.lines
    assert len(asked) == 2


def test_an_outage_in_the_database_of_the_plugin_never_reaches_the_shopper(
    store: Store, shopper: SendShopper, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given every hook of ours fails, as in a real store (the guard does not re-raise)
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS")

    def fail(*_arguments: object, **_keywords: object) -> None:
        from django.db import connection

        connection.cursor().execute("SELECT 1 FROM a_table_of_ours_that_is_gone")

    monkeypatch.setattr("saleor_xcover_plugin.plugin.checkout_changed", fail)
    monkeypatch.setattr("saleor_xcover_plugin.plugin.refusal_before_order", fail)
    monkeypatch.setattr("saleor_xcover_plugin.plugin.sync_order", fail)
    # when
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.set_email("ada@example.org")
    # then
    assert ada.complete().total == Decimal("200.00")


def test_a_hook_that_never_fired_is_made_up_for_by_the_sweep(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given the process dies between Saleor's commit and every hook of the order
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        order = ada.complete()
        staff.mark_as_paid(order.id)
    assert ada.cover() is None
    # when
    work()
    # then
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert len(simulator.state()["bookings"]) == 1
