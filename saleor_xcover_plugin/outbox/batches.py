"""Deliver messages of one kind in batches: judge many at once, call in threads, store as they come.

One database session serves all calls of a process, because the threads only call. A batch takes its
turns of the agreed rate together, and each call leaves at its own. Messages about which anything is
out of the ordinary are given back and delivered alone (``dispatcher``). The reasons are in
docs/adr/0029-confirmations-in-batches.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from celery.exceptions import SoftTimeLimitExceeded

from ..clock import Clock
from ..config.settings import PluginSettings, SettingsError
from ..defect_log import log_defect
from ..domain.rates import LATE
from ..host import configuration
from ..models import OutboxMessage
from ..time_limits import DatabaseBusy
from ..xcover.errors import XCoverAlreadyBooked, XCoverError, XCoverUnavailable
from ..xcover.transport import Request, Response
from . import claims, registry, switches
from . import message_queue as outbox
from .claims import Which
from .clients import rate_limited_transport, recording_client
from .handlers import Attempt, BatchHandler, Outcome
from .outcomes import finish
from .rate_limit import CallDeferred, Permit, RateLimitedTransport, account_key

log = logging.getLogger(__name__)

BATCH = 20
"""Most messages that are claimed and judged together."""

THREADS = 20
"""Most calls under way in one process."""

GROUP = 10
"""Messages judged together at most, and threads that are free before more are judged.

More calls than these, with turns close to each other, would get under way too late for them.
"""

_GATHERED = 0.02
"""Most seconds that what has arrived waits for more, to be stored in one transaction."""

_PAUSE = 0.005
"""Seconds without another arrival after which none is waited for."""

LEAD = timedelta(milliseconds=40)
"""Least time from taking turns to the first of them, in which the messages are judged."""

MAX_LEAD = timedelta(seconds=1)

JUDGED_IN = timedelta(milliseconds=150)
"""Longest time that a judgement should take; orders with hundreds of lines are judged in fewer."""

_START = timedelta(milliseconds=15)
"""Time in which the threads of some calls get under way."""

RESERVED = timedelta(milliseconds=50)
"""Longest time between the first and the last turn that are taken together.

Shoppers' offers share the rate of confirmations and hardly wait: longer, they would find it
reserved. Turns that no offer could have are taken for as long as one judgement lasts.
"""

JUDGED_AHEAD = timedelta(milliseconds=150)
"""Longest time before its turn at which a message is judged."""

JUDGED_FOR = timedelta(milliseconds=250)
"""Longest age of a judgement when the call leaves.

A change within this time is treated like a change while the call was under way.
"""


class TurnMissed(XCoverUnavailable):
    """The call was not made, because its turn had passed or its judgement was too old."""

    def __init__(self) -> None:
        super().__init__("the turn was missed", never_left=True)


class _Defect(XCoverUnavailable):
    """The call ended with a defect of ours; its outcome is unknown."""

    def __init__(self) -> None:
        super().__init__("the call ended with a defect")


@dataclass(frozen=True, slots=True)
class _Account:
    """An account that is called with the settings of one channel."""

    settings: PluginSettings
    key: str
    limiter: RateLimitedTransport


@dataclass(frozen=True, slots=True)
class _Turn:
    """A claimed message with its turn; it is judged shortly before."""

    message: OutboxMessage
    account: _Account
    permit: Permit
    leaves_at: float
    """``time.monotonic()`` of the turn: what is waited for must not move with the wall clock."""

    @classmethod
    def of(cls, message: OutboxMessage, account: _Account, permit: Permit) -> _Turn:
        """Return the turn; the permit's time is one of the account's clock."""
        ahead = (permit.leaves_at - account.limiter.clock()).total_seconds()
        return cls(message, account, permit, time.monotonic() + ahead)

    @property
    def ahead(self) -> timedelta:
        """The time until the turn; negative when it has passed."""
        return timedelta(seconds=self.leaves_at - time.monotonic())


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A call that ended, with its result or error."""

    turn: _Turn
    attempt: Attempt
    outcome: Outcome
    request: Request | None
    """The request, if one was sent."""
    came: Response | XCoverError | None
    """The response, or the error of the network, if a request was sent."""


