"""Texts nobody means to type are refused by name: not stored, not repeated, and no defect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testkit.client.driver import PLUGIN_ID, Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, asked, bookings, buy_with_cover
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
ODD = {
    "NUL": "\x00",
    "lone surrogate": "\ud800",
    "bell": "A\x07da",
    "line break": "Ada\nLovelace",
    "direction override": "A\u202eda",
    "direction isolate": "A\u2067da",
    "direction mark": "A\u200fda",
    "zero width": "A\u200bda",
    "line separator": "A\u2028da",
}


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


def _defects(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("saleor_xcover_plugin") and record.getMessage().endswith("failed")
    ]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_no_order_has_such_a_number(
    sale: Sale, desk: InsuranceDesk, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    with pytest.raises(Refused) as refused:
        desk.covers(orderNumber=text)

    assert refused.value.codes == ("bad_input",)
    assert str(refused.value.errors[0]["message"]).startswith("The order number holds a character")
    assert text not in str(refused.value)
    assert _defects(caplog) == []


@pytest.mark.parametrize(
    ("field", "name", "good"),
    [
        ("firstName", "first name", "Zo\u00eb"),
        ("lastName", "last name", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("email", "e-mail", "zoe@example.com"),
        ("phone", "phone", "+14155550123"),
    ],
)
def test_no_buyer_has_such_details(
    parked_without: Callable[..., Any],
    desk: InsuranceDesk,
    simulator: SimulatorProcess,
    caplog: pytest.LogCaptureFixture,
    field: str,
    name: str,
    good: str,
) -> None:
    # given an order whose policy waits for just that
    order = parked_without(field)
    for text in ODD.values():
        # when it is given with a character in it that nobody means
        with pytest.raises(Refused) as refused:
            desk.complete(order.id, **{field: f"{text}{good}"})
        # then
        assert refused.value.codes == ("bad_input",)
        assert str(refused.value.errors[0]["message"]).startswith(f"The {name} holds a character")
        assert text not in str(refused.value)
    assert _defects(caplog) == []
    assert _stored(order.number)[field] == ""
    assert bookings(simulator) == []
    # when it is given as people write it
    desk.complete(order.id, **{field: good})
    # then
    assert _stored(order.number)[field] == good


@pytest.fixture
def parked_without(
    shopper: SendShopper, store: Store, payments: PaymentApp, work: Work
) -> Callable[..., Any]:
    """Sell a cover whose buyer lost these details before the policy was made."""

    def sell(*fields: str) -> Any:
        order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
        _store(order.number, **dict.fromkeys(fields, ""))
        work()
        return order

    return sell


_COLUMNS = {"firstName": "first_name", "lastName": "last_name", "phone": "phone"}


def _store(order_number: str, **values: str) -> None:
    """Write details of the buyer as an import or another plugin could."""
    from django.apps import apps

    order = apps.get_model("order", "Order").objects.get(number=order_number)
    if "email" in values:
        type(order).objects.filter(pk=order.pk).update(user_email=values["email"])
    columns = {_COLUMNS[name]: text for name, text in values.items() if name in _COLUMNS}
    for address in (order.billing_address, order.shipping_address):
        if address is not None and columns:
            type(address).objects.filter(pk=address.pk).update(**columns)


def _stored(order_number: str) -> dict[str, str]:
    from django.apps import apps

    order = apps.get_model("order", "Order").objects.get(number=order_number)
    address = order.billing_address or order.shipping_address
    columns = {name: str(getattr(address, column) or "") for name, column in _COLUMNS.items()}
    return {"email": order.user_email, **columns}


# Every text argument of the schema --------------------------------------------------------------


def _texts_of(kind: Any) -> Iterator[Callable[[str], Any]]:
    """Yield a way to put a text into each place of an argument that takes one."""
    from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull

    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        for inner in _texts_of(kind.of_type):
            yield lambda text, put=inner: [put(text)]
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            for inner in _texts_of(field.type):
                yield lambda text, name=name, put=inner: {**_REFUND, name: put(text)}
    elif str(kind) in ("String", "ID"):
        yield lambda text: text


_REFUND = {"amount": "6.66", "currency": "USD"}


def _requests(text: str, known: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a document for each place that takes a text, with its variables."""
    from saleor_xcover_plugin.graphql.schema import schema

    for kind, root in (
        ("query", schema.get_query_type()),
        ("mutation", schema.get_mutation_type()),
    ):
        for name, field in root.fields.items():
            for argument, put in [(a, p) for a, t in field.args.items() for p in _texts_of(t.type)]:
                required = {a for a, t in field.args.items() if str(t.type).endswith("!")}
                variables = {a: known[a] for a in required} | {argument: put(text)}
                declared = ", ".join(f"${a}: {field.args[a].type}" for a in variables)
                given = ", ".join(f"{a}: ${a}" for a in variables)
                yield (
                    f"{kind} ask({declared}) {{ {name}({given}) {{ errors {{ code message }} }} }}",
                    variables,
                )


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_no_text_argument_makes_a_defect_or_is_repeated(
    sale: Sale,
    store: Store,
    simulator: SimulatorProcess,
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    from django.test import Client

    # given ids of things that are there
    known = {
        "orderId": sale.order.id,
        "orderToken": sale.order.id,
        "checkoutId": "00000000-0000-0000-0000-000000000000",
        "id": "1",
        "messageId": "1",
        "claim": "NONE",
        "policyNumber": "X-INS",
        "quoteIds": ["x"],
        "contentHash": "x",
        "refund": _REFUND,
        "due": _REFUND,
        "first": "2026-11-01",
        "last": "2026-11-02",
        "search": "x",
        "product": "x",
        "variants": ["x"],
        "change": "CANCELLED",
        "policies": 0,
        "seenAt": "2026-11-01T00:00:00Z",
    }
    client = Client(SERVER_NAME="localhost")
    address = f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/graphql"
    before = asked(simulator)
    codes = set()
    # when each place that takes a text gets this one, with a token that may do anything
    for document, variables in _requests(text, known):
        answer = client.post(
            address,
            json.dumps({"query": document, "variables": variables}),
            content_type="application/json",
            headers={"authorization": f"Bearer {store.staff_token()}"},
        ).json()
        # then it is refused with a code and without the text
        assert "errors" not in answer, (document, answer)
        (root,) = answer["data"].values()
        assert len(root["errors"]) == 1, (document, answer)
        assert text not in root["errors"][0]["message"], document
        codes.add(root["errors"][0]["code"])
    # then
    assert "INTERNAL" not in codes
    assert {"BAD_INPUT", "CHECKOUT_NOT_FOUND", "ORDER_NOT_FOUND", "COVER_NOT_FOUND"} <= codes
    assert _defects(caplog) == []
    assert asked(simulator) == before


# What is missing still --------------------------------------------------------------------------


def test_nothing_is_sent_while_something_is_missing(
    parked_without: Callable[..., Any],
    desk: InsuranceDesk,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy that waits for a phone and a last name
    order = parked_without("phone", "lastName")
    notes = staff.order(order.id).notes
    for given, missing in (
        # when staff give what is there already
        ({"firstName": "Grace"}, "last name and phone"),
        # or a part of what is missing
        ({"phone": "+14155550123"}, "last name"),
        ({"lastName": "Hopper", "firstName": "Grace"}, "phone"),
    ):
        with pytest.raises(Refused) as refused:
            desk.complete(order.id, **given)
        # then they are told what is missing still
        assert refused.value.codes == ("bad_input",)
        assert refused.value.errors[0]["message"] == (
            f"The policy would still lack the buyer's {missing}, so nothing was changed. Give all "
            "that is missing at once."
        )
    # and nothing was stored or sent
    work()
    assert _stored(order.number)["phone"] == _stored(order.number)["lastName"] == ""
    assert staff.order(order.id).notes == notes
    cover = desk.cover(order.number)
    assert (cover["status"], cover["reasonCode"]) == ("parked", "policyholder_incomplete")
    assert [message["kind"] for message in cover["parkedMessages"]] == ["confirm"]
    assert "confirm" not in asked(simulator)
    # when they give all of it
    desk.complete(order.id, phone="+14155550123", lastName="Hopper")
    work()
    # then
    assert desk.cover(order.number)["status"] == "confirmed"
    (call,) = simulator.calls("confirm")
    assert call["body"]["policyholder"]["last_name"] == "Hopper"
    assert call["body"]["policyholder"]["first_name"] == "Ada"


def test_what_staff_wrote_into_the_order_meanwhile_counts(
    parked_without: Callable[..., Any], desk: InsuranceDesk, work: Work
) -> None:
    # given a phone that staff wrote into the order's address
    order = parked_without("phone")
    _store(order.number, phone="+14155550123")
    # when they complete what is complete
    desk.complete(order.id, phone="+14155550199")
    work()
    # then the order's own is kept, and the policy is made
    assert _stored(order.number)["phone"] == "+14155550123"
    assert desk.cover(order.number)["status"] == "confirmed"


def test_a_blank_name_is_a_missing_one(
    parked_without: Callable[..., Any], desk: InsuranceDesk, work: Work
) -> None:
    order = parked_without("phone")
    _store(order.number, firstName="  ")

    desk.complete(order.id, phone="+14155550123", firstName="Grace")
    work()

    assert _stored(order.number)["firstName"] == "Grace"
    assert desk.cover(order.number)["status"] == "confirmed"


def test_a_country_is_not_given_here(
    parked_without: Callable[..., Any], desk: InsuranceDesk, simulator: SimulatorProcess
) -> None:
    # given an order that lost its whole address
    from django.apps import apps

    order = parked_without("phone")
    orders = apps.get_model("order", "Order").objects.filter(number=order.number)
    orders.update(billing_address=None, shipping_address=None)
    # when
    with pytest.raises(Refused) as refused:
        desk.complete(order.id, phone="+14155550123", firstName="Grace", lastName="Hopper")
    # then
    assert refused.value.codes == ("bad_input",)
    assert refused.value.errors[0]["message"] == (
        "The policy would still lack the buyer's first name, last name, phone and country, so "
        "nothing was changed. Write first name, last name, phone and country into the order's "
        "address in the dashboard first."
    )
    assert bookings(simulator) == []
