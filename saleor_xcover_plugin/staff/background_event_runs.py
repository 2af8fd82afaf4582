"""Work on all policies of an event in the background, as staff began it in the desk.

A run is a row. Staff begin it and approve what XCover would refund; workers do the rest in short
steps under a lease, and the calls to XCover are messages of the outbox. So closing a page, a killed
worker and a repeated step lose nothing and do nothing twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from ..clock import Clock
from ..domain.messages import CANCELLATION_KINDS
from ..domain.numbers import LARGEST_INTEGER, counted, whole_number
from ..domain.states import (
    OPEN_EVENT_RUN_STATUSES,
    CancellationStatus,
    EventChangeKind,
    EventRunStatus,
    MessageState,
)
from ..host import listings
from ..host.tickets import Ticket
from ..models import Cancellation, Cover, EventRun, OutboxMessage
from ..outbox import accounts
from ..outbox.task_queue import EVENT_RUN_TASK, has_broker, send_after_commit, send_task
from ..time_limits import DatabaseBusy
from . import decisions, event_changes, event_locks, event_runs, performances
from .decisions import DecisionCode, DecisionRefused

LEASE = timedelta(seconds=90)
"""Time after which another worker may take up a run; longer than a step."""
STEP = timedelta(seconds=30)
"""Time after which a step ends, because the workers are shared with Saleor."""
POLL_SECONDS = 2
"""Seconds between two steps of a run that waits for XCover's responses."""

_WORKED_ON = tuple(s for s in OPEN_EVENT_RUN_STATUSES if s != EventRunStatus.ASKED)


