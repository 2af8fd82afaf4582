"""Find the incidents that staff must be told of.

Reads only. Queries use partial indexes and return a bounded number of rows.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Q

from .. import failures, installation
from ..apps import BEAT_ENTRY
from ..config.settings import PluginSettings
from ..defect_log import log_defect
from ..domain.alarms import (
    CONFIRMATION_GRACE,
    NEAR_EVENT,
    OVERDUE,
    SILENT,
    UNTRIED,
    WAITS_FOR_ADOPTION,
    AlarmCode,
    Incident,
    at,
    heartbeat_missing,
    incident,
    is_recent,
    minutes,
)
from ..domain.instance import Binding
from ..domain.numbers import counted
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus, MessageState
from ..host import order_facts, runtime
from ..models import Cover, Failure, OutboxMessage, XCoverAccount
from ..outbox import accounts
from ..outbox.task_queue import has_broker
from ..time_limits import WHO_WAITS, WORKER_AFTER_BUSY, DatabaseBusy, time_limits
from . import heartbeats, status
from .refused_offers import refused_offers

log = logging.getLogger(__name__)

LIMIT = 200
"""Largest number of incidents of one code; with more, one cause is more likely than many."""


@dataclass
class View:
    """The incidents at one time, and the codes that could not be checked in full."""

    incidents: dict[tuple[str, str], Incident] = field(default_factory=dict)
    """Incidents by code and subject."""
    unknown: set[AlarmCode] = field(default_factory=set)
    """Codes whose check failed, found ``LIMIT`` incidents, or was skipped because another alarm is
    the cause. An incident of theirs that is missing may still exist."""


def evaluate(now: datetime) -> View:
    """Run all checks and return their incidents. ``now`` is in UTC.

    A check that fails is logged and does not stop the others.
    """
    view, facts, is_busy = View(), _Facts(now), False
    for codes, find in _FINDERS:
        has_cause = (AlarmCode.WRONG_STORE.value, "") in view.incidents
        if has_cause and codes <= WAITS_FOR_ADOPTION:
            view.unknown |= codes
            continue
        max_wait = time_limits(WORKER_AFTER_BUSY) if is_busy else nullcontext()
        try:
            with max_wait, transaction.atomic():
                found = list(find(facts))
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:
            is_busy = True
            log.warning("xcover.alarm.busy", extra={"codes": sorted(codes), "reason": str(busy)})
            view.unknown |= codes
            continue
        except Exception:
            log_defect(log, "xcover.alarm.failed", codes=sorted(codes))
            view.unknown |= codes
            continue
        if len(found) >= LIMIT:
            view.unknown |= codes
        for one in found:
            view.incidents.setdefault(one.key, one)
    return view


class _Facts:
    """Facts that several checks need, read once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.failures = failures.Failures(now)

    @cached_property
    def accounts(self) -> dict[int, PluginSettings]:
        """Return the usable settings by channel."""
        return accounts.by_channel()

    @cached_property
    def reached(self) -> list[tuple[XCoverAccount, PluginSettings]]:
        """Return the shared row of each XCover account that present settings name."""
        return accounts.rows_of(self.accounts.values())


def _paid_unprotected(facts: _Facts) -> Iterator[Incident]:
    """Yield covers that are confirming for too long, or still placed though their order is paid."""
    since = facts.now - CONFIRMATION_GRACE
    placed = Cover.objects.filter(status=CoverStatus.PLACED.value)
    left = order_facts.paid_in_full(list(placed.values_list("order_id", flat=True)), before=since)
    lagging = Q(status=CoverStatus.CONFIRMING.value, paid_at__lte=since)
    lagging |= Q(status=CoverStatus.PLACED.value, order_id__in=left)
    rows = Cover.objects.filter(lagging).order_by("updated_at", "pk")[:LIMIT]
    for cover in facts.failures.each(rows, "alarms"):
        yield incident(
            AlarmCode.PAID_UNPROTECTED,
            cover.order_number,
            order_id=cover.order_id,
            minutes=minutes(CONFIRMATION_GRACE),
        )


