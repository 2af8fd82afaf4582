"""Verify the token with which the dashboard opens the desk, as Saleor would, on every request.

Of the token only its signature, its expiry and whom it names are believed. Whether that person may
do anything is read from the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from graphene.relay import Node
from jwt.exceptions import PyJWTError
from saleor.account.models import User
from saleor.app.models import App
from saleor.core.jwt import JWT_THIRDPARTY_ACCESS_TYPE, jwt_decode
from saleor.core.jwt_manager import get_jwt_manager
from saleor.graphql.account.utils import get_user_accessible_channels
from saleor.permission.enums import OrderPermissions

from .dashboard_app import IDENTIFIER

MAX_TOKEN = 8192
"""Longest token that is looked at, in characters."""


class SignInRefused(Exception):
    """The token opens nothing. The text says why and what to do, without what was in it."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff who may manage orders, and where."""

    user_id: int
    channel_ids: frozenset[int]
    """Channels whose orders the person may see and change."""


def staff_of(token: str) -> Staff:
    """Return whom a token of the dashboard names. Raise ``SignInRefused``."""
    claims = _claims(token)
    app = _app(claims)
    user = _user(claims)
    manages_orders = OrderPermissions.MANAGE_ORDERS
    if not (app.has_perm(manages_orders) and user.has_perm(manages_orders)):
        raise SignInRefused("This needs the permission to manage orders.")
    channels = get_user_accessible_channels(SimpleNamespace(context=_context()), user)
    return Staff(user.pk, frozenset(channel.pk for channel in channels))


def _claims(token: str) -> dict[str, Any]:
    """Return what a token says if Saleor made it for this app. Raise ``SignInRefused``."""
    refused = SignInRefused("Open this page from the dashboard: the sign-in has ended.")
    if not token or len(token) > MAX_TOKEN:
        raise refused
    try:
        claims = jwt_decode(token)
    except (PyJWTError, ValueError) as error:
        raise refused from error
    is_for_apps = claims.get("type") == JWT_THIRDPARTY_ACCESS_TYPE and "exp" in claims
    is_from_here = claims.get("iss") == get_jwt_manager().get_issuer()
    if not (is_for_apps and is_from_here) or claims.get("aud"):
        raise refused
    return claims


def _app(claims: dict[str, Any]) -> App:
    try:
        kind, key = Node.from_global_id(str(claims.get("app")))
    except ValueError:  # UnicodeDecodeError and binascii.Error are kinds of it
        kind, key = "", ""
    found = App.objects.filter(identifier=IDENTIFIER, removed_at=None)
    app = found.filter(pk=int(key)).first() if kind == "App" and key.isdecimal() else None
    if app is None:
        raise SignInRefused("This sign-in is for another app.")
    if not app.is_active:
        raise SignInRefused(f"The app {app.name} is switched off in the dashboard.")
    return app


def _user(claims: dict[str, Any]) -> User:
    user = User.objects.filter(email=str(claims.get("email")), is_active=True).first()
    if user is None or not user.is_staff or user.jwt_token_key != claims.get("token"):
        raise SignInRefused("Open this page from the dashboard: the sign-in has ended.")
    return user


def _context() -> HttpRequest:
    """Return what Saleor's loaders read: an empty request."""
    context: Any = HttpRequest()
    context.dataloaders, context.allow_replica = {}, False
    return context
