"""Authenticate requests to the plugin's own address, which Saleor does not do for plugins."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from jwt.exceptions import PyJWTError
from saleor.graphql.account.utils import get_user_accessible_channels
from saleor.graphql.app.dataloaders import get_app_promise
from saleor.graphql.context import get_context_value
from saleor.graphql.utils import get_user_or_app_from_context
from saleor.permission.enums import OrderPermissions


@dataclass(frozen=True, slots=True)
class Requestor:
    """Permissions of a member of staff or an app."""

    manages_orders: bool
    """True with Saleor's permission MANAGE_ORDERS."""
    channel_ids: frozenset[int] | None
    """Channels it is limited to; None for all."""

    def may_manage(self, channel_id: int) -> bool:
        """Return True if it may see and change the orders of a channel."""
        is_its_channel = self.channel_ids is None or channel_id in self.channel_ids
        return self.manages_orders and is_its_channel


NOBODY = Requestor(manages_orders=False, channel_ids=frozenset())
"""Requestor without any permission."""


def requestor_of(request: HttpRequest) -> Requestor:
    """Return the sender of a request; ``NOBODY`` for shoppers and for tokens Saleor refuses."""
    context: Any = request
    context.dataloaders, context.allow_replica = {}, False
    try:
        # Saleor sets the app only at its own GraphQL address.
        context.app = get_app_promise(context).get()
        found = get_user_or_app_from_context(get_context_value(context))
        # A user's token is read only here: Saleor returns a lazy object for the user.
        is_somebody = bool(found)
    except PyJWTError:
        return NOBODY
    if not is_somebody or not found.has_perm(OrderPermissions.MANAGE_ORDERS):
        return NOBODY
    if context.app:
        return Requestor(manages_orders=True, channel_ids=None)
    channels = get_user_accessible_channels(SimpleNamespace(context=context), found)
    return Requestor(
        manages_orders=bool(found.is_staff),
        channel_ids=frozenset(channel.id for channel in channels),
    )
