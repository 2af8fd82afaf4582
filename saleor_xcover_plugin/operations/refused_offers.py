"""Find the channels in which offers are refused for a reason that staff must be told of."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from ..domain.alarms import (
    REFUSALS_KEPT,
    REFUSALS_WINDOW,
    UNOFFERED,
    UNSELLABLE,
    AlarmCode,
    Incident,
    Raised,
    Refusals,
    alarming,
    has_come_back,
    incident,
)
from ..domain.numbers import counted
from ..errors import SENTENCES, Code
from ..host import catalog
from ..models import Alarm, Offer

NEWEST = 2_000
"""Number of latest requests that are checked: more than XCover's usual rate allows in 30 s."""

_TOLD = frozenset(code.value for code in UNSELLABLE | UNOFFERED)


@dataclass(frozen=True, slots=True)
class _Request:
    asked_at: datetime
    checkout: uuid.UUID


@dataclass(slots=True)
class _Asked:
    """Recent requests for offers in one channel: all, those shown, and those refused by reason."""

    everybody: list[_Request] = field(default_factory=list)
    shown: list[_Request] = field(default_factory=list)
    refused: defaultdict[Code, list[_Request]] = field(default_factory=lambda: defaultdict(list))


def refused_offers(now: datetime) -> Iterator[Incident]:
    """Yield one incident per channel and reason. ``now`` is in UTC.

    An incident is over when an offer that was requested after the last refusal was shown; if
    refusals alternate with offers that are shown, when there was no refusal for an hour. Without
    any request an alarm stays, for a day at most.
    """
    names, raised = catalog.channel_names(), _raised(now)
    seen = set()
    for channel_id, asked in sorted(_asked(now).items()):
        counts = {code: _checkouts(requests) for code, requests in asked.refused.items()}
        for code in sorted(alarming(counts, len(asked.shown))):
            subject = _subject(code, names[channel_id])
            seen.add(subject)
            refusals = _refusals(asked, code)
            if not refusals.is_over([_times(alarm) for alarm in raised.get(subject, ())]):
                yield _incident(code, names[channel_id], refusals)
    yield from _unseen(names, {key: raised[key] for key in set(raised) - seen}, now)


def _asked(now: datetime) -> Mapping[int, _Asked]:
    found: defaultdict[int, _Asked] = defaultdict(_Asked)
    since = now - REFUSALS_WINDOW
    # The newest by primary key, in any status: an order made meanwhile has ended its request.
    # A row without a fingerprint was never requested; it only stores an answer of the shopper.
    columns = ("channel_id", "checkout_token", "reason_code", "created_at", "shown_at")
    newest = Offer.objects.exclude(fingerprint="").order_by("-pk").values_list(*columns)
    for channel_id, checkout, reason, asked_at, shown_at in newest[:NEWEST]:
        if asked_at < since:
            continue
        one, request = found[channel_id], _Request(asked_at, checkout)
        one.everybody.append(request)
        if reason in _TOLD:
            one.refused[Code(reason)].append(request)
        elif shown_at is not None:
            one.shown.append(request)
    return found


def _refusals(asked: _Asked, code: Code) -> Refusals:
    refused = asked.refused[code]
    first_at = min(request.asked_at for request in refused)
    last_at = max(request.asked_at for request in refused)
    between = [one for one in asked.everybody if first_at <= one.asked_at <= last_at]
    return Refusals(
        first_at,
        last_at,
        refused=_checkouts(refused),
        asked=_checkouts(between),
        is_mixed=any(first_at < one.asked_at < last_at for one in asked.shown),
        is_followed=any(one.asked_at > last_at for one in asked.shown),
    )


def _checkouts(requests: list[_Request]) -> int:
    """Return the number of checkouts: a buyer who asks again counts once."""
    return len({request.checkout for request in requests})


def _incident(code: Code, channel: str, refusals: Refusals) -> Incident:
    return incident(
        AlarmCode.OFFERS_REFUSED,
        _subject(code, channel),
        channel=channel,
        why=code.value,
        period=refusals.period,
        refused=refusals.refused,
        asked=counted(refusals.asked, "checkout"),
        others=refusals.others,
        reason=SENTENCES[code].staff,
    )


def _subject(code: Code, channel: str) -> str:
    return f"{code.value} {channel}"[:64]


def _raised(now: datetime) -> Mapping[str, list[Alarm]]:
    """Return the alarms about refused offers by their subject, the newest first."""
    found: defaultdict[str, list[Alarm]] = defaultdict(list)
    alarms = Alarm.objects.filter(
        Q(cleared_at=None) | Q(cleared_at__gte=now - REFUSALS_KEPT),
        code=AlarmCode.OFFERS_REFUSED.value,
    )
    for alarm in alarms.order_by("-pk"):
        found[alarm.subject].append(alarm)
    return found


def _times(alarm: Alarm) -> Raised:
    return Raised(alarm.raised_at, alarm.cleared_at)


def _unseen(
    names: Mapping[int, str], raised: Mapping[str, list[Alarm]], now: datetime
) -> Iterator[Incident]:
    """Yield alarms without a recent refusal, for which nothing shows that they are over."""
    channels = {_subject(code, name): pk for pk, name in names.items() for code in Code}
    for subject, alarms in sorted(raised.items()):
        known = channels.get(subject)
        if known is not None and _stays(alarms, known, now):
            yield Incident(AlarmCode.OFFERS_REFUSED, alarms[0].sentence, subject)


def _stays(alarms: list[Alarm], channel_id: int, now: datetime) -> bool:
    """Return True if an open alarm stays: no offer was shown since, or it came back recently."""
    newest = alarms[0]
    if newest.cleared_at is not None or newest.raised_at < now - REFUSALS_KEPT:
        return False
    is_fresh = newest.raised_at >= now - REFUSALS_WINDOW
    if is_fresh and has_come_back([_times(alarm) for alarm in alarms]):
        return True
    shown = Offer.objects.filter(shown_at__gte=newest.raised_at, channel_id=channel_id)
    return not shown.exists()
