"""A query writes nothing: reading the offer has no effect at all, requesting it has all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client import documents
from testkit.client.driver import PLUGIN_ID, Driver, Refused
from testkit.client.insurance_desk import COVERS
from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, asked

SendShopper = Callable[[Channel], Shopper]


def rows() -> dict[str, list[Any]]:
    """Return every row of the plugin, and what Saleor holds of checkouts."""
    from django.apps import apps

    saleors = ("Checkout", "CheckoutLine", "CheckoutMetadata")
    models = [
        *apps.get_app_config("saleor_xcover_plugin").get_models(),
        *(apps.get_model("checkout", name) for name in saleors),
    ]
    return {model.__name__: sorted(map(str, model.objects.values())) for model in models}


@contextmanager
def without_effect(simulator: SimulatorProcess) -> Iterator[None]:
    """Have no row changed, no row locked and XCover not asked."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    before = rows(), asked(simulator)
    with CaptureQueriesContext(connection) as queries:
        yield
    assert (rows(), asked(simulator)) == before
    statements = [query["sql"].lstrip("( ").upper() for query in queries]
    kinds = {statement.split()[0] for statement in statements}
    assert kinds <= _READING
    assert not [one for one in statements if "FOR UPDATE" in one or "INSERT INTO" in one]


_READING = {"SELECT", "WITH", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SET", "SHOW", "DECLARE"}
"""Kinds of statements that change nothing; Saleor reads its plugins by a cursor it declares."""


def nothing_yet(_buyer: Shopper, _simulator: SimulatorProcess) -> None:
    """No offer was requested."""


def shown(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    buyer.offer()


def fetched_ahead(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    buyer.offer()
    _offers(buyer).update(shown_at=None)


def accepted(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    buyer.accept(buyer.offer())


def declined(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    buyer.offer()
    buyer.decline()


def expired(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    accepted(buyer, _simulator)
    _offers(buyer).update(valid_until=datetime.now(UTC) - timedelta(seconds=1))


def changed(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    accepted(buyer, _simulator)
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)


def changed_unseen(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    """The checkout is another one than the offer's, and no hook has told of it."""
    accepted(buyer, _simulator)
    _offers(buyer).update(fingerprint="another")


def forged(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    """A yes nobody gave stands in the metadata, and no hook has told of it."""
    from django.apps import apps

    buyer.offer()
    metadata = apps.get_model("checkout", "CheckoutMetadata").objects
    metadata.update_or_create(
        checkout_id=key(buyer.checkout_id),
        defaults={"metadata": {"xcover": '{"state": "accepted"}'}},
    )


def foreign_line(buyer: Shopper, _simulator: SimulatorProcess) -> None:
    """A cover line stands there that no offer put there, as in a checkout made from an order."""
    accepted(buyer, _simulator)
    _offers(buyer).filter(status="selected").update(
        checkout_token="00000000-0000-4000-8000-000000000000"
    )


HELD = (fetched_ahead, shown, accepted, declined)
NOT_HELD = (nothing_yet, expired, changed, changed_unseen, forged)


@pytest.mark.parametrize("arrange", [*HELD, *NOT_HELD], ids=lambda one: one.__name__)
def test_reading_has_no_effect(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, arrange: Any
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    arrange(buyer, simulator)
    # when
    with without_effect(simulator):
        read = buyer.held_offer()
    # then it says what a request says, or that a request is needed
    if arrange in NOT_HELD:
        assert read is None
        return
    assert read is not None
    assert read.is_shown == (arrange is not fetched_ahead)
    requested = buyer.offer()
    assert (requested.answer, requested.content_hash) == (read.answer, read.content_hash)
    assert requested.is_shown
    assert asked(simulator)["create_offer"] == 1


def test_reading_beside_a_line_nobody_offered_has_no_effect(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    foreign_line(buyer, simulator)

    with without_effect(simulator):
        assert buyer.held_offer() is None

    assert buyer.checkout().cover_lines
    buyer.offer()
    assert buyer.checkout().cover_lines == ()


@pytest.mark.parametrize("is_left", [False, True], ids=["tickets as they were", "one more"])
def test_reading_beside_money_has_no_effect(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    simulator: SimulatorProcess,
    is_left: bool,
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    accepted(buyer, simulator)
    payments.authorize(buyer.checkout_id, buyer.checkout().total)
    if is_left:
        (line,) = buyer.checkout().ticket_lines
        buyer.set_quantity(line, 3)

    with without_effect(simulator):
        read = buyer.held_offer()

    assert (read and read.answer) == (None if is_left else "accepted")


def test_what_a_request_would_be_refused_with_is_told_without_effect(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    def refusal(act: Callable[[], object]) -> tuple[str, ...]:
        with pytest.raises(Refused) as caught:
            act()
        return caught.value.codes

    # no tickets, no checkout
    buyer = shopper(store.usd)
    buyer.create_checkout({store.shirt: 1})
    with without_effect(simulator):
        assert refusal(buyer.held_offer) == ("no_tickets",)
    assert refusal(buyer.offer) == ("no_tickets",)
    # a request that has just failed
    simulator.fault("create_offer", "reset", times=None)
    buyer.create_checkout({store.concert: 2})
    with without_effect(simulator):
        assert buyer.held_offer() is None
    assert refusal(buyer.offer) == ("xcover_unavailable",)
    with without_effect(simulator):
        assert refusal(buyer.held_offer) == ("xcover_unavailable",)
    # a request under way
    _offers(buyer).update(status="requested", reason_code="")
    with without_effect(simulator):
        assert refusal(buyer.held_offer) == ("offer_pending",)


def test_a_discount_that_may_have_come_is_for_a_request_to_look_at(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Offer

    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    Offer.objects.update(status="unavailable", reason_code="price_not_exact")

    with without_effect(simulator):
        assert buyer.held_offer() is None

    assert buyer.offer().answer is None


def test_reading_a_cover_and_the_list_of_staff_has_no_effect(
    sale: Sale, store: Store, driver: Driver, simulator: SimulatorProcess
) -> None:
    with without_effect(simulator):
        read = driver.ask_plugin(store.usd.slug, documents.INSURANCE_COVER, {"id": sale.order.id})
        staff = driver.ask_plugin(store.usd.slug, COVERS, {}, token=store.staff_token())

    assert read["cover"]["policyNumber"] == sale.booking_id
    assert [edge["node"]["policyNumber"] for edge in staff["edges"]] == [sale.booking_id]


def test_a_request_asks_once_and_counts_as_shown(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Offer, Usage

    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    assert buyer.held_offer() is None
    assert (Offer.objects.count(), Usage.objects.count()) == (0, 0)

    for _ in range(3):
        assert buyer.offer().is_shown

    assert asked(simulator) == {"create_offer": 1}
    (offer,) = Offer.objects.all()
    assert offer.shown_at is not None
    assert Usage.objects.exists()


def test_an_offer_that_was_read_counts_once_it_is_told_as_shown(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    fetched_ahead(buyer, simulator)

    buyer.shown()

    read = buyer.held_offer()
    assert read is not None
    assert read.is_shown


# On the wire --------------------------------------------------------------------------------


def told(store: Store, document: str, variables: dict[str, Any], token: str | None = None) -> Any:
    """Return the root field of an answer as it is on the wire."""
    from django.test import Client

    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = Client(SERVER_NAME="localhost").post(
        f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/graphql",
        {"query": document, "variables": variables},
        content_type="application/json",
        headers=headers,
    )
    (root,) = answer.json()["data"].values()
    return root


def test_an_offer_on_the_wire(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    given = {"id": buyer.checkout_id}

    offer = told(store, documents.INSURANCE_OFFER_REQUEST, given)["offer"]
    until = datetime.fromisoformat(offer["validUntil"])
    assert until.utcoffset() == timedelta(0)
    assert until > datetime.now(UTC)
    assert (offer["answer"], offer["isShown"]) == (None, True)
    (quote,) = offer["quotes"]
    assert quote["premium"] == {"amount": "6.66", "currency": "USD"}
    assert offer["groups"][0]["choice"] == "ADD_ONS"

    declined = told(store, documents.INSURANCE_DECLINE, given)["offer"]
    assert declined["answer"] == "DECLINED"
    buyer.set_billing(BERLIN)
    stale = told(
        store,
        documents.INSURANCE_ACCEPT,
        {**given, "quoteIds": [quote["id"]], "contentHash": offer["contentHash"]},
    )
    assert [error["code"] for error in stale["errors"]] == ["OFFER_STALE"]


def test_a_cover_on_the_wire(sale: Sale, store: Store) -> None:
    cover = told(store, documents.INSURANCE_COVER, {"id": sale.order.id})["cover"]
    assert cover["status"] == "CONFIRMED"
    assert cover["amountDueBack"] == {"amount": "0.00", "currency": "USD"}

    listed = told(store, COVERS, {"status": "CONFIRMED"}, store.staff_token())
    (edge,) = listed["edges"]
    seen = edge["node"]
    assert (seen["status"], seen["claim"], seen["reasonCode"]) == ("CONFIRMED", "UNKNOWN", None)
    assert seen["coolingOffUntil"] is None
    for step in seen["history"]:
        assert datetime.fromisoformat(step["at"]).utcoffset() == timedelta(0)
    refused = told(store, COVERS, {"status": "CONFIRMED"})
    assert [error["code"] for error in refused["errors"]] == ["PERMISSION_DENIED"]
    assert refused["edges"] == []


def _offers(buyer: Shopper) -> Any:
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.filter(checkout_token=key(buyer.checkout_id))
