"""Limit how often anonymous requests may ask XCover for offers and give answers.

Reading an existing offer costs no allowance. Each request to XCover for an offer counts, whether a
storefront or a changed checkout caused it, and so does each answer of a shopper. Each takes one
SQL statement.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from ..config.settings import PluginSettings
from ..crypto import keyed_digest
from ..domain.alarms import UNSELLABLE
from ..domain.allowances import (
    ANSWERS_PER_MINUTE,
    Allowance,
    client_address,
    first_offers,
    first_questions,
    offers_ahead,
    repeated_offers,
)
from ..errors import Code, Refusal
from ..models import Usage
from ..outbox.rate_limit import account_key

_FARTHEST = timedelta(hours=1)
"""Longest time ahead that an allowance can be used up; a later time comes from a wrong clock.

``_STATEMENT`` contains it as ``interval '1 hour'``.
"""

CLEARED_AT_ONCE = 10_000
"""Most rows ``clear`` removes: more than a busy store adds in the minute between two sweeps."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """One allowance that a request draws on."""

    key: str
    allowance: Allowance
    when: bool | None = None
    """Drawn only for checkouts that had their first request (True) or not (False); None: always."""


def draw_for_offer(
    token: uuid.UUID,
    settings: PluginSettings,
    now: datetime,
    *,
    client: str | None = None,
    is_ahead: bool = False,
) -> bool:
    """Count a request to XCover for a checkout's offer; return True if it is its first one.

    The first request of a checkout and further ones draw on separate allowances, so that repeated
    requests do not use up the turns of first ones. A checkout has had its first request once XCover
    has answered it, with an offer or without, or has left a few requests unanswered
    (``FIRST_QUESTIONS``). This is stored apart from the offers, which are removed when the basket
    changes.

    ``client`` is a name from ``client_of``. ``is_ahead`` is True when a worker requests the offer
    before the shopper asks for it. Such a request is never a first one and may use only a part of
    the allowance for further ones, because anybody can cause it by creating checkouts in Saleor.

    Raise ``Refusal`` (``TOO_MANY_REQUESTS``) with the seconds to wait when an allowance is used up;
    nothing is counted then.
    """
    account = account_key(settings)
    repeated = _Draw(f"repeated:{account}", repeated_offers(settings.rates))
    memory = _Draw(f"asked:{token}", first_questions(), when=False)
    first = _Draw(f"first:{account}", first_offers(settings.rates), when=False)
    shared = [first, memory, replace(repeated, when=True)]
    if is_ahead:
        shared = [replace(repeated, allowance=offers_ahead(settings.rates))]
    has_had_first = _draw(
        token,
        [
            _Draw(f"offers:{token}", Allowance.per_minute(settings.offers_per_minute)),
            *shared,
            *_of_client(client, settings),
        ],
        now,
        memory=memory,
    )
    return not (has_had_first or is_ahead)


def draw_for_answer(
    token: uuid.UUID, settings: PluginSettings, now: datetime, *, client: str | None = None
) -> None:
    """Count a shopper's yes or no.

    ``client`` is a name from ``client_of``. Nothing is counted for a checkout without offers, whose
    id may be invented. Raise ``Refusal`` (``TOO_MANY_REQUESTS``) with the seconds to wait when an
    allowance is used up; nothing is counted then.
    """
    answers = Allowance.per_minute(ANSWERS_PER_MINUTE)
    _draw(
        token,
        [_Draw(f"answers:{token}", answers), *_of_client(client, settings)],
        now,
        needs_offers=True,
    )


def client_of(header: str, settings: PluginSettings, now: datetime) -> str | None:
    """Return a pseudonym for the client's address, which only SECRET_KEY can reproduce.

    ``header`` is the value of the forwarding header named in the settings. The pseudonym changes
    each day, so that clients cannot be tracked. Return None when no address is known.
    """
    address = client_address(header, settings.trusted_proxies)
    return address and keyed_digest(f"client {now:%Y-%m-%d} {address}")


def _of_client(client: str | None, settings: PluginSettings) -> list[_Draw]:
    if client is None:
        return []
    return [_Draw(f"client:{client}", Allowance.per_minute(settings.client_requests))]


def clear(now: datetime) -> int:
    """Delete the rows of allowances that are full again; return how many were deleted."""
    is_past = Q(used_until__lt=now) | Q(used_until__gt=now + _FARTHEST)
    past = Usage.objects.filter(is_past).order_by("used_until")
    return Usage.objects.filter(pk__in=past.values("pk")[:CLEARED_AT_ONCE]).delete()[0]


def _draw(
    token: uuid.UUID,
    draws: Sequence[_Draw],
    now: datetime,
    *,
    memory: _Draw | None = None,
    needs_offers: bool = False,
) -> bool:
    """Return True if the checkout has had its first request before. Raise ``Refusal``."""
    wait, has_had_first = _take(token, draws, now, memory=memory, needs_offers=needs_offers)
    if wait is not None:
        seconds = max(1, math.ceil(wait.total_seconds()))
        raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=seconds)
    return has_had_first


def _take(
    token: uuid.UUID,
    draws: Sequence[_Draw],
    now: datetime,
    *,
    memory: _Draw | None,
    needs_offers: bool,
) -> tuple[timedelta | None, bool]:
    """Draw on all allowances, or on none.

    Return how long to wait, or None if all were drawn on, and whether the checkout has had its
    first request before. ``memory`` is the allowance that stores the latter: it is used up
    completely once XCover has answered.

    Rows are locked in the sequence of their keys, and only for this statement. Simultaneous
    requests may all be let through, but all of them are counted.
    """
    values: dict[str, Any] = {
        "token": token,
        "now": now,
        "keys": [draw.key for draw in draws],
        "steps": [draw.allowance.step for draw in draws],
        "reaches": [draw.allowance.reach for draw in draws],
        "whens": [draw.when for draw in draws],
        "needs_offers": needs_offers,
        "answered": _ANSWERED,
        "memory": memory.key if memory else None,
        "memory_step": _MEMORY.step,
        "memory_reach": _MEMORY.reach,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        wait, has_had_first = cursor.fetchone()
    return wait, has_had_first


_MEMORY = first_questions()

_ANSWERED = [code.value for code in (Code.NO_OFFER, Code.PRODUCT_FAILED, *UNSELLABLE)]
"""Reasons of offers that XCover answered without anything that may be sold."""

_STATEMENT = """
WITH believed AS (
    SELECT key, used_until FROM saleor_xcover_plugin_usage
    WHERE key = ANY (%(keys)s) AND used_until < %(now)s + interval '1 hour'
), found AS (
    SELECT
        EXISTS (
            SELECT FROM saleor_xcover_plugin_offer
            WHERE checkout_token = %(token)s
            AND (quoted_at IS NOT NULL OR reason_code = ANY (%(answered)s))
        ) AS was_answered,
        NOT %(needs_offers)s OR EXISTS (
            SELECT FROM saleor_xcover_plugin_offer WHERE checkout_token = %(token)s
        ) AS is_known
), history AS (
    SELECT was_answered, is_known, was_answered OR EXISTS (
        SELECT FROM believed
        WHERE key = %(memory)s
        AND used_until + %(memory_step)s > %(now)s + %(memory_reach)s
    ) AS has_had_first
    FROM found
), drawn AS (
    SELECT key, step, reach, GREATEST(used_until, %(now)s) AS used_until
    FROM unnest(
        %(keys)s::text[], %(steps)s::interval[], %(reaches)s::interval[], %(whens)s::boolean[]
    ) AS wanted (key, step, reach, is_for)
    JOIN history ON is_known AND COALESCE(is_for = has_had_first, TRUE)
    LEFT JOIN believed USING (key)
), refused AS (
    SELECT max(used_until + step - reach) - %(now)s AS wait
    FROM drawn
    WHERE used_until + step > %(now)s + reach
), counts AS (
    SELECT key, step FROM drawn
    UNION ALL
    SELECT %(memory)s::text, %(memory_reach)s FROM history
    WHERE was_answered AND %(memory)s::text IS NOT NULL
), counted AS (
    INSERT INTO saleor_xcover_plugin_usage AS kept (key, used_until)
    SELECT key, %(now)s + step FROM counts
    WHERE (SELECT wait FROM refused) IS NULL
    ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET used_until = LEAST(
        %(now)s + %(memory_reach)s,
        EXCLUDED.used_until + CASE
            WHEN kept.used_until BETWEEN %(now)s AND %(now)s + interval '1 hour'
            THEN kept.used_until - %(now)s
            ELSE interval '0'
        END
    )
)
SELECT wait, has_had_first FROM refused, history
"""
"""Draws on allowances in one statement.

No allowance reaches further ahead than that of ``memory``, which is why ``LEAST`` may bound all.
"""
