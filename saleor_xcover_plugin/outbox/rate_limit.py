"""Limit the rate of calls to XCover, and stop calling while XCover does not answer.

All workers and web processes share one row per XCover account (``XCoverAccount``): the next free
turns, the circuit breaker, and what responses told of rate, clock and credentials. The row is not
locked during a call.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from .. import installation
from ..compiled_query import CompiledInstances, is_one_of_keys
from ..config.settings import PluginSettings
from ..defect_log import log_defect
from ..domain.breaker import Breaker
from ..domain.numbers import whole_number
from ..domain.rates import LATE, Lane, turn
from ..models import XCoverAccount
from ..time_limits import HOOK, OFFER_RATE_LIMIT, WORKER, DatabaseBusy, time_limits
from ..xcover.errors import XCoverError, XCoverUnavailable
from ..xcover.signing import read_http_date
from ..xcover.transport import Request, Response, Transport

log = logging.getLogger(__name__)

MAX_WAIT = {
    Lane.OFFER: timedelta(milliseconds=100),  # a shopper waits
    Lane.CONFIRM: timedelta(seconds=5),  # enough for 9 workers with test keys
    Lane.OTHER: timedelta(seconds=5),
}
"""Longest wait of a call for its turn, by lane; a call with a later turn is deferred."""

_MIN_DEADLINE_SHARE = 0.5
"""Part of a call's deadline that is left to the call after it waited for its turn."""

MAX_THROTTLE = timedelta(minutes=5)
"""Longest pause after a 429, whatever its ``Retry-After`` header says."""

_THROTTLE = timedelta(seconds=1)
"""Shortest pause after a 429, and the pause when it has no ``Retry-After``.

Observed with XCover's sandbox: "Request was throttled. Expected available in 1 second."
"""

_TOLERATED_SKEW = 60  # seconds
_BUSY_COOLDOWN = timedelta(seconds=1)
"""Pause before the account's row is tried again that another session had locked."""

_LANES = {"create_offer": Lane.OFFER, "confirm_offer": Lane.CONFIRM}

Pause = Callable[[float], None]
"""Sleeps for a number of seconds."""

_WRONG_STORE_COOLDOWN = timedelta(minutes=1)


def _lane_of(operation: str) -> Lane:
    return _LANES.get(operation, Lane.OTHER)


class CallDeferred(XCoverUnavailable):
    """The call was not made: XCover does not answer, or the allowed rate is used up.

    Try again at ``until`` (UTC).
    """

    def __init__(self, message: str, until: datetime, *, is_busy: bool = False) -> None:
        super().__init__(message, never_left=True)
        self.until = until
        self.is_busy = is_busy
        """True when only the rate, a lock or a probing call is in the way: soon over."""


class WrongStore(CallDeferred):
    """The call was not made: this database belongs to another store than this process."""


