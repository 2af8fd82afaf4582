"""GraphQL documents of a ticket storefront and a payment app, with one root field each."""

_CHECKOUT = """
fragment Checkout on Checkout {
  id
  token
  email
  voucherCode
  totalPrice { gross { amount currency } }
  subtotalPrice { gross { amount } }
  metadata { key value }
  lines {
    id
    quantity
    unitPrice { gross { amount } }
    undiscountedUnitPrice { amount }
    totalPrice { gross { amount } }
    variant { sku }
  }
}
"""

ORDER_LINE = """
fragment OrderLine on OrderLine {
  id
  productSku
  quantity
  unitPrice { gross { amount } }
  undiscountedUnitPrice { gross { amount } }
  totalPrice { gross { amount } }
}
"""

_TRANSACTION = """
fragment Transaction on TransactionItem {
  id
  pspReference
  chargedAmount { amount currency }
  authorizedAmount { amount }
  refundedAmount { amount }
}
"""


def _checkout_mutation(name: str, parameters: str, arguments: str) -> str:
    """Return a mutation whose result is the changed checkout."""
    return (
        f"mutation {name}({parameters}) {{ {name}({arguments}) {{ checkout {{ ...Checkout }} "
        f"errors {{ field message code }} }} }}{_CHECKOUT}"
    )


def _checkout_change(name: str, parameters: str, arguments: str) -> str:
    return _checkout_mutation(name, f"$id: ID!, {parameters}", f"id: $id, {arguments}")


CHECKOUT = f"query checkout($id: ID!) {{ checkout(id: $id) {{ ...Checkout }} }}{_CHECKOUT}"
CHECKOUT_CREATE = _checkout_mutation(
    "checkoutCreate", "$input: CheckoutCreateInput!", "input: $input"
)
CHECKOUT_LINES_ADD = _checkout_change(
    "checkoutLinesAdd", "$lines: [CheckoutLineInput!]!", "lines: $lines"
)
CHECKOUT_LINES_UPDATE = _checkout_change(
    "checkoutLinesUpdate", "$lines: [CheckoutLineUpdateInput!]!", "lines: $lines"
)
CHECKOUT_LINES_DELETE = _checkout_change(
    "checkoutLinesDelete", "$linesIds: [ID!]!", "linesIds: $linesIds"
)
CHECKOUT_EMAIL_UPDATE = _checkout_change("checkoutEmailUpdate", "$email: String!", "email: $email")
CHECKOUT_BILLING_ADDRESS_UPDATE = _checkout_change(
    "checkoutBillingAddressUpdate", "$address: AddressInput!", "billingAddress: $address"
)
CHECKOUT_SHIPPING_ADDRESS_UPDATE = _checkout_change(
    "checkoutShippingAddressUpdate", "$address: AddressInput!", "shippingAddress: $address"
)
CHECKOUT_LANGUAGE_CODE_UPDATE = _checkout_change(
    "checkoutLanguageCodeUpdate", "$languageCode: LanguageCodeEnum!", "languageCode: $languageCode"
)
CHECKOUT_ADD_PROMO_CODE = _checkout_change(
    "checkoutAddPromoCode", "$promoCode: String!", "promoCode: $promoCode"
)
CHECKOUT_REMOVE_PROMO_CODE = _checkout_change(
    "checkoutRemovePromoCode", "$promoCode: String!", "promoCode: $promoCode"
)
CHECKOUT_PAYMENT_CREATE = _checkout_change(
    "checkoutPaymentCreate", "$input: PaymentInput!", "input: $input"
)
CHECKOUT_COMPLETE = (
    """
mutation checkoutComplete($id: ID!) {
  checkoutComplete(id: $id) {
    order { id number total { gross { amount } } lines { ...OrderLine } }
    errors { field message code }
  }
}"""
    + ORDER_LINE
)
UPDATE_METADATA = """
mutation updateMetadata($id: ID!, $input: [MetadataInput!]!) {
  updateMetadata(id: $id, input: $input) {
    item { metadata { key value } }
    errors { field message code }
  }
}"""

_OFFER = """{
    offer {
      quotes {
        id title description isChosen
        premium { amount currency } premiumPerTicket { amount currency }
        benefits { label text } inclusions { label text } exclusions { label text }
        disclaimer pdsUrl terms badge
      }
      groups { slug choice isDisabled minSelect maxSelect quoteIds }
      premium { amount currency }
      chosenQuoteIds
      contentHash
      heading title subHeading description extras { label text } disclaimer
      acceptLabel declineLabel declineWarning requiredMessage credibilityMessage priceUnit
      answer
      validUntil
      isShown
    }
    errors { code message fields retryAfter }
  }"""
INSURANCE_OFFER = f"""
query insuranceOffer($id: ID!) {{
  insuranceOffer(checkoutId: $id) {_OFFER}
}}"""
INSURANCE_OFFER_REQUEST = f"""
mutation insuranceOfferRequest($id: ID!) {{
  insuranceOfferRequest(checkoutId: $id) {_OFFER}
}}"""
INSURANCE_SHOWN = """
mutation insuranceShown($id: ID!) {
  insuranceShown(checkoutId: $id) { errors { code message fields } }
}"""
INSURANCE_ACCEPT = f"""
mutation insuranceAccept(
  $id: ID!, $quoteIds: [ID!]!, $contentHash: String!, $page: ID, $turn: Int
) {{
  insuranceAccept(
    checkoutId: $id, quoteIds: $quoteIds, contentHash: $contentHash, page: $page, turn: $turn
  ) {_OFFER}
}}"""
INSURANCE_DECLINE = f"""
mutation insuranceDecline($id: ID!, $page: ID, $turn: Int) {{
  insuranceDecline(checkoutId: $id, page: $page, turn: $turn) {_OFFER}
}}"""
INSURANCE_COVER = """
query insuranceCover($id: ID!) {
  insuranceCover(orderToken: $id) {
    cover {
      status
      premium { amount currency }
      products { title premium { amount currency } }
      policyNumber
      pdsUrl
      amountDueBack { amount currency }
      links { certificate certificatePdf account insuranceClaim }
    }
    errors { code message fields }
  }
}"""

TRANSACTION_CREATE = (
    """
mutation transactionCreate($id: ID!, $transaction: TransactionCreateInput!) {
  transactionCreate(id: $id, transaction: $transaction) {
    transaction { ...Transaction }
    errors { field message code }
  }
}"""
    + _TRANSACTION
)
TRANSACTION_EVENT_REPORT = (
    """
mutation transactionEventReport(
  $id: ID!, $type: TransactionEventTypeEnum!, $amount: PositiveDecimal, $pspReference: String!
) {
  transactionEventReport(id: $id, type: $type, amount: $amount, pspReference: $pspReference) {
    alreadyProcessed
    transaction { ...Transaction }
    errors { field message code }
  }
}"""
    + _TRANSACTION
)