@dataclass(frozen=True, slots=True)
class Change:
    """What staff say of an event."""

    kind: EventChangeKind
    tickets: Sequence[Ticket]
    starts_at: datetime | None = None
    """The new start of a moved event (UTC)."""

    @property
    def variants(self) -> list[str]:
        """Return the ids of the product variants of its tickets."""
        return [ticket.key for ticket in self.tickets]

    @property
    def label(self) -> str:
        """Return a name of the event for staff."""
        found = performances.performances_of_tickets(self.tickets)
        return "; ".join(one.label for one in found)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present stage of a run is."""

    done: int
    total: int


def begin(change: Change, policies: int, channel_ids: Collection[int], now: datetime) -> EventRun:
    """Record what the organiser did, and begin to work on the policies of the event.

    ``policies`` is the number of policies in force as staff confirmed it; ``channel_ids`` are the
    channels they may manage. Raise ``DecisionRefused``, and record nothing, for another number, for
    an event with covers in other channels, or while another run, or ``xcover_event``, works on one
    of its tickets or policies.
    """
    covers, channels = event_changes.covers_of(change.variants), _channels_of(change.variants)
    _require_managed(channels, channel_ids)
    in_force = event_runs.in_force(covers)
    if in_force != policies:
        raise DecisionRefused(
            DecisionCode.NUMBER_CHANGED,
            f"{counted(in_force, 'policy', 'policies')} in force, not {policies}: nothing was "
            "changed. Look again.",
        )
    with transaction.atomic():
        event_locks.claim(change.variants, covers, now)
        before = event_changes.changes_of(change.variants)
        run = EventRun.objects.create(
            change=change.kind.value,
            status=_FIRST[change.kind].value,
            variants=list(change.variants),
            label=change.label,
            starts_at=change.starts_at,
            before={key: start and start.isoformat() for key, start in before.items()},
            covers=covers,
            channels=channels,
            policies=policies,
            created_at=now,
            updated_at=now,
        )
        _tell(change, now)
        _send_step(run)
    return run


_FIRST = {
    EventChangeKind.CANCELLED: EventRunStatus.ASKING,
    EventChangeKind.MOVED: EventRunStatus.TELLING,
    EventChangeKind.TAKES_PLACE: EventRunStatus.TELLING,
}


def approve(run_id: int, policies: int, seen_at: datetime, now: datetime) -> EventRun:
    """Approve what XCover would refund, for all policies with a refund to the store.

    ``policies`` is their number as staff confirmed it, and ``seen_at`` the time (UTC) at which they
    saw the refunds: what waits since later is left to them. Raise ``DecisionRefused`` if the run
    does not wait for it, the number is another one, or nobody can have seen them at that time.
    """
    with _locked(run_id) as run:
        _require_status(run, EventRunStatus.ASKED)
        if not run.created_at <= seen_at <= now:
            raise DecisionRefused(DecisionCode.BAD_INPUT, "seenAt is the run's own seenAt.")
        count = to_approve(run, seen_at).count()
        if count != policies:
            raise DecisionRefused(
                DecisionCode.NUMBER_CHANGED,
                f"XCover would refund {counted(count, 'policy', 'policies')} by now, not "
                f"{policies}: nothing was changed. Look again.",
            )
        run.transition_to(EventRunStatus.CANCELLING, now, approved_at=seen_at, approved=count)
        _send_step(run)
        return run


def withdraw(run_id: int, now: datetime) -> EventRun:
    """End a run of a cancelled event before its refunds are approved.

    What staff had told of the event before is restored, and no policy is cancelled for it. Tickets
    of which something else was recorded since stay as they are: ``left`` names them. Raise
    ``DecisionRefused`` if the run is over, or its refunds were approved.
    """
    with _locked(run_id) as run:
        _require_status(run, EventRunStatus.ASKING, EventRunStatus.ASKED)
        before = {key: start and datetime.fromisoformat(start) for key, start in run.before.items()}
        left = event_changes.restore(run.variants, before, now, cancelled_at=run.created_at)
        # A worker that is at it loses its lease, and with it the right to say how far it came.
        free = {"lease_token": None, "leased_until": None}
        run.transition_to(EventRunStatus.WITHDRAWING, now, reached=0, left=left, **free)
        _send_step(run)
        return run


def to_approve(run: EventRun, seen_at: datetime) -> QuerySet[Cancellation]:
    """Return the previewed cancellations with a refund to the store that waited at ``seen_at``.

    Only those of policies that ended with the event: what staff or another rule had XCover asked
    for is decided one by one.
    """
    return event_runs.waiting_with_refund(run.covers).filter(updated_at__lte=seen_at)


def notice_of(run: EventRun) -> str | None:
    """Return a sentence for staff about what a withdrawal left as it is, or None."""
    if not run.left:
        return None
    if len(run.left) == len(run.variants):
        return "Something else was told of the event since it began: that stays as it is."
    return (
        f"Something else was told of {len(run.left)} of {len(run.variants)} tickets since it "
        "began: that stays as it is. The others are as they were before."
    )


def progress_of(run: EventRun) -> Progress:
    """Return how far the present stage is; complete for a run that waits or is over."""
    if run.status == EventRunStatus.ASKING:
        # What an earlier run judged does not count before this one came to it.
        judged = event_changes.cancellations_of(run.covers).filter(cover_id__lte=run.reached)
        count = judged.values("cover_id").distinct().count()
        return _progress(count - _open_calls(run).count(), run.policies)
    if run.status == EventRunStatus.CANCELLING and run.approved_at is not None:
        left = to_approve(run, run.approved_at).count() + _open_calls(run).count()
        return _progress(run.approved - left, run.approved)
    if run.status in (EventRunStatus.TELLING, EventRunStatus.WITHDRAWING):
        return _progress(sum(key <= run.reached for key in run.covers), len(run.covers))
    return Progress(1, 1)


def _progress(done: int, total: int) -> Progress:
    return Progress(min(max(done, 0), total), total)


def runs_of(channel_ids: Collection[int], limit: int) -> list[EventRun]:
    """Return the latest runs whose covers are all in these channels, newest first.

    Their ``covers`` are read only where they are asked for.
    """
    managed = EventRun.objects.filter(channels__contained_by=sorted(channel_ids))
    return list(managed.defer("covers").order_by("-pk")[:limit])


def find(run_id: int, channel_ids: Collection[int]) -> EventRun | None:
    """Return a run whose covers are all in these channels, or None."""
    run = EventRun.objects.filter(pk=run_id).first()
    return run if run is not None and set(run.channels) <= set(channel_ids) else None


def advance_due(clock: Clock, *, until: datetime, limit: int) -> int:
    """Have a step done of every run that no worker works on; return their number.

    The sweep calls it, for runs whose task was lost. Without a broker the steps are done here.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=clock())
    waiting = EventRun.objects.filter(free, status__in=[s.value for s in _WORKED_ON])
    count = 0
    for run_id in waiting.order_by("pk").values_list("pk", flat=True)[:limit]:
        if clock() >= until:
            break
        if has_broker():
            send_task(EVENT_RUN_TASK, run_id)
        else:
            advance(run_id, clock)
        count += 1
    return count


