"""The desk opens for staff whom the dashboard signed in for just this app, and for nobody else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

import jwt
import pytest
from django.conf import settings
from django.test import Client, override_settings

from testkit.client.desk import PATH, Desk
from testkit.client.store import Store
from testkit.client.transports import in_process
from testkit.factories import unique

from .desk_staff import desk_app, desk_of, new_user, token_for

CHANNELS = "{ insuranceChannels { channels { slug } errors { code } } }"


@pytest.fixture
def staff_user(store: Store) -> Any:
    return new_user()


@pytest.fixture
def page(store: Store) -> Client:
    return Client(SERVER_NAME="localhost")


def refused(token: str) -> str:
    """Return the sentence with which a token is refused."""
    status, answer = Desk(in_process(), token).send(CHANNELS)
    assert status == 401
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    return str(error["message"])


def changed(token: str, /, **claims: Any) -> str:
    """Return the token with other claims, signed by this store; None takes a claim out."""
    from saleor.core.jwt_manager import get_jwt_manager

    found = jwt.decode(token, options={"verify_signature": False}) | claims
    kept = {name: value for name, value in found.items() if value is not None}
    return str(get_jwt_manager().encode(kept))


def test_staff_see_the_channels_whose_orders_they_manage(store: Store, staff_user: Any) -> None:
    found = desk_of(staff_user).ask(CHANNELS)

    assert found["errors"] == []
    slugs = {each["slug"] for each in found["channels"]}
    assert {store.usd.slug, store.usd_unpaid.slug} <= slugs


ANOTHER_KEY = "another secret key, long enough for its algorithm"
FORGERIES: dict[str, Callable[[str], str]] = {
    "no token": lambda _: "",
    "rubbish": lambda _: "rubbish",
    "a very long one": lambda token: token + "A" * 20_000,
    "no signature": lambda token: token.rsplit(".", 1)[0] + ".",
    "signed with another key": lambda token: jwt.encode(
        jwt.decode(token, options={"verify_signature": False}), ANOTHER_KEY, "HS256"
    ),
    "not signed at all": lambda token: jwt.encode(
        jwt.decode(token, options={"verify_signature": False}), None, "none"
    ),
    "expired": lambda token: changed(token, exp=datetime.now(UTC) - timedelta(seconds=1)),
    "without an end": lambda token: changed(token, exp=None),
    "of another store": lambda token: changed(token, iss="https://elsewhere.example/graphql/"),
    "for another audience": lambda token: changed(token, aud="https://elsewhere.example"),
    "for the dashboard itself": lambda token: changed(token, type="access"),
    "for no app": lambda token: changed(token, app=None),
    "for an app that is no id": lambda token: changed(token, app="QXBwOng="),
    "for a user's id": lambda token: changed(token, app=base64.b64encode(b"User:1").decode()),
    "of a session that ended": lambda token: changed(token, token="deactivated1"),
    "of nobody": lambda token: changed(token, email="nobody@example.com"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_the_dashboard_did_not_make_for_it_opens_nothing(
    staff_user: Any, forge: Callable[[str], str]
) -> None:
    token = token_for(staff_user)

    sentence = refused(forge(token))

    assert "token" not in sentence.lower()
    assert staff_user.email not in sentence


def test_a_token_for_another_app_opens_nothing(staff_user: Any) -> None:
    from saleor.app.models import App

    other = App.objects.create(name="other", identifier=unique("other"), type="thirdparty")
    other.permissions.set(desk_app().permissions.all())

    assert "another app" in refused(token_for(staff_user, other))


@pytest.fixture
def app(store: Store) -> Iterator[Any]:
    """The app, as it was afterwards."""
    row = desk_app()
    kept = list(row.permissions.all())
    yield row
    row.is_active, row.removed_at = True, None
    row.save()
    row.permissions.set(kept)


def test_an_app_that_was_switched_off_opens_nothing(app: Any, staff_user: Any) -> None:
    token = token_for(staff_user)
    app.is_active = False
    app.save()

    assert "switched off in the dashboard" in refused(token)


def test_an_app_that_was_deleted_opens_nothing(app: Any, staff_user: Any) -> None:
    token = token_for(staff_user)
    app.removed_at = datetime.now(UTC)
    app.save()

    assert "another app" in refused(token)


def test_an_app_that_may_not_manage_orders_opens_nothing(app: Any, staff_user: Any) -> None:
    token = token_for(staff_user)
    app.permissions.clear()

    assert "permission to manage orders" in refused(token)


def test_a_user_who_left_or_is_no_staff_opens_nothing(store: Store) -> None:
    customer = new_user(is_staff=False)
    gone = new_user(is_active=False)

    assert "sign-in has ended" in refused(token_for(customer))
    assert "sign-in has ended" in refused(token_for(gone))


def test_a_token_counts_only_in_the_header(staff_user: Any) -> None:
    token = token_for(staff_user)
    client = Client(SERVER_NAME="localhost")
    client.cookies["token"] = token
    body = json.dumps({"query": CHANNELS, "token": token, "accessToken": token})

    for address in (f"{PATH}graphql", f"{PATH}graphql?token={token}&accessToken={token}"):
        response = client.post(address, body, content_type="application/json")
        assert response.status_code == 401
    bare = client.post(
        f"{PATH}graphql", body, content_type="application/json", headers={"Authorization": token}
    )
    assert bare.status_code == 401
    assert client.get(f"{PATH}graphql").status_code == 405


def test_the_desk_serves_no_fields_of_shoppers(staff_user: Any) -> None:
    document = '{ insuranceOffer(checkoutId: "x") { errors { code } } }'

    status, answer = desk_of(staff_user).send(document)

    assert status == 400
    assert "Cannot query field" in answer["errors"][0]["message"]


def test_the_page_is_the_same_for_everybody_and_may_load_only_its_own_files(page: Client) -> None:
    response = page.get(PATH)

    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    policy = response["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert "frame-ancestors 'self'" in policy
    assert "set-cookie" not in {name.lower() for name in response.headers}
    assert page.get(f"{PATH}events").content == response.content


def test_a_page_for_a_dark_dashboard_is_dark_from_the_first_byte(page: Client) -> None:
    dark = page.get(f"{PATH}?theme=dark").content.decode()

    assert '<html data-theme="dark" lang="en">' in dark
    assert '<meta name="color-scheme" content="dark">' in dark
    usual = page.get(PATH).content
    for theme in ("light", "", "darker", '"><script>'):
        assert page.get(PATH, {"theme": theme}).content == usual


@pytest.mark.parametrize("path", ["", "/", "/order", "/order/"])
def test_a_page_finds_its_files_with_and_without_a_slash(page: Client, path: str) -> None:
    """The dashboard drops a slash, and a redirect would drop the referrer the bridge needs."""
    address = f"{PATH.removesuffix('/')}{path}"

    found = page.get(f"{address}?domain=shop.example&id=1")

    assert found.status_code == 200
    files = re.findall(r'(?:src|href)="([^"]+)"', found.content.decode())
    assert len(files) >= 2
    for file in files:
        assert page.get(urljoin(address, file)).status_code == 200


@pytest.mark.parametrize(
    "path", ["", "order", "graphql", "manifest.json", "logo.png", "assets/none.js", "nowhere"]
)
def test_nothing_of_it_is_taken_for_something_else(page: Client, path: str) -> None:
    for response in (page.get(f"{PATH}{path}"), page.post(f"{PATH}{path}")):
        assert response["X-Content-Type-Options"] == "nosniff"


def test_the_dashboard_that_may_frame_it_is_a_setting(page: Client) -> None:
    address = "https://Shop.example:443/dashboard/, http://localhost:9000"
    with override_settings(XCOVER_DASHBOARD_URL=address):
        policy = page.get(PATH)["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://shop.example http://localhost:9000")

    with override_settings(XCOVER_DASHBOARD_URL="shop.example"):
        policy = page.get(PATH)["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'none'")


def posted(page: Client, body: dict[str, str], query: str = "") -> Any:
    """Post a form as a browser does."""
    form = "application/x-www-form-urlencoded"
    return page.post(f"{PATH}order{query}", urlencode(body), content_type=form)


def test_a_widget_opened_by_post_takes_its_token_from_the_body(
    page: Client, staff_user: Any
) -> None:
    token = token_for(staff_user)
    order_id = '"></script><script>alert(1)</script>'

    response = posted(page, {"accessToken": token, "orderId": order_id})

    assert response.status_code == 200
    content = response.content.decode()
    (block,) = content.split('<script id="session" type="application/json">')[1:]
    data = block.split("</script>")[0]
    assert "<" not in data
    assert json.loads(data) == {"token": token, "orderId": order_id}
    assert response["Cache-Control"] == "no-store"


def test_a_widget_opened_by_post_without_a_good_token_gets_nothing(
    page: Client, staff_user: Any
) -> None:
    token = token_for(staff_user)

    for body in (
        {"orderId": "x"},
        {"accessToken": "rubbish"},
        {"accessToken": changed(token, app=None)},
    ):
        response = posted(page, body)
        assert response.status_code == 401
        assert token not in response.content.decode()
    assert posted(page, {"orderId": "x"}, query=f"?accessToken={token}").status_code == 401
    assert page.post(f"{PATH}order", {"accessToken": token}).status_code == 415  # no form's type


UNREADABLE = {
    "a body that is too large": ("accessToken=" + "x" * 3_000_000, ""),
    "too many fields": ("&".join(f"a{n}=1" for n in range(2_000)), ""),
    "no encoding of text": ("accessToken=x", "; charset=hex"),
    "an encoding it is not in": ("accessToken=%ff", "; charset=utf-16"),
}


@pytest.mark.parametrize(("body", "charset"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_form_that_cannot_be_read_is_no_error_of_the_server(
    page: Client, body: str, charset: str
) -> None:
    form = f"application/x-www-form-urlencoded{charset}"

    response = page.generic("POST", f"{PATH}order", body.encode(), content_type=form)
    assert response.status_code in (400, 401)


def test_the_files_of_the_page_are_served_and_no_others(page: Client) -> None:
    content = page.get(PATH).content.decode()
    names = [part.split('"')[0] for part in content.split("./assets/")[1:]]
    assert names

    for name in names:
        response = page.get(f"{PATH}assets/{name}")
        assert response.status_code == 200
        assert "max-age=31536000" in response["Cache-Control"]
        assert page.post(f"{PATH}assets/{name}").status_code == 405
    others = ("../index.html", "..%2findex.html", "none.js", "", "a" * 300 + ".js")
    for path in (f"assets/{name}" for name in others):
        assert page.get(f"{PATH}{path}").status_code == 404
    logo = page.get(f"{PATH}logo.png")
    assert logo["Content-Type"] == "image/png"
    assert logo.content.startswith(b"\x89PNG")


def test_nothing_but_the_desk_has_an_address_without_a_channel(page: Client, store: Store) -> None:
    assert page.get("/plugins/covergenius.xcover/element.js").status_code == 404
    assert page.post("/plugins/covergenius.xcover/graphql").status_code == 404
    assert (
        page.get(f"/plugins/channel/{store.usd.slug}/covergenius.xcover/desk/").status_code == 404
    )


def test_the_manifest_names_the_app_that_the_setup_made(page: Client) -> None:
    manifest = page.get(f"{PATH}manifest.json").json()

    app = desk_app()
    assert manifest["id"] == app.identifier
    assert manifest["appUrl"] == app.app_url
    assert manifest["version"] == app.version
    assert manifest["permissions"] == ["MANAGE_ORDERS"]
    assert "tokenTargetUrl" not in manifest
    assert {each["url"] for each in manifest["extensions"]} == {
        each.url for each in app.extensions.all()
    }
    assert settings.SECRET_KEY not in json.dumps(manifest)
