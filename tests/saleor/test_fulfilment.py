"""Whatever a box office does with an order ends in the same statuses with and without cover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel
from testkit.rows import key
from testkit.steps import accept_cover
from testkit.work import Work

from ..flows.together import together
from .box_office import Desk, Premises, sell, store_that

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(
    driver: Driver,
    store: SaleorStore,
    staff: Staff,
    shopper: SendShopper,
    payments: PaymentApp,
    sell_insurance: Callable[[Channel], Channel],
) -> OpenDesk:
    """Sell two tickets and open the box office for the order."""

    def opened(*, insured: bool, hands_out_cover: bool = False, is_legacy: bool = False) -> Desk:
        channel = store.usd_legacy if is_legacy else store.usd
        shop = Premises(driver, store, channel)
        second = shop.warehouse(pieces=0)
        shop.stock(store.concert, second, 100)
        buyer = shopper(channel)
        order = sell(buyer, payments, {store.concert: 2}, is_insured=insured, is_legacy=is_legacy)
        return Desk(driver, store, staff, order, (store.warehouse, second), hands_out_cover)

    return opened


def everything_at_once(desk: Desk) -> None:
    desk.hand_out(2)


def in_two_steps(desk: Desk) -> None:
    desk.hand_out(1)
    desk.hand_out(1)


def from_two_warehouses(desk: Desk) -> None:
    desk.hand_out_split()


def from_two_warehouses_one_after_the_other(desk: Desk) -> None:
    desk.hand_out(1)
    desk.hand_out(1, warehouse=1)


def taken_back(desk: Desk) -> None:
    desk.hand_out(2)
    desk.take_back(0)
    desk.hand_out(2)


def one_of_two_taken_back(desk: Desk) -> None:
    desk.hand_out(1)
    desk.hand_out(1)
    desk.take_back(1)
    desk.take_back(0)
    desk.hand_out(2)


def the_first_of_two_taken_back(desk: Desk) -> None:
    desk.hand_out_split()
    desk.take_back(0)
    desk.take_back(0)


def all_came_back(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(2)


def came_back_one_by_one(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(1)
    desk.returned(1)


def came_back_before_it_was_handed_out(desk: Desk) -> None:
    desk.returned(2, handed=False)


def one_replaced(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(1, replaced=True)


def one_replaced_the_other_came_back(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(1, replaced=True)
    desk.returned(1)


def all_replaced(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(2, replaced=True)


def one_replaced_before_the_other_is_handed_out(desk: Desk) -> None:
    desk.returned(1, replaced=True, handed=False)
    desk.hand_out(1)


def the_cover_from_another_warehouse_then_taken_back(desk: Desk) -> None:
    desk.hand_out(2)
    desk.hand_out_cover_alone()
    desk.take_back(0)


SCRIPTS = (
    everything_at_once,
    in_two_steps,
    from_two_warehouses,
    from_two_warehouses_one_after_the_other,
    taken_back,
    one_of_two_taken_back,
    the_first_of_two_taken_back,
    all_came_back,
    came_back_one_by_one,
    came_back_before_it_was_handed_out,
    one_replaced,
    one_replaced_the_other_came_back,
    all_replaced,
    one_replaced_before_the_other_is_handed_out,
)


def approved(desk: Desk) -> None:
    desk.hand_out(2)
    desk.approve(0)


def approved_in_two_steps(desk: Desk) -> None:
    desk.hand_out(1)
    desk.hand_out(1)
    desk.approve(0)
    desk.approve(1)


def approved_from_two_warehouses(desk: Desk) -> None:
    desk.hand_out_split()
    desk.approve(1)
    desk.approve(0)


def not_approved(desk: Desk) -> None:
    desk.hand_out(2)
    desk.take_back(0, is_waiting=True)


def approved_then_taken_back(desk: Desk) -> None:
    desk.hand_out(2)
    desk.approve(0)
    desk.take_back(0)


def the_cover_approved_by_nobody(desk: Desk) -> None:
    """Its own fulfillment waits for ever; the tickets end the order."""
    desk.hand_out_cover_alone()
    desk.hand_out(2)
    desk.approve(-1)


APPROVALS = (
    approved,
    approved_in_two_steps,
    approved_from_two_warehouses,
    not_approved,
    approved_then_taken_back,
    the_cover_approved_by_nobody,
)


def refunded_after_handing_out(desk: Desk) -> None:
    desk.hand_out(2)
    desk.refunded(1)
    desk.refunded(1)


def refunded_before_handing_out(desk: Desk) -> None:
    desk.refunded(1, handed=False)
    desk.hand_out(1)


def came_back_for_money(desk: Desk) -> None:
    desk.hand_out(2)
    desk.returned(1, refund=True)
    desk.returned(1, refund=True)


REFUNDS = (refunded_after_handing_out, refunded_before_handing_out, came_back_for_money)


each_way = pytest.mark.parametrize(
    "hands_out_cover", [False, True], ids=["tickets alone", "every line"]
)


def plays(*scripts: Callable[[Desk], None]) -> Any:
    return pytest.mark.parametrize("script", scripts, ids=[each.__name__ for each in scripts])


@each_way
@plays(*SCRIPTS)
def test_the_same_statuses_with_and_without_cover(
    open_desk: OpenDesk, script: Callable[[Desk], None], hands_out_cover: bool
) -> None:
    uninsured = open_desk(insured=False)
    insured = open_desk(insured=True, hands_out_cover=hands_out_cover)

    script(uninsured)
    script(insured)

    assert insured.statuses == uninsured.statuses


@each_way
@plays(*APPROVALS)
def test_the_same_statuses_where_fulfilments_wait_for_approval(
    open_desk: OpenDesk, script: Callable[[Desk], None], hands_out_cover: bool
) -> None:
    uninsured = open_desk(insured=False)
    insured = open_desk(insured=True, hands_out_cover=hands_out_cover)

    with store_that(fulfillment_auto_approve=False):
        script(uninsured)
        script(insured)

    assert insured.statuses == uninsured.statuses


@plays(*REFUNDS)
def test_the_same_statuses_when_lines_are_refunded(
    open_desk: OpenDesk, script: Callable[[Desk], None]
) -> None:
    uninsured = open_desk(insured=False, is_legacy=True)
    insured = open_desk(insured=True, is_legacy=True)

    script(uninsured)
    script(insured)

    assert insured.statuses == uninsured.statuses


def test_the_rule_counts_as_this_saleor_does() -> None:
    """``domain/fulfillment.py`` says what Saleor says, for every count up to three."""
    from itertools import product

    from saleor.order.utils import determine_order_status

    from saleor_xcover_plugin.domain.fulfillment import Pieces

    for counts in product(range(1, 4), range(4), range(4), range(4)):
        ordered, handed_out, returned, awaiting = counts
        pieces = Pieces(ordered, handed_out, awaiting=awaiting, returned=returned)
        assert pieces.progress == determine_order_status(*counts), counts


def test_the_cover_lies_beside_the_tickets_that_were_handed_out_last(open_desk: OpenDesk) -> None:
    """One parcel, one fulfilment: whoever cancels it cancels the cover with it."""
    desk = open_desk(insured=True)

    desk.hand_out(1)
    desk.hand_out(1)

    lines = [(line.fulfillment_id, line.order_line_id) for line in handed_out(desk)]
    first, second = (key(each.id) for each in desk.fulfillments)
    tickets, cover = key(desk.tickets), key(str(desk.cover))
    assert [(str(f), str(line)) for f, line in lines] == [
        (first, tickets),
        (second, tickets),
        (second, cover),
    ]


def test_nothing_is_done_twice_and_no_mail_is_sent(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    from saleor.order import actions

    mails: list[Any] = []
    monkeypatch.setattr(
        actions, "send_fulfillment_confirmation_to_customer", lambda *mail: mails.append(mail)
    )
    desk = open_desk(insured=True)
    desk.hand_out(2)
    for _ in range(2):
        work()
        sync(desk)

    assert len(handed_out(desk)) == 2
    assert handed_out_events(desk) == [False, True]  # staff's, then the plugin's
    assert mails == []


def test_the_answer_of_the_mutation_says_that_the_order_is_fulfilled(open_desk: OpenDesk) -> None:
    from testkit.client.staff_documents import ORDER_FULFILL

    desk = open_desk(insured=True)
    stocks = [{"quantity": 2, "warehouse": desk.warehouses[0]}]
    wanted = {"lines": [{"orderLineId": desk.tickets, "stocks": stocks}], "notifyCustomer": False}

    answer = desk._as_staff(ORDER_FULFILL, order=desk.order.id, input=wanted)

    assert answer["order"]["status"] == "FULFILLED"


@pytest.mark.parametrize("step", ["handed out", "returned"])
def test_lost_hooks_are_made_up_for_by_the_sweep(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, work: Work, step: str
) -> None:
    """Handing out the second ticket changes no status, so the order's time stays as it was."""
    uninsured, insured = open_desk(insured=False), open_desk(insured=True)
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        for desk in (uninsured, insured):
            desk.hand_out(1)
            work()
            desk.hand_out(1)
            if step == "returned":
                desk.returned(1)
                desk.returned(1)
    assert insured.status() != uninsured.status()

    work()

    assert insured.status() == uninsured.status()


