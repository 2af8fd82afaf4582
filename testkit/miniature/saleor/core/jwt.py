"""Tokens with which the dashboard opens an app, with the claims of Saleor's."""

from datetime import UTC, datetime, timedelta
from typing import Any

from graphene.relay import Node

from ..account.models import User
from ..app.models import App
from .jwt_manager import get_jwt_manager

JWT_THIRDPARTY_ACCESS_TYPE = "thirdparty"
_LIFE = timedelta(minutes=5)


def jwt_decode(token: str, verify_aud: bool = False) -> dict[str, Any]:
    return get_jwt_manager().decode(token, verify_aud=verify_aud)


def create_access_token_for_app(app: App, user: User) -> str:
    now = datetime.now(tz=UTC)
    return get_jwt_manager().encode(
        {
            "iat": now,
            "exp": now + _LIFE,
            "owner": "saleor",
            "iss": get_jwt_manager().get_issuer(),
            "token": user.jwt_token_key,
            "email": user.email,
            "type": JWT_THIRDPARTY_ACCESS_TYPE,
            "user_id": Node.to_global_id("User", user.pk),
            "is_staff": user.is_staff,
            "app": Node.to_global_id("App", app.pk),
            "permissions": ["MANAGE_ORDERS"],
            "user_permissions": ["MANAGE_ORDERS"],
        }
    )
