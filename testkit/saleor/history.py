"""A history of orders, created by copying the rows of one order inside PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BIG = {
    "order_order",
    "order_orderline",
    "saleor_xcover_plugin_offer",
    "saleor_xcover_plugin_cover",
    "saleor_xcover_plugin_consent",
    "saleor_xcover_plugin_outboxmessage",
}
"""The tables that grow with the number of orders."""


def multiply(count: int, *, already: int = 0) -> None:
    """Copy one order ``count`` times into the past, 20 seconds apart, the newest one day old.

    Each table of ``BIG`` needs a row to copy. ``already`` is the number of copies made before; the
    new ones are older. Run on a test database only.
    """
    ((newest,),) = run("SELECT greatest(max(number), 1000000) FROM order_order")
    token, copies = "gen_random_uuid()", f"generate_series({already + 1}, {already + count}) AS g"
    age = "now() - interval '1 day' - g * interval '20 seconds'"
    past = {"updated_at": age, "created_at": age}
    _copy(
        "order_order",
        {
            "id": token,
            "number": f"{newest} - {already} + g",
            "checkout_token": f"{token}::text",
            **past,
        },
        copies,
    )
    numbered = f"{already} + row_number() OVER (ORDER BY number) AS g"
    # Both numbers are computed here, not user input.
    orders = f"(SELECT id, checkout_token, {numbered} FROM order_order WHERE number > {newest})"  # noqa: S608
    orders += " AS history"
    _copy("order_orderline", {"id": token, "order_id": "history.id"}, orders)
    _copy(
        "saleor_xcover_plugin_offer",
        {
            "checkout_token": "history.checkout_token::uuid",
            "order_id": "history.id",
            "shown_at": age,
            **past,
        },
        orders,
    )
    _copy("saleor_xcover_plugin_consent", {"created_at": age}, orders)
    _copy(
        "saleor_xcover_plugin_cover",
        {
            "order_id": "history.id",
            "offer_id": "NULL",
            "booking_id": "'B-' || g",
            "confirmed_at": age,
            **past,
        },
        orders,
    )
    _copy(
        "saleor_xcover_plugin_outboxmessage",
        {"operation_id": "'past-' || g", "idempotency_key": token, **past},
        orders,
    )
    for table in BIG:
        run(f"ANALYZE {table}")


def _copy(table: str, changes: Mapping[str, str], source: str) -> None:
    """Insert a copy of one row of ``table`` per row of ``source``, with changed columns."""
    columns = [
        name
        for (name,) in run(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "AND is_generated = 'NEVER' AND (column_default IS NULL OR "
            "column_default NOT LIKE 'nextval%%') AND is_identity = 'NO'",
            [table],
        )
    ]
    values = [changes.get(name, f"template.{name}") for name in columns]
    # All names come from this module and the database's catalogue.
    run(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
        f"FROM (SELECT * FROM {table} LIMIT 1) AS template, {source}"
    )


def run(sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, if it has any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
