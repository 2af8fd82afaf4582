"""Queries about one or several rows that are compiled once per process and run with many keys.

Django compiles a query each time it is used. For the queries of the hooks this takes several times
as long as PostgreSQL's answer, in every mutation of every checkout (docs/performance.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import BooleanField, F, Func, QuerySet, Value

from ..domain.confidential import ConfidentialRow

Row = ConfidentialRow
"""One row as ``values()`` returns it. It may hold personal data, so its ``repr`` shows none."""

KEY = uuid.UUID("5f1d6a0e-0f0b-4c0e-9a63-6d2c8f1e7b3d")
"""Placeholder for the key where a query is built: ``filter(pk=KEY)``. An arbitrary UUID."""


_KEYS = (KEY,)


def is_one_of_keys(column: str) -> Any:
    """Return the condition that a column holds one of the keys with which the query is run."""
    return Func(
        F(column),
        Value(_KEYS),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


class CompiledQuery:
    """Compiled form of a query that ends in ``values()``; threads may share it.

    Creating one raises ``ValueError`` when the query contains neither ``KEY`` nor
    ``is_one_of_keys``.
    """

    def __init__(self, query: QuerySet[Any, dict[str, Any]]) -> None:
        self._using = query.db
        compiler = query.query.get_compiler(self._using)
        self._sql, parameters = compiler.as_sql()
        self._parameters = tuple(parameters)
        if not any(value in (KEY, _KEYS) for value in self._parameters):
            raise ValueError("the query is not one about KEY")
        self._names = list(query.query.selected or ())
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def rows(self, key: uuid.UUID) -> list[Row]:
        """Run the query with ``key`` in place of ``KEY`` and return its rows."""
        return self._rows([key if value == KEY else value for value in self._parameters])

    def rows_of(self, keys: Sequence[object]) -> list[Row]:
        """Run a query with ``is_one_of_keys`` for these keys and return its rows."""
        asked = list(keys)
        return self._rows([asked if value == _KEYS else value for value in self._parameters])

    def _rows(self, parameters: Sequence[Any]) -> list[Row]:
        connection = connections[self._using]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for position, (converters, expression) in self._converters.items():
                for convert in converters:
                    row[position] = convert(row[position], expression, connection)
        return [Row(zip(self._names, row, strict=True)) for row in rows]