def account_key(settings: PluginSettings) -> str:
    """Return the key of the account a channel uses: the same for channels with one account.

    It is the hex SHA-256 digest of API address and partner code.
    """
    return hashlib.sha256(f"{settings.api_url}|{settings.partner_code}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to make one call, and the state of the account when it was given."""

    lane: Lane
    leaves_at: datetime
    """Time of the turn (UTC)."""
    was_quiet: bool
    """True if an ordinary response had nothing to change in the account's row."""
    is_trying: bool
    """True for the one call that probes whether XCover answers again."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A request for turns: ``count`` at most, ``lead`` from now, ``within`` of the first one."""

    count: int = 1
    lead: timedelta = timedelta(0)
    within: timedelta = timedelta(0)


_ONE = _Wanted()


class RateLimitedTransport:
    """Transport that waits for its turn in the account's shared rate before it sends.

    ``send`` raises ``CallDeferred`` without sending when the turn is further away than the longest
    wait, when XCover asked to slow down, while the breaker is open, or when another session holds
    the account's row; ``WrongStore`` when the database belongs to another store.
    """

    def __init__(
        self,
        transport: Transport,
        settings: PluginSettings,
        *,
        pause: Pause = time.sleep,
        max_wait: timedelta | None = None,
    ) -> None:
        """Wrap ``transport``; ``max_wait`` replaces the ``MAX_WAIT`` of every lane."""
        self.clock = transport.clock
        self._transport = transport
        self._name = account_key(settings)
        self._rates = settings.rates
        self._pause = pause
        self._max_wait = max_wait
        self._taken: Permit | None = None

    def take_turn(self, operation: str) -> None:
        """Wait for the turn of the next call; that call does not wait again.

        A caller can so store what it is about to send once the call may be made. Raise
        ``CallDeferred`` as ``send`` does.
        """
        self._taken = self._wait_for_turn(operation, _lane_of(operation))

    def take_turns(
        self, operation: str, count: int, *, lead: timedelta, within: timedelta
    ) -> list[Permit]:
        """Return up to ``count`` of the next turns, ``lead`` from now or later.

        None is more than ``within`` after the first one or further away than the longest wait, and
        only one call probes whether XCover answers again. The caller waits for each turn, passes
        the result of its call to ``note``, and a turn that is not used to ``unused``. Raise
        ``CallDeferred`` as ``send`` does.
        """
        return self._ask(operation, _lane_of(operation), _Wanted(count, lead, within))

    def shares_with_offers(self, operation: str) -> bool:
        """Return True if a turn of this operation is one that a shopper's offer cannot have."""
        queues = self._rates.queues_of
        return bool(set(queues(_lane_of(operation))) & set(queues(Lane.OFFER)))

    def give_back(self) -> None:
        """Give up a turn that was taken with ``take_turn`` and not used."""
        taken, self._taken = self._taken, None
        if taken is not None:
            self.unused(taken)

    def unused(self, permit: Permit) -> None:
        """Give up a turn.

        If it was to probe whether XCover answers again, the next call may probe at once.
        """
        if not permit.is_trying:
            return
        with _noting(), transaction.atomic():
            account = self._locked()
            _set_breaker(account, _breaker_of(account).untried(self.clock()))
            account.save()

    def send(self, request: Request, *, deadline: float) -> Response:
        lane, asked_at = _lane_of(request.operation), self.clock()
        permit = self._permit_for(request.operation, lane)
        if lane is Lane.OFFER:  # a shopper waits for turn and call together
            waited = (self.clock() - asked_at).total_seconds()
            deadline = max(deadline - waited, deadline * _MIN_DEADLINE_SHARE)
        try:
            response = self._transport.send(request, deadline=deadline)
        except XCoverError as error:
            self.note(permit, request, error)
            raise
        self.note(permit, request, response)
        return response

    def note(self, permit: Permit, request: Request, came: Response | XCoverError) -> None:
        """Store what a call tells of breaker, rate, clock and credentials, if it is new.

        ``came`` is the response, or the error that the transport raised. Raises only Celery's
        ``SoftTimeLimitExceeded``.
        """
        with _noting():
            if isinstance(came, XCoverUnavailable):
                self._note_failure(request)
            elif isinstance(came, XCoverError):
                self._note_response(permit, None)
            elif came.status >= 500:
                self._note_failure(request)
            else:
                self._note_response(permit, came)

    def _permit_for(self, operation: str, lane: Lane) -> Permit:
        """Return the turn that was taken for a call of this lane, else wait for one."""
        if self._taken is None or self._taken.lane != lane:
            return self._wait_for_turn(operation, lane)
        permit, self._taken = self._taken, None
        return permit

    def _require_own_store(self, operation: str) -> None:
        if installation.is_elsewhere():
            raise WrongStore(
                f"{operation}: this database belongs to another store (manage.py xcover_adopt); "
                "not called",
                self.clock() + _WRONG_STORE_COOLDOWN,
            )

    def _wait_for_turn(self, operation: str, lane: Lane) -> Permit:
        """Sleep until the turn and return it; take another one after waking up too late.

        A probing call keeps its turn: a second one would be deferred because of the first.
        """
        while True:
            (permit,) = self._ask(operation, lane)
            wait = (permit.leaves_at - self.clock()).total_seconds()
            if wait > 0:
                self._pause(wait)
            if permit.is_trying or self.clock() - permit.leaves_at <= LATE:
                return permit

    def _ask(self, operation: str, lane: Lane, wanted: _Wanted = _ONE) -> list[Permit]:
        """Take turns; a database that is busy or another store's defers the call as well."""
        try:
            with time_limits(OFFER_RATE_LIMIT if lane is Lane.OFFER else WORKER):
                self._require_own_store(operation)
                return self._turns(operation, lane, wanted)
        except DatabaseBusy:
            message = f"{operation}: another database session holds the account's row; not called"
            raise CallDeferred(message, self.clock() + _BUSY_COOLDOWN, is_busy=True) from None

    def _turns(self, operation: str, lane: Lane, wanted: _Wanted) -> list[Permit]:
        with transaction.atomic():
            account = self._locked()
            now = self.clock()
            _require_unthrottled(operation, account, lane, now)
            breaker = _breaker_of(account)
            blocked_until = breaker.deferred_until(now)
            if blocked_until is not None:
                message = f"{operation}: XCover does not answer; not called"
                raise CallDeferred(message, blocked_until, is_busy=breaker.is_trying)
            begin = now + wanted.lead
            turns = self._next_turns(account, lane, _ONE if breaker.is_open else wanted, begin)
            if not turns:
                leaves_at = _take_turn(account, self._rates.queues_of(lane), begin)
                raise CallDeferred(
                    f"{operation}: the allowed rate is used up", leaves_at, is_busy=True
                )
            account.updated_at = now
            trying = breaker.trying(now)
            if trying == breaker:
                _store_turns(account)
            else:
                _set_breaker(account, trying)
                account.save()
            quiet, is_trying = _is_quiet(account), account.is_trying
            return [Permit(lane, at, was_quiet=quiet, is_trying=is_trying) for at in turns]

    def _next_turns(
        self, account: XCoverAccount, lane: Lane, wanted: _Wanted, now: datetime
    ) -> list[datetime]:
        """Take turns, none further away than the longest wait; none if there is no such turn."""
        queues = self._rates.queues_of(lane)
        last = now + (self._max_wait or MAX_WAIT[lane])
        turns: list[datetime] = []
        while len(turns) < wanted.count:
            before = dict(account.next_turns)
            leaves_at = _take_turn(account, queues, now)
            if leaves_at > last or (turns and leaves_at - turns[0] > wanted.within):
                account.next_turns = before
                break
            turns.append(leaves_at)
        return turns

    def _note_failure(self, request: Request) -> None:
        """Count a failure, but repeated failures of one call only once while the breaker is closed.

        One call that keeps failing does not show that XCover is down.
        """
        key = request.headers.get("x-idempotency-key", "")
        with transaction.atomic():
            account = self._locked()
            now = self.clock()
            breaker = _breaker_of(account)
            if breaker.is_open or not key or key != account.last_failed_call:
                _set_breaker(account, breaker.failed(now))
            account.last_failed_call = key[:64]
            account.updated_at = now
            account.save()
        if account.open_until is not None and not breaker.is_open:
            log.error("xcover.breaker.opened", extra={"failures": account.failures})

    def _note_response(self, permit: Permit, response: Response | None) -> None:
        """Store what a response tells of breaker, rate, clock and credentials, if it is new.

        None stands for a response for which the transport raised an error.
        """
        now = self.clock()
        skew = _skew(response, now)
        is_refused = response is not None and response.status in (401, 403)
        throttle = _throttle(response)
        if permit.was_quiet and not (skew or is_refused or throttle):
            return
        with transaction.atomic():
            account = self._locked()
            was_open = account.open_until is not None
            _set_breaker(account, _breaker_of(account).answered())
            account.last_failed_call = ""
            account.clock_skew = skew
            if is_refused:
                account.refused_since = account.refused_since or now
            elif response is not None and response.status < 400:
                account.refused_since = None
            if throttle:
                account.throttled_until[permit.lane.value] = (now + throttle).isoformat()
            account.updated_at = now
            account.save()
        if was_open:
            log.info("xcover.breaker.closed")
        if throttle:
            log.warning("xcover.throttled", extra={"seconds": throttle.total_seconds()})

    def _locked(self) -> XCoverAccount:
        """Return the account's row, created if missing, locked until the transaction ends."""
        found = _locked_accounts().of([self._name])
        if not found:
            XCoverAccount.objects.get_or_create(
                pk=self._name, defaults={"updated_at": self.clock()}
            )
            found = _locked_accounts().of([self._name])
        return found[0]


# Django would compose these two statements anew for each call (compiled_query.py).


@cache
def _locked_accounts() -> CompiledInstances[XCoverAccount]:
    accounts = XCoverAccount.objects.filter(is_one_of_keys("pk"))
    return CompiledInstances(accounts.select_for_update())


def _store_turns(account: XCoverAccount) -> None:
    """Save the next turns of a locked account of which nothing else changed."""
    table = connection.ops.quote_name(XCoverAccount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET next_turns = %s::jsonb, updated_at = %s WHERE name = %s",  # noqa: S608
            [json.dumps(account.next_turns), account.updated_at, account.name],
        )


@contextmanager
def _noting() -> Iterator[None]:
    """Let neither a busy database nor a defect in the bookkeeping disturb the call's caller.

    The next call makes up for what is not stored here.
    """
    try:
        with time_limits(HOOK):
            yield
    except DatabaseBusy as busy:
        log.warning("xcover.rate_limit.busy", extra={"reason": str(busy)})
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.rate_limit.failed")


def _take_turn(account: XCoverAccount, queues: Mapping[str, timedelta], now: datetime) -> datetime:
    """Take one turn in each queue and return the latest.

    Each queue advances from its own turn, so that an offer waiting for the offers' queue does not
    delay confirmations.
    """
    own = {name: turn(_read(account.next_turns.get(name)), now) for name in queues}
    for name, gap in queues.items():
        account.next_turns[name] = (own[name] + gap).isoformat()
    return max(own.values())


def _require_unthrottled(operation: str, account: XCoverAccount, lane: Lane, now: datetime) -> None:
    until = _read(account.throttled_until.get(lane.value))
    if until is not None and now < until <= now + MAX_THROTTLE:
        raise CallDeferred(f"{operation}: XCover asked us to slow down", until, is_busy=True)


def _is_quiet(account: XCoverAccount) -> bool:
    """Return True if an ordinary response has nothing to change in the account's row."""
    return not (
        account.failures or account.open_until or account.clock_skew or account.refused_since
    )


def _breaker_of(account: XCoverAccount) -> Breaker:
    return Breaker(
        account.failures, account.trips, account.open_until, account.opened_at, account.is_trying
    )


def _set_breaker(account: XCoverAccount, breaker: Breaker) -> None:
    account.failures, account.trips = breaker.failures, breaker.trips
    account.open_until, account.opened_at = breaker.open_until, breaker.opened_at
    account.is_trying = breaker.is_trying


def _throttle(response: Response | None) -> timedelta | None:
    """Return how long a 429 asks to pause; None for any other response."""
    if response is None or response.status != 429:
        return None
    told = whole_number(response.headers.get("Retry-After", ""), most=999_999)
    named = _THROTTLE if told is None else timedelta(seconds=told)
    return min(max(named, _THROTTLE), MAX_THROTTLE)


_LARGEST_SKEW = 2**31 - 1
"""Most seconds the database column can hold."""


def seconds_ahead(response: Response, now: datetime) -> int | None:
    """Return by how many seconds our clock is ahead of XCover's, negative if it is behind.

    ``now`` is our time when the response came. Return None if the ``Date`` header is unreadable.
    """
    theirs = read_http_date(response.headers.get("Date", ""))
    if theirs is None:
        return None
    seconds = round((now - theirs).total_seconds())
    # A date of another century says that one of the clocks is wrong; by how much does not matter.
    return max(-_LARGEST_SKEW, min(seconds, _LARGEST_SKEW))


def is_tolerated(seconds: int) -> bool:
    """Return True if a clock that is so many seconds ahead or behind needs no attention.

    A minute is our own limit: XCover documents no tolerance for the signed ``Date`` header.
    """
    return abs(seconds) <= _TOLERATED_SKEW


def _skew(response: Response | None, now: datetime) -> int:
    """Return by how many seconds our clock is ahead of XCover's; 0 within the tolerance."""
    seconds = (response and seconds_ahead(response, now)) or 0
    return 0 if is_tolerated(seconds) else seconds


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
