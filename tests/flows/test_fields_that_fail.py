"""A field below the root that cannot be read: the rest is told, coded, and nothing leaks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testkit.client.driver import PLUGIN_ID
from testkit.client.insurance_desk import COVERS, SET_CLAIM
from testkit.client.store import Store
from testkit.steps import Sale

from .holding import held_table

LISTS = ("cancellations", "history", "parkedMessages")
Post = Callable[..., Any]


@pytest.fixture
def post(store: Store) -> Post:
    """Send a document as staff, and return the whole answer as it is on the wire."""
    from django.test import Client

    token = store.staff_token()

    def posted(query: str, **variables: Any) -> Any:
        answer = Client(SERVER_NAME="localhost").post(
            f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/graphql",
            {"query": query, "variables": variables},
            content_type="application/json",
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    return posted


@contextmanager
def renamed(model: Any) -> Iterator[None]:
    """Have a table away, as between the code and its migration."""
    from django.db import connection

    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO not_there")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE not_there RENAME TO {table}")


def ours(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return event and level of each record of the plugin."""
    records = [record for record in caplog.records if record.name.startswith("saleor_xcover_plug")]
    return [(record.message, record.levelname) for record in records]


def test_a_list_behind_a_lock_is_missing_and_the_cover_is_told(
    sale: Sale, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    # when a page of covers is read while the table of messages is held
    with held_table(OutboxMessage), caplog.at_level(logging.INFO):
        answer = post(COVERS)
    # then all the rest is there
    root = answer["data"]["insuranceCovers"]
    (cover,) = (edge["node"] for edge in root["edges"])
    assert (cover["policyNumber"], root["errors"]) == (sale.booking_id, [])
    assert [name for name in LISTS if cover[name] is None] == ["parkedMessages"]
    # and an error says which list, and that it can be asked for again
    (error,) = answer["errors"]
    assert error["path"] == ["insuranceCovers", "edges", 0, "node", "parkedMessages"]
    assert error["extensions"] == {"code": "BUSY"}
    assert error["message"] == "Another database session holds what this needs; try again."
    assert ours(caplog) == [("xcover.graphql.busy", "WARNING")]


def test_a_list_whose_table_is_missing_leaks_nothing(
    sale: Sale, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    # when
    with renamed(OutboxMessage), caplog.at_level(logging.INFO):
        answer = post(COVERS)
    # then
    (edge,) = answer["data"]["insuranceCovers"]["edges"]
    assert [name for name in LISTS if edge["node"][name] is None] == ["parkedMessages"]
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "INTERNAL"}
    assert error["message"] == "It failed; the log says why."
    # and the log names kind and place, without the text
    assert ours(caplog) == [("xcover.graphql.failed", "ERROR")]
    (record,) = (one for one in caplog.records if one.message == "xcover.graphql.failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == (
        "ProgrammingError (sqlstate 42P01); its text may be personal, left out"
    )
    assert record.__dict__["field"] == "insuranceCovers.edges.node.parkedMessages"


@pytest.mark.parametrize("table", ["OutboxMessage", "Consent"])
def test_a_decision_that_was_stored_is_told(sale: Sale, post: Post, table: str) -> None:
    from saleor_xcover_plugin import models

    missing = {"OutboxMessage": "parkedMessages", "Consent": "history"}[table]
    # when staff note a claim while what only its answer shows cannot be read
    with held_table(getattr(models, table)):
        answer = post(SET_CLAIM, orderId=sale.order.id, claim="OPEN")
    # then it is stored, and the answer says so
    assert models.Cover.objects.get().claim == "open"
    root = answer["data"]["insuranceSetClaim"]
    assert (root["cover"]["claim"], root["errors"]) == ("OPEN", [])
    assert [name for name in LISTS if root["cover"][name] is None] == [missing]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BUSY"]


def test_whatever_fails_below_a_root_is_masked(
    sale: Sale, post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of graphql-core's own may quote a value, too, as of a required field."""
    from saleor_xcover_plugin.graphql import staff_covers

    # given a cover without a number, and one whose premium nobody can print
    def broken(cover: Any) -> Any:
        return staff_covers.StaffCover(id=None, status="of nobody's knowledge")

    monkeypatch.setattr(staff_covers, "staff_cover_of", broken)
    # when
    with caplog.at_level(logging.INFO):
        answer = post("{ insuranceCovers { edges { node { id } } errors { code } } }")
    # then
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == (
        "It failed; the log says why.",
        {"code": "INTERNAL"},
    )
    assert ours(caplog) == [("xcover.graphql.failed", "ERROR")]


def test_no_list_below_a_cover_takes_the_cover_with_it() -> None:
    from graphql import GraphQLNonNull

    from saleor_xcover_plugin.graphql.schema import schema

    resolved = {
        f"{kind.name}.{name}": field
        for kind in schema.get_type_map().values()
        if kind.name.startswith("Insurance") and hasattr(kind, "fields")
        for name, field in kind.fields.items()
        if hasattr(kind, "graphene_type") and hasattr(kind.graphene_type, f"resolve_{_snake(name)}")
    }
    # whatever is read after the root has answered may be missing
    lists = [f"InsuranceStaffCover.{name}" for name in LISTS]
    total = "InsuranceStaffCoverConnection.totalCount"
    assert {"InsuranceCover.links", *lists, total, "InsuranceCase.actions"} <= set(resolved)
    for name, field in resolved.items():
        assert not isinstance(field.type, GraphQLNonNull), name
        assert "could not be read" in field.description, name
    for name in (*lists, total):
        assert "Null only if it could not be read" in resolved[name].description, name


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
