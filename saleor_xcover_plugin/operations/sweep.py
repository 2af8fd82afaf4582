"""Find and finish work that a lost hook, a killed worker or a broker failure left behind.

Each sweep does a bounded amount of work.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Q, QuerySet

from ..checkout import allowances
from ..checkout.offers import put_summary_right
from ..clock import Clock
from ..defect_log import log_defect
from ..domain.alarms import CONFIRMATION_GRACE
from ..domain.states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus
from ..failures import ORDER, UNFOLLOWED, Failures, NotFollowed, due
from ..host import checkouts, order_facts, orders, warehouses
from ..models import Cover, Offer, Watermark
from ..outbox.dispatcher import deliver_due
from ..outbox.drains import call_helpers
from ..policies.locks import are_tables_locked
from ..policies.order_sync import sync_order
from ..staff.background_event_runs import advance_due
from ..time_limits import DatabaseBusy
from . import alarms, heartbeats
from .webhook_inbox import handle_due

log = logging.getLogger(__name__)

Row = TypeVar("Row")

LIMIT = 500
"""Largest number of rows of each kind in one sweep."""
_ORDERS = "orders"
_FOLLOWED = "followed orders"
_OVERLAP = timedelta(minutes=5)
"""A transaction may commit with an ``updated_at`` older than rows that were read before it."""
_PAGES = 20
_BUDGET = timedelta(seconds=45)
"""No call is begun after this time, because the workers are shared with Saleor."""
_FIRST_LOOK_BACK = timedelta(days=1)
_OFFER_COOLDOWN = timedelta(hours=1)
_COVER_COOLDOWN = timedelta(minutes=10)
_JUST_CONFIRMED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SweepResult:
    """Number of rows that a sweep handled."""

    orders: int
    """Changed orders and orders that had failed before."""
    covers: int
    """Open or recently confirmed covers that had not changed for a while."""
    offers: int
    """Live offers that had not changed for a while."""
    events: int
    """Webhook notifications."""
    messages: int
    """Outbox messages."""


def sweep(clock: Clock, *, limit: int = LIMIT) -> SweepResult:
    """Sync changed orders, check idle covers and offers, and deliver due messages.

    A step that fails is logged and does not stop the others. Alarms are updated at the end in any
    case. ``limit`` bounds the rows of each kind.
    """
    try:
        heartbeats.begin(heartbeats.SWEEP, clock())
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # such as between an upgrade and its migration
        log_defect(log, "xcover.heartbeat.failed")
    try:
        result = _do_all(clock, limit)
        heartbeats.beat(heartbeats.SWEEP, clock(), asdict(result))
    finally:
        alarms.update_alarms(clock())
    return result


def _do_all(clock: Clock, limit: int) -> SweepResult:
    until = clock() + _BUDGET
    steps = _Steps(clock, limit)
    work = {
        "stock": partial(_stock_up, steps),
        "usage": partial(_clear_usage, steps),
        "helpers": partial(_call_helpers, clock, until),
        "failed orders": partial(_failed_orders, steps),
        "orders": partial(_changed_orders, steps),
        "orders without a row": partial(_unfollowed_orders, steps),
        "covers": partial(_resting_covers, steps),
        "offers": partial(_resting_offers, steps),
        "messages": partial(deliver_due, clock, limit=limit, until=until),
        "events": partial(handle_due, clock, limit=limit, until=until),
        "event runs": partial(advance_due, clock, limit=limit, until=until),
    }
    done = dict.fromkeys(work, 0)
    for name, step in work.items():
        with steps.failures.contain(name), suppress(_Blocked):
            done[name] = step()
    return SweepResult(
        orders=done["orders"] + done["failed orders"],
        covers=done["covers"],
        offers=done["offers"],
        messages=done["messages"],
        events=done["events"],
    )


class _Blocked(Exception):
    """Another session has locked a whole table; the rest of a step is left to the next sweep."""


class _Steps:
    """State that the steps of one sweep share."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self.clock, self.limit = clock, limit
        self.now = clock()
        self.failures = Failures(self.now)
        self._locks_of_rows = 0

    def sync_order(self, order_id: uuid.UUID, *, first: Callable[[], object] | None = None) -> None:
        """Sync one order, once per sweep; its failure is remembered and does not stop the others.

        ``first`` is called before, as part of the same work. Raise ``_Blocked`` if another session
        has locked a whole table.
        """
        self._require_tables()
        self._sync_order(order_id, first)
        self._require_tables()

    def _sync_order(self, order_id: uuid.UUID, first: Callable[[], object] | None = None) -> None:
        if (ORDER, str(order_id)) in self.failures.met:
            return
        label = partial(order_facts.number_of, order_id)
        with self.failures.contain(ORDER, order_id, label=label):
            if first is not None:
                first()
            sync_order(order_id, self.now)

    def _require_tables(self) -> None:
        """Raise ``_Blocked`` if a lock that was met since the last check is on a whole table."""
        busy = len(self.failures.busy)
        if busy == self._locks_of_rows:
            return
        if are_tables_locked():
            log.warning("xcover.sweep.cut_short")
            raise _Blocked
        self._locks_of_rows = busy

    def follow(self, order_id: uuid.UUID) -> None:
        """Sync a paid order that has no row, and record a failure if it still has none afterwards.

        An order whose rows are locked is not recorded as such. Raise ``_Blocked`` as ``sync_order``
        does.
        """
        self._require_tables()
        self._follow(order_id)
        self._require_tables()

    def _follow(self, order_id: uuid.UUID) -> None:
        label = partial(order_facts.number_of, order_id)
        with self.failures.contain(UNFOLLOWED, order_id, label=label):
            if order_facts.sold_without_row([order_id], at=self.now):
                self._sync_order(order_id)
                if (ORDER, str(order_id)) in self.failures.busy:
                    raise DatabaseBusy("its rows are held")
                if order_facts.sold_without_row([order_id], at=self.now):
                    raise NotFollowed