def _unpaid_near_event(facts: _Facts) -> Iterator[Incident]:
    rows = (
        Cover.objects.filter(
            status=CoverStatus.PLACED.value,
            created_at__lte=facts.now - CONFIRMATION_GRACE,
            offer__event_starts_at__gt=facts.now,
            offer__event_starts_at__lte=facts.now + NEAR_EVENT,
        )
        .select_related("offer")
        .order_by("updated_at", "pk")[:LIMIT]
    )
    covers = list(facts.failures.each(rows, "alarms"))
    paid = order_facts.paid_in_full([cover.order_id for cover in covers], before=facts.now)
    for cover in covers:
        if cover.order_id not in paid and cover.offer is not None:
            yield incident(
                AlarmCode.UNPAID_NEAR_EVENT,
                cover.order_number,
                order_id=cover.order_id,
                starts_at=at(cover.offer.event_starts_at),
            )


def _parked(_facts: _Facts) -> Iterator[Incident]:
    """Yield one incident per order, without a note: parking wrote the order's note already."""
    for row in status.parked(2 * LIMIT):  # a message is often parked together with its subject
        if row["reason"] == ReasonCode.CREDENTIALS_REFUSED:
            continue  # has an alarm of its own
        reason = f", {row['reason']}" if row["reason"] else ""
        subject = row["order"] or f"{row['kind']} {row['id']}"
        yield incident(AlarmCode.PARKED, subject, what=f"{row['kind']}{reason}")


def _wrong_store(_facts: _Facts) -> Iterator[Incident]:
    row = installation.found()
    if row is not None and installation.binding_of(row) == Binding.ELSEWHERE:
        here = installation.name_here()
        yield incident(AlarmCode.WRONG_STORE, bound_to=row.bound_to, here=here)


def _credentials_refused(facts: _Facts) -> Iterator[Incident]:
    for shared, settings in facts.reached:
        if shared.refused_since is not None:
            yield _of_account(AlarmCode.CREDENTIALS_REFUSED, settings)
    waiting = OutboxMessage.objects.filter(
        status=MessageState.PARKED.value, reason_code=ReasonCode.CREDENTIALS_REFUSED
    )
    for channel_id in waiting.values_list("channel_id", flat=True).distinct()[:LIMIT]:
        settings_or_none = facts.accounts.get(channel_id)
        if settings_or_none is not None:
            yield _of_account(AlarmCode.CREDENTIALS_REFUSED, settings_or_none)
        else:
            channel = f"channel {channel_id}"
            account = f"{channel} (they are incomplete)"
            yield incident(AlarmCode.CREDENTIALS_REFUSED, channel, account=account)


def _settings_unusable(_facts: _Facts) -> Iterator[Incident]:
    for slug, error in sorted(accounts.unusable().items()):
        channel = f"channel {slug}"
        yield incident(AlarmCode.SETTINGS_UNUSABLE, channel[:64], channel=channel, error=error)


def _clock_off(facts: _Facts) -> Iterator[Incident]:
    for shared, settings in facts.reached:
        if shared.clock_skew:
            yield _of_account(
                AlarmCode.CLOCK_OFF,
                settings,
                seconds=abs(shared.clock_skew),
                direction="ahead of" if shared.clock_skew > 0 else "behind",
            )


def _breaker_open(facts: _Facts) -> Iterator[Incident]:
    for shared, settings in facts.reached:
        if shared.open_until is not None and is_recent(shared.updated_at, facts.now, UNTRIED):
            since = at(shared.opened_at or shared.updated_at)
            yield _of_account(AlarmCode.BREAKER_OPEN, settings, since=since)


def _offers_refused(facts: _Facts) -> Iterator[Incident]:
    return refused_offers(facts.now)


def _of_account(code: AlarmCode, settings: PluginSettings, **facts: Any) -> Incident:
    account = f"partner code {settings.partner_code}"
    return incident(code, accounts.subject_of(settings), account=account, **facts)


def _messages_overdue(facts: _Facts) -> Iterator[Incident]:
    """Yield one incident if pending messages are overdue and no worker has taken them."""
    overdue = OutboxMessage.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=facts.now),
        status=MessageState.PENDING.value,
        next_attempt_at__lte=facts.now - OVERDUE,
    )
    oldest_first = overdue.order_by("next_attempt_at")
    times = list(oldest_first.values_list("next_attempt_at", flat=True)[:LIMIT])
    if times:
        count = f"{len(times)} message{'s are' if len(times) > 1 else ' is'}"
        yield incident(
            AlarmCode.MESSAGES_OVERDUE,
            count=f"At least {count}" if len(times) == LIMIT else count,
            minutes=minutes(OVERDUE),
            since=at(times[0]),
        )


