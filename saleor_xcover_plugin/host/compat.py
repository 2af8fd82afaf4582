"""Differences between the supported Saleor versions.

They are detected from the installed code, not from its version number, because the main branch
already has what the next release will have. Signatures were compared on 3.21.69, 3.22.67, 3.23.28
and 3.24.0-a.0.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.db.models import F, JSONField, Value
from django.db.models.functions import Coalesce
from saleor.checkout.calculations import fetch_checkout_data
from saleor.checkout.models import Checkout
from saleor.core.db.expressions import PostgresJsonConcatenate

from . import tax_apps

CHECKOUT_EXPIRATIONS = tuple(
    field.name
    for field in Checkout._meta.get_fields()
    if field.name in ("price_expiration", "discount_expiration")
)
"""Columns of a checkout that tell how long its prices hold; 3.22 has the second since 3.22.9."""

_HAS_REQUESTOR = "requestor" in inspect.signature(fetch_checkout_data).parameters


def price_checkout(info: Any, lines: Any, manager: Any) -> tuple[Any, Any]:
    """Have Saleor price a checkout now; return its info and lines.

    Without permission to call the tax app (``tax_apps``), a checkout that one taxes is returned as
    it was priced last. From 3.23 on Saleor's function takes a requestor and returns a promise.
    """
    options: dict[str, Any] = {
        "force_update": True,
        "allow_sync_webhooks": tax_apps.may_be_called(),
    }
    if _HAS_REQUESTOR:
        return fetch_checkout_data(info, manager, lines, requestor=None, **options).get()
    return fetch_checkout_data(info, manager, lines, **options)


def merged_metadata(column: str, items: dict[str, str]) -> Any:
    """Return a database expression that merges ``items`` into a metadata column.

    It does not read the column first, so keys that others write meanwhile are kept. On 3.21 the
    column may be NULL, which counts as empty.
    """
    nothing = Value({}, output_field=JSONField())
    return PostgresJsonConcatenate(
        Coalesce(F(column), nothing), Value(items, output_field=JSONField())
    )


def call_with_known(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a function of Saleor's with those of the arguments that its version accepts."""
    known = inspect.signature(function).parameters
    return function(**{name: value for name, value in arguments.items() if name in known})
