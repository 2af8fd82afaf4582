"""The GraphQL operations of the shop. The browser can only name one of them."""

from dataclasses import dataclass
from typing import Literal

_CHECKOUT = """
fragment Checkout on Checkout {
  id
  email
  totalPrice { gross { amount currency } }
  lines {
    id
    quantity
    unitPrice { gross { amount } }
    totalPrice { gross { amount } }
    variant { id sku name product { name } }
  }
}
"""
_STAFF_ORDER = """
    id
    number
    created
    status
    chargeStatus
    total { gross { amount currency } }
    totalCharged { amount }
    totalRefunded { amount }
    privateMetadata { key value }
    transactions { id chargedAmount { amount currency } refundedAmount { amount } }
    events { type message }
    lines { productSku productName quantity totalPrice { gross { amount } } }
"""
_ERRORS = "errors { field message code }"


@dataclass(frozen=True, slots=True)
class Document:
    """An operation and the endpoint that serves it."""

    text: str
    target: Literal["host", "plugin"] = "host"

    @property
    def takes_channel(self) -> bool:
        """True if the operation needs the shop's channel as a variable."""
        return "$channel" in self.text


def _change(name: str, parameters: str, arguments: str) -> Document:
    """Return a mutation whose result is the changed checkout."""
    return Document(
        f"mutation {name}({parameters}) {{ {name}({arguments}) "
        f"{{ checkout {{ ...Checkout }} {_ERRORS} }} }}{_CHECKOUT}"
    )


APPS = Document("""
query apps {
  apps(first: 100) { edges { node { id identifier accessToken } } }
}
""")
PRODUCTS = Document("""
query products($channel: String!) {
  products(first: 50, channel: $channel) {
    edges {
      node {
        id
        name
        metadata { key value }
        variants { id name sku pricing { price { gross { amount currency } } } }
      }
    }
  }
}""")
CHECKOUT = Document(
    f"query checkout($id: ID!) {{ checkout(id: $id) {{ ...Checkout }} }}{_CHECKOUT}"
)
ORDER = Document("""
query order($id: ID!) {
  order(id: $id) {
    id
    number
    status
    chargeStatus
    total { gross { amount currency } }
    lines { productSku productName quantity totalPrice { gross { amount } } }
  }
}""")
INSURANCE_COVER = Document(
    """
query insuranceCover($id: ID!) {
  insuranceCover(orderToken: $id) {
    cover {
      status
      premium { amount currency }
      products { title premium { amount currency } }
      policyNumber
      pdsUrl
      amountDueBack { amount currency }
    }
    errors { code message fields }
  }
}""",
    "plugin",
)

# The operations that the browser may name.
FOR_SHOPPERS: dict[str, Document] = {
    "products": PRODUCTS,
    "checkout": CHECKOUT,
    "checkoutCreate": _change(
        "checkoutCreate",
        "$channel: String!, $lines: [CheckoutLineInput!]!, $email: String, $address: AddressInput",
        "input: {channel: $channel, lines: $lines, email: $email, billingAddress: $address}",
    ),
    "checkoutLinesAdd": _change(
        "checkoutLinesAdd", "$id: ID!, $lines: [CheckoutLineInput!]!", "id: $id, lines: $lines"
    ),
    "checkoutLinesUpdate": _change(
        "checkoutLinesUpdate",
        "$id: ID!, $lines: [CheckoutLineUpdateInput!]!",
        "id: $id, lines: $lines",
    ),
    "checkoutLinesDelete": _change(
        "checkoutLinesDelete", "$id: ID!, $linesIds: [ID!]!", "id: $id, linesIds: $linesIds"
    ),
    "checkoutEmailUpdate": _change(
        "checkoutEmailUpdate", "$id: ID!, $email: String!", "id: $id, email: $email"
    ),
    "checkoutBillingAddressUpdate": _change(
        "checkoutBillingAddressUpdate",
        "$id: ID!, $address: AddressInput!",
        "id: $id, billingAddress: $address",
    ),
    "order": ORDER,
    "insuranceCover": INSURANCE_COVER,
}

# The operations that only the server sends, with a token or as a step of paying.
CHECKOUT_COMPLETE = Document(
    "mutation checkoutComplete($id: ID!) { checkoutComplete(id: $id) "
    f"{{ order {{ id number }} {_ERRORS} }} }}"
)
TRANSACTION_CREATE = Document(
    "mutation transactionCreate($id: ID!, $transaction: TransactionCreateInput!) { "
    "transactionCreate(id: $id, transaction: $transaction) "
    f"{{ transaction {{ id }} {_ERRORS} }} }}"
)
TRANSACTION_EVENT_REPORT = Document(
    "mutation transactionEventReport($id: ID!, $type: TransactionEventTypeEnum!, "
    "$amount: PositiveDecimal, $pspReference: String!) { "
    "transactionEventReport(id: $id, type: $type, amount: $amount, pspReference: $pspReference) "
    f"{{ alreadyProcessed {_ERRORS} }} }}"
)
STAFF_ORDERS = Document(
    f"query orders {{ orders(first: 30) {{ edges {{ node {{ {_STAFF_ORDER} }} }} }} }}"
)
STAFF_ORDER = Document(f"query order($id: ID!) {{ order(id: $id) {{ token {_STAFF_ORDER} }} }}")
