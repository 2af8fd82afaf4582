"""The ticket store of the flows on the miniature."""

from saleor.graphql.permissions import PAYMENT_APP, STAFF, STORE_APP, token_of

from .rows import RowStore


class MiniatureStore(RowStore):
    def __init__(self) -> None:
        super().__init__(trace_version="3.23")

    def staff_token(self) -> str:
        return token_of(STAFF)

    def payment_app_token(self) -> str:
        return token_of(PAYMENT_APP)

    def store_app_token(self) -> str:
        return token_of(STORE_APP)

    def _stock_channel(self, channel: object) -> None:
        """The miniature counts no stock."""

    def _stock_variant(self, variant: object) -> None:
        """The miniature counts no stock."""
