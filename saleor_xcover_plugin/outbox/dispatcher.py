"""Deliver outbox messages: claim one, call XCover outside any transaction, record the outcome.

Those about which nothing is out of the ordinary are delivered in batches first (``batches``).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from .. import installation
from ..clock import Clock
from ..config.settings import PluginSettings, SealedElsewhere, SettingsError
from ..domain.instance import Binding
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..host import configuration
from ..models import OutboxMessage
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError
from . import channel_moves, claims, other_store, registry, switches
from . import message_queue as outbox
from .batches import JUDGED_FOR, BatchDelivery
from .claims import ALL, Which
from .clients import client_for, rate_limited_transport
from .handlers import Attempt, BatchHandler, MessageHandler, NotDone, Outcome
from .outcomes import guarded, mark_error, park
from .rate_limit import CallDeferred, RateLimitedTransport, account_key

log = logging.getLogger(__name__)

KEY_COOLDOWN = timedelta(minutes=1)
"""Time until the next attempt after a process could not open the settings with its SECRET_KEY."""

_SHARE_OF_BATCHES = 0.8
"""Part of a limited time after which no batch is begun, so that the other messages get theirs."""


def deliver_due(
    clock: Clock,
    *,
    limit: int,
    which: Which = ALL,
    until: datetime | None = None,
) -> int:
    """Deliver up to ``limit`` due messages, most urgent first; return how many were tried.

    No message is begun after ``until`` (UTC). Delivery stops early when the allowed rate is used
    up. Nothing is sent and no message is changed in a database that belongs to another store.
    """
    delivery = _Delivery(clock, limit, which, until)
    while delivery.may_go_on():
        due = claims.due_kinds(clock(), which)
        if not (due and delivery.deliver(due)):
            break
    return delivery.count


class _Delivery:
    """Looks for what is due and delivers it, again and again."""

    def __init__(self, clock: Clock, limit: int, which: Which, until: datetime | None) -> None:
        self.count = 0
        """Number of messages that were tried."""
        self._clock, self._limit, self._which, self._until = clock, limit, which, until
        self._batches_end_at = until and clock() + (until - clock()) * _SHARE_OF_BATCHES
        self._alone: set[int] = set()
        self._handlers: Collection[BatchHandler] | None = None

    def may_go_on(self) -> bool:
        """Return True if another message may be begun."""
        is_over = self._until is not None and self._clock() >= self._until
        return self.count < self._limit and not is_over

    def deliver(self, due: Sequence[str]) -> bool:
        """Deliver messages of these kinds; return False if it is no use to look again."""
        handlers = self._batch_handlers()
        if handlers is None:
            return False
        before, kinds = self.count, set(due)
        are_all = len(due) < claims.MANY
        for handler in handlers:
            if are_all and handler.kind not in kinds:
                continue
            if not self._deliver_in_batches(handler):
                return False
        in_batches = {handler.kind for handler in handlers}
        has_others = not are_all or bool(self._alone) or bool(kinds - in_batches)
        if (has_others or self.count == before) and not self._deliver_others(in_batches):
            return False
        return self.count > before

    def _batch_handlers(self) -> Collection[BatchHandler] | None:
        """Return the handlers of batches; None if the database belongs to another store."""
        if self._handlers is None:
            store = installation.found()
            if installation.binding_of(store) == Binding.ELSEWHERE:
                return None
            # Each message of a copied database is looked at alone: is it about the other store's?
            is_copied = store is not None and store.copied_at is not None
            self._handlers = [] if is_copied else registry.batch_handlers()
        return self._handlers

    def _deliver_in_batches(self, handler: BatchHandler) -> bool:
        """Deliver the ordinary messages of a kind; return False when the rate is used up."""
        batches = BatchDelivery(handler, self._clock)
        left = self._limit - self.count
        batches.run(limit=left, which=self._which, until=self._batches_end_at)
        self.count += batches.tried
        self._alone |= batches.alone
        return not batches.is_busy

    def _deliver_others(self, in_batches: Collection[str]) -> bool:
        """Deliver all other messages, one by one; return False when the rate is used up."""
        while self.may_go_on():
            claimed = claims.claim(
                self._clock(),
                limit=1,
                which=self._which,
                but_plain=sorted(in_batches),  # what comes meanwhile waits for a batch
                alone=self._alone,
            )
            if not claimed:
                return True
            self.count += 1
            if not _deliver(claimed[0], self._clock):
                return False  # other workers use up the rate, and they empty the same outbox
        return True


def _deliver(message: OutboxMessage, clock: Clock) -> bool:
    """Deliver one claimed message, or park it if it is poison.

    Return False when the allowed rate is used up.
    """
    if outbox.is_poison(message):
        _park_poison(message, clock())
        return True
    with guarded(message, clock):
        if other_store.is_about(message):
            park(message, ReasonCode.OTHER_STORE, other_store.SENTENCE, clock())
            return True
        return _attempt(registry.handler_of(message.kind), message, clock)
    return True


def _park_poison(message: OutboxMessage, now: datetime) -> None:
    """Park a message whose attempts ended with a crash each; only a replay tries it again."""
    log.error("xcover.delivery.poison", extra={"outbox_message": message.pk})
    sentence = (
        f"{message.crash_count} workers in a row died while they called XCover "
        f"({message.kind.replace('_', ' ')}, message {message.pk}). Look at their logs (memory, "
        "time limits), then replay it."
    )
    park(message, ReasonCode.POISON, sentence, now)


def _defer(message: OutboxMessage, deferred: CallDeferred, now: datetime) -> None:
    """Defer a message that was not sent; while the breaker is open, all due ones of its channel."""
    with transaction.atomic():
        current = outbox.lock(message)
        if current is not None:
            outbox.defer(current, deferred.until, now)
    if not deferred.is_busy:
        claims.defer_due(message.channel_id, deferred.until, now)


def _wait_for_key(message: OutboxMessage, error: SealedElsewhere, now: datetime) -> None:
    """Defer a message that only a process with the right SECRET_KEY can send."""
    log.error("xcover.settings.incomplete", extra={"field": error.field})
    with transaction.atomic():
        current = outbox.lock(message)
        if current is not None:
            outbox.defer(current, now + KEY_COOLDOWN, now)


def _settings_for(
    handler: MessageHandler, message: OutboxMessage, clock: Clock
) -> PluginSettings | None:
    """Return the settings of the message's channel; None when it has to wait for usable ones.

    The message is then moved to the order's present channel, deferred or parked.
    """
    try:
        return configuration.settings_of(message.channel_id)
    except SettingsError as error:
        if channel_moves.follow_moved_order(message, handler.order_of(message), clock()):
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


def _attempt(handler: MessageHandler, message: OutboxMessage, clock: Clock) -> bool:
    """Make one attempt; return False when the allowed rate is used up."""
    settings = _settings_for(handler, message, clock)
    if settings is None:
        return True
    if switches.is_held(settings, message.kind):
        switches.hold([message], settings, clock())
        return True
    account = account_key(settings)
    if outbox.is_of_other_account(message, account):
        park(message, ReasonCode.OTHER_ACCOUNT, _OTHER_ACCOUNT, clock())
        return True
    transport = rate_limited_transport(settings)
    try:
        attempt = _prepare(handler, message, transport, clock)
        outcome = None
        if attempt is not None:
            client = client_for(settings, transport)
            outcome = _carry_out(message, attempt, client, account, clock)
    except CallDeferred as deferred:
        _defer(message, deferred, clock())
        return not deferred.is_busy
    finally:
        transport.give_back()
    if isinstance(outcome, NotDone):
        outbox.mark_not_done(message, Sending.DEFINITELY_REFUSED, clock())
        return _attempt(handler, message, clock)
    if attempt is not None:
        handler.record(message, outcome, clock())
    order_id = handler.order_of(message)
    if order_id is not None:
        # Take in a refund or payment that came while the call was under way.
        registry.sync_order(order_id, clock())
    return True


def _prepare(
    handler: MessageHandler, message: OutboxMessage, transport: RateLimitedTransport, clock: Clock
) -> Attempt | None:
    """Prepare an attempt and wait for its turn; prepare it again if it is too old by then.

    Raise ``CallDeferred`` when no turn comes; nothing is marked as sent then.
    """
    attempt = handler.prepare(message, clock())
    if attempt is None:
        return None
    judged_at = clock()
    transport.take_turn(handler.operation)
    if clock() - judged_at > JUDGED_FOR:
        attempt = handler.prepare(message, clock())
    return attempt


def _carry_out(
    message: OutboxMessage, attempt: Attempt, client: XCoverClient, account: str, clock: Clock
) -> Outcome:
    """Mark the message as sent, make the call, and record a refusal; return the outcome.

    Raise ``CallDeferred`` when a look-up that follows the call is deferred; the outcome of the call
    stays unknown then.
    """
    before = Sending.OUTCOME_UNKNOWN if message.is_bound else Sending(message.sending)
    is_first = before != Sending.OUTCOME_UNKNOWN and attempt.body is not None
    if is_first and not _mark_sent(message, attempt, account, clock()):
        return None  # another worker has taken the message over: nothing will be recorded
    try:
        return attempt.call(client)
    except CallDeferred:
        raise
    except XCoverError as error:
        mark_error(message, before, attempt, error, clock())
        return error


def _mark_sent(message: OutboxMessage, attempt: Attempt, account: str, now: datetime) -> bool:
    with transaction.atomic():
        if attempt.leaving is not None:  # lock order: rows of the cover before the message
            attempt.leaving(now)
        is_ours = outbox.mark_sent(message, attempt.body or b"", account, now)
        if not is_ours:
            transaction.set_rollback(True)
    return is_ours
