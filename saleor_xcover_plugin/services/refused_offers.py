"""Find the channels in which offers are refused for a reason a person must hear of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from ..domain.alarms import (
    REFUSALS_KEPT,
    REFUSALS_WINDOW,
    UNOFFERED,
    UNSELLABLE,
    AlarmCode,
    Trouble,
    alarming,
    at,
    trouble,
)
from ..domain.words import counted
from ..errors import SENTENCES, Code
from ..host import catalog
from ..models import Alarm, Offer

NEWEST = 2_000
"""Requests that are looked at in a sweep: more than XCover's usual rate allows in half a minute."""

_TOLD = frozenset(code.value for code in UNSELLABLE | UNOFFERED)


@dataclass(slots=True)
class _Asked:
    """How many checkouts of a channel asked for an offer of late, and what became of them."""

    offered: int = 0
    refused: Counter[Code] = field(default_factory=Counter)
    since: dict[Code, datetime] = field(default_factory=dict)


def refused_offers(now: datetime) -> Iterator[Trouble]:
    """Yield one trouble per channel and reason.

    What was told stays until an offer is shown again, for a day at most: where few people buy, an
    hour without a refusal may be an hour without a shopper.
    """
    names = catalog.channel_names()
    asked = _asked(now)
    told = set()
    for channel_id, one in sorted(asked.items()):
        for code in sorted(alarming(one.refused, one.offered)):
            told.add(_subject(code, names[channel_id]))
            yield _trouble(code, names[channel_id], one)
    yield from _unchanged(names, now, told)


def _asked(now: datetime) -> Mapping[int, _Asked]:
    found: dict[int, _Asked] = {}
    since = now - REFUSALS_WINDOW
    # The newest by their key, in whatever state: an order made meanwhile has ended its request.
    newest = Offer.objects.order_by("-pk").values_list("channel_id", "reason_code", "created_at")
    for channel_id, reason, asked_at in newest[:NEWEST]:
        if reason in _TOLD and asked_at >= since:
            one, code = found.setdefault(channel_id, _Asked()), Code(reason)
            one.refused[code] += 1
            one.since[code] = min(asked_at, one.since.get(code, asked_at))
    shown = Offer.objects.filter(shown_at__gte=since, channel_id__in=list(found)).order_by()
    for channel_id, count in shown.values_list("channel_id").annotate(Count("pk")):
        found[channel_id].offered = count
    return found


def _trouble(code: Code, channel: str, asked: _Asked) -> Trouble:
    total = asked.offered + sum(asked.refused.values())
    return trouble(
        AlarmCode.OFFERS_REFUSED,
        _subject(code, channel),
        channel=channel,
        why=code.value,
        since=at(asked.since[code]),
        refused=asked.refused[code],
        asked=counted(total, "checkout"),
        reason=SENTENCES[code].staff,
    )


def _subject(code: Code, channel: str) -> str:
    return f"{code.value} {channel}"[:64]


def _unchanged(names: Mapping[int, str], now: datetime, told: set[str]) -> Iterator[Trouble]:
    """Yield what was told before and of which nothing shows that it is over."""
    channels = {_subject(code, name): pk for pk, name in names.items() for code in Code}
    raised = Alarm.objects.filter(
        code=AlarmCode.OFFERS_REFUSED.value, cleared_at=None, raised_at__gte=now - REFUSALS_KEPT
    ).exclude(subject__in=told)
    for alarm in raised:
        shown = Offer.objects.filter(shown_at__gte=alarm.raised_at)
        channel_id = channels.get(alarm.subject)
        if channel_id is not None and not shown.filter(channel_id=channel_id).exists():
            yield Trouble(AlarmCode.OFFERS_REFUSED, alarm.sentence, alarm.subject)
