"""The id of this store, and whether its database is where it belongs.

The id goes into every idempotency key, so that two stores on one XCover account never share one. It
is in the database: a restored backup makes the same keys and finds what it had booked. A copy of
the database, say in a staging environment, would act on the policies of the store it came from.
So the id is bound to a name from outside the database, and where the two differ nothing is sent.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction

from .domain.instance import Standing, compare, first_name
from .models import Installation

INSTANCE_VARIABLE = "XCOVER_INSTANCE"
"""Django setting or environment variable that names the store."""

_NAMESPACE = uuid.UUID("5b1f5c0e-58c4-5f6e-9b43-3a5e7a5a9d10")


def name_here() -> str:
    """Return what this process's environment calls the store, or ''.

    ``XCOVER_INSTANCE`` as Django setting, then as environment variable, then Saleor's public
    address (``PUBLIC_URL``, which Saleor reads from the environment). The address of the database
    is not part of it: a failover changes it.
    """
    return first_name(
        (
            getattr(settings, INSTANCE_VARIABLE, ""),
            os.environ.get(INSTANCE_VARIABLE),
            getattr(settings, "PUBLIC_URL", ""),
        )
    )


def current() -> Installation:
    """Return the row of this store; it is made where there is none yet.

    It is read each time: another process may have adopted the database meanwhile.
    """
    row, _ = Installation.objects.get_or_create(pk=1, defaults={"installation_id": uuid.uuid4})
    return row


def found() -> Installation | None:
    """Return the row of this store, or None before it is made. Writes nothing."""
    return Installation.objects.filter(pk=1).first()


def standing(row: Installation | None) -> Standing:
    """Compare what the database is bound to with what this process runs as."""
    return compare(row.bound_to if row is not None else "", name_here())


def is_elsewhere() -> bool:
    """Whether this database belongs to another store, so that nothing may be sent."""
    # Without a name there is nothing to compare, and no query to make.
    return bool(name_here()) and standing(found()) == Standing.ELSEWHERE


def key_of(kind: str, operation_id: str) -> uuid.UUID:
    """Return the idempotency key of an operation: the same in this store for ever."""
    return uuid.uuid5(_NAMESPACE, f"{current().installation_id}:{kind}:{operation_id}")


def bind(now: datetime) -> bool:
    """Bind a database that is bound to nothing to the store that runs here.

    Return True when it was bound now. One that is bound already stays as it is.
    """
    current()
    here = name_here()
    return bool(here) and bool(
        Installation.objects.filter(pk=1, bound_to="").update(bound_to=here, bound_at=now)
    )


def adopt(now: datetime, *, as_new_store: bool = False) -> Installation:
    """Bind the database to the store that runs here, whatever it was bound to.

    ``as_new_store`` gives it a new id besides: offers and policies made before are another store's
    from then on. The caller has made sure that the environment names a store.
    """
    current()
    with transaction.atomic():
        row = Installation.objects.select_for_update().get(pk=1)
        row.bound_to, row.bound_at = name_here(), now
        if as_new_store:
            row.installation_id, row.copied_at = uuid.uuid4(), now
        row.save()
    return row
