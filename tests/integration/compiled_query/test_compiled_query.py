"""A query compiled once gives, for each key, the rows Django's own would give."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from saleor_xcover_plugin.compiled_query import KEY, CompiledQuery
from saleor_xcover_plugin.domain.states import OfferStatus
from saleor_xcover_plugin.models import Offer, Quote

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def make_offer(token: uuid.UUID, **fields: Any) -> Offer:
    given = {
        "channel_id": 1,
        "status": OfferStatus.EXPIRED,
        "currency": "USD",
        "country": "US",
        "language": "en",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Offer.objects.create(checkout_token=token, **{**given, **fields})


def described(token: uuid.UUID) -> QuerySet[Offer, dict[str, Any]]:
    """Everything a column can be: JSON, amounts, times, keys, nothing, and a query of its own."""
    quotes = Quote.objects.filter(offer_id=OuterRef("pk"), position__gt=0)
    offers = Offer.objects.filter(checkout_token=token).annotate(
        has_quote=Exists(quotes), cost_or_none=Coalesce("cost", Value(Decimal(0)))
    )
    return offers.order_by("-ticket_count").values(
        "pk", "checkout_token", "request", "line_price", "cost", "valid_until", "has_quote",
        "cost_or_none", "currency",
    )  # fmt: skip


@pytest.mark.django_db
def test_each_key_gets_its_own_rows_as_django_gives_them() -> None:
    # Given two checkouts, one with two offers of all kinds of values
    ours, theirs, nobodys = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    rich = make_offer(
        ours,
        ticket_count=3,
        request={"tickets": [1, {"at": None, "%s": "%%"}]},
        line_price=Decimal("6.660"),
        valid_until=NOW + timedelta(hours=1),
    )
    Quote.objects.create(offer=rich, position=1, quote_id="q", premium=Decimal(1), content={})
    make_offer(ours, ticket_count=2, cost=Decimal("0.001"))
    make_offer(theirs)

    # When one prepared query is asked for each
    prepared = CompiledQuery(described(KEY))

    # Then each answer is Django's own, types and order with it
    assert prepared.rows(ours) == list(described(ours))
    assert [row["has_quote"] for row in prepared.rows(ours)] == [True, False]
    assert prepared.rows(theirs) == list(described(theirs))
    assert prepared.rows(nobodys) == []


@pytest.mark.django_db
def test_it_is_one_statement_with_the_key_as_a_parameter() -> None:
    token = uuid.uuid4()
    prepared = CompiledQuery(described(KEY))
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        prepared.rows(token)

    ((sql, params),) = asked
    assert str(token) not in sql
    assert token in params
    assert KEY not in params


@pytest.mark.django_db(transaction=True)
def test_threads_share_it() -> None:
    tokens = [uuid.uuid4() for _ in range(40)]
    for number, token in enumerate(tokens):
        make_offer(token, ticket_count=number)
    prepared = CompiledQuery(Offer.objects.filter(checkout_token=KEY).values("ticket_count"))

    def ask(token: uuid.UUID) -> Any:
        try:
            return prepared.rows(token)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, tokens))

    assert answers == [[{"ticket_count": number}] for number in range(40)]


@pytest.mark.django_db
def test_a_query_about_something_else_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="KEY"):
        CompiledQuery(described(uuid.uuid4()))