def test_a_lost_approval_is_found_at_night(open_desk: OpenDesk, work: Work) -> None:
    """It leaves no newer row for the sweep: the order was handed out in part before."""
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.operations.reconciliation import reconcile_tonight

    desk = open_desk(insured=True)
    work()  # the policy is confirmed: its confirmation looks at the order, too
    with store_that(fulfillment_auto_approve=False):
        desk.hand_out(1)
        desk.hand_out(1)
        desk.approve(0)
        with lost_hooks():
            desk.approve(1)
    let_days_pass(desk)
    work()
    assert desk.status() == "PARTIALLY_FULFILLED"

    reconcile_tonight(utc_now)

    assert desk.status() == "FULFILLED"


def test_two_who_look_at_once_hand_out_one_cover(open_desk: OpenDesk) -> None:
    desk = open_desk(insured=True)
    with lost_hooks():
        desk.hand_out(2)

    results = together(*[partial(sync, desk)] * 4)

    assert [result for result in results if result is not None] == ["hand_out"]
    assert len(handed_out(desk)) == 2
    assert desk.status() == "FULFILLED"


def test_a_plugin_that_is_switched_off_still_follows_the_tickets(
    open_desk: OpenDesk, staff: Staff, store: SaleorStore, work: Work
) -> None:
    """It stops offers only; what was sold is looked after by the sweep."""
    desk = open_desk(insured=True)
    staff.configure_plugin(store.usd, {}, is_active=False)
    try:
        desk.hand_out(2)
        work()
    finally:
        staff.configure_plugin(store.usd, {}, is_active=True)

    assert desk.status() == "FULFILLED"


