"""The shopper's side of the server: what is passed on, what is not, and what is said instead."""

import pytest

from .conftest import OpenShop
from .shop_process import OpenedShop
from .upstream_server import FakeUpstream

PLUGIN = "/plugins/channel/boxoffice/covergenius.xcover/graphql"
ELEMENT = "/plugins/channel/boxoffice/covergenius.xcover/element.js"


def test_products_are_asked_for_in_the_channel_of_the_shop(
    shop: OpenedShop, host: FakeUpstream
) -> None:
    host.answers["products"] = {"edges": [{"node": {"price": 89.10}}]}

    answer = shop.post("/api/graphql", json={"operation": "products", "variables": {}})

    # Amounts are texts on their way to the browser.
    assert answer.json() == {"edges": [{"node": {"price": "89.1"}}]}
    (request,) = host.received
    assert (request.path, request.token) == ("/graphql/", "")
    assert request.body["variables"] == {"channel": "boxoffice"}


def test_the_browser_cannot_choose_another_channel(shop: OpenedShop, host: FakeUpstream) -> None:
    host.answers["products"] = {"edges": []}

    shop.post("/api/graphql", json={"operation": "products", "variables": {"channel": "other"}})

    assert host.received[0].body["variables"] == {"channel": "boxoffice"}


@pytest.mark.parametrize(
    "operation", ["orders", "transactionCreate", "checkoutComplete", "{ shop { name } }", None, []]
)
def test_an_unknown_operation_is_refused(
    shop: OpenedShop, host: FakeUpstream, operation: object
) -> None:
    answer = shop.post("/api/graphql", json={"operation": operation, "variables": {}})

    assert answer.status_code == 400
    assert answer.json() == {"error": "The shop does not know this operation."}
    assert host.received == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 5000, b'{"operation": 1}'])
