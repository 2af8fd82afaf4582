"""Staff of the store and the store's own app, through the host's GraphQL API."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from . import staff_documents as docs
from .driver import PLUGIN_ID, Driver, DriverError, Json, as_mapping, money
from .shopper import line_of, placed_order_of
from .store import Channel, Tokens
from .values import Fulfillment, Order, PlacedOrder, Transaction


class Staff:
    """The operations that need permissions.

    A token is requested for every call, because a test session can outlive one. Methods raise
    ``Refused`` when the host returns errors. Amounts are in the order's currency.
    """

    def __init__(self, driver: Driver, tokens: Tokens) -> None:
        self._driver = driver
        self._tokens = tokens

    def order(self, order_id: str) -> Order:
        """Return an order with its notes. Raises ``DriverError`` if it is unknown."""
        data = self._driver.execute(docs.ORDER, {"id": order_id}, token=self._tokens.staff_token())
        if data["order"] is None:
            raise DriverError("the order is unknown")
        return _order_of(data["order"])

    def mark_as_paid(self, order_id: str) -> None:
        """Mark an order as paid by hand."""
        self._mutate(docs.ORDER_MARK_AS_PAID, id=order_id)

    def cancel(self, order_id: str) -> None:
        """Cancel an order. Saleor refunds nothing when it does."""
        self._mutate(docs.ORDER_CANCEL, id=order_id)

    def fulfill(
        self,
        order_id: str,
        pieces: Mapping[str, int],
        warehouse: str,
        *,
        is_told: bool = False,
    ) -> tuple[Fulfillment, ...]:
        """Fulfill quantities by order line from one warehouse; ``is_told`` e-mails the buyer.

        No more can be fulfilled than is in stock.
        """
        lines = [
            {"orderLineId": line, "stocks": [{"quantity": count, "warehouse": warehouse}]}
            for line, count in pieces.items()
        ]
        wanted: Json = {"lines": lines, "notifyCustomer": is_told}
        root = self._mutate(docs.ORDER_FULFILL, order=order_id, input=wanted)
        return tuple(_fulfillment_of(each) for each in root["fulfillments"])

    def update_order(
        self,
        order_id: str,
        *,
        email: str | None = None,
        billing: Mapping[str, str] | None = None,
        shipping: Mapping[str, str] | None = None,
    ) -> None:
        """Change the e-mail and addresses of an order; None keeps a value.

        An address replaces the previous one completely.
        """
        chosen = {"userEmail": email, "billingAddress": billing, "shippingAddress": shipping}
        wanted = {name: value for name, value in chosen.items() if value is not None}
        self._mutate(docs.ORDER_UPDATE, id=order_id, input=wanted)

    def refund_legacy(self, order_id: str, amount: Decimal) -> None:
        """Refund an order that was paid in the legacy flow."""
        self._mutate(docs.ORDER_REFUND, id=order_id, amount=amount)

    def grant_refund(
        self,
        order_id: str,
        transaction: Transaction,
        *,
        lines: Mapping[str, int] | None = None,
        amount: Decimal | None = None,
        shipping: bool = False,
        reason: str = "",
    ) -> str:
        """Grant a refund and return its id.

        ``lines`` are quantities by order line; ``amount`` replaces the price of lines and shipping.
        A grant is only an intention: the payment app reports the refund.
        """
        wanted: Json = {"transactionId": transaction.id, "reason": reason}
        if lines:
            wanted["lines"] = [{"id": id_, "quantity": count} for id_, count in lines.items()]
        if amount is not None:
            wanted["amount"] = amount
        if shipping:
            wanted["grantRefundForShipping"] = True
        root = self._mutate(docs.ORDER_GRANT_REFUND_CREATE, id=order_id, input=wanted)
        return str(root["grantedRefund"]["id"])

    def order_from_checkout(self, checkout_id: str) -> PlacedOrder:
        """Create the order with the store's app, as apps with their own payment do."""
        root = self._driver.mutate(
            docs.ORDER_CREATE_FROM_CHECKOUT,
            {"id": checkout_id},
            token=self._tokens.store_app_token(),
        )
        return placed_order_of(root["order"])

    def configure_plugin(
        self,
        channel: Channel,
        values: Mapping[str, str] | None = None,
        *,
        is_active: bool = True,
        plugin_id: str = PLUGIN_ID,
    ) -> None:
        """Save settings of a plugin in one channel; settings not in ``values`` are kept."""
        given = [{"name": name, "value": value} for name, value in (values or {}).items()]
        wanted: Json = {"active": is_active, "configuration": given}
        self._mutate(docs.PLUGIN_UPDATE, id=plugin_id, channelId=channel.id, input=wanted)

    def create_gift_card(self, amount: Decimal, currency: str = "USD") -> str:
        """Issue a gift card and return its code."""
        balance = {"amount": amount, "currency": currency}
        root = self._mutate(docs.GIFT_CARD_CREATE, input={"balance": balance, "isActive": True})
        return str(root["giftCard"]["code"])

    def create_voucher(
        self,
        code: str,
        channels: Sequence[Channel],
        value: Decimal,
        *,
        kind: str = "ENTIRE_ORDER",
        value_type: str = "PERCENTAGE",
        minimum: Decimal | None = None,
        **further: object,
    ) -> None:
        """Create a voucher and list it in channels.

        ``value`` is a percentage, or an amount if ``value_type`` is FIXED. ``minimum`` is the
        smallest subtotal. ``further`` holds other fields of VoucherInput.
        """
        wanted: Json = {
            "type": kind,
            "name": code,
            "addCodes": [code],
            "discountValueType": value_type,
            **further,
        }
        voucher = self._mutate(docs.VOUCHER_CREATE, input=wanted)["voucher"]
        listings: list[Json] = [
            {"channelId": channel.id, "discountValue": value, "minAmountSpent": minimum}
            for channel in channels
        ]
        self._mutate(
            docs.VOUCHER_CHANNEL_LISTING_UPDATE, id=voucher["id"], input={"addChannels": listings}
        )

    def _mutate(self, document: str, **variables: object) -> Json:
        return self._driver.mutate(document, variables, token=self._tokens.staff_token())


def _fulfillment_of(data: Json) -> Fulfillment:
    return Fulfillment(
        id=data["id"],
        status=data["status"],
        lines={line["orderLine"]["id"]: line["id"] for line in data["lines"]},
    )


def _order_of(data: Json) -> Order:
    return Order(
        id=data["id"],
        number=data["number"],
        status=data["status"],
        charge_status=data["chargeStatus"],
        currency=data["total"]["gross"]["currency"],
        total=money(data["total"]),
        charged=money(data["totalCharged"]),
        refunded=money(data["totalRefunded"]),
        lines=tuple(line_of(line, line["productSku"]) for line in data["lines"]),
        notes=tuple(event["message"] for event in data["events"] if event["type"] == "NOTE_ADDED"),
        metadata=as_mapping(data["metadata"]),
        private_metadata=as_mapping(data["privateMetadata"]),
    )
