"""GraphQL documents of staff and the store's own app, with one root field each."""

from .documents import ORDER_LINE


def _order_mutation(name: str, parameters: str = "", arguments: str = "") -> str:
    """Return a mutation on one order whose result is the order's id."""
    return (
        f"mutation {name}($id: ID!{parameters}) {{ {name}(id: $id{arguments}) {{ order {{ id }} "
        "errors { field message code } } }"
    )


ORDER = (
    """
query order($id: ID!) {
  order(id: $id) {
    id
    number
    status
    chargeStatus
    total { gross { amount currency } }
    totalCharged { amount }
    totalRefunded { amount }
    lines { ...OrderLine }
    events { type message }
    metadata { key value }
    privateMetadata { key value }
  }
}"""
    + ORDER_LINE
)
ORDER_FULFILL = """
mutation orderFulfill($order: ID!, $input: OrderFulfillInput!) {
  orderFulfill(order: $order, input: $input) {
    order { id status }
    fulfillments { id status lines { id quantity orderLine { id } } }
    errors { field message code }
  }
}"""
ORDER_MARK_AS_PAID = _order_mutation("orderMarkAsPaid")
ORDER_CANCEL = _order_mutation("orderCancel")
ORDER_REFUND = _order_mutation("orderRefund", ", $amount: PositiveDecimal!", ", amount: $amount")
ORDER_UPDATE = _order_mutation("orderUpdate", ", $input: OrderUpdateInput!", ", input: $input")
ORDER_GRANT_REFUND_CREATE = """
mutation orderGrantRefundCreate($id: ID!, $input: OrderGrantRefundCreateInput!) {
  orderGrantRefundCreate(id: $id, input: $input) {
    grantedRefund { id amount { amount } status }
    errors { field message code }
  }
}"""
ORDER_CREATE_FROM_CHECKOUT = (
    """
mutation orderCreateFromCheckout($id: ID!) {
  orderCreateFromCheckout(id: $id) {
    order { id number total { gross { amount } } lines { ...OrderLine } }
    errors { field message code }
  }
}"""
    + ORDER_LINE
)
PLUGIN_UPDATE = """
mutation pluginUpdate($id: ID!, $channelId: ID, $input: PluginUpdateInput!) {
  pluginUpdate(id: $id, channelId: $channelId, input: $input) {
    plugin { id }
    errors { field message code }
  }
}"""
GIFT_CARD_CREATE = """
mutation giftCardCreate($input: GiftCardCreateInput!) {
  giftCardCreate(input: $input) {
    giftCard { id code }
    errors { field message code }
  }
}"""
VOUCHER_CREATE = """
mutation voucherCreate($input: VoucherInput!) {
  voucherCreate(input: $input) {
    voucher { id }
    errors { field message code }
  }
}"""
VOUCHER_CHANNEL_LISTING_UPDATE = """
mutation voucherChannelListingUpdate($id: ID!, $input: VoucherChannelListingInput!) {
  voucherChannelListingUpdate(id: $id, input: $input) {
    voucher { id }
    errors { field message code }
  }
}"""

# Queried by the recorder of the flow tests after every step, with a staff token.
SNAPSHOT_CHECKOUT = """
query snapshotCheckout($id: ID!) {
  checkout(id: $id) {
    voucherCode
    chargeStatus
    totalPrice { gross { amount } net { amount } }
    subtotalPrice { gross { amount } }
    metadata { key value }
    privateMetadata { key value }
    lines {
      variant { sku }
      quantity
      unitPrice { gross { amount } }
      undiscountedUnitPrice { amount }
      totalPrice { gross { amount } net { amount } }
      metadata { key value }
      privateMetadata { key value }
    }
  }
}"""
SNAPSHOT_ORDER = """
query snapshotOrder($id: ID!) {
  order(id: $id) {
    status
    chargeStatus
    origin
    voucherCode
    total { gross { amount } net { amount } }
    undiscountedTotal { gross { amount } }
    totalCharged { amount }
    totalRefunded { amount }
    metadata { key value }
    privateMetadata { key value }
    lines {
      productSku
      quantity
      isPriceOverridden
      unitPrice { gross { amount } }
      undiscountedUnitPrice { gross { amount } }
      totalPrice { gross { amount } net { amount } }
      metadata { key value }
      privateMetadata { key value }
    }
  }
}"""
