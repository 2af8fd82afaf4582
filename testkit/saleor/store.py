"""The ticket store of the flow tests in a real Saleor."""

from typing import Any, cast

from saleor.account.models import Group
from saleor.core.jwt import create_access_token
from saleor.permission.models import Permission

from ..factories import unique
from ..rows import RowStore, global_id
from . import bootstrap, factories, version

STAFF_PERMISSIONS = (
    "manage_orders",
    "manage_checkouts",
    "manage_plugins",
    "manage_gift_card",
    "manage_discounts",
    "handle_payments",
)


class SaleorStore(RowStore):
    """The store in a real Saleor, with one warehouse, a shipping zone, staff and two apps."""

    def __init__(self) -> None:
        self._warehouse: Any = factories.WarehouseFactory()
        self._zone = cast("Any", factories.ShippingZoneFactory())
        self._zone.warehouses.add(self._warehouse)
        self.warehouse = global_id("Warehouse", self._warehouse.pk)
        self._staff = self._make_staff()
        self.payment_app, self._payment_token = _make_app("handle_payments")
        _, self._store_token = _make_app("handle_checkouts", "manage_checkouts")
        super().__init__(trace_version=version.minor_of(bootstrap.version()))

    def staff_token(self) -> str:
        return str(create_access_token(self._staff))

    def payment_app_token(self) -> str:
        return self._payment_token

    def store_app_token(self) -> str:
        return self._store_token

    def _customer_token(self, user: Any) -> str:
        return str(create_access_token(user))

    def _stock_channel(self, channel: Any) -> None:
        self._zone.channels.add(channel)
        self._warehouse.channels.add(channel)

    def _stock_variant(self, variant: Any) -> None:
        factories.StockFactory(warehouse=self._warehouse, product_variant=variant)

    def _make_staff(self) -> Any:
        staff: Any = factories.StaffFactory()
        group = Group.objects.create(name=unique("box-office"))
        group.permissions.set(_permissions(*STAFF_PERMISSIONS))
        staff.groups.add(group)
        return staff


def _make_app(*codenames: str) -> tuple[Any, str]:
    """Create an app with permissions; return it and its token."""
    app: Any = factories.AppFactory()
    app.permissions.set(_permissions(*codenames))
    _, token = app.tokens.create(app=app, name="flows")
    return app, str(token)


def _permissions(*codenames: str) -> list[Any]:
    found = list(Permission.objects.filter(codename__in=codenames))
    missing = set(codenames) - {permission.codename for permission in found}
    if missing:
        raise RuntimeError(f"Saleor has no permission {', '.join(sorted(missing))}")
    return found
