"""Queries about one row that are compiled once per process and run with many keys.

Django compiles a query each time it is used. For the queries of the hooks this takes several times
as long as PostgreSQL's answer, in every mutation of every checkout (docs/performance.md).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from ..domain.confidential import ConfidentialRow

Row = ConfidentialRow
"""One row as ``values()`` returns it. It may hold personal data, so its ``repr`` shows none."""

KEY = uuid.UUID("5f1d6a0e-0f0b-4c0e-9a63-6d2c8f1e7b3d")
"""Placeholder for the key where a query is built: ``filter(pk=KEY)``. An arbitrary UUID."""


class CompiledQuery:
    """Compiled form of a query that ends in ``values()``; threads may share it.

    Creating one raises ``ValueError`` when the query does not contain ``KEY``.
    """

    def __init__(self, query: QuerySet[Any, dict[str, Any]]) -> None:
        self._using = query.db
        compiler = query.query.get_compiler(self._using)
        self._sql, parameters = compiler.as_sql()
        self._parameters = tuple(parameters)
        if KEY not in self._parameters:
            raise ValueError("the query is not one about KEY")
        self._names = list(query.query.selected or ())
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def rows(self, key: uuid.UUID) -> list[Row]:
        """Run the query with ``key`` in place of ``KEY`` and return its rows."""
        connection = connections[self._using]
        with connection.cursor() as cursor:
            asked = [key if value == KEY else value for value in self._parameters]
            cursor.execute(self._sql, asked)
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for position, (converters, expression) in self._converters.items():
                for convert in converters:
                    row[position] = convert(row[position], expression, connection)
        return [Row(zip(self._names, row, strict=True)) for row in rows]
