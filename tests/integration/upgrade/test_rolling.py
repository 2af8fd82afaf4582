"""Processes of an older version go on beside the new tables: what they use is there and as wide."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db

APP = "saleor_xcover_plugin"
OLDEST = "0001_initial"
"""The last migration of the oldest version that may run beside this one. Set it with a release."""


def tables_of_the_oldest() -> list[Any]:
    state = MigrationLoader(None).project_state([(APP, OLDEST)])
    return list(state.apps.get_app_config(APP).get_models())


def columns_of(table: str) -> dict[str, tuple[bool, bool, str, int | None]]:
    """Return of each column whether it may be null, has a default, its type and its length."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, is_nullable = 'YES', column_default IS NOT NULL OR"
            " is_identity = 'YES', data_type, character_maximum_length"
            " FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = %s",
            [table],
        )
        return {name: tuple(rest) for name, *rest in cursor.fetchall()}


@pytest.mark.parametrize("model", tables_of_the_oldest(), ids=lambda model: model.__name__)
def test_an_older_version_reads_and_writes_what_it_knows(model: Any) -> None:
    found = columns_of(model._meta.db_table)
    known = {field.column: field for field in model._meta.concrete_fields}
    # then all it reads is there, and takes what it writes
    assert known.keys() - found.keys() == set()
    for name, field in known.items():
        may_be_null, _, kind, length = found[name]
        assert may_be_null or not field.null, f"{name} takes no null any more"
        wanted = field.db_type(connection).split("(")[0].replace("varchar", "character varying")
        assert kind.split("(")[0] in (wanted, "bigint" if "bigint" in wanted else wanted), name
        if length is not None:
            assert length >= field.max_length, f"{name} became shorter"
    # and what it does not know need not be written
    for name in found.keys() - known.keys():
        may_be_null, has_default, _, _ = found[name]
        assert may_be_null or has_default, f"{name} must be written, and nobody there does"
