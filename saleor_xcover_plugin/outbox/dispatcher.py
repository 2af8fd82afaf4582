"""Deliver outbox messages: claim one, call XCover outside any transaction, record the outcome.

Those about which nothing is out of the ordinary are delivered in batches first (``batches``).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from .. import installation
from ..clock import Clock
from ..config.settings import PluginSettings, SealedElsewhere, SettingsError
from ..domain.instance import Binding
from ..domain.messages import LEADING_ON
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
    return _Delivery(clock, limit, which, until).run()


class _Delivery:
    """Delivers what is due, and what that leads to.

    Ordinary messages that are added meanwhile are left, so that the sales of a rush gather.
    """

    def __init__(self, clock: Clock, limit: int, which: Which, until: datetime | None) -> None:
        self._count = 0
        """Number of messages that were tried."""
        self._clock, self._limit, self._which, self._until = clock, limit, which, until
        self._batches_end_at = until and clock() + (until - clock()) * _SHARE_OF_BATCHES
        self._alone: set[int] = set()
        """Primary keys of messages that batches gave back."""

    def run(self) -> int:
        """Deliver, and return how many messages were tried."""
        due = self._look()
        handlers = _batch_handlers() if due else None
        while due and handlers is not None:
            before = self._count
            may_go_on = self._deliver(due, handlers)
            leads_on = due.has_others or not LEADING_ON.isdisjoint(due.plain_kinds)
            if not (may_go_on and leads_on) or self._count == before:
                break
            due = self._look()
        return self._count

    def _deliver(self, due: claims.Due, handlers: Collection[BatchHandler]) -> bool:
        """Deliver what was found due; return False when the rate is used up."""
        for handler in handlers:
            if handler.kind in due.plain_kinds and not self._deliver_in_batches(handler):
                return False
        if due.has_others or self._alone or not handlers:
            return self._deliver_others([handler.kind for handler in handlers])
        return True

    def _look(self) -> claims.Due | None:
        if not self._may_go_on():
            return None
        return claims.look(self._clock(), self._which, registry.batch_kinds())

    def _may_go_on(self) -> bool:
        """Return True if another message may be begun."""
        is_over = self._until is not None and self._clock() >= self._until
        return self._count < self._limit and not is_over

    def _deliver_in_batches(self, handler: BatchHandler) -> bool:
        """Deliver the ordinary messages of a kind; return False when the rate is used up."""
        batches = BatchDelivery(handler, self._clock)
        left = self._limit - self._count
        batches.run(limit=left, which=self._which, until=self._batches_end_at)
        self._count += batches.tried
        self._alone |= batches.alone
        return not batches.is_busy

    def _deliver_others(self, in_batches: Collection[str]) -> bool:
        """Deliver all other messages, one by one; return False when the rate is used up.

        Ordinary messages of the kinds ``in_batches`` that come meanwhile are left for a batch.
        """
        while self._may_go_on():
            claimed = claims.claim(
                self._clock(),
                limit=1,
                which=self._which,
                but_plain=in_batches,
                alone=self._alone,
            )
            if not claimed:
                return True
            self._count += 1
            if not _deliver(claimed[0], self._clock):
                return False  # other workers use up the rate, and they empty the same outbox
        return True


def _batch_handlers() -> Collection[BatchHandler] | None:
    """Return new handlers of batches; None if the database belongs to another store.

    Each message of a copied database is delivered alone: it may be about the other store's order.
    """
    store = installation.found()
    if installation.binding_of(store) == Binding.ELSEWHERE:
        return None
    is_copied = store is not None and store.copied_at is not None
    return [] if is_copied else registry.batch_handlers()


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
        "time limits), then try again."
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


_WAY_BACK = (
    "Set its address, partner code and keys again, and what waits goes on by itself. If it is the "
    "same account under a new address or partner code: manage.py xcover_account --moved. Otherwise "
    "ask Cover Genius."
)
_LOST_ELSEWHERE = (
    "This was sent to another XCover account than the one that is set now, and its answer was "
    f"lost: only that account can say what became of it. {_WAY_BACK}"
)
_OFFERED_ELSEWHERE = (
    "Another XCover account than the one that is set now made the offer, and only that one knows "
    f"it. Nothing was sent. {_WAY_BACK}"
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
        sentence = _LOST_ELSEWHERE if message.is_unknown else _OFFERED_ELSEWHERE
        park(message, ReasonCode.OTHER_ACCOUNT, sentence, clock())
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