def _order_unfollowed(_facts: _Facts) -> Iterator[Incident]:
    unfollowed = Failure.objects.filter(work=failures.UNFOLLOWED).exclude(error=failures.BUSY)
    found = unfollowed.order_by("first_at", "pk")[:LIMIT]
    for failure in found:
        order_id = uuid.UUID(failure.subject)
        subject = failure.label or failure.subject
        yield incident(AlarmCode.ORDER_UNFOLLOWED, subject, order_id=order_id)


def _work_failing(_facts: _Facts) -> Iterator[Incident]:
    failing = Failure.objects.exclude(work=failures.UNFOLLOWED).exclude(error=failures.BUSY)
    for failure in failing.order_by("first_at", "pk")[:LIMIT]:
        what, then = failures.in_words(failure)
        is_order = failure.work == failures.ORDER
        yield incident(
            AlarmCode.WORK_FAILING,
            f"{failure.work} {failure.label or failure.subject}".strip()[:64],
            order_id=uuid.UUID(failure.subject) if is_order else None,
            what=what,
            then=then,
            error=failure.error,
            times=counted(failure.times, "time"),
            first_at=at(failure.first_at),
            last_at=at(failure.last_at),
        )


def _database_busy(facts: _Facts) -> Iterator[Incident]:
    """Yield one incident for all work that waits for locks: the cause is the same."""
    waiting = failures.waiting_for_locks(facts.now)
    first = waiting.filter(failures.MET_LOCKS_FOR_LONG).order_by("first_at", "pk").first()
    if first is None:
        return
    some = waiting.order_by("first_at", "pk")[:3]
    yield incident(
        AlarmCode.DATABASE_BUSY,
        first_at=at(first.first_at),
        pieces=counted(waiting.count(), "piece"),
        examples=", ".join(f"{one.work} {one.label or one.subject}".strip() for one in some),
        query=WHO_WAITS,
    )


def _reconcile_findings(_facts: _Facts) -> Iterator[Incident]:
    last = heartbeats.found(heartbeats.RECONCILE)
    if last is None or not last.details.get("findings"):
        return
    by_code = last.details.get("by_code", {})
    yield incident(
        AlarmCode.RECONCILE_FINDINGS,
        at=at(last.beat_at),
        findings=counted(int(last.details["findings"]), "difference"),
        by_code=", ".join(f"{code}: {count}" for code, count in sorted(by_code.items())),
    )


def sweep_heartbeat_missing(now: datetime) -> Incident | None:
    """Return an incident with the likely cause if the sweep does not run, else None."""
    return heartbeat_missing(
        heartbeats.pulse(heartbeats.SWEEP),
        now,
        beat_ran_at=runtime.last_beat_run(BEAT_ENTRY),
        has_broker=has_broker(),
    )


def _heartbeat_missing(facts: _Facts) -> Iterator[Incident]:
    found = sweep_heartbeat_missing(facts.now)
    if found is not None:
        yield found


_Find = Callable[[_Facts], Iterator[Incident]]
_ONE_EACH: Mapping[AlarmCode, _Find] = {
    AlarmCode.WRONG_STORE: _wrong_store,  # first: other incidents follow from it
    AlarmCode.PAID_UNPROTECTED: _paid_unprotected,
    AlarmCode.UNPAID_NEAR_EVENT: _unpaid_near_event,
    AlarmCode.PARKED: _parked,
    AlarmCode.CREDENTIALS_REFUSED: _credentials_refused,
    AlarmCode.SETTINGS_UNUSABLE: _settings_unusable,
    AlarmCode.CLOCK_OFF: _clock_off,
    AlarmCode.BREAKER_OPEN: _breaker_open,
    AlarmCode.OFFERS_REFUSED: _offers_refused,
    AlarmCode.MESSAGES_OVERDUE: _messages_overdue,
    AlarmCode.ORDER_UNFOLLOWED: _order_unfollowed,
    AlarmCode.WORK_FAILING: _work_failing,
    AlarmCode.DATABASE_BUSY: _database_busy,
    AlarmCode.RECONCILE_FINDINGS: _reconcile_findings,
}
_FINDERS: tuple[tuple[frozenset[AlarmCode], _Find], ...] = (
    *((frozenset({code}), find) for code, find in _ONE_EACH.items()),
    (SILENT, _heartbeat_missing),
)
