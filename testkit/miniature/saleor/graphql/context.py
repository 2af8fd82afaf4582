"""The requestor of a request, as plugins read it."""

from dataclasses import dataclass
from typing import Any

from ..account.models import User
from ..permission.enums import OrderPermissions
from .permissions import CUSTOMER, STAFF, requestor_of


@dataclass(frozen=True)
class Someone:
    """A member of staff, an app or a customer."""

    name: str
    pk: int | None = None
    """Primary key of a customer."""
    is_confirmed: bool = True

    @property
    def is_staff(self) -> bool:
        return self.name == STAFF

    def has_perm(self, permission: OrderPermissions) -> bool:
        return permission == OrderPermissions.MANAGE_ORDERS and self.name == STAFF


def get_context_value(request: Any) -> Any:
    """Set ``request.user``: a member of staff or a customer, or None for anyone else."""
    name = requestor_of(request.headers.get("Authorization", ""))
    request.user = Someone(name) if name == STAFF else None
    if name.startswith(CUSTOMER):
        pk = int(name.removeprefix(CUSTOMER))
        is_confirmed = User.objects.filter(pk=pk, is_confirmed=True).exists()
        request.user = Someone(name, pk, is_confirmed)
    return request