def _call_helpers(clock: Clock, until: datetime) -> int:
    call_helpers(clock(), until=until)
    return 0


def _stock_up(_steps: _Steps) -> int:
    """Stock the cover product in new warehouses, and correct stock rows that were changed."""
    with transaction.atomic():
        count = warehouses.stock_up()
    if count:
        log.warning("xcover.stock.mended", extra={"warehouses": count})
    return count


def _clear_usage(steps: _Steps) -> int:
    """Delete usage counters of past periods."""
    return allowances.clear(steps.now)


def _failed_orders(steps: _Steps) -> int:
    """Sync orders again that failed before: the mark has passed them."""
    waiting = due(ORDER, steps.now, steps.limit)
    for order_id in waiting:
        steps.sync_order(uuid.UUID(order_id))
    return len(waiting)


def _changed_orders(steps: _Steps) -> int:
    """Sync every order changed since the mark, page by page, up to ``_PAGES`` pages.

    The mark passes an order that failed, because its failure is remembered and it is tried again.
    It does not pass one whose failure could not be remembered, nor orders that were left out
    because another session has locked a whole table.
    """
    now, limit = steps.now, steps.limit
    mark = Watermark.objects.filter(name=_ORDERS).first()
    # Never from a time in the future: a clock that was ahead would hide orders.
    reached = min(mark.reached_at, now - _OVERLAP) if mark else now - _FIRST_LOOK_BACK
    count = 0
    for order_id in orders.with_unfollowed_tickets(reached, newest=limit):
        steps.sync_order(order_id)
    position = (reached, uuid.UUID(int=0))
    for _ in range(_PAGES):
        changed = orders.changed_after(position, until=now, limit=limit)
        ours = set(orders.with_our_traces([order_id for _, order_id in changed]))
        for changed_at, order_id in changed:
            if order_id not in ours:
                continue
            try:
                steps.sync_order(order_id)
            except _Blocked:
                _set_mark(reached, now)
                raise
            if not steps.failures.has_lost_one:
                reached = changed_at
        count += len(changed)
        is_last = len(changed) < limit
        position = (now, position[1]) if is_last else changed[-1]
        if not steps.failures.has_lost_one:
            reached = position[0]
        _set_mark(reached, now)  # after each page: a killed sweep loses one page at most
        if is_last:
            break
    return count


