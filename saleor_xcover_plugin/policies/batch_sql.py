"""The SQL that batches share: a batch costs what its statements cost (docs/performance.md)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection

from ..models import Cover, Offer, OutboxMessage


def execute(sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
    """Run one statement and return its rows, none if it returns none.

    ``{cover}``, ``{message}`` and ``{offer}`` stand for the tables, ``{settle_free_messages}`` for
    an update of the messages that a part ``free_message`` names; it takes the time twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**_names()), parameters)
        return cursor.fetchall() if cursor.description else ()


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the columns of equally long rows, each to be given to ``unnest``."""
    return [list(column) for column in zip(*rows, strict=True)]


@cache
def _names() -> dict[str, str]:
    quote = connection.ops.quote_name
    models = {"cover": Cover, "message": OutboxMessage, "offer": Offer}
    tables = {name: quote(model._meta.db_table) for name, model in models.items()}
    return tables | {"settle_free_messages": _SETTLE_FREE_MESSAGES.format(**tables)}


_SETTLE_FREE_MESSAGES = """UPDATE {message} AS m
    SET status = 'settled', settled_at = %s, sealed_body = NULL, leased_until = NULL,
        last_error = '', reason_code = '', updated_at = %s
    WHERE m.id IN (SELECT id FROM free_message)"""
