"""The requestor of a request, as plugins read it."""

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
    """Set ``request.user``: a member of staff, or None for anyone else."""
    name = requestor_of(request.headers.get("Authorization", ""))
    request.user = Someone(name) if name == STAFF else None
    return request
