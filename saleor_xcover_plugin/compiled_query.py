"""Queries that are compiled once per process and run with many keys.

Django compiles a query each time it is used. For the queries of the hooks and of deliveries this
takes several times as long as PostgreSQL's answer (docs/performance.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value

from .domain.confidential import ConfidentialRow
from .time_limits import takes_several_statements

Row = ConfidentialRow
"""One row as ``values()`` returns it. It may hold personal data, so its ``repr`` shows none."""

M = TypeVar("M", bound=Model)

KEY = uuid.UUID("5f1d6a0e-0f0b-4c0e-9a63-6d2c8f1e7b3d")
"""Placeholder for the key where a query is built: ``filter(pk=KEY)``. An arbitrary UUID."""


_KEYS = (KEY,)


def is_one_of_keys(column: str, placeholder: object = _KEYS) -> Any:
    """Return the condition that a column holds one of the keys with which the query is run.

    ``placeholder`` stands for the keys in the parameters of ``compiled``.
    """
    return Func(
        F(column),
        Value(placeholder),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


def compiled(query: QuerySet[Any, Any]) -> tuple[str, tuple[object, ...]]:
    """Return the SQL of a query and its parameters, placeholders among them.

    A query with ``select_for_update()`` must be compiled in a transaction.
    """
    sql, parameters = query.query.get_compiler(query.db).as_sql()
    return sql, tuple(parameters)


class _Compiled:
    """SQL with placeholders. Creating one raises ``ValueError`` when it contains none."""

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        self._using = query.db
        self._sql, self._parameters = compiled(query)
        if not any(value in (KEY, _KEYS) for value in self._parameters):
            raise ValueError("the query is not one about KEY")

    def _about(self, key: uuid.UUID) -> list[Any]:
        return [key if value == KEY else value for value in self._parameters]

    def _about_all(self, keys: Collection[object]) -> list[Any]:
        asked = list(keys)
        return [asked if value == _KEYS else value for value in self._parameters]


class CompiledQuery(_Compiled):
    """Compiled form of a query that ends in ``values()``; threads may share it.

    Creating one raises ``ValueError`` when the query contains neither ``KEY`` nor
    ``is_one_of_keys``.
    """

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        super().__init__(query)
        self._names = list(query.query.selected or ())
        compiler = query.query.get_compiler(self._using)
        compiler.setup_query()
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def rows(self, key: uuid.UUID) -> list[Row]:
        """Run the query with ``key`` in place of ``KEY`` and return its rows."""
        return self._rows(self._about(key))

    def rows_of(self, keys: Collection[object]) -> list[Row]:
        """Run a query with ``is_one_of_keys`` for these keys and return its rows."""
        return self._rows(self._about_all(keys))

    def _rows(self, parameters: list[Any]) -> list[Row]:
        with connections[self._using].cursor() as cursor:
            cursor.execute(self._sql, parameters)
            return self._converted(cursor.fetchall())

    def _converted(self, fetched: Sequence[Sequence[Any]]) -> list[Row]:
        connection = connections[self._using]
        rows = [list(row) for row in fetched]
        for row in rows:
            for position, (converters, expression) in self._converters.items():
                for convert in converters:
                    row[position] = convert(row[position], expression, connection)
        return [Row(zip(self._names, row, strict=True)) for row in rows]


def rows_together(queries: Sequence[CompiledQuery], key: uuid.UUID) -> list[list[Row]]:
    """Run several queries about one key in one message to the server; return the rows of each.

    The server is on another machine in most stores, and a hook waits for each message. Where a
    cursor takes one statement at a time, each query is a message of its own.
    """
    with connections[queries[0]._using].cursor() as cursor:
        if not takes_several_statements(cursor.cursor):
            return [query.rows(key) for query in queries]
        cursor.execute(
            "; ".join(query._sql for query in queries),
            [value for query in queries for value in query._about(key)],
        )
        found = [queries[0]._converted(cursor.fetchall())]
        for query in queries[1:]:
            cursor.nextset()
            found.append(query._converted(cursor.fetchall()))
        return found


class CompiledInstances(_Compiled, Generic[M]):
    """Compiled form of a query that returns instances of its model, with their annotations.

    It follows no relations. With ``select_for_update()`` it is created and run in a transaction.
    """

    def __init__(self, query: QuerySet[M, M]) -> None:
        super().__init__(query)
        self._model = query.model

    def about(self, key: uuid.UUID) -> list[M]:
        """Run the query with ``key`` in place of ``KEY`` and return its instances."""
        return list(self._model._base_manager.raw(self._sql, self._about(key)))

    def of(self, keys: Collection[object]) -> list[M]:
        """Run a query with ``is_one_of_keys`` for these keys and return its instances."""
        return list(self._model._base_manager.raw(self._sql, self._about_all(keys)))
