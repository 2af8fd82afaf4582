"""The desk inside a real Saleor: its own tokens, its limited staff, its installation of apps."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from saleor.account.models import Group
from saleor.app.models import App
from saleor.core.jwt import (
    create_access_token,
    create_access_token_for_app,
    create_access_token_for_app_extension,
)
from saleor.permission.models import Permission

from testkit.client.desk import Desk
from testkit.client.driver import Driver
from testkit.client.store import Channel
from testkit.client.transports import in_process
from testkit.factories import unique
from testkit.rows import key
from testkit.saleor import factories
from testkit.saleor.store import SaleorStore
from testkit.steps import Sale
from tests.flows.desk_staff import desk_app

CHANNELS = "{ insuranceChannels { channels { slug } errors { code } } }"
COVERS = "{ insuranceCovers { edges { node { orderNumber } } errors { code } } }"
ORDER = (
    "query Order($id: ID!) { insuranceOrder(orderId: $id) { order { number } errors { code } } }"
)
HEALTH = "{ insuranceHealth { findings { subject } errors { code } } }"


def staff_of(*channels: Channel, permission: str = "manage_orders") -> Any:
    """Return a member of staff whose only group is limited to these channels, if there are any."""
    staff = cast("Any", factories.StaffFactory())
    group = Group.objects.create(
        name=unique("box-office"), restricted_access_to_channels=bool(channels)
    )
    group.permissions.set(Permission.objects.filter(codename=permission))
    rows = apps.get_model("channel", "Channel").objects.filter(pk__in=[key(c.id) for c in channels])
    group.channels.set(rows)
    staff.groups.add(group)
    return staff


def desk_with(token: object) -> Desk:
    return Desk(in_process(), str(token))


def desk_of(staff: Any) -> Desk:
    return desk_with(create_access_token_for_app(desk_app(), staff))


def test_staff_limited_to_a_channel_see_only_that_one(sale: Sale, store: SaleorStore) -> None:
    # given a policy sold in dollars, and staff for euros
    here, there = desk_of(staff_of(store.usd)), desk_of(staff_of(store.eur))
    # when both look
    # then each sees the channel of its own
    for desk, channel in ((here, store.usd), (there, store.eur)):
        assert [each["slug"] for each in desk.ask(CHANNELS)["channels"]] == [channel.slug]
    assert len(here.ask(COVERS)["edges"]) == 1
    assert there.ask(COVERS) == {"edges": [], "errors": []}
    assert here.ask(ORDER, id=sale.order.id)["order"] == {"number": sale.order.number}
    assert there.ask(ORDER, id=sale.order.id)["errors"] == [{"code": "BAD_INPUT"}]
    subjects = {finding["subject"] for finding in there.ask(HEALTH)["findings"]}
    assert store.usd.slug not in subjects


def test_staff_without_the_permission_get_nothing(store: SaleorStore) -> None:
    status, answer = desk_of(staff_of(permission="manage_products")).send(CHANNELS)

    assert status == 401
    assert "permission to manage orders" in answer["errors"][0]["message"]


def test_the_token_of_a_widget_is_taken_too(store: SaleorStore) -> None:
    app, staff = desk_app(), staff_of()
    extension = app.extensions.order_by("pk").last()
    permissions = extension.permissions.all()

    token = create_access_token_for_app_extension(extension, permissions, staff, app)

    assert desk_with(token).ask(CHANNELS)["errors"] == []


def test_tokens_of_the_dashboard_and_of_other_apps_get_nothing(store: SaleorStore) -> None:
    staff = staff_of()
    other = cast("Any", factories.AppFactory())
    other.permissions.set(desk_app().permissions.all())

    for token in (
        create_access_token(staff),
        create_access_token_for_app(other, staff),
        store.payment_app_token(),
        store.store_app_token(),
    ):
        status, _ = desk_with(token).send(CHANNELS)
        assert status == 401


def test_a_session_that_staff_ended_opens_nothing_any_more(store: SaleorStore) -> None:
    staff = staff_of()
    desk = desk_of(staff)
    assert desk.ask(CHANNELS)["errors"] == []

    staff.jwt_token_key = "another"
    staff.save()

    assert desk.send(CHANNELS)[0] == 401


def test_the_dashboards_queries_find_the_app_and_its_places(
    store: SaleorStore, driver: Driver
) -> None:
    staff = staff_of()
    group = staff.groups.get()
    group.permissions.add(*Permission.objects.filter(codename__in=("manage_apps",)))
    fields = 'query Fields { __type(name: "AppExtension") { fields { name } } }'
    names = {each["name"] for each in driver.execute(fields, {})["__type"]["fields"]}
    called = "Name" if "mountName" in names else ""  # 3.21 has enums
    document = f"""query Places {{
      appExtensions(first: 20) {{
        edges {{ node {{
          label mount: mount{called} target: target{called} accessToken
        }} }}
      }}
    }}"""

    found = driver.execute(document, {}, token=str(create_access_token(staff)))

    places = [
        edge["node"]
        for edge in found["appExtensions"]["edges"]
        if edge["node"]["label"] == "Ticket protection"
    ]
    assert {place["mount"] for place in places} >= {"NAVIGATION_ORDERS"}
    assert {place["target"] for place in places} <= {"APP_PAGE", "WIDGET", "POPUP"}
    for place in places:
        assert desk_with(place["accessToken"]).ask(CHANNELS)["errors"] == []


def test_saleor_takes_the_manifest_unless_the_setup_made_the_app(
    store: SaleorStore,
) -> None:
    from django.test import Client
    from saleor import __version__
    from saleor.app.manifest_validations import clean_manifest_data

    manifest = Client(SERVER_NAME="localhost").get("/plugins/covergenius.xcover/desk/manifest.json")
    data = manifest.json()

    # given the app that the setup made, Saleor takes no second one
    assert data["id"] == desk_app().identifier
    with pytest.raises(ValidationError, match="already installed"):
        clean_manifest_data(dict(data), raise_for_saleor_version=True)
    App.objects.filter(identifier=data["id"]).delete()
    if __version__.startswith(("3.21.", "3.22.")):
        # given none, those that send each app a token take only apps that want one
        with pytest.raises(ValidationError, match="tokenTargetUrl"):
            clean_manifest_data(data, raise_for_saleor_version=True)
    else:
        # given none, it takes the manifest
        clean_manifest_data(data, raise_for_saleor_version=True)


@pytest.mark.parametrize("path", ["", "order", "events"])
def test_saleor_serves_the_page_without_a_channel(store: SaleorStore, path: str) -> None:
    from django.test import Client

    response = Client(SERVER_NAME="localhost").get(f"/plugins/covergenius.xcover/desk/{path}")

    assert response.status_code == 200
    assert "X-Frame-Options" not in response.headers
    assert "frame-ancestors" in response["Content-Security-Policy"]
