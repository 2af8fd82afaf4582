"""Count why checkouts get no offer, by channel, UTC day and reason, for the report."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache

from django.db import DatabaseError, connection, transaction

from ..errors import Code
from ..models import RefusalCount
from ..time_limits import HOOK_AFTER_BUSY, DatabaseBusy, time_limits

log = logging.getLogger(__name__)

NOT_COUNTED = frozenset(
    {
        # The shopper is still on the way, or asks for what is not there.
        Code.COUNTRY_MISSING,
        Code.PAYMENT_STARTED,
        Code.NOT_INSURED,
        Code.OFFER_STALE,
        Code.OFFER_PENDING,
        Code.TOO_MANY_REQUESTS,
        Code.BUSY,
        Code.CHECKOUT_NOT_FOUND,
        Code.CHECKOUT_IN_OTHER_CHANNEL,
        Code.BAD_REQUEST,
        Code.INTERNAL,
    }
)
"""Refusals that say nothing about why an offer cannot be made."""


def count_refusal(channel_id: int, code: Code, now: datetime) -> None:
    """Count a request for an offer that was refused; never raises.

    It is not counted while another session holds the count: a shopper waits for no statistics.
    """
    if code in NOT_COUNTED:
        return
    try:
        with time_limits(HOOK_AFTER_BUSY), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_statement(), [channel_id, now.astimezone(UTC).date(), code.value])
    except (DatabaseBusy, DatabaseError):
        log.info("xcover.refusal.not_counted", extra={"code": code.value})


@cache
def _statement() -> str:
    table = connection.ops.quote_name(RefusalCount._meta.db_table)
    return (
        f"INSERT INTO {table} AS known (channel_id, day, code, count) VALUES (%s, %s, %s, 1) "  # noqa: S608
        "ON CONFLICT (channel_id, day, code) DO UPDATE SET count = known.count + 1"
    )
