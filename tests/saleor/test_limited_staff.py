"""Staff that Saleor limits to some channels look after the policies of those channels only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from django.apps import apps
from saleor.account.models import Group
from saleor.core.jwt import create_access_token
from saleor.permission.models import Permission

from testkit.client.driver import Driver, GraphQLFailed, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.store import Channel
from testkit.factories import unique
from testkit.rows import key
from testkit.saleor import factories
from testkit.saleor.store import SaleorStore
from testkit.steps import Sale


@pytest.fixture(autouse=True)
def in_production() -> Iterator[None]:
    """Without DEBUG, which Saleor has on unless it is told otherwise."""
    from django.test import override_settings

    with override_settings(DEBUG=False):
        yield


def limited_staff(*channels: Channel, permission: str = "manage_orders") -> str:
    """Return the token of a member of staff whose only group is limited to these channels."""
    staff = cast("Any", factories.StaffFactory())
    group = Group.objects.create(name=unique("limited"), restricted_access_to_channels=True)
    group.permissions.set(Permission.objects.filter(codename=permission))
    rows = apps.get_model("channel", "Channel").objects.filter(pk__in=[key(c.id) for c in channels])
    group.channels.set(rows)
    staff.groups.add(group)
    return str(create_access_token(staff))


def codes_of(refused: pytest.ExceptionInfo[Refused]) -> tuple[str, ...]:
    return refused.value.codes


def test_staff_of_another_channel_see_and_change_nothing(
    sale: Sale, store: SaleorStore, driver: Driver
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given staff who may manage orders in euros, and a policy sold in dollars
    token = limited_staff(store.eur)
    there = InsuranceDesk(driver, store.usd, token)
    # when they look for it and note a claim
    with pytest.raises(Refused) as looked:
        there.covers()
    with pytest.raises(Refused) as noted:
        there.set_claim(sale.order.id, "open")
    # then
    assert codes_of(looked) == codes_of(noted) == ("permission_denied",)
    assert [cover.claim for cover in Cover.objects.all()] == ["unknown"]
    # and at the address of their own channel it is not there either
    here = InsuranceDesk(driver, store.eur, token)
    assert here.covers()["covers"] == []
    with pytest.raises(Refused) as elsewhere:
        here.set_claim(sale.order.id, "open")
    assert codes_of(elsewhere) == ("cover_not_found",)


def test_staff_of_this_channel_may(sale: Sale, store: SaleorStore, driver: Driver) -> None:
    desk = InsuranceDesk(driver, store.usd, limited_staff(store.eur, store.usd))

    assert [one["orderNumber"] for one in desk.covers()["covers"]] == [sale.order.number]
    assert desk.set_claim(sale.order.id, "open")["cover"]["claim"] == "open"


def test_staff_of_this_channel_without_the_permission_may_not(
    sale: Sale, store: SaleorStore, driver: Driver
) -> None:
    desk = InsuranceDesk(driver, store.usd, limited_staff(store.usd, permission="manage_products"))

    with pytest.raises(Refused) as looked:
        desk.covers()
    assert codes_of(looked) == ("permission_denied",)


def test_what_staff_may_ask_for_at_once_is_theirs_in_their_channel_only(
    store: SaleorStore, driver: Driver
) -> None:
    token = limited_staff(store.eur)

    def ask(channel: Channel) -> Any:
        address = f"/plugins/channel/{channel.slug}/covergenius.xcover/graphql"
        query = "query ask { __schema { types { name } } }"
        return driver.execute(query, {}, url=address, token=token, is_heard=False)

    assert ask(store.eur)["__schema"]["types"]
    with pytest.raises(GraphQLFailed, match="only staff"):
        ask(store.usd)


def forged() -> str:
    return f"{limited_staff()[:-8]}AAAAAAAA"


def expired() -> str:
    from django.test import override_settings

    with override_settings(JWT_TTL_ACCESS=timedelta(seconds=-10)):
        return limited_staff()


def of_somebody_who_left() -> str:
    token = limited_staff()
    apps.get_model("account", "User").objects.filter(groups__name__startswith="limited").update(
        is_active=False
    )
    return token


@pytest.mark.parametrize("token", [forged, expired, of_somebody_who_left, lambda: "a.b.c"])
def test_a_token_saleor_refuses_is_nobodys(
    token: Callable[[], str], sale: Sale, store: SaleorStore, driver: Driver
) -> None:
    """Else anybody could fill the error tracker."""
    worthless = token()
    with pytest.raises(Refused) as looked:
        InsuranceDesk(driver, store.usd, worthless).covers()
    assert codes_of(looked) == ("permission_denied",)

    address = f"/plugins/channel/{store.usd.slug}/covergenius.xcover/graphql"
    query = "query ask { __schema { types { name } } }"
    with pytest.raises(GraphQLFailed, match="only staff"):
        driver.execute(query, {}, url=address, token=worthless, is_heard=False)
