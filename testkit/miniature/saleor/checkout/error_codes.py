from enum import Enum


class CheckoutErrorCode(Enum):
    """The one the plugin raises; the miniature writes its own codes where it denies."""

    GRAPHQL_ERROR = "graphql_error"