def advance(run_id: int, clock: Clock) -> None:
    """Do one step of a run, unless another worker does; ask for the next one if it is not over."""
    run = _lease(run_id, clock())
    if run is None:
        return
    until = clock() + STEP
    try:
        _STEPS[EventRunStatus(run.status)](run, clock, until)
    finally:
        _release(run, clock())
    run.refresh_from_db(fields=["status"])
    if run.status in _WORKED_ON:
        send_after_commit(EVENT_RUN_TASK, run.pk, countdown=POLL_SECONDS)


def _channels_of(variants: Sequence[str]) -> list[int]:
    """Return the channels that sold covers of the tickets, and those that offer them now."""
    covers = Cover.objects.filter(offer__request__tickets__has_any_keys=list(variants))
    sold = set(covers.values_list("channel_id", flat=True).distinct())
    keys = [n for key in variants if (n := whole_number(key, most=LARGEST_INTEGER)) is not None]
    return sorted(sold | (listings.channels_of(keys) & set(accounts.by_channel())))


def _require_managed(channels: Collection[int], channel_ids: Collection[int]) -> None:
    if set(channels) - set(channel_ids):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT,
            "Protection for this event is also sold in channels whose orders you may not manage. "
            "Somebody who may manage all of them has to do this.",
        )


def _tell(change: Change, now: datetime) -> None:
    if change.kind == EventChangeKind.CANCELLED:
        event_changes.tell_cancelled(change.variants, now)
    elif change.starts_at is not None:
        event_changes.tell_moved(change.variants, change.starts_at, now)
    else:
        event_changes.tell_takes_place(change.variants)


def _send_step(run: EventRun) -> None:
    send_after_commit(EVENT_RUN_TASK, run.pk)


@contextmanager
def _locked(run_id: int) -> Iterator[EventRun]:
    with transaction.atomic():
        run = EventRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise DecisionRefused(DecisionCode.NOT_WAITING, "There is no such run.")
        yield run


def _require_status(run: EventRun, *wanted: EventRunStatus) -> None:
    if run.status not in wanted:
        raise DecisionRefused(
            DecisionCode.NOT_WAITING, f"It cannot be done any more: the run is {run.status}."
        )


def _lease(run_id: int, now: datetime) -> EventRun | None:
    """Lease a run that is worked on and free, and return it; else None."""
    with transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        wanted = EventRun.objects.filter(free, status__in=[s.value for s in _WORKED_ON], pk=run_id)
        run = wanted.select_for_update(skip_locked=True).first()
        if run is not None:
            run.save_fields(now, lease_token=uuid.uuid4(), leased_until=now + LEASE)
        return run


def _release(run: EventRun, now: datetime) -> None:
    EventRun.objects.filter(pk=run.pk, lease_token=run.lease_token).update(
        lease_token=None, leased_until=None, updated_at=now
    )


def _save(run: EventRun, now: datetime, **changes: int) -> bool:
    """Save how far a leased run came; return False if it was withdrawn or taken up by another."""
    own = EventRun.objects.filter(pk=run.pk, status=run.status, lease_token=run.lease_token)
    for name, value in changes.items():
        setattr(run, name, value)
    return bool(own.update(updated_at=now, **changes))


