"""Authenticate requests to the plugin's own address, which Saleor does not do for plugins."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """The sender of a request: a customer, a member of staff or an app."""

    manages_orders: bool
    """True with Saleor's permission MANAGE_ORDERS."""
    channel_ids: frozenset[int] | None
    """Channels it is limited to; None for all."""
    user_id: int | None = None
    """Primary key of the user who is logged in; None for apps and guests.

    None as well for a user who never confirmed the e-mail address: Saleor gives such accounts the
    orders of guests with that address.
    """

    def may_manage(self, channel_id: int) -> bool:
        """Return True if it may see and change the orders of a channel."""
        is_its_channel = self.channel_ids is None or channel_id in self.channel_ids
        return self.manages_orders and is_its_channel

    def may_open(self, owner_id: int | None, channel_id: int) -> bool:
        """Return True if it may open the policy of an order: its owner's, or one it may manage.

        ``owner_id`` is the primary key of the user who owns the order; None for a guest's.
        """
        is_owner = owner_id is not None and owner_id == self.user_id
        return is_owner or self.may_manage(channel_id)


NOBODY = Requestor(manages_orders=False, channel_ids=frozenset())
"""Requestor without any permission."""


def requestor_of(request: HttpRequest) -> Requestor:
    """Return the sender of a request; ``NOBODY`` for guests and for tokens Saleor refuses."""
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
    if not is_somebody:
        return NOBODY
    may_manage = bool(found.has_perm(OrderPermissions.MANAGE_ORDERS))
    if context.app:
        return Requestor(may_manage, None) if may_manage else NOBODY
    user_id = found.pk if found.is_confirmed else None
    if not may_manage:
        return replace(NOBODY, user_id=user_id)
    channels = get_user_accessible_channels(SimpleNamespace(context=context), found)
    return Requestor(
        manages_orders=bool(found.is_staff),
        channel_ids=frozenset(channel.id for channel in channels),
        user_id=user_id,
    )
