"""What was sold outlives the catalogue: variants are deleted, dates are days where the event is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from saleor_xcover_plugin.models import Cancellation, Cover
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import TICKETS, TOTAL, bookings, buy_with_cover
from testkit.work import Work

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
SOON = datetime(2027, 7, 10, 18, 0, tzinfo=UTC)


@pytest.fixture
def event(store: SaleorStore) -> Variant:
    return store.new_event(price="100.00", starts_at=SOON)


def delete(variant: Variant) -> None:
    from saleor.product.models import ProductVariant

    ProductVariant.objects.get(pk=key(variant.id)).delete()


def test_tickets_of_a_deleted_variant_are_judged_when_they_are_refunded(
    shopper: SendShopper,
    store: SaleorStore,
    event: Variant,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy, and its tickets' variant deleted
    order, payment = buy_with_cover(shopper(store.usd), payments, {event: 2})
    work()
    delete(event)
    # when the tickets are refunded by lines
    (tickets,) = order.ticket_lines
    staff.grant_refund(order.id, payment, lines={tickets.id: 2})
    payments.refund(payment, TICKETS)
    work()
    # then that is what is judged
    assert [(row.rule, row.status) for row in Cancellation.objects.all()] == [("tickets", "parked")]
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_an_order_is_insured_although_its_variant_was_deleted_before_it_was_paid(
    shopper: SendShopper,
    store: SaleorStore,
    event: Variant,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an authorised order, and its tickets' variant deleted
    ada = shopper(store.usd)
    ada.create_checkout({event: 2})
    ada.accept(ada.offer())
    payment = payments.authorize(ada.checkout_id, TOTAL)
    ada.complete()
    delete(event)
    # when it is captured
    payments.capture(payment, TOTAL)
    work()
    # then the tickets are those that were quoted
    cover = Cover.objects.get()
    assert (cover.status, cover.reason) == ("confirmed", "")
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


@pytest.mark.parametrize(
    ("metadata", "start", "end"),
    [
        (
            {"event_start": "2027-07-10", "event_end": "2027-07-12"},
            "2027-07-10T00:00:00+02:00",
            "2027-07-12T23:59:59+02:00",
        ),
        (
            {"event_start": "2027-07-10", "event_end": "2027-07-10"},
            "2027-07-10T00:00:00+02:00",
            "2027-07-10T23:59:59+02:00",
        ),
        (
            {"event_start": "2027-07-10T20:00", "event_end": "2027-07-10"},
            "2027-07-10T20:00:00+02:00",
            "2027-07-10T23:59:59+02:00",
        ),
    ],
)
def test_xcover_is_told_whole_days_where_the_event_is(
    shopper: SendShopper,
    store: SaleorStore,
    simulator: SimulatorProcess,
    metadata: dict[str, str],
    start: str,
    end: str,
) -> None:
    event = store.new_event(
        price="100.00",
        starts_at=SOON,
        event_timezone="Europe/Berlin",
        event_country="DE",
        **metadata,
    )
    ada = shopper(store.usd)
    ada.create_checkout({event: 2})

    ada.offer()

    assert times_told(simulator) == (start, end)


def test_a_date_attribute_is_a_day_where_the_event_is(
    shopper: SendShopper, store: SaleorStore, simulator: SimulatorProcess
) -> None:
    # given an event whose start is an attribute of the type DATE, as the dashboard saves it
    event = store.new_event(
        price="100.00", starts_at=SOON, event_timezone="America/Los_Angeles", event_start=""
    )
    give_date(event, "event-start", date(2027, 7, 10))
    ada = shopper(store.usd)
    ada.create_checkout({event: 2})
    # when
    ada.offer()
    # then it is not the evening before
    assert times_told(simulator)[0] == "2027-07-10T00:00:00-07:00"


def times_told(simulator: SimulatorProcess) -> tuple[Any, Any]:
    (call,) = simulator.calls("create_offer")
    (event,) = call["body"]["context"]["events"]
    return event["start_date"], event["end_date"]


def give_date(variant: Variant, slug: str, day: date) -> None:
    """Assign a date to the variant's product, as Saleor keeps it: midnight UTC."""
    from saleor.attribute import AttributeInputType, AttributeType
    from saleor.attribute.models import Attribute, AttributeProduct, AttributeValue
    from saleor.attribute.utils import associate_attribute_values_to_instance
    from saleor.product.models import ProductVariant

    product = ProductVariant.objects.get(pk=key(variant.id)).product
    attribute, _ = Attribute.objects.get_or_create(
        slug=slug,
        defaults={
            "name": slug,
            "type": AttributeType.PRODUCT_TYPE,
            "input_type": AttributeInputType.DATE,
        },
    )
    AttributeProduct.objects.get_or_create(attribute=attribute, product_type=product.product_type)
    value = AttributeValue.objects.create(
        attribute=attribute,
        name=str(day),
        slug=f"{product.pk}_{attribute.pk}",
        date_time=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )
    associate_attribute_values_to_instance(product, {attribute.pk: [value]})