def test_rubbish_is_refused(shop: OpenedShop, host: FakeUpstream, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    answer = shop.post("/api/graphql", data=content, headers=headers)

    assert answer.status_code == 400
    assert host.received == []


def test_a_body_nobody_needs_is_refused(shop: OpenedShop, host: FakeUpstream) -> None:
    assert shop.post("/api/graphql", json={"operation": "x" * 20_000}).status_code == 413
    assert host.received == []


def test_other_sites_cannot_post(shop: OpenedShop, host: FakeUpstream) -> None:
    # A form on another page can send this without asking; JSON it cannot.
    answer = shop.post("/api/staff/refund", data=b'{"orderId": "1"}')
    assert answer.status_code == 415
    # A name of their own that points here.
    answer = shop.get("/api/staff/orders", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert host.received == []


def test_insurance_goes_to_the_endpoint_of_the_plugin(shop: OpenedShop, host: FakeUpstream) -> None:
    host.answers["insuranceCover"] = {"cover": None, "errors": [{"code": "order_not_found"}]}

    answer = shop.post("/api/graphql", json={"operation": "insuranceCover", "variables": {"id": 1}})

    assert answer.json()["errors"] == [{"code": "order_not_found"}]
    assert host.received[0].path == PLUGIN


def test_the_element_comes_from_the_plugin(shop: OpenedShop, host: FakeUpstream) -> None:
    host.answers[f"GET {ELEMENT}"] = b"customElements;"

    answer = shop.get(shop.get("/api/config").json()["element"])

    assert (answer.text, answer.status_code) == ("customElements;", 200)
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("rest", ["policy.js", "locales/de-0123456789.js"])
def test_its_other_modules_come_from_the_plugin(
    shop: OpenedShop, host: FakeUpstream, rest: str
) -> None:
    path = ELEMENT.replace("element.js", rest)
    host.answers[f"GET {path}"] = b"export default {};"

    answer = shop.get(path)

    assert (answer.text, answer.status_code) == ("export default {};", 200)
    assert [each.path for each in host.received] == [path]


@pytest.mark.parametrize("rest", ["..%2f..%2fx.js", "locales/%2e%2e%2fx.js", "a/b/c.js", "events"])
def test_nothing_else_of_the_plugin_is_passed_on(
    shop: OpenedShop, host: FakeUpstream, rest: str
) -> None:
    assert shop.get(ELEMENT.replace("element.js", rest)).status_code == 404
    assert host.received == []


def test_a_component_may_speak_to_the_plugin_by_itself(
    shop: OpenedShop, host: FakeUpstream
) -> None:
    host.answers["insuranceCover"] = {"cover": None}
    body = {"query": "query insuranceCover { insuranceCover }"}

    answer = shop.post(PLUGIN, json=body)

    assert answer.json() == {"data": {"insuranceCover": {"cover": None}}}
    (request,) = host.received
    assert (request.path, request.body, request.token) == (PLUGIN, body, "")
    # and with the token of a customer who is logged in
    shop.post(PLUGIN, json=body, headers={"Authorization": "Bearer ada"})
    assert host.received[-1].token == "ada"


def test_a_host_that_is_down_is_a_plain_sentence(shop: OpenedShop, host: FakeUpstream) -> None:
    host.close()

    answer = shop.post("/api/graphql", json={"operation": "products"})

    assert answer.status_code == 502
    assert answer.json() == {
        "error": "The ticket system cannot be reached at the moment. Please try again."
    }


def test_a_host_that_answers_rubbish_is_a_plain_sentence(
    open_shop: OpenShop, host: FakeUpstream
) -> None:
    host.answers["GET /state"] = b"<html>502</html>"
    shop = open_shop(simulator=f"{host.url}/state")

    answer = shop.get("/api/staff/xcover")

    assert answer.status_code == 502
    assert answer.json()["error"].endswith("answered something that is not understood.")


def test_the_page_keeps_to_itself(shop: OpenedShop) -> None:
    page = shop.get("/")

    assert "no real money, no real insurance" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    assert shop.get("/static/main.js").status_code == 200
    assert shop.get("/static/%2e%2e/app.py").status_code == 404


def test_the_simulated_wording_is_shown_to_who_reaches_only_the_shop(
    open_shop: OpenShop, simulator: FakeUpstream
) -> None:
    simulator.answers["GET /en/pds/offer-1?quote_id=q1"] = b"<!DOCTYPE html><p>2 tickets</p>"
    shop = open_shop(simulator=f"{simulator.url}/_simulator")

    answer = shop.get("/simulated/en/pds/offer-1?quote_id=q1")

    assert (answer.status_code, answer.text) == (200, "<!DOCTYPE html><p>2 tickets</p>")
    assert answer.headers["Content-Type"].startswith("text/html")
    # Its own style may be used, and no script may run.
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/simulated/_simulator", "/simulated/en/pds/../../_simulator"])
def test_nothing_else_of_the_simulator_is_shown(
    path: str, open_shop: OpenShop, simulator: FakeUpstream
) -> None:
    shop = open_shop(simulator=f"{simulator.url}/_simulator")

    assert shop.get(path).status_code == 404
    assert simulator.received == []


def test_before_a_real_saleor_there_is_no_simulated_wording(shop: OpenedShop) -> None:
    assert shop.get("/simulated/en/pds/offer-1").status_code == 404


def test_the_desk_is_passed_on_with_its_token(shop: OpenedShop, host: FakeUpstream) -> None:
    path = "/plugins/covergenius.xcover/desk/graphql"
    host.answers[f"POST {path}"] = b"{}"

    answer = shop.post(path, json={}, headers={"Authorization": "Bearer abc"})

    assert answer.status_code == 200
    assert [(each.path, each.token) for each in host.received] == [(path, "abc")]


@pytest.mark.parametrize("rest", ["..%2f..%2f..%2fgraphql/", "%2e%2e/graphql", "a%3Fb", "a%0Ab"])
def test_nothing_else_of_the_host_is_reached_through_the_desk(
    shop: OpenedShop, host: FakeUpstream, rest: str
) -> None:
    answer = shop.post(f"/plugins/covergenius.xcover/desk/{rest}", json={})

    assert answer.status_code == 404
    assert host.received == []