class BatchDelivery:
    """Deliver the due messages of one kind until none is left for a batch."""

    def __init__(self, handler: BatchHandler, clock: Clock) -> None:
        self._handler, self._clock = handler, clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="xcover-batch")
        self._claimed: list[tuple[_Account, Sequence[OutboxMessage]]] = []
        """Messages that have no turn yet."""
        self._turns: list[_Turn] = []
        self._last_turn_at = 0.0
        """``time.monotonic()`` of the last turn that was taken."""
        self._left = 0
        """Number of messages that may still be claimed."""
        self._calls: set[Future[_Arrival]] = set()
        self.alone: set[int] = set()
        """Primary keys of messages that were given back, to be delivered alone."""
        self._missed: set[int] = set()
        """Messages whose call missed its turn once; the second time they go alone."""
        self._lead = LEAD
        self._group = GROUP
        """Most messages that are judged together, as long as the last judgement took."""
        self.tried = 0
        """Number of calls that were made."""
        self.is_busy = False
        """True once the allowed rate was used up."""
        self._is_drained = False
        self._recorded_lately: set[int] = set()
        """Messages that are stored, and whose orders are still to be looked at again."""

    def run(self, *, limit: int, which: Which, until: datetime | None) -> None:
        """Deliver up to ``limit`` messages; claim none after ``until`` (UTC)."""
        self._left = limit
        try:
            while True:
                if until is not None and self._clock() >= until:
                    self._left = 0
                    self._let_go()
                elif self._may_claim() and not self._turns:
                    self._left -= self._claim(min(BATCH, self._left), which)
                self._take_turns()
                self._judge()
                if not (self._calls or self._turns or self._claimed):
                    self._take_in_changes()
                    return
                self._settle(self._arrivals())
        finally:
            # After an exception a call may be under way: its message stays leased.
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _may_claim(self) -> bool:
        is_free = not self._claimed and self._free_threads() >= GROUP
        return is_free and self._left > 0 and not (self._is_drained or self.is_busy)

    def _free_threads(self) -> int:
        return THREADS - len(self._calls)

    def _claim(self, limit: int, which: Which) -> int:
        """Claim messages and return how many."""
        try:
            messages = claims.claim_plain(
                self._handler.kind, self._clock(), limit=limit, which=which, but=self.alone
            )
        except DatabaseBusy as busy:  # what is under way is stored all the same
            log.warning("xcover.delivery.busy", extra={"reason": str(busy)})
            messages = []
        self._is_drained = len(messages) < limit
        by_channel = sorted(messages, key=lambda message: message.channel_id)
        for channel_id, group in groupby(by_channel, key=lambda message: message.channel_id):
            self._queue_up(channel_id, list(group))
        return len(messages)

    def _queue_up(self, channel_id: int, messages: Sequence[OutboxMessage]) -> None:
        try:
            settings = configuration.settings_of(channel_id)
        except SettingsError:
            self._leave_alone(messages)
            return
        if switches.is_held(settings, self._handler.kind):
            switches.hold(messages, settings, self._clock())
            return
        key = account_key(settings)
        own = [message for message in messages if not outbox.is_of_other_account(message, key)]
        self._leave_alone([message for message in messages if message not in own])
        if own:
            account = _Account(settings, key, rate_limited_transport(settings))
            self._claimed.append((account, own))

    def _take_turns(self) -> None:
        """Take the next few turns of claimed messages, which are judged shortly before."""
        while self._claimed and not self._turns and self._free_threads() >= GROUP:
            account, messages = self._claimed.pop(0)
            shares = account.limiter.shares_with_offers(self._handler.operation)
            try:
                permits = account.limiter.take_turns(
                    self._handler.operation,
                    min(len(messages), self._group),
                    lead=self._lead,
                    within=RESERVED if shares else JUDGED_AHEAD - LEAD,
                )
            except CallDeferred as deferred:
                self._defer(messages, deferred)
                continue
            pairs = zip(messages, permits, strict=False)
            self._turns = [_Turn.of(message, account, permit) for message, permit in pairs]
            self._last_turn_at = self._turns[-1].leaves_at
            if rest := messages[len(permits) :]:
                self._claimed.insert(0, (account, rest))

    def _let_go(self) -> None:
        """Give back what has no turn yet, because the time is over."""
        for _, messages in self._claimed:
            now = self._clock()
            outbox.give_back(messages, now, until=now)
        self._claimed = []

    def _defer(self, messages: Sequence[OutboxMessage], deferred: CallDeferred) -> None:
        """Defer messages that were not sent; while the breaker is open, all of their channel."""
        now = self._clock()
        # Soon over: one has looked and waits, the others stay due.
        waits = 1 if deferred.is_busy else len(messages)
        outbox.give_back(messages[:waits], now, until=deferred.until)
        outbox.give_back(messages[waits:], now, until=now)
        if deferred.is_busy:
            self.is_busy = True
        else:
            claims.defer_due(messages[0].channel_id, deferred.until, now)

    def _leave_alone(self, messages: Collection[OutboxMessage]) -> None:
        """Give messages back, to be delivered alone."""
        self.alone.update(message.pk for message in messages)
        now = self._clock()
        outbox.give_back(messages, now, until=now)

    # Judging and calling.

    def _judge(self) -> None:
        """Judge the messages whose turns are near, and start their calls.

        Turns are only taken for threads that are free, and all of one account.
        """
        if not self._turns or self._ahead_of_judging() > timedelta(0):
            return
        turns, self._turns = self._turns, []
        began = time.monotonic()
        attempts = self._prepared(turns)
        self._plan_next(len(turns), timedelta(seconds=time.monotonic() - began))
        for turn in turns:
            if turn.message.pk in attempts:
                self._start(turn, attempts[turn.message.pk], began)
            else:
                turn.account.limiter.unused(turn.permit)
        self._leave_alone([t.message for t in turns if t.message.pk not in attempts])

    def _plan_next(self, count: int, took: timedelta) -> None:
        """Choose lead and size of the next judgement by the last one, of so many messages."""
        self._lead = min(max(LEAD, took * 2 + _START), MAX_LEAD)
        each = max(took / count, timedelta(microseconds=1))
        self._group = max(min(JUDGED_IN // each, GROUP), 1)

    def _ahead_of_judging(self) -> timedelta:
        """Return the time until the turns that were taken may all be judged."""
        return self._turns[-1].ahead - JUDGED_AHEAD

    def _prepared(self, turns: Sequence[_Turn]) -> dict[int, Attempt]:
        messages, key = [turn.message for turn in turns], turns[0].account.key
        with _logged(messages[0].pk):
            return self._handler.prepare(messages, key, self._clock())
        return {}

    def _start(self, turn: _Turn, attempt: Attempt, judged_at: float) -> None:
        self.tried += 1
        self._calls.add(self._threads.submit(_call_at_turn, turn, attempt, judged_at))

    # Storing what came.

    def _arrivals(self) -> list[_Arrival]:
        """Wait for the next arrivals, but not beyond the time to judge or to take further turns.

        Those that arrive within moments of each other are returned together.
        """
        seconds = self._seconds_to_wait()
        if not self._calls:
            time.sleep(seconds or 0.0)
            return []
        done = self._done(seconds)
        gathered_at = time.monotonic() + _GATHERED
        while done and self._calls and not self._turns and time.monotonic() < gathered_at:
            more = self._done(_PAUSE)
            if not more:
                break
            done |= more
        return [future.result() for future in done]

    def _seconds_to_wait(self) -> float | None:
        """Return the seconds until there is something to do; None if only an arrival can bring it.

        Further turns are taken when the last one is near. At a low rate each is the only one that
        may be taken at a time, and who waited for its call to end would send one after the other.
        """
        if self._turns:
            return max(self._ahead_of_judging().total_seconds(), 0.0)
        has_more = bool(self._claimed) and self._free_threads() >= GROUP
        if not (has_more or self._may_claim()):
            return None
        return max(self._last_turn_at - self._lead.total_seconds() - time.monotonic(), 0.0)

    def _done(self, seconds: float | None) -> set[Future[_Arrival]]:
        """Wait for the next calls to end, ``seconds`` at most, and return those that did."""
        done, self._calls = wait(self._calls, timeout=seconds, return_when=FIRST_COMPLETED)
        return done

    def _settle(self, arrivals: Sequence[_Arrival]) -> None:
        """Store what came of the calls: the ordinary ones together, each other one alone."""
        for arrival in arrivals:
            self._note(arrival)
        good = {
            arrival.turn.message.pk: arrival.outcome
            for arrival in arrivals
            if not isinstance(arrival.outcome, XCoverError)
        }
        recorded = self._recorded(good) if good else set()
        for arrival in arrivals:
            if arrival.turn.message.pk not in recorded:
                self._handler.forget(arrival.turn.message.pk)
                if not isinstance(arrival.outcome, TurnMissed):
                    self._settle_alone(arrival)
        missed = [a.turn for a in arrivals if isinstance(a.outcome, TurnMissed)]
        if missed:
            self._queue_up_again(missed)
        self._recorded_lately |= recorded
        if len(self._recorded_lately) >= BATCH:
            self._take_in_changes()

    def _take_in_changes(self) -> None:
        """Sync the orders that changed while their call was under way, a batch at a time."""
        recorded, self._recorded_lately = self._recorded_lately, set()
        if not recorded:
            return
        for message_id, order_id in self._handler.changed(recorded).items():
            with _logged(message_id):
                registry.sync_order(order_id, self._clock())

    @staticmethod
    def _note(arrival: _Arrival) -> None:
        limiter, permit = arrival.turn.account.limiter, arrival.turn.permit
        if arrival.request is None or arrival.came is None:
            limiter.unused(permit)
        else:
            limiter.note(permit, arrival.request, arrival.came)

    def _recorded(self, outcomes: dict[int, Outcome]) -> set[int]:
        with _logged(next(iter(outcomes))):
            return self._handler.record(outcomes, self._clock())
        return set()

    def _queue_up_again(self, missed: Sequence[_Turn]) -> None:
        """Let messages whose call was not made have another turn, once."""
        self.tried -= len(missed)
        self._lead = min(self._lead * 2, MAX_LEAD)
        outbox.mark_unsent([turn.message for turn in missed], self._clock())
        again = [turn for turn in missed if turn.message.pk not in self._missed]
        self._leave_alone([turn.message for turn in missed if turn not in again])
        self._missed.update(turn.message.pk for turn in again)
        by_account = sorted(again, key=lambda turn: turn.account.key)
        for _, group in groupby(by_account, key=lambda turn: turn.account.key):
            turns = list(group)
            self._claimed.insert(0, (turns[0].account, [turn.message for turn in turns]))

    def _settle_alone(self, arrival: _Arrival) -> None:
        message, outcome = arrival.turn.message, arrival.outcome
        if isinstance(outcome, XCoverAlreadyBooked | _Defect):
            # A booking has to be looked up, which needs a turn of its own; a defect is repeated.
            self._leave_alone([message])
        else:
            handler = registry.handler_of(message.kind)
            finish(handler, message, arrival.attempt, outcome, self._clock)


@contextmanager
def _logged(message_id: int) -> Iterator[None]:
    """Log and suppress what fails in a block; its messages are then delivered alone or swept.

    ``message_id`` names the first of them. Raises only ``SoftTimeLimitExceeded``.
    """
    try:
        yield
    except SoftTimeLimitExceeded:
        raise
    except DatabaseBusy as busy:
        log.warning("xcover.delivery.busy", extra={"reason": str(busy)})
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=message_id)


def _call_at_turn(turn: _Turn, attempt: Attempt, judged_at: float) -> _Arrival:
    """Wait for the turn and make the call. Runs in a thread and uses no database.

    ``judged_at`` is the ``time.monotonic()`` of the judgement.
    """
    client, recorded = recording_client(turn.account.settings)
    time.sleep(max(turn.ahead.total_seconds(), 0.0))
    is_late = -turn.ahead > LATE and not turn.permit.is_trying
    if is_late or timedelta(seconds=time.monotonic() - judged_at) > JUDGED_FOR:
        return _Arrival(turn, attempt, TurnMissed(), None, None)
    outcome: Outcome
    try:
        outcome = attempt.call(client)
    except XCoverError as error:
        outcome = error
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=turn.message.pk)
        outcome = _Defect()
    return _Arrival(turn, attempt, outcome, recorded.request, recorded.came)
