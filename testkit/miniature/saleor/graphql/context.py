"""Who sent a request, as plugins find it out."""

from dataclasses import dataclass
from typing import Any

from ..permission.enums import OrderPermissions
from .permissions import STAFF, requestor_of


@dataclass(frozen=True)
class Someone:
    """A member of staff or an app."""

    name: str

    @property
    def is_staff(self) -> bool:
        return self.name == STAFF

    def has_perm(self, permission: OrderPermissions) -> bool:
        return permission == OrderPermissions.MANAGE_ORDERS and self.name == STAFF


def get_context_value(request: Any) -> Any:
    """Put the user on the request, None for a shopper."""
    name = requestor_of(request.headers.get("Authorization", ""))
    request.user = Someone(name) if name == STAFF else None
    return request
