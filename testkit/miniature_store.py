"""The ticket store of the flow tests on the miniature."""

from typing import Any

from django.apps import apps
from saleor.graphql.permissions import CUSTOMER, PAYMENT_APP, STAFF, STORE_APP, token_of

from .factories import unique
from .rows import RowStore, global_id


class MiniatureStore(RowStore):
    """The store on the miniature, with one warehouse and tokens of invented requestors."""

    def __init__(self) -> None:
        self._warehouse: Any = apps.get_model("warehouse", "Warehouse").objects.create(
            name="Box office", slug=unique("box-office")
        )
        self.warehouse = global_id("Warehouse", self._warehouse.pk)
        super().__init__(trace_version="3.23")

    def staff_token(self) -> str:
        return token_of(STAFF)

    def payment_app_token(self) -> str:
        return token_of(PAYMENT_APP)

    def store_app_token(self) -> str:
        return token_of(STORE_APP)

    def _customer_token(self, user: Any) -> str:
        return token_of(f"{CUSTOMER}{user.pk}")

    def _stock_channel(self, channel: object) -> None:
        """Do nothing: every warehouse of the miniature serves every channel."""

    def _stock_variant(self, variant: object) -> None:
        apps.get_model("warehouse", "Stock").objects.create(
            warehouse=self._warehouse, product_variant=variant, quantity=1_000_000
        )
