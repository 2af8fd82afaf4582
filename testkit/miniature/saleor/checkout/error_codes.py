from enum import Enum


class CheckoutErrorCode(Enum):
    """The code that the plugin raises. The miniature's own refusals use strings."""

    GRAPHQL_ERROR = "graphql_error"
