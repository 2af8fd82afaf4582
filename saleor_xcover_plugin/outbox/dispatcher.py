"""Drain the outbox: claim one message, call XCover outside any transaction, record the answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from .. import installation
from ..clock import Clock
from ..config.settings import PluginSettings, SealedElsewhere, SettingsError
from ..defect_log import log_defect
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending, sending_after
from ..host import configuration
from ..models import OutboxMessage
from ..time_limits import DatabaseBusy, busy_sentence
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError
from . import channel_moves, other_store, registry
from . import store as outbox
from .clients import client_for, rate_limited_transport
from .handlers import Attempt, MessageHandler, NotDone, Outcome
from .rate_limit import CallDeferred, RateLimitedTransport, account_key
from .task_queue import DRAIN_TASK, has_broker, send_task

log = logging.getLogger(__name__)

KEY_COOLDOWN = timedelta(minutes=1)
"""Until a message is tried again that met a process with another SECRET_KEY."""

JUDGED_FOR = timedelta(milliseconds=250)
"""A judgement older than this when the turn has come is made again. What changes within it counts
as having changed while the call was under way."""


def deliver_due(
    clock: Clock,
    *,
    limit: int,
    only: Sequence[int] | None = None,
    until: datetime | None = None,
) -> int:
    """Deliver up to ``limit`` due messages, most urgent first; return how many were tried.

    After ``until`` no further message is begun. In a database that belongs to another store none
    is touched: all wait as they are.
    """
    if installation.is_elsewhere():
        return 0
    count = 0
    while count < limit and (until is None or clock() < until):
        claimed = outbox.claim(clock(), limit=1, only=only)
        if not claimed:
            break
        count += 1
        if not _deliver(claimed[0], clock):
            break  # the rate is used up by others, who empty the same outbox
    return count


def _deliver(message: OutboxMessage, clock: Clock) -> bool:
    """Deliver one claimed message; a poison message is put aside and blocks nobody.

    Return False when the allowed rate is used up.
    """
    if outbox.is_poison(message):
        _park_poison(message, clock())
        return True
    try:
        if other_store.is_about(message):
            _park(message, ReasonCode.OTHER_STORE, other_store.SENTENCE, clock())
            return True
        return _attempt(registry.handler_of(message.kind), message, clock)
    except SoftTimeLimitExceeded:
        raise
    except DatabaseBusy as busy:
        log.warning(
            "xcover.delivery.busy", extra={"outbox_message": message.pk, "reason": str(busy)}
        )
        _leave_for_later(message, clock())
        return True
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=message.pk)
        sentence = "An unexpected error was logged under saleor_xcover_plugin"
        if not _plan_again(message, f"{sentence}.", clock()):
            _park(
                message,
                ReasonCode.UNEXPECTED,
                f"{sentence}; nothing more is sent before a replay.",
                clock(),
            )
        return True


def _leave_for_later(message: OutboxMessage, now: datetime) -> None:
    """Plan another attempt. Where even that must wait, the end of the lease brings it."""
    try:
        if _plan_again(message, busy_sentence(), now):
            return
        _park(
            message,
            ReasonCode.UNEXPECTED,
            busy_sentence("Nothing more is sent before a replay."),
            now,
        )
    except DatabaseBusy as busy:
        log.warning(
            "xcover.delivery.busy", extra={"outbox_message": message.pk, "reason": str(busy)}
        )


def _plan_again(message: OutboxMessage, sentence: str, now: datetime) -> bool:
    """Return False when no attempt is left."""
    with transaction.atomic():
        current = outbox.lock(message)
        return current is None or outbox.retry_later(current, sentence, now)


def _park_poison(message: OutboxMessage, now: datetime) -> None:
    """Nobody tries it again before a person has looked."""
    log.error("xcover.delivery.poison", extra={"outbox_message": message.pk})
    sentence = (
        f"{message.crash_count} workers in a row died while they called XCover "
        f"({message.kind.replace('_', ' ')}, message {message.pk}). Look at their logs (memory, "
        "time limits), then replay it."
    )
    _park(message, ReasonCode.POISON, sentence, now)


def _park(message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
    """Put the message aside, and what it is about; at least the message, whatever is broken."""
    try:
        registry.handler_of(message.kind).park(message, code, sentence, now)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=message.pk)
        with transaction.atomic():
            current = outbox.lock(message)
            if current is not None:
                outbox.park(current, sentence, now, reason=code)


def _hold_back(message: OutboxMessage, held: CallDeferred, now: datetime) -> None:
    """Nothing was sent. While XCover does not answer, all due messages wait with this one."""
    with transaction.atomic():
        current = outbox.lock(message)
        if current is not None:
            outbox.defer(current, held.until, now)
    if not held.is_busy:
        outbox.defer_due(message.channel_id, held.until, now)


def _wait_for_key(message: OutboxMessage, error: SealedElsewhere, now: datetime) -> None:
    """Nothing is wrong with the message, and a process with the right SECRET_KEY can send it."""
    log.error("xcover.settings.incomplete", extra={"field": error.field})
    with transaction.atomic():
        current = outbox.lock(message)
        if current is not None:
            outbox.defer(current, now + KEY_COOLDOWN, now)


def _settings_for(
    delivery: MessageHandler, message: OutboxMessage, clock: Clock
) -> PluginSettings | None:
    """Return the settings of the message's channel; None when it has to wait for usable ones."""
    try:
        return configuration.settings_of(message.channel_id)
    except SettingsError as error:
        if channel_moves.follow_moved_order(message, delivery.order_of(message), clock()):
            return None
        if isinstance(error, SealedElsewhere):
            _wait_for_key(message, error, clock())
            return None
        with transaction.atomic():
            current = outbox.lock(message)
            if current is not None:
                outbox.park(
                    current,
                    f"The plugin's configuration is incomplete: {error}",
                    clock(),
                    reason=ReasonCode.CREDENTIALS_REFUSED,
                )
        return None


