"""A row that another version wrote: its unknown value is null, and everything beside it is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from testkit.client import documents
from testkit.client.driver import Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.steps import Sale

from .desk_staff import desk_of, new_user

FORGED = "frozen"


@dataclass(frozen=True, slots=True)
class Stored:
    """The column an enum of the API is read from, and where to find it in an answer."""

    model: str
    column: str
    place: tuple[str, ...]
    """Fields below the cover of staff."""


STORED = {
    "InsuranceStaffCover.status": Stored("Cover", "status", ("status",)),
    "InsuranceStaffCover.reasonCode": Stored("Cover", "reason_code", ("reasonCode",)),
    "InsuranceStaffCover.claim": Stored("Cover", "claim", ("claim",)),
    "InsuranceCancellation.status": Stored("Cancellation", "status", ("cancellations", "status")),
    "InsuranceCancellation.rule": Stored("Cancellation", "rule", ("cancellations", "rule")),
    "InsuranceParkedMessage.reasonCode": Stored(
        "OutboxMessage", "reason_code", ("parkedMessages", "reasonCode")
    ),
    "InsuranceParkedMessage.sending": Stored(
        "OutboxMessage", "sending", ("parkedMessages", "sending")
    ),
}


@dataclass(frozen=True, slots=True)
class StoredForDesk:
    """The column an enum of the desk's pages is read from, and a query that shows it."""

    model: str
    column: str
    query: str
    place: tuple[str, ...]


_RUNS = "{ insuranceEventRuns { runs { change status label } errors { code } } }"
_ORDER = """query Order($id: ID!) {
  insuranceOrder(orderId: $id) {
    order { answers { answer source } cases { reasonCode sentence } } errors { code }
  }
}"""
ON_DESK = {
    "InsuranceEventRun.change": StoredForDesk("EventRun", "change", _RUNS, ("runs", "change")),
    "InsuranceEventRun.status": StoredForDesk("EventRun", "status", _RUNS, ("runs", "status")),
    "InsuranceShownOffer.answer": StoredForDesk(
        "Consent", "answer", _ORDER, ("order", "answers", "answer")
    ),
    "InsuranceCase.reasonCode": StoredForDesk(
        "Cover", "reason_code", _ORDER, ("order", "cases", "reasonCode")
    ),
}
FOR_SHOPPERS = "InsuranceCover.status"
LISTED_BY_ITS_KIND = "InsuranceParkedMessage.kind"
"""A message of an unknown kind is in no list: nobody knows whose it is."""
OFFERS = "InsuranceOffer.answer"
NOT_STORED = {
    "InsuranceError.code": "the code raises it",
    "InsuranceStaffError.code": "the code raises it",
    "InsuranceGroup.choice": "counted from the stored limits of the group",
    "InsuranceAlarm.code": "found anew whenever it is asked for",
    "InsuranceFinding.severity": "the doctor says it",
    "InsuranceCase.kind": "told by where it waits",
    "InsuranceCaseCount.kind": "told by where they wait",
    "InsurancePossibleAction.action": "the code offers it",
}


def enum_fields() -> dict[str, Any]:
    """Return every field of our types whose values are a closed list."""
    from graphql import GraphQLEnumType
    from graphql.type.definition import get_named_type

    from saleor_xcover_plugin.graphql.schema import schema

    return {
        f"{kind.name}.{name}": field
        for kind in schema.get_type_map().values()
        if kind.name.startswith("Insurance") and hasattr(kind, "fields")
        for name, field in kind.fields.items()
        if isinstance(get_named_type(field.type), GraphQLEnumType)
    }


def test_no_enum_is_forgotten() -> None:
    from graphql import GraphQLNonNull

    fields = enum_fields()
    stored = {*STORED, *ON_DESK, FOR_SHOPPERS, LISTED_BY_ITS_KIND, OFFERS}
    assert set(fields) == stored | set(NOT_STORED)
    for name in stored:
        assert not isinstance(fields[name].type, GraphQLNonNull), name
    for name in stored - {OFFERS}:
        assert "a value of a newer version" in fields[name].description, name


@pytest.fixture
def desk(store: Store, driver: Driver) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


@pytest.fixture
def waiting(sale: Sale) -> Sale:
    """A sale with a cancellation and a message that wait for a person."""
    from saleor_xcover_plugin.models import Cancellation, Cover, OutboxMessage

    cover, now = Cover.objects.get(), datetime.now(UTC)
    row = {"created_at": now, "updated_at": now}
    cancellation = Cancellation.objects.create(
        **row,
        cover=cover,
        refund_key="r",
        scope="tickets",
        rule="tickets",
        status="parked",
        sentence="It waits.",
        currency="USD",
    )
    OutboxMessage.objects.create(
        **row,
        kind="preview_cancellation",
        operation_id="o",
        idempotency_key=uuid.uuid4(),
        priority=1,
        subject_id=cancellation.pk,
        channel_id=cover.channel_id,
        status="parked",
        reason_code="refused",
        next_attempt_at=now,
    )
    Cover.objects.update(reason_code="refused")
    return sale