def test_an_unpaid_order_is_not_handed_out_where_the_store_forbids_it(
    driver: Driver,
    store: SaleorStore,
    staff: Staff,
    shopper: SendShopper,
    work: Work,
) -> None:
    ada = shopper(store.usd_unpaid)
    accept_cover(ada, store)
    order = ada.complete()
    confirm(order.id)
    desk = Desk(driver, store, staff, order, (store.warehouse,), hands_out_cover=False)
    desk.hand_out(1)
    with lost_hooks():
        desk.hand_out(1)
    # given all tickets are out, and the store forbids it for unpaid orders from now on
    with store_that(fulfillment_allow_unpaid=False):
        work()
        assert desk.status() == "PARTIALLY_FULFILLED"
        # when it is paid
        staff.mark_as_paid(order.id)
    # then
    assert desk.status() == "FULFILLED"


def test_staff_who_hand_out_the_cover_first_are_left_alone(open_desk: OpenDesk) -> None:
    desk = open_desk(insured=True)

    desk.hand_out_cover_alone()
    assert desk.status() == "PARTIALLY_FULFILLED"
    desk.hand_out(2)

    assert desk.status() == "FULFILLED"
    assert len(handed_out(desk)) == 2


def test_a_cancelled_order_is_left_alone(open_desk: OpenDesk, staff: Staff) -> None:
    desk = open_desk(insured=True)
    staff.cancel(desk.order.id)

    sync(desk)

    assert desk.status() == "CANCELED"
    assert handed_out(desk) == []


def confirm(order_id: str) -> None:
    from saleor.order.models import Order

    Order.objects.filter(pk=key(order_id)).update(status="unfulfilled")


@contextmanager
def lost_hooks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        yield


def let_days_pass(desk: Desk) -> None:
    """The order was touched two days ago last."""
    from saleor.order.models import Fulfillment, Order

    past = datetime.now(UTC) - timedelta(days=2)
    Fulfillment.objects.filter(order_id=key(desk.order.id)).update(created_at=past)
    Order.objects.filter(pk=key(desk.order.id)).update(updated_at=past)


def sync(desk: Desk) -> Any:
    import uuid

    from saleor_xcover_plugin.policies.fulfillment_sync import sync_fulfillment

    return sync_fulfillment(uuid.UUID(key(desk.order.id)))


def handed_out(desk: Desk) -> list[Any]:
    from saleor.order.models import FulfillmentLine

    lines = FulfillmentLine.objects.filter(fulfillment__order_id=key(desk.order.id))
    return list(lines.order_by("pk"))


def handed_out_events(desk: Desk) -> list[bool]:
    """For each time something was handed out: whether it happened by itself."""
    from saleor.order.models import OrderEvent

    events = OrderEvent.objects.filter(
        order_id=key(desk.order.id), type="fulfillment_fulfilled_items"
    )
    return [event.parameters["auto"] for event in events.order_by("pk")]
