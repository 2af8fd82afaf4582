"""Keep anonymous traffic within its allowances: one statement for each request that costs much.

Reading an offer that is there is free. What asks XCover for one, whoever caused it (a storefront,
or a checkout that changed), and each answer counts.
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
"""No allowance is used up further ahead; what is stems from a clock that was wrong. The statement
below says it too."""

CLEARED_AT_ONCE = 10_000
"""Rows a sweep removes at most: more than a minute of a busy store leaves."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """One allowance a request draws on. With ``when`` only by checkouts of that history."""

    key: str
    allowance: Allowance
    when: bool | None = None
    """Whether the checkout has had its first question, so that this is a further one."""


def draw_for_offer(
    token: uuid.UUID,
    settings: PluginSettings,
    now: datetime,
    *,
    client: str | None = None,
    is_ahead: bool = False,
) -> bool:
    """Count a call that asks XCover for a checkout's offer; return whether it is the first one.

    The first one of a checkout and any further ones have separate allowances, so that nobody who
    repeats them keeps others from their first. A checkout has had its first once XCover has
    answered it, with an offer or a no, or has left a few questions of it unanswered. That is
    remembered apart from its offers, which go when its basket changes. ``is_ahead``: a worker asks
    before the shopper does, which is none of the first ones and leaves some of the further ones to
    shoppers: whoever makes checkouts in Saleor causes it, unseen. Raise ``Refusal`` with the time
    to wait; then nothing was counted.
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
    """Count a yes or a no. Raise ``Refusal`` with the time to wait; then nothing was counted.

    A checkout without offers costs nothing and leaves no row: its id may be invented.
    """
    answers = Allowance.per_minute(ANSWERS_PER_MINUTE)
    _draw(
        token,
        [_Draw(f"answers:{token}", answers), *_of_client(client, settings)],
        now,
        needs_offers=True,
    )


def client_of(header: str, settings: PluginSettings, now: datetime) -> str | None:
    """Return a name for the client of a request that says nothing to those without SECRET_KEY.

    ``header`` is the one the settings name. It is another name each day, so that nobody can be
    followed; None where no address is known.
    """
    address = client_address(header, settings.trusted_proxies)
    return address and keyed_digest(f"client {now:%Y-%m-%d} {address}")


def _of_client(client: str | None, settings: PluginSettings) -> list[_Draw]:
    if client is None:
        return []
    return [_Draw(f"client:{client}", Allowance.per_minute(settings.client_requests))]


def clear(now: datetime) -> int:
    """Remove what is whole again; return how many rows went."""
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
    """Return whether the checkout has had its first question before. Raise ``Refusal``."""
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
    """Draw on all allowances, or on none and return how long to wait.

    Also return whether the checkout has had its first question before. ``memory`` is the allowance
    that keeps this: it is used up whole as soon as an answer of XCover is seen.

    Rows are locked in the order of their keys and for this statement alone. Requests that run at
    the same moment may each be let through by what none of them has counted yet; all are counted.
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
"""Reasons of a request that XCover has answered, although with nothing to sell."""

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
"""No allowance reaches further than the memory of a checkout, which is used up whole at once."""
