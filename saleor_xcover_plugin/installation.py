"""The id of this store, and the check that its database is used by that store.

The id is part of every idempotency key, so that two stores on one XCover account never share one.
It is stored in the database: a restored backup makes the same keys and finds its bookings. A copy
of the database, for example in a staging environment, would act on the policies of the original
store. The id is therefore bound to a name from outside the database, and nothing is sent to XCover
while the two differ.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import transaction

from .compiled_query import CompiledInstances, is_one_of_keys
from .domain.instance import Binding, compare, first_name
from .models import Installation

INSTANCE_VARIABLE = "XCOVER_INSTANCE"
"""Name of the Django setting or environment variable that names the store."""

_NAMESPACE = uuid.UUID("5b1f5c0e-58c4-5f6e-9b43-3a5e7a5a9d10")


def name_here() -> str:
    """Return the name of the store this process runs as, or '' if there is none.

    It is the first that is set of: the Django setting ``XCOVER_INSTANCE``, the environment variable
    of that name, and Saleor's ``PUBLIC_URL``. The address of the database is not used, because a
    failover changes it.
    """
    return first_name(
        (
            getattr(settings, INSTANCE_VARIABLE, ""),
            os.environ.get(INSTANCE_VARIABLE),
            getattr(settings, "PUBLIC_URL", ""),
        )
    )


def current() -> Installation:
    """Return the row of this store, creating it if there is none.

    It is not cached, because another process may adopt the database at any time.
    """
    row, _ = Installation.objects.get_or_create(pk=1, defaults={"installation_id": uuid.uuid4})
    return row


def found() -> Installation | None:
    """Return the row of this store, or None if there is none yet. Writes nothing."""
    rows = _rows().of([1])
    return rows[0] if rows else None


@cache
def _rows() -> CompiledInstances[Installation]:
    return CompiledInstances(Installation.objects.filter(is_one_of_keys("pk")))


def binding_of(row: Installation | None) -> Binding:
    """Compare the name the database is bound to with the name of this process's store."""
    return compare(row.bound_to if row is not None else "", name_here())


def is_elsewhere() -> bool:
    """Return True if this database belongs to another store, so that nothing may be sent."""
    # Without a name there is nothing to compare, so no query is made.
    return bool(name_here()) and binding_of(found()) == Binding.ELSEWHERE


def key_of(kind: str, operation_id: str) -> uuid.UUID:
    """Return the idempotency key of an operation, which never changes within this store.

    ``kind`` is a ``MessageKind``; ``operation_id`` identifies the operation among its kind.
    """
    store = found() or current()
    return uuid.uuid5(_NAMESPACE, f"{store.installation_id}:{kind}:{operation_id}")


def bind(now: datetime) -> bool:
    """Bind an unbound database to the store that runs here.

    Return True if it was bound by this call. A bound database, or a process whose environment
    names no store, changes nothing.
    """
    current()
    here = name_here()
    return bool(here) and bool(
        Installation.objects.filter(pk=1, bound_to="").update(bound_to=here, bound_at=now)
    )


def adopt(now: datetime, *, as_new_store: bool = False) -> Installation:
    """Bind the database to the store that runs here, even if it is bound to another one.

    ``as_new_store`` also gives it a new id: all offers and policies made so far then belong to the
    other store. The caller must make sure that the environment names a store.
    """
    current()
    with transaction.atomic():
        row = Installation.objects.select_for_update().get(pk=1)
        row.bound_to, row.bound_at = name_here(), now
        if as_new_store:
            row.installation_id, row.copied_at = uuid.uuid4(), now
        row.save()
    return row