def forge(stored: Stored) -> None:
    from saleor_xcover_plugin import models

    assert (
        getattr(models, stored.model)
        .objects.filter(status__in=("confirmed", "parked"))
        .update(**{stored.column: FORGED})
    )


def value_at(cover: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        cover = cover[name]
        if isinstance(cover, list):
            (cover,) = cover
    return cover


@pytest.mark.parametrize("name", STORED)
def test_staff_see_the_whole_list_around_an_unknown_value(
    waiting: Sale, desk: InsuranceDesk, name: str
) -> None:
    stored = STORED[name]
    # given a value that is known
    before = desk.cover(waiting.order.number)
    assert value_at(before, stored.place)
    # when another version writes one that is not
    forge(stored)
    # then only that is missing
    after = desk.cover(waiting.order.number)
    assert value_at(after, stored.place) in (None, "")
    inner = stored.place[-1]
    told_before = without(before, inner)
    if inner == "rule":  # the history repeats it in words
        assert after["history"][-1]["what"] == f"refund judged: {FORGED}"
        told_before["history"][-1]["what"] = f"refund judged: {FORGED}"
    assert without(after, inner) == told_before


@pytest.mark.parametrize("name", ON_DESK)
def test_the_desk_shows_what_is_beside_an_unknown_value(sale: Sale, name: str) -> None:
    from saleor_xcover_plugin import models

    stored, desk, now = ON_DESK[name], desk_of(new_user()), datetime.now(UTC)
    # given a run and a policy that waits
    models.EventRun.objects.create(
        change="cancelled", status="asked", label="An evening", created_at=now, updated_at=now
    )
    models.Cover.objects.update(status="parked", reason_code="refused", reason="It waits.")
    variables = {"id": sale.order.id} if "$id" in stored.query else {}
    before = desk.ask(stored.query, **variables)
    assert value_at(before, stored.place)
    # when another version writes a value that is not known
    assert getattr(models, stored.model).objects.update(**{stored.column: FORGED})
    # then only that is missing
    after = desk.ask(stored.query, **variables)
    assert after["errors"] == []
    assert value_at(after, stored.place) is None
    assert without(after, stored.place[-1]) == without(before, stored.place[-1])


def without(value: Any, name: str) -> Any:
    """Return an answer without the fields of a name, wherever they are."""
    if isinstance(value, list):
        return [without(each, name) for each in value]
    if isinstance(value, dict):
        return {key: without(each, name) for key, each in value.items() if key != name}
    return value


def test_a_message_of_an_unknown_kind_is_in_no_list(waiting: Sale, desk: InsuranceDesk) -> None:
    assert len(desk.cover(waiting.order.number)["parkedMessages"]) == 1

    forge(Stored("OutboxMessage", "kind", ()))

    assert desk.cover(waiting.order.number)["parkedMessages"] == []


def test_an_insured_buyer_reads_no_other_answer_than_that_there_is_a_cover(
    sale: Sale, store: Store, driver: Driver
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given
    Cover.objects.update(status=FORGED)
    # when
    root = driver.ask_plugin(store.usd.slug, documents.INSURANCE_COVER, {"id": sale.order.id})
    # then
    assert root["errors"] == []
    cover = root["cover"]
    assert cover["status"] is None
    assert cover["policyNumber"] == sale.booking_id
    assert Decimal(cover["premium"]["amount"]) == Decimal("6.66")


@pytest.mark.parametrize("column", ["status", "reason_code"])
def test_an_offer_of_another_version_is_asked_for_again(
    store: Store, shopper: Callable[[Channel], Shopper], column: str
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given an offer in an unknown state, or one that was refused for an unknown reason just now
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    if column == "status":
        Offer.objects.update(status=FORGED)
        assert buyer.held_offer() is None
        assert buyer.offer().answer is None
        return
    Offer.objects.update(
        status="unavailable", reason_code=FORGED, leased_until="2999-01-01T00:00:00Z"
    )
    # then its reason is one that old versions know
    for look in (buyer.held_offer, buyer.offer):
        with pytest.raises(Refused) as refused:
            look()
        assert refused.value.codes == ("no_offer",)


def test_staff_can_still_decide_about_such_a_cover(sale: Sale, desk: InsuranceDesk) -> None:
    from saleor_xcover_plugin.models import Cover

    Cover.objects.update(status=FORGED)

    cover = desk.set_claim(sale.order.id, "open")["cover"]

    assert (cover["claim"], cover["status"]) == ("open", None)
