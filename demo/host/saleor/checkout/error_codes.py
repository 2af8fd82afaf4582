from enum import Enum


class CheckoutErrorCode(Enum):
    CHECKOUT_NOT_FULLY_PAID = "checkout_not_fully_paid"
    GRAPHQL_ERROR = "graphql_error"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    QUANTITY_GREATER_THAN_LIMIT = "quantity_greater_than_limit"
    UNAVAILABLE_VARIANT_IN_CHANNEL = "unavailable_variant_in_channel"
    ZERO_QUANTITY = "zero_quantity"
