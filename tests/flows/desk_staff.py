"""Members of staff who open the desk from the dashboard, and the tokens it gets for them."""

from __future__ import annotations

from typing import Any

from testkit.client.desk import Desk
from testkit.client.transports import in_process
from testkit.factories import unique


def desk_app() -> Any:
    """Return the row of the app that ``xcover_setup`` made."""
    from saleor.app.models import App

    return App.objects.get(identifier="covergenius.xcover.desk")


def new_user(*, is_staff: bool = True, is_active: bool = True, may_manage: bool = True) -> Any:
    """Create a user with or without the permission to manage orders."""
    from saleor.account.models import User

    email = f"{unique('box')}@example.com"
    user = User.objects.create(email=email, is_staff=is_staff, is_active=is_active)
    if may_manage and hasattr(user, "groups"):
        user.groups.add(_group())
    return user


def _group(**options: Any) -> Any:
    """Create a group of a real Saleor that may manage orders; the miniature has none."""
    from saleor.account.models import Group
    from saleor.permission.models import Permission

    group = Group.objects.create(name=unique("box-office"), **options)
    group.permissions.set(Permission.objects.filter(codename="manage_orders"))
    return group


def token_for(user: Any, app: Any = None) -> str:
    """Return the token a dashboard hands to an app, ours if none is named."""
    from saleor.core.jwt import create_access_token_for_app

    return str(create_access_token_for_app(app or desk_app(), user))


def desk_of(user: Any) -> Desk:
    """Return the desk as this user sees it."""
    return Desk(in_process(), token_for(user))