_OTHER_ACCOUNT = (
    "This was sent to another XCover account than the one that is set now, and its answer was "
    "lost: only that account can say what became of it. Set its address, "
    "partner code and keys again, and what waits goes on by itself; or ask Cover Genius."
)


def _attempt(delivery: MessageHandler, message: OutboxMessage, clock: Clock) -> bool:
    """Make one attempt; return False when the allowed rate is used up."""
    settings = _settings_for(delivery, message, clock)
    if settings is None:
        return True
    account = account_key(settings)
    if outbox.is_of_other_account(message, account):
        _park(message, ReasonCode.OTHER_ACCOUNT, _OTHER_ACCOUNT, clock())
        return True
    transport = rate_limited_transport(settings)
    try:
        attempt = _judged(delivery, message, transport, clock)
        outcome = None
        if attempt is not None:
            client = client_for(settings, transport)
            outcome = _carry_out(message, attempt, client, account, clock)
    except CallDeferred as held:
        _hold_back(message, held, clock())
        return not held.is_busy
    finally:
        transport.give_back()
    if isinstance(outcome, NotDone):
        outbox.mark_not_done(message, Sending.DEFINITELY_REFUSED, clock())
        return _attempt(delivery, message, clock)
    if attempt is not None:
        delivery.record(message, outcome, clock())
    order_id = delivery.order_of(message)
    if order_id is not None:
        # A refund or payment that came while the call was under way is judged now.
        registry.sync_order(order_id, clock())
    return True


def _judged(
    delivery: MessageHandler, message: OutboxMessage, transport: RateLimitedTransport, clock: Clock
) -> Attempt | None:
    """Judge the message and wait for its turn; judge it again when that took long.

    Raise ``CallDeferred``. Nothing is marked as sent by then.
    """
    attempt = delivery.prepare(message, clock())
    if attempt is None:
        return None
    judged_at = clock()
    transport.take_turn(delivery.operation)
    if clock() - judged_at > JUDGED_FOR:
        attempt = delivery.prepare(message, clock())
    return attempt


def _carry_out(
    message: OutboxMessage, attempt: Attempt, client: XCoverClient, account: str, clock: Clock
) -> Outcome:
    """Make the call, and keep what is known of it: before it leaves, and after it was refused.

    Raise ``CallDeferred`` where a look-up after the call is held back; its outcome is then unknown.
    """
    before = Sending.OUTCOME_UNKNOWN if message.is_bound else Sending(message.sending)
    is_first = before != Sending.OUTCOME_UNKNOWN and attempt.body is not None
    if is_first and not _mark_sent(message, attempt, account, clock()):
        return None  # another worker has it by now, and nothing will be recorded
    try:
        return attempt.call(client)
    except CallDeferred:
        raise
    except XCoverError as error:
        after = sending_after(
            before,
            left=not error.never_left,
            was_turned_away=error.was_turned_away,
            # What answers a question only says nothing about the call.
            shows_not_done=error.shows_not_done and attempt.body is not None,
        )
        if after != Sending.OUTCOME_UNKNOWN:
            outbox.mark_not_done(message, after, clock())
        return error


def _mark_sent(message: OutboxMessage, attempt: Attempt, account: str, now: datetime) -> bool:
    with transaction.atomic():
        if attempt.leaving is not None:  # rows of the cover are locked before the message
            attempt.leaving(now)
        is_ours = outbox.mark_sent(message, attempt.body or b"", account, now)
        if not is_ours:
            transaction.set_rollback(True)
    return is_ours


# Empty a long outbox with several workers, without keeping Saleor's own work waiting.
#
# One chain of short tasks per helper: each delivers for a few seconds and then queues up behind
# whatever came meanwhile, such as the confirmation of a sale made just now.

pass

TURN = timedelta(seconds=5)
LIMIT = 200
MAX_HELPERS = 8
_WORTH_A_HELPER = 50
"""Messages due for each helper that is called."""


def call_helpers(now: datetime, *, until: datetime) -> int:
    """Wake workers when more is due than one empties soon; return how many were called."""
    if not has_broker():
        return 0
    due = outbox.due_count(now, limit=_WORTH_A_HELPER * MAX_HELPERS)
    helpers = due // _WORTH_A_HELPER
    for _ in range(helpers):
        send_task(DRAIN_TASK, until.isoformat())
    return helpers


def drain(clock: Clock, *, until: datetime) -> int:
    """Deliver for one turn, and queue up again while there is more to do before ``until``."""
    ends_at = min(clock() + TURN, until)
    count = deliver_due(clock, limit=LIMIT, until=ends_at)
    is_unfinished = count == LIMIT or clock() >= ends_at
    if is_unfinished and clock() < until and has_broker():
        send_task(DRAIN_TASK, until.isoformat())
    return count
