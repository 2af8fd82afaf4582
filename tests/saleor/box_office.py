"""A store with several warehouses and collection points, and what its staff do to an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from testkit import factories as products
from testkit.client.driver import Driver, Json
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.client.values import Fulfillment, PlacedOrder
from testkit.rows import global_id, key
from testkit.saleor import factories

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

POINTS = """
query points($id: ID!) {
  checkout(id: $id) {
    availableCollectionPoints { id name }
    shippingMethods { id name price { amount } active }
    deliveryMethod { __typename ... on Warehouse { id } ... on ShippingMethod { id } }
  }
}"""
DELIVERY_METHOD_UPDATE = """
mutation checkoutDeliveryMethodUpdate($id: ID!, $method: ID) {
  checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $method) {
    checkout { id } errors { field message code }
  }
}"""
FULFILLMENT_CANCEL = """
mutation orderFulfillmentCancel($id: ID!, $input: FulfillmentCancelInput) {
  orderFulfillmentCancel(id: $id, input: $input) {
    order { id status } errors { field message code }
  }
}"""
FULFILLMENT_APPROVE = """
mutation orderFulfillmentApprove($id: ID!) {
  orderFulfillmentApprove(id: $id, notifyCustomer: false) {
    order { id status } errors { field message code }
  }
}"""
RETURN_PRODUCTS = """
mutation orderFulfillmentReturnProducts($order: ID!, $input: OrderReturnProductsInput!) {
  orderFulfillmentReturnProducts(order: $order, input: $input) {
    returnFulfillment { id status } replaceOrder { id } errors { field message code }
  }
}"""
REFUND_PRODUCTS = """
mutation orderFulfillmentRefundProducts($order: ID!, $input: OrderRefundProductsInput!) {
  orderFulfillmentRefundProducts(order: $order, input: $input) {
    fulfillment { id status } errors { field message code }
  }
}"""


class Premises:
    """A channel with warehouses of its own, apart from what other tests stock."""

    def __init__(self, driver: Driver, store: SaleorStore, channel: Channel) -> None:
        self.driver = driver
        self.store = store
        self.channel = channel
        starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=60)
        self.paper_ticket = self._sell_shipped(starts_at)
        """A ticket on paper at 100.00: it is sent or picked up."""

    def warehouse(
        self, pick_up: str = "disabled", *, pieces: int = 100, is_in_zone: bool = True
    ) -> str:
        """Open a warehouse for the channel that holds paper tickets; return its id."""
        from saleor.channel.models import Channel as ChannelRow

        row: Any = factories.WarehouseFactory(click_and_collect_option=pick_up, is_private=False)
        channel = ChannelRow.objects.get(pk=key(self.channel.id))
        row.channels.add(channel)
        if is_in_zone:
            row.shipping_zones.add(self.store._zone)
        if pieces:
            self.stock(self.paper_ticket, global_id("Warehouse", row.pk), pieces)
        return global_id("Warehouse", row.pk)

    def stock(self, variant: Variant, warehouse: str, pieces: int) -> None:
        from saleor.warehouse.models import Stock

        Stock.objects.update_or_create(
            warehouse_id=key(warehouse),
            product_variant_id=key(variant.id),
            defaults={"quantity": pieces},
        )

    def delivery(self, buyer: Shopper) -> Json:
        """Return pick-up points and shipping methods the shopper may choose from."""
        found: Json = self.driver.execute(POINTS, {"id": buyer.checkout_id})["checkout"]
        return {
            "points": sorted(point["id"] for point in found["availableCollectionPoints"]),
            "methods": sorted(
                (method["name"], Decimal(str(method["price"]["amount"])), method["active"])
                for method in found["shippingMethods"]
            ),
        }

    def points(self, buyer: Shopper) -> list[str]:
        points: list[str] = self.delivery(buyer)["points"]
        return points

    def choose(self, buyer: Shopper, method: str) -> None:
        """Have the shopper choose a pick-up point or a shipping method."""
        self.driver.mutate(DELIVERY_METHOD_UPDATE, {"id": buyer.checkout_id, "method": method})

    def _sell_shipped(self, starts_at: datetime) -> Variant:
        kind = products.ProductTypeFactory(is_shipping_required=True)
        return self.store._sell(
            "100.00", product_type=kind, metadata=products.event_metadata(starts_at), name="Paper"
        )


@dataclass
class Desk:
    """One order and what staff do with it; ``statuses`` after every step.

    ``hands_out_cover``: whether staff hand out the protection with the tickets, as a dashboard
    preselects it, or leave it alone.
    """

    driver: Driver
    store: SaleorStore
    staff: Staff
    order: PlacedOrder
    warehouses: Sequence[str]
    hands_out_cover: bool
    statuses: list[str] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)

    @property
    def tickets(self) -> str:
        return self.order.ticket_lines[0].id

    @property
    def cover(self) -> str | None:
        lines = self.order.cover_lines
        return lines[0].id if lines else None

    def hand_out(self, tickets: int, warehouse: int = 0) -> None:
        pieces = {self.tickets: tickets}
        if self._may_touch_cover and not any(self.cover in f.lines for f in self.fulfillments):
            pieces[str(self.cover)] = 1
        made = self.staff.fulfill(self.order.id, pieces, self.warehouses[warehouse])
        self.fulfillments += made
        self._look()

    def hand_out_split(self) -> None:
        """One ticket from each of two warehouses, in one mutation."""
        stocks = [{"quantity": 1, "warehouse": each} for each in self.warehouses[:2]]
        lines: list[Json] = [{"orderLineId": self.tickets, "stocks": stocks}]
        if self._may_touch_cover:
            lines.append({"orderLineId": self.cover, "stocks": stocks[:1]})
        from testkit.client.staff import _fulfillment_of
        from testkit.client.staff_documents import ORDER_FULFILL

        wanted = {"lines": lines, "notifyCustomer": False}
        made = self._as_staff(ORDER_FULFILL, order=self.order.id, input=wanted)["fulfillments"]
        self.fulfillments += [_fulfillment_of(each) for each in made]
        self._look()

    def hand_out_cover_alone(self) -> None:
        """Staff hand out the protection by itself; without one they do nothing."""
        if self.cover is not None:
            pieces = {self.cover: 1}
            self.fulfillments += self.staff.fulfill(self.order.id, pieces, self.warehouses[0])

    def take_back(self, number: int, *, is_waiting: bool = False) -> None:
        """Cancel a fulfillment, by its place in the list; what was handed out is put back."""
        wanted = {} if is_waiting else {"warehouseId": self.warehouses[0]}
        chosen = self.fulfillments.pop(number)
        self._as_staff(FULFILLMENT_CANCEL, id=chosen.id, input=wanted)
        self._look()

    def approve(self, number: int) -> None:
        self._as_staff(FULFILLMENT_APPROVE, id=self.fulfillments[number].id)
        self._look()

    def returned(
        self, tickets: int, *, refund: bool = False, replaced: bool = False, handed: bool = True
    ) -> None:
        """Take tickets back, from what was handed out or from what was not; the cover stays."""
        wanted: Json = {"refund": refund}
        if handed:
            lines = [{"fulfillmentLineId": self._line(), "quantity": tickets, "replace": replaced}]
            wanted["fulfillmentLines"] = lines
        else:
            line = {"orderLineId": self.tickets, "quantity": tickets, "replace": replaced}
            wanted["orderLines"] = [line]
        self._as_staff(RETURN_PRODUCTS, order=self.order.id, input=wanted)
        self._look()

    def refunded(self, tickets: int, *, handed: bool = True) -> None:
        """Refund tickets in the legacy payment flow."""
        if handed:
            wanted = {"fulfillmentLines": [self._pieces("fulfillmentLineId", tickets)]}
        else:
            wanted = {"orderLines": [{"orderLineId": self.tickets, "quantity": tickets}]}
        self._as_staff(REFUND_PRODUCTS, order=self.order.id, input=wanted)
        self._look()

    def status(self) -> str:
        return self.staff.order(self.order.id).status

    @property
    def _may_touch_cover(self) -> bool:
        return self.hands_out_cover and self.cover is not None

    def _pieces(self, name: str, tickets: int) -> Json:
        return {name: self._line(), "quantity": tickets}

    def _line(self) -> str:
        """The fulfillment line that holds the tickets now; returns move them."""
        from saleor.order.models import FulfillmentLine

        held = FulfillmentLine.objects.filter(
            order_line_id=key(self.tickets), fulfillment__status="fulfilled", quantity__gt=0
        )
        return global_id("FulfillmentLine", held.order_by("pk").values_list("pk", flat=True)[0])

    def _look(self) -> None:
        self.statuses.append(self.status())

    def _as_staff(self, document: str, **variables: Any) -> Json:
        return self.driver.mutate(document, variables, token=self.store.staff_token())


def sell(
    buyer: Shopper,
    payments: PaymentApp,
    wanted: Mapping[Variant, int],
    *,
    is_insured: bool,
    is_legacy: bool = False,
) -> PlacedOrder:
    """Sell and have it paid in full, with or without a yes."""
    buyer.create_checkout(wanted)
    if is_insured:
        buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    if is_legacy:
        buyer.pay_legacy()
    else:
        payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete()


@contextmanager
def store_that(**settings: Any) -> Iterator[None]:
    """Change the settings of the whole store, and put them back."""
    from django.contrib.sites.models import Site
    from saleor.site.models import SiteSettings

    rows = SiteSettings.objects.all()
    before = rows.values(*settings).get()
    rows.update(**settings)
    Site.objects.clear_cache()
    try:
        yield
    finally:
        rows.update(**before)
        Site.objects.clear_cache()