def _unfollowed_orders(steps: _Steps) -> int:
    """Sync paid orders that have a cover line and no row, which no other step would find.

    Each order is checked once, ``CONFIRMATION_GRACE`` after its last change; this step has a mark
    of its own. Orders that were found before are tried again.
    """
    lost = {uuid.UUID(key) for key in due(UNFOLLOWED, steps.now, steps.limit)}
    until = steps.now - CONFIRMATION_GRACE
    mark = Watermark.objects.filter(name=_FOLLOWED).first()
    reached = min(mark.reached_at, until) if mark else until - _FIRST_LOOK_BACK
    position = (reached, uuid.UUID(int=0))
    for _ in range(_PAGES):
        changed = orders.changed_after(position, until=until, limit=steps.limit)
        lost |= order_facts.sold_without_row([key for _, key in changed], at=steps.now)
        is_last = len(changed) < steps.limit
        position = (until, position[1]) if is_last else changed[-1]
        if is_last:
            break
    for order_id in sorted(lost):
        steps.follow(order_id)
    if not steps.failures.has_lost_one:
        _set_mark(position[0], until, name=_FOLLOWED)
    return 0


def _set_mark(reached: datetime, now: datetime, *, name: str = _ORDERS) -> None:
    """Save the mark, at least ``_OVERLAP`` ago, so that late commits are read again."""
    Watermark.objects.update_or_create(
        name=name, defaults={"reached_at": min(reached, now - _OVERLAP)}
    )


def _resting_covers(steps: _Steps) -> int:
    now = steps.now
    open_states = [CoverStatus.PLACED.value, CoverStatus.CONFIRMING.value]
    resting = Cover.objects.filter(
        # A refund may have come while the policy was being made.
        Q(status__in=open_states)
        | Q(status=CoverStatus.CONFIRMED.value, confirmed_at__gt=now - _JUST_CONFIRMED),
        updated_at__lt=now - _COVER_COOLDOWN,
    ).order_by("updated_at")
    covers = _free(resting.values_list("pk", "order_id")[: steps.limit])
    for pk, order_id in covers:
        to_the_end_of_the_row = partial(Cover.objects.filter(pk=pk).update, updated_at=now)
        steps.sync_order(order_id, first=to_the_end_of_the_row)
    return len(covers)


def _resting_offers(steps: _Steps) -> int:
    resting = Offer.objects.filter(
        order_id=None,
        status__in=[status.value for status in LIVE_OFFER_STATUSES],
        updated_at__lt=steps.now - _OFFER_COOLDOWN,
    ).order_by("updated_at")
    offers = _free(resting.values_list("pk", "checkout_token")[: steps.limit])
    order_ids = orders.ids_by_checkout(token for _, token in offers)
    for pk, token in offers:
        if token in order_ids:
            steps.sync_order(order_ids[token])
        else:
            with steps.failures.contain("offer", pk):
                _end_resting(pk, steps.now)
    return len(offers)


def _free(rows: QuerySet[Any, Row]) -> list[Row]:
    """Return the rows that no other session has locked."""
    with transaction.atomic():
        return list(rows.select_for_update(skip_locked=True))


def _end_resting(offer_id: int, now: datetime) -> None:
    """End an idle offer, unless it was accepted in a checkout that still exists."""
    is_waiting = False
    with transaction.atomic():
        offer = Offer.objects.select_for_update().get(pk=offer_id)
        is_live = offer.status in LIVE_OFFER_STATUSES
        if not is_live or offer.order_id or orders.ids_by_checkout([offer.checkout_token]):
            return  # it changed since it was read; its order is synced on its own
        if not checkouts.exists(offer.checkout_token):
            offer.transition_to(OfferStatus.ABANDONED, now)
        elif offer.status == OfferStatus.SELECTED:
            offer.save_fields(now)
            is_waiting = True
        else:
            offer.transition_to(OfferStatus.EXPIRED, now)
    if is_waiting:
        put_summary_right(offer.checkout_token)