def _end(run: EventRun, status: EventRunStatus, now: datetime) -> None:
    """Move a run on, unless staff withdrew it meanwhile or another worker took it up."""
    with transaction.atomic():
        own = EventRun.objects.select_for_update().filter(
            pk=run.pk, status=run.status, lease_token=run.lease_token
        )
        current = own.first()
        if current is not None:
            current.transition_to(status, now)


def _ask(run: EventRun, clock: Clock, until: datetime) -> None:
    """Judge every policy and enqueue its preview; go on once all responses are there."""
    for page in _rest(run):
        if clock() >= until:
            return
        for _ in event_changes.ask_all(page, clock()):
            pass
        if not _save(run, clock(), reached=page[-1]):
            return
    held = event_changes.held_from_asking(run.covers)
    for _ in event_changes.ask_all(held, clock()):
        pass
    if not held and not _open_calls(run).exists():
        _end(run, EventRunStatus.ASKED, clock())


def _cancel(run: EventRun, clock: Clock, until: datetime) -> None:
    """Approve refund after refund; go on once all policies are answered for."""
    is_held = False
    for cancellation in to_approve(run, run.approved_at or run.created_at):
        if clock() >= until:
            return
        refund = cancellation.refund_money
        if refund is None:
            continue
        try:
            decisions.approve(cancellation.pk, refund, clock())
        except DecisionRefused:  # staff decided about it meanwhile
            continue
        except DatabaseBusy:
            is_held = True
    if not is_held and not _open_calls(run).exists():
        _end(run, EventRunStatus.DONE, clock())


def _rest(run: EventRun) -> Iterator[Sequence[int]]:
    """Yield pages of the covers that were not treated in the present stage."""
    return event_changes.pages([key for key in run.covers if key > run.reached])


def _tell_orders(run: EventRun, clock: Clock, until: datetime) -> None:
    """Close what waits because the event was cancelled, and add a note to each order."""
    if _treat_pages(run, clock, until, _note):
        _end(run, EventRunStatus.DONE, clock())


def _withdraw(run: EventRun, clock: Clock, until: datetime) -> None:
    """Close what waits because the event was cancelled."""
    if _treat_pages(run, clock, until, lambda _run, _page: 0):
        _end(run, EventRunStatus.WITHDRAWN, clock())


def _treat_pages(
    run: EventRun,
    clock: Clock,
    until: datetime,
    tell: Callable[[EventRun, Sequence[int]], int],
) -> bool:
    """Treat the rest of the covers page by page, each once; return True if none is left."""
    for page in _rest(run):
        if clock() >= until:
            return False
        event_changes.take_back(page, clock())
        with transaction.atomic():
            told = tell(run, page)
            if not _save(run, clock(), reached=page[-1], told=run.told + told):
                transaction.set_rollback(True)
                return False
    held = event_changes.held_from_taking_back(run.covers)
    event_changes.take_back(held, clock())
    return not held


def _note(run: EventRun, page: Sequence[int]) -> int:
    if run.starts_at is not None:
        return event_changes.note_move(page, run.starts_at)
    was_moved = any(run.before.values())
    return event_changes.note_not_moved(page) if was_moved else 0


_STEPS: dict[EventRunStatus, Callable[[EventRun, Clock, datetime], None]] = {
    EventRunStatus.ASKING: _ask,
    EventRunStatus.CANCELLING: _cancel,
    EventRunStatus.TELLING: _tell_orders,
    EventRunStatus.WITHDRAWING: _withdraw,
}


def _open_calls(run: EventRun) -> QuerySet[OutboxMessage]:
    """Return the pending messages of the cancellations that were begun for the event.

    Once the refunds are approved, those of approved ones only: the run does not wait for what staff
    have XCover asked beside it.
    """
    begun = event_changes.cancellations_of(run.covers).filter(
        status__in=[CancellationStatus.REQUESTED.value, CancellationStatus.CONFIRMING.value]
    )
    if run.status == EventRunStatus.CANCELLING:
        begun = begun.exclude(approved_refund=None)
    return OutboxMessage.objects.filter(
        kind__in=CANCELLATION_KINDS,
        subject_id__in=begun.values("pk"),
        status=MessageState.PENDING.value,
    )
