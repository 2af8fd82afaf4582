"""Another session of PostgreSQL that holds what the plugin needs, as a migration does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection
from psycopg import sql

HOLDS_SECONDS = 90
"""Afterwards it lets go, so that who waits for it ends all the same, and is found out."""


def our_models() -> list[Any]:
    return list(apps.get_app_config("saleor_xcover_plugin").get_models())


@contextmanager
def held_table(model: Any, **way: str) -> Iterator[None]:
    """Hold a whole table, as ``ALTER TABLE`` and ``VACUUM FULL`` do: it cannot even be read.

    What is done meanwhile must not wait for it. ``way`` is another host and port than Django's.
    """
    lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(_table(model))
    with _holding(lock, **way):
        yield


@contextmanager
def held_rows(*models: Any) -> Iterator[None]:
    """Hold all rows there are in some tables, as a transaction does that changed them."""
    rows = (sql.SQL("SELECT 1 FROM {} FOR UPDATE").format(_table(model)) for model in models)
    with _holding(*rows):
        yield


@contextmanager
def held(rows: Any) -> Iterator[None]:
    """Hold some rows of a table: those of a query."""
    keys = sql.SQL(",").join(sql.Literal(key) for key in rows.values_list("pk", flat=True))
    table = _table(rows.model)
    with _holding(sql.SQL("SELECT 1 FROM {} WHERE id IN ({}) FOR UPDATE").format(table, keys)):
        yield


def _table(model: Any) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


@contextmanager
def _holding(*statements: sql.Composed, **way: str) -> Iterator[None]:
    known = ("host", "port", "dbname", "user", "password")
    parameters = {**connection.get_connection_params(), **way}
    with psycopg.connect(**{k: parameters[k] for k in known if k in parameters}) as other:
        for statement in statements:
            other.execute(statement)
        lets_go = threading.Timer(HOLDS_SECONDS, other.rollback)
        lets_go.start()
        try:
            yield
            # By the lock, not by a clock: a busy machine is slow and waits for nobody.
            assert lets_go.is_alive(), "somebody waited until the lock was let go"
        finally:
            lets_go.cancel()
            other.rollback()
